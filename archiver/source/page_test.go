package source_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/source"
	"stet/store"
)

func section(head string, paths ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html><head><title>The Harbour</title>%s</head><body><nav><a href="/world-news-of-every-day">World news of every day</a></nav><main>`, head)
	for _, p := range paths {
		fmt.Fprintf(&b, `<article><h2><a href="%s">A story that is called %s</a></h2></article>`, p, p)
	}
	return b.String() + "</main></body></html>"
}

const alternate = `<link rel="alternate" type="application/rss+xml" href="/feed.xml">`

func thePage(kind source.Kind) source.Source {
	return source.Source{URL: "https://news.example/harbour", Kind: kind}
}

// TestPage follows the links of a page.
func TestPage(t *testing.T) {
	inWorld(t, func(w *world) {
		w.site.Page("/harbour", section(alternate, "/story-of-a-gate-1", "/story-of-a-crane-2"))
		r := w.must(thePage(source.Page))
		w.wantItems(r, "/story-of-a-gate-1", "/story-of-a-crane-2")
		if r.Format != source.FormatPage || r.Title != "The Harbour" {
			t.Errorf("%+v", r)
		}
		if r = w.must(thePage(source.Page)); !r.NotModified {
			t.Error("not seen as unchanged")
		}
		w.site.Page("/harbour", section("", "/story-of-a-boat-3", "/story-of-a-gate-1"))
		w.wantItems(w.must(thePage(source.Page)), "/story-of-a-boat-3")

		w.site.Page("/harbour", `<!doctype html><title>Please log in</title><form><input type="password"></form><a href="/forgot-password-of-yours-12345">Forgot the password?</a>`)
		r = w.fails(thePage(source.Page), store.ErrUnexpected, "no links that look like articles", "asks to log in")
		w.site.Page("/harbour", section(`<meta name="robots" content="noindex, nofollow">`, "/story-of-a-gate-1"))
		w.fails(thePage(source.Page), store.ErrRefused, "asks crawlers not to follow")
		if r.State.Format != source.FormatPage {
			t.Errorf("%+v", r.State)
		}
	})
}

// TestPageInAForm is a page whose system puts everything into one form, and
// calls its columns by misleading names.
func TestPageInAForm(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, page := range []string{
			strings.NewReplacer("<main>", `<form id="aspnetForm">`, "</main>", "</form>").Replace(section("", "/story-of-a-gate-1")),
			strings.NewReplacer("<main>", `<div class="news-sidebar">`, "</main>", "</div>").Replace(section("", "/story-of-a-gate-1")),
		} {
			w.state, w.known = source.State{}, map[string]time.Time{}
			w.site.Page("/harbour", page)
			w.wantItems(w.must(thePage(source.Page)), "/story-of-a-gate-1")
		}
	})
}

// TestPageAdvertises reads the feed that a page names, until it is gone.
func TestPageAdvertises(t *testing.T) {
	for _, kind := range []source.Kind{source.Auto, source.Feed} {
		inWorld(t, func(w *world) {
			w.site.Page("/harbour", section(alternate, "/story-of-a-gate-1"))
			w.serve("/feed.xml", "text/xml", rss(entry{path: "/one"}))
			r := w.must(thePage(kind))
			w.wantItems(r, "/one")
			if r.Format != source.FormatRSS || r.Title != "The Daily Quay" || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "https://news.example/feed.xml") {
				t.Errorf("%+v", r)
			}
			w.asked()
			if r = w.must(thePage(kind)); !r.NotModified {
				t.Error("not seen as unchanged")
			}
			w.wantAsked("/feed.xml")

			// It is asked again where it is, while the server is broken.
			remove := w.net.Fault("news.example", "/feed.xml", fakenet.Reset())
			w.fails(thePage(kind), store.ErrNetwork)
			remove()
			w.asked()
			w.must(thePage(kind))
			w.wantAsked("/feed.xml")

			w.site.Remove("/feed.xml")
			w.serve("/new-feed.xml", "text/xml", rss(entry{path: "/one"}, entry{path: "/two"}))
			w.site.Page("/harbour", section(strings.Replace(alternate, "/feed", "/new-feed", 1), "/story-of-a-gate-1"))
			w.fails(thePage(kind), store.ErrUnexpected, "404")
			w.wantItems(w.must(thePage(kind)), "/two")
		})
	}
	inWorld(t, func(w *world) {
		w.site.Page("/harbour", section("", "/story-of-a-gate-1"))
		w.fails(thePage(source.Feed), store.ErrUnexpected, `a page titled "The Harbour" where a feed was expected`)
		w.fails(thePage(source.List), store.ErrUnexpected, "where a list was expected")
		w.fails(thePage(source.Sitemap), store.ErrUnexpected, "where a sitemap was expected")
		// Where there is no feed, a page is read for its links.
		w.wantItems(w.must(thePage(source.Auto)), "/story-of-a-gate-1")
		w.state = source.State{}
		w.site.Page("/harbour", section(alternate, "/story-of-a-boat-3"))
		r := w.must(thePage(source.Auto))
		w.wantItems(r, "/story-of-a-boat-3")
		if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "cannot be read") {
			t.Errorf("%q", r.Warnings)
		}
	})
}

// TestBareSite reads the sitemaps of a site of which only the address is given.
func TestBareSite(t *testing.T) {
	inWorld(t, func(w *world) {
		s := source.Source{URL: "https://news.example"}
		w.site.Page("/", section("", "/story-of-a-gate-1"))
		w.robotsFile("Sitemap: https://news.example/a.xml\nSitemap: /b.xml\n")
		w.serve("/a.xml", "text/xml", sitemap(entry{path: "/one", modified: ago(time.Hour)}))
		w.serve("/b.xml", "text/xml", index(entry{path: "/c.xml", modified: ago(time.Hour)}))
		w.serve("/c.xml", "text/xml", sitemap(entry{path: "/two", modified: ago(2 * time.Hour)}))
		r := w.must(s)
		w.wantItems(r, "/one", "/two")
		if r.Format != source.FormatRobots || r.Format.Kind() != source.Sitemap {
			t.Errorf("%+v", r)
		}
		w.asked()
		time.Sleep(time.Hour)
		w.serve("/a.xml", "text/xml", sitemap(entry{path: "/three", modified: time.Now()}))
		w.wantItems(w.must(s), "/three")
		if asked := w.asked(); len(asked) > 2 || asked[0] == "/" {
			t.Errorf("asked for %v", asked)
		}
		// Where it lists none any more, the site is looked at again: without
		// both, it is read for the links of its first page.
		w.robotsFile("User-agent: *\nDisallow: /private\n")
		time.Sleep(2 * day)
		w.fails(s, store.ErrUnexpected, "lists no sitemap any more")
		w.wantItems(w.must(s), "/story-of-a-gate-1")
	})
}

func TestDiscover(t *testing.T) {
	inWorld(t, func(w *world) {
		w.site.Page("/", section(alternate+`<link rel=alternate type="application/atom+xml" title="Boats" href="/boats.atom">`, "/story-of-a-gate-1"))
		w.robotsFile("Sitemap: https://news.example/a.xml")
		w.serve("/feed.xml", "text/xml", rss(entry{path: "/one"}))
		d, err := w.reader.Discover(w.ctx, "https://news.example/", source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range d.Sources {
			got = append(got, string(s.Kind)+" "+s.URL)
		}
		want := "feed https://news.example/feed.xml, feed https://news.example/boats.atom, sitemap https://news.example/a.xml, page https://news.example/"
		if strings.Join(got, ", ") != want || d.Format != source.FormatPage || len(d.Exchanges) != 2 {
			t.Errorf("%v, %+v", got, d)
		}
		d, err = w.reader.Discover(w.ctx, "https://news.example/feed.xml", source.Options{})
		if err != nil || len(d.Sources) != 1 || d.Sources[0].Kind != source.Feed || d.Title != "The Daily Quay" {
			t.Errorf("%+v, %v", d, err)
		}
		w.site.File("/x.json", "application/json", []byte(`{"a":1}`))
		for _, bad := range []string{"https://news.example/x.json", "https://news.example/none", "gopher://x"} {
			if _, err := w.reader.Discover(w.ctx, bad, source.Options{}); err == nil || store.ClassOf(err).Name == "internal" {
				t.Errorf("%s: %v", bad, err)
			}
		}
	})
}

// TestList reads lists, over the network and from a file.
func TestList(t *testing.T) {
	inWorld(t, func(w *world) {
		body := "# stories\nhttps://news.example/a\nhttps://news.example/b\n"
		w.serve("/list.txt", "text/plain", body)
		s := source.Source{URL: "https://news.example/list.txt", Kind: source.List}
		w.wantItems(w.must(s), "/a", "/b")
		w.state, w.known = source.State{}, map[string]time.Time{}

		s.URL = "file:///home/desk/list.txt"
		read := func(body string) (source.Reading, error) {
			r, err := w.reader.ReadBody(w.ctx, s, []byte(body), "", w.state, source.Options{Known: w.has})
			w.keep(r)
			return r, err
		}
		r, err := read(body)
		w.wantItems(r, "/a", "/b")
		if err != nil || len(r.Exchanges) > 0 {
			t.Errorf("%v, %d exchanges", err, len(r.Exchanges))
		}
		if r, err = read(body); err != nil || !r.NotModified {
			t.Errorf("%v, %+v", err, r)
		}
		r, err = read(body + "news.example/c\n")
		w.wantItems(r, "/c")
		if err != nil {
			t.Error(err)
		}
		for _, bad := range []string{"", "nothing of the kind", section("", "/story-of-a-gate-1"), index(entry{path: "/x.xml"})} {
			if _, err := read(bad); !errors.Is(err, store.ErrUnexpected) {
				t.Errorf("%.30q: %v", bad, err)
			}
		}
	})
}

// TestEstimate says what sources would bring.
func TestEstimate(t *testing.T) {
	inWorld(t, func(w *world) {
		var kids []entry
		for m := range 40 {
			month := time.Date(2026, 3-time.Month(m), 1, 0, 0, 0, 0, time.UTC)
			path := fmt.Sprintf("/sitemap-%s.xml", month.Format("2006-01"))
			var stories []entry
			for i := range 10 {
				at := month.Add(time.Duration(i) * time.Hour)
				stories = append(stories, entry{path: fmt.Sprintf("/%s/%d", month.Format("2006-01"), i), modified: at})
				w.site.Page(stories[i].path, "<!doctype html><p>"+strings.Repeat("word ", 2000))
			}
			w.serve(path, "text/xml", sitemap(stories...))
			kids = append(kids, entry{path: path, modified: month.Add(9 * time.Hour)})
		}
		w.serve("/sitemap.xml", "text/xml", index(kids...))
		w.robotsFile("User-agent: *\nCrawl-delay: 2")
		e, err := w.reader.Estimate(w.ctx, theSitemap(), source.EstimateOptions{})
		if err != nil || e.Counted != 20 || e.Articles != 20 || e.Partial || e.Sampled != 5 || e.Time != 40*time.Second || e.CrawlDelay != 2*time.Second || e.Requests != 20+4 {
			t.Errorf("%+v, %v", fields(e), err)
		}
		if e.Bytes < 20*20 || e.Bytes > 20*11000 || !e.Newest.Equal(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)) || !e.Oldest.Equal(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", fields(e))
		}
		if s := e.String(); !strings.HasPrefix(s, "20 articles, 24 requests, about ") || !strings.Contains(s, "40 seconds") {
			t.Errorf("%q", s)
		}
		// More than it looks at is reckoned from what it has seen.
		e, err = w.reader.Estimate(w.ctx, theSitemap(), source.EstimateOptions{Backfill: ago(5000 * day), Requests: 12, Samples: -1})
		if err != nil || !e.Partial || e.Counted < 90 || e.Articles < 350 || e.Articles > 450 || e.Bytes != 0 {
			t.Errorf("%+v, %v", fields(e), err)
		}
		// An estimate is not a reading.
		if r := w.must(theSitemap()); len(r.Items) != 20 {
			t.Errorf("%d items", len(r.Items))
		}
		w.net.Fault("news.example", "/sitemap.xml", fakenet.LoginPage())
		if _, err := w.reader.Estimate(w.ctx, theSitemap(), source.EstimateOptions{}); !errors.Is(err, store.ErrUnexpected) {
			t.Error(err)
		}
	})
}

// fields is an estimate that prints as its fields.
type fields source.Estimate
