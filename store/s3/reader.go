package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/minio/minio-go/v7"

	"stet/store"
)

// reader reads one object: on from where it stands over one answer, which is
// asked for with the first byte, and ranges by windows.
type reader struct {
	s      *Store
	ctx    context.Context //nolint:containedctx // that of Open: io.Reader has none of its own
	digest store.Digest
	size   int64

	mu     sync.Mutex // ReadAt may be called by several goroutines
	off    int64
	body   io.ReadCloser // what comes at off; nil for none
	kept   []byte        // the window that was read last
	keptAt int64         // its number
	closed bool
}

var errReaderClosed = errors.New("the blob was closed")

// ask asks for the bytes from a place up to, and without, another.
func (r *reader) ask(from, to int64) (io.ReadCloser, error) {
	var o minio.GetObjectOptions
	if err := o.SetRange(from, to-1); err != nil {
		return nil, fmt.Errorf("%w: reading blob %s from %d to %d: %w", store.ErrInvalid, r.digest, from, to, err)
	}
	core := minio.Core{Client: r.s.client}
	body, _, _, err := core.GetObject(r.ctx, r.s.bucket, r.s.key(r.digest), o)
	if err != nil {
		return nil, r.s.failed(r.ctx, err, "reading", r.digest)
	}
	return body, nil
}

// early is the error of an answer that ended before it should, or broke off.
func (r *reader) early(err error, at int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: blob %s breaks off at %d and should have %d bytes", store.ErrUnavailable, r.digest, at, r.size)
	}
	return r.s.failed(r.ctx, err, "reading", r.digest)
}

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return 0, errReaderClosed
	case len(p) == 0:
		return 0, nil
	case r.off >= r.size:
		return 0, io.EOF
	}
	if r.body == nil {
		body, err := r.ask(r.off, r.size)
		if err != nil {
			return 0, err
		}
		r.body = body
	}
	n, err := r.body.Read(p[:min(int64(len(p)), r.size-r.off)])
	r.off += int64(n)
	if err == nil || n > 0 && errors.Is(err, io.EOF) {
		return n, nil // an early end is met by the next Read
	}
	return n, errors.Join(r.early(err, r.off), r.drop())
}

// drop ends the answer that is under way.
func (r *reader) drop() error {
	if r.body == nil {
		return nil
	}
	err := r.body.Close()
	r.body = nil
	return err
}

// window is how many bytes are asked for at a time by [reader.ReadAt]: most who
// read a range read the next one soon.
const window = 256 << 10

// at returns the window with a number. Nobody changes what it returns.
func (r *reader) at(n int64) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errReaderClosed
	}
	if r.kept != nil && n == r.keptAt {
		return r.kept, nil
	}
	from := n * window
	part := make([]byte, min(window, r.size-from))
	body, err := r.ask(from, from+int64(len(part)))
	if err != nil {
		return nil, err
	}
	if got, err := io.ReadFull(body, part); err != nil {
		return nil, errors.Join(r.early(err, from+int64(got)), body.Close())
	}
	if err := body.Close(); err != nil {
		return nil, r.s.failed(r.ctx, err, "reading", r.digest)
	}
	r.kept, r.keptAt = part, n
	return part, nil
}

func (r *reader) parts() store.BlobParts {
	return store.BlobParts{Digest: r.digest, Size: r.size, Part: window, Fetch: r.at}
}

// ReadAt implements [io.ReaderAt].
func (r *reader) ReadAt(p []byte, off int64) (int, error) { return r.parts().ReadAt(p, off) }

// Seek implements [io.Seeker].
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to, err := r.parts().SeekFrom(r.off, offset, whence)
	if err != nil || to == r.off {
		return to, err
	}
	r.off = to
	return to, r.drop()
}

// Close implements [io.Closer].
func (r *reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.kept = true, nil
	return r.drop()
}
