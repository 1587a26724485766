package search

import (
	"cmp"
	"maps"
	mathbits "math/bits"
	"slices"
	"strings"
)

const (
	// shortWord and longWord are the lengths of words from which on one and two
	// letters may differ: shorter ones have too many neighbours.
	shortWord, longWord = 4, 8
	// maxSpellings is how many other spellings of a word are taken.
	maxSpellings = 8
	// maxRespelled is how many words a query may have of which some are
	// respelled: of a longer one enough others are left. They are the bits of a
	// byte.
	maxRespelled = 6
)

func trailing(word uint64) int { return mathbits.TrailingZeros64(word) }

// respell returns for words, by their places, the tokens of nearly the same
// spelling: for those that stand nowhere, or, where all stand somewhere, for
// all. Those that stand in most documents come first.
func (s *searcher) respell(loose []*term) (map[int][]string, error) {
	if len(loose) > maxRespelled {
		return nil, nil
	}
	which := s.cursor.respelled &^ taken
	for i, t := range loose {
		if !s.cursor.set && t.count == 0 && spelled(t) {
			which |= 1 << i
		}
	}
	found := map[int][]string{}
	for i, t := range loose {
		if which != 0 && which>>i&1 == 0 || !spelled(t) {
			continue
		}
		as, err := s.spellings(t.group.Any[0].Tokens[0])
		if err != nil {
			return nil, err
		}
		if len(as) > 0 {
			found[i] = as
			s.cursor.respelled |= 1 << i
		}
	}
	return found, nil
}

// spelled reports whether a term is a word that can be misspelled.
func spelled(t *term) bool {
	if t.group.Begins || len(t.group.Any[0].Tokens) != 1 {
		return false
	}
	of, ok := spellable(t.group.Any[0].Tokens[0])
	return ok && of[1] >= shortWord
}

// spellings returns the tokens that differ from one in a letter or two.
func (s *searcher) spellings(token string) ([]string, error) {
	of, ok := spellable(token)
	if !ok {
		return nil, nil
	}
	type neighbour struct{ distance, docs int }
	found := map[string]neighbour{}
	w := newWanted([]rune(token), 1)
	if len(w.word) >= longWord {
		w.allowed = 2
	}
	for i := range s.segments {
		if err := s.ended(); err != nil {
			return nil, err
		}
		if err := near(s.segments[i].spellings, of, w, func(word []byte, distance, docs int) {
			if string(word) != token {
				found[string(word)] = neighbour{distance, found[string(word)].docs + docs}
			}
		}); err != nil {
			return nil, err
		}
	}
	list := slices.SortedFunc(maps.Keys(found), func(a, b string) int {
		return cmp.Or(cmp.Compare(found[a].distance, found[b].distance), cmp.Compare(found[b].docs, found[a].docs), strings.Compare(a, b))
	})
	return list[:min(len(list), maxSpellings)], nil
}

// widen makes a term fit documents that hold one of other spellings, too. What
// is nowhere as it was written weighs as much as its other spellings.
func (s *searcher) widen(t *term, as []string) error {
	count := 0
	for _, token := range as {
		n, err := t.spell(s.lists, token)
		if err != nil {
			return err
		}
		count += n
	}
	if t.count == 0 && count > 0 {
		t.count = count
		t.weigh(s.rows.end)
	}
	return nil
}
