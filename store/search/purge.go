package search

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"go.etcd.io/bbolt"

	"stet/extract/post"
	"stet/store"
)

const (
	// purgeSuffix is put after the name of the file that takes the place of the
	// index.
	purgeSuffix = ".new"
	// copyStep is how many entries are copied in one transaction.
	copyStep = 20_000
)

// Purge implements [store.Searcher]. The words are not found any more as soon
// as it begins; then the whole index is written to a new file without them, and
// without what replaced versions said, and the old file is removed. Others can
// search while that goes on.
func (x *Index) Purge(ctx context.Context, refs []post.Ref, addresses []string) error {
	if x.options.ReadOnly {
		return fmt.Errorf("removing words from the index %s: %w", x.path, store.ErrReadOnly)
	}
	x.following.Lock()
	defer x.following.Unlock()
	if err := x.catchUp(ctx); err != nil {
		return err
	}
	var names []name
	for _, r := range refs {
		names = append(names, postName(r))
	}
	for _, a := range addresses {
		names = append(names, addressNames(a)...)
	}
	if len(names) == 0 {
		return nil
	}
	if err := x.update(func(tx *bbolt.Tx) error {
		_, err := bury(tx, names)
		return err
	}); err != nil {
		return fmt.Errorf("removing words from the index %s: %w", x.path, err)
	}
	if err := x.renew(ctx); err != nil {
		return fmt.Errorf("removing words from the index %s: %w", x.path, err)
	}
	return nil
}

// bury removes the documents of names, and reports whether there was any.
func bury(tx *bbolt.Tx, names []name) (found bool, err error) {
	w := newWriter(tx)
	at := metaNumber(tx, metaCursor)
	var leaf store.Hash
	copy(leaf[:], tx.Bucket([]byte(bucketMeta)).Get([]byte(metaLeaf)))
	for _, n := range names {
		s, err := w.state(n)
		if err != nil {
			return found, err
		}
		if s.doc != 0 {
			found = true
			b, err := w.row(s.doc)
			if err != nil {
				return found, err
			}
			if r := readRow(b); r.kind != 0 {
				w.posts[r.kind]--
			}
			if err := w.forget(s.doc); err != nil {
				return found, err
			}
		}
		delete(w.names, n)
		if err := tx.Bucket([]byte(bucketNames)).Delete([]byte(n)); err != nil {
			return found, err
		}
	}
	return found, w.finish(at, leaf)
}

// renew writes the index to a new file, without what is no more, and puts that
// in its place. The caller holds following.
func (x *Index) renew(ctx context.Context) error {
	path := x.path + purgeSuffix
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	into, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: x.options.LockTimeout, FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapped()})
	if err != nil {
		return err
	}
	err = x.view(func(tx *bbolt.Tx) error { return copyIndex(ctx, tx, into) })
	if err := errors.Join(err, into.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db == nil {
		return errClosed
	}
	if err := x.db.Close(); err != nil {
		return err
	}
	x.db = nil
	if err := os.Rename(path, x.path); err != nil {
		return err
	}
	x.db, err = x.open()
	return err
}

// copyIndex copies what is left.
func copyIndex(ctx context.Context, from *bbolt.Tx, into *bbolt.DB) error {
	if err := into.Update(setUp); err != nil {
		return err
	}
	r := newRows(from)
	authors := map[uint32]bool{}
	for doc := uint32(1); doc < r.end; doc++ {
		if raw := r.raw(doc); raw != nil {
			authors[binary.LittleEndian.Uint32(raw[8:])] = true
		}
	}
	for _, bucket := range buckets() {
		if bucket == bucketSegments || bucket == bucketSpellings || bucket == bucketSpans {
			continue
		}
		keep := func(_, _ []byte) bool { return true }
		switch bucket {
		case bucketMeta:
			keep = func(k, _ []byte) bool { return string(k) != metaMerge && string(k) != metaRenew }
		case bucketAuthors:
			keep = func(k, v []byte) bool { return authors[authorNumber(k, v)] }
		}
		if err := copyBucket(ctx, from, into, bucket, keep); err != nil {
			return err
		}
	}
	return copySegments(ctx, from, into)
}

// authorNumber returns the number that an entry of the dictionary is about.
func authorNumber(k, v []byte) uint32 {
	switch {
	case len(k) == 5 && k[0] == 'n':
		return binary.BigEndian.Uint32(k[1:])
	case len(v) == 4:
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

func copyBucket(ctx context.Context, from *bbolt.Tx, into *bbolt.DB, bucket string, keep func(k, v []byte) bool) error {
	b := from.Bucket([]byte(bucket))
	c := b.Cursor()
	for k, v := c.First(); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := into.Update(func(tx *bbolt.Tx) error {
			to := tx.Bucket([]byte(bucket))
			to.FillPercent = 0.9
			for n := 0; k != nil && n < copyStep; n++ {
				if keep(k, v) {
					if err := to.Put(k, v); err != nil {
						return err
					}
				}
				k, v = c.Next()
			}
			return to.SetSequence(b.Sequence())
		})
		if err != nil || k == nil {
			return err
		}
	}
}

// copySegments puts all segments together to one, without the documents that
// are no more.
func copySegments(ctx context.Context, from *bbolt.Tx, into *bbolt.DB) error {
	parts, err := segments(from)
	if err != nil || len(parts) == 0 {
		return err
	}
	r := newRows(from)
	alive := newDocSet(r.end)
	for doc := uint32(1); doc < r.end; doc++ {
		if r.raw(doc) != nil {
			alive.set(doc)
		}
	}
	m := merge{}
	id := uint32(0)
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := into.Update(func(tx *bbolt.Tx) error {
			if id == 0 {
				if id, err = newSegment(tx); err != nil {
					return err
				}
			}
			w, err := openSegment(tx, id)
			if err != nil {
				return err
			}
			more, err = m.copyBlocks(parts, copyStep, func(token string, blocks []postings) error {
				kept, err := without(blocks, alive)
				if err != nil {
					return err
				}
				return w.put(token, joined(kept))
			})
			if err == nil {
				err = w.finish()
			}
			if err != nil || more {
				return err
			}
			return list(tx, &segment{id: id, first: parts[0].first, last: parts[len(parts)-1].last})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// without returns blocks without the documents that are not alive.
func without(blocks []postings, alive docSet) ([]postings, error) {
	var kept []postings
	for i := range blocks {
		b := &blocks[i]
		if !anyDead(b, alive) {
			kept = append(kept, *b)
			continue
		}
		var p pending
		doc, docs, places := b.first, varints{b: b.docs}, varints{b: b.places}
		for n := range b.count {
			if n > 0 {
				doc += uint32(docs.next())
			}
			at := slices.Clone(places.places(nil))
			if docs.bad || places.bad {
				return nil, fmt.Errorf("%w: %w", store.ErrCorrupt, errBlock)
			}
			if alive.has(doc) {
				for _, place := range at {
					p.add(doc, place)
				}
			}
		}
		p.finish()
		kept = append(kept, p.pieces...)
	}
	return kept, nil
}

// anyDead reports whether a block has documents that are not alive.
func anyDead(b *postings, alive docSet) bool {
	doc, r := b.first, varints{b: b.docs}
	for n := range b.count {
		if n > 0 {
			doc += uint32(r.next())
		}
		if !alive.has(doc) {
			return true
		}
	}
	return false
}
