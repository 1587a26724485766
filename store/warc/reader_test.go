package warc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"stet/store"
)

// plainRecord is a record of a file that is not compressed.
func plainRecord(n int, block string) string {
	return fmt.Sprintf("WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:00000000-0000-8000-8000-%012d>\r\nWARC-Date: 2026-03-04T12:00:00Z\r\n"+
		"WARC-Target-URI: https://a.example/%d\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", n, n, len(block), block)
}

func gzipped(parts ...string) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&b)
		z.Write([]byte(p))
		z.Close()
	}
	return b.Bytes()
}

func zstded(t testing.TB, opts []zstd.EOption, parts ...string) []byte {
	e, err := zstd.NewWriter(nil, opts...)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, p := range parts {
		b = e.EncodeAll([]byte(p), b)
	}
	return b
}

// Every way of compressing gives the same records, and says where they stand.
func TestCompressions(t *testing.T) {
	long := strings.Repeat("a long block ", 20000)
	one, two, three := plainRecord(1, "words"), plainRecord(2, long), plainRecord(3, "")
	for name, tt := range map[string]struct {
		file []byte
		how  Compression
		each bool
	}{
		"plain":            {[]byte(one + two + three), Plain, true},
		"gzip":             {gzipped(one, two, three), Gzip, true},
		"gzip, one member": {gzipped(one + two + three), Gzip, false},
		"gzip, empty ones": {gzipped(one, "", two, "", three, ""), Gzip, true},
		"zstd":             {zstded(t, nil, one, two, three), Zstd, true},
		"zstd, checksums":  {zstded(t, []zstd.EOption{zstd.WithEncoderCRC(true), zstd.WithEncoderLevel(zstd.SpeedBestCompression)}, one, two, three), Zstd, true},
		"zstd, one frame":  {zstded(t, []zstd.EOption{zstd.WithSingleSegment(true)}, one+two+three), Zstd, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(bytes.NewReader(tt.file), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if r.Compression() != tt.how {
				t.Errorf("compression %s, want %s", r.Compression(), tt.how)
			}
			recs := readAll(t, tt.file)
			if len(recs) != 3 || recs[0].block != "words" || recs[1].block != long || recs[2].block != "" {
				t.Fatalf("%d records", len(recs))
			}
			for i, rec := range recs {
				if !tt.each {
					continue
				}
				part := readAll(t, tt.file[rec.Offset:rec.Offset+rec.Length])
				if len(part) != 1 || part[0].block != rec.block {
					t.Errorf("record %d does not stand at %d+%d", i, rec.Offset, rec.Length)
				}
			}
		})
	}
}

// A file with a dictionary of its own begins with it, whether that is
// compressed or not.
func TestDictionary(t *testing.T) {
	dict := zstdDict(t)
	files := zstded(t, []zstd.EOption{zstd.WithEncoderDict(dict)}, plainRecord(1, "words"), plainRecord(2, "more"))
	for name, d := range map[string][]byte{"plain": dict, "compressed": zstded(t, nil, string(dict))} {
		t.Run(name, func(t *testing.T) {
			f := binary.LittleEndian.AppendUint32(nil, zstdDictionary)
			f = append(binary.LittleEndian.AppendUint32(f, uint32(len(d))), d...)
			if recs := readAll(t, append(f, files...)); len(recs) != 2 || recs[1].block != "more" {
				t.Errorf("%d records", len(recs))
			}
		})
	}
	huge := binary.LittleEndian.AppendUint32(nil, zstdDictionary)
	huge = append(binary.LittleEndian.AppendUint32(huge, 1<<31), files...)
	if _, err := NewReader(bytes.NewReader(huge), Limits{}); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("a dictionary of 2 GB: %v", err)
	}
}

