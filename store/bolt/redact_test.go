package bolt_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/bolt"
)

// TestRedactedIsGone looks for the bytes of what was taken out in the files:
// they are there until the archive is compacted, and no longer.
func TestRedactedIsGone(t *testing.T) {
	s, clock := filledStore(t)
	body := make([]byte, 350) // cannot be compressed, so that it stands in the file as it is
	_, err := rand.NewChaCha8([32]byte{7}).Read(body)
	must(t, err)
	r, err := store.NewRecord(store.ID{7, 7}, store.Salt([]byte("a salt of record")), &store.Exchange{Started: clock.Now(), Method: "GET", URL: "https://cdn.example/7",
		Status: 200, Body: store.Body{Size: int64(len(body)), Digest: store.DigestOf(body), Inline: body}, Refs: []post.Ref{{Platform: post.Twitter, ID: "7"}}})
	must(t, err)
	_, err = s.Append(t.Context(), store.Batch{Records: []store.Record{r}})
	must(t, err)
	digest := store.DigestOf(body)
	secrets := map[string][]byte{"the content": body, "the salt": r.Salt[:], "the digest of the content": digest[:12]}
	present := func(when string, want bool) {
		t.Helper()
		file := databaseOf(t, s.Dir())
		for name, b := range secrets {
			got := false // a part of it is enough: blocks are cut into pieces
			for i := 0; i+12 <= len(b); i += 12 {
				got = got || bytes.Contains(file, b[i:i+12])
			}
			if got != want {
				t.Errorf("%s: %s is in the file: %v, want %v", when, name, got, want)
			}
		}
	}
	present("before", true)
	part, err := store.Without(&r, store.ContentFields(&r)...)
	must(t, err)
	act, err := store.NewRecord(store.ID{7, 8}, store.Salt{1}, &store.Redaction{Time: clock.Now(), Act: store.RedactionRemove,
		Records: []store.RedactedRecord{{ID: r.ID, Fields: store.ContentFields(&r)}}})
	must(t, err)
	_, err = s.Redact(t.Context(), store.Batch{Records: []store.Record{act}}, []store.Record{part})
	must(t, err)
	present("before it is compacted", true)
	want, err := dump(t.Context(), s)
	must(t, err)
	_, err = s.Compact(t.Context(), nil)
	must(t, err)
	present("afterwards", false)
	mustClose(t, s)
	if got := dumpOf(t, s.Dir()); got != want {
		t.Errorf("it holds\n%s\nwant\n%s", got, want)
	}
	again := mustOpen(t, s.Dir(), bolt.Options{Now: func() time.Time { return clock.Now() }})
	defer mustClose(t, again)
	got, err := again.Get(t.Context(), r.ID)
	must(t, err)
	if got.Leaf() != r.Leaf() || got.Field("body") != nil {
		t.Errorf("what is left is %+v", got)
	}
}

// TestRemovedFileIsGone: a removal that ended before the file of a blob was gone is
// finished by the next one.
func TestRemovedFileIsGone(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	s := mustOpen(t, t.TempDir(), bolt.Options{Now: func() time.Time { return now }, InlineBlobSize: 10})
	defer mustClose(t, s)
	info, err := archive(s, func() time.Time { return now }).PutBlob(t.Context(), strings.NewReader("more than is kept inside"), 0)
	must(t, err)
	name := info.Digest.String()[len("sha256:"):]
	path := filepath.Join(s.Dir(), "blobs", name[:2], name[2:])
	body, err := os.ReadFile(path)
	must(t, err)
	now = now.Add(48 * time.Hour)
	must(t, s.Remove(t.Context(), info.Digest))
	must(t, os.WriteFile(path, body, 0o600))
	must(t, s.Remove(t.Context(), info.Digest))
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
	must(t, s.Remove(t.Context(), store.Digest{1}))
}
