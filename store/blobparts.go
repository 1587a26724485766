package store

import (
	"fmt"
	"io"
)

// BlobParts reads a blob that is fetched in parts of the same length, the last
// of which may be shorter: what readers of backends have in common.
type BlobParts struct {
	Digest Digest
	// Size is that of the blob, Part that of a part.
	Size, Part int64
	// Fetch returns a part by its number, whole. Nobody changes what it returns.
	Fetch func(n int64) ([]byte, error)
}

// ReadAt is [io.ReaderAt]. It errors with ErrInvalid before the beginning, and as
// Fetch does.
func (b BlobParts) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("%w: reading blob %s at %d", ErrInvalid, b.Digest, off)
	}
	n := 0
	for n < len(p) && off < b.Size {
		part, err := b.Fetch(off / b.Part)
		if err != nil {
			return n, err
		}
		c := copy(p[n:], part[off%b.Part:])
		n, off = n+c, off+int64(c)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// SeekFrom returns where [io.Seeker] leads from a place. It errors with ErrInvalid
// before the beginning.
func (b BlobParts) SeekFrom(from, offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += from
	case io.SeekEnd:
		offset += b.Size
	case io.SeekStart:
	default:
		return 0, fmt.Errorf("%w: seeking in blob %s from %d", ErrInvalid, b.Digest, whence)
	}
	if offset < 0 {
		return 0, fmt.Errorf("%w: seeking in blob %s to %d", ErrInvalid, b.Digest, offset)
	}
	return offset, nil
}
