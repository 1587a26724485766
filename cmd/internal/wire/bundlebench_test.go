package wire

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"stet/cmd/internal/config"
	"stet/cmd/internal/export"
	"stet/extract/post"
	"stet/store"
	"stet/store/evidence"
	"stet/store/storetest"
)

// BenchmarkVerify verifies a bundle that is nearly all media, and hashes the
// same file, side by side.
func BenchmarkVerify(b *testing.B) {
	w := newEvidenceWorld(b)
	w.media(96 << 20)
	w.stamped(w.now)
	w.against(b, w.bundle("internal"), "x-sha256", func(r io.Reader) error {
		_, err := io.Copy(sha256.New(), r)
		return err
	})
}

// BenchmarkVerifyText verifies a WARC file and a package of posts' answers, and
// beside that decompresses and hashes the same bytes.
func BenchmarkVerifyText(b *testing.B) {
	w := newEvidenceWorld(b)
	w.many(20000)
	for _, format := range []export.Format{export.WARC, export.WACZ} {
		var file bytes.Buffer
		o := export.Options{Format: format, Selection: export.Selection{All: true}, Software: "stet/1"}
		w.must(w.a.Exporting(w.ctx, config.Default(), Options{}, &o, true))
		_, err := export.Run(w.ctx, o, export.ToWriter(&file))
		w.must(err)
		b.Run(string(format), func(b *testing.B) {
			w.against(b, file.Bytes(), "x-unpack-and-sha256", func(r io.Reader) error { return unpackAndHash(r, format) })
		})
	}
}

// unpackAndHash is the least that verifying such a file can do.
func unpackAndHash(r io.Reader, format export.Format) error {
	h := sha256.New()
	if format == export.WARC {
		z, err := gzip.NewReader(r)
		if err == nil {
			_, err = io.Copy(h, z)
		}
		return err
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	h.Write(body)
	p, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return err
	}
	for _, f := range p.File {
		if !strings.HasSuffix(f.Name, ".gz") {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return err
		}
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		if _, err := io.Copy(h, z); err != nil {
			return err
		}
	}
	return nil
}

// against verifies a file, and beside that does the least, and reports how many
// times as long that took, by the clock and of the processor.
func (w *evidenceWorld) against(b *testing.B, body []byte, unit string, least func(io.Reader) error) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "file")
	w.must(os.WriteFile(path, body, 0o600))
	v := w.believing()
	var clock, busy []float64
	for range max(b.N, 5) {
		f, err := os.Open(path)
		w.must(err)
		began, used := time.Now(), storetest.Busy()
		w.must(least(f))
		plain, plainUsed := time.Since(began), storetest.Busy()-used
		began, used = time.Now(), storetest.Busy()
		parts, err := VerifyFile(b.Context(), f, int64(len(body)), v)
		w.must(err)
		clock = append(clock, float64(time.Since(began))/float64(plain))
		busy = append(busy, float64(storetest.Busy()-used)/float64(plainUsed))
		for _, p := range parts {
			if p.Result == evidence.Wrong {
				b.Fatalf("%+v", p)
			}
		}
		w.must(f.Close())
	}
	slices.Sort(clock)
	slices.Sort(busy)
	b.ReportMetric(clock[len(clock)/2], unit)
	b.ReportMetric(busy[len(busy)/2], "of-the-processor")
}

// media adds a capture with a video that does not compress.
func (w *evidenceWorld) media(size int) {
	w.Helper()
	info, err := w.a.Archive.PutBlob(w.ctx, io.LimitReader(mrand.NewChaCha8([32]byte{3}), int64(size)), int64(size))
	w.must(err)
	b := w.a.Archive.Begin()
	x := w.exchange("https://video.example/1.mp4", "video/mp4", "")
	x.Body = store.Body{Size: info.Size, Digest: info.Digest, Type: "video/mp4", Blob: info.Digest}
	id, err := b.Add(w.ctx, x)
	w.must(err)
	_, err = b.Add(w.ctx, &store.Capture{Time: w.now, Kind: store.CapturePost, Ref: w.ref, Source: post.SourcePublic, Exchanges: []store.ID{id},
		Media: []store.MediaFile{{URL: "https://video.example/1.mp4", Digest: info.Digest, Size: info.Size, Type: "video/mp4", Exchange: id}}})
	w.must(err)
	_, err = b.Commit(w.ctx)
	w.must(err)
}

