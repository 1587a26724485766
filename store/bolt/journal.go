package bolt

import (
	"cmp"
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"stet/store"
	"stet/store/codec"
)

const (
	// maxRead is about how many bytes of fields one Read returns.
	maxRead = 4 << 20
	// maxPage is how many bytes of blocks one List loads; a page may end early
	// because of it.
	maxPage = 16 << 20
)

// Get implements [store.Records].
func (s *Store) Get(ctx context.Context, id store.ID) (store.Record, error) {
	var block rawBlock
	var seq uint64
	err := s.view(ctx, func(tx *bbolt.Tx) (err error) {
		if seq, err = seqOf(tx, id); err != nil {
			return err
		}
		block, _, _, err = blockOf(mustBucket(tx, bucketRecords).Cursor(), seq)
		return err
	})
	if err != nil {
		return store.Record{}, err
	}
	r, err := s.record(&block, seq)
	if err == nil && r.ID != id {
		err = fmt.Errorf("%w: the id %s leads to record %d, which is %s", store.ErrCorrupt, id, seq, r.ID)
	}
	return r, err
}

// record decodes one record of a block.
func (s *Store) record(b *rawBlock, seq uint64) (store.Record, error) {
	records, err := s.codec.Decode(b.bytes, b.first)
	if err != nil {
		return store.Record{}, err
	}
	r := records[seq-b.first]
	withoutTerms(&r)
	return r, nil
}

// List implements [store.Records].
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	limit := cmp.Or(q.Limit, 100)
	var page store.Page
	var found []posting
	var blocks []rawBlock
	err := s.view(ctx, func(tx *bbolt.Tx) (err error) {
		c := mustBucket(tx, bucketRecords).Cursor()
		size := 0
		var failed error
		err = postings(tx, &q, func(p posting) bool {
			if len(found) == limit || size > maxPage {
				page.More = true
				return false
			}
			found = append(found, p)
			if n := len(blocks) - 1; n >= 0 && blocks[n].holds(p.seq) {
				return true
			}
			var b rawBlock
			if b, _, _, failed = blockOf(c, p.seq); failed != nil {
				return false
			}
			size += len(b.bytes)
			blocks = append(blocks, b)
			return true
		})
		return cmp.Or(failed, err)
	})
	if err != nil {
		return store.Page{}, err
	}
	page.Records, err = s.decodeFound(blocks, found)
	return page, err
}

// decodeFound returns the records that were found, from the blocks that hold
// them in the same order.
func (s *Store) decodeFound(blocks []rawBlock, found []posting) ([]store.Record, error) {
	var records, decoded []store.Record
	for _, p := range found {
		for !blocks[0].holds(p.seq) {
			blocks, decoded = blocks[1:], nil
		}
		b := &blocks[0]
		if decoded == nil {
			var err error
			if decoded, err = s.codec.Decode(b.bytes, b.first); err != nil {
				return nil, err
			}
		}
		r := decoded[p.seq-b.first]
		if r.Kind.Number() != p.kind {
			return nil, fmt.Errorf("%w: record %d is indexed as another kind than %s", store.ErrCorrupt, p.seq, r.Kind)
		}
		withoutTerms(&r)
		records = append(records, r)
	}
	return records, nil
}

// withoutTerms leaves out the index entries that follow from the content.
func withoutTerms(r *store.Record) {
	if r.Whole() {
		r.Terms = nil
	}
}

// Head implements [store.Journal].
func (s *Store) Head(ctx context.Context) (uint64, error) {
	if err := s.usable(ctx); err != nil {
		return 0, err
	}
	return s.state.durableHead(), nil
}

// blocksAfter calls fn for the durable blocks that hold records after a
// number, until fn returns false.
func (s *Store) blocksAfter(ctx context.Context, after uint64, fn func(rawBlock) bool) error {
	head := s.state.durableHead()
	return s.view(ctx, func(tx *bbolt.Tx) error {
		if after >= head {
			return nil
		}
		c := mustBucket(tx, bucketRecords).Cursor()
		b, k, v, err := blockOf(c, after+1)
		for err == nil && fn(b) {
			next := b.first + b.count()
			if next > head {
				return nil
			}
			if first, _, ok := readBlockKey(k); !ok || first != next {
				return fmt.Errorf("%w: record %d is missing", store.ErrCorrupt, next)
			}
			b, k, v, err = readBlock(c, k, v)
		}
		return err
	})
}

// Read implements [store.Journal].
func (s *Store) Read(ctx context.Context, after uint64, limit int) ([]store.Record, error) {
	limit = cmp.Or(limit, 1000)
	var blocks []rawBlock
	size := 0
	err := s.blocksAfter(ctx, after, func(b rawBlock) bool {
		blocks = append(blocks, b)
		size += len(b.bytes)
		last := b.first + b.count() - 1
		return size < maxRead && last-after < uint64(limit)
	})
	if err != nil {
		return nil, err
	}
	var records []store.Record
	size = 0
	for i := range blocks {
		decoded, err := s.codec.Decode(blocks[i].bytes, blocks[i].first)
		if err != nil {
			return nil, err
		}
		for j := range decoded {
			r := &decoded[j]
			if r.Seq <= after {
				continue
			}
			for k := range r.Fields {
				size += len(r.Fields[k].Value)
			}
			if len(records) == limit || size > maxRead && len(records) > 0 {
				return records, nil
			}
			withoutTerms(r)
			records = append(records, *r)
		}
	}
	return records, nil
}

// Leaves implements [store.Journal].
func (s *Store) Leaves(ctx context.Context, after uint64, limit int) ([]store.Hash, error) {
	limit = cmp.Or(limit, 10_000)
	var leaves []store.Hash
	var failed error
	err := s.blocksAfter(ctx, after, func(b rawBlock) bool {
		var all []store.Hash
		if all, failed = codec.Leaves(b.bytes, b.first); failed != nil {
			return false
		}
		if b.first <= after {
			all = all[after+1-b.first:]
		}
		leaves = append(leaves, all[:min(len(all), limit-len(leaves))]...)
		return len(leaves) < limit
	})
	if err := cmp.Or(failed, err); err != nil {
		return nil, err
	}
	return leaves, nil
}

// Sift implements [store.Sifter].
func (s *Store) Sift(ctx context.Context, after uint64, what []byte) (uint64, error) {
	through, size := after, 0
	var failed error
	err := s.blocksAfter(ctx, after, func(b rawBlock) bool {
		var holds bool
		if holds, failed = s.codec.Holds(b.bytes, b.first, what); failed != nil || holds {
			return false
		}
		through = b.first + b.count() - 1
		size += len(b.bytes)
		return size < maxRead
	})
	return through, cmp.Or(failed, err)
}
