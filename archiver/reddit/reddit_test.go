package reddit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/platformtest"
	"stet/archiver/reddit"
	"stet/extract/post"
)

func tide() fakenet.RedditPost {
	return fakenet.RedditPost{ID: "1ab2cd", Community: "tides", Author: "ada-h", Title: "Low tide", Text: "Mud everywhere", Image: "pier.png"}
}

func boots() fakenet.RedditPost {
	return fakenet.RedditPost{ID: "kxyz12", Community: "tides", Author: "bo", Text: "Bring boots", Of: "1ab2cd"}
}

func ref(id string) post.Ref { return post.Ref{Platform: post.Reddit, ID: id} }

func run(t *testing.T, story func(w *platformtest.World, r *fakenet.Reddit)) {
	t.Helper()
	platformtest.Run(t, func(w *platformtest.World) {
		r := w.Net.Reddit()
		r.Set(tide())
		r.Set(boots())
		w.Start(reddit.New(w.Client, reddit.Options{}))
		story(w, r)
	})
}

// TestTakenAway: a removed post is answered with 200; who removed it decides the
// word, and the statement of both endpoints confirms it.
func TestTakenAway(t *testing.T) {
	for removed, want := range map[string]post.Status{"deleted": post.Deleted, "moderator": post.Removed, "content_takedown": post.Removed} {
		run(t, func(w *platformtest.World, r *fakenet.Reddit) {
			p := w.Capture(ref("1ab2cd"))
			if p.Text != "Low tide\n\nMud everywhere" || p.Author.Handle != "ada-h" || len(p.Media) != 1 || p.Media[0].Digest == "" {
				t.Errorf("captured %+v", p)
			}
			gone := tide()
			gone.Removed = removed
			r.Set(gone)
			w.Expect(ref("1ab2cd"), want, true)
			if h := w.History(ref("1ab2cd")); len(h.Captures) != 1 || h.Best().Content.Post.Text != p.Text {
				t.Errorf("what is left was captured: %+v", h.Best())
			}
			r.Set(tide())
			w.Expect(ref("1ab2cd"), post.Live, false)
		})
	}
}

// TestComment: a comment is captured with what it answers, and watched.
func TestComment(t *testing.T) {
	run(t, func(w *platformtest.World, r *fakenet.Reddit) {
		c := ref("1ab2cd/kxyz12")
		if p := w.Capture(c); p.Text != "Bring boots" || p.Author.Handle != "bo" {
			t.Errorf("captured %+v", p)
		}
		gone := boots()
		gone.Removed = "moderator"
		r.Set(gone)
		w.Expect(c, post.Removed, true)
		w.Expect(ref("1ab2cd"), post.Live, false)
	})
}

// TestCommunities: a private community hides a post and says nothing of its
// author; a banned one takes it away.
func TestCommunities(t *testing.T) {
	run(t, func(w *platformtest.World, r *fakenet.Reddit) {
		w.Capture(ref("1ab2cd"))
		r.Forbid("tides", "quarantined")
		for range 2 {
			if got := w.Look(ref("1ab2cd")); got.Confirmed {
				t.Errorf("quarantined: %+v", got)
			}
		}
		r.Forbid("tides", "private")
		w.Expect(ref("1ab2cd"), post.Protected, true)
		r.Forbid("tides", "banned")
		w.Expect(ref("1ab2cd"), post.Removed, true)
		r.Forbid("tides", "")
		w.Expect(ref("1ab2cd"), post.Live, false)
	})
}

// TestUnknown: a post that neither endpoint knows is suspected for a day.
func TestUnknown(t *testing.T) {
	run(t, func(w *platformtest.World, r *fakenet.Reddit) {
		w.Capture(ref("1ab2cd"))
		r.Forget("1ab2cd")
		for range 2 {
			w.Expect(ref("1ab2cd"), post.NotFound, false)
			time.Sleep(13 * time.Hour)
		}
		w.Expect(ref("1ab2cd"), post.NotFound, true)
	})
}

// TestBlocked: a network that is refused learns nothing.
func TestBlocked(t *testing.T) {
	run(t, func(w *platformtest.World, r *fakenet.Reddit) {
		w.Capture(ref("1ab2cd"))
		r.Block(true)
		w.Never(ref("1ab2cd"), 4, 13*time.Hour)
	})
}

func TestFaults(t *testing.T) {
	run(t, func(w *platformtest.World, _ *fakenet.Reddit) {
		w.Capture(ref("1ab2cd"))
		w.Faults(ref("1ab2cd"), "www.reddit.com")
	})
}

// TestBatch: one request asks for many; an impossible id among them spoils
// nothing.
func TestBatch(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		w.Net.Reddit().Set(tide())
		w.Net.Forget()
		e := reddit.New(w.Client, reddit.Options{}).Endpoints()[0]
		r := e.Ask(w.T.Context(), []post.Ref{ref("1ab2cd"), ref("not one"), ref("zzzz")}, "look")
		if len(w.Net.Requests()) != 1 || r.Answers[0].Status != post.Live || r.Answers[1].Err == nil || r.Answers[2].Status != post.NotFound {
			t.Errorf("%d requests, answers %+v", len(w.Net.Requests()), r.Answers)
		}
	})
}

// TestApp: with the credentials of an app, posts are asked for under its name,
// also where the public endpoints refuse the network; a token that has run out is
// exchanged anew, and neither it nor the secret is kept.
func TestApp(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		r := w.Net.Reddit()
		r.Set(tide())
		w.Start(reddit.New(w.Client, reddit.Options{ClientID: "ada", ClientSecret: "quay"}))
		r.Block(true)
		if p := w.Capture(ref("1ab2cd")); p.Source != post.SourceAPI || p.Text != "Low tide\n\nMud everywhere" {
			t.Errorf("captured %+v", p)
		}
		r.Expire()
		w.Expect(ref("1ab2cd"), post.Live, false)
		if n := w.Net.Count("www.reddit.com", "/api/v1/access_token"); n != 2 {
			t.Errorf("%d tokens were asked for", n)
		}
		gone := tide()
		gone.Removed = "deleted"
		r.Set(gone)
		w.Expect(ref("1ab2cd"), post.Deleted, false)
		time.Sleep(7 * time.Hour)
		w.Expect(ref("1ab2cd"), post.Deleted, true)
		for _, e := range w.Exchanges(ref("1ab2cd")) {
			if s := fmt.Sprintf("%+v", e); strings.Contains(s, "app-token") || strings.Contains(s, "quay") {
				t.Errorf("an exchange has a secret: %s", e.URL)
			}
		}
	})
}

// TestAppRefused: credentials that are wrong say nothing about a post, and the
// public endpoints are asked.
func TestAppRefused(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		w.Net.Reddit().Set(tide())
		w.Start(reddit.New(w.Client, reddit.Options{ClientID: "ada", ClientSecret: "wrong"}))
		p := w.Capture(ref("1ab2cd"))
		if p.Source != post.SourcePublic || !strings.Contains(strings.Join(p.Notes, " "), "reddit.client_id") {
			t.Errorf("captured %+v", p)
		}
		w.Never(ref("1ab2cd"), 2, 13*time.Hour)
	})
}
