package twitch_test

import (
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/platformtest"
	"stet/archiver/twitch"
	"stet/extract/post"
)

func video() fakenet.TwitchPost {
	return fakenet.TwitchPost{ID: "2101234567", Title: "Fog watch", Description: "From the pier", Channel: "PortFilms"}
}

func clip() fakenet.TwitchPost {
	return fakenet.TwitchPost{ID: "FoggyPierSeagull-x_1", Title: "gull steals the mic", Channel: "PortFilms"}
}

func ref(p fakenet.TwitchPost) post.Ref { return post.Ref{Platform: post.Twitch, ID: p.ID} }

func run(t *testing.T, story func(w *platformtest.World, n *fakenet.Twitch)) {
	t.Helper()
	platformtest.Run(t, func(w *platformtest.World) {
		n := w.Net.Twitch()
		n.Set(video())
		n.Set(clip())
		w.Start(twitch.New(w.Client, nil, nil))
		story(w, n)
	})
}

// TestLoss: what only one source can miss is suspected and never confirmed, and a
// return is noticed.
func TestLoss(t *testing.T) {
	for _, p := range []fakenet.TwitchPost{video(), clip()} {
		run(t, func(w *platformtest.World, n *fakenet.Twitch) {
			got := w.Capture(ref(p))
			if got.Source != post.SourcePublic || got.Author.Handle != "portfilms" || len(got.Media) != 1 || got.Media[0].Digest == "" {
				t.Errorf("captured %+v", got)
			}
			n.Remove(p.ID)
			for range 5 {
				w.Expect(ref(p), post.NotFound, false)
				time.Sleep(25 * time.Hour)
			}
			n.Set(p)
			w.Expect(ref(p), post.Live, false)
		})
	}
}

// TestRefused: null with an error, as programs are given it, misses nothing; the
// page's preview is what can be captured then, and its words are not the post's.
func TestRefused(t *testing.T) {
	run(t, func(w *platformtest.World, n *fakenet.Twitch) {
		w.Capture(ref(video()))
		n.Refuse(true)
		w.Never(ref(video()), 4, 13*time.Hour)
		p := w.Capture(ref(clip()))
		shown := w.History(ref(clip())).Derivations[0].Content.Post
		if p.Source != post.SourceEmbed || shown.Text != "" || shown.Card == nil || shown.Card.Title != "PortFilms - gull steals the mic" {
			t.Errorf("captured %+v, %+v", p, shown)
		}
		n.Remove(clip().ID)
		w.Never(ref(clip()), 4, 13*time.Hour)
	})
}

// TestPoorer: what the page shows never hides what the data showed before.
func TestPoorer(t *testing.T) {
	run(t, func(w *platformtest.World, n *fakenet.Twitch) {
		w.Capture(ref(clip()))
		n.Refuse(true)
		w.Capture(ref(clip()))
		found := false
		for _, d := range w.History(ref(clip())).Derivations {
			found = found || d.Content.Post.Text == clip().Title
		}
		if !found {
			t.Error("the words that were captured first are gone")
		}
	})
}

// TestProcessing: the picture that stands for one that is not ready is no file.
func TestProcessing(t *testing.T) {
	run(t, func(w *platformtest.World, n *fakenet.Twitch) {
		p := video()
		p.Processing = true
		n.Set(p)
		if got := w.Capture(ref(p)); len(got.Media) != 0 {
			t.Errorf("captured %+v", got.Media)
		}
	})
}

func TestFaults(t *testing.T) {
	run(t, func(w *platformtest.World, _ *fakenet.Twitch) {
		w.Capture(ref(video()))
		w.Faults(ref(video()), "gql.twitch.tv", "www.twitch.tv", "clips.twitch.tv")
	})
}

// TestControl: while the control post is missing too, nothing is believed.
func TestControl(t *testing.T) {
	run(t, func(w *platformtest.World, n *fakenet.Twitch) {
		w.Capture(ref(video()))
		n.Remove(video().ID)
		n.Remove("AwkwardHelplessSalamanderSwiftRage")
		w.Never(ref(video()), 4, 13*time.Hour)
	})
}

func TestImpossible(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		for _, e := range twitch.New(w.Client, nil, nil).Endpoints() {
			if a := w.Ask(e, post.Ref{Platform: post.Twitch, ID: `x"){`}); a.Err == nil || len(w.Net.Requests()) != 0 {
				t.Errorf("%s: %+v", e.Name(), a)
			}
		}
	})
}
