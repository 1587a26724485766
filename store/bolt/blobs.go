package bolt

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"stet/store"
)

const (
	// DefaultInlineBlobSize is the largest blob that is kept inside the bbolt
	// file. Measured: see store/FORMAT.md.
	DefaultInlineBlobSize = 32 << 10
	// keepFor is how long a committed blob is kept without a record that
	// refers to it.
	keepFor = 24 * time.Hour
)

// Where a blob is kept.
const (
	placeInside byte = 1
	placeFile   byte = 2
)

// blobEntry is the value of an entry of blobs.
type blobEntry struct {
	place  byte
	size   int64
	stored time.Time
	// kept is when it was committed, as long as no record was added that
	// refers to it; zero afterwards.
	kept time.Time
	// referred is true where a record of the commit refers to it.
	referred bool
}

func (e *blobEntry) info(d store.Digest) store.BlobInfo {
	return store.BlobInfo{Digest: d, Size: e.size, Stored: e.stored}
}

func (e *blobEntry) encode() []byte {
	b := binary.AppendUvarint([]byte{e.place}, uint64(e.size))
	return appendTime(appendTime(b, e.stored), e.kept)
}

// blobOf returns the entry of a blob, nil where it is not stored.
func blobOf(b *bbolt.Bucket, d store.Digest) (*blobEntry, error) {
	sealed := b.Get(d[:])
	if sealed == nil {
		return nil, nil
	}
	return readBlobEntry(d, sealed)
}

func readBlobEntry(d store.Digest, sealed []byte) (*blobEntry, error) {
	v, err := unseal(bucketBlobs, d[:], sealed)
	if err != nil {
		return nil, err
	}
	r := reader{b: v}
	e := &blobEntry{place: r.byte(), size: int64(r.uvarint()), stored: r.time(), kept: r.time()}
	if err := r.end(); err != nil || e.size < 0 || e.place != placeInside && e.place != placeFile {
		return nil, fmt.Errorf("%w: the entry of blob %s cannot be read", store.ErrCorrupt, d)
	}
	return e, nil
}

func (w *writeTx) putBlobEntry(d store.Digest, e *blobEntry) error {
	return w.put(bucketBlobs, d[:], seal(bucketBlobs, d[:], e.encode()))
}

// stored errors with ErrInvalid where a blob is not stored, to which a record
// is to refer.
func (w *writeTx) stored(d store.Digest) error {
	if _, ok := w.blobs[d]; ok {
		return nil
	}
	e, err := blobOf(w.bucket(bucketBlobs), d)
	if err != nil {
		return err
	}
	if e == nil {
		return fmt.Errorf("%w: a record refers to blob %s, which is not stored", store.ErrInvalid, d)
	}
	w.blobs[d] = e
	return nil
}

// unkeep notes that a record refers to a blob now.
func (w *writeTx) unkeep(d store.Digest) error {
	e := w.blobs[d]
	if e.referred {
		return nil
	}
	e.referred = true
	w.after = append(w.after, func() { w.s.pins.remove(d) })
	if e.kept.IsZero() {
		return nil
	}
	e.kept = time.Time{}
	return w.putBlobEntry(d, e)
}

// pins are the blobs that this process has committed since a record was added
// that refers to them, and a lock for each part of the digests: whoever stores
// or removes a blob holds the lock of its part.
type pins struct {
	parts [64]sync.Mutex
	// folders are the folders for files that were made durable; the lock of
	// the part that a folder belongs to covers it.
	folders [256]bool

	mu   sync.Mutex
	kept map[store.Digest]time.Time

	// removing is held for reading while a blob is removed, and for writing
	// where held changes: the number of backups that need every blob.
	removing sync.RWMutex
	held     int
}

// hold keeps blobs from being removed until release is called.
func (p *pins) hold() (release func()) {
	p.change(1)
	return func() { p.change(-1) }
}

func (p *pins) change(n int) {
	p.removing.Lock()
	defer p.removing.Unlock()
	p.held += n
}

func (p *pins) lock(d store.Digest) (unlock func()) {
	part := &p.parts[int(d[0])%len(p.parts)]
	part.Lock()
	return part.Unlock
}

func (p *pins) add(d store.Digest, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = map[store.Digest]time.Time{}
	}
	p.kept[d] = at
	if len(p.kept) > 1<<14 {
		for other, t := range p.kept {
			if at.Sub(t) > keepFor {
				delete(p.kept, other)
			}
		}
	}
}

func (p *pins) remove(d store.Digest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.kept, d)
}

// since returns when the blob was committed last, zero where it is not pinned.
func (p *pins) since(d store.Digest) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept[d]
}

// blobPath returns the path of a blob's file: blobs/ab/cdef….
func (s *Store) blobPath(d store.Digest) string {
	h := hex.EncodeToString(d[:])
	return filepath.Join(s.dir, blobsFolder, h[:2], h[2:])
}

