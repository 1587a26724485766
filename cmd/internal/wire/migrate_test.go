package wire

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stet/store"
	"stet/store/bolt"
	"stet/store/postgres"
	"stet/store/servertest"
)

// stopping is a database whose process ends with one of the things that it is
// told to keep: before that, or once it is kept.
type stopping struct {
	database
	left int
	kept bool
}

var errStopped = errors.New("the process was killed")

func (s *stopping) step(do func() error) error {
	if s.left--; s.left == 0 && !s.kept {
		return errStopped
	}
	if err := do(); err != nil || s.left != 0 {
		return err
	}
	return errStopped
}

func (s *stopping) Append(ctx context.Context, b store.Batch) (r store.Receipt, err error) {
	err = s.step(func() (err error) { r, err = s.database.Append(ctx, b); return err })
	return r, err
}

func (s *stopping) Create(ctx context.Context) (w store.BlobWriter, err error) {
	w, err = s.database.Create(ctx)
	return stoppingWriter{w, s}, err
}

type stoppingWriter struct {
	store.BlobWriter
	s *stopping
}

func (w stoppingWriter) Commit(ctx context.Context) (i store.BlobInfo, err error) {
	err = w.s.step(func() (err error) { i, err = w.BlobWriter.Commit(ctx); return err })
	return i, err
}

func (s *stopping) AllCursors(ctx context.Context) (map[string]uint64, error) {
	return s.database.(store.Estate).AllCursors(ctx)
}

func (s *stopping) Receipts(ctx context.Context, after string, limit int) ([]store.KeyedReceipt, error) {
	return s.database.(store.Estate).Receipts(ctx, after, limit)
}

func (s *stopping) Inherit(ctx context.Context, l store.Legacy) error {
	return s.step(func() error { return s.database.(store.Estate).Inherit(ctx, l) })
}

// TestMigrateInterrupted: whatever a move was ended in, either way, the same
// command goes on, and what is there in the end is the same to the last leaf,
// file, job and receipt.
func TestMigrateInterrupted(t *testing.T) {
	w := newEvidenceWorld(t)
	address := servertest.Postgres(t)
	for i := range 3 {
		w.capture(i == 1, "Ada F.", fmt.Sprint("the bells rang at ", i))
		b := w.a.Archive.Begin()
		b.Key(fmt.Sprint("key ", i))
		w.must(b.Enqueue(store.Enqueue{Job: store.Job{Kind: "look", Key: fmt.Sprint(i), Payload: []byte("{}"), RunAt: w.now}}))
		_, err := b.Commit(w.ctx)
		w.must(err)
	}
	w.must(w.a.Archive.Backend().SetCursor(w.ctx, "alerts", 0, 2))
	n := 0
	places := []struct {
		name string
		open func() database
	}{
		{"a database", func() database {
			n++
			db, err := postgres.Open(w.ctx, address, postgres.Options{Schema: fmt.Sprint("moved_", n)})
			w.must(err)
			return db
		}},
		{"a file", func() database {
			n++
			db, err := bolt.Open(w.ctx, filepath.Join(t.TempDir(), fmt.Sprint(n)), bolt.Options{})
			w.must(err)
			return db
		}},
	}
	src := w.a.db
	for _, place := range places {
		want := w.everything(src)
		var last database
		for at := 1; ; at++ {
			dst := place.open()
			stopped := false
			for _, kept := range []bool{false, true} {
				err := (&mover{src: src, dst: &stopping{database: dst, left: at, kept: kept}, sum: &MigrateSummary{}}).move(w.ctx, func(uint64, uint64) {})
				if err != nil && !errors.Is(err, errStopped) {
					t.Fatalf("to %s, ended at step %d: %v", place.name, at, err)
				}
				stopped = stopped || err != nil
			}
			w.must((&mover{src: src, dst: dst, sum: &MigrateSummary{}}).move(w.ctx, func(uint64, uint64) {}))
			if diff := cmp.Diff(want, w.everything(dst)); diff != "" {
				t.Errorf("to %s, ended at step %d (-source +place):\n%s", place.name, at, diff)
			}
			if !stopped {
				last = dst
				break
			}
			w.must(dst.Close())
		}
		defer func() { w.must(last.Close()) }()
		src = last
	}
}

// everything is what a database keeps, for comparing.
func (w *evidenceWorld) everything(db database) map[string]any {
	w.Helper()
	all := map[string]any{}
	leaves, err := db.Leaves(w.ctx, 0, 0)
	w.must(err)
	all["leaves"] = leaves
	blobs, err := db.Blobs(w.ctx, store.Digest{}, 0)
	w.must(err)
	for _, b := range blobs {
		all["blob "+b.Digest.String()] = b.Size
	}
	jobs, err := db.ListJobs(w.ctx, store.JobFilter{})
	w.must(err)
	for _, j := range jobs {
		all["job "+j.ID.String()] = j
	}
	if all["cursors"], err = db.(store.Estate).AllCursors(w.ctx); err != nil {
		w.Fatal(err)
	}
	receipts, err := db.(store.Estate).Receipts(w.ctx, "", 0)
	w.must(err)
	all["receipts"] = slices.Clone(receipts)
	_, err = db.Check(w.ctx, func(p store.Problem) { w.Errorf("%s %s: %s", p.Thing, p.Name, p.What) })
	w.must(err)
	return all
}
