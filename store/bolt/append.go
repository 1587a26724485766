package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"stet/store"
	"stet/store/codec"
)

// Append implements [store.Records].
func (s *Store) Append(ctx context.Context, b store.Batch) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	if err := s.writable(); err != nil {
		return store.Receipt{}, err
	}
	s.approaching.Add(1)
	p := s.prepare(&b)
	s.approaching.Add(-1)
	var receipt store.Receipt
	err := s.submit(ctx, p.size, func(w *writeTx) (err error) {
		receipt, err = p.apply(w)
		return err
	})
	if err != nil {
		return store.Receipt{}, err
	}
	return receipt, nil
}

// prepared is a batch with all that can be computed before its journal numbers
// are known.
type prepared struct {
	batch  *store.Batch
	blocks []codec.Block
	runs   []run
	terms  []termEntry
	blobs  []store.Digest
	size   int
	// err is why the batch cannot be added. It is told only where the key of
	// the batch was not used before.
	err error
}

// run is a part of a batch whose ids follow each other.
type run struct {
	id     store.ID
	offset int
	count  int
}

func (s *Store) prepare(b *store.Batch) *prepared {
	p := &prepared{batch: b, runs: runsOf(b.Records), terms: termEntries(b.Records)}
	if p.err = distinct(b.Records); p.err != nil {
		return p
	}
	if p.blobs, p.err = blobsOf(b.Records); p.err != nil {
		return p
	}
	p.blocks, p.err = s.codec.Encode(b.Records)
	for i := range p.blocks {
		p.size += p.blocks[i].Size()
	}
	return p
}

// blobsOf returns the blobs that records refer to.
func blobsOf(records []store.Record) ([]store.Digest, error) {
	var blobs []store.Digest
	for i := range records {
		for _, t := range records[i].Terms {
			if t.Index != store.IndexBlob {
				continue
			}
			d, ok := digestOf(t.Value)
			if !ok {
				return nil, fmt.Errorf("%w: record %s refers to the blob %x, which is not a digest", store.ErrInvalid, records[i].ID, t.Value)
			}
			blobs = append(blobs, d)
		}
	}
	return blobs, nil
}

func digestOf(value string) (store.Digest, bool) {
	if len(value) != len(store.Digest{}) {
		return store.Digest{}, false
	}
	return store.Digest([]byte(value)), true
}

func distinct(records []store.Record) error {
	if len(records) <= fewTerms {
		for i := range records {
			for j := range i {
				if records[i].ID == records[j].ID {
					return fmt.Errorf("%w: record %s exists already", store.ErrConflict, records[i].ID)
				}
			}
		}
		return nil
	}
	seen := make(map[store.ID]bool, len(records))
	for i := range records {
		id := records[i].ID
		if seen[id] {
			return fmt.Errorf("%w: record %s exists already", store.ErrConflict, id)
		}
		seen[id] = true
	}
	return nil
}

func runsOf(records []store.Record) []run {
	var runs []run
	for i := range records {
		id := records[i].ID
		if n := len(runs) - 1; n >= 0 && runs[n].at(runs[n].count) == id && id[15] != 0 {
			runs[n].count++
			continue
		}
		runs = append(runs, run{id: id, offset: i, count: 1})
	}
	return runs
}

// at returns the id that is n after the first.
func (r *run) at(n int) store.ID {
	id := r.id
	id[15] += byte(n)
	return id
}

// apply validates the batch and adds it.
func (p *prepared) apply(w *writeTx) (store.Receipt, error) {
	if p.batch.Key != "" {
		if r, ok, err := w.receipt(p.batch.Key); ok || err != nil {
			return r, err
		}
	}
	if p.err != nil {
		return store.Receipt{}, p.err
	}
	for i := range p.runs {
		if err := w.absent(&p.runs[i]); err != nil {
			return store.Receipt{}, err
		}
	}
	for _, d := range p.blobs {
		if err := w.stored(d); err != nil {
			return store.Receipt{}, err
		}
	}
	jobs, changed, err := w.applyJobs(p.batch)
	if err != nil {
		return store.Receipt{}, err
	}
	// From here on only what bbolt itself cannot do fails, and then the whole
	// commit does.
	receipt := store.Receipt{Jobs: changed}
	if n := uint64(len(p.batch.Records)); n > 0 {
		receipt.First, receipt.Last = w.head+1, w.head+n
	}
	if err := p.write(w, &receipt, jobs); err != nil {
		w.fail(err)
	}
	return receipt, nil
}

