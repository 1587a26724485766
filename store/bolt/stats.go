package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"stet/store"
)

// Stats implements [store.Statter]. The bytes by bucket are exact for small
// buckets, and reckoned from a sample of their pages for large ones, so that it
// reads some hundred pages of any archive.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	st := store.Stats{Kinds: map[store.Kind]int64{}, Parts: map[string]int64{}, Place: s.dir}
	err := s.steady(ctx, func(tx *bbolt.Tx, file *os.File) error {
		meta, _, err := stateOf(tx, file)
		if err != nil {
			return err
		}
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
		return measure(&st, file, meta)
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

// measure fills in the bytes by bucket and those that are free.
func measure(st *store.Stats, file *os.File, meta metaPage) error {
	w := newWalker(file, meta, func(uint64, string) {}) // a check says what is damaged
	free, err := w.readFreelist()
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	st.Free = int64(len(free)) * pageSize
	for name, place := range w.places() {
		if place.root == 0 {
			st.Parts[name] = int64(len(place.inline))
			continue
		}
		pages, err := w.measure(place.root)
		if err != nil {
			return fmt.Errorf("%w: the bucket %s: %w", store.ErrCorrupt, name, err)
		}
		st.Parts[name] = pages * pageSize
	}
	return nil
}

// maxSample is how many pages of one level of a tree are read to reckon how
// many there are below.
const maxSample = 64

// measure reckons how many pages a tree has.
func (w *walker) measure(root uint64) (int64, error) {
	total := int64(0)
	level, size := []uint64{root}, int64(1) // some pages of a level, and how many it has
	for range maxDepth {
		var below []uint64
		pages, leaves := 0, false
		for _, id := range level {
			b, err := w.page(id)
			if err != nil {
				return 0, fmt.Errorf("page %d: %w", id, err)
			}
			pages += len(b) / pageSize
			if leaves = binary.NativeEndian.Uint16(b[8:]) != flagBranch; leaves {
				continue
			}
			children, err := readBranch(b)
			if err != nil {
				return 0, fmt.Errorf("page %d: %w", id, err)
			}
			for _, c := range children {
				below = append(below, c.page)
			}
		}
		total += size * int64(pages) / int64(len(level))
		if leaves || len(below) == 0 {
			return total, nil
		}
		size = size * int64(len(below)) / int64(len(level))
		level = sample(below)
	}
	return 0, errors.New("its branches never end")
}

// sample returns at most maxSample pages, evenly spread.
func sample(pages []uint64) []uint64 {
	if len(pages) <= maxSample {
		return pages
	}
	some := make([]uint64, maxSample)
	for i := range some {
		some[i] = pages[i*len(pages)/maxSample]
	}
	return some
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
