package search

import (
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"stet/extract/words"
)

// holdsGroup reports whether a word of a query, or a phrase, is in a text whose
// tokens stand at places.
func holdsGroup(at map[string][]int, g words.Group) bool {
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
				it = iterate(t, all, token)
				for at := uint32(0); at <= doc; {
					to := at + uint32(rapid.IntRange(1, windowSize).Draw(t2, "width"))
					var got, want bitset
					it.fill(at, at, to, &got)
					for _, e := range lists[token] {
						if e.doc >= at && e.doc < to {
							want.set(e.doc - at)
						}
						if e.doc == it.now && !slices.Equal(it.places(), e.places) {
							t2.Fatalf("%q: after the window from %d to %d, document %d is at %v, want %v", token, at, to, it.now, it.places(), e.places)
						}
					}
					if got != want || it.now < to {
						t2.Fatalf("%q: the window from %d to %d is wrong, and goes on with %d", token, at, to, it.now)
					}
					if at = it.now; at == none {
						break
					}
				}
			}
			return nil
		}))
	})
}
