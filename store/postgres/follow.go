package postgres

import (
	"context"
	"errors"
	"sync/atomic"

	"stet/store"
)

// Following is an archive whose records and files are read from a server that
// follows its own (a standby), and everything else is asked of its own: what is
// added, jobs, cursors. What this process has added is read back from there
// until the other has it too, as is everything while the other is away; what
// others have added may be seen a moment later.
type Following struct {
	*Store

	standby *Store
	// added is the highest number that this process got, and there how far the
	// standby was seen to have come.
	added, there atomic.Uint64
}

var (
	_ store.Backend = (*Following)(nil)
	_ store.Blobs   = (*Following)(nil)
)

// Follow joins an archive with a server that follows it, opened for reading. The
// caller closes both.
func Follow(own, standby *Store) *Following { return &Following{Store: own, standby: standby} }

// Append implements [store.Records].
func (f *Following) Append(ctx context.Context, b store.Batch) (store.Receipt, error) {
	receipt, err := f.Store.Append(ctx, b)
	f.note(receipt)
	return receipt, err
}

// Redact implements [store.Redactor].
func (f *Following) Redact(ctx context.Context, b store.Batch, changed []store.Record) (store.Receipt, error) {
	receipt, err := f.Store.Redact(ctx, b, changed)
	f.note(receipt)
	return receipt, err
}

// note keeps how far this process has come.
func (f *Following) note(r store.Receipt) {
	for last := f.added.Load(); r.Last > last && !f.added.CompareAndSwap(last, r.Last); {
		last = f.added.Load()
	}
}

// caughtUp reports whether the standby has what this process added.
func (f *Following) caughtUp(ctx context.Context) bool {
	added := f.added.Load()
	if f.there.Load() >= added {
		return true
	}
	head, err := f.standby.Head(ctx)
	if err != nil || head < added {
		return false
	}
	f.there.Store(head)
	return true
}

// read reads from the standby, and from the archive's own server where that
// cannot answer.
func read[T any](ctx context.Context, f *Following, from func(*Store) (T, error)) (T, error) {
	if f.caughtUp(ctx) {
		v, err := from(f.standby)
		if err == nil || ctx.Err() != nil {
			return v, err
		}
		// It may be away, have ended a query that stood in the way of what it
		// follows, or not have what was added just now.
		if class := store.ClassOf(err); !class.Retry && !errors.Is(err, store.ErrNotFound) {
			return v, err
		}
	}
	return from(f.Store)
}

// Get implements [store.Records].
func (f *Following) Get(ctx context.Context, id store.ID) (store.Record, error) {
	return read(ctx, f, func(s *Store) (store.Record, error) { return s.Get(ctx, id) })
}

// List implements [store.Records].
func (f *Following) List(ctx context.Context, q store.Query) (store.Page, error) {
	return read(ctx, f, func(s *Store) (store.Page, error) { return s.List(ctx, q) })
}

// Values implements [store.Records].
func (f *Following) Values(ctx context.Context, x store.Index, prefix, after string, limit int) ([]string, error) {
	return read(ctx, f, func(s *Store) ([]string, error) { return s.Values(ctx, x, prefix, after, limit) })
}

// Head implements [store.Journal].
func (f *Following) Head(ctx context.Context) (uint64, error) {
	return read(ctx, f, func(s *Store) (uint64, error) { return s.Head(ctx) })
}

// Read implements [store.Journal].
func (f *Following) Read(ctx context.Context, after uint64, limit int) ([]store.Record, error) {
	return read(ctx, f, func(s *Store) ([]store.Record, error) { return s.Read(ctx, after, limit) })
}

// Leaves implements [store.Journal].
func (f *Following) Leaves(ctx context.Context, after uint64, limit int) ([]store.Hash, error) {
	return read(ctx, f, func(s *Store) ([]store.Hash, error) { return s.Leaves(ctx, after, limit) })
}

// Open implements [store.Blobs].
func (f *Following) Open(ctx context.Context, d store.Digest) (store.BlobReader, error) {
	return read(ctx, f, func(s *Store) (store.BlobReader, error) { return s.Open(ctx, d) })
}

// Stat implements [store.Blobs].
func (f *Following) Stat(ctx context.Context, d store.Digest) (store.BlobInfo, error) {
	return read(ctx, f, func(s *Store) (store.BlobInfo, error) { return s.Stat(ctx, d) })
}
