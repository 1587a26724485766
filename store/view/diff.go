package view

import (
	"slices"
	"strings"
	"unicode"
)

// PartKind says on which side of a comparison a part stands.
type PartKind string

// The kinds of parts.
const (
	// PartSame stands in both texts, PartGone only in the older one, PartNew
	// only in the newer one. PartCut stands for words of both that are left
	// out.
	PartSame PartKind = "same"
	PartGone PartKind = "gone"
	PartNew  PartKind = "new"
	PartCut  PartKind = "cut"
)

// Part is a run of words in a comparison.
type Part struct {
	Kind PartKind `json:"kind"`
	Text string   `json:"text"`
}

// maxEdits is how many words may differ before two texts are compared as a
// whole only: the work grows with its square.
const maxEdits = 1500

// Diff compares two texts word by word: what stands in both, what only in the
// first, what only in the second, in the order of reading. In scripts without
// spaces every character is a word. The texts come back whole: without the
// parts that are new it is a, without those that are gone it is b. Texts with
// more than some 1,500 different words are told as one that is gone and one
// that is new.
func Diff(a, b string) []Part {
	x, y := tokens(a), tokens(b)
	start := 0
	for start < len(x) && start < len(y) && x[start] == y[start] {
		start++
	}
	end := 0
	for end < len(x)-start && end < len(y)-start && x[len(x)-1-end] == y[len(y)-1-end] {
		end++
	}
	var w partWriter
	w.add(PartSame, x[:start]...)
	w.compare(x[start:len(x)-end], y[start:len(y)-end])
	w.add(PartSame, x[len(x)-end:]...)
	return w.parts
}

// Changed reports whether a comparison found any difference.
func Changed(parts []Part) bool {
	return slices.ContainsFunc(parts, func(p Part) bool { return p.Kind != PartSame })
}

// Around leaves out of a comparison what is the same, but for so many words on
// both sides of what differs.
func Around(parts []Part, words int) []Part {
	var out []Part
	for i, p := range parts {
		if p.Kind != PartSame {
			out = append(out, p)
			continue
		}
		t := tokens(p.Text)
		before, after := 2*words, 2*words
		if i == 0 {
			before = 0
		}
		if i == len(parts)-1 {
			after = 0
		}
		if len(t) <= before+after+2 {
			out = append(out, p)
			continue
		}
		if before > 0 {
			out = append(out, Part{PartSame, strings.Join(t[:before], "")})
		}
		out = append(out, Part{Kind: PartCut})
		if after > 0 {
			out = append(out, Part{PartSame, strings.Join(t[len(t)-after:], "")})
		}
	}
	return out
}

// partWriter joins words of one kind into parts.
type partWriter struct{ parts []Part }

func (w *partWriter) add(kind PartKind, words ...string) {
	text := strings.Join(words, "")
	if text == "" {
		return
	}
	if n := len(w.parts); n > 0 && w.parts[n-1].Kind == kind {
		w.parts[n-1].Text += text
		return
	}
	w.parts = append(w.parts, Part{kind, text})
}

// compare adds the shortest way from x to y, as Myers (1986) finds it.
func (w *partWriter) compare(x, y []string) {
	trace, found := edits(x, y)
	if !found {
		w.add(PartGone, x...)
		w.add(PartNew, y...)
		return
	}
	var back []step
	i, j := len(x), len(y)
	for d := len(trace); d > 0; d-- {
		before := trace[d-1]
		k := i - j
		from := k - 1
		if k == -d || k != d && before.at(k-1) < before.at(k+1) {
			from = k + 1
		}
		pi := before.at(from)
		pj := pi - from
		for i > pi && j > pj {
			i, j = i-1, j-1
			back = append(back, step{PartSame, x[i]})
		}
		if i == pi {
			j--
			back = append(back, step{PartNew, y[j]})
		} else {
			i--
			back = append(back, step{PartGone, x[i]})
		}
	}
	for ; i > 0; i-- {
		back = append(back, step{PartSame, x[i-1]})
	}
	slices.Reverse(back)
	w.steps(back)
}

// step is one word of a comparison.
type step struct {
	kind PartKind
	word string
}

// steps adds words; within a run of changes what is gone comes before what is
// new, and spaces between two changes belong to both.
func (w *partWriter) steps(all []step) {
	for at := 0; at < len(all); {
		if all[at].kind == PartSame {
			w.add(PartSame, all[at].word)
			at++
			continue
		}
		end := at
		for end < len(all) && (all[end].kind != PartSame || blank(all[end].word) && end+1 < len(all) && all[end+1].kind != PartSame) {
			end++
		}
		for _, kind := range []PartKind{PartGone, PartNew} {
			for _, s := range all[at:end] {
				if s.kind == kind || s.kind == PartSame {
					w.add(kind, s.word)
				}
			}
		}
		at = end
	}
}

// frontier is how far each diagonal was followed after so many edits.
type frontier struct {
	edits int
	far   []int32
}

func (f frontier) at(k int) int { return int(f.far[k+f.edits]) }

// edits returns the frontiers before each edit of the shortest way from x to
// y; false where that takes more than maxEdits.
func edits(x, y []string) ([]frontier, bool) {
	last := frontier{0, []int32{int32(snake(x, y, 0, 0))}}
	if last.at(0) == len(x) && len(x) == len(y) {
		return nil, true
	}
	trace := []frontier{last}
	for d := 1; d <= maxEdits; d++ {
		next := frontier{d, make([]int32, 2*d+1)}
		for k := -d; k <= d; k += 2 {
			var i int
			if k == -d || k != d && last.at(k-1) < last.at(k+1) {
				i = last.at(k + 1)
			} else {
				i = last.at(k-1) + 1
			}
			if i <= len(x) && i-k <= len(y) {
				i = snake(x, y, i, i-k)
			}
			next.far[k+d] = int32(i)
			if i == len(x) && i-k == len(y) {
				return trace, true
			}
		}
		trace, last = append(trace, next), next
	}
	return nil, false
}

// snake follows what is the same and returns where in x it ends.
func snake(x, y []string, i, j int) int {
	for i < len(x) && j < len(y) && x[i] == y[j] {
		i, j = i+1, j+1
	}
	return i
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// tokens splits a text into words, spaces and marks; together they are the
// text.
func tokens(s string) []string {
	var out []string
	start, class := 0, 0
	for i, r := range s {
		c := classOf(r)
		if i > start && (c != class || c == single) {
			out = append(out, s[start:i])
			start = i
		}
		class = c
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// single is the class of characters that stand for themselves.
const single = 3

func classOf(r rune) int {
	switch {
	case unicode.IsSpace(r):
		return 1
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return single
	case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r), r == '\'', r == '’', r == '\u200d':
		return 2
	}
	return single
}
