package files

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"stet/store"
)

// spoolFolder is where files are written before they have their name.
const spoolFolder = "spool"

// Store is a folder. It implements [store.Objects] and is safe for concurrent
// use, also by several processes.
type Store struct{ dir string }

var (
	_ store.Objects = (*Store)(nil)
	_ store.Prober  = (*Store)(nil)
)

// Open opens a folder, and makes it where it does not exist. What processes
// that died left of files a day before now is thrown away. It errors with
// ErrReadOnly where the folder may not be written.
func Open(dir string, now func() time.Time) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(dir, spoolFolder), 0o700); err != nil {
		return nil, fmt.Errorf("opening the folder of blobs: %w", classify(err))
	}
	s := &Store{dir: dir}
	f, err := s.spool()
	if err != nil {
		return nil, fmt.Errorf("opening the folder of blobs: %w", err)
	}
	return s, errors.Join(f.Close(), os.Remove(f.Name()), s.tidy(now().Add(-24*time.Hour)))
}

// tidy throws away what was being written before a time.
func (s *Store) tidy(before time.Time) error {
	entries, err := os.ReadDir(filepath.Join(s.dir, spoolFolder))
	if err != nil {
		return fmt.Errorf("listing what was left of blobs: %w", classify(err))
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue // gone meanwhile, or under way
		}
		if err := ignoreAbsent(os.Remove(filepath.Join(s.dir, spoolFolder, e.Name()))); err != nil {
			return fmt.Errorf("removing what was left of a blob: %w", classify(err))
		}
	}
	return nil
}

// classify wraps an error of the file system in the class that it means.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", store.ErrNotFound, err)
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// Probe implements [store.Prober]: it looks for the folder that files are
// written in, which is not there where the file system is not mounted.
func (s *Store) Probe(context.Context) error {
	info, err := os.Stat(filepath.Join(s.dir, spoolFolder))
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return fmt.Errorf("%w: looking for the folder of blobs: %w", store.ErrUnavailable, err)
	}
	return nil
}

// Place implements [store.Objects].
func (s *Store) Place() string { return "folder " + s.dir }

// Close implements [store.Objects]; there is nothing to close.
func (s *Store) Close() error { return nil }

func (s *Store) path(d store.Digest) string {
	h := hex.EncodeToString(d[:])
	return filepath.Join(s.dir, h[:2], h[2:])
}

func (s *Store) spool() (*os.File, error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, spoolFolder), "blob-*")
	return f, classify(err)
}

// Put implements [store.Objects].
func (s *Store) Put(ctx context.Context, d store.Digest, r io.ReadSeeker, size int64) error {
	path := s.path(d)
	if info, err := os.Stat(path); err == nil && info.Size() == size {
		return nil
	}
	if err := s.place(ctx, path, r, size); err != nil {
		return fmt.Errorf("storing blob %s: %w", d, err)
	}
	return nil
}

func (s *Store) place(ctx context.Context, path string, r io.Reader, size int64) (err error) {
	f, err := s.spool()
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreAbsent(os.Remove(f.Name())))
		}
	}()
	n, err := io.Copy(f, readerOf(ctx, r))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return classify(err)
	}
	if n != size {
		return fmt.Errorf("%w: it has %d bytes and should have %d", store.ErrInvalid, n, size)
	}
	folder := filepath.Dir(path)
	if err := os.Mkdir(folder, 0o700); err == nil {
		if err := syncFolder(s.dir); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return classify(err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return classify(err)
	}
	return syncFolder(folder)
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readerOf ends with ctx.
func readerOf(ctx context.Context, r io.Reader) io.Reader { return &contextReader{ctx, r} }

type contextReader struct {
	ctx context.Context //nolint:containedctx // io.Reader has none of its own
	r   io.Reader
}

// Read reads, unless the context has ended.
func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Open implements [store.Objects].
func (s *Store) Open(_ context.Context, d store.Digest) (store.BlobReader, error) {
	f, err := os.Open(s.path(d))
	if err != nil {
		return nil, fmt.Errorf("opening blob %s: %w", d, classify(err))
	}
	return f, nil
}

// Remove implements [store.Objects].
func (s *Store) Remove(_ context.Context, d store.Digest) error {
	path := s.path(d)
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing blob %s: %w", d, classify(err))
	}
	return syncFolder(filepath.Dir(path))
}

// Objects implements [store.Objects].
func (s *Store) Objects(ctx context.Context, after store.Digest, limit int) ([]store.BlobInfo, error) {
	limit = cmp.Or(limit, 1000)
	folders, err := os.ReadDir(s.dir) // sorted
	if err != nil {
		return nil, fmt.Errorf("listing the folder of blobs: %w", classify(err))
	}
	first := hex.EncodeToString(after[:1])
	var list []store.BlobInfo
	for _, folder := range folders {
		if len(folder.Name()) != 2 || folder.Name() < first {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part, err := s.folder(folder.Name(), after)
		if err != nil {
			return nil, err
		}
		if list = append(list, part...); len(list) >= limit {
			return list[:limit], nil
		}
	}
	return list, nil
}

// folder lists what lies in one folder after a digest.
func (s *Store) folder(name string, after store.Digest) ([]store.BlobInfo, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, name))
	if err != nil {
		return nil, fmt.Errorf("listing the folder of blobs: %w", classify(err))
	}
	var list []store.BlobInfo
	for _, e := range entries {
		b, err := hex.DecodeString(name + e.Name())
		if err != nil || len(b) != len(after) || strings.Compare(string(b), string(after[:])) <= 0 {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("listing the folder of blobs: %w", classify(err))
		}
		if info.Mode().IsRegular() {
			list = append(list, store.BlobInfo{Digest: store.Digest(b), Size: info.Size(), Stored: info.ModTime().UTC()})
		}
	}
	slices.SortFunc(list, func(a, b store.BlobInfo) int { return slices.Compare(a.Digest[:], b.Digest[:]) })
	return list, nil
}
