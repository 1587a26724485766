package search

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"go.etcd.io/bbolt"

	"stet/store"
)

// The postings are kept in segments: each transaction that adds documents
// writes a bucket of its own, whose keys it puts in order, and touches no older
// one. Segments of about the same size are put together when there are
// mergeAt of them, so that a search meets few. Putting large ones together
// takes a while; it is done in steps, one with each transaction that adds
// documents, so that nobody waits for it.
const (
	mergeAt = 8
	// mergeNow is the most documents of segments that are put together at once.
	mergeNow = 2048
	// mergeStep is how many blocks are copied in one step.
	mergeStep = 1500
	// mergeMost is the most segments that are put together at a time: their
	// number is kept as one byte.
	mergeMost = 64
	// maxTier is the tier from which on segments stay as they are: 8⁵ documents.
	maxTier = 5
)

// segment is one bucket of postings with the numbers of its first and last
// document.
type segment struct {
	id          uint32
	first, last uint32
	bucket      *bbolt.Bucket // of its postings
	spellings   *bbolt.Bucket
}

// tier is the size of a segment, as a power of mergeAt.
func (s *segment) tier() int { return (bits.Len32(s.last-s.first+1) - 1) / 3 }

func numberKey(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// segments returns the segments in the order of their documents.
func segments(tx *bbolt.Tx) ([]segment, error) {
	var list []segment
	all, spellings := tx.Bucket([]byte(bucketSegments)), tx.Bucket([]byte(bucketSpellings))
	c := tx.Bucket([]byte(bucketSpans)).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		b, spelled := all.Bucket(k), spellings.Bucket(k)
		if b == nil || spelled == nil || len(k) != 4 || len(v) != 8 {
			return nil, fmt.Errorf("%w: segment %x of the index of words is missing; run `stet rebuild`", store.ErrCorrupt, k)
		}
		list = append(list, segment{id: binary.BigEndian.Uint32(k), first: binary.BigEndian.Uint32(v), last: binary.BigEndian.Uint32(v[4:]), bucket: b, spellings: spelled})
	}
	slices.SortFunc(list, func(a, b segment) int { return cmp.Compare(a.first, b.first) })
	return list, nil
}

// newSegment begins a segment, which is not searched before [list] names it.
func newSegment(tx *bbolt.Tx) (uint32, error) {
	all := tx.Bucket([]byte(bucketSegments))
	n, err := all.NextSequence()
	if err != nil {
		return 0, err
	}
	if _, err := all.CreateBucket(numberKey(uint32(n))); err != nil {
		return 0, err
	}
	_, err = tx.Bucket([]byte(bucketSpellings)).CreateBucket(numberKey(uint32(n)))
	return uint32(n), err
}

// segmentWriter writes a segment, token after token in their order.
type segmentWriter struct {
	b     *bbolt.Bucket
	spell *speller
}

// openSegment goes on with a segment that was begun.
func openSegment(tx *bbolt.Tx, id uint32) (*segmentWriter, error) {
	b, spellings := tx.Bucket([]byte(bucketSegments)).Bucket(numberKey(id)), tx.Bucket([]byte(bucketSpellings)).Bucket(numberKey(id))
	if b == nil || spellings == nil {
		return nil, errSegments()
	}
	b.FillPercent, spellings.FillPercent = 1, 0.9
	return &segmentWriter{b: b, spell: newSpeller(spellings)}, nil
}

// put writes all that a token has.
func (w *segmentWriter) put(token string, blocks []postings) error {
	n := documents(blocks)
	if n == 0 {
		return nil
	}
	for i := range blocks {
		if err := w.b.Put(blockKey(token, blocks[i].first), blocks[i].encode(n)); err != nil {
			return err
		}
	}
	return w.spell.add(token, n)
}

// finish writes what is not written yet.
func (w *segmentWriter) finish() error { return w.spell.finish() }

