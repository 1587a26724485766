package source_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/source"
	"stet/store"
)

func theFeed() source.Source {
	return source.Source{Name: "Quay", URL: "https://news.example/feed.xml", Kind: source.Feed}
}

// TestFeed reads a feed for some days.
func TestFeed(t *testing.T) {
	inWorld(t, func(w *world) {
		old := entry{"/old", ago(400 * day), time.Time{}}
		one, two := entry{"/one", ago(2 * time.Hour), time.Time{}}, entry{"/two", ago(time.Hour), time.Time{}}
		w.serve("/feed.xml", "application/rss+xml", rss(old, two, one))
		r := w.must(theFeed())
		w.wantItems(r, "/two", "/one", "/old")
		if r.Format != source.FormatRSS || r.Title != "The Daily Quay" || r.NotModified || len(r.Exchanges) != 2 || r.Items[0].ID != "id /two" || r.Items[0].Title != "Story /two" {
			t.Errorf("%+v", r)
		}
		if ex := r.Exchanges[1]; ex.Purpose != source.PurposeSource || r.Exchanges[0].Purpose != source.PurposeRobots || ex.Status != 200 {
			t.Errorf("purposes %s, %s", r.Exchanges[0].Purpose, ex.Purpose)
		}

		time.Sleep(15 * time.Minute)
		r = w.must(theFeed())
		if !r.NotModified || len(r.Items) > 0 || len(r.Exchanges) != 1 || r.Exchanges[0].Status != http.StatusNotModified {
			t.Errorf("%+v", r)
		}

		two.modified = time.Now()
		time.Sleep(15 * time.Minute)
		three := entry{"/three", time.Now(), time.Time{}}
		w.serve("/feed.xml", "application/rss+xml", rss(three, old, two, one))
		r = w.must(theFeed())
		w.wantItems(r, "/three", "/two")
		if r.Items[0].Again || !r.Items[1].Again {
			t.Errorf("%+v", r.Items)
		}
		if st := r.State; !st.LastNew.Equal(time.Now()) || st.Rhythm.Gaps != 4 || st.Failures != 0 {
			t.Errorf("%+v", st)
		}

		// Without validators the body tells that nothing has changed.
		body := rss(one)
		w.site.File("/feed.xml", "text/xml", []byte(body))
		w.must(theFeed())
		if r = w.must(theFeed()); !r.NotModified {
			t.Error("not seen as unchanged")
		}
		if n := w.net.Count("news.example", "/robots.txt"); n != 1 {
			t.Errorf("robots.txt was asked for %d times", n)
		}
	})
}

// TestFeedTwice is a feed that names an article twice, and one under two
// addresses.
func TestFeedTwice(t *testing.T) {
	inWorld(t, func(w *world) {
		a := entry{"/one?utm_source=rss", ago(time.Hour), time.Time{}}
		b := entry{"/one", ago(2 * time.Hour), time.Time{}}
		doc := strings.Replace(rss(a, b, entry{path: "/two"}, entry{path: "/moved"}), "id /moved", "id /two", 1)
		w.serve("/feed.xml", "text/xml", doc)
		w.wantItems(w.must(theFeed()), "/one?utm_source=rss", "/two")
	})
}

// TestFeedStamped is a feed whose program dates every entry now.
func TestFeedStamped(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 3 {
			var entries []entry
			for j := range 10 + i {
				entries = append(entries, entry{fmt.Sprintf("/story-%d", j), time.Now(), time.Now()})
			}
			w.serve("/feed.xml", "text/xml", rss(entries...))
			r := w.must(theFeed())
			if want := map[int]int{0: 10}[i]; i > 0 && len(r.Items) != 1 || i == 0 && len(r.Items) != want {
				t.Errorf("pass %d: %d items", i, len(r.Items))
			}
			time.Sleep(time.Hour)
		}
	})
}

