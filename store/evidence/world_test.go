package evidence_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/evidence"
	"stet/store/mem"
)

// world is an archive in memory with its log.
type world struct {
	*testing.T
	ctx     context.Context
	backend *mem.Store
	archive *store.Archive
	log     *evidence.Log
	now     time.Time
	dir     string
	n       int
	opens   byte
}

// newWorld opens a world; where dir is empty all is in memory.
func newWorld(t *testing.T, dir string) *world {
	t.Helper()
	w := &world{T: t, ctx: context.Background(), dir: dir, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	w.backend = mem.New(mem.Options{Now: func() time.Time { return w.now }})
	w.open()
	return w
}

func (w *world) open() {
	w.Helper()
	w.opens++
	w.archive = store.NewArchive(store.Parts{Backend: w.backend, Blobs: w.backend, Now: func() time.Time { return w.now }, Random: rand.NewChaCha8([32]byte{w.opens})})
	var err error
	w.log, err = evidence.Open(evidence.Options{Archive: w.archive, Dir: w.dir, Random: rand.NewChaCha8([32]byte{w.opens, 1})})
	w.must(err)
	w.Cleanup(func() { _ = w.log.Close() })
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// add adds n looks.
func (w *world) add(n int) {
	w.Helper()
	for n > 0 {
		b := w.archive.Begin()
		for range min(n, 500) {
			w.n++
			_, err := b.Add(w.ctx, &store.Look{Time: w.now, Ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(1000 + w.n)}, Result: post.Live, Endpoint: "oembed"})
			w.must(err)
			n--
		}
		_, err := b.Commit(w.ctx)
		w.must(err)
	}
}

func (w *world) head() *evidence.Signed {
	w.Helper()
	s, err := w.log.Checkpoint(w.ctx, "person")
	w.must(err)
	return s
}

func (w *world) record(seq uint64) *store.Record {
	w.Helper()
	records, err := w.backend.Read(w.ctx, seq-1, 1)
	w.must(err)
	return &records[0]
}

func emptyLike(w *world) *mem.Store {
	return mem.New(mem.Options{Now: func() time.Time { return w.now }})
}