func (p *prepared) write(w *writeTx, receipt *store.Receipt, jobs *jobTx) error {
	if err := jobs.write(); err != nil {
		return err
	}
	first := w.head + 1
	for i := range p.blocks {
		seq := w.head + 1
		w.head += uint64(p.blocks[i].Count)
		if err := w.putBlock(seq, p.blocks[i].Seal(seq)); err != nil {
			return err
		}
	}
	for i := range p.runs {
		r := &p.runs[i]
		if err := w.put(bucketIDs, bytes.Clone(r.id[:]), idValue(first+uint64(r.offset), r.count)); err != nil {
			return err
		}
	}
	for i := range p.terms {
		if err := w.putTerm(&p.terms[i], first); err != nil {
			return err
		}
	}
	for _, d := range p.blobs {
		if err := w.unkeep(d); err != nil {
			return err
		}
	}
	for i := range p.batch.Records {
		w.counts.kinds[p.batch.Records[i].Kind.Number()]++
		w.changed = true
	}
	if p.batch.Key == "" {
		return nil
	}
	key := []byte(p.batch.Key)
	return w.put(bucketReceipts, key, seal(bucketReceipts, key, encodeReceipt(receipt)))
}

// idValue is the value of an entry of ids: the journal number of the first
// record of a run and how many follow.
func idValue(seq uint64, count int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, seq), uint64(count))
}

func readIDValue(v []byte) (seq uint64, count int, err error) {
	r := reader{b: v}
	seq, n := r.uvarint(), r.uvarint()
	if err := r.end(); err != nil || n == 0 || n > 256 {
		return 0, 0, fmt.Errorf("%w: the entry %x of %s cannot be read", store.ErrCorrupt, v, bucketIDs)
	}
	return seq, int(n), nil
}

// seekBefore moves to the last key that is not after key.
func seekBefore(c *bbolt.Cursor, key []byte) (k, v []byte) {
	k, v = c.Seek(key)
	if k == nil {
		return c.Last()
	}
	if !bytes.Equal(k, key) {
		return c.Prev()
	}
	return k, v
}

// absent errors with ErrConflict where an id of the run is stored already.
func (w *writeTx) absent(r *run) error {
	last := r.at(r.count - 1)
	k, v := seekBefore(w.bucket(bucketIDs).Cursor(), last[:])
	if len(k) != len(last) || !bytes.Equal(k[:15], last[:15]) {
		return nil
	}
	_, count, err := readIDValue(v)
	if err != nil {
		return err
	}
	if end := int(k[15]) + count - 1; end < int(r.id[15]) {
		return nil
	}
	return fmt.Errorf("%w: record %s exists already", store.ErrConflict, r.at(max(0, int(k[15])-int(r.id[15]))))
}

// seqOf returns the journal number of a record.
func seqOf(tx *bbolt.Tx, id store.ID) (uint64, error) {
	k, v := seekBefore(mustBucket(tx, bucketIDs).Cursor(), id[:])
	if len(k) == len(id) && bytes.Equal(k[:15], id[:15]) {
		seq, count, err := readIDValue(v)
		if err != nil {
			return 0, err
		}
		if n := int(id[15]) - int(k[15]); n < count {
			return seq + uint64(n), nil
		}
	}
	return 0, fmt.Errorf("record %s: %w", id, store.ErrNotFound)
}

// receipt returns the receipt of an earlier batch with the key.
func (w *writeTx) receipt(key string) (store.Receipt, bool, error) {
	sealed := w.bucket(bucketReceipts).Get([]byte(key))
	if sealed == nil {
		return store.Receipt{}, false, nil
	}
	v, err := unseal(bucketReceipts, []byte(key), sealed)
	if err != nil {
		return store.Receipt{}, true, err
	}
	r, err := decodeReceipt(v)
	r.Repeated = true
	return r, true, err
}

func encodeReceipt(r *store.Receipt) []byte {
	b := binary.AppendUvarint(nil, r.First)
	b = binary.AppendUvarint(b, r.Last)
	b = binary.AppendUvarint(b, uint64(len(r.Jobs)))
	for i := range r.Jobs {
		j := &r.Jobs[i]
		b = append(b, j.ID[:]...)
		b = appendString(b, encodeJob(j))
	}
	return b
}

func decodeReceipt(v []byte) (store.Receipt, error) {
	r := reader{b: v}
	receipt := store.Receipt{First: r.uvarint(), Last: r.uvarint()}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		var id store.ID
		copy(id[:], r.take(uint64(len(id))))
		j, err := decodeJob(id, r.take(r.uvarint()))
		if err != nil {
			return store.Receipt{}, err
		}
		receipt.Jobs = append(receipt.Jobs, j)
	}
	if err := r.end(); err != nil {
		return store.Receipt{}, fmt.Errorf("%w: a receipt: %w", store.ErrCorrupt, err)
	}
	return receipt, nil
}
