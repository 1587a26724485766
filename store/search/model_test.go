package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"stet/store"
)

// TestModel compares the index with a search that reads every text.
func TestModel(t *testing.T) {
	vocabulary := []string{"a", "b", "c", "bridge", "don't", "#tag", "@ada", "地震", "地", "震速報", "👏", "x.y", "1,5"}
	words := rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 9)
	rapid.Check(t, func(t2 *rapid.T) {
		a := newArchive(t, Options{})
		defer func() { a.must(a.index.Close()) }()
		texts := map[string]string{}
		for i := range rapid.IntRange(1, 25).Draw(t2, "posts") {
			id := fmt.Sprint(i % 20)
			texts[id] = strings.Join(words.Draw(t2, "text"), " ")
			a.capture(id, texts[id], func(d *store.Derivation) { d.Post.Author.Name, d.Post.Author.Handle = "", "" })
			if rapid.IntRange(0, 4).Draw(t2, "follow") == 0 {
				a.must(a.index.CatchUp(t.Context()))
			}
		}
		for range 5 {
			q := strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, 4).Draw(t2, "query"), " ")
			if rapid.Bool().Draw(t2, "phrase") {
				q = `"` + q + `"`
			}
			parsed := parse(q)
			want := []string{}
			for id, text := range texts {
				if holdsAll(text, slices.Concat(parsed.required, parsed.loose)) {
					want = append(want, id)
				}
			}
			hits, err := a.index.Search(t.Context(), store.SearchQuery{Words: q, Limit: 100})
			if err != nil {
				t2.Fatal(err)
			}
			got := []string{}
			for _, h := range hits {
				if h.Score >= scoreAll {
					got = append(got, strings.TrimPrefix(h.Ref, "twitter:"))
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t2.Fatalf("%s found %v, want %v of %q", q, got, want, texts)
			}
		}
	})
}

// holdsAll reports whether a text holds every group of a query.
func holdsAll(text string, groups []group) bool {
	at := map[string][]int{}
	place := 0
	split(text, func(w word) {
		for _, t := range w.also {
			at[t] = append(at[t], place)
		}
		for i, t := range w.tokens {
			at[t] = append(at[t], place+i)
		}
		place += len(w.tokens)
	})
	holds := func(g group) bool {
		return slices.ContainsFunc(g.any, func(s sequence) bool {
			if g.begins {
				for t := range at {
					if strings.HasPrefix(t, s.tokens[0]) {
						return true
					}
				}
				return false
			}
			return slices.ContainsFunc(at[s.tokens[0]], func(begin int) bool {
				for i, t := range s.tokens {
					if !slices.Contains(at[t], begin+s.offsets[i]-s.offsets[0]) {
						return false
					}
				}
				return true
			})
		})
	}
	return !slices.ContainsFunc(groups, func(g group) bool { return !holds(g) })
}

// TestPostings writes lists of postings in steps and reads them in every way.
func TestPostings(t *testing.T) {
	rapid.Check(t, func(t2 *rapid.T) {
		a := newArchive(t, Options{})
		defer func() { a.must(a.index.Close()) }()
		type entry struct {
			doc    uint32
			places []int
		}
		lists := map[string][]entry{}
		doc := uint32(0)
		for range rapid.IntRange(1, 6).Draw(t2, "steps") {
			collected := map[string]*pending{}
			for range rapid.IntRange(0, 400).Draw(t2, "documents") {
				doc += uint32(rapid.SampledFrom([]int{1, 1, 1, 2, 200, 70_000}).Draw(t2, "distance"))
				for _, token := range []string{"a", "ab", "b"} {
					n := rapid.IntRange(0, 3).Draw(t2, "places")
					if n == 0 {
						continue
					}
					e := entry{doc: doc}
					place := 0
					for range n {
						place += rapid.IntRange(1, 300).Draw(t2, "place")
						e.places = append(e.places, place)
						if collected[token] == nil {
							collected[token] = &pending{}
						}
						collected[token].add(doc, place)
					}
					lists[token] = append(lists[token], e)
				}
			}
			for token, p := range collected {
				a.must(a.index.update(func(tx *bbolt.Tx) error { return p.write(tx.Bucket([]byte(bucketPostings)), token) }))
			}
		}
		a.must(a.index.view(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(bucketPostings))
			for _, token := range []string{"a", "ab", "b", "c", ""} {
				it := newIterator(b, token)
				for _, want := range lists[token] {
					if !it.next() || it.doc != want.doc || !slices.Equal(it.places, want.places) {
						t2.Fatalf("%q: got document %d at %v, want %d at %v (%v)", token, it.doc, it.places, want.doc, want.places, it.err)
					}
				}
				if it.next() || it.err != nil {
					t2.Fatalf("%q goes on with document %d, %v", token, it.doc, it.err)
				}
				it = newIterator(b, token)
				for at := uint32(0); at <= doc+1; at += uint32(rapid.SampledFrom([]int{1, 3, 500, 100_000}).Draw(t2, "jump")) {
					i := slices.IndexFunc(lists[token], func(e entry) bool { return e.doc >= at })
					want := i >= 0 && lists[token][i].doc == at
					if got := it.seek(at); got != want || got && !slices.Equal(it.places, lists[token][i].places) {
						t2.Fatalf("%q: seeking %d gave %v at %v, want %v", token, at, got, it.places, want)
					}
					if i >= 0 && it.doc != lists[token][i].doc {
						t2.Fatalf("%q: seeking %d stands at %d, want %d", token, at, it.doc, lists[token][i].doc)
					}
				}
			}
			return nil
		}))
	})
}
