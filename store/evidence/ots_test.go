package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"stet/store"
	"stet/store/evidence"
)

// promise is what a calendar answers at first, and block what it answers later.
func promise(uri string) []byte {
	b := []byte{0xf0, 3, 's', 'a', 'l', 0x08, 0x00, 0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e, byte(len(uri) + 1), byte(len(uri))}
	return append(b, uri...)
}

func block() []byte {
	return []byte{0x08, 0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, 3, 0xa0, 0xf7, 0x36} // 900,000
}

// complete returns a proof for data, with the block that it leads to.
func complete(t testing.TB, data []byte) (*evidence.OTS, evidence.Block) {
	t.Helper()
	o, message := evidence.NewOTS(data, []byte("0123456789abcdef"))
	if err := o.Add(message, promise("https://calendar.example")); err != nil {
		t.Fatal(err)
	}
	pending := o.Pending()
	if len(pending) != 1 || len(o.Blocks()) != 0 {
		t.Fatalf("%d promises", len(pending))
	}
	if err := o.Add(pending[0], block()); err != nil {
		t.Fatal(err)
	}
	return o, evidence.Block{Height: 900_000, Root: sha256.Sum256(pending[0])}
}

func TestOTS(t *testing.T) {
	o, want := complete(t, []byte("a head"))
	read, err := evidence.ReadOTS(o.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got := read.Blocks(); len(got) != 1 || got[0] != want || len(read.Pending()) != 0 {
		t.Errorf("the proof leads to %v, want %v", got, want)
	}
	if read.Digest != store.DigestOf([]byte("a head")) {
		t.Error("it is of another digest")
	}
	if err := o.Add([]byte("another"), block()); !errors.Is(err, store.ErrUnexpected) {
		t.Errorf("an answer for another message: %v", err)
	}
	for _, answer := range [][]byte{nil, {0xff}, {0x08}, {0x67, 0x00}, append(block(), 0), {0xf0, 0, 0x08, 0x00}, bytes.Repeat([]byte{0x08}, 1<<16), {0xf0, 0xff, 0xff, 0xff, 0xff, 0x0f}} {
		o, message := evidence.NewOTS([]byte("a head"), []byte("0123456789abcdef"))
		if err := o.Add(message, answer); !errors.Is(err, store.ErrUnexpected) {
			t.Errorf("the answer %x: %v", answer[:min(len(answer), 8)], err)
		}
	}
}

// TestEveryByteOfOTSCounts: a changed byte leads elsewhere, or nowhere.
func TestEveryByteOfOTSCounts(t *testing.T) {
	o, want := complete(t, []byte("a head"))
	flips(o.Bytes(), func(i int, b []byte) {
		read, err := evidence.ReadOTS(b)
		if err != nil {
			return
		}
		if blocks := read.Blocks(); read.Digest == o.Digest && len(blocks) == 1 && blocks[0] == want {
			t.Errorf("byte %d can be changed", i)
		}
	})
}

// FuzzOTS: what is read is written as it was.
func FuzzOTS(f *testing.F) {
	o, _ := complete(f, []byte("a head"))
	f.Add(o.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := evidence.ReadOTS(b)
		if err != nil {
			return
		}
		if !bytes.Equal(o.Bytes(), b) {
			t.Error("it is written in another way")
		}
		_, _ = o.Blocks(), o.Pending()
	})
}

// FuzzProofs: what is read of proofs and notes is written as it was.
func FuzzProofs(f *testing.F) {
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra AQI=\nindex 3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\na\n4\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— a AAAAAAAA\n"))
	f.Add([]byte("old 3\n\na\n4\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— a AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := evidence.ParseProof(b); err == nil {
			if len(p.Header) > 0 && !bytes.Equal(p.Format(), b) {
				t.Error("the proof is written in another way")
			}
			_, _ = evidence.ParseHeader(p.Header)
		}
		if c, err := evidence.ParseConsistency(b); err == nil && !bytes.Equal(c.Format(), b) {
			t.Error("the proof of consistency is written in another way")
		}
		trust, _ := evidence.NewTrust()
		_, _, _ = trust.ReadHead(b)
		_ = trust.Follow(b)
		_, _ = evidence.UnsignedHead(b)
	})
}
