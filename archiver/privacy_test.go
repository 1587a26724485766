package archiver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/extract/post"
	"stet/store"
)

// staging serves an article to those who have the key.
func (w *world) staging(path, html string) string {
	w.net.HandleFunc("staging.news.example", func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Preview") != "swordfish-4711" {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(rw, html)
	})
	return "https://staging.news.example" + path
}

func withAccess(o *fetch.Options) {
	o.Access = []fetch.Access{{Host: "staging.news.example", Header: http.Header{"X-Preview": {"swordfish-4711"}}}}
}

// privateNow returns whether a post is private, and its stories.
func (w *world) privateNow(id string) (private bool, mentions []archiver.EventMention) {
	w.t.Helper()
	h := w.history(id)
	return archiver.IsPrivate(h), archiver.Mentions(h)
}

// TestWhatIsFetchedWithAnAccessIsPrivate: also when it is read again, until a
// person says otherwise; the posts themselves are private as long as nothing
// public mentions them.
func TestWhatIsFetchedWithAnAccessIsPrivate(t *testing.T) {
	inWorld(t, settings{fetch: withAccess}, func(w *world) {
		p := id(time.Hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "The gate is open."})
		url := w.staging("/draft", article(embed("adaquay", "Ada Quay", p, "The gate is open.")))
		res := w.capture(url)
		if res.Err != nil || !res.Article.Private || len(res.Posts) != 1 || res.Posts[0].Err != nil {
			t.Fatalf("%+v", res)
		}
		if private, m := w.privateNow(p); !private || len(m) != 1 || !m[0].Private {
			t.Errorf("private %t, mentions %+v", private, m)
		}
		for _, c := range w.history(p).Captures {
			if !c.Content.Private {
				t.Errorf("capture %+v", c.Content)
			}
		}
		page, err := w.archive.ListAll(w.ctx, store.Term{Index: store.IndexArticle, Value: store.ArticleKey(url)}, 9, store.KindArticle)
		if err != nil || len(page) != 1 {
			t.Fatalf("%d, %v", len(page), err)
		}
		v, err := store.Decode[store.ArticleVersion](&page[0])
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.archive.Get(w.ctx, v.Exchange)
		if err != nil {
			t.Fatal(err)
		}
		x, err := store.Decode[store.Exchange](&r)
		if err != nil || !x.Private || x.Access != "staging.news.example" || strings.Contains(string(x.RequestHead), "swordfish") {
			t.Errorf("%+v %s, %v", x, x.RequestHead, err)
		}
		// A public story that mentions it makes the post public, not the draft.
		w.capture(w.page("news.example", "/story", article(embed("adaquay", "Ada Quay", p, "The gate is open."))))
		if private, m := w.privateNow(p); private || len(m) != 2 || !m[0].Private || m[1].Private {
			t.Errorf("private %t, mentions %+v", private, m)
		}
		// A person says otherwise, and takes it back.
		for _, tt := range []struct {
			privacy archiver.Privacy
			want    bool
		}{{archiver.PrivacyPublic, false}, {archiver.PrivacyPrivate, true}, {archiver.PrivacyDefault, true}} {
			res := w.engine.CapturePage(w.ctx, url, archiver.CaptureOptions{Privacy: tt.privacy})
			if res.Err != nil || res.Article.Private != tt.want {
				t.Errorf("%q: %+v", tt.privacy, res.Article)
			}
			if _, m := w.privateNow(p); m[0].Private != tt.want {
				t.Errorf("%q: %+v", tt.privacy, m)
			}
		}
	})
}

// TestWhatAPersonCallsPrivateStaysSo: an article that anybody can read.
func TestWhatAPersonCallsPrivateStaysSo(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p, other := id(time.Hour, 1), id(time.Hour, 2)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "The gate is open."}, fakenet.Post{ID: other, Author: ada(), Text: "It is shut."})
		url := w.page("news.example", "/story", article(embed("adaquay", "Ada Quay", p, "The gate is open.")))
		if res := w.engine.CapturePage(w.ctx, url, archiver.CaptureOptions{Privacy: archiver.PrivacyPrivate}); !res.Article.Private {
			t.Errorf("%+v", res.Article)
		}
		if res := w.capture(url); !res.Article.Private {
			t.Errorf("captured again: %+v", res.Article)
		}
		if res := w.engine.CapturePage(w.ctx, url, archiver.CaptureOptions{Privacy: archiver.PrivacyPublic}); res.Article.Private {
			t.Errorf("public: %+v", res.Article)
		}
		if res := w.capture(url); res.Article.Private {
			t.Errorf("captured once more: %+v", res.Article)
		}
		// A file with a copy of it is private, and changes nothing.
		res := w.engine.CaptureDocument(w.ctx, archiver.Document{Name: "copy.html", Origin: "file", ContentType: "text/html",
			Body: []byte(strings.Replace(article(embed("adaquay", "Ada Quay", p, "The gate is open.")), "<head>", `<head><link rel="canonical" href="`+url+`">`, 1))}, archiver.CaptureOptions{})
		if res.Err != nil || !res.Article.Private {
			t.Errorf("%+v", res)
		}
		if private, m := w.privateNow(p); private || len(m) != 1 || m[0].Private || m[0].Article != url {
			t.Errorf("private %t, mentions %+v", private, m)
		}
		if res := w.capture(url); res.Article.Private {
			t.Errorf("captured after the copy: %+v", res.Article)
		}
		// A post that is asked for by itself.
		for _, privacy := range []archiver.Privacy{archiver.PrivacyPrivate, archiver.PrivacyDefault} {
			if _, err := w.engine.CapturePosts(w.ctx, []post.Ref{ref(other)}, []string{""}, archiver.CaptureOptions{Privacy: privacy}); err != nil {
				t.Fatal(err)
			}
			if private, _ := w.privateNow(other); private != (privacy == archiver.PrivacyPrivate) {
				t.Errorf("%q: private %t", privacy, private)
			}
		}
	})
}

