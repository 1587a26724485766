package wire

import (
	"bytes"
	"crypto/sha256"
	"io"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/evidence"
)

// BenchmarkVerify verifies a bundle that is nearly all media, and hashes the
// same file, side by side.
func BenchmarkVerify(b *testing.B) {
	w := newEvidenceWorld(b)
	w.media(96 << 20)
	w.stamped(w.now)
	path := filepath.Join(b.TempDir(), "bundle.wacz")
	if err := os.WriteFile(path, w.bundle("internal"), 0o600); err != nil {
		b.Fatal(err)
	}
	v := w.believing()
	var ratios []float64
	for range max(b.N, 5) {
		began := time.Now()
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		h := sha256.New()
		size, err := io.Copy(h, f)
		if err != nil {
			b.Fatal(err)
		}
		plain := time.Since(began)
		began = time.Now()
		parts, err := VerifyFile(b.Context(), f, size, v)
		if err != nil {
			b.Fatal(err)
		}
		ratios = append(ratios, float64(time.Since(began))/float64(plain))
		for _, p := range parts {
			if p.Result == evidence.Wrong {
				b.Fatalf("%+v", p)
			}
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-sha256")
}

// media adds a capture with a video that does not compress.
func (w *evidenceWorld) media(size int) {
	w.Helper()
	video := make([]byte, size)
	if _, err := io.ReadFull(mrand.NewChaCha8([32]byte{3}), video); err != nil {
		w.Fatal(err)
	}
	info, err := w.a.Archive.PutBlob(w.ctx, bytes.NewReader(video), 0)
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