// zstdDict makes a dictionary in the format of zstd.
func zstdDict(t testing.TB) []byte {
	var samples [][]byte
	for i := range 50 {
		samples = append(samples, []byte(plainRecord(i, fmt.Sprintf("words of record %d, %d", i, i*i))))
	}
	d, err := zstd.BuildDict(zstd.BuildDictOptions{ID: 7, Contents: samples, History: []byte(plainRecord(1, "some words of it")), Offsets: [3]int{1, 4, 8}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Of a file that is cut anywhere, the records before the cut are read, and the
// cut is told from the end.
func TestCut(t *testing.T) {
	one, two := plainRecord(1, "words"), plainRecord(2, "more words")
	for name, tt := range map[string]struct {
		file  []byte
		first int
	}{
		"plain": {[]byte(one + two), len(one)},
		"gzip":  {gzipped(one, two), len(gzipped(one))},
		"zstd":  {zstded(t, nil, one, two), len(zstded(t, nil, one))},
	} {
		t.Run(name, func(t *testing.T) {
			for n := 1; n < len(tt.file); n++ {
				whole, good, err := countWhole(tt.file[:n])
				wantWhole, wantGood := 0, int64(0)
				if n >= tt.first {
					wantWhole, wantGood = 1, int64(tt.first)
				}
				// Without compression, a record whose last line ends are
				// missing is whole.
				if name == "plain" && (n < tt.first && n >= tt.first-4 || n >= len(tt.file)-4) {
					continue
				}
				if whole != wantWhole || good != wantGood {
					t.Fatalf("cut at %d: %d records up to %d, want %d up to %d (%v)", n, whole, good, wantWhole, wantGood, err)
				}
				if sound := n == tt.first; sound != (err == io.EOF) {
					t.Fatalf("cut at %d: %v", n, err)
				}
			}
		})
	}
}

func countWhole(b []byte) (int, int64, error) {
	r, err := NewReader(bytes.NewReader(b), Limits{})
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	for n := 0; ; n++ {
		if _, err := r.Next(); err != nil {
			return n, r.Good(), err
		}
		if err := r.Finish(); err != nil {
			return n, r.Good(), err
		}
	}
}

// What a stranger says of lengths is not believed, and nothing costs more than
// it may.
func TestHostile(t *testing.T) {
	bomb := plainRecord(1, strings.Repeat("\x00", 4<<20))
	for name, tt := range map[string]struct {
		file   []byte
		limits Limits
		want   error
	}{
		"negative length": {[]byte(strings.Replace(plainRecord(1, "words"), "Length: 5", "Length: -5", 1)), Limits{}, store.ErrCorrupt},
		"huge length":     {[]byte(strings.Replace(plainRecord(1, "words"), "Length: 5", "Length: 99999999999999999999", 1)), Limits{}, store.ErrCorrupt},
		"long length":     {[]byte(strings.Replace(plainRecord(1, "words"), "Length: 5", "Length: 5000", 1)), Limits{}, store.ErrCorrupt},
		"short length":    {[]byte(strings.Replace(plainRecord(1, "words"), "Length: 5", "Length: 3", 1) + plainRecord(2, "")), Limits{}, store.ErrCorrupt},
		"two lengths":     {[]byte(strings.Replace(plainRecord(1, "words"), "Content-Length: 5", "Content-Length: 5\r\nContent-Length: 6", 1)), Limits{}, store.ErrCorrupt},
		"no length":       {[]byte(strings.Replace(plainRecord(1, "words"), "Content-Length: 5\r\n", "", 1)), Limits{}, store.ErrCorrupt},
		"large block":     {[]byte(plainRecord(1, "words")), Limits{Block: 4}, store.ErrTooLarge},
		"endless head":    {[]byte("WARC/1.1\r\n" + strings.Repeat("A: b\r\n", 1<<20)), Limits{}, store.ErrTooLarge},
		"endless line":    {[]byte("WARC/1.1\r\nA: " + strings.Repeat("b", 1<<20)), Limits{}, store.ErrTooLarge},
		"many fields":     {[]byte("WARC/1.1\r\n" + strings.Repeat("A: b\r\n", 2000)), Limits{}, store.ErrTooLarge},
		"no file":         {[]byte("<!doctype html>\n"), Limits{}, store.ErrCorrupt},
		"bomb":            {gzipped(bomb), Limits{free: 1 << 20}, store.ErrTooLarge},
		"zstd bomb":       {zstded(t, nil, bomb), Limits{free: 1 << 20}, store.ErrTooLarge},
		"many records":    {[]byte(plainRecord(1, "") + plainRecord(2, "")), Limits{Records: 1}, store.ErrTooLarge},
		"much":            {gzipped(plainRecord(1, strings.Repeat("ab", 1<<16))), Limits{Total: 1 << 10}, store.ErrTooLarge},
		"rest":            {append(gzipped(plainRecord(1, "words")), "rest"...), Limits{}, store.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(bytes.NewReader(tt.file), tt.limits)
			for err == nil {
				_, err = r.Next()
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("the reader ends with %v, want %v", err, tt.want)
			}
			if _, again := r.Next(); again == nil || again.Error() != err.Error() {
				t.Errorf("and then with %v", again)
			}
		})
	}
}

// An empty file is none.
func TestEmpty(t *testing.T) {
	if _, err := NewReader(strings.NewReader(""), Limits{}); err != io.EOF {
		t.Errorf("an empty file: %v", err)
	}
}

// Whatever a file holds, the reader ends, and what it read whole stands where
// it says.
func FuzzReader(f *testing.F) {
	one, two := plainRecord(1, "words"), plainRecord(2, strings.Repeat("more ", 100))
	f.Add([]byte(one + two))
	f.Add(gzipped(one, two))
	f.Add(zstded(f, nil, one, two))
	f.Add([]byte("WARC/1.0\nWARC-Type: response\n folded\nContent-Length: 0\n\n\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		limits := Limits{Total: 1 << 20, Head: 4 << 10}
		r, err := NewReader(bytes.NewReader(b), limits)
		if err != nil {
			return
		}
		defer r.Close()
		for {
			rec, err := r.Next()
			if err != nil {
				break
			}
			n, _ := io.Copy(io.Discard, rec.Block)
			if r.Finish() != nil {
				break
			}
			if n != rec.Size || rec.Offset < 0 || rec.Offset+rec.Length > int64(len(b)) {
				t.Fatalf("a record of %d bytes, %d read, at %d+%d of %d", rec.Size, n, rec.Offset, rec.Length, len(b))
			}
			if rec.Length == 0 {
				continue
			}
			again, err := NewReader(bytes.NewReader(b[rec.Offset:rec.Offset+rec.Length]), limits)
			if r.Compression() == Zstd {
				continue // a frame may need the dictionary of the file
			}
			if err != nil {
				t.Fatalf("the record at %d cannot be read by itself: %v", rec.Offset, err)
			}
			if rec2, err := again.Next(); err != nil || rec2.Size != rec.Size {
				t.Fatalf("the record at %d is another by itself: %v", rec.Offset, err)
			}
		}
		if r.Good() > int64(len(b)) {
			t.Fatalf("good up to %d of %d", r.Good(), len(b))
		}
		if _, err := Validate(t.Context(), bytes.NewReader(b), limits); err != nil {
			t.Fatal(err)
		}
	})
}
