package bolt

import (
	"context"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"stet/store"
)

// cursorKey is the key of a cursor: a byte, because bbolt has no empty keys,
// and the name.
func cursorKey(name string) []byte { return append([]byte{'c'}, name...) }

// cursorOf returns where a cursor stands, 0 where there is none.
func cursorOf(b *bbolt.Bucket, name string) (uint64, error) {
	key := cursorKey(name)
	sealed := b.Get(key)
	if sealed == nil {
		return 0, nil
	}
	return readCursor(key, sealed)
}

func readCursor(key, sealed []byte) (uint64, error) {
	v, err := unseal(bucketCursors, key, sealed)
	if err != nil {
		return 0, err
	}
	r := reader{b: v}
	n := r.uvarint()
	if err := r.end(); err != nil || len(key) == 0 {
		return 0, fmt.Errorf("%w: the cursor %q cannot be read", store.ErrCorrupt, key)
	}
	return n, nil
}

// Cursor implements [store.Cursors].
func (s *Store) Cursor(ctx context.Context, name string) (uint64, error) {
	var n uint64
	err := s.view(ctx, func(tx *bbolt.Tx) (err error) {
		n, err = cursorOf(mustBucket(tx, bucketCursors), name)
		return err
	})
	return n, err
}

// SetCursor implements [store.Cursors].
func (s *Store) SetCursor(ctx context.Context, name string, from, to uint64) error {
	if len(name) > store.MaxTermLength {
		return fmt.Errorf("%w: the name of a cursor has at most %d bytes", store.ErrInvalid, store.MaxTermLength)
	}
	return s.submit(ctx, 0, func(w *writeTx) error {
		at, err := cursorOf(w.bucket(bucketCursors), name)
		if err != nil {
			return err
		}
		if at != from {
			return fmt.Errorf("%w: the cursor %s stands at %d, not at %d", store.ErrConflict, name, at, from)
		}
		key := cursorKey(name)
		if err := w.put(bucketCursors, key, seal(bucketCursors, key, binary.AppendUvarint(nil, to))); err != nil {
			w.fail(err)
		}
		return nil
	})
}
