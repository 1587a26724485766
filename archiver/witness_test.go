package archiver_test

import (
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/extract/post"
)

const timelineHost = "syndication.twitter.com"

// TestAccountShowsThePost: both endpoints miss a post that lives, and its
// account's page shows it.
func TestAccountShowsThePost(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Tides & <times>"})
		if res := w.capturePost(p); res.Err != nil {
			t.Fatal(res.Err)
		}
		if n := w.net.Count(timelineHost, ""); n != 0 {
			t.Errorf("the account was asked %d times for a post that is shown", n)
		}
		w.x.SetStateAt(fakenet.Syndication, p, fakenet.NotFound)
		w.x.SetStateAt(fakenet.OEmbed, p, fakenet.NotFound)
		for range 6 {
			time.Sleep(12 * hour)
			if r := w.recheck(p); r.Status != post.Live || r.Confirmed || r.Err != nil {
				t.Fatalf("%+v", r)
			}
		}
	})
}

// TestAccountShowsOthers: the account lives, and the post is missing from it
// too: that alone proves nothing, and the look says what was seen. One account
// is asked about twice an hour at most.
func TestAccountShowsOthers(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p, q := id(20*hour, 1), id(19*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "One"}, fakenet.Post{ID: q, Author: ada(), Text: "Two"},
			fakenet.Post{ID: id(18*hour, 1), Author: ada(), Text: "Three"})
		for _, ref := range []string{p, q} {
			if res := w.capturePost(ref); res.Err != nil {
				t.Fatal(res.Err)
			}
			w.x.SetState(ref, fakenet.NotFound)
		}
		time.Sleep(hour)
		for _, ref := range []string{p, q} {
			if r := w.recheck(ref); r.Status != post.NotFound || r.Confirmed || r.Err != nil {
				t.Errorf("%+v", r)
			}
		}
		if n := w.net.Count(timelineHost, ""); n != 1 {
			t.Errorf("the account was asked about %d times within the half hour, want 1", n)
		}
		looks := w.history(p).Looks
		last := looks[len(looks)-1].Content
		if last.Endpoint != "timeline" || last.Result != post.Unknown || last.Reason != "the account shows other posts" || last.Exchange.IsZero() {
			t.Errorf("look %+v", last)
		}
		time.Sleep(12 * hour)
		w.recheck(p)
		time.Sleep(12 * hour)
		if r := w.recheck(p); r.Status != post.NotFound || !r.Confirmed {
			t.Errorf("after a day: %+v", r)
		}
	})
}

// TestAccountIsNotAskedInVain: where the platform says why a post is gone, or
// nothing answers at all.
func TestAccountIsNotAskedInVain(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p, q := id(20*hour, 1), id(19*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "One"}, fakenet.Post{ID: q, Author: ada(), Text: "Two"})
		for _, ref := range []string{p, q} {
			if res := w.capturePost(ref); res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		w.x.SetState(p, fakenet.Deleted)
		if r := w.recheck(p); r.Status != post.Deleted || !r.Confirmed {
			t.Errorf("%+v", r)
		}
		for _, host := range []string{"cdn.syndication.twimg.com", "publish.x.com", "publish.twitter.com"} {
			w.net.Fault(host, "", fakenet.Status(503))
		}
		if r := w.recheck(q); r.Status != post.Live {
			t.Errorf("%+v", r)
		}
		if n := w.net.Count(timelineHost, ""); n != 0 {
			t.Errorf("the account was asked about %d times", n)
		}
	})
}

// TestAccountShowsWhatNobodyKept: a post that was never captured, hidden from
// the endpoints, is taken from the account's page that the article names.
func TestAccountShowsWhatNobodyKept(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello from the <quay>", Media: []fakenet.Media{{Kind: "photo", Alt: "A quay"}}})
		w.x.SetStateAt(fakenet.Syndication, p, fakenet.EmptyObject)
		w.x.SetStateAt(fakenet.OEmbed, p, fakenet.NotFound)
		url := w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello from the &lt;quay&gt;")))
		res := w.capture(url)
		if !res.OK || len(res.Posts) != 1 || res.Posts[0].Text != "Hello from the <quay>" || res.Posts[0].Source != post.SourceEmbed || len(res.Posts[0].Media) != 1 || res.Posts[0].Media[0].Alt != "A quay" {
			t.Errorf("%+v", res)
		}
	})
}
