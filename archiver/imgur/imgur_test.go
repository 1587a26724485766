package imgur_test

import (
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/imgur"
	"stet/archiver/platformtest"
	"stet/extract/post"
)

func picture() fakenet.ImgurPost {
	return fakenet.ImgurPost{ID: "fOgAa01", Title: "Fog over the old harbour", Account: "portfilms"}
}

func ref() post.Ref { return post.Ref{Platform: post.Imgur, ID: picture().ID} }

func run(t *testing.T, story func(w *platformtest.World, i *fakenet.Imgur)) {
	t.Helper()
	platformtest.Run(t, func(w *platformtest.World) {
		i := w.Net.Imgur()
		i.Set(picture())
		w.Start(imgur.New(w.Client, nil, nil))
		story(w, i)
	})
}

// TestLoss: a picture is captured with its words and file; its loss, which nobody
// explains, is confirmed by two sources in a day, whether the placeholder comes by
// a redirect or in the picture's place, and its return is noticed.
func TestLoss(t *testing.T) {
	for _, direct := range []bool{false, true} {
		run(t, func(w *platformtest.World, i *fakenet.Imgur) {
			p := w.Capture(ref())
			if p.Source != post.SourcePublic || p.Text != picture().Title || p.Author.Handle != "portfilms" || len(p.Media) != 1 || p.Media[0].Digest == "" {
				t.Errorf("captured %+v", p)
			}
			if direct {
				i.Direct()
			}
			i.Remove(ref().ID)
			for range 2 {
				w.Expect(ref(), post.NotFound, false)
				time.Sleep(13 * time.Hour)
			}
			w.Expect(ref(), post.NotFound, true)
			i.Set(picture())
			w.Expect(ref(), post.Live, false)
		})
	}
}

// TestAlbum: an album has all of its pictures; where its loss is missed by one
// source only, it stays suspected.
func TestAlbum(t *testing.T) {
	run(t, func(w *platformtest.World, i *fakenet.Imgur) {
		album := post.Ref{Platform: post.Imgur, ID: "a/tIdE1"}
		i.Set(fakenet.ImgurPost{ID: album.ID, Title: "Three mornings", Pictures: []string{"fOgAa02", "fOgAa03"}})
		if p := w.Capture(album); len(p.Media) != 2 || p.Media[1].Digest == "" || p.Text != "Three mornings" {
			t.Errorf("captured %+v", p)
		}
		i.Remove(album.ID)
		for range 6 {
			w.Expect(album, post.NotFound, false)
			time.Sleep(25 * time.Hour)
		}
	})
}

// TestPlaceholder: the picture that stands for those that are gone is never kept
// as the file of a post.
func TestPlaceholder(t *testing.T) {
	for _, direct := range []bool{false, true} {
		run(t, func(w *platformtest.World, i *fakenet.Imgur) {
			if direct {
				i.Direct()
			}
			i.CloseFiles(ref().ID)
			p := w.TryCapture(ref())
			if p.Text != picture().Title || len(p.Media) != 1 || p.Media[0].Digest != "" || !strings.Contains(p.Media[0].Error, "gone") {
				t.Errorf("captured %+v", p)
			}
			// The picture alone is missed; what is said of it stands.
			w.Expect(ref(), post.Live, false)
		})
	}
}

func TestFaults(t *testing.T) {
	run(t, func(w *platformtest.World, _ *fakenet.Imgur) {
		w.Capture(ref())
		w.Faults(ref(), "api.imgur.com", "i.imgur.com")
	})
}

// TestControl: while the control post is missing too, nothing is believed.
func TestControl(t *testing.T) {
	run(t, func(w *platformtest.World, i *fakenet.Imgur) {
		w.Capture(ref())
		i.Remove(ref().ID)
		i.Remove("A61SaA1")
		w.Never(ref(), 4, 13*time.Hour)
	})
}

// TestWhatCannotBeAsked: an impossible id is asked of nobody, nor is the picture
// of an album.
func TestWhatCannotBeAsked(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		all := imgur.New(w.Client, nil, nil).Endpoints()
		for _, e := range all {
			if a := w.Ask(e, post.Ref{Platform: post.Imgur, ID: "a b"}); a.Err == nil {
				t.Errorf("%s: %+v", e.Name(), a)
			}
		}
		if a := w.Ask(all[2], post.Ref{Platform: post.Imgur, ID: "a/tIdE1"}); a.Err == nil || len(w.Net.Requests()) != 0 {
			t.Errorf("%+v", a)
		}
	})
}
