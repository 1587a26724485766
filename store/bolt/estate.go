package bolt

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"stet/store"
)

var _ store.Estate = (*Store)(nil)

// AllCursors implements [store.Estate].
func (s *Store) AllCursors(ctx context.Context) (map[string]uint64, error) {
	all := map[string]uint64{}
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		clear(all)
		return mustBucket(tx, bucketCursors).ForEach(func(k, v []byte) error {
			n, err := readCursor(k, v)
			if err == nil {
				all[string(k[1:])] = n
			}
			return err
		})
	})
	return all, err
}

// Receipts implements [store.Estate].
func (s *Store) Receipts(ctx context.Context, after string, limit int) ([]store.KeyedReceipt, error) {
	limit = cmp.Or(limit, 1000)
	var list []store.KeyedReceipt
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		list = nil
		c := mustBucket(tx, bucketReceipts).Cursor()
		for k, sealed := c.Seek([]byte(after)); k != nil && len(list) < limit; k, sealed = c.Next() {
			if string(k) == after {
				continue
			}
			v, err := unseal(bucketReceipts, k, sealed)
			if err != nil {
				return err
			}
			r, err := decodeReceipt(bytes.Clone(v))
			if err != nil {
				return err
			}
			list = append(list, store.KeyedReceipt{Key: string(k), Receipt: r})
		}
		return nil
	})
	return list, err
}

// Inherit implements [store.Estate].
func (s *Store) Inherit(ctx context.Context, l store.Legacy) error {
	return s.submit(ctx, 0, func(w *writeTx) error {
		if err := inherit(w, &l); err != nil {
			w.fail(fmt.Errorf("inheriting jobs, cursors and receipts: %w", err))
		}
		return nil
	})
}

func inherit(w *writeTx, l *store.Legacy) error {
	t := newJobTx(w)
	for _, j := range l.Jobs {
		j = store.Inherited(j)
		if err := t.set(j.ID, &j); err != nil {
			return err
		}
	}
	if err := t.write(); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(l.Cursors)) {
		key := cursorKey(name)
		if err := w.put(bucketCursors, key, seal(bucketCursors, key, binary.AppendUvarint(nil, l.Cursors[name]))); err != nil {
			return err
		}
	}
	for i := range l.Receipts {
		key := []byte(l.Receipts[i].Key)
		if err := w.put(bucketReceipts, key, seal(bucketReceipts, key, encodeReceipt(&l.Receipts[i].Receipt))); err != nil {
			return err
		}
	}
	return nil
}
