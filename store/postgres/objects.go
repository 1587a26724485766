package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

// Where a blob lies: the column place.
const (
	placeChunks   = 0 // in the table chunks
	placeObjects  = 1 // in the object storage
	placeArriving = 2 // being stored in the object storage: not to be seen yet
	placeLeaving  = 3 // being removed from it: not to be seen any more
)

// inlineMax is the size up to which blobs are kept in the database although
// there is an object storage: a request to that costs more than such a row.
const inlineMax = 64 << 10

// objectWriter spools a blob: in memory as long as it is small enough for the
// database, then in a file of this machine.
type objectWriter struct {
	s    *Store
	ctx  context.Context //nolint:containedctx // that of Create: Close has none of its own
	hash hash.Hash
	size int64
	head []byte
	file *os.File
	done bool
}

// Write implements [store.BlobWriter].
func (w *objectWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, errWriterDone
	}
	if w.file == nil && len(w.head)+len(p) <= inlineMax {
		w.head = append(w.head, p...)
	} else if err := w.spool(p); err != nil {
		return 0, err
	}
	w.hash.Write(p)
	w.size += int64(len(p))
	return len(p), nil
}

// spool writes to the file, and first to it what was kept in memory.
func (w *objectWriter) spool(p []byte) error {
	if w.file == nil {
		f, err := os.CreateTemp(w.s.spoolDir, "stet-blob-*")
		if err != nil {
			return fmt.Errorf("%w: making a file for a blob: %w", store.ErrFull, err)
		}
		w.file = f
		if _, err := f.Write(w.head); err != nil {
			return fmt.Errorf("%w: spooling a blob: %w", store.ErrFull, err)
		}
		w.head = nil
	}
	if _, err := w.file.Write(p); err != nil {
		return fmt.Errorf("%w: spooling a blob: %w", store.ErrFull, err)
	}
	return nil
}

// Close implements [store.BlobWriter].
func (w *objectWriter) Close() error {
	w.done, w.head = true, nil
	if w.file == nil {
		return nil
	}
	f := w.file
	w.file = nil
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// Commit implements [store.BlobWriter].
func (w *objectWriter) Commit(ctx context.Context) (info store.BlobInfo, err error) {
	if w.done {
		return store.BlobInfo{}, errWriterDone
	}
	if err := ctx.Err(); err != nil {
		return store.BlobInfo{}, err
	}
	if w.file == nil {
		info, err = w.s.commitSmall(ctx, w.ctx, w.head)
	} else {
		info, err = w.s.commitObject(ctx, store.Digest(w.hash.Sum(nil)), w.file, w.size)
	}
	if err != nil {
		return store.BlobInfo{}, err
	}
	// What is left of the spool is of no use: the blob is stored.
	return info, w.Close()
}

// commitSmall keeps a blob in the database.
func (s *Store) commitSmall(ctx, created context.Context, data []byte) (store.BlobInfo, error) {
	w := &writer{s: s, ctx: created, hash: sha256.New(), buf: bytes.Clone(data)}
	info, err := w.Commit(ctx)
	if err != nil {
		return store.BlobInfo{}, errors.Join(err, w.Close())
	}
	return info, nil
}

// commitObject keeps a blob in the object storage. Its row comes first and
// keeps others from removing what is being stored; it can be seen once the
// bytes are there.
func (s *Store) commitObject(ctx context.Context, d store.Digest, r io.ReadSeeker, size int64) (store.BlobInfo, error) {
	info := store.BlobInfo{Digest: d, Size: size}
	for {
		var stored int64
		var place int16
		err := s.retrying(ctx, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, `INSERT INTO blobs AS b (digest, size, stored, kept, place) SELECT $1, $2, now, now, 2 FROM now_us() AS now
				ON CONFLICT (digest) DO UPDATE SET kept = excluded.kept, place = CASE b.place WHEN 3 THEN 2 ELSE b.place END
				RETURNING size, stored, place`, d[:], size).Scan(&info.Size, &stored, &place)
		})
		if err != nil {
			return store.BlobInfo{}, err
		}
		info.Stored = time.UnixMicro(stored).UTC()
		if place == placeChunks || place == placeObjects {
			return info, nil
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return store.BlobInfo{}, fmt.Errorf("reading the spooled blob %s: %w", d, err)
		}
		if err := s.objects.Put(ctx, d, r, size); err != nil {
			return store.BlobInfo{}, err
		}
		var there bool
		err = s.retrying(ctx, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE blobs SET place = 1, kept = now_us() WHERE digest = $1 AND place = 2`, d[:]); err != nil {
				return err
			}
			return tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM blobs WHERE digest = $1 AND place = 1)`, d[:]).Scan(&there)
		})
		// Where the row is gone the upload took longer than a day and was
		// taken for a leftover: it begins anew.
		if err != nil || there {
			return info, err
		}
	}
}

