package wire

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"stet/cmd/internal/config"
	"stet/cmd/internal/export"
	"stet/store/evidence"
	"stet/store/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// TestExportsToStorage exports everything, a range of time and a source to a
// storage that speaks S3, which then holds what a file would.
func TestExportsToStorage(t *testing.T) {
	storage := servertest.S3(t)
	w := newEvidenceWorld(t)
	w.capture(false, "Ada F.", "the bells rang at one")
	bucket := storage.Bucket(t)
	c := config.Default()
	c.Storage.S3.Endpoint, c.Storage.S3.AccessKey, c.Storage.S3.SecretKey = storage.Endpoint, storage.AccessKey, storage.SecretKey
	put, done, err := Uploads(w.ctx, c, Options{Getenv: func(string) string { return "" }}.withDefaults(), bucket, false)
	w.must(err)
	defer func() { w.must(done()) }()
	for n, s := range []export.Selection{{All: true}, {Since: w.now.Add(-time.Hour), Until: w.now.Add(time.Hour)}, {Source: "front"}} {
		for _, f := range []export.Format{export.WARC, export.WACZ, export.JSONL} {
			o := export.Options{Format: f, Selection: s, Software: "stet/1"}
			w.must(w.a.Exporting(w.ctx, c, Options{}, &o, true))
			var want bytes.Buffer
			_, err := export.Run(w.ctx, o, export.ToWriter(&want))
			w.must(err)
			key := fmt.Sprintf("exports/%d.%s", n, f)
			out, finish := export.Upload(w.ctx, key, put)
			_, err = export.Run(w.ctx, o, out)
			w.must(finish(err))
			got, err := os.ReadFile(storage.Object(bucket, key))
			w.must(err)
			if !bytes.Equal(got, want.Bytes()) {
				t.Errorf("%s: %d bytes are stored, want %d", key, len(got), want.Len())
			}
			if f == export.JSONL && !bytes.Contains(got, []byte("the bells rang at one")) {
				t.Errorf("%s: the post is not in it: %s", key, got)
			}
			if f == export.WACZ {
				if parts, counts := w.verify(got, w.believing()); counts[evidence.Wrong] > 0 {
					t.Errorf("%s: %+v", key, parts)
				}
			}
		}
	}
}
