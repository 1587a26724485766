package pictures

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"go.etcd.io/bbolt"

	"stet/store"
)

// metaForget is set while the file may know pictures that were taken down.
const metaForget = "forget"

// takenDown reports whether a record says that all of a takedown or redaction is
// done: its files are gone then, wherever that was.
func takenDown(r *store.Record) bool {
	if r.Kind != store.KindRedaction {
		return false
	}
	act, err := store.Decode[store.Redaction](r)
	return err == nil && act.Act == store.RedactionDone
}

// forget takes out what is known of pictures that are not kept any more, where
// something was taken down since. The caller holds mu.
func (x *Index) forget(ctx context.Context) error {
	stale := false
	if err := guarded(func() error {
		return x.db.View(func(tx *bbolt.Tx) error {
			stale = tx.Bucket([]byte(bucketMeta)).Get([]byte(metaForget)) != nil
			return nil
		})
	}); err != nil || !stale {
		return err
	}
	lost, err := x.lost(ctx)
	if err != nil {
		return fmt.Errorf("looking for pictures that are gone: %w", err)
	}
	if len(lost) > 0 {
		if err := x.remove(lost); err != nil {
			return err
		}
		if err := x.renew(ctx); err != nil {
			return err
		}
	}
	return guarded(func() error {
		return x.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucketMeta)).Delete([]byte(metaForget)) })
	})
}

// lost lists the pictures that are known and not kept: both stand in the order of
// their digests.
func (x *Index) lost(ctx context.Context) (lost []store.Digest, err error) {
	var after store.Digest
	for more := true; more; {
		infos, err := x.blobs.Blobs(ctx, after, readAtOnce)
		if err != nil {
			return nil, err
		}
		more = len(infos) == readAtOnce
		kept := make(map[store.Digest]bool, len(infos))
		for i := range infos {
			kept[infos[i].Digest] = true
		}
		err = guarded(func() error {
			return x.db.View(func(tx *bbolt.Tx) error {
				c := tx.Bucket([]byte(bucketHashes)).Cursor()
				for k, _ := c.Seek(after[:]); k != nil; k, _ = c.Next() {
					if more && bytes.Compare(k, infos[len(infos)-1].Digest[:]) > 0 {
						break
					}
					if d := store.Digest(k); !kept[d] && d != after {
						lost = append(lost, d)
					}
				}
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		if more {
			after = infos[len(infos)-1].Digest
		}
	}
	return lost, nil
}

// renew writes the file anew, so that no free page of it keeps what was taken
// out. The caller holds mu.
func (x *Index) renew(ctx context.Context) error {
	path := x.path + renewSuffix
	if err := removeIfThere(path); err != nil { // of one that was killed
		return err
	}
	into, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	err = guarded(func() error { return bbolt.Compact(into, x.db, renewBytes) })
	if err == nil {
		err = ctx.Err()
	}
	if cerr := into.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = removeIfThere(path) // the first error says what is wrong
		return err
	}
	old := x.db
	x.db = nil // answers from the pictures themselves
	if err := old.Close(); err != nil {
		return err
	}
	renamed := os.Rename(path, x.path)
	db, err := x.open()
	x.db = db
	if renamed != nil {
		return renamed
	}
	return err
}

const (
	// renewSuffix ends the name of a file that is to take the place of the old one
	// with fewer pictures.
	renewSuffix = ".less"
	// renewBytes is about how much is copied in one transaction.
	renewBytes = 1 << 20
)
