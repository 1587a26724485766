package bolt

import (
	"context"

	"stet/store"
)

// SetAfterCommit makes fn run after each commit of bbolt, before anybody is
// told; its error counts as that of a failed sync.
func (s *Store) SetAfterCommit(fn func() error) { s.afterCommit = fn }

// CollideJobKeys makes the hashes of all keys of jobs alike.
func (s *Store) CollideJobKeys() {
	s.keyHash = func(string, string) []byte { return []byte("samehash") }
}

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
