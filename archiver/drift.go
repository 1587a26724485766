package archiver

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// driftRun is how many words in a row are compared: long enough that the words
// of the language alone do not make two texts alike, short enough that one
// changed word spoils only a few.
const driftRun = 3

// maxDriftWords bounds the words of each text that are compared.
const maxDriftWords = 50_000

// Drift says how much of a text changed, from 0 (nothing) to 1 (all of it): one
// minus the share of runs of three words that two texts have in common, counted
// as often as they occur (the distance of Jaccard over multisets). Case,
// punctuation and spacing do not count; in scripts that are written without
// spaces every character is a word. A text of n words in which one was changed
// has drifted by about 6/n, one in which half of the paragraphs were replaced by
// about 0.67. It is a pure function, and symmetric.
func Drift(a, b string) float64 {
	ra, na := runs(a)
	rb, nb := runs(b)
	if na == 0 && nb == 0 {
		return 0
	}
	common := 0
	for run, n := range ra {
		common += min(n, rb[run])
	}
	return 1 - float64(common)/float64(na+nb-common)
}

// runs counts the runs of words of a text. A text of fewer words is one run.
func runs(text string) (map[string]int, int) {
	words := driftWords(text)
	counts := make(map[string]int, len(words))
	if len(words) == 0 {
		return counts, 0
	}
	length := min(driftRun, len(words))
	n := len(words) - length + 1
	for i := range n {
		counts[strings.Join(words[i:i+length], " ")]++
	}
	return counts, n
}

// driftWords splits a text into words for comparing.
func driftWords(text string) []string {
	var words []string
	for _, field := range strings.FieldsFunc(norm.NFKC.String(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	}) {
		start := 0
		for i, r := range field {
			if !unspaced(r) {
				continue
			}
			if i > start {
				words = append(words, strings.ToLower(field[start:i]))
			}
			words = append(words, string(r))
			start = i + len(string(r))
		}
		if start < len(field) {
			words = append(words, strings.ToLower(field[start:]))
		}
		if len(words) > maxDriftWords {
			return words[:maxDriftWords]
		}
	}
	return words
}

// unspaced reports whether a character belongs to a script that is written
// without spaces between words.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
