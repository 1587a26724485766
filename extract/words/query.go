package words

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxGroups is the most words of a query that are looked for; a longer one is
// found by its first words just as well.
const MaxGroups = 100

// Sequence is tokens that stand at given distances from each other.
type Sequence struct {
	Tokens  []string
	Offsets []int // of each token, from the first on
}

// Group is one word of a query, or what stands in quotation marks.
type Group struct {
	// Any are the sequences of which one must be there.
	Any []Sequence
	// Begins: the only token of the only Sequence is the beginning of one.
	Begins bool
}

// Query is what a person typed.
type Query struct {
	// Required are the phrases in quotation marks, Loose the other words.
	Required, Loose []Group
	// Order is all of the loose words as they follow each other.
	Order Sequence
}

// Parse reads a query. Where a quotation mark stands alone, it means nothing.
func Parse(text string) Query {
	var q Query
	at := 0
	for _, p := range quoted(text) {
		if p.phrase {
			if g, ok := phrase(p.text); ok {
				q.Required = appendGroup(q.Required, g)
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
func (q *Query) addLoose(text string, at int) int {
	Split(text, func(w Word) {
		if len(w.Ask) > 0 && len(q.Loose) < MaxGroups {
			g := Group{Any: []Sequence{follow(w.Ask)}, Begins: w.Begins}
			if w.AskJoined != "" {
				g.Any = append(g.Any, follow([]string{w.AskJoined}))
			}
			q.Loose = appendGroup(q.Loose, g)
			if !w.Begins {
				q.Order = q.Order.with(w.Ask, at)
			}
		}
		at += len(w.Tokens)
	})
	return at
}

// follow returns the Sequence of tokens that stand side by side.
func follow(tokens []string) Sequence { return Sequence{}.with(tokens, 0) }

// with returns the Sequence with further tokens, side by side from a place on.
func (s Sequence) with(tokens []string, at int) Sequence {
	for i, t := range tokens {
		s.Tokens, s.Offsets = append(s.Tokens, t), append(s.Offsets, at+i)
	}
	return s
}

// phrase returns the group for what stands in quotation marks, and false where
// it holds no word.
func phrase(text string) (Group, bool) {
	var s, single Sequence
	at := 0
	Split(text, func(w Word) {
		switch {
		case w.Begins && len(w.Ask) > 0:
			single = single.with(w.Ask, at)
		case len(s.Tokens) < MaxGroups:
			s = s.with(w.Ask, at)
		}
		at += len(w.Tokens)
	})
	if len(s.Tokens) > 0 {
		// A single character of a script without spaces, among other words, is
		// not looked for: only its beginning of a token is known.
		for i, first := 0, s.Offsets[0]; i < len(s.Offsets); i++ {
			s.Offsets[i] -= first
		}
		return Group{Any: []Sequence{s}}, true
	}
	if len(single.Tokens) > 0 {
		return Group{Any: []Sequence{follow(single.Tokens[:1])}, Begins: true}, true
	}
	return Group{}, false
}

// appendGroup appends a group that is not there yet.
func appendGroup(groups []Group, g Group) []Group {
	same := func(o Group) bool {
		return o.Begins == g.Begins && slices.Equal(o.Any[0].Tokens, g.Any[0].Tokens) && slices.Equal(o.Any[0].Offsets, g.Any[0].Offsets)
	}
	if slices.ContainsFunc(groups, same) {
		return groups
	}
	return append(groups, g)
}
