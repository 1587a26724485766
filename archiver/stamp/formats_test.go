package stamp_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/store"
	"stet/store/evidence"
)

// TestEveryByteOfATimeStampCounts changes every byte of an answer.
func TestEveryByteOfATimeStampCounts(t *testing.T) {
	net := fakenet.New(fakenet.Options{Now: time.Now})
	tsa := net.TSA("tsa.example")
	body, err := tsa.Stamp([]byte("a head"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	roots, err := evidence.Pool(tsa.Roots)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(b []byte) error {
		ts, err := evidence.ReadTimeStamp(b)
		if err != nil {
			return err
		}
		return errors.Join(ts.Of([]byte("a head")), ts.Trusted(roots))
	}
	if err := verify(body); err != nil {
		t.Fatal(err)
	}
	for i := range body {
		b := slices.Clone(body)
		b[i] ^= 1 << (i % 8)
		if err := verify(b); err == nil {
			t.Errorf("byte %d of %d is not found", i, len(body))
		}
	}
	for _, b := range [][]byte{nil, body[:len(body)-1], append(bytes.Clone(body), 0), bytes.Repeat([]byte{0x30, 0x80}, 1000), make([]byte, 1<<20)} {
		if err := verify(b); !errors.Is(err, store.ErrVerification) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	if err := net.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzTimeStamp: nothing that is read panics, and what is found right is right
// for one message only.
func FuzzTimeStamp(f *testing.F) {
	net := fakenet.New(fakenet.Options{Now: time.Now})
	tsa := net.TSA("tsa.example")
	body, err := tsa.Stamp([]byte("a head"), time.Now())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add(body[:len(body)/2])
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x02})
	f.Fuzz(func(t *testing.T, b []byte) {
		ts, err := evidence.ReadTimeStamp(b)
		if err != nil {
			return
		}
		if ts.Of([]byte("a head")) == nil && ts.Of([]byte("another")) == nil {
			t.Error("it is of two messages")
		}
		_ = ts.Trusted(x509.NewCertPool())
	})
}
