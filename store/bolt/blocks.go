package bolt

import (
	"fmt"

	"go.etcd.io/bbolt"

	"stet/store"
	"stet/store/codec"
)

// The blocks of records stand in the bucket records, each cut into pieces. A
// key is
//
//	number of the block's first record | number of the piece (1 byte)
//
// with the journal number written as in the keys of terms: see appendNumber.
//
// Pieces are cut because bbolt fills its pages badly with values that are not
// much smaller than a page: when a page overflows, it leaves at least three
// entries to the next one.
const (
	// pieceSize is the size of a piece at most. Measured: see store/FORMAT.md.
	pieceSize = 400
	// wholeSize is the size from which on a block stands in one piece; so large
	// a value gets pages of its own.
	wholeSize = 8 << 10
	// maxPiece is more than the largest block takes: a larger one is damage,
	// and not worth making room for.
	maxPiece = store.MaxBatchSize + 8<<20
)

func blockKey(first uint64, piece int) []byte {
	return append(appendNumber(make([]byte, 0, 10), first), byte(piece))
}

// readBlockKey takes a key of records apart.
func readBlockKey(k []byte) (first uint64, piece int, ok bool) {
	if len(k) == 0 {
		return 0, 0, false
	}
	first, err := readNumber(k[:len(k)-1])
	return first, int(k[len(k)-1]), err == nil && first > 0
}

// putBlock stores a block under the number of its first record.
func (w *writeTx) putBlock(first uint64, b []byte) error {
	n := 1
	if len(b) < wholeSize {
		n = (len(b) + pieceSize - 1) / pieceSize
	}
	size := (len(b) + n - 1) / n // pieces of one size, rather than a small last one
	for i := range n {
		if err := w.put(bucketRecords, blockKey(first, i), b[i*size:min(len(b), (i+1)*size)]); err != nil {
			return err
		}
	}
	return nil
}

// rawBlock is a copy of a stored block.
type rawBlock struct {
	first uint64
	bytes []byte
}

// count returns the number of records in the block, 0 where it cannot be read.
func (b *rawBlock) count() uint64 { return uint64(codec.Count(b.bytes)) }

// holds reports whether the record with a number is in the block.
func (b *rawBlock) holds(seq uint64) bool { return seq >= b.first && seq-b.first < b.count() }

// readBlock reads the block whose first piece is k, v, and leaves the cursor
// at the entry behind it, which it returns.
func readBlock(c *bbolt.Cursor, k, v []byte) (b rawBlock, nextK, nextV []byte, err error) {
	for n := 0; ; n++ {
		first, piece, ok := readBlockKey(k)
		if !ok || n > 0 && first != b.first {
			break
		}
		b.first = first
		if len(v) > maxPiece {
			return b, nil, nil, fmt.Errorf("%w: a piece of record %d has %d bytes", store.ErrCorrupt, first, len(v))
		}
		if piece != n {
			return b, nil, nil, fmt.Errorf("%w: a piece of record %d is missing", store.ErrCorrupt, first)
		}
		b.bytes = append(b.bytes, v...)
		k, v = c.Next()
	}
	if b.count() == 0 {
		return b, nil, nil, fmt.Errorf("%w: the block of record %d cannot be read", store.ErrCorrupt, b.first)
	}
	return b, k, v, nil
}

// blockOf finds the block that holds the record with a number, and leaves the
// cursor at the entry behind it, which it returns.
func blockOf(c *bbolt.Cursor, seq uint64) (b rawBlock, nextK, nextV []byte, err error) {
	k, v := seekBefore(c, blockKey(seq, 0))
	first, piece, ok := readBlockKey(k)
	if ok && piece != 0 {
		k, v = c.Seek(blockKey(first, 0))
	}
	if ok {
		if b, nextK, nextV, err = readBlock(c, k, v); err != nil || b.holds(seq) {
			return b, nextK, nextV, err
		}
	}
	return rawBlock{}, nil, nil, fmt.Errorf("%w: record %d is missing", store.ErrCorrupt, seq)
}

// headOf returns the highest journal number.
func headOf(tx *bbolt.Tx) (uint64, error) {
	c := mustBucket(tx, bucketRecords).Cursor()
	k, v := c.Last()
	if k == nil {
		return 0, nil
	}
	first, piece, ok := readBlockKey(k)
	if ok && piece != 0 {
		_, v = c.Seek(blockKey(first, 0))
	}
	n := codec.Count(v)
	if !ok || n == 0 {
		return 0, fmt.Errorf("%w: the last entry %x of %s cannot be read", store.ErrCorrupt, k, bucketRecords)
	}
	return first + uint64(n) - 1, nil
}
