package mem

import (
	"cmp"
	"context"
	"fmt"

	"stet/store"
)

// maxRead is about how many bytes of fields one Read returns.
const maxRead = 4 << 20

// Head implements [store.Journal].
func (s *Store) Head(ctx context.Context) (uint64, error) {
	done, err := s.begin(ctx, OpRead)
	if err != nil {
		return 0, err
	}
	defer done()
	return uint64(len(s.records)), nil
}

// Read implements [store.Journal].
func (s *Store) Read(ctx context.Context, after uint64, limit int) ([]store.Record, error) {
	done, err := s.begin(ctx, OpRead)
	if err != nil {
		return nil, err
	}
	defer done()
	var records []store.Record
	size := 0
	for seq := after + 1; seq <= uint64(len(s.records)) && len(records) < cmp.Or(limit, 1000); seq++ {
		r := s.read(seq)
		for _, f := range r.Fields {
			size += len(f.Value)
		}
		if size > maxRead && len(records) > 0 {
			break
		}
		records = append(records, r)
	}
	return records, nil
}

// Leaves implements [store.Journal].
func (s *Store) Leaves(ctx context.Context, after uint64, limit int) ([]store.Hash, error) {
	done, err := s.begin(ctx, OpRead)
	if err != nil {
		return nil, err
	}
	defer done()
	var leaves []store.Hash
	for seq := after + 1; seq <= uint64(len(s.records)) && len(leaves) < cmp.Or(limit, 10_000); seq++ {
		leaves = append(leaves, s.records[seq-1].leaf)
	}
	return leaves, nil
}

// Cursor implements [store.Cursors].
func (s *Store) Cursor(ctx context.Context, name string) (uint64, error) {
	done, err := s.begin(ctx, OpRead)
	if err != nil {
		return 0, err
	}
	defer done()
	return s.cursors[name], nil
}

// SetCursor implements [store.Cursors].
func (s *Store) SetCursor(ctx context.Context, name string, from, to uint64) error {
	done, err := s.begin(ctx, OpSetCursor)
	if err != nil {
		return err
	}
	defer done()
	if at := s.cursors[name]; at != from {
		return fmt.Errorf("%w: the cursor %s stands at %d, not at %d", store.ErrConflict, name, at, from)
	}
	s.cursors[name] = to
	return s.fault(OpSetCursor, true)
}
