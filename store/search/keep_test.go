package search

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
)

// gated is a journal that can be kept from answering.
type gated struct {
	store.Journal
	gate    sync.RWMutex
	reading chan struct{} // told of each reading that begins
}

func (g *gated) Read(ctx context.Context, after uint64, limit int) ([]store.Record, error) {
	select {
	case g.reading <- struct{}{}:
	default:
	}
	g.gate.RLock()
	defer g.gate.RUnlock()
	return g.Journal.Read(ctx, after, limit)
}

// TestSearchWhileItIsBuilt: who searches does not wait for an index that is
// being built, and is told what was not looked at.
func TestSearchWhileItIsBuilt(t *testing.T) {
	a := newArchive(t, Options{})
	for i := range soon {
		a.capture(fmt.Sprint(i), "heron")
	}
	head, err := a.mem.Head(t.Context())
	a.must(err)
	g := &gated{Journal: a.mem, reading: make(chan struct{}, 1)}
	x, err := Open(t.Context(), filepath.Join(t.TempDir(), FileName), g, Options{Patience: time.Minute})
	a.must(err)
	defer func() { a.must(x.Close()) }()
	g.gate.Lock()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- x.Follow(ctx, time.Millisecond) }()
	<-g.reading
	search := func() store.SearchResult {
		t.Helper()
		r, err := x.Search(t.Context(), store.SearchQuery{Words: "heron"})
		a.must(err)
		return r
	}
	if r := search(); r.Behind != head || r.Total != 0 {
		t.Errorf("while nothing was read: %d found, %d behind, want 0 and %d", r.Total, r.Behind, head)
	}
	if c, err := x.Coverage(t.Context(), store.SearchFilter{}); err != nil || c.Behind != head || c.Posts != 0 {
		t.Errorf("the coverage is %+v, %v", c, err)
	}
	if l, err := x.Lag(t.Context()); err != nil || l.Behind() != head {
		t.Errorf("the lag is %+v, %v", l, err)
	}
	g.gate.Unlock()
	a.must(x.CatchUp(t.Context()))
	if r := search(); r.Behind != 0 || r.Total != soon {
		t.Errorf("in the end: %d found, %d behind", r.Total, r.Behind)
	}
	// What was added just now is found at once, whoever reads it.
	a.capture("last", "bittern")
	if r, err := x.Search(t.Context(), store.SearchQuery{Words: "bittern"}); err != nil || r.Total != 1 || r.Behind != 0 {
		t.Errorf("what was added just now: %+v, %v", r, err)
	}
	// A few records that somebody is at are waited for, but not for ever.
	g.gate.Lock()
	select {
	case <-g.reading: // of before
	default:
	}
	x.options.Patience = time.Millisecond
	a.capture("later", "bittern")
	<-g.reading
	if r, err := x.Search(t.Context(), store.SearchQuery{Words: "bittern"}); err != nil || r.Total != 1 || r.Behind != 2 {
		t.Errorf("while somebody is at it: %+v, %v", r, err)
	}
	g.gate.Unlock()
	stop()
	a.must(<-ended)
	if r, err := x.Search(t.Context(), store.SearchQuery{Words: "bittern"}); err != nil || r.Total != 2 || r.Behind != 0 {
		t.Errorf("without a follower: %+v, %v", r, err)
	}
}

// TestFollowEnds with an error of the journal, so that whoever runs it knows.
func TestFollowEnds(t *testing.T) {
	a := newArchive(t, Options{})
	a.mem.Close()
	if err := a.index.Follow(t.Context(), time.Millisecond); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("over a journal that is closed: %v", err)
	}
}

// TestSameAnswerInOtherSteps: two machines that read the same journal in other
// steps give the same answer, also of posts that were captured again better.
func TestSameAnswerInOtherSteps(t *testing.T) {
	a := newArchive(t, Options{})
	for i := range 40 {
		a.capture(fmt.Sprint(i), "heron and bittern", from(post.SourceEmbed), posted(2020))
		if i%3 == 0 {
			a.capture(fmt.Sprint(i/2), "heron and stork", posted(2020))
		}
	}
	want := map[string]string{}
	for n, step := range []int{maxDocs, 1, 7} {
		x, err := Open(t.Context(), filepath.Join(t.TempDir(), FileName), a.mem, Options{})
		a.must(err)
		defer func() { a.must(x.Close()) }()
		x.maxDocs = step
		for _, q := range []store.SearchQuery{{Words: "heron", Limit: 100}, {Words: "heron and", Limit: 100}, {Words: "heron", Sort: store.SortOldest, Limit: 100}, {Sort: store.SortNewest, Limit: 100}} {
			r, err := x.Search(t.Context(), q)
			a.must(err)
			if r.Total != 40 {
				t.Errorf("steps of %d: %+v finds %d", step, q, r.Total)
			}
			got := fmt.Sprint(r.Hits)
			if name := fmt.Sprint(q); n == 0 {
				want[name] = got
			} else if got != want[name] {
				t.Errorf("steps of %d: %+v\n got %s\nwant %s", step, q, got, want[name])
			}
		}
	}
}
