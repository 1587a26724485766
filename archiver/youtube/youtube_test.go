package youtube_test

import (
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/oembed"
	"stet/archiver/platformtest"
	"stet/archiver/youtube"
	"stet/extract/post"
)

func video() fakenet.Video {
	return fakenet.Video{ID: "aB3-_dEfGhI", Title: "The night ferry", Description: "Filmed from the pier.", Channel: "PortFilms", Small: true}
}

func ref() post.Ref { return post.Ref{Platform: post.YouTube, ID: video().ID} }

func run(t *testing.T, story func(w *platformtest.World, y *fakenet.YouTube)) {
	t.Helper()
	platformtest.Run(t, func(w *platformtest.World) {
		y := w.Net.YouTube()
		y.Set(video())
		w.Start(youtube.New(w.Client, oembed.Endpoint(w.Client), nil, nil))
		story(w, y)
	})
}

// TestDeleted: the uploader's removal is stated, missed by oEmbed too, and so
// confirmed at once; the picture that was kept is the best that there is.
func TestDeleted(t *testing.T) {
	run(t, func(w *platformtest.World, y *fakenet.YouTube) {
		p := w.Capture(ref())
		if p.Source != post.SourcePublic || p.Text != "The night ferry\n\nFilmed from the pier." || p.Author.Name != "PortFilms" {
			t.Errorf("captured %+v", p)
		}
		if len(p.Media) != 1 || p.Media[0].Digest == "" || !strings.HasSuffix(p.Media[0].URL, "/sddefault.jpg") {
			t.Errorf("media %+v", p.Media)
		}
		v := video()
		v.Reason = "This video has been removed by the uploader"
		y.Set(v)
		w.Expect(ref(), post.Deleted, true)
		y.Set(video())
		w.Expect(ref(), post.Live, false)
	})
}

// TestNoEmbedding: a video that may not be embedded is there.
func TestNoEmbedding(t *testing.T) {
	run(t, func(w *platformtest.World, y *fakenet.YouTube) {
		w.Capture(ref())
		for _, status := range []int{401, 403} {
			v := video()
			v.OEmbed = status
			y.Set(v)
			w.Never(ref(), 4, 13*time.Hour)
			y.Bots(true)
			w.Never(ref(), 4, 13*time.Hour)
			y.Bots(false)
		}
	})
}

// TestPrivate: a private video is hidden, and says nothing of the channel's
// other videos.
func TestPrivate(t *testing.T) {
	run(t, func(w *platformtest.World, y *fakenet.YouTube) {
		other := video()
		other.ID = "zzzzzzzzzzz"
		y.Set(other)
		w.Capture(ref())
		w.Capture(post.Ref{Platform: post.YouTube, ID: other.ID})
		v := video()
		v.Reason, v.Kind, v.OEmbed = "This video is private", "LOGIN_REQUIRED", 403
		y.Set(v)
		w.Expect(ref(), post.Protected, true)
		if h := w.History(post.Ref{Platform: post.YouTube, ID: other.ID}); len(h.Looks) != 0 {
			t.Errorf("the other video has the looks %+v", h.Looks)
		}
	})
}

// TestUnavailable: "unavailable", without a reason, is suspected until two
// sources missed the video for a day.
func TestUnavailable(t *testing.T) {
	run(t, func(w *platformtest.World, y *fakenet.YouTube) {
		w.Capture(ref())
		v := video()
		v.Reason = "This video isn't available anymore"
		y.Set(v)
		for range 2 {
			w.Expect(ref(), post.NotFound, false)
			time.Sleep(13 * time.Hour)
		}
		w.Expect(ref(), post.NotFound, true)
	})
}

func TestFaults(t *testing.T) {
	run(t, func(w *platformtest.World, _ *fakenet.YouTube) {
		w.Capture(ref())
		w.Faults(ref(), "www.youtube.com")
	})
}

// TestControl: while the first video is not shown, nothing is believed.
func TestControl(t *testing.T) {
	run(t, func(w *platformtest.World, y *fakenet.YouTube) {
		w.Capture(ref())
		for _, id := range []string{ref().ID, "jNQXAC9IVRw"} {
			y.Set(fakenet.Video{ID: id, Title: "x", Reason: "This video has been removed by the uploader"})
		}
		w.Never(ref(), 4, 13*time.Hour)
	})
}

// TestList: a list of videos has no page with a player; oEmbed serves it.
func TestList(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		e := youtube.New(w.Client, oembed.Endpoint(w.Client), nil, nil).Endpoints()[0]
		if a := w.Ask(e, post.Ref{Platform: post.YouTube, ID: "PLabcdefghijklmnop"}); a.Err == nil || len(w.Net.Requests()) != 0 {
			t.Errorf("answer %+v", a)
		}
	})
}
