package ingest

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"stet/store"
)

// The limits of what a packed file becomes.
const (
	// ratioFree is how much may be unpacked before the ratio counts: short files
	// of one line again and again are no bombs.
	ratioFree = 16 << 20
	// maxWindow is the most memory that a file of zstd can ask for: what the
	// program writes at its highest levels without --long or --ultra.
	maxWindow = 8 << 20
)

// packing is how a file is packed, empty where it is not.
type packing string

// packingOf says how a file is packed by how it begins.
func packingOf(head []byte) packing {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}):
		return "gzip"
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return "zstd"
	case bytes.HasPrefix(head, []byte("BZh")):
		return "bzip2"
	}
	return ""
}

// unpacked is what a packed file holds. Whoever opened it closes it.
type unpacked struct {
	in   *counter
	out  io.Reader
	how  packing
	n    int64
	free func()
}

// counter counts what was read of the packed file.
type counter struct {
	r io.Reader
	n int64
}

// Read reads on.
func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// unpack returns what r holds, as it is packed. It errors with
// [store.ErrInvalid] where it is not packed that way.
func unpack(r io.Reader, how packing) (*unpacked, error) {
	u := &unpacked{in: &counter{r: r}, how: how, free: func() {}}
	switch how {
	case "gzip":
		z, err := gzip.NewReader(bufio.NewReaderSize(u.in, 32<<10))
		if err != nil {
			return nil, fmt.Errorf("%w: it cannot be unpacked: %w", store.ErrInvalid, err)
		}
		u.out = z
	case "zstd":
		z, err := zstd.NewReader(u.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("%w: it cannot be unpacked: %w", store.ErrInvalid, err)
		}
		u.out, u.free = z, z.Close
	case "bzip2":
		u.out = bzip2.NewReader(u.in)
	default:
		u.out = u.in
	}
	return u, nil
}

// Close gives back what unpacking held; it does not close the file.
func (u *unpacked) Close() { u.free() }

// Read reads on. It errors with [store.ErrTooLarge] where there is more than
// packing can make of honest content, and with [store.ErrInvalid] where the file
// is damaged.
func (u *unpacked) Read(b []byte) (int, error) {
	n, err := u.out.Read(b)
	u.n += int64(n)
	switch {
	case u.how == "":
		return n, err
	case u.n > maxFile:
		return n, fmt.Errorf("%w: it holds more than %d GB", store.ErrTooLarge, int64(maxFile)>>30)
	case u.n > ratioFree && u.n/maxRatio > u.in.n:
		return n, fmt.Errorf("%w: it is packed more than %d times", store.ErrTooLarge, maxRatio)
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case errors.Is(err, store.ErrCorrupt):
		return n, err // the archive's own copy is damaged, not the file
	}
	return n, fmt.Errorf("%w: it is damaged or cut behind what unpacks to %d bytes: %w", store.ErrInvalid, u.n, err)
}

// beginning returns the first bytes of what a file holds, of which head are the
// first as they are packed.
func beginning(head []byte, how packing) []byte {
	if how == "" {
		return head[:min(len(head), maxHead)]
	}
	u, err := unpack(bytes.NewReader(head), how)
	if err != nil {
		return nil
	}
	defer u.Close()
	out := make([]byte, maxHead)
	n, _ := io.ReadFull(u, out) // what follows is not there: the end is not meant to be reached
	return out[:n]
}
