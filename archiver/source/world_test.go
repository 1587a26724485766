package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/source"
	"stet/store"
)

const day = 24 * time.Hour

// world is a reader in a fake internet, in a bubble of time.
type world struct {
	*testing.T
	net    *fakenet.Net
	site   *fakenet.Site
	client *fetch.Client
	robots *source.Robots
	reader *source.Reader
	state  source.State
	// known is when each article was handed out.
	known map[string]time.Time
	ctx   context.Context
}

func begin() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// inWorld tells a story.
func inWorld(t *testing.T, story func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin()))
		w := &world{T: t, net: fakenet.New(fakenet.Options{Now: time.Now}), known: map[string]time.Time{}, ctx: t.Context()}
		w.site = w.net.Site("news.example")
		o := w.net.FetchOptions()
		o.Retries = -1
		var err error
		if w.client, err = fetch.New(o); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(w.client.Close(), w.net.Close()); err != nil {
				t.Error(err)
			}
		}()
		w.robots = source.NewRobots(w.client, source.RobotsOptions{})
		w.limit(source.Limits{})
		story(w)
	})
}

// limit makes a reader with limits.
func (w *world) limit(l source.Limits) {
	w.reader = source.NewReader(w.client, source.ReaderOptions{Robots: w.robots, Limits: l})
}

// has is the KnownFunc of an engine that does at once what it is told.
func (w *world) has(_ context.Context, it source.Item) (time.Time, bool, error) {
	at, ok := w.known[it.Key()]
	return at, ok, nil
}

// pass makes a pass, and keeps what it found and its state, as JSON.
func (w *world) pass(s source.Source, o source.Options) (source.Reading, error) {
	w.Helper()
	if o.Known == nil {
		o.Known = w.has
	}
	r, err := w.reader.Read(w.ctx, s, w.state, o)
	w.keep(r)
	if err != nil && len(r.Items) > 0 {
		w.Errorf("%d items beside an error", len(r.Items))
	}
	if err != nil && store.ClassOf(err).Name == "internal" {
		w.Errorf("error without a class: %v", err)
	}
	for i := 1; i < len(r.Items); i++ {
		a, b := r.Items[i-1].Date(), r.Items[i].Date()
		if !a.IsZero() && a.Before(b) {
			w.Errorf("%s of %v comes before %s of %v", r.Items[i-1].URL, a, r.Items[i].URL, b)
		}
	}
	return r, err
}

func (w *world) keep(r source.Reading) {
	w.Helper()
	for _, it := range r.Items {
		if _, ok := w.known[it.Key()]; ok != it.Again {
			w.Errorf("%s: again is %v", it.URL, it.Again)
		}
		w.known[it.Key()] = time.Now()
	}
	b, err := json.Marshal(r.State)
	if err != nil || len(b) > 48<<10 {
		w.Errorf("the state takes %d bytes: %v", len(b), err)
	}
	w.state = source.State{}
	if err := json.Unmarshal(b, &w.state); err != nil {
		w.Error(err)
	}
}

// must makes a pass that has to go well.
func (w *world) must(s source.Source) source.Reading {
	w.Helper()
	r, err := w.pass(s, source.Options{})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// fails makes a pass that has to fail with words.
func (w *world) fails(s source.Source, class error, words ...string) source.Reading {
	w.Helper()
	r, err := w.pass(s, source.Options{})
	if !errors.Is(err, class) {
		w.Errorf("error %v, want the class %q", err, class)
		return r
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			w.Errorf("error %q, want the words %q", err, word)
		}
	}
	return r
}

// asked returns the paths that were asked for since the last call.
func (w *world) asked() []string {
	var paths []string
	for _, r := range w.net.Requests() {
		if r.Path != "/robots.txt" {
			paths = append(paths, r.Path)
		}
	}
	w.net.Forget()
	return paths
}

func (w *world) wantAsked(want ...string) {
	w.Helper()
	if got := w.asked(); !slices.Equal(got, want) {
		w.Errorf("asked for %v, want %v", got, want)
	}
}

func (w *world) wantItems(r source.Reading, want ...string) {
	w.Helper()
	got := []string{}
	for _, it := range r.Items {
		got = append(got, strings.TrimPrefix(it.URL, "https://news.example"))
	}
	if !slices.Equal(got, want) {
		w.Errorf("items %v, want %v", got, want)
	}
}

// serve answers a path with a document and its validators, which are those of
// the last call.
func (w *world) serve(path, mediaType, body string) string {
	etag := `"` + store.DigestOf([]byte(body)).String() + `"`
	return w.site.HandleFunc(path, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", etag)
		rw.Header().Set("Content-Type", mediaType)
		if r.Header.Get("If-None-Match") == etag {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(rw, body)
	})
}

// entry is an article as feeds and sitemaps name it.
type entry struct {
	path      string
	published time.Time
	modified  time.Time
}

func rss(entries ...entry) string {
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel><title>The Daily Quay</title>`)
	for _, e := range entries {
		fmt.Fprintf(&b, `<item><title>Story %s</title><link>https://news.example%s</link><guid isPermaLink="false">id %s</guid>`, e.path, e.path, e.path)
		if !e.published.IsZero() {
			fmt.Fprintf(&b, "<pubDate>%s</pubDate>", e.published.Format(time.RFC1123Z))
		}
		if !e.modified.IsZero() {
			fmt.Fprintf(&b, "<atom:updated>%s</atom:updated>", e.modified.Format(time.RFC3339))
		}
		b.WriteString("</item>")
	}
	return b.String() + "</channel></rss>"
}

func sitemap(entries ...entry) string { return urls("urlset", "url", entries) }

func index(entries ...entry) string { return urls("sitemapindex", "sitemap", entries) }

func urls(root, name string, entries []entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0"?><%s xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`, root)
	for _, e := range entries {
		fmt.Fprintf(&b, "<%s><loc>https://news.example%s</loc>", name, e.path)
		if !e.modified.IsZero() {
			fmt.Fprintf(&b, "<lastmod>%s</lastmod>", e.modified.UTC().Format(time.RFC3339))
		}
		fmt.Fprintf(&b, "</%s>\n", name)
	}
	fmt.Fprintf(&b, "</%s>", root)
	return b.String()
}

func ago(d time.Duration) time.Time { return begin().Add(-d) }