// TestFeedLimit reads a feed with more entries than a pass hands out.
func TestFeedLimit(t *testing.T) {
	inWorld(t, func(w *world) {
		var entries []entry
		for i := range 25 {
			entries = append(entries, entry{fmt.Sprintf("/%d", i), ago(time.Duration(i) * time.Hour), time.Time{}})
		}
		w.serve("/feed.xml", "text/xml", rss(entries...))
		w.limit(source.Limits{Items: 10})
		for i, want := range []int{10, 10, 5, 0} {
			r := w.must(theFeed())
			if len(r.Items) != want || r.More != (i < 2) || r.NotModified != (i == 3) {
				t.Errorf("pass %d: %d items, more %v, unchanged %v", i, len(r.Items), r.More, r.NotModified)
			}
			if next := source.Every(time.Hour).Next(time.Now(), w.state, 0.5); i < 2 && time.Until(next) != source.MoreDelay {
				t.Errorf("goes on at %v", next)
			}
		}
	})
}

// TestWrongAnswers are answers that are no feed, though some look well.
func TestWrongAnswers(t *testing.T) {
	for _, c := range []struct {
		name, mediaType, body string
		words                 string
	}{
		{"log-in page", "text/html", `<!doctype html><title>Sign in</title><form><input type="password"></form>`, `a page that asks to log in titled "Sign in" where a feed was expected`},
		{"captcha", "text/html", `<html><title>Just a moment</title><p>Please complete the CAPTCHA</p></html>`, "proof of a human"},
		{"error page", "text/xml", `<html><head><title>Error establishing a database connection</title></head></html>`, `titled "Error establishing a database connection"`},
		{"nothing", "text/xml", " \n", "answered with nothing"},
		{"JSON", "application/json", `{"error":"unauthorized","items":[]}`, "JSON that is no feed"},
		{"other JSON", "application/json", `[1]`, "JSON that is no feed"},
		{"other markup", "text/xml", `<Error><Code>AccessDenied</Code></Error>`, `markup of another kind, beginning with "<Error>`},
		{"text", "text/plain", "Service temporarily unavailable", `a text, beginning with "Service temporarily`},
		{"picture", "image/png", "\x89PNG\r\n\x1a\n\x00\x00", "something else (image/png)"},
		{"OPML", "text/xml", `<opml version="1.0"><body/></opml>`, "import it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.site.File("/feed.xml", c.mediaType, []byte(c.body))
				w.fails(theFeed(), store.ErrUnexpected, "https://news.example/feed.xml", c.words)
				// The same in place of a feed that was good, of any kind.
				good := rss(entry{path: "/one"})
				auto := theFeed()
				auto.Kind = source.Auto
				w.state = source.State{}
				w.serve("/feed.xml", "text/xml", good)
				w.must(auto)
				w.site.File("/feed.xml", c.mediaType, []byte(c.body))
				r := w.fails(auto, store.ErrUnexpected)
				if r.State.Failures != 1 || r.State.ErrorClass != "unexpected" || r.State.Format != source.FormatRSS {
					t.Errorf("%+v", r.State)
				}
				// And when it is good again, nothing comes twice.
				w.serve("/feed.xml", "text/xml", good)
				if r := w.must(auto); !r.NotModified || r.State.Failures != 0 {
					t.Errorf("%+v", r)
				}
			})
		})
	}
}

