package archiver_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract/post"
	"stet/store"
)

const waybackHost = "web.archive.org"

// archivedStatus is a post as web archives hold it in place of its page.
func archivedStatus(id, handle, text string) []byte {
	return fmt.Appendf(nil, `{"id_str":%q,"full_text":%q,"user":{"id_str":"4400001","name":"Ada Quay","screen_name":%q}}`, id, text, handle)
}

func (w *world) archived(id, handle, text string, ago time.Duration) {
	w.net.Wayback().Store(fakenet.Memento{URL: "https://twitter.com/" + handle + "/status/" + id, Time: begin().Add(-ago), Type: "application/json",
		Body: archivedStatus(id, handle, text)})
}

// TestRecovery: a post that is gone and that nobody kept is taken from the web
// archive, with the archive's date and address; it is evidence neither of life
// nor of death.
func TestRecovery(t *testing.T) {
	inWorld(t, settings{wayback: true}, func(w *world) {
		p := id(400*time.Hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello from the quay"})
		w.x.SetState(p, fakenet.Deleted)
		w.archived(p, "adaquay", "Hello from the quay", 300*time.Hour)
		url := w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello from the quay")))
		res := w.capture(url)
		if !res.OK || len(res.Posts) != 1 || res.Posts[0].Source != post.SourceArchive || res.Posts[0].Text != "Hello from the quay" || !res.Posts[0].Status.Gone() {
			t.Fatalf("%+v", res.Posts)
		}
		h := w.history(p)
		c := h.Captures[0].Content
		want := begin().Add(-300 * time.Hour)
		if len(h.Captures) != 1 || c.Source != post.SourceArchive || !c.Memento.Time.Equal(want) || c.Memento.Archive != waybackHost ||
			c.Memento.URL != "https://web.archive.org/web/"+want.Format("20060102150405")+"/https://twitter.com/adaquay/status/"+p {
			t.Fatalf("%d captures, %+v", len(h.Captures), c)
		}
		x, err := w.archive.Get(w.ctx, c.Exchanges[0])
		if err != nil {
			t.Fatal(err)
		}
		if e, err := store.Decode[store.Exchange](&x); err != nil || string(e.Body.Inline) != string(archivedStatus(p, "adaquay", "Hello from the quay")) {
			t.Errorf("the first exchange does not hold the post: %+v, %v", e, err)
		}
		if s := w.state(p); s.Value != post.Deleted || !s.LastLive.IsZero() || len(s.Looks) != 2 {
			t.Errorf("a memento counts: %+v", s)
		}
		// What is kept is not asked for again, and the living are not.
		w.net.Forget()
		q := id(30*time.Hour, 2)
		w.x.Add(fakenet.Post{ID: q, Author: ada(), Text: "Still here"})
		w.capturePost(q)
		w.capture(url)
		w.recheck(p)
		if n := w.net.Count(waybackHost, ""); n != 0 {
			t.Errorf("the web archive was asked %d times more", n)
		}
	})
}

// TestRecoveryFails: where the web archive is of no help, the article's
// quotation is kept, and trouble with the archive is no trouble of the post.
func TestRecoveryFails(t *testing.T) {
	for name, fault := range map[string]fakenet.Fault{"nothing": {}, "log-in": fakenet.LoginPage(), "broken": fakenet.Status(502), "slow down": fakenet.TooManyRequests(0)} {
		inWorld(t, settings{wayback: true}, func(w *world) {
			if name != "nothing" {
				w.net.Fault(waybackHost, "", fault)
			}
			p := id(400*time.Hour, 1)
			w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello from the quay"})
			w.x.SetState(p, fakenet.Deleted)
			url := w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello from the quay")))
			res := w.capture(url)
			if len(res.Posts) != 1 || res.Posts[0].Source != post.SourceArticle || !errors.Is(res.Posts[0].Err, store.ErrPartial) {
				t.Fatalf("%s: %+v", name, res.Posts)
			}
			if s := w.state(p); s.Value != post.Deleted || len(s.Looks) != 2 {
				t.Errorf("%s: %+v", name, s)
			}
			waiting := 0
			for _, j := range w.jobs("capture") {
				if j.State == store.JobWaiting {
					waiting++
				}
			}
			if want := name == "slow down"; (waiting == 1) != want {
				t.Errorf("%s: %d captures wait to be tried again", name, waiting)
			}
		})
	}
}

// TestRecoveryIsNotAsked: while X itself cannot be reached, the web archive is
// not told what a newsroom looks for.
func TestRecoveryIsNotAsked(t *testing.T) {
	inWorld(t, settings{wayback: true}, func(w *world) {
		p := id(400*time.Hour, 1)
		for _, host := range []string{"cdn.syndication.twimg.com", "publish.x.com", "publish.twitter.com"} {
			w.net.Fault(host, "", fakenet.RefuseConnections())
		}
		w.archived(p, "adaquay", "Hello", 300*time.Hour)
		if res := w.capturePost(p); res.Err == nil || w.net.Count(waybackHost, "") != 0 {
			t.Errorf("%+v, asked %d times", res, w.net.Count(waybackHost, ""))
		}
	})
}

// TestOlderArticle: where a post is gone and the article shows an empty frame, the
// words are taken from the oldest version of the article that has them, and said to
// be; a private article is told to nobody.
func TestOlderArticle(t *testing.T) {
	inWorld(t, settings{wayback: true}, func(w *world) {
		p, q := id(400*time.Hour, 1), id(410*time.Hour, 2)
		for _, gone := range []string{p, q} {
			w.x.Add(fakenet.Post{ID: gone, Author: ada(), Text: "Hello from the quay"})
			w.x.SetState(gone, fakenet.Deleted)
		}
		blank := func(id string) string {
			return `<blockquote class="twitter-tweet"><a href="https://twitter.com/adaquay/status/` + id + `"></a></blockquote>`
		}
		url := w.page("news.example", "/a", article(blank(p)))
		web := w.net.Wayback()
		for i, body := range []string{article("<p>Soon more.</p>"), article(embed("adaquay", "Ada Quay", p, "Hello from the quay")), article(embed("adaquay", "Ada Quay", p, "Altered words"))} {
			web.Store(fakenet.Memento{URL: url, Time: begin().Add(time.Duration(i-100) * time.Hour), Body: []byte(body)})
		}
		res := w.capture(url)
		if len(res.Posts) != 1 || res.Posts[0].Source != post.SourceArticle || res.Posts[0].Text != "Hello from the quay" || res.Posts[0].Author.Handle != "adaquay" {
			t.Fatalf("%+v", res.Posts)
		}
		h := w.history(p)
		c := h.Captures[0].Content
		if len(h.Captures) != 1 || c.Memento.Archive != waybackHost || !c.Memento.Time.Equal(begin().Add(-99*time.Hour)) || c.Memento.Original != url {
			t.Errorf("%d captures, %+v", len(h.Captures), c.Memento)
		}
		x, err := w.archive.Get(w.ctx, c.Exchanges[0])
		if err != nil {
			t.Fatal(err)
		}
		if e, err := store.Decode[store.Exchange](&x); err != nil || !strings.Contains(string(e.Body.Inline), "Hello from the quay") {
			t.Errorf("the first exchange does not hold the words: %v", err)
		}
		if notes := strings.Join(h.Derivations[0].Content.Notes, " "); !strings.Contains(notes, "older version of the article") || !strings.Contains(notes, c.Memento.URL) {
			t.Errorf("it is said of the words: %s", notes)
		}
		if s := w.state(p); s.Value != post.Deleted {
			t.Errorf("%+v", s)
		}
		// A private one is not looked for.
		other := w.page("news.example", "/b", article(blank(q)))
		web.Store(fakenet.Memento{URL: other, Time: begin().Add(-time.Hour), Body: []byte(article(embed("adaquay", "Ada Quay", q, "Hello from the quay")))})
		w.net.Forget()
		private := w.engine.CapturePage(w.ctx, other, archiver.CaptureOptions{Privacy: archiver.PrivacyPrivate})
		if len(private.Posts) != 1 || private.Posts[0].Text != "" {
			t.Errorf("%+v", private.Posts)
		}
		for _, u := range w.net.URLs() {
			if strings.Contains(u, waybackHost) && strings.Contains(u, "news.example") {
				t.Errorf("the web archive learnt of a private article: %s", u)
			}
		}
	})
}
