package words

import (
	"strings"
	"unicode"

	segments "github.com/clipperhouse/uax29/v2/words"
)

// Op says in which of two texts a piece stands.
type Op string

// The ops.
const (
	Both   Op = "both"
	First  Op = "first"
	Second Op = "second"
)

// Edit is a piece of two texts that are compared: words that stand in both, or
// in one of them only. The texts of the edits of Both and First, one after the
// other, are the first text; of what stands in both the second may write case,
// accents and marks otherwise.
type Edit struct {
	Op   Op     `json:"op"`
	Text string `json:"text"`
}

// maxUnits is the most words of each text that are compared: ten times those of
// the longest posts of most platforms. What comes after is told as different.
const maxUnits = 2000

// unit is one word with the marks and spaces that follow it.
type unit struct{ text, key string }

// Diff compares two texts word by word. Case, accents, marks and white space
// make no difference; in scripts that are written without spaces every
// character is a word.
func Diff(first, second string) []Edit {
	a, b := units(first), units(second)
	restA, restB := "", ""
	if len(a) > maxUnits {
		a, restA = a[:maxUnits], joinUnits(a[maxUnits:])
	}
	if len(b) > maxUnits {
		b, restB = b[:maxUnits], joinUnits(b[maxUnits:])
	}
	edits := align(a, b)
	edits = appendEdit(edits, First, restA)
	return appendEdit(edits, Second, restB)
}

// Common returns how many words stand in both texts in the same order, as
// [Diff] aligns them, and how many each text has.
func Common(first, second string) (both, inFirst, inSecond int) {
	a, b := units(first), units(second)
	a, b = a[:min(len(a), maxUnits)], b[:min(len(b), maxUnits)]
	inFirst, inSecond = countKeys(a), countKeys(b)
	lengths := table(a, b)
	if len(a) > 0 && len(b) > 0 {
		both = int(lengths[0][0])
	}
	return both, inFirst, inSecond
}

func countKeys(list []unit) int {
	n := 0
	for i := range list {
		if list[i].key != "" {
			n++
		}
	}
	return n
}

// table returns for each pair of places how many words the ends of the texts
// from there on have in common.
func table(a, b []unit) [][]uint16 {
	lengths := make([][]uint16, len(a)+1)
	cells := make([]uint16, (len(a)+1)*(len(b)+1))
	for i := range lengths {
		lengths[i] = cells[i*(len(b)+1) : (i+1)*(len(b)+1)]
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].key == b[j].key && a[i].key != "" {
				lengths[i][j] = lengths[i+1][j+1] + 1
			} else {
				lengths[i][j] = max(lengths[i+1][j], lengths[i][j+1])
			}
		}
	}
	return lengths
}

func align(a, b []unit) []Edit {
	lengths := table(a, b)
	var edits []Edit
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i].key == b[j].key:
			edits = appendEdit(edits, Both, a[i].text)
			i, j = i+1, j+1
		case lengths[i+1][j] >= lengths[i][j+1]:
			edits = appendEdit(edits, First, a[i].text)
			i++
		default:
			edits = appendEdit(edits, Second, b[j].text)
			j++
		}
	}
	edits = appendEdit(edits, First, joinUnits(a[i:]))
	return appendEdit(edits, Second, joinUnits(b[j:]))
}

func appendEdit(edits []Edit, op Op, text string) []Edit {
	if text == "" {
		return edits
	}
	if n := len(edits); n > 0 && edits[n-1].Op == op {
		edits[n-1].Text += text
		return edits
	}
	return append(edits, Edit{op, text})
}

func joinUnits(list []unit) string {
	var b strings.Builder
	for i := range list {
		b.WriteString(list[i].text)
	}
	return b.String()
}

// units divides a text into words. Marks before the first word go with it; a
// text without words is a unit without key.
func units(text string) []unit {
	list := words(text)
	if len(list) > 1 && list[0].key == "" {
		list[1].text = list[0].text + list[1].text
		list = list[1:]
	}
	return list
}

func words(text string) []unit {
	var list []unit
	for it := segments.FromString(text); it.Next(); {
		v := it.Value()
		switch {
		case strings.ContainsFunc(v, unspaced):
			list = characters(list, v)
		case strings.ContainsFunc(v, isWordRune):
			list = append(list, unit{v, strings.ReplaceAll(Fold(v), "’", "'")})
		case strings.ContainsFunc(v, isEmoji):
			list = append(list, unit{v, foldEmoji(v)})
		case len(list) > 0:
			list[len(list)-1].text += v
		default:
			list = append(list, unit{text: v})
		}
	}
	return list
}

// characters appends the characters of a word, each with its marks.
func characters(list []unit, v string) []unit {
	for _, r := range v {
		if n := len(list); unicode.Is(unicode.M, r) && n > 0 {
			list[n-1].text += string(r)
			list[n-1].key = Fold(list[n-1].text)
			continue
		}
		list = append(list, unit{string(r), Fold(string(r))})
	}
	return list
}