func TestStatuses(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("/feed.xml", "text/xml", rss(entry{path: "/one"}))
		w.must(theFeed())
		for _, c := range []struct {
			fault fakenet.Fault
			class error
			words string
		}{
			{fakenet.Status(404), store.ErrUnexpected, "answered 404 Not Found: there is no such document"},
			{fakenet.Status(403), store.ErrUnexpected, "answered 403 Forbidden: it is not shown to us"},
			{fakenet.Status(500), store.ErrUnexpected, "answered 500"},
			{fakenet.Status(206), store.ErrUnexpected, "answered 206"},
			{fakenet.Reset(), store.ErrNetwork, ""},
			{fakenet.NoDNS(), store.ErrNetwork, ""},
			{fakenet.GzipBomb(1 << 30), store.ErrTooLarge, ""},
			{fakenet.RedirectLoop(), store.ErrUnexpected, "circle"},
			{fakenet.TooManyRequests(2 * time.Hour), store.ErrRateLimited, ""},
		} {
			before := w.state.Failures
			remove := w.net.Fault("news.example", "/feed.xml", c.fault)
			r := w.fails(theFeed(), c.class, c.words)
			remove()
			if r.State.Failures != before+1 || r.State.FailingSince.IsZero() || len(r.Exchanges) == 0 {
				t.Errorf("%v: %+v", c.words, r.State)
			}
		}
		if next := source.Every(time.Minute).Next(time.Now(), w.state, 0.5); time.Until(next) < 2*time.Hour {
			t.Errorf("asked again in %v, though the host said in two hours", time.Until(next))
		}
		if failing, why := source.Failing(time.Now().Add(5*time.Hour), w.state); !failing {
			t.Errorf("not failing: %q", why)
		}
		time.Sleep(3 * time.Hour)
		if r := w.must(theFeed()); !r.NotModified || r.State.Failures != 0 || r.State.Outage < 3*time.Hour {
			t.Errorf("%+v", r.State)
		}
	})
}

// TestEnded is a pass that is ended from outside: that says nothing.
func TestEnded(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("/feed.xml", "text/xml", rss(entry{path: "/one"}))
		w.must(theFeed())
		before := w.state
		w.net.Fault("news.example", "/feed.xml", fakenet.Hang())
		ctx, cancel := context.WithCancel(w.ctx)
		time.AfterFunc(time.Second, cancel)
		r, err := w.reader.Read(ctx, theFeed(), w.state, source.Options{Known: w.has})
		if !errors.Is(err, context.Canceled) || r.State.Failures != 0 || !r.State.LastAttempt.Equal(before.LastAttempt) {
			t.Errorf("%v, %+v", err, r.State)
		}
	})
}

// TestKnownFails is a look-up that goes wrong: nothing may be taken as read.
func TestKnownFails(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("/feed.xml", "text/xml", rss(entry{path: "/one"}, entry{path: "/two"}))
		broken := fmt.Errorf("%w: page 7", store.ErrCorrupt)
		n := 0
		_, err := w.pass(theFeed(), source.Options{Known: func(context.Context, source.Item) (time.Time, bool, error) {
			if n++; n == 2 {
				return time.Time{}, false, broken
			}
			return time.Time{}, false, nil
		}})
		if !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("error %v", err)
		}
		w.wantItems(w.must(theFeed()), "/one", "/two")
	})
}

func TestMoved(t *testing.T) {
	inWorld(t, func(w *world) {
		doc := rss(entry{path: "/one"})
		w.serve("/new.xml", "text/xml", doc)
		w.site.Redirect("/feed.xml", "https://news.example/new.xml")
		r := w.must(theFeed())
		if r.MovedTo != "https://news.example/new.xml" || len(r.Warnings) != 1 || len(r.Items) != 1 {
			t.Errorf("%+v", r)
		}
		w.asked()
		r = w.must(theFeed())
		w.wantAsked("/new.xml")
		if !r.NotModified || r.MovedTo != "" {
			t.Errorf("%+v", r)
		}
		// Where it is not there any more, the configured address is tried.
		w.site.Remove("/new.xml")
		w.serve("/feed.xml", "text/xml", doc)
		w.fails(theFeed(), store.ErrUnexpected, "404")
		w.asked()
		w.must(theFeed())
		w.wantAsked("/feed.xml")

		// What moved for the time being is asked where it was.
		w.state = source.State{}
		w.serve("/other.xml", "text/xml", doc)
		w.site.HandleFunc("/feed.xml", func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/other.xml", http.StatusFound) })
		if r := w.must(theFeed()); r.MovedTo != "" || r.State.MovedTo != "" {
			t.Errorf("moved to %q", r.MovedTo)
		}
		// A log-in page is no new home.
		w.state = source.State{}
		w.site.Page("/login", `<title>Log in</title><input type=password>`)
		w.site.Redirect("/feed.xml", "/login")
		if r := w.fails(theFeed(), store.ErrUnexpected, "log in"); r.State.MovedTo != "" {
			t.Errorf("moved to %q", r.State.MovedTo)
		}
	})
}

func TestGone(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("/feed.xml", "text/xml", rss(entry{path: "/one"}))
		w.must(theFeed())
		remove := w.net.Fault("news.example", "/feed.xml", fakenet.Status(410))
		r := w.fails(theFeed(), store.ErrUnexpected, "gone for good")
		if !r.State.GoneSince.Equal(time.Now()) {
			t.Errorf("gone since %v", r.State.GoneSince)
		}
		if next := source.Every(time.Minute).Next(time.Now(), w.state, 0.5); time.Until(next) != 7*day {
			t.Errorf("asked again at %v", next)
		}
		if failing, why := source.Failing(time.Now(), w.state); !failing || !strings.Contains(why, "410") {
			t.Errorf("%v %q", failing, why)
		}
		remove()
		if r := w.must(theFeed()); !r.State.GoneSince.IsZero() {
			t.Error("still gone")
		}
	})
}

