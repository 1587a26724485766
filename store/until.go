package store

import (
	"context"
	"fmt"
)

// Until returns the archive as it was when the journal had the number bound:
// what was added later is not there. It cannot be added to. What was removed
// since is missing in it too.
func (a *Archive) Until(bound uint64) *Archive {
	c := *a
	c.backend = bounded{a.backend, bound}
	c.search = nil // it cannot forget
	return &c
}

// bounded is a backend without what is later than a number.
type bounded struct {
	Backend
	bound uint64
}

// Append errors with ErrReadOnly.
func (b bounded) Append(context.Context, Batch) (Receipt, error) {
	return Receipt{}, fmt.Errorf("%w: this is the archive as it was at number %d", ErrReadOnly, b.bound)
}

// Get implements [Records].
func (b bounded) Get(ctx context.Context, id ID) (Record, error) {
	r, err := b.Backend.Get(ctx, id)
	if err == nil && r.Seq > b.bound {
		return Record{}, fmt.Errorf("record %s: %w: it was added later", id, ErrNotFound)
	}
	return r, err
}

// List implements [Records].
func (b bounded) List(ctx context.Context, q Query) (Page, error) {
	if q.Before == 0 || q.Before > b.bound+1 {
		q.Before = b.bound + 1
	}
	return b.Backend.List(ctx, q)
}

// Head implements [Journal].
func (b bounded) Head(ctx context.Context) (uint64, error) {
	head, err := b.Backend.Head(ctx)
	return min(head, b.bound), err
}

// Read implements [Journal].
func (b bounded) Read(ctx context.Context, after uint64, limit int) ([]Record, error) {
	if after >= b.bound {
		return nil, nil
	}
	records, err := b.Backend.Read(ctx, after, limit)
	return records[:min(uint64(len(records)), b.bound-after)], err
}

// Leaves implements [Journal].
func (b bounded) Leaves(ctx context.Context, after uint64, limit int) ([]Hash, error) {
	if after >= b.bound {
		return nil, nil
	}
	leaves, err := b.Backend.Leaves(ctx, after, limit)
	return leaves[:min(uint64(len(leaves)), b.bound-after)], err
}
