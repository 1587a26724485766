package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// verifier compares what is read with a digest.
type verifier struct {
	r    io.ReadCloser
	want Digest
	hash hash.Hash
	err  error
}

func newVerifier(r io.ReadCloser, want Digest) *verifier {
	return &verifier{r: r, want: want, hash: sha256.New()}
}

// Read reads on; at the end it errors with ErrCorrupt where the digest is
// another.
func (v *verifier) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.r.Read(p)
	v.hash.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if got := Digest(v.hash.Sum(nil)); got != v.want {
			err = fmt.Errorf("%w: blob %s has the digest %s", ErrCorrupt, v.want, got)
		}
	}
	v.err = err
	return n, err
}

// Close closes the blob.
func (v *verifier) Close() error { return v.r.Close() }

// OpenBody opens the response body of an exchange, wherever it is kept, with
// its Content-Encoding as it was sent. The caller closes it. It errors with
// ErrNotFound where the body was withheld, removed or never arrived.
func (a *Archive) OpenBody(ctx context.Context, e *Exchange) (io.ReadCloser, error) {
	b := e.Body
	if !b.SameAs.IsZero() {
		r, err := a.Get(ctx, b.SameAs)
		if err != nil {
			return nil, err
		}
		o, err := Decode[Exchange](&r)
		if err != nil {
			return nil, err
		}
		if !o.Body.SameAs.IsZero() || o.Body.Digest != b.Digest {
			return nil, fmt.Errorf("reading the body of %s: %w: exchange %s does not hold it", e.URL, ErrCorrupt, b.SameAs)
		}
		b = o.Body
	}
	switch {
	case len(b.Inline) > 0:
		return newVerifier(io.NopCloser(bytes.NewReader(b.Inline)), b.Digest), nil
	case !b.Blob.IsZero():
		return a.OpenBlob(ctx, b.Blob)
	case b.Size == 0 && e.Status != 0 && !b.Withheld && !b.Removed:
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	return nil, fmt.Errorf("reading the body of %s: %w", e.URL, ErrNotFound)
}
