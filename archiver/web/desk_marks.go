package web

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"stet/extract/words"
)

// marked is a part of a text, and whether it was looked for.
type marked struct {
	Text string
	Hit  bool
}

// The bounds of an excerpt, in characters: how much of a text it holds, and how
// much of that stands before the first word that was looked for.
const (
	excerpt       = 280
	excerptBefore = 90
)

// marksIn is how much of a text is read for an excerpt, in bytes.
const marksIn = 64 << 10

// cutAt returns where to cut a text that is longer than n bytes.
func cutAt(text string, n int) int {
	if len(text) <= n {
		return len(text)
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

// mostParts is how many parts are looked for: each is compared at every place.
const mostParts = 20

// sought are the words that a person looks for.
type sought struct {
	// tokens are as an index has them, folded; parts are those of scripts that
	// are written without spaces, and signs.
	tokens map[string]bool
	parts  []string
}

// soughtIn reads what was looked for, and what was found in its place.
func soughtIn(asked string, more ...string) sought {
	s := sought{tokens: map[string]bool{}}
	for _, word := range strings.Fields(strings.Join(append([]string{asked}, more...), " ")) {
		word = strings.Trim(word, `"“”„«»()[].,;:!?…`)
		plain := false
		words.Split(word, func(w words.Word) {
			for _, t := range w.Ask {
				if words.Unspaced(t) || !strings.ContainsFunc(t, letter) {
					continue
				}
				s.tokens[t], plain = true, true
			}
		})
		if word != "" && !plain && len(s.parts) < mostParts {
			s.parts = append(s.parts, word)
		}
	}
	return s
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// holds reports whether a word of a text was looked for.
func (s *sought) holds(word string) bool {
	hit := false
	words.Split(word, func(w words.Word) {
		for _, t := range slices.Concat(w.Tokens, w.Also) {
			hit = hit || s.tokens[t]
		}
	})
	return hit
}

// marks returns the part of a text in which what was looked for stands first,
// with that marked.
func (s *sought) marks(text string) []marked {
	text = oneLine(text[:cutAt(text, marksIn)])
	var hits [][2]int
	seen := 0 // the end of the word that was compared last
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if end := s.partAt(text[at:]); end > 0 {
			hits = append(hits, [2]int{at, at + end})
			at += end
			continue
		}
		end := at + size
		if at < seen {
			at = end // inside of a word; only a part may begin here
			continue
		}
		if next, more := utf8.DecodeRuneInString(text[end:]); (r == '#' || r == '@') && letter(next) {
			end += more // a hashtag and a handle are one word
		} else if !letter(r) {
			at = end
			continue
		}
		for end < len(text) {
			r, size := utf8.DecodeRuneInString(text[end:])
			if !letter(r) && !unicode.IsMark(r) && r != '\'' && r != '’' {
				break
			}
			end += size
		}
		seen = end
		switch {
		case s.holds(text[at:end]):
			hits = append(hits, [2]int{at, end})
			at = end
		case len(s.parts) > 0:
			at += size
		default:
			at = end
		}
	}
	return cutAround(text, hits)
}

// partAt returns how much of the beginning of a text is one of the parts.
func (s *sought) partAt(text string) int {
	for _, p := range s.parts {
		if strings.HasPrefix(text, p) {
			return len(p)
		}
	}
	return 0
}

// cutAround returns an excerpt of a text with the hits in it marked.
func cutAround(text string, hits [][2]int) []marked {
	from, to := 0, len(text)
	if utf8.RuneCountInString(text) > excerpt {
		if len(hits) > 0 {
			from = back(text, hits[0][0], excerptBefore)
		}
		if to = ahead(text, from, excerpt); to == len(text) {
			from = back(text, to, excerpt)
		}
	}
	var out []marked
	add := func(s string, hit bool) {
		if s != "" {
			out = append(out, marked{s, hit})
		}
	}
	if from > 0 {
		add("… ", false)
	}
	at := from
	for _, h := range hits {
		if h[0] < at || h[1] > to {
			continue
		}
		add(text[at:h[0]], false)
		add(text[h[0]:h[1]], true)
		at = h[1]
	}
	add(text[at:to], false)
	if to < len(text) {
		add(" …", false)
	}
	return out
}

// back returns the place some characters before another, at the beginning of a
// word where there is one near.
func back(text string, at, n int) int {
	place := at
	for ; n > 0 && place > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:place])
		place -= size
	}
	if place == 0 {
		return 0
	}
	if i := strings.IndexByte(text[place:at], ' '); i >= 0 && i < 30 {
		return place + i + 1
	}
	return place
}

// ahead returns the place some characters behind another, at the end of a word
// where there is one near.
func ahead(text string, at, n int) int {
	place := at
	for ; n > 0 && place < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[place:])
		place += size
	}
	if place == len(text) {
		return place
	}
	if i := strings.LastIndexByte(text[at:place], ' '); i > 0 && place-at-i < 30 {
		return at + i
	}
	return place
}
