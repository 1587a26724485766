package bolt

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"stet/store"
)

// The keys of the bucket meta.
const (
	metaFormat = "format"
	metaCounts = "counts"
)

// counts are the sums that would otherwise need a walk over everything.
type counts struct {
	// kinds counts records by the number of their kind.
	kinds [256]uint64
	blobs uint64
	// blobBytes is the size of all blobs.
	blobBytes uint64
}

func (c *counts) encode() []byte {
	b := binary.AppendUvarint(nil, c.blobs)
	b = binary.AppendUvarint(b, c.blobBytes)
	for kind, n := range c.kinds {
		if n > 0 {
			b = binary.AppendUvarint(append(b, byte(kind)), n)
		}
	}
	return b
}

// readMeta returns a value of the bucket meta, nil where it has none.
func readMeta(tx *bbolt.Tx, key string) ([]byte, error) {
	sealed := mustBucket(tx, bucketMeta).Get([]byte(key))
	if sealed == nil {
		return nil, nil
	}
	return unseal(bucketMeta, []byte(key), sealed)
}

func readCounts(tx *bbolt.Tx) (counts, error) {
	var c counts
	v, err := readMeta(tx, metaCounts)
	if err != nil || v == nil {
		return c, err
	}
	r := reader{b: v}
	c.blobs, c.blobBytes = r.uvarint(), r.uvarint()
	for len(r.b) > 0 {
		kind := r.byte()
		c.kinds[kind] = r.uvarint()
	}
	if r.err != nil {
		return c, fmt.Errorf("%w: the counts: %w", store.ErrCorrupt, r.err)
	}
	return c, nil
}
