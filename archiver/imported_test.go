package archiver_test

import (
	"strings"
	"testing"

	"stet/archiver/fakenet"
	"stet/extract/post"
	"stet/store"
)

// What an imported file says is the picture of a post never stands for the one
// that the platform has.
func TestImportedFilesAreNotTaken(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		first, other := id(3*hour, 1), id(2*hour, 2)
		w.x.Add(fakenet.Post{ID: first, Author: ada(), Text: "The gate", Media: []fakenet.Media{{}}})
		address := w.capturePost(first).Media[0].URL

		w.x.Add(fakenet.Post{ID: other, Author: ada(), Text: "The other gate", Media: []fakenet.Media{{Key: "Mother"}}})
		forged, err := w.archive.PutBlob(w.ctx, strings.NewReader("\x89PNG\r\n\x1a\nforged"), 0)
		if err != nil {
			t.Fatal(err)
		}
		b := w.archive.Begin()
		address = strings.Replace(address, address[strings.Index(address, "/media/")+7:strings.Index(address, "?")], "Mother", 1)
		if _, err := b.Add(w.ctx, &store.Capture{Time: w.archive.Now(), Kind: store.CapturePost, Ref: ref(other), Source: post.SourceImport,
			Media: []store.MediaFile{{URL: address, Digest: forged.Digest, Size: forged.Size, Type: "image/png"}}, Trigger: "import"}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Commit(w.ctx); err != nil {
			t.Fatal(err)
		}
		got := w.capturePost(other)
		if m := got.Media[0]; m.URL != address || m.Digest == "" || m.Digest == forged.Digest.String() {
			t.Errorf("the file at %s is %+v", address, m)
		}
	})
}