// TestLinksOfWhatIsPrivate: the pages that a private article links are private,
// and a link that somebody wrote does not get the operator's access; a page that
// was asked for does, also when it is looked at again.
func TestLinksOfWhatIsPrivate(t *testing.T) {
	inWorld(t, settings{pages: true, fetch: withAccess}, func(w *world) {
		inner := w.staging("/draft", linking("https://ferry.example/winter"))
		w.net.Site("ferry.example").Page("/winter", sheet("Winter timetable", "The ferry sails at six."))
		res := w.captureLinks(inner, archiver.LinksArticle)
		if res.Err != nil || len(res.Links) != 2 {
			t.Fatalf("%+v", res)
		}
		for _, address := range []string{"https://ferry.example/winter", inner} {
			for _, c := range w.pageHistory(address).Captures {
				if !c.Content.Private {
					t.Errorf("%s: %+v", address, c.Content)
				}
			}
		}
		asked := func() (with, without int) {
			for _, r := range w.net.Requests() {
				switch {
				case r.Host == "staging.news.example" && r.Header.Get("X-Preview") != "":
					with++
				case r.Host == "staging.news.example":
					without++
				}
			}
			return with, without
		}
		w.net.Forget()
		w.captureLinks(w.page("blog.example", "/a", linking(inner+"?other")), archiver.LinksArticle)
		if with, without := asked(); with != 0 || without == 0 {
			t.Errorf("a link of somebody: %d requests with the access, %d without", with, without)
		}
		w.net.Forget()
		time.Sleep(100 * day)
		w.runOnce()
		// The other address was captured without the access, and is looked at so.
		if with, without := asked(); with == 0 || without != 1 {
			t.Errorf("looked at again: %d requests with the access, %d without", with, without)
		}
	})
}

// decide adds a decision about privacy.
func (w *world) decide(p store.Privacy) {
	w.t.Helper()
	p.Time, p.Reason = w.archive.Now(), "decided"
	b := w.archive.Begin()
	if _, err := b.Add(w.ctx, &p); err != nil {
		w.t.Fatal(err)
	}
	if _, err := b.Commit(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

// TestDecisionsAboutPrivacy: of a post, of an article, of a source, also for what
// was there before; what is captured meanwhile is as it was once the decision is
// taken back.
func TestDecisionsAboutPrivacy(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(time.Hour, 1)
		ref := post.Ref{Platform: post.Twitter, ID: p}
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "The gate is open."})
		url := w.page("news.example", "/story", article(embed("adaquay", "Ada Quay", p, "The gate is open.")))
		capture := func() {
			t.Helper()
			if res := w.engine.CapturePage(w.ctx, url, archiver.CaptureOptions{Source: "front"}); res.Err != nil {
				t.Fatal(res.Err)
			}
		}
		capture()
		for _, tt := range []struct {
			name     string
			decision store.Privacy
			mention  bool
		}{
			{"post", store.Privacy{Ref: ref}, false},
			{"alias", store.Privacy{Ref: post.Ref{Platform: post.Twitter, ID: "1"}, Aliases: []post.Ref{ref}}, false},
			{"article", store.Privacy{URL: "http://www.news.example/story/?utm_source=x"}, true},
			{"source", store.Privacy{Source: "front"}, true},
		} {
			w.decide(tt.decision)
			capture()
			private, m := w.privateNow(p)
			if !private || len(m) != 1 || m[0].Private != tt.mention {
				t.Errorf("%s: private %t, mentions %+v", tt.name, private, m)
			}
			for _, c := range w.history(p).Captures {
				if !c.Content.Private || !c.Content.Decided {
					t.Errorf("%s: capture %+v", tt.name, c.Content)
				}
			}
			events, err := w.engine.EventsOf(w.ctx, w.first(store.KindDerivation))
			if err != nil || len(events) != 1 || !events[0].Post.Private {
				t.Errorf("%s: events %+v, %v", tt.name, events, err)
			}
			tt.decision.Lifted = true
			w.decide(tt.decision)
			if private, m := w.privateNow(p); private || m[0].Private {
				t.Errorf("%s: taken back, private %t, mentions %+v", tt.name, private, m)
			}
			for _, c := range w.history(p).Captures {
				if c.Content.Private {
					t.Errorf("%s: taken back, capture %+v", tt.name, c.Content)
				}
			}
		}
		// One decision stands while the other is taken back.
		w.decide(store.Privacy{Source: "front"})
		w.decide(store.Privacy{Ref: ref})
		w.decide(store.Privacy{Ref: ref, Lifted: true})
		if private, _ := w.privateNow(p); !private {
			t.Error("the source is private")
		}
		w.decide(store.Privacy{Source: "front", Lifted: true})
		capture()
		if private, _ := w.privateNow(p); private {
			t.Error("nothing stands any more")
		}
	})
}

// first returns the oldest record of a kind, as the journal has it.
func (w *world) first(kind store.Kind) *store.Record {
	w.t.Helper()
	records, err := w.archive.Backend().Read(w.ctx, 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range records {
		if records[i].Kind == kind {
			return &records[i]
		}
	}
	w.t.Fatalf("there is no %s", kind)
	return nil
}
