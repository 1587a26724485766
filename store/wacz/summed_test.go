package wacz

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"stet/store"
)

// TestSummed reads entries of all sizes through a reader that hashes, in parts of
// all sizes, to the end and not, and wants their digests where they were read to
// the end and from nobody else.
func TestSummed(t *testing.T) {
	r := rand.NewChaCha8([32]byte{1})
	bodies := map[string][]byte{}
	names := []string{"none.bin", "one.bin", "small.bin", "edge.bin", "large.bin", "larger.bin"}
	for i, size := range []int{0, 1, 5000, aheadSize, aheadSize + 1, 2*aheadSize + aheadChunk} {
		body := make([]byte, size)
		if _, err := r.Read(body); err != nil {
			t.Fatal(err)
		}
		bodies[names[i]] = body
	}
	b := build(t, nil, func(w *Writer) {
		for _, name := range names {
			if err := w.AddResource(name, Bytes(bodies[name])); err != nil {
				t.Fatal(err)
			}
		}
	})
	in, err := NewReader(bytes.NewReader(b), int64(len(b)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		for _, n := range []int{1 << 10, 300_000, 1 << 20} {
			s := NewSummed(in)
			part, err := s.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if _, err := io.CopyBuffer(&got, struct{ io.Reader }{part}, make([]byte, n)); err != nil || !bytes.Equal(got.Bytes(), bodies[name]) {
				t.Fatalf("%s: %d bytes, %v", name, got.Len(), err)
			}
			if d, ok := s.known(name); !ok || d != store.DigestOf(bodies[name]) {
				t.Errorf("%s: the digest is %s, %t", name, d, ok)
			}
			if err := part.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := NewSummed(in)
	part, err := s.Open("larger.bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(part, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := part.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.known("larger.bin"); ok {
		t.Error("an entry of which ten bytes were read has a digest")
	}
	at := bytes.Index(b, bodies["larger.bin"][:64])
	b[at+len(bodies["larger.bin"])-1] ^= 1
	for _, read := range []func(*Summed) error{
		func(s *Summed) error { _, err := s.ReadAll("larger.bin", 1<<30); return err },
		func(s *Summed) error {
			_, err := s.sum("larger.bin", func(r io.Reader) io.Reader { return r })
			return err
		},
	} {
		s = NewSummed(in)
		if err := read(s); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("a damaged entry: %v", err)
		}
		if _, ok := s.known("larger.bin"); ok {
			t.Error("a damaged entry has a digest")
		}
	}
}
