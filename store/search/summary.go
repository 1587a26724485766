package search

import (
	"encoding/binary"
	"maps"
	"slices"

	"go.etcd.io/bbolt"
)

// A summary says of windowSize neighbouring documents what saves looking at
// their rows: which of them are there (a bit each), and when the first and the
// last of them was published, or earlier and later. Its key is the number of the
// first document / windowSize.
const summarySize = windowSize/8 + 8

// summaries reads summaries, one after the other best.
type summaries struct {
	c  *bbolt.Cursor
	of uint32 // number of the present one plus one
}

// load sets there to the documents of a window that are there, and returns
// between which times they were published.
func (s *summaries) load(n uint32, there *bitset) (first, last uint32) {
	var k, v []byte
	if s.of > 0 && n == s.of {
		k, v = s.c.Next()
	}
	if len(k) != 4 || binary.BigEndian.Uint32(k) != n {
		k, v = s.c.Seek(numberKey(n))
	}
	s.of = n + 1
	if len(k) != 4 || binary.BigEndian.Uint32(k) != n || len(v) != summarySize {
		s.of = 0
		*there = bitset{}
		return none, 0
	}
	for i := range there {
		there[i] = binary.LittleEndian.Uint64(v[i*8:])
	}
	return binary.LittleEndian.Uint32(v[windowSize/8:]), binary.LittleEndian.Uint32(v[windowSize/8+4:])
}

// finishSummaries brings the summaries of the rows that were changed up to date.
func (w *writer) finishSummaries() error {
	b := w.tx.Bucket([]byte(bucketSummaries))
	changed := map[uint32][]byte{}
	for n, block := range w.blocks {
		for i := 0; i*rowSize < len(block); i++ {
			doc, row := n*rowsPerBlock+uint32(i), block[i*rowSize:(i+1)*rowSize]
			v := changed[doc/windowSize]
			if v == nil {
				v = make([]byte, summarySize)
				if copy(v, b.Get(numberKey(doc/windowSize))) == 0 {
					binary.LittleEndian.PutUint32(v[windowSize/8:], none)
				}
				changed[doc/windowSize] = v
			}
			at, bit := doc%windowSize/8, byte(1)<<(doc%8)
			if rowKind(row) == 0 {
				v[at] &^= bit
				continue
			}
			v[at] |= bit
			first, last := v[windowSize/8:], v[windowSize/8+4:]
			binary.LittleEndian.PutUint32(first, min(binary.LittleEndian.Uint32(first), rowPosted(row)))
			binary.LittleEndian.PutUint32(last, max(binary.LittleEndian.Uint32(last), rowPosted(row)))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(changed)) {
		if err := b.Put(numberKey(n), changed[n]); err != nil {
			return err
		}
	}
	return nil
}
