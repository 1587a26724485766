package store

import (
	"context"
	"io"
)

// Objects keeps the bytes of large blobs for a backend whose database is no
// place for them: a folder, or the bucket of an object storage. Which blobs
// there are, who refers to them and until when they are kept is the backend's
// to know: Objects is told when to store and when to remove. Implementations
// are safe for concurrent use, also by several processes.
type Objects interface {
	// Put stores the bytes of r, size of them, under their digest, durably, as
	// a whole or not at all. What is stored under the digest already is left
	// as it is. It errors with ErrFull where no space is left, and with
	// ErrUnavailable where the place cannot be reached.
	Put(ctx context.Context, d Digest, r io.ReadSeeker, size int64) error
	// Open opens the bytes for reading; the caller closes them. Its reader
	// works for as long as ctx. It errors with ErrNotFound and ErrUnavailable.
	Open(ctx context.Context, d Digest) (BlobReader, error)
	// Remove removes the bytes. Removing what is absent is not an error.
	Remove(ctx context.Context, d Digest) error
	// Objects returns a page of what is stored after the digest after, in byte
	// order, at most limit (0 is 1,000). What does not look like an object of
	// this archive is left out.
	Objects(ctx context.Context, after Digest, limit int) ([]BlobInfo, error)
	// Place says for people where that is.
	Place() string
	io.Closer
}

// Prober is a backend, or a place for its large blobs, that can be asked cheaply
// whether those can be reached. It is optional, found by assertion.
type Prober interface {
	// Probe asks, and stores nothing. It errors with ErrUnavailable where the
	// place does not answer or refuses, and with ErrReadOnly and ErrFull.
	Probe(ctx context.Context) error
}

// Collector removes what a backend keeps and nobody needs. It is optional,
// found by assertion.
type Collector interface {
	// Collect removes the blobs that no record refers to and no commit of the
	// last day keeps, and what lies beside them without being known. It may be
	// interrupted and called again, and others may work meanwhile.
	Collect(ctx context.Context) (CollectSummary, error)
}

// CollectSummary says what a collection removed.
type CollectSummary struct {
	// Blobs are those that nothing referred to; Orphans are stored bytes that
	// were no blob, left by processes that died.
	Blobs   int64 `json:"blobs"`
	Orphans int64 `json:"orphans"`
	Bytes   int64 `json:"bytes"`
}