// BenchmarkVerifyMemory exports many exchanges as a package, and tells the most
// anonymous memory of the process while that is verified, and while a bundle with
// a large video is made and verified. STET_BENCH_POSTS says how many, and
// STET_BENCH_VIDEO how large.
func BenchmarkVerifyMemory(b *testing.B) {
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return otherwise
	}
	w := newEvidenceWorld(b)
	w.many(number("STET_BENCH_POSTS", 2000))
	w.media(number("STET_BENCH_VIDEO", 8<<20))
	w.stamped(w.now)
	peak := &peak{}
	written := func(name string, write func(io.Writer) error) string {
		path := filepath.Join(b.TempDir(), name)
		f, err := os.Create(path)
		w.must(err)
		w.must(write(peak.writer(f)))
		w.must(f.Close())
		return path
	}
	for range b.N {
		peak.again()
		all := written("all.wacz", func(out io.Writer) error {
			o := export.Options{Format: export.WACZ, Selection: export.Selection{All: true}, Software: "stet/1"}
			if err := w.a.Exporting(w.ctx, config.Default(), Options{}, &o, true); err != nil {
				return err
			}
			_, err := export.Run(w.ctx, o, export.ToWriter(out))
			return err
		})
		b.ReportMetric(float64(peak.most)/1e6, "MB-export")
		peak.again()
		one := written("one.wacz", func(out io.Writer) error {
			_, err := w.a.Bundle(w.ctx, out, Bundling{Refs: []post.Ref{w.ref}, For: "internal", Software: "stet/1"})
			return err
		})
		b.ReportMetric(float64(peak.most)/1e6, "MB-bundle")
		for what, path := range map[string]string{"MB-verify-package": all, "MB-verify-bundle": one} {
			peak.again()
			f, err := os.Open(path)
			w.must(err)
			info, err := f.Stat()
			w.must(err)
			limit := debug.SetMemoryLimit(96 << 20) // as the command does
			parts, err := VerifyFile(w.ctx, peak.reader(f), info.Size(), w.believing())
			debug.SetMemoryLimit(limit)
			w.must(err)
			w.must(f.Close())
			for _, p := range parts {
				if p.Result == evidence.Wrong {
					b.Fatalf("%s: %+v", what, p)
				}
			}
			b.ReportMetric(float64(peak.most)/1e6, what)
			b.ReportMetric(float64(info.Size())/1e6, what+"-size")
		}
	}
}

// peak is the most anonymous memory that was seen while something was read or
// written.
type peak struct {
	mu   sync.Mutex
	n    int
	most int
}

func (p *peak) again() {
	debug.FreeOSMemory()
	p.most = 0
}

// look looks now and then.
func (p *peak) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n++; p.n%64 == 1 {
		p.most = max(p.most, storetest.Anonymous())
	}
}

func (p *peak) writer(w io.Writer) io.Writer {
	return writerFunc(func(b []byte) (int, error) {
		p.look()
		return w.Write(b)
	})
}

func (p *peak) reader(r io.ReaderAt) io.ReaderAt {
	return readerFunc(func(b []byte, at int64) (int, error) {
		p.look()
		return r.ReadAt(b, at)
	})
}

type writerFunc func([]byte) (int, error)

// Write implements [io.Writer].
func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

type readerFunc func([]byte, int64) (int, error)

// ReadAt implements [io.ReaderAt].
func (f readerFunc) ReadAt(b []byte, at int64) (int, error) { return f(b, at) }

// many adds exchanges whose answers are alike as those of a platform are.
func (w *evidenceWorld) many(n int) {
	w.Helper()
	b := w.a.Archive.Begin()
	for i := range n {
		words := fmt.Sprintf(`{"id":%d,"words":%q,"of":"%x"}`, i, strings.Repeat("ferry ", 150), store.DigestOf(fmt.Append(nil, i)))
		x := w.exchange(fmt.Sprint("https://cdn.example/tweet?id=", i), "application/json", words)
		x.Refs = nil
		_, err := b.Add(w.ctx, x)
		w.must(err)
		if b.Len() >= 500 || i == n-1 {
			_, err := b.Commit(w.ctx)
			w.must(err)
			b = w.a.Archive.Begin()
		}
	}
}
