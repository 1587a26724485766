package search

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxGroups is the most words of a query that are looked for; a longer one is
// found by its first words just as well.
const maxGroups = 100

// sequence is tokens that stand at given distances from each other.
type sequence struct {
	tokens  []string
	offsets []int // of each token, from the first on
}

// group is one word of a query, or what stands in quotation marks.
type group struct {
	// any are the sequences of which one must be there.
	any []sequence
	// begins: the only token of the only sequence is the beginning of one.
	begins bool
}

// query is what a person typed.
type query struct {
	// required are the phrases in quotation marks, loose the other words.
	required, loose []group
	// order is all of the loose words as they follow each other.
	order sequence
}

// parse reads a query. Where a quotation mark stands alone, it means nothing.
func parse(text string) query {
	var q query
	at := 0
	for _, p := range quoted(text) {
		if p.phrase {
			if g, ok := phrase(p.text); ok {
				q.required = appendGroup(q.required, g)
			}
			continue
		}
		at = q.addLoose(p.text, at)
	}
	return q
}

// piece is a part of a query.
type piece struct {
	text   string
	phrase bool
}

func isQuotation(r rune) bool { return strings.ContainsRune(`"“”„‟«»「」『』＂`, r) }

// quoted divides a query at its quotation marks, of whatever form: what stands
// after the first, third, … up to the next one is a phrase.
func quoted(text string) []piece {
	var pieces []piece
	inside := false
	for {
		i := strings.IndexFunc(text, isQuotation)
		if i < 0 {
			return append(pieces, piece{text: text})
		}
		pieces = append(pieces, piece{text: text[:i], phrase: inside})
		inside = !inside
		_, size := utf8.DecodeRuneInString(text[i:])
		text = text[i+size:]
	}
}

// addLoose adds the words of a text, the first of which stands at a place, and
// returns the place after them.
func (q *query) addLoose(text string, at int) int {
	split(text, func(w word) {
		if len(w.ask) > 0 && len(q.loose) < maxGroups {
			g := group{any: []sequence{follow(w.ask)}, begins: w.begins}
			if w.askJoined != "" {
				g.any = append(g.any, follow([]string{w.askJoined}))
			}
			q.loose = appendGroup(q.loose, g)
			if !w.begins {
				q.order = q.order.with(w.ask, at)
			}
		}
		at += len(w.tokens)
	})
	return at
}

// follow returns the sequence of tokens that stand side by side.
func follow(tokens []string) sequence { return sequence{}.with(tokens, 0) }

// with returns the sequence with further tokens, side by side from a place on.
func (s sequence) with(tokens []string, at int) sequence {
	for i, t := range tokens {
		s.tokens, s.offsets = append(s.tokens, t), append(s.offsets, at+i)
	}
	return s
}

// phrase returns the group for what stands in quotation marks, and false where
// it holds no word.
func phrase(text string) (group, bool) {
	var s, single sequence
	at := 0
	split(text, func(w word) {
		switch {
		case w.begins && len(w.ask) > 0:
			single = single.with(w.ask, at)
		case len(s.tokens) < maxGroups:
			s = s.with(w.ask, at)
		}
		at += len(w.tokens)
	})
	if len(s.tokens) > 0 {
		// A single character of a script without spaces, among other words, is
		// not looked for: only its beginning of a token is known.
		for i, first := 0, s.offsets[0]; i < len(s.offsets); i++ {
			s.offsets[i] -= first
		}
		return group{any: []sequence{s}}, true
	}
	if len(single.tokens) > 0 {
		return group{any: []sequence{follow(single.tokens[:1])}, begins: true}, true
	}
	return group{}, false
}

// appendGroup appends a group that is not there yet.
func appendGroup(groups []group, g group) []group {
	same := func(o group) bool {
		return o.begins == g.begins && slices.Equal(o.any[0].tokens, g.any[0].tokens) && slices.Equal(o.any[0].offsets, g.any[0].offsets)
	}
	if slices.ContainsFunc(groups, same) {
		return groups
	}
	return append(groups, g)
}
