package bolt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stet/store"
)

// CopyProgress says how far a long copy is.
type CopyProgress = store.CopyProgress

// FreeSpace returns how many bytes can still be written to the file system of
// a folder. It is the caller's, because only the operating system knows.
type FreeSpace func(dir string) (int64, error)

// spare is how much more than what is written must be free.
const spare = 16 << 20

// need errors with ErrFull where a folder has no space for so many bytes more.
func (f FreeSpace) need(dir string, n int64, what string) error {
	if f == nil {
		return nil
	}
	free, err := f(dir)
	if err != nil {
		return fmt.Errorf("looking how much space is left in %s: %w", dir, classify(err))
	}
	if free < n+spare {
		return fmt.Errorf("%w: %s needs %d MB in %s and %d MB are free; free some space and run the same command again",
			store.ErrFull, what, (n+spare)>>20, dir, free>>20)
	}
	return nil
}

// blobFile returns the path of a blob's file in an archive's folder.
func blobFile(dir string, d store.Digest) string {
	h := hex.EncodeToString(d[:])
	return filepath.Join(dir, blobsFolder, h[:2], h[2:])
}

// blobCopy copies the files of blobs from one archive's folder to another's.
// What is there already and right stays; what is wrong is replaced. Nothing is
// durable before sync.
type blobCopy struct {
	ctx      context.Context //nolint:containedctx // of the one call that copies
	from, to string
	// spool is a folder on the file system of to, for files before they are
	// whole.
	spool   string
	touched map[string]bool
	buf     []byte

	copied, bytes, present int64
}

func newBlobCopy(ctx context.Context, from, to, spool string) *blobCopy {
	return &blobCopy{ctx: ctx, from: from, to: to, spool: spool, touched: map[string]bool{}, buf: make([]byte, 1<<20)}
}

// copy copies one blob.
func (c *blobCopy) copy(d store.Digest) error {
	path := blobFile(c.to, d)
	if right, err := c.right(path, d); right || err != nil {
		c.present++
		return err
	}
	src, err := os.Open(blobFile(c.from, d))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the file %s of a blob is missing", store.ErrCorrupt, blobFile(c.from, d))
	}
	if err != nil {
		return fmt.Errorf("copying blob %s: %w", d, classify(err))
	}
	defer func() { _ = src.Close() }() // it was only read
	if err := c.makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	dst, err := os.CreateTemp(c.spool, "blob-*")
	if err != nil {
		return fmt.Errorf("copying blob %s: %w", d, classify(err))
	}
	read := &noted{r: src}
	n, err := c.write(dst, read, d)
	if read.err != nil && c.ctx.Err() == nil {
		err = fmt.Errorf("%w: its file cannot be read: %w", store.ErrCorrupt, read.err)
	}
	if err == nil {
		err = classify(os.Rename(dst.Name(), path))
	}
	if err != nil {
		return fmt.Errorf("copying blob %s: %w", d, errors.Join(err, removeIfThere(dst.Name())))
	}
	c.copied++
	c.bytes += n
	return nil
}

// write copies the bytes of a blob to a file, durably, and closes it.
func (c *blobCopy) write(dst *os.File, src io.Reader, d store.Digest) (int64, error) {
	h := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(dst, h), &stopped{c.ctx, src}, c.buf)
	if err == nil && !bytes.Equal(h.Sum(nil), d[:]) {
		err = fmt.Errorf("%w: its file has the digest %x", store.ErrCorrupt, h.Sum(nil))
	}
	if err == nil {
		err = dst.Sync()
	}
	return n, classify(errors.Join(err, dst.Close()))
}

// right reports whether a file holds the blob.
func (c *blobCopy) right(path string, d store.Digest) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at what is there already: %w", classify(err))
	}
	h := sha256.New()
	_, err = io.CopyBuffer(h, &stopped{c.ctx, f}, c.buf)
	_ = f.Close() // it was only read
	if c.ctx.Err() != nil {
		return false, c.ctx.Err()
	}
	return err == nil && bytes.Equal(h.Sum(nil), d[:]), nil // what cannot be read is written anew
}

