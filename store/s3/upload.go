package s3

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"

	"stet/store"
)

// uploadPart is the size of the parts of a stream, one of which is held in
// memory: with the 10,000 parts that the interface allows it is enough for
// 320 GB.
const uploadPart = 32 << 20

// Upload stores what r yields, whose length need not be known, under a key of
// the bucket, beside the blobs. An upload that fails, or whose reader does,
// stores nothing. It errors with ErrConflict where the key is taken, unless
// replace is set, and with ErrFull and ErrUnavailable.
func (s *Store) Upload(ctx context.Context, key string, r io.Reader, replace bool) error {
	o := minio.PutObjectOptions{ContentType: "application/octet-stream", PartSize: uploadPart, NumThreads: 1}
	if !replace {
		if _, err := s.client.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{}); err == nil {
			return fmt.Errorf("storing %s in the %s: %w: it is there already", key, s.place, store.ErrConflict)
		} else if !absent(err) {
			return fmt.Errorf("storing %s in the %s: %w", key, s.place, classify(ctx, err))
		}
		o.SetMatchETagExcept("*")
	}
	// The reader's own error says more than the storage's about it.
	in := &failing{r: r}
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+key, in, -1, o)
	switch {
	case in.err != nil:
		return in.err
	case err == nil:
		return nil
	case !replace && conditional(err):
		return fmt.Errorf("storing %s in the %s: %w: it is there already, or the storage knows no conditions: %w", key, s.place, store.ErrConflict, err)
	}
	return fmt.Errorf("storing %s in the %s: %w", key, s.place, classify(ctx, err))
}

// failing remembers why reading failed.
type failing struct {
	r   io.Reader
	err error
}

// Read reads on. It errors as its reader does.
func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}
