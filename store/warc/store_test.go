package warc

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// noise is what a compressor tries in vain: it saves two bytes of a hundred.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32N(225))
	}
	return b
}

// TestStored writes bodies that cannot be compressed, around the lengths at
// which something else happens, and reads them with a decompressor of others.
func TestStored(t *testing.T) {
	for _, n := range []int{2*minSample - 1, 2 * minSample, maxStored - 1, maxStored, maxStored + 1, 4*maxStored + 5, HeldBody, HeldBody + 1, 3*HeldBody + 7} {
		body := noise(n)
		out := export(t, kept{}, answer("https://news.example/a.jpg", "HTTP/1.1 200 OK\nContent-Type: image/jpeg", string(body)))
		mustBeValid(t, out.file.Bytes())
		e := out.entries[0]
		stored := out.file.Bytes()[e.Location.Offset : e.Location.Offset+e.Location.Length]
		z, err := gzip.NewReader(bytes.NewReader(stored))
		if err != nil {
			t.Fatal(err)
		}
		block, err := io.ReadAll(z)
		if err != nil || !bytes.HasSuffix(block, append(bytes.Clone(body), "\r\n\r\n"...)) {
			t.Fatalf("a body of %d bytes is read as one of %d: %v", n, len(block), err)
		}
		if whole := bytes.Contains(stored, body[n/2:n/2+1000]); whole != (n >= 2*minSample) {
			t.Errorf("a body of %d bytes is stored as it is: %t", n, whole)
		}
		if extra := len(stored) - n; extra > 2000 {
			t.Errorf("a body of %d bytes takes %d more", n, extra)
		}
	}
}

// TestWordsAreCompressed: what begins like a picture is no picture.
func TestWordsAreCompressed(t *testing.T) {
	for _, n := range []int{50_000, 2 * HeldBody} {
		body := string(noise(4000)) + strings.Repeat("The ferry did not sail that night. ", n/35)
		out := export(t, kept{}, answer("https://news.example/a", "HTTP/1.1 200 OK\nContent-Type: text/html", body))
		if got := out.file.Len(); got > 30_000 {
			t.Errorf("%d bytes of words take %d", n, got)
		}
	}
}