// lookUp returns the entry of a blob and, where it is inside, a copy of its
// bytes. It errors with ErrNotFound.
func (s *Store) lookUp(ctx context.Context, d store.Digest, withData bool) (e *blobEntry, data []byte, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) (err error) {
		if e, err = blobOf(mustBucket(tx, bucketBlobs), d); err != nil {
			return err
		}
		if e == nil {
			return fmt.Errorf("blob %s: %w", d, store.ErrNotFound)
		}
		if withData && e.place == placeInside {
			inside := mustBucket(tx, bucketBlobData).Get(d[:])
			if int64(len(inside)) != e.size {
				return fmt.Errorf("%w: blob %s has %d bytes, not %d", store.ErrCorrupt, d, len(inside), e.size)
			}
			data = bytes.Clone(inside)
		}
		return nil
	})
	return e, data, err
}

// Open implements [store.Blobs].
func (s *Store) Open(ctx context.Context, d store.Digest) (store.BlobReader, error) {
	e, data, err := s.lookUp(ctx, d, true)
	if err != nil {
		return nil, err
	}
	if e.place == placeInside {
		if store.DigestOf(data) != d {
			return nil, fmt.Errorf("%w: the bytes of blob %s have another digest", store.ErrCorrupt, d)
		}
		return &memoryReader{bytes.NewReader(data)}, nil
	}
	f, err := os.Open(s.blobPath(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the file %s of a blob is missing", store.ErrCorrupt, s.blobPath(d))
	}
	if err != nil {
		return nil, fmt.Errorf("opening blob %s: %w", d, err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() != e.size {
		err = fmt.Errorf("%w: the file %s of a blob has %d bytes, not %d", store.ErrCorrupt, s.blobPath(d), info.Size(), e.size)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// memoryReader reads a small blob.
type memoryReader struct{ *bytes.Reader }

// Close implements [io.Closer].
func (memoryReader) Close() error { return nil }

var _ io.Closer = memoryReader{}

// Stat implements [store.Blobs].
func (s *Store) Stat(ctx context.Context, d store.Digest) (store.BlobInfo, error) {
	e, _, err := s.lookUp(ctx, d, false)
	if err != nil {
		return store.BlobInfo{}, err
	}
	return e.info(d), nil
}

// Blobs implements [store.Blobs].
func (s *Store) Blobs(ctx context.Context, after store.Digest, limit int) ([]store.BlobInfo, error) {
	limit = cmp.Or(limit, 1000)
	var infos []store.BlobInfo
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		c := mustBucket(tx, bucketBlobs).Cursor()
		k, v := c.Seek(after[:])
		if bytes.Equal(k, after[:]) && !after.IsZero() {
			k, v = c.Next()
		}
		for ; k != nil && len(infos) < limit; k, v = c.Next() {
			if len(k) != len(after) {
				return fmt.Errorf("%w: the key %x of %s is not a digest", store.ErrCorrupt, k, bucketBlobs)
			}
			d := store.Digest(k)
			e, err := readBlobEntry(d, v)
			if err != nil {
				return err
			}
			infos = append(infos, e.info(d))
		}
		return nil
	})
	return infos, err
}

// Remove implements [store.Blobs]. While a backup runs it errors with ErrBusy.
func (s *Store) Remove(ctx context.Context, d store.Digest) error {
	s.pins.removing.RLock()
	defer s.pins.removing.RUnlock()
	if s.pins.held > 0 {
		return fmt.Errorf("removing blob %s: %w: a backup runs, which needs the blobs; try again when it is done", d, store.ErrBusy)
	}
	defer s.pins.lock(d)()
	file := false
	err := s.submit(ctx, 0, func(w *writeTx) error {
		e, err := blobOf(w.bucket(bucketBlobs), d)
		if err != nil {
			return err
		}
		if e == nil { // a removal may have ended before the file was gone
			file = true
			return nil
		}
		if err := w.removable(d, e); err != nil {
			return err
		}
		file = e.place == placeFile
		if err := w.removeBlob(d, e); err != nil {
			w.fail(err)
		}
		return nil
	})
	if err != nil || !file {
		return err
	}
	path := s.blobPath(d)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the file of blob %s: %w", d, err)
	}
	if err := syncFolder(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removable errors with ErrConflict where a record refers to the blob or a
// Commit keeps it.
func (w *writeTx) removable(d store.Digest, e *blobEntry) error {
	var found posting
	if err := postings(w.tx, &store.Query{Term: store.BlobTerm(d)}, func(p posting) bool {
		found = p
		return false
	}); err != nil {
		return err
	}
	if found.seq != 0 {
		return fmt.Errorf("%w: record %d refers to blob %s", store.ErrConflict, found.seq, d)
	}
	for _, since := range []time.Time{e.kept, w.s.pins.since(d)} {
		if until := since.Add(keepFor); !since.IsZero() && w.s.now().Before(until) {
			return fmt.Errorf("%w: blob %s is kept until %s", store.ErrConflict, d, until.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

func (w *writeTx) removeBlob(d store.Digest, e *blobEntry) error {
	delete(w.blobs, d)
	w.counts.blobs--
	w.counts.blobBytes -= uint64(e.size)
	w.changed = true
	if e.place == placeInside {
		if err := w.delete(bucketBlobData, d[:]); err != nil {
			return err
		}
	}
	return w.delete(bucketBlobs, d[:])
}
