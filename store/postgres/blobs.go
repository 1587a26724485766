package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

const (
	// chunkSize is how many bytes of a blob one row holds. A range costs at
	// most so much more than was asked for.
	chunkSize = 256 << 10
	// keepFor is how long a committed blob is kept without a record that
	// refers to it.
	keepFor = 24 * time.Hour
)

// Create implements [store.Blobs].
func (s *Store) Create(ctx context.Context) (store.BlobWriter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.objects != nil {
		return &objectWriter{s: s, ctx: ctx, hash: sha256.New()}, nil
	}
	return &writer{s: s, ctx: ctx, hash: sha256.New(), buf: make([]byte, 0, chunkSize)}, nil
}

// writer spools a blob into chunks of an upload.
type writer struct {
	s      *Store
	ctx    context.Context //nolint:containedctx // that of Create: io.Writer has none of its own
	upload int64           // 0 until there is one
	chunks int
	size   int64
	hash   hash.Hash
	buf    []byte
	done   bool
}

var errWriterDone = errors.New("the blob was committed or closed")

// Write implements [store.BlobWriter].
func (w *writer) Write(p []byte) (int, error) {
	if w.done {
		return 0, errWriterDone
	}
	n := 0
	for n < len(p) {
		take := min(len(p)-n, chunkSize-len(w.buf))
		w.buf = append(w.buf, p[n:n+take]...)
		if len(w.buf) == chunkSize {
			if err := w.flush(w.ctx); err != nil {
				w.buf = w.buf[:len(w.buf)-take]
				return n, err
			}
		}
		n += take
	}
	return n, nil
}

// flush stores the buffer as a chunk. It need not be durable yet: the commit
// that refers to it comes later in the server's log.
func (w *writer) flush(ctx context.Context) error {
	if w.upload == 0 {
		row := w.s.pool.QueryRow(ctx, `INSERT INTO uploads (started) VALUES (now_us()) RETURNING id`)
		if err := row.Scan(&w.upload); err != nil {
			return classify(ctx, err)
		}
	}
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.s.pool.Exec(ctx, `INSERT INTO chunks (upload, n, bytes) SELECT $1, $2, $3 FROM set_config('synchronous_commit', 'off', true)`,
		w.upload, w.chunks, w.buf)
	if err != nil {
		return classify(ctx, err)
	}
	w.hash.Write(w.buf)
	w.chunks++
	w.size += int64(len(w.buf))
	w.buf = w.buf[:0]
	return nil
}

// Commit implements [store.BlobWriter].
func (w *writer) Commit(ctx context.Context) (store.BlobInfo, error) {
	if w.done {
		return store.BlobInfo{}, errWriterDone
	}
	if err := ctx.Err(); err != nil {
		return store.BlobInfo{}, err
	}
	if err := w.flush(ctx); err != nil {
		return store.BlobInfo{}, err
	}
	info := store.BlobInfo{Digest: store.Digest(w.hash.Sum(nil))}
	err := w.s.retrying(ctx, func(tx pgx.Tx) error {
		// What was on its way to an object storage, or from it, is here now.
		var upload *int64
		var stored int64
		row := tx.QueryRow(ctx, `INSERT INTO blobs AS b (digest, size, stored, kept, upload)
			SELECT $1, $2, now, now, $3 FROM now_us() AS now
			ON CONFLICT (digest) DO UPDATE SET kept = excluded.kept, upload = CASE WHEN b.place >= 2 THEN excluded.upload ELSE b.upload END,
				place = CASE WHEN b.place >= 2 THEN 0 ELSE b.place END RETURNING size, stored, upload`, info.Digest[:], w.size, w.upload)
		if err := row.Scan(&info.Size, &stored, &upload); err != nil {
			return err
		}
		info.Stored = time.UnixMicro(stored).UTC()
		if upload != nil && *upload == w.upload {
			return nil
		}
		_, err := tx.Exec(ctx, `DELETE FROM uploads WHERE id = $1`, w.upload)
		return err
	})
	if err != nil {
		return store.BlobInfo{}, err
	}
	w.done, w.buf = true, nil
	return info, nil
}

// Close implements [store.BlobWriter].
func (w *writer) Close() error {
	if w.done {
		return nil
	}
	w.done, w.buf = true, nil
	if w.upload == 0 {
		return nil
	}
	ctx := context.WithoutCancel(w.ctx)
	// Where a commit succeeded and its answer was lost, the blob stays.
	_, err := w.s.pool.Exec(ctx, `DELETE FROM uploads WHERE id = $1 AND NOT EXISTS (SELECT FROM blobs WHERE upload = $1)`, w.upload)
	return classify(ctx, err)
}

// Open implements [store.Blobs].
func (s *Store) Open(ctx context.Context, d store.Digest) (store.BlobReader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &reader{s: s, ctx: ctx, digest: d, cached: -1}
	var place int16
	row := s.pool.QueryRow(ctx, `SELECT size, coalesce(upload, 0), place FROM blobs WHERE digest = $1 AND place < 2`, d[:])
	if err := row.Scan(&r.size, &r.upload, &place); err != nil {
		return nil, orNotFound(ctx, err, "blob %s", d)
	}
	if place == placeObjects {
		return s.openObject(ctx, d, r.size)
	}
	return r, nil
}

// reader reads a blob chunk by chunk. It keeps the chunk that was used last.
type reader struct {
	s      *Store
	ctx    context.Context //nolint:containedctx // that of Open: io.Reader has none of its own
	digest store.Digest
	upload int64
	size   int64
	off    int64

	mu     sync.Mutex // ReadAt may be called by several goroutines
	cached int64      // the number of chunk, -1 for none
	chunk  []byte
	closed bool
}