// TestPassword reads a source whose address holds a password: it is nowhere in
// what is kept or told.
func TestPassword(t *testing.T) {
	inWorld(t, func(w *world) {
		s := source.Source{URL: "https://desk:hunter2@news.example/feed.xml", Kind: source.Feed}
		w.site.HandleFunc("/feed.xml", func(rw http.ResponseWriter, r *http.Request) {
			if _, pass, _ := r.BasicAuth(); pass != "hunter2" {
				rw.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(rw, strings.ReplaceAll(rss(entry{path: "/one"}), "https://news.example", ""))
		})
		r := w.must(s)
		w.wantItems(r, "/one")
		told := fmt.Sprintf("%+v", r)
		w.net.Fault("news.example", "/feed.xml", fakenet.Status(404))
		r, err := w.pass(s, source.Options{})
		if told += fmt.Sprintf("%+v %v", r, err); strings.Contains(told, "hunter2") {
			t.Error("the password is told")
		}
		if !r.Exchanges[0].Private {
			t.Error("the exchange is not private")
		}
	})
}

// TestFeedBackfill goes back over the pages of a feed, in steps.
func TestFeedBackfill(t *testing.T) {
	inWorld(t, func(w *world) {
		page := func(n int) string {
			doc := rss(entry{fmt.Sprintf("/%d", 2*n), ago(time.Duration(2*n) * day), time.Time{}}, entry{fmt.Sprintf("/%d", 2*n+1), ago(time.Duration(2*n+1) * day), time.Time{}})
			if n < 9 {
				doc = strings.Replace(doc, "<item>", fmt.Sprintf(`<atom:link rel="next" href="/page%d.xml"/><item>`, n+1), 1)
			}
			return doc
		}
		w.serve("/feed.xml", "text/xml", page(0))
		for n := 1; n < 10; n++ {
			w.serve(fmt.Sprintf("/page%d.xml", n), "text/xml", page(n))
		}
		w.wantItems(w.must(theFeed()), "/0", "/1")
		w.limit(source.Limits{Requests: 3})
		w.asked()
		var got []string
		for more, i := true, 0; more; i++ {
			r, err := w.pass(theFeed(), source.Options{Backfill: ago(11 * day).Add(-time.Hour)})
			if err != nil || i > 5 {
				t.Fatal(i, err)
			}
			for _, it := range r.Items {
				got = append(got, strings.TrimPrefix(it.URL, "https://news.example/"))
			}
			more = r.More
			if i == 1 { // a pass over what is new does not disturb it
				if r := w.must(theFeed()); len(r.Items) > 0 {
					t.Errorf("%d new items", len(r.Items))
				}
			}
		}
		if s := strings.Join(got, " "); s != "2 3 4 5 6 7 8 9 10 11" {
			t.Errorf("went back over %s", s)
		}
		if b := w.state.Backfill; b == nil || b.Done.IsZero() || b.Next != "" {
			t.Errorf("%+v", b)
		}
		for _, p := range w.asked() {
			if p > "/page6.xml" {
				t.Errorf("%s was asked for, though what is before it was old", p)
			}
		}
	})
}
