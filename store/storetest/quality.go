package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"stet/store"
)

// The floors of the quality of a search on the generated set: the share of
// questions after which the post that was meant is among the first five hits.
const (
	floorTypos     = 0.85
	floorFragments = 0.97
	floorPhrases   = 1.0
)

// quality asks for generated posts by a few of their words, with typos and in
// quotation marks, in several scripts.
func (s *searchEnv) quality() {
	rng := rand.New(rand.NewPCG(11, 12))
	var texts [][]string
	for i := range 240 {
		words := SampleWords(rng, i%3)
		texts = append(texts, words)
		s.post(fmt.Sprint(i), strings.Join(words, " "))
	}
	typos, fragments, phrases := 0, 0, 0
	n := 0
	for i := 0; i < len(texts); i += 3 {
		n++
		words := texts[i]
		at := rng.IntN(len(words) - 4)
		part := words[at : at+4]
		if s.among(fmt.Sprint(i), `"`+strings.Join(part, " ")+`"`) {
			phrases++
		}
		if s.among(fmt.Sprint(i), strings.Join([]string{part[3], part[0], part[2], "alien"}, " ")) {
			fragments++
		}
		wrong := []string{Misspell(rng, part[0]), part[1], Misspell(rng, part[2])}
		if s.among(fmt.Sprint(i), strings.Join(wrong, " ")) {
			typos++
		}
	}
	for _, m := range []struct {
		name  string
		found int
		floor float64
	}{{"typos", typos, floorTypos}, {"fragments", fragments, floorFragments}, {"phrases", phrases, floorPhrases}} {
		share := float64(m.found) / float64(n)
		s.Logf("%s: %.3f of %d", m.name, share, n)
		if share < m.floor {
			s.Errorf("%s: %.3f of %d questions were answered, want %.2f", m.name, share, n, m.floor)
		}
	}
}

func (s *searchEnv) among(id, words string) bool {
	s.Helper()
	for _, got := range s.find(store.SearchQuery{Words: words, Limit: 5}) {
		if got == id {
			return true
		}
	}
	return false
}

// SampleWords returns the words of an invented post in a Latin, the Cyrillic or
// the Arabic script.
func SampleWords(rng *rand.Rand, script int) []string {
	syllables := [][]string{
		{"ba", "re", "to", "mi", "sen", "der", "lu", "qua", "st", "on", "ia", "gé", "ü", "na", "ch", "vor", "pli"},
		{"мо", "ст", "ре", "ка", "ни", "во", "да", "го", "ро", "ды", "ё", "ти", "жу"},
		{"ال", "جس", "رم", "فت", "وح", "بي", "تن", "ها", "كت", "اب", "ضم"},
	}[script]
	var words []string
	for range 8 + rng.IntN(12) {
		var w strings.Builder
		for range 3 + rng.IntN(2) {
			w.WriteString(syllables[rng.IntN(len(syllables))])
		}
		words = append(words, w.String())
	}
	return words
}

// Misspell returns a word with one letter left out, put in, exchanged for its
// neighbour or for another of the word.
func Misspell(rng *rand.Rand, word string) string {
	r := []rune(word)
	i := 1 + rng.IntN(len(r)-1)
	switch rng.IntN(4) {
	case 0:
		return string(append(r[:i:i], r[i+1:]...))
	case 1:
		return string(append(append(r[:i:i], r[0]), r[i:]...))
	case 2:
		r[i], r[i-1] = r[i-1], r[i]
		return string(r)
	}
	r[i] = r[rng.IntN(len(r))]
	return string(r)
}
