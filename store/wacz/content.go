package wacz

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"stet/store"
)

// Content is the bytes of one entry, known before they are written.
type Content struct {
	Size   int64
	CRC    uint32
	Digest store.Digest
	// Open opens them.
	Open func() (io.ReadCloser, error)
}

// Bytes returns b as content.
func Bytes(b []byte) Content {
	return Content{Size: int64(len(b)), CRC: crc32.ChecksumIEEE(b), Digest: store.DigestOf(b),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// Describe reads what open opens, and returns it as content. It errors as that
// does.
func Describe(open func() (io.ReadCloser, error)) (Content, error) {
	r, err := open()
	if err != nil {
		return Content{}, err
	}
	s := NewSum(io.Discard)
	_, err = io.Copy(s, r)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return Content{}, fmt.Errorf("reading what is to be written: %w", err)
	}
	return s.Content(open), nil
}

// Sum passes on what is written to it and describes it.
type Sum struct {
	w    io.Writer
	n    int64
	crc  uint32
	hash hash.Hash
}

// NewSum returns a Sum that passes on to w.
func NewSum(w io.Writer) *Sum { return &Sum{w: w, hash: sha256.New()} }

// Write passes p on. It errors as the writer behind it does.
func (s *Sum) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.n += int64(n)
	s.crc = crc32.Update(s.crc, crc32.IEEETable, p[:n])
	s.hash.Write(p[:n])
	return n, err
}

// Content describes what was written, which open opens.
func (s *Sum) Content(open func() (io.ReadCloser, error)) Content {
	return Content{Size: s.n, CRC: s.crc, Digest: store.Digest(s.hash.Sum(nil)), Open: open}
}
