package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"stet/store"
)

var _ store.Redactor = (*Store)(nil)

// Redact implements [store.Redactor]. What is taken out stays in pages that are
// free until they are used again, or the store is compacted.
func (s *Store) Redact(ctx context.Context, b store.Batch, changed []store.Record) (store.Receipt, error) {
	if err := s.writable(); err != nil {
		return store.Receipt{}, err
	}
	p := s.prepare(&b)
	blobs, err := blobsOf(changed)
	if err != nil {
		return store.Receipt{}, err
	}
	p.blobs = append(p.blobs, blobs...)
	size := p.size
	for i := range changed {
		for j := range changed[i].Fields {
			size += len(changed[i].Fields[j].Value)
		}
	}
	var receipt store.Receipt
	err = s.submit(ctx, size, func(w *writeTx) error {
		if b.Key != "" {
			r, ok, err := w.receipt(b.Key)
			if receipt = r; ok || err != nil {
				return err
			}
		}
		blocks, err := w.replaceable(changed)
		if err != nil {
			return err
		}
		if receipt, err = p.apply(w); err != nil {
			return err
		}
		for i := range blocks {
			if err := w.replaceBlock(&blocks[i]); err != nil {
				w.fail(err)
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return store.Receipt{}, err
	}
	return receipt, nil
}

// changedBlock is a block of which records are replaced.
type changedBlock struct {
	first uint64
	count uint64
	// records are all of the block, as they are to be.
	records []store.Record
	// entries are the index entries that come and go.
	entries []entryChange
}

// entryChange says that a record is to stand under a term, or no more.
type entryChange struct {
	term store.Term
	posting
	add bool
}

// replaceable returns the blocks that hold the records, with the new ones in
// their places, in the order of the journal.
func (w *writeTx) replaceable(changed []store.Record) ([]changedBlock, error) {
	blocks, seen := map[uint64]*changedBlock{}, map[uint64]bool{}
	for i := range changed {
		r := changed[i]
		seq, err := seqOf(w.tx, r.ID)
		if err != nil {
			return nil, err
		}
		if seen[seq] {
			return nil, fmt.Errorf("%w: record %s is changed twice", store.ErrInvalid, r.ID)
		}
		seen[seq] = true
		b, err := w.loadBlock(blocks, seq)
		if err != nil {
			return nil, err
		}
		stored := &b.records[seq-b.first]
		if err := store.CheckReplacement(stored, &r); err != nil {
			return nil, err
		}
		if err := b.compare(stored, &r, seq); err != nil {
			return nil, err
		}
		r.Seq = seq
		*stored = r
	}
	out := make([]changedBlock, 0, len(blocks))
	for _, b := range blocks {
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b changedBlock) int { return int(a.first) - int(b.first) })
	return out, nil
}

// loadBlock returns the block with the record of a number.
func (w *writeTx) loadBlock(blocks map[uint64]*changedBlock, seq uint64) (*changedBlock, error) {
	raw, _, _, err := blockOf(w.bucket(bucketRecords).Cursor(), seq)
	if err != nil {
		return nil, err
	}
	if b := blocks[raw.first]; b != nil {
		return b, nil
	}
	records, err := w.s.codec.Decode(raw.bytes, raw.first)
	if err != nil {
		return nil, err
	}
	blocks[raw.first] = &changedBlock{first: raw.first, count: raw.count(), records: records}
	return blocks[raw.first], nil
}

// compare notes which index entries come and go.
func (b *changedBlock) compare(stored, r *store.Record, seq uint64) error {
	before, err := store.StoredTerms(stored)
	if err != nil {
		return err
	}
	p := posting{seq, r.Kind.Number()}
	for _, t := range before {
		if !slices.Contains(r.Terms, t) {
			b.entries = append(b.entries, entryChange{t, p, false})
		}
	}
	for _, t := range r.Terms {
		if !slices.Contains(before, t) {
			b.entries = append(b.entries, entryChange{t, p, true})
		}
	}
	return nil
}

// replaceBlock writes a block anew, as several ones where it grew.
func (w *writeTx) replaceBlock(b *changedBlock) error {
	fresh, err := w.s.codec.Encode(b.records)
	if err != nil {
		return err
	}
	w.rewriting = true
	defer func() { w.rewriting = false }()
	var old [][]byte
	c := w.bucket(bucketRecords).Cursor()
	for k, _ := c.Seek(blockKey(b.first, 0)); k != nil; k, _ = c.Next() {
		first, _, ok := readBlockKey(k)
		if !ok || first != b.first {
			break
		}
		old = append(old, bytes.Clone(k))
	}
	for _, k := range old {
		if err := w.delete(bucketRecords, k); err != nil {
			return err
		}
	}
	seq := b.first
	for i := range fresh {
		next := seq + uint64(fresh[i].Count)
		if err := w.putBlock(seq, fresh[i].Seal(seq)); err != nil {
			return err
		}
		seq = next
	}
	for i := range b.entries {
		if err := w.changeEntry(&b.entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// changeEntry puts a record under a term, or takes it from there.
func (w *writeTx) changeEntry(e *entryChange) error {
	prefix := termPrefix(e.term)
	at := appendNumber(slices.Clip(prefix), e.seq)
	k, v := seekBefore(w.bucket(bucketTerms).Cursor(), at)
	var list []posting
	if bytes.HasPrefix(k, prefix) {
		first, err := readNumber(k[len(prefix):])
		if err == nil {
			list, err = readPostings(nil, first, v)
		}
		if err != nil {
			return termDamage(k, err)
		}
		k = bytes.Clone(k)
	} else {
		k = nil
	}
	n, found := slices.BinarySearchFunc(list, e.seq, func(p posting, seq uint64) int { return int(p.seq) - int(seq) })
	switch {
	case e.add && !found:
		list = slices.Insert(list, n, e.posting)
	case !e.add && found:
		list = slices.Delete(list, n, n+1)
	default:
		return fmt.Errorf("%w: record %d and the entry %s %q do not fit", store.ErrCorrupt, e.seq, e.term.Index, e.term.Value)
	}
	if k != nil && (len(list) == 0 || !bytes.Equal(k, appendNumber(slices.Clip(prefix), list[0].seq))) {
		if err := w.delete(bucketTerms, k); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	return w.put(bucketTerms, appendNumber(slices.Clip(prefix), list[0].seq), encodePostings(list))
}

// encodePostings is what [readPostings] reads.
func encodePostings(list []posting) []byte {
	v := []byte{list[0].kind}
	for i := 1; i < len(list); i++ {
		v = append(binary.AppendUvarint(v, list[i].seq-list[i-1].seq), list[i].kind)
	}
	return v
}
