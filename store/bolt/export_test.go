package bolt

import (
	"context"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"stet/store"
)

// SetAfterCommit makes fn run after each commit of bbolt, before anybody is
// told; its error counts as that of a failed sync.
func (s *Store) SetAfterCommit(fn func() error) { s.afterCommit = fn }

// CollideJobKeys makes the hashes of all keys of jobs alike.
func (s *Store) CollideJobKeys() {
	s.keyHash = func(string, string) []byte { return []byte("samehash") }
}

// LetGoFirst makes the store close its database before another takes its place,
// as where open files cannot be replaced.
func (s *Store) LetGoFirst() { s.letGoFirst = true }

// ErrClosed says that the store is closed.
var ErrClosed = errClosed

// Usable returns why the store cannot be used.
func (s *Store) Usable(ctx context.Context) error { return s.usable(ctx) }

// Writable returns why nothing can be written.
func (s *Store) Writable() error { return s.writable() }

// SetOnPut makes fn see everything that is written.
func (s *Store) SetOnPut(fn func(tx int, bucket string, key, value []byte)) { s.onPut = fn }

// Fill is how full the pages of a bucket are made.
func Fill(bucket string) float64 { return fill(bucket) }

// Prepare does what Append does before it hands a batch to the committer, and
// returns what it does then.
func (s *Store) Prepare(b store.Batch) (commit func(ctx context.Context) (store.Receipt, error)) {
	p := s.prepare(&b)
	return func(ctx context.Context) (receipt store.Receipt, err error) {
		err = s.submit(ctx, p.size, func(w *writeTx) (err error) {
			receipt, err = p.apply(w)
			return err
		})
		return receipt, err
	}
}

// Change is that of an entry: it is put, or deleted.
type Change struct {
	Key     []byte
	Deleted bool
}

// Probed returns the pages that are looked at before the entries of a tree are
// changed one after the other in one transaction.
func Probed(file io.ReaderAt, pages, root uint64, changes []Change) ([]uint64, error) {
	p := newProber(file, pages)
	for _, c := range changes {
		if err := p.path(root, c.Key, c.Deleted); err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(p.pages)), nil
}

// MigrateLater brings an archive to an invented later format, in three steps.
func MigrateLater(s *Store) error {
	return s.migrateWith(Format+1, append(migrations(), migration{to: Format + 1, what: "numbers the steps", step: func(_ *Store, tx *bbolt.Tx) (bool, error) {
		b, err := tx.CreateBucketIfNotExists([]byte("steps"))
		if err != nil {
			return false, err
		}
		n := b.Stats().KeyN + 1
		return n == 3, b.Put([]byte{byte(n)}, make([]byte, 9000))
	}}))
}

// MigrateBack undoes MigrateLater, which must have been done wholly.
func MigrateBack(dir string) error {
	db, err := bbolt.Open(filepath.Join(dir, FileName), 0o600, nil)
	if err != nil {
		return err
	}
	return errors.Join(db.Update(func(tx *bbolt.Tx) error {
		steps := tx.Bucket([]byte("steps"))
		if steps == nil || steps.Stats().KeyN != 3 {
			return errors.New("the migration was done by half")
		}
		return errors.Join(tx.DeleteBucket([]byte("steps")), putFormat(tx, Format))
	}), db.Close())
}

// Gathered returns how many operations share a commit with a first one, where
// others come after the given times and so many were in the commit before.
func Gathered(last int, after ...time.Duration) int {
	s := &Store{queue: make(chan *op), closing: make(chan struct{})}
	var group sync.WaitGroup
	for _, d := range after {
		group.Go(func() {
			t := time.NewTimer(d)
			defer t.Stop()
			<-t.C
			select {
			case s.queue <- &op{}:
			case <-s.closing:
			}
		})
	}
	n := len(s.gather([]*op{{}}, last))
	close(s.closing)
	group.Wait()
	return n
}
