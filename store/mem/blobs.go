package mem

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"stet/store"
)

// keepFor is how long a committed blob is kept without a record that refers to
// it.
const keepFor = 24 * time.Hour

type blob struct {
	data   []byte
	stored time.Time
	// kept is the last Commit since which no record was added that refers to
	// the blob; zero where one was.
	kept time.Time
}

func (b *blob) info(d store.Digest) store.BlobInfo {
	return store.BlobInfo{Digest: d, Size: int64(len(b.data)), Stored: b.stored}
}

// Create implements [store.Blobs].
func (s *Store) Create(ctx context.Context) (store.BlobWriter, error) {
	done, err := s.begin(ctx, OpBlobCreate)
	if err != nil {
		return nil, err
	}
	defer done()
	return &writer{s: s}, nil
}

type writer struct {
	s    *Store
	buf  bytes.Buffer
	done bool
}

var errWriterDone = errors.New("the blob was committed or closed")

// Write implements [store.BlobWriter].
func (w *writer) Write(p []byte) (int, error) {
	if w.done {
		return 0, errWriterDone
	}
	w.s.mu.Lock()
	err := w.s.fault(OpBlobWrite, false)
	w.s.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return w.buf.Write(p)
}

// Commit implements [store.BlobWriter].
func (w *writer) Commit(ctx context.Context) (store.BlobInfo, error) {
	if w.done {
		return store.BlobInfo{}, errWriterDone
	}
	s := w.s
	done, err := s.begin(ctx, OpBlobCommit)
	if err != nil {
		return store.BlobInfo{}, err
	}
	defer done()
	data := w.buf.Bytes()
	d := store.DigestOf(data)
	b := s.blobs[d]
	if b == nil {
		b = &blob{data: data, stored: instant(s.now())}
		s.blobs[d] = b
	}
	b.kept = s.now()
	w.done, w.buf = true, bytes.Buffer{}
	if err := s.fault(OpBlobCommit, true); err != nil {
		return store.BlobInfo{}, err
	}
	return b.info(d), nil
}

// Close implements [store.BlobWriter].
func (w *writer) Close() error {
	w.done, w.buf = true, bytes.Buffer{}
	return nil
}

// Open implements [store.Blobs].
func (s *Store) Open(ctx context.Context, d store.Digest) (store.BlobReader, error) {
	done, err := s.begin(ctx, OpBlobOpen)
	if err != nil {
		return nil, err
	}
	defer done()
	b := s.blobs[d]
	if b == nil {
		return nil, fmt.Errorf("blob %s: %w", d, store.ErrNotFound)
	}
	return &reader{s: s, r: bytes.NewReader(b.data)}, nil
}

// reader reads a blob. The data of a blob is never changed, so that it needs
// no copy.
type reader struct {
	s *Store
	r *bytes.Reader
}

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	if err := r.fault(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// ReadAt implements [io.ReaderAt].
func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if err := r.fault(); err != nil {
		return 0, err
	}
	return r.r.ReadAt(p, off)
}

// Seek implements [io.Seeker].
func (r *reader) Seek(offset int64, whence int) (int64, error) { return r.r.Seek(offset, whence) }

func (r *reader) fault() error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.s.fault(OpBlobRead, false)
}

// Close implements [io.Closer].
func (r *reader) Close() error { return nil }

// Stat implements [store.Blobs].
func (s *Store) Stat(ctx context.Context, d store.Digest) (store.BlobInfo, error) {
	done, err := s.begin(ctx, OpBlobOpen)
	if err != nil {
		return store.BlobInfo{}, err
	}
	defer done()
	b := s.blobs[d]
	if b == nil {
		return store.BlobInfo{}, fmt.Errorf("blob %s: %w", d, store.ErrNotFound)
	}
	return b.info(d), nil
}

// Blobs implements [store.Blobs].
func (s *Store) Blobs(ctx context.Context, after store.Digest, limit int) ([]store.BlobInfo, error) {
	done, err := s.begin(ctx, OpBlobOpen)
	if err != nil {
		return nil, err
	}
	defer done()
	byDigest := func(a, b store.Digest) int { return bytes.Compare(a[:], b[:]) }
	var infos []store.BlobInfo
	for _, d := range slices.SortedFunc(maps.Keys(s.blobs), byDigest) {
		if byDigest(d, after) <= 0 && !after.IsZero() {
			continue
		}
		if len(infos) == cmp.Or(limit, 1000) {
			break
		}
		infos = append(infos, s.blobs[d].info(d))
	}
	return infos, nil
}

// Remove implements [store.Blobs].
func (s *Store) Remove(ctx context.Context, d store.Digest) error {
	done, err := s.begin(ctx, OpBlobRemove)
	if err != nil {
		return err
	}
	defer done()
	b := s.blobs[d]
	if b == nil {
		return nil
	}
	if seqs := s.index[store.BlobTerm(d)]; len(seqs) > 0 {
		return fmt.Errorf("%w: record %d refers to blob %s", store.ErrConflict, seqs[0], d)
	}
	if until := b.kept.Add(keepFor); s.now().Before(until) {
		return fmt.Errorf("%w: blob %s is kept until %s", store.ErrConflict, d, until.UTC().Format(time.RFC3339))
	}
	delete(s.blobs, d)
	return s.fault(OpBlobRemove, true)
}
