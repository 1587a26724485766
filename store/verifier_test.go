package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"stet/store"
)

type blobs = store.Blobs

// damaged gives other bytes than were stored.
type damaged struct {
	blobs
	change func([]byte) []byte
}

type readSeekCloser struct{ *bytes.Reader }

func (readSeekCloser) Close() error { return nil }

func (d damaged) Open(ctx context.Context, digest store.Digest) (store.BlobReader, error) {
	r, err := d.blobs.Open(ctx, digest)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return readSeekCloser{bytes.NewReader(d.change(data))}, r.Close()
}

func TestOpenBlobVerifies(t *testing.T) {
	changes := map[string]func([]byte) []byte{
		"a flipped bit": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"the end gone":  func(b []byte) []byte { return b[:len(b)-1] },
		"a byte more":   func(b []byte) []byte { return append(b, 0) },
		"nothing left":  func([]byte) []byte { return nil },
	}
	for _, data := range []string{"x", strings.Repeat("words ", 50_000)} {
		b := newBench(t)
		info, err := b.PutBlob(t.Context(), strings.NewReader(data), 0)
		b.must(err)
		r, err := b.OpenBlob(t.Context(), info.Digest)
		b.must(err)
		if err := iotest.TestReader(struct{ io.Reader }{r}, []byte(data)); err != nil {
			t.Errorf("a whole blob of %d bytes: %v", len(data), err)
		}
		b.must(r.Close())
		for name, change := range changes {
			a := store.NewArchive(store.Parts{Backend: b.mem, Blobs: damaged{b.mem, change}, Now: noon, Random: source()})
			for _, wrap := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader} {
				r, err := a.OpenBlob(t.Context(), info.Digest)
				b.must(err)
				if _, err := io.Copy(io.Discard, struct{ io.Reader }{wrap(r)}); !errors.Is(err, store.ErrCorrupt) {
					t.Errorf("%s of %d bytes: got %v", name, len(data), err)
				}
				// The verdict stays.
				if _, err := r.Read(make([]byte, 1)); !errors.Is(err, store.ErrCorrupt) {
					t.Errorf("%s of %d bytes, read again: got %v", name, len(data), err)
				}
				b.must(r.Close())
			}
		}
	}
}

func TestOpenBody(t *testing.T) {
	b := newBench(t)
	body := strings.Repeat("w", 300)
	holder, pointer, chain := exchange(body), exchange(body), exchange(body)
	build := b.Begin()
	holderID, err := build.Add(t.Context(), holder)
	b.must(err)
	pointerID, err := build.Add(t.Context(), pointer)
	b.must(err)
	chain.Body.Inline, chain.Body.SameAs = nil, pointerID
	wrong := exchange(body)
	wrong.Body.Inline, wrong.Body.SameAs, wrong.Body.Digest = nil, holderID, store.DigestOf([]byte("other"))
	lost := exchange(body)
	lost.Body.Inline, lost.Body.SameAs = nil, store.ID{42}
	withheld := exchange(body)
	withheld.Body.Inline, withheld.Body.Withheld = nil, true
	nothing := &store.Exchange{Started: noon(), Method: "GET", URL: "https://cdn.example/1", Error: "reset"}
	r := b.record(holder)
	r = r.Remove("body", "body-info")
	infoKept := b.record(exchange(body))
	infoKept = infoKept.Remove("body")
	_, err = build.Commit(t.Context())
	b.must(err)

	removed, err := store.Decode[store.Exchange](&r)
	b.must(err)
	bodyRemoved, err := store.Decode[store.Exchange](&infoKept)
	b.must(err)
	damagedInline := exchange(body)
	damagedInline.Body.Inline = []byte(strings.ToUpper(body))
	cases := []struct {
		name string
		e    *store.Exchange
		want error
	}{
		{"inline", holder, nil},
		{"the same as another", pointer, nil},
		{"a chain of references", chain, store.ErrCorrupt},
		{"a reference to another body", wrong, store.ErrCorrupt},
		{"a reference to nothing", lost, store.ErrNotFound},
		{"withheld", withheld, store.ErrNotFound},
		{"the bytes removed", bodyRemoved, store.ErrNotFound},
		{"all removed", removed, store.ErrNotFound},
		{"no answer", nothing, store.ErrNotFound},
		{"damaged", damagedInline, store.ErrCorrupt},
	}
	for _, c := range cases {
		rc, err := b.OpenBody(t.Context(), c.e)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(rc)
			b.must(rc.Close())
		}
		if !errors.Is(err, c.want) || c.want == nil && string(got) != body {
			t.Errorf("%s: got %d bytes, %v; want: %v", c.name, len(got), err, c.want)
		}
	}
	empty := exchange("")
	empty.Body.Digest = store.Digest{}
	rc, err := b.OpenBody(t.Context(), empty)
	b.must(err)
	if got, err := io.ReadAll(rc); len(got) > 0 || err != nil {
		t.Errorf("an empty answer: got %q, %v", got, err)
	}
	b.must(rc.Close())
}
