package warc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"stet/store"
)

// told is what is told of a record, with how reading ended.
type told struct {
	Header         Header
	Offset, Length int64
	Member, Block  string
	Lax            []string
	Empty, Good    int64
	Err            string
}

// readWhole reads a file to its end.
func readWhole(r *Reader, err error) []told {
	if err != nil {
		return []told{{Err: err.Error()}}
	}
	defer r.Close()
	var all []told
	for {
		rec, err := r.Next()
		if err != nil {
			return append(all, told{Err: err.Error(), Empty: r.Empty(), Good: r.Good()})
		}
		block, _ := io.ReadAll(rec.Block)
		err = r.Finish()
		one := told{Header: rec.Header, Offset: rec.Offset, Length: rec.Length, Member: string(rec.Member), Block: string(block), Lax: rec.Lax, Empty: r.Empty(), Good: r.Good()}
		if err != nil {
			one.Err = err.Error()
		}
		all = append(all, one)
	}
}

// TestReaderAhead: what is decompressed ahead is read as what is not, also where
// it is damaged, cut, made of empty members, or larger than a stretch.
func TestReaderAhead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var file bytes.Buffer
	w := NewWriter(&file, 0)
	x := NewExporter(w, nil, "a.warc.gz", func(*Entry) error { return nil })
	for n, size := range []int{0, 10, 300, 90_000, 400_000, 7, 7, 1} {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(r.Uint32N(4)) + 'a'
		}
		if err := x.Resource(&Resource{ID: DigestID(store.DigestOf([]byte{byte(n)}), "x"), URI: "urn:x", Date: time.Unix(1e9, 0), Type: "text/plain", Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	var empty bytes.Buffer
	if err := gzip.NewWriter(&empty).Close(); err != nil {
		t.Fatal(err)
	}
	b := file.Bytes()
	files := [][]byte{b, b[:len(b)-1], b[:len(b)/2], b[:3], append(bytes.Clone(b), "more"...), append(bytes.Clone(b), b...),
		append(bytes.Clone(b), bytes.Repeat(empty.Bytes(), 3000)...), append(bytes.Clone(empty.Bytes()), b...)}
	for range 60 {
		c := bytes.Clone(b)
		c[r.IntN(len(c))] ^= 1 << r.IntN(8)
		files = append(files, c)
	}
	for i, f := range files {
		want := readWhole(NewReader(bytes.NewReader(f), Limits{}))
		got := readWhole(NewReaderAhead(bytes.NewReader(f), Limits{}))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("file %d: (-as it is +ahead)\n%s", i, d)
		}
	}
}

// TestReaderAheadStops: a reader that is closed early reads the file no more.
func TestReaderAheadStops(t *testing.T) {
	var file bytes.Buffer
	w := NewWriter(&file, 0)
	x := NewExporter(w, nil, "a.warc.gz", func(*Entry) error { return nil })
	if err := x.Resource(&Resource{ID: DigestID(store.DigestOf(nil), "x"), URI: "urn:x", Date: time.Unix(1e9, 0), Type: "text/plain", Data: []byte(strings.Repeat("a", 8<<20))}); err != nil {
		t.Fatal(err)
	}
	r, err := NewReaderAhead(bytes.NewReader(file.Bytes()), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Validate(ctx, bytes.NewReader(file.Bytes()), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want an end", err)
	}
}

// FuzzParseLine: lines that are read quickly are read as all others.
func FuzzParseLine(f *testing.F) {
	e := Entry{URL: "https://example.org/", Time: time.Unix(1e9, 0), Digest: "sha256:00", MIME: "text/html", Status: 200, Filename: "a", Location: Location{Offset: 1, Length: 2}}
	f.Add(string(e.Line()[len("org,example)/ 20010909014640 "):]))
	f.Add(`{"url":"a\u0062","offset":1,"length":"2"}`)
	f.Add(`{"url":"a","url":"b"}`)
	f.Fuzz(func(t *testing.T, object string) {
		plain, ok := plainEntry(object)
		if !ok {
			return
		}
		slow, err := ParseLine([]byte("a) 20010909014640 " + strings.Replace(object, "{", "{ ", 1)))
		if err != nil {
			return // not what a line must say
		}
		if slow.URL != plain.URL || slow.Digest != plain.Digest || slow.MIME != plain.MIME || slow.Filename != plain.Filename {
			t.Errorf("%s: read as %+v, quickly as %+v", object, slow, plain)
		}
	})
}