// list names a segment, so that it is searched.
func list(tx *bbolt.Tx, s *segment) error {
	span := binary.BigEndian.AppendUint32(numberKey(s.first), s.last)
	return tx.Bucket([]byte(bucketSpans)).Put(numberKey(s.id), span)
}

// drop removes a segment.
func drop(tx *bbolt.Tx, id uint32) error {
	if err := tx.Bucket([]byte(bucketSpans)).Delete(numberKey(id)); err != nil {
		return err
	}
	if err := tx.Bucket([]byte(bucketSpellings)).DeleteBucket(numberKey(id)); err != nil {
		return err
	}
	return tx.Bucket([]byte(bucketSegments)).DeleteBucket(numberKey(id))
}

func errSegments() error {
	return fmt.Errorf("%w: segments of the index of words are missing; run `stet rebuild`", store.ErrCorrupt)
}

// writeSegment writes postings of the documents from first to last, which
// several have collected and sorted, each of later documents than the one
// before.
func writeSegment(tx *bbolt.Tx, first, last uint32, collected []*collector) error {
	id, err := newSegment(tx)
	if err != nil {
		return err
	}
	w, err := openSegment(tx, id)
	if err != nil {
		return err
	}
	var p pending
	for {
		token, some := "", false
		for _, c := range collected {
			if t, ok := c.next(); ok && (!some || t < token) {
				token, some = t, true
			}
		}
		if !some {
			if err := w.finish(); err != nil {
				return err
			}
			return list(tx, &segment{id: id, first: first, last: last})
		}
		p.reset()
		for _, c := range collected {
			if t, ok := c.next(); ok && t == token {
				c.take(&p)
			}
		}
		p.finish()
		if err := w.put(token, p.pieces); err != nil {
			return err
		}
	}
}

// A merge that is going on is kept in the bucket meta: the number of the new
// segment, those of the old ones, and the last token that was copied.
const metaMerge = "merge"

type merge struct {
	into uint32
	of   []uint32
	// after is the last token that was copied, begun whether there is one.
	begun bool
	after []byte
}

func (m *merge) encode() []byte {
	v := numberKey(m.into)
	v = append(v, byte(len(m.of)))
	for _, id := range m.of {
		v = binary.BigEndian.AppendUint32(v, id)
	}
	if m.begun {
		v = append(append(v, 1), m.after...)
	}
	return v
}

func readMerge(tx *bbolt.Tx) (*merge, error) {
	v := tx.Bucket([]byte(bucketMeta)).Get([]byte(metaMerge))
	if v == nil {
		return nil, nil
	}
	if len(v) < 5 || len(v) < 5+4*int(v[4]) {
		return nil, fmt.Errorf("%w: a merge of the index of words cannot be read; run `stet rebuild`", store.ErrCorrupt)
	}
	m := &merge{into: binary.BigEndian.Uint32(v)}
	rest := v[5:]
	for range v[4] {
		m.of = append(m.of, binary.BigEndian.Uint32(rest))
		rest = rest[4:]
	}
	if len(rest) > 0 {
		m.begun, m.after = true, bytes.Clone(rest[1:])
	}
	return m, nil
}

// tend puts segments together: small ones at once, and of large ones as far as
// one step goes.
func tend(tx *bbolt.Tx) error {
	pending, err := readMerge(tx)
	if err != nil {
		return err
	}
	for range maxTier {
		parts, err := chooseMerge(tx, pending)
		if err != nil || len(parts) == 0 {
			if err != nil {
				return err
			}
			break
		}
		large := parts[len(parts)-1].last-parts[0].first >= mergeNow
		if large && pending != nil {
			break
		}
		m := &merge{}
		for _, s := range parts {
			m.of = append(m.of, s.id)
		}
		if m.into, err = newSegment(tx); err != nil {
			return err
		}
		if large {
			pending = m
			break
		}
		if _, err := m.step(tx, math.MaxInt); err != nil {
			return err
		}
	}
	if pending == nil {
		return nil
	}
	done, err := pending.step(tx, mergeStep)
	if err != nil {
		return err
	}
	if done {
		return tx.Bucket([]byte(bucketMeta)).Delete([]byte(metaMerge))
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaMerge), pending.encode())
}

