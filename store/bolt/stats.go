package bolt

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"stet/store"
)

// Stats implements [store.Statter]. It touches each page once: about a second
// for each gigabyte that is not in memory.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	st := store.Stats{Kinds: map[store.Kind]int64{}, Parts: map[string]int64{}, Place: s.dir}
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		c, err := readCounts(tx)
		if err != nil {
			return err
		}
		for _, k := range store.Kinds() {
			if n := c.kinds[k.Number()]; n > 0 {
				st.Kinds[k] = int64(n)
			}
		}
		st.Blobs, st.BlobBytes = int64(c.blobs), int64(c.blobBytes)
		st.Bytes = tx.Size()
		used := int64(0)
		for _, name := range buckets() {
			if err := ctx.Err(); err != nil {
				return err
			}
			b := mustBucket(tx, name).Stats()
			st.Parts[name] = int64(b.BranchAlloc + b.LeafAlloc)
			used += st.Parts[name]
		}
		st.Free = max(0, st.Bytes-used)
		return nil
	})
	head := s.state.durableHead()
	if err != nil || head == 0 {
		return st, err
	}
	if st.First, err = s.timeOf(ctx, 1); err != nil {
		return st, err
	}
	st.Last, err = s.timeOf(ctx, head)
	return st, err
}

// timeOf returns the time of a record.
func (s *Store) timeOf(ctx context.Context, seq uint64) (time.Time, error) {
	records, err := s.Read(ctx, seq-1, 1)
	if err != nil {
		return time.Time{}, err
	}
	if len(records) == 0 {
		return time.Time{}, fmt.Errorf("%w: record %d is missing", store.ErrCorrupt, seq)
	}
	return records[0].Time, nil
}
