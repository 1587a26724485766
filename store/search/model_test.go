package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"stet/extract/words"
	"stet/store"
)

// TestModel compares the index with a search that reads every text.
func TestModel(t *testing.T) {
	vocabulary := []string{"a", "b", "c", "bridge", "don't", "#tag", "@ada", "地震", "地", "震速報", "👏", "x.y", "1,5"}
	texted := rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 9)
	rapid.Check(t, func(t2 *rapid.T) {
		a := newArchive(t, Options{})
		defer func() { a.must(a.index.Close()) }()
		texts := map[string]string{}
		for i := range rapid.IntRange(1, 25).Draw(t2, "posts") {
			id := fmt.Sprint(i % 20)
			texts[id] = strings.Join(texted.Draw(t2, "text"), " ")
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
			parsed := words.Parse(q)
			want := []string{}
			for id, text := range texts {
				if holdsAll(text, slices.Concat(parsed.Required, parsed.Loose)) {
					want = append(want, id)
				}
			}
			found, err := a.index.Search(t.Context(), store.SearchQuery{Words: q, Limit: 100})
			if err != nil {
				t2.Fatal(err)
			}
			got := []string{}
			for _, h := range found.Hits {
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
func holdsAll(text string, groups []words.Group) bool {
	at := map[string][]int{}
	place := 0
	words.Split(text, func(w words.Word) {
		for _, t := range w.Also {
			at[t] = append(at[t], place)
		}
		for i, t := range w.Tokens {
			at[t] = append(at[t], place+i)
		}
		place += len(w.Tokens)
	})
	holds := func(g words.Group) bool {
		return slices.ContainsFunc(g.Any, func(s words.Sequence) bool {
			if g.Begins {
				for t := range at {
					if strings.HasPrefix(t, s.Tokens[0]) {
						return true
					}
				}
				return false
			}
			return slices.ContainsFunc(at[s.Tokens[0]], func(begin int) bool {
				for i, t := range s.Tokens {
					if !slices.Contains(at[t], begin+s.Offsets[i]-s.Offsets[0]) {
						return false
					}
				}
				return true
			})
		})
	}
	return !slices.ContainsFunc(groups, func(g words.Group) bool { return !holds(g) })
}

// iterate goes over the documents of all segments that hold a token.
func iterate(t *testing.T, all []segment, token string) *tokenIterator {
	t.Helper()
	list, err := newLists(all).of(token)
	if err != nil {
		t.Fatal(err)
	}
	it := &tokenIterator{}
	it.begin(list, all, 0, len(all))
	return it
}

// TestPostings writes lists of postings in segments, puts those together, and
// reads them in every way.
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
		for range rapid.IntRange(1, 12).Draw(t2, "steps") {
			first := doc + 1
			collected := []*collector{newCollector(), newCollector()}
			for part := range collected {
				for range rapid.IntRange(0, 80).Draw(t2, "documents") {
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
							collected[part].add(token, doc, place)
						}
						lists[token] = append(lists[token], e)
					}
				}
				collected[part].sort()
			}
			if doc < first {
				continue
			}
			a.must(a.index.update(func(tx *bbolt.Tx) error {
				if err := writeSegment(tx, first, doc, collected); err != nil {
					return err
				}
				return tend(tx)
			}))
		}
		a.must(a.index.view(func(tx *bbolt.Tx) error {
			all, err := segments(tx)
			a.must(err)
			if len(all) > 3*mergeAt {
				t2.Fatalf("there are %d segments", len(all))
			}
			for _, token := range []string{"a", "ab", "b", "c", ""} {
				it := iterate(t, all, token)
				for _, want := range lists[token] {
					at := uint32(0)
					if it.begun {
						at = it.now + 1
					}
					if got := it.seek(at); got != want.doc || !slices.Equal(it.places(), want.places) {
						t2.Fatalf("%q: got document %d at %v, want %d at %v (%v)", token, got, it.places(), want.doc, want.places, it.err)
					}
				}
				if it.seek(doc+1) != none || it.err != nil {
					t2.Fatalf("%q goes on with document %d, %v", token, it.now, it.err)
				}
				it = iterate(t, all, token)
				for at := uint32(0); at <= doc+1; at += uint32(rapid.SampledFrom([]int{1, 3, 500, 100_000}).Draw(t2, "jump")) {
					i := slices.IndexFunc(lists[token], func(e entry) bool { return e.doc >= at })
					want := none
					if i >= 0 {
						want = lists[token][i].doc
					}
					if got := it.seek(at); got != want || got == at && !slices.Equal(it.places(), lists[token][i].places) {
						t2.Fatalf("%q: seeking %d gave %d, want %d", token, at, got, want)
					}
				}
			}
			return nil
		}))
	})
}