// chooseMerge returns the smallest segments of which there are enough of one
// size, none where there are none. Those that are being put together already,
// and what is before them, is left alone.
func chooseMerge(tx *bbolt.Tx, pending *merge) ([]segment, error) {
	all, err := segments(tx)
	if err != nil {
		return nil, err
	}
	if pending != nil {
		for i := len(all) - 1; i >= 0; i-- {
			if slices.Contains(pending.of, all[i].id) {
				all = all[i+1:]
				break
			}
		}
	}
	for end := len(all); end > 0; {
		start := end
		tier := all[end-1].tier()
		for start > 0 && all[start-1].tier() <= tier {
			start--
		}
		if end-start >= mergeAt && tier < maxTier {
			return all[start:min(end, start+mergeMost)], nil
		}
		end = start
	}
	return nil, nil
}

// step copies some blocks and reports whether the merge is done.
func (m *merge) step(tx *bbolt.Tx, limit int) (bool, error) {
	all, err := segments(tx)
	if err != nil {
		return false, err
	}
	var parts []segment
	for _, s := range all {
		if slices.Contains(m.of, s.id) {
			parts = append(parts, s)
		}
	}
	if len(parts) != len(m.of) {
		return false, errSegments()
	}
	into, err := openSegment(tx, m.into)
	if err != nil {
		return false, err
	}
	more, err := m.copyBlocks(parts, limit, func(token string, blocks []postings) error { return into.put(token, joined(blocks)) })
	if err == nil {
		err = into.finish()
	}
	if err != nil || more {
		return false, err
	}
	for _, id := range m.of {
		if err := drop(tx, id); err != nil {
			return false, err
		}
	}
	return true, list(tx, &segment{id: m.into, first: parts[0].first, last: parts[len(parts)-1].last})
}

// copyBlocks gives the blocks of one token after the other to put, about limit
// of them, and reports whether there are more.
func (m *merge) copyBlocks(parts []segment, limit int, put func(token string, blocks []postings) error) (bool, error) {
	heads := make([]head, len(parts))
	for i, s := range parts {
		heads[i].c = s.bucket.Cursor()
		if m.begun {
			heads[i].set(heads[i].c.Seek(append(slices.Clip(m.after), 1)))
		} else {
			heads[i].set(heads[i].c.First())
		}
	}
	for limit > 0 {
		var token []byte
		for i := range heads {
			if t := heads[i].token; t != nil && (token == nil || bytes.Compare(t, token) < 0) {
				token = t
			}
		}
		if token == nil {
			return false, nil
		}
		name := string(token)
		var blocks []postings
		for i := range heads {
			taken, err := heads[i].take(name)
			if err != nil {
				return false, err
			}
			blocks = append(blocks, taken...)
		}
		if err := put(name, blocks); err != nil {
			return false, err
		}
		m.begun, m.after = true, []byte(name)
		limit -= len(blocks)
	}
	return true, nil
}

// head is where copying stands in one segment.
type head struct {
	c     *bbolt.Cursor
	token []byte // nil at the end
	k, v  []byte
}

func (h *head) set(k, v []byte) {
	h.k, h.v, h.token = k, v, nil
	if len(k) >= 5 {
		h.token = k[:len(k)-5]
	}
}

// take returns the blocks of a token, where they come next.
func (h *head) take(token string) ([]postings, error) {
	var blocks []postings
	for h.token != nil && string(h.token) == token {
		p, err := readBlock(h.k, h.v)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, p)
		h.set(h.c.Next())
	}
	return blocks, nil
}