var errReaderClosed = errors.New("the blob was closed")

// fetch returns chunk n. Nobody changes what it returns.
func (r *reader) fetch(n int64) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errReaderClosed
	}
	if n == r.cached {
		return r.chunk, nil
	}
	var chunk []byte
	err := r.s.pool.QueryRow(r.ctx, `SELECT bytes FROM chunks WHERE upload = $1 AND n = $2`, r.upload, n).Scan(&chunk)
	if err != nil {
		return nil, orNotFound(r.ctx, err, "part %d of blob %s, which may have been removed", n, r.digest)
	}
	if want := min(chunkSize, r.size-n*chunkSize); int64(len(chunk)) != want {
		return nil, fmt.Errorf("%w: part %d of blob %s has %d bytes, not %d", store.ErrCorrupt, n, r.digest, len(chunk), want)
	}
	r.cached, r.chunk = n, chunk
	return chunk, nil
}

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.off >= r.size {
		return 0, io.EOF
	}
	chunk, err := r.fetch(r.off / chunkSize)
	if err != nil {
		return 0, err
	}
	n := copy(p, chunk[r.off%chunkSize:])
	r.off += int64(n)
	return n, nil
}

func (r *reader) parts() store.BlobParts {
	return store.BlobParts{Digest: r.digest, Size: r.size, Part: chunkSize, Fetch: r.fetch}
}

// ReadAt implements [io.ReaderAt].
func (r *reader) ReadAt(p []byte, off int64) (int, error) { return r.parts().ReadAt(p, off) }

// Seek implements [io.Seeker].
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	to, err := r.parts().SeekFrom(r.off, offset, whence)
	if err == nil {
		r.off = to
	}
	return to, err
}

// Close implements [io.Closer].
func (r *reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.chunk, r.cached = true, nil, -1
	return nil
}

func scanBlob(row pgx.CollectableRow) (store.BlobInfo, error) {
	var (
		info   store.BlobInfo
		digest []byte
		stored int64
	)
	if err := row.Scan(&digest, &info.Size, &stored); err != nil {
		return info, err
	}
	if len(digest) != len(info.Digest) {
		return info, fmt.Errorf("%w: a blob has the digest %x", store.ErrCorrupt, digest)
	}
	info.Digest, info.Stored = store.Digest(digest), time.UnixMicro(stored).UTC()
	return info, nil
}

// Stat implements [store.Blobs].
func (s *Store) Stat(ctx context.Context, d store.Digest) (store.BlobInfo, error) {
	rows, err := s.query(ctx, `SELECT digest, size, stored FROM blobs WHERE digest = $1 AND place < 2`, d[:])
	if err != nil {
		return store.BlobInfo{}, err
	}
	info, err := pgx.CollectExactlyOneRow(rows, scanBlob)
	return info, orNotFound(ctx, err, "blob %s", d)
}

// Blobs implements [store.Blobs].
func (s *Store) Blobs(ctx context.Context, after store.Digest, limit int) ([]store.BlobInfo, error) {
	rows, err := s.query(ctx, `SELECT digest, size, stored FROM blobs WHERE digest > $1 AND place < 2 ORDER BY digest LIMIT $2`, after[:], cmp.Or(limit, 1000))
	if err != nil {
		return nil, err
	}
	infos, err := pgx.CollectRows(rows, scanBlob)
	return infos, classify(ctx, err)
}

// Remove implements [store.Blobs].
func (s *Store) Remove(ctx context.Context, d store.Digest) error {
	leaving := false
	err := s.retrying(ctx, func(tx pgx.Tx) error {
		leaving = false
		place, upload, err := removable(ctx, tx, d)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if place != placeChunks {
			if s.objects == nil {
				return fmt.Errorf("%w: blob %s lies in an object storage, and none is configured", store.ErrUsage, d)
			}
			leaving = true
			_, err := tx.Exec(ctx, `UPDATE blobs SET place = 3 WHERE digest = $1`, d[:])
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM blobs WHERE digest = $1`, d[:]); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM uploads WHERE id = $1`, upload)
		return err
	})
	if err != nil || !leaving {
		return err
	}
	return s.removeObject(ctx, d)
}

// removable takes the row of a blob and looks whether it may go. It errors with
// pgx.ErrNoRows where there is none, and with ErrConflict where it is needed.
func removable(ctx context.Context, tx pgx.Tx, d store.Digest) (place int16, upload *int64, err error) {
	var now int64
	var kept *int64
	err = tx.QueryRow(ctx, `SELECT place, upload, kept, now_us() FROM blobs WHERE digest = $1 FOR UPDATE`, d[:]).Scan(&place, &upload, &kept, &now)
	if err != nil {
		return 0, nil, err
	}
	// A batch that was adding a reference held the row: its index entries can
	// be seen now.
	var referred bool
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM terms WHERE idx = $1 AND value = $2)`, int16(store.IndexBlob.Number()), d[:]).Scan(&referred)
	switch {
	case err != nil:
		return 0, nil, err
	case referred:
		return 0, nil, fmt.Errorf("%w: a record refers to blob %s", store.ErrConflict, d)
	case kept != nil && now < *kept+keepFor.Microseconds():
		return 0, nil, fmt.Errorf("%w: blob %s is kept until %s", store.ErrConflict, d, time.UnixMicro(*kept).Add(keepFor).UTC().Format(time.RFC3339))
	}
	return place, upload, nil
}
