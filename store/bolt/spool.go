package bolt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"

	"stet/store"
)

var errWriterDone = errors.New("the blob was committed or closed")

// blobWriter spools a blob: in memory as long as it is small enough to be kept
// inside, then in a file.
type blobWriter struct {
	s    *Store
	hash hash.Hash
	size int64
	head []byte
	file *os.File
	// placed is true once the file has its final name.
	placed bool
	done   bool
}

// Create implements [store.Blobs].
func (s *Store) Create(ctx context.Context) (store.BlobWriter, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	if err := s.writable(); err != nil {
		return nil, err
	}
	return &blobWriter{s: s, hash: sha256.New()}, nil
}

// Write implements [store.BlobWriter].
func (w *blobWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, errWriterDone
	}
	if w.file == nil && len(w.head)+len(p) <= w.s.inline {
		w.head = append(w.head, p...)
	} else if err := w.spool(p); err != nil {
		return 0, err
	}
	w.hash.Write(p)
	w.size += int64(len(p))
	return len(p), nil
}

// spool writes to the file, and first to it what was kept in memory.
func (w *blobWriter) spool(p []byte) error {
	if w.file == nil {
		f, err := os.CreateTemp(filepath.Join(w.s.dir, spoolFolder), "blob-*")
		if err != nil {
			return fmt.Errorf("making a file for a blob: %w", classify(err))
		}
		w.file = f
		if _, err := f.Write(w.head); err != nil {
			return fmt.Errorf("writing a blob: %w", classify(err))
		}
		w.head = nil
	}
	if _, err := w.file.Write(p); err != nil {
		return fmt.Errorf("writing a blob: %w", classify(err))
	}
	return nil
}

// Close implements [store.BlobWriter].
func (w *blobWriter) Close() error {
	w.done, w.head = true, nil
	if w.file == nil {
		return nil
	}
	f := w.file
	w.file = nil
	for _, err := range []error{f.Close(), os.Remove(f.Name())} {
		if err != nil && !errors.Is(err, os.ErrClosed) && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("throwing a blob away: %w", err)
		}
	}
	return nil
}

// Commit implements [store.BlobWriter].
func (w *blobWriter) Commit(ctx context.Context) (store.BlobInfo, error) {
	if w.done {
		return store.BlobInfo{}, errWriterDone
	}
	if err := w.s.usable(ctx); err != nil {
		return store.BlobInfo{}, err
	}
	d := store.Digest(w.hash.Sum(nil))
	defer w.s.pins.lock(d)()
	switch e, _, err := w.s.lookUp(ctx, d, false); {
	case err == nil:
		// It is stored already: only keep it anew.
		w.s.pins.add(d, w.s.now())
		return e.info(d), w.Close()
	case !errors.Is(err, store.ErrNotFound):
		return store.BlobInfo{}, err
	}
	e := &blobEntry{place: placeInside, size: w.size, stored: instant(w.s.now()), kept: instant(w.s.now())}
	if w.file != nil {
		if err := w.keepFile(d); err != nil {
			return store.BlobInfo{}, err
		}
	}
	if w.placed {
		e.place = placeFile
	}
	head := w.head
	if err := w.s.submit(ctx, len(head), func(t *writeTx) error {
		if err := t.addBlob(d, e, head); err != nil {
			t.fail(err)
		}
		return nil
	}); err != nil {
		return store.BlobInfo{}, err
	}
	w.s.pins.add(d, w.s.now())
	w.done, w.head = true, nil
	return e.info(d), nil
}

func (w *writeTx) addBlob(d store.Digest, e *blobEntry, data []byte) error {
	w.counts.blobs++
	w.counts.blobBytes += uint64(e.size)
	w.changed = true
	if e.place == placeInside {
		if err := w.put(bucketBlobData, d[:], data); err != nil {
			return err
		}
	}
	return w.putBlobEntry(d, e)
}

// keepFile makes the spooled file durable under its digest.
func (w *blobWriter) keepFile(d store.Digest) error {
	if err := w.file.Sync(); err != nil {
		return w.s.syncFailed("syncing a blob", err)
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("closing a blob: %w", classify(err))
	}
	path := w.s.blobPath(d)
	if err := w.s.makeFolder(d, filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Rename(w.file.Name(), path); err != nil {
		return fmt.Errorf("naming a blob: %w", classify(err))
	}
	w.file, w.placed = nil, true
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return w.s.syncFailed("naming a blob", err)
	}
	return nil
}

// makeFolder makes the folder of the blob's file durable, once in the life of
// the store. The caller holds the blob's lock.
func (s *Store) makeFolder(d store.Digest, folder string) error {
	if s.pins.folders[d[0]] {
		return nil
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("making a folder for blobs: %w", classify(err))
	}
	if err := syncFolder(filepath.Dir(folder)); err != nil {
		return s.syncFailed("making a folder for blobs", err)
	}
	s.pins.folders[d[0]] = true
	return nil
}

// syncFailed returns the error of a failed sync: ErrFull where the disk only
// noticed now that it has no space, otherwise the store is poisoned.
func (s *Store) syncFailed(what string, err error) error {
	if noSpace(err) {
		return fmt.Errorf("%s: %w", what, classify(err))
	}
	return s.state.setPoison(fmt.Errorf("%s: %w", what, err))
}
