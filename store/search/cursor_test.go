package search

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
)

// TestPagesOfManyMachines asks for each page another index of the same journal,
// which came the same way in other steps, while the archive grows: together the
// pages are what one index gave at once in the beginning.
func TestPagesOfManyMachines(t *testing.T) {
	a := newArchive(t, Options{})
	kinds := []string{"heron", "bittern", "heron bittern", "bittern heron stork", "heron of the harbour", "harbour stork"}
	for i := range 330 {
		id := fmt.Sprint(i)
		if i%7 == 0 {
			a.capture(id, "a first heron", from(post.SourceEmbed))
		}
		if i%3 == 0 {
			a.capture(fmt.Sprint(i/2), kinds[i%len(kinds)]+" again")
		}
		a.capture(id, kinds[i%len(kinds)], func(d *store.Derivation) { d.Post.Posted = a.now.Add(-time.Duration(i%40) * time.Hour) })
	}
	var machines []*Index
	for _, step := range []int{maxDocs, 7, 100} {
		x, err := Open(t.Context(), filepath.Join(t.TempDir(), FileName), a.mem, Options{})
		a.must(err)
		defer func() { a.must(x.Close()) }()
		x.maxDocs = step
		a.must(x.CatchUp(t.Context()))
		machines = append(machines, x)
	}
	next := 0
	search := func(q store.SearchQuery) store.SearchResult {
		t.Helper()
		next++
		r, err := machines[next%len(machines)].Search(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		return r
	}
	for _, words := range []string{"heron", "bittern heron", "stork heron bittern", "harbuor strok", "heron strok", `"heron bittern"`, `"heron" stork`, ""} {
		for _, sort := range store.SearchSorts() {
			whole := search(store.SearchQuery{Words: words, Sort: sort, Limit: 1000})
			if len(whole.Hits) < 50 {
				t.Fatalf("%q by %s: %d hits", words, sort, len(whole.Hits))
			}
			q := store.SearchQuery{Words: words, Sort: sort, Limit: 67}
			var paged []string
			for range 20 {
				r := search(q)
				for _, h := range r.Hits {
					paged = append(paged, h.Ref)
				}
				if r.Total != whole.Total || r.Behind != 0 || fmt.Sprint(r.Respelled) != fmt.Sprint(whole.Respelled) {
					t.Errorf("%q by %s: %d in all, %d behind, %v; want %d, %v", words, sort, r.Total, r.Behind, r.Respelled, whole.Total, whole.Respelled)
				}
				// What comes later is of the same words, and makes them weigh less.
				id := fmt.Sprint("later", next)
				a.capture(id, kinds[next%len(kinds)]+" stork "+kinds[0])
				if q.Cursor = r.Cursor; q.Cursor == "" {
					break
				}
			}
			var want []string
			for _, h := range whole.Hits {
				want = append(want, h.Ref)
			}
			if !slices.Equal(paged, want) {
				t.Errorf("%q by %s, in pages of many machines:\n got %v\nwant %v", words, sort, paged, want)
			}
		}
	}
}

// TestNextPageOfLost asks for the page after a hit that is no more: nothing comes
// twice, and nothing that is still there is left out.
func TestNextPageOfLost(t *testing.T) {
	for _, sort := range store.SearchSorts() {
		a := newArchive(t, Options{})
		for i := range 12 {
			a.capture(fmt.Sprint(i), "heron", posted(2020))
		}
		q := store.SearchQuery{Words: "heron", Sort: sort, Limit: 5}
		first, err := a.index.Search(t.Context(), q)
		a.must(err)
		last, err := post.ParseRef(first.Hits[4].Ref)
		a.must(err)
		a.must(a.index.Purge(t.Context(), []post.Ref{last}, nil))
		q.Limit, q.Cursor = 100, first.Cursor
		rest, err := a.index.Search(t.Context(), q)
		a.must(err)
		seen := map[string]bool{}
		for _, h := range slices.Concat(first.Hits, rest.Hits) {
			if seen[h.Ref] {
				t.Errorf("%s: %s comes twice", sort, h.Ref)
			}
			seen[h.Ref] = true
		}
		if len(seen) != 12 {
			t.Errorf("%s: %d of 12 came", sort, len(seen))
		}
	}
}

// TestPageOfMachineBehind: a machine that has not read what the first page was
// made of says so.
func TestPageOfMachineBehind(t *testing.T) {
	a := newArchive(t, Options{})
	for i := range 12 {
		a.capture(fmt.Sprint(i), "heron")
	}
	a.must(a.index.CatchUp(t.Context()))
	a.must(a.index.Close())
	a.open(Options{ReadOnly: true})
	x, err := Open(t.Context(), filepath.Join(t.TempDir(), FileName), a.mem, Options{})
	a.must(err)
	defer func() { a.must(x.Close()) }()
	a.capture("later", "heron")
	q := store.SearchQuery{Words: "heron", Limit: 5}
	first, err := x.Search(t.Context(), q)
	a.must(err)
	q.Cursor = first.Cursor
	if r, err := a.index.Search(t.Context(), q); err != nil || r.Behind != 2 || len(r.Hits) != 5 {
		t.Errorf("%d hits, %d behind, %v", len(r.Hits), r.Behind, err)
	}
}

func TestStrangeCursors(t *testing.T) {
	a := newArchive(t, Options{})
	for i := range 12 {
		a.capture(fmt.Sprint(i), "heron of the harbour")
	}
	q := store.SearchQuery{Words: "heron harbour", Limit: 5}
	first, err := a.index.Search(t.Context(), q)
	a.must(err)
	for n := range len(first.Cursor) {
		cut := q
		cut.Cursor = first.Cursor[:n]
		changed := q
		changed.Cursor = first.Cursor[:n] + strings.Map(func(r rune) rune { return r ^ 1 }, first.Cursor[n:n+1]) + first.Cursor[n+1:]
		for _, q := range []store.SearchQuery{cut, changed} {
			// It may lead elsewhere, and is refused or answered.
			if _, err := a.index.Search(t.Context(), q); err != nil && !errors.Is(err, store.ErrInvalid) {
				t.Errorf("%q: %v", q.Cursor, err)
			}
		}
	}
}