func (c *blobCopy) makeFolder(dir string) error {
	if c.touched[dir] {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making a folder for blobs: %w", classify(err))
	}
	c.touched[dir] = true
	return nil
}

// sync makes the names of what was copied durable.
func (c *blobCopy) sync() error {
	if len(c.touched) == 0 {
		return nil
	}
	for dir := range c.touched {
		if err := syncFolder(dir); err != nil {
			return err
		}
	}
	for _, dir := range []string{filepath.Join(c.to, blobsFolder), c.to} {
		if err := syncFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

// eachBlobFile calls fn for the files of blobs in an archive's folder.
func eachBlobFile(dir string, fn func(path string, d store.Digest) error) error {
	root := filepath.Join(dir, blobsFolder)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		b, err := hex.DecodeString(strings.ReplaceAll(filepath.ToSlash(rel), "/", ""))
		if err != nil || len(b) != len(store.Digest{}) {
			return nil //nolint:nilerr // it is none of ours
		}
		return fn(path, store.Digest(b))
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return classify(err)
}

// prune removes the files of blobs that are not among those to keep, and
// returns how many.
func prune(ctx context.Context, dir string, keep []store.Digest) (int64, error) {
	kept := make(map[store.Digest]bool, len(keep))
	for _, d := range keep {
		kept[d] = true
	}
	n := int64(0)
	err := eachBlobFile(dir, func(path string, d store.Digest) error {
		if kept[d] {
			return ctx.Err()
		}
		n++
		return os.Remove(path)
	})
	if err != nil {
		return n, fmt.Errorf("removing files that no record refers to: %w", err)
	}
	return n, nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", path, classify(err))
	}
	return nil
}

// noted keeps the error of a reader apart from those of whoever writes what was
// read.
type noted struct {
	r   io.Reader
	err error
}

// Read implements [io.Reader].
func (n *noted) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = err
	}
	return k, err
}

// stopped ends a long read when ctx does.
type stopped struct {
	ctx context.Context //nolint:containedctx // of the one call that reads
	r   io.Reader
}

// Read implements [io.Reader].
func (s *stopped) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

// proven is what a check of a database says.
type proven struct {
	sum     store.CheckSummary
	head    uint64
	inFiles []store.Digest
	bytes   int64 // of the blobs in files
	jobs    int64
	lost    int64 // blobs that records refer to and that are not stored any more
}

// prove opens the archive in a folder for reading and checks its database, and
// the files of its blobs where those are wanted. It errors with ErrCorrupt
// where something is damaged, and names the first. What a salvage could not find
// is missing for good, and no reason not to copy the rest: it is only counted.
func prove(ctx context.Context, dir string, files bool) (*proven, error) {
	s, err := Open(ctx, dir, Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	p, err := s.prove(ctx, files)
	return p, errors.Join(err, s.Close())
}

func (s *Store) prove(ctx context.Context, files bool) (*proven, error) {
	var first store.Problem
	lost := int64(0)
	c := &checker{s: s, ctx: ctx}
	c.report = func(p store.Problem) {
		switch {
		case c.lost > lost:
			lost = c.lost
		case first.Thing == "":
			first = p
		}
	}
	err := s.steady(ctx, c.database)
	if err == nil && files {
		err = c.files()
	}
	switch {
	case err != nil:
		return nil, err
	case c.sum.Problems > c.lost:
		return nil, fmt.Errorf("%w: %s has %d problems, the first is %s %s: %s", store.ErrCorrupt, s.dir, c.sum.Problems-c.lost, first.Thing, first.Name, first.What)
	}
	return &proven{sum: c.sum, head: c.head, inFiles: c.inFiles, bytes: int64(c.counts.blobBytes), jobs: c.sum.Jobs, lost: c.lost}, nil
}
