package bolt

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
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

// headOf returns the highest journal number.
func headOf(tx *bbolt.Tx) (uint64, error) {
	k, v := mustBucket(tx, bucketRecords).Cursor().Last()
	if k == nil {
		return 0, nil
	}
	n := codec.Count(v)
	if len(k) != 8 || n == 0 {
		return 0, fmt.Errorf("%w: the last entry %x of %s cannot be read", store.ErrCorrupt, k, bucketRecords)
	}
	return binary.BigEndian.Uint64(k) + uint64(n) - 1, nil
}

// rawBlock is a copy of a stored block.
type rawBlock struct {
	first uint64
	bytes []byte
}

// blockOf finds the block that holds the record with a number. What it
// returns points into the database.
func blockOf(c *bbolt.Cursor, seq uint64) (rawBlock, error) {
	k, v := seekBefore(c, seqKey(seq))
	if len(k) == 8 {
		first := binary.BigEndian.Uint64(k)
		if seq >= first && seq-first < uint64(codec.Count(v)) {
			return rawBlock{first, v}, nil
		}
	}
	return rawBlock{}, fmt.Errorf("%w: record %d is missing", store.ErrCorrupt, seq)
}

// Get implements [store.Records].
func (s *Store) Get(ctx context.Context, id store.ID) (store.Record, error) {
	var block rawBlock
	var seq uint64
	err := s.view(ctx, func(tx *bbolt.Tx) (err error) {
		if seq, err = seqOf(tx, id); err != nil {
			return err
		}
		if block, err = blockOf(mustBucket(tx, bucketRecords).Cursor(), seq); err != nil {
			return err
		}
		block.bytes = bytes.Clone(block.bytes)
		return nil
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
	r.Terms = nil
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
			if b, failed = blockOf(c, p.seq); failed != nil {
				return false
			}
			b.bytes = bytes.Clone(b.bytes)
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

func (b *rawBlock) holds(seq uint64) bool {
	return seq >= b.first && seq-b.first < uint64(codec.Count(b.bytes))
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
		r.Terms = nil
		records = append(records, r)
	}
	return records, nil
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
		b, err := blockOf(c, after+1)
		for err == nil && fn(b) {
			next := b.first + uint64(codec.Count(b.bytes))
			if next > head {
				return nil
			}
			k, v := c.Next()
			if len(k) != 8 || binary.BigEndian.Uint64(k) != next || codec.Count(v) == 0 {
				return fmt.Errorf("%w: record %d is missing", store.ErrCorrupt, next)
			}
			b = rawBlock{next, v}
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
		b.bytes = bytes.Clone(b.bytes)
		blocks = append(blocks, b)
		size += len(b.bytes)
		last := b.first + uint64(codec.Count(b.bytes)) - 1
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
			r.Terms = nil
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