// openObject opens a blob in the object storage.
func (s *Store) openObject(ctx context.Context, d store.Digest, size int64) (store.BlobReader, error) {
	if s.objects == nil {
		return nil, fmt.Errorf("%w: blob %s lies in an object storage, and none is configured (storage.s3 or storage.files)", store.ErrUsage, d)
	}
	r, err := s.objects.Open(ctx, d)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: blob %s is not in the %s, where it was stored", store.ErrCorrupt, d, s.objects.Place())
	}
	if err != nil {
		return nil, err
	}
	end, err := r.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	if err == nil && end != size {
		err = fmt.Errorf("%w: blob %s has %d bytes in the %s, not %d", store.ErrCorrupt, d, end, s.objects.Place(), size)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Probe implements [store.Prober]: it asks the place for large blobs, where that
// is not the database.
func (s *Store) Probe(ctx context.Context) error {
	if p, ok := s.objects.(store.Prober); ok {
		return p.Probe(ctx)
	}
	return nil
}

// removeTime is how long the removal of one blob may take.
const removeTime = time.Minute

// removeObject removes what lies, or may lie, under a digest whose row stands
// at placeLeaving. A commit that comes in between takes the row back; then
// nothing is removed.
func (s *Store) removeObject(ctx context.Context, d store.Digest) error {
	ctx, cancel := context.WithTimeout(ctx, removeTime)
	defer cancel()
	return s.retrying(ctx, func(tx pgx.Tx) error {
		// The row has to be locked until the storage has answered: a removal
		// that came later would take what others have stored again.
		if _, err := tx.Exec(ctx, `SELECT set_config('idle_in_transaction_session_timeout', $1, true)`, milliseconds(10*removeTime)); err != nil {
			return err
		}
		var place int16
		err := tx.QueryRow(ctx, `SELECT place FROM blobs WHERE digest = $1 FOR UPDATE`, d[:]).Scan(&place)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && place != placeLeaving {
			return nil
		}
		if err != nil {
			return err
		}
		// Whoever commits the same bytes waits for the row, and then stores
		// them again.
		if err := s.objects.Remove(ctx, d); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM blobs WHERE digest = $1`, d[:])
		return err
	})
}

// Collect implements [store.Collector].
func (s *Store) Collect(ctx context.Context) (store.CollectSummary, error) {
	var sum store.CollectSummary
	before := time.Time{}
	if err := s.unreferenced(ctx, &sum, &before); err != nil {
		return sum, classify(ctx, err)
	}
	if s.objects == nil {
		return sum, nil
	}
	for after := (store.Digest{}); ; {
		list, err := s.objects.Objects(ctx, after, 0)
		if err != nil || len(list) == 0 {
			return sum, err
		}
		for _, info := range list {
			if err := s.orphan(ctx, info, before, &sum); err != nil {
				return sum, classify(ctx, err)
			}
		}
		after = list[len(list)-1].Digest
	}
}

// unreferenced removes the blobs that no record refers to and no commit keeps,
// and tells the time before which a commit keeps nothing.
func (s *Store) unreferenced(ctx context.Context, sum *store.CollectSummary, before *time.Time) error {
	var now int64
	if err := s.pool.QueryRow(ctx, `SELECT now_us()`).Scan(&now); err != nil {
		return err
	}
	*before = time.UnixMicro(now).Add(-keepFor)
	for after := []byte{}; ; {
		rows, err := s.query(ctx, `SELECT digest, size FROM blobs b WHERE digest > $1 AND kept < $2
			AND NOT EXISTS (SELECT FROM terms WHERE idx = $3 AND value = b.digest) ORDER BY digest LIMIT 1000`,
			after, before.UnixMicro(), int16(store.IndexBlob.Number()))
		if err != nil {
			return err
		}
		type blob struct {
			Digest []byte
			Size   int64
		}
		blobs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[blob])
		if err != nil || len(blobs) == 0 {
			return err
		}
		for _, b := range blobs {
			if len(b.Digest) != sha256.Size {
				return fmt.Errorf("%w: a blob has the digest %x", store.ErrCorrupt, b.Digest)
			}
			err := s.Remove(ctx, store.Digest(b.Digest))
			if errors.Is(err, store.ErrConflict) {
				continue // it is wanted again
			}
			if err != nil {
				return err
			}
			sum.Blobs++
			sum.Bytes += b.Size
		}
		after = blobs[len(blobs)-1].Digest
	}
}

// orphan removes an object that no row names: what a process left that died
// between storing and saying so.
func (s *Store) orphan(ctx context.Context, info store.BlobInfo, before time.Time, sum *store.CollectSummary) error {
	if !info.Stored.Before(before) {
		return nil
	}
	tag, err := s.pool.Exec(ctx, `INSERT INTO blobs (digest, size, stored, place) VALUES ($1, $2, now_us(), 3) ON CONFLICT DO NOTHING`, info.Digest[:], info.Size)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	if err := s.removeObject(ctx, info.Digest); err != nil {
		return err
	}
	sum.Orphans++
	sum.Bytes += info.Size
	return nil
}
