package search

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

// archive is an archive in memory with its index.
type archive struct {
	*testing.T
	*store.Archive
	mem   *mem.Store
	index *Index
	path  string
	now   time.Time
}

func newArchive(t *testing.T, o Options) *archive {
	a := &archive{T: t, mem: mem.New(mem.Options{}), path: filepath.Join(t.TempDir(), FileName), now: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)}
	a.Archive = store.NewArchive(store.Parts{Backend: a.mem, Blobs: a.mem, Now: func() time.Time { return a.now }, Random: rand.NewChaCha8([32]byte{3})})
	a.open(o)
	return a
}

func (a *archive) open(o Options) {
	a.Helper()
	x, err := Open(a.Context(), a.path, a.mem, o)
	if err != nil {
		a.Fatal(err)
	}
	a.index = x
	a.Cleanup(func() {
		if err := x.Close(); err != nil {
			a.Error(err)
		}
	})
}

func (a *archive) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// capture adds a derivation of a post with a text.
func (a *archive) capture(id, text string, change ...func(*store.Derivation)) {
	a.Helper()
	ref := post.Ref{Platform: post.Twitter, ID: id}
	build := a.Begin()
	c, err := build.Add(a.Context(), &store.Capture{Time: a.now, Kind: store.CapturePost, Ref: ref, Source: post.SourcePublic})
	a.must(err)
	d := &store.Derivation{Time: a.now, Capture: c, Parser: "twitter@1", Source: post.SourcePublic, Ref: ref,
		Post: post.Post{Platform: ref.Platform, ID: id, Text: text, Author: post.Author{Name: "Ada Fenwick", Handle: "ada_fenwick"}}}
	for _, f := range change {
		f(d)
	}
	_, err = build.Add(a.Context(), d)
	a.must(err)
	_, err = build.Commit(a.Context())
	a.must(err)
}

// find returns the ids of the posts that a search finds, in order.
func (a *archive) find(words string) []string {
	a.Helper()
	hits, err := a.index.Search(a.Context(), store.SearchQuery{Words: words, Limit: 1000})
	if err != nil {
		a.Fatalf("searching %q: %v", words, err)
	}
	ids := []string{}
	for i, h := range hits.Hits {
		ref, err := post.ParseRef(h.Ref)
		a.must(err)
		if ids = append(ids, ref.ID); i > 0 && h.Score > hits.Hits[i-1].Score {
			a.Errorf("searching %q: hit %d scores %g, the one before it %g", words, i, h.Score, hits.Hits[i-1].Score)
		}
	}
	return ids
}

// expect fails where a search does not find exactly the posts, in order.
func (a *archive) expect(words string, want ...string) {
	a.Helper()
	if got := a.find(words); fmt.Sprint(got) != fmt.Sprint(want) {
		a.Errorf("searching %q found %v, want %v", words, got, want)
	}
}

func posted(year int) func(*store.Derivation) {
	return func(d *store.Derivation) { d.Post.Posted = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
}

func from(s post.Source) func(*store.Derivation) {
	return func(d *store.Derivation) { d.Source = s }
}
