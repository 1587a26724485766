package archiver_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract"
	"stet/extract/readable"
	"stet/store"
)

// readableText is what the binary uses.
func readableText(f *extract.Finder) func(extract.Input) string {
	return func(in extract.Input) string {
		var all []string
		for _, p := range readable.Read(f, in).Paragraphs {
			all = append(all, p.Text)
		}
		return strings.Join(all, "\n\n")
	}
}

const day = 24 * time.Hour

// sheet is a page of words.
func sheet(title, sentence string) string {
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>` + title + `</title><link rel="canonical" href="https://ferry.example/winter"></head>
<body><article><h1>` + title + `</h1><p>` + strings.Repeat(sentence+" ", 12) + `</p><p>See <a href="https://tide.example/table">the tides</a>.</p></article></body></html>`
}

func linking(addresses ...string) string {
	var b strings.Builder
	for i, a := range addresses {
		fmt.Fprintf(&b, `<p>Paragraph %d says more, and <a href="%s">links it</a>.</p>`, i, a)
	}
	return article(b.String())
}

func (w *world) pageHistory(address string) *store.PageHistory {
	w.t.Helper()
	h, err := w.archive.PageHistory(w.ctx, address)
	if err != nil {
		w.t.Fatalf("history of %s: %v", address, err)
	}
	return h
}

func (w *world) captureLinks(url string, links archiver.Links) archiver.Result {
	w.t.Helper()
	return w.engine.CapturePage(w.ctx, url, archiver.CaptureOptions{Links: links})
}

func (w *world) runOnce() {
	w.t.Helper()
	if err := w.engine.Run(w.ctx, archiver.RunOptions{Once: true}); err != nil {
		w.t.Fatal(err)
	}
}

// TestLinksOfAnArticle: redirects of both kinds, a page, a file, a wall, an
// error and a host that is not there.
func TestLinksOfAnArticle(t *testing.T) {
	inWorld(t, settings{pages: true}, func(w *world) {
		ferry, short := w.net.Site("ferry.example"), w.net.Site("sho.example")
		winter := ferry.Page("/winter", sheet("Winter timetable", "The ferry sails at six."))
		hop := short.Redirect("/a", short.Page("/b", `<html><head><script>window.location.replace("https:\/\/ferry.example\/winter")</script></head><body></body></html>`))
		pdf := ferry.File("/chart.pdf", "application/pdf", []byte("%PDF-1.7 a chart"))
		wall := ferry.Page("/members", `<title>Log in</title><form><input name=user><input type=password></form>`)
		film := ferry.File("/film.mp4", "video/mp4", make([]byte, 200_000))
		url := w.page("news.example", "/a", linking(hop, pdf, wall, "https://ferry.example/gone", "https://nowhere.example/x", film, hop+"#again"))
		res := w.captureLinks(url, archiver.LinksArticle)

		if res.Kind != "page" || len(res.Links) != 7 || res.Links[0].URL != url { // it shows no posts
			t.Fatalf("%s, links %+v", res.Kind, res.Links)
		}
		by := map[string]archiver.ResultLink{}
		for _, l := range res.Links[1:] {
			by[l.URL] = l
		}
		if l := by[hop]; l.Err != nil || l.FinalURL != winter || l.Capture.IsZero() || l.Title != "Winter timetable" {
			t.Errorf("redirected: %+v", l)
		}
		h := w.pageHistory(hop)
		r := h.Readings[0].Content
		if !strings.Contains(r.Text, "The ferry sails at six.") || r.Language != "en" || r.Canonical != winter || !slices.Contains(r.Links, "https://tide.example/table") || r.Digest.IsZero() {
			t.Errorf("reading %+v", r)
		}
		if x := h.Captures[0].Content.Exchanges; len(x) != 3 {
			t.Errorf("the chain has %d exchanges, want 3", len(x))
		}
		if got := w.pageHistory(winter); got.URL != hop {
			t.Errorf("by its final address: %q", got.URL)
		}
		if l := by[pdf]; l.Err != nil || w.pageHistory(pdf).Readings[0].Content.Type != "application/pdf" {
			t.Errorf("file: %+v", l)
		}
		if l := by[wall]; l.Label != store.LabelLogin || l.Capture.IsZero() || !errors.Is(l.Err, store.ErrPartial) {
			t.Errorf("wall: %+v", l)
		}
		for _, address := range []string{"https://ferry.example/gone", "https://nowhere.example/x", film} {
			if l := by[address]; l.Err == nil || !l.Capture.IsZero() {
				t.Errorf("%s: %+v", address, l)
			}
		}
		if got := w.pageHistory("https://ferry.example/gone").Looks; len(got) != 1 || got[0].Content.Result != store.PageGone {
			t.Errorf("a missing page: %+v", got)
		}
		if res.OK || res.Error == "" {
			t.Errorf("result is OK: %q", res.Error)
		}
		// Only a host that is not there is tried again.
		if left := w.jobs(archiver.JobPage); len(left) != 1 || left[0].Host != "nowhere.example" {
			t.Errorf("jobs: %+v", left)
		}
		if looks := w.jobs(archiver.JobPageLook); len(looks) != 4 {
			t.Errorf("%d looks, want those at what was captured", len(looks))
		}
	})
}

// TestLinksAreOff: nothing is fetched that nobody asked for.
func TestLinksAreOff(t *testing.T) {
	inWorld(t, settings{pages: true}, func(w *world) {
		w.net.Site("ferry.example").Page("/winter", sheet("Winter", "The ferry sails."))
		w.capture(w.page("news.example", "/a", linking("https://ferry.example/winter")))
		if n := w.net.Count("ferry.example", "/"); n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestLinksOfPosts: all fetches what stands inside posts, a scan does not
// unless it is told to.
func TestLinksOfPosts(t *testing.T) {
	for _, tt := range []struct {
		name          string
		trigger       string
		policy        archiver.Policy
		article, post int
	}{
		{"a person asks for all", "person", archiver.Policy{Links: archiver.LinksAll}, 1, 1},
		{"a person asks for the article's", "person", archiver.Policy{Links: archiver.LinksArticle}, 1, 0},
		{"a scan", "schedule", archiver.Policy{Links: archiver.LinksAll}, 1, 0},
		{"a scan that is told to", "schedule", archiver.Policy{Links: archiver.LinksAll, ScanPostLinks: true}, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, settings{pages: true, engine: archiver.Options{Policy: tt.policy}}, func(w *world) {
				w.net.Site("ferry.example").Page("/winter", sheet("Winter", "The ferry sails."))
				w.net.Site("tide.example").Page("/table", sheet("Tides", "The tide turns."))
				p := id(20*hour, 1)
				w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "See https://tide.example/table"})
				url := w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "See")+`<p>And <a href="https://ferry.example/winter">the ferry</a>.</p>`))
				if tt.trigger == "person" {
					if res := w.capture(url); !res.OK || len(res.Links) != tt.article+tt.post {
						t.Errorf("links %+v, %s", res.Links, res.Error)
					}
				} else {
					w.schedule(url)
					w.runOnce()
				}
				if n := w.net.Count("ferry.example", "/"); n != tt.article {
					t.Errorf("the article's link was fetched %d times, want %d", n, tt.article)
				}
				if n := w.net.Count("tide.example", "/"); n != tt.post {
					t.Errorf("the post's link was fetched %d times, want %d", n, tt.post)
				}
				if tt.post > 0 && w.pageHistory("https://tide.example/table").Captures[0].Content.Via != ref(p) {
					t.Error("the capture does not name the post")
				}
				if left := w.jobs(archiver.JobPage); len(left) != 0 {
					t.Errorf("jobs are left: %+v", left)
				}
			})
		})
	}
}

// TestSameLinkOfManyArticles: one capture, one job.
func TestSameLinkOfManyArticles(t *testing.T) {
	inWorld(t, settings{pages: true, engine: archiver.Options{Policy: archiver.Policy{Links: archiver.LinksArticle}}}, func(w *world) {
		w.net.Site("ferry.example").Page("/winter", sheet("Winter", "The ferry sails."))
		for n, query := range []string{"", "?utm_source=feed", "?fbclid=7", "#top"} {
			w.schedule(w.page(fmt.Sprintf("news%d.example", n), "/a", linking("https://ferry.example/winter"+query)))
		}
		w.runOnce()
		if n := w.net.Count("ferry.example", "/"); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
		if h := w.pageHistory("https://ferry.example/winter"); len(h.Captures) != 1 {
			t.Errorf("%d captures", len(h.Captures))
		}
	})
}

// TestTooManyLinks: the bound is told.
func TestTooManyLinks(t *testing.T) {
	policy := archiver.Policy{Links: archiver.LinksArticle, MaxLinks: 2}
	inWorld(t, settings{pages: true, engine: archiver.Options{Policy: policy}}, func(w *world) {
		site := w.net.Site("ferry.example")
		var all []string
		for n := range 5 {
			all = append(all, site.Page(fmt.Sprintf("/%d", n), sheet("Pier", "The pier is long.")))
		}
		res := w.capture(w.page("news.example", "/a", linking(all...)))
		if w.net.Count("ferry.example", "/") != 2 || !contains(res.Warnings, "3 of its linked pages were not captured") {
			t.Errorf("%d requests, warnings %q", w.net.Count("ferry.example", "/"), res.Warnings)
		}
	})
}

// TestLinkRevisit: what did not change is a revisit, by its digest or by the
// server's word, and a wall in its place hides nothing.
func TestLinkRevisit(t *testing.T) {
	for _, tagged := range []bool{false, true} {
		t.Run(fmt.Sprint("validators ", tagged), func(t *testing.T) {
			inWorld(t, settings{pages: true}, func(w *world) {
				site := w.net.Site("ferry.example")
				body, wall := sheet("Winter", "The ferry sails."), false
				url := site.HandleFunc("/winter", func(rw http.ResponseWriter, r *http.Request) {
					rw.Header().Set("Content-Type", "text/html; charset=utf-8")
					if wall {
						fmt.Fprint(rw, `<title>Sign in to continue</title><form><input type=password></form>`)
						return
					}
					if tagged {
						rw.Header().Set("ETag", `"v1"`)
						if r.Header.Get("If-None-Match") == `"v1"` {
							rw.WriteHeader(http.StatusNotModified)
							return
						}
					}
					fmt.Fprint(rw, body)
				})
				first := w.capture(url)
				if first.Kind != "page" || !first.OK || first.Article == nil {
					t.Fatalf("first: %+v", first)
				}
				from := w.page("news.example", "/a", linking(url))
				again := w.captureLinks(from, archiver.LinksArticle).Links[1]
				if again.Err != nil || !again.Unchanged || again.FinalURL != url {
					t.Errorf("again: %+v", again)
				}
				h := w.pageHistory(url)
				if len(h.Captures) != 2 || len(h.Readings) != 1 || h.Captures[1].Content.Revisit != h.Captures[0].ID {
					t.Errorf("%d captures, %d readings, revisit of %s", len(h.Captures), len(h.Readings), h.Captures[1].Content.Revisit)
				}
				wall = true
				if l := w.captureLinks(from, archiver.LinksArticle).Links[1]; l.Label != store.LabelLogin {
					t.Errorf("wall: %+v", l)
				}
				h = w.pageHistory(url)
				if best := h.Best().Content; len(h.Readings) != 2 || best.Label != "" || best.Title != "Winter" {
					t.Errorf("shown is %+v", best)
				}
				wall = false
				if l := w.captureLinks(from, archiver.LinksArticle).Links[1]; l.Err != nil || l.Label != "" {
					t.Errorf("after the wall: %+v", l)
				}
			})
		})
	}
}

// TestLinkIntent: what was asked for and not begun is captured later.
func TestLinkIntent(t *testing.T) {
	inWorld(t, settings{pages: true}, func(w *world) {
		site := w.net.Site("ferry.example")
		down := true
		url := site.HandleFunc("/winter", func(rw http.ResponseWriter, r *http.Request) {
			if down {
				rw.WriteHeader(http.StatusInternalServerError)
				return
			}
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(rw, sheet("Winter", "The ferry sails."))
		})
		res := w.captureLinks(w.page("news.example", "/a", linking(url)), archiver.LinksArticle)
		if l := res.Links[1]; !errors.Is(l.Err, store.ErrNetwork) {
			t.Errorf("%+v", l)
		}
		if jobs := w.jobs(archiver.JobPage); len(jobs) != 1 {
			t.Fatalf("jobs: %+v", jobs)
		}
		down = false
		time.Sleep(day)
		w.runOnce()
		if h := w.pageHistory(url); len(h.Captures) != 1 {
			t.Errorf("%d captures", len(h.Captures))
		}
	})
}
