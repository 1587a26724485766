package search

import (
	"fmt"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"stet/extract/words"
)

func TestSpellable(t *testing.T) {
	for token, want := range map[string]sheetOf{
		"bridge": {1, 6}, "été": {1, 3}, "мост": {2, 4}, "الجسر": {3, 5}, "γέφυρα": {4, 6}, "הגשר": {5, 4}, "हिन्दी": {6, 6}, "հայերեն": {0, 7},
		"": {}, "ab": {}, "b2b": {}, "2026": {}, "#bridge": {}, "@bridge": {}, "мocт": {}, "bridgе": {}, "地震": {}, "地震速報": {}, "속보입니다": {}, "👏": {}, "สะพาน": {},
		strings.Repeat("a", words.MaxToken): {},
	} {
		of, ok := spellable(token)
		if ok != (want != sheetOf{}) || ok && of != want {
			t.Errorf("%q: %v, %v; want %v", token, of, ok, want)
		}
	}
}

// distance is the distance of two words by the whole table.
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], 1+rows[i-2][j-2])
			}
		}
	}
	return rows[len(a)][len(b)]
}

// TestNear writes words in steps, puts segments together, and looks for the
// neighbours of others: those, and only those, that are near by the whole table.
func TestNear(t *testing.T) {
	rapid.Check(t, func(t2 *rapid.T) {
		a := newArchive(t, Options{})
		defer func() { a.must(a.index.Close()) }()
		word := rapid.StringMatching(`[abc]{1,12}|[мост]{3,9}|[abм]{4}|[a-f]{4}`)
		counts := map[string]int{}
		doc := uint32(0)
		for range rapid.IntRange(1, 10).Draw(t2, "steps") {
			first, c := doc+1, newCollector()
			for _, list := range rapid.SliceOfN(rapid.SliceOfNDistinct(word, 1, 12, rapid.ID), 1, 4).Draw(t2, "documents") {
				doc++
				for _, w := range list {
					c.add(w, doc, 1)
					counts[w]++
				}
			}
			c.sort()
			a.must(a.index.update(func(tx *bbolt.Tx) error {
				if err := writeSegment(tx, first, doc, []*collector{c}); err != nil {
					return err
				}
				return tend(tx)
			}))
		}
		for range 5 {
			asked := []rune(word.Draw(t2, "word"))
			of, ok := spellable(string(asked))
			if !ok {
				continue
			}
			w := newWanted(asked, rapid.IntRange(1, 2).Draw(t2, "allowed"))
			want, got := map[string]string{}, map[string]string{}
			for token, n := range counts {
				if other, ok := spellable(token); ok && other[0] == of[0] {
					if d := distance(asked, []rune(token)); d <= w.allowed {
						want[token] = fmt.Sprint(d, n)
					}
				}
			}
			found := map[string]int{}
			a.must(a.index.view(func(tx *bbolt.Tx) error {
				all, err := segments(tx)
				a.must(err)
				for i := range all {
					a.must(near(all[i].spellings, of, w, func(word []byte, d, docs int) {
						found[string(word)] += docs
						got[string(word)] = fmt.Sprint(d, found[string(word)])
					}))
				}
				return nil
			}))
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t2.Fatalf("%s within %d: got %v, want %v", string(asked), w.allowed, got, want)
			}
		}
	})
}
