package source_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/source"
	"stet/archiver/twitter"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/mem"
)

// counter is a source of bytes that does not repeat itself.
type counter struct{ n uint64 }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		c.n = c.n*6364136223846793005 + 1442695040888963407
		p[i] = byte(c.n >> 56)
	}
	return len(p), nil
}

// desk is an engine that reads sources, in a bubble of time.
type desk struct {
	t       *testing.T
	net     *fakenet.Net
	archive *store.Archive
	mem     *mem.Store
	engine  *archiver.Engine
	worker  *source.Worker
	feed    []string // paths of articles
	dated   time.Time
	status  int
}

func atDesk(t *testing.T, story func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
		d := &desk{t: t, net: fakenet.New(fakenet.Options{Now: time.Now}), mem: mem.New(mem.Options{Now: time.Now}), status: http.StatusOK}
		d.archive = store.NewArchive(store.Parts{Backend: d.mem, Blobs: d.mem, Now: time.Now, Random: &counter{}})
		client, err := fetch.New(d.net.FetchOptions())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(client.Close(), d.net.Close()); err != nil {
				t.Error(err)
			}
		}()
		handlers := map[string]archiver.Handler{}
		d.engine = archiver.New(archiver.Options{Archive: d.archive, Client: client, Finder: extract.NewFinder(sites.All()),
			Platforms: []archiver.Platform{twitter.New(client, twitter.Options{})}, Handlers: handlers, Rand: func() float64 { return 0.5 }})
		robots := source.NewRobots(client, source.RobotsOptions{Now: time.Now})
		d.worker = source.NewWorker(d.archive, source.NewReader(client, source.ReaderOptions{Robots: robots, Now: time.Now}), d.engine, robots, func() float64 { return 0.5 })
		handlers[archiver.JobSource] = d.worker.Handle
		d.net.HandleFunc("news.example", d.site)
		d.net.X()
		story(d)
	})
}

// site serves a feed of the articles, each with an embedded post.
func (d *desk) site(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/feed.xml" && d.status != http.StatusOK:
		w.WriteHeader(d.status)
	case r.URL.Path == "/feed.xml":
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprint(w, `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>`)
		for _, a := range d.feed {
			date := ""
			if !d.dated.IsZero() {
				date = "<pubDate>" + d.dated.Format(time.RFC1123Z) + "</pubDate>"
			}
			fmt.Fprintf(w, `<item><title>%s</title><link>https://news.example%s</link>%s</item>`, a, a, date)
		}
		fmt.Fprint(w, `</channel></rss>`)
	case strings.HasPrefix(r.URL.Path, "/story-"):
		id := strings.TrimPrefix(r.URL.Path, "/story-")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>Story</title><article><p>The boats are back.</p><blockquote class="twitter-tweet"><p>Boat %s</p>&mdash; Ada (@ada) <a href="https://twitter.com/ada/status/%s">March 1, 2026</a></blockquote></article>`, id, id)
	default:
		http.NotFound(w, r)
	}
}

// publish adds a story with a post.
func (d *desk) publish(id string) {
	d.net.X().Add(fakenet.Post{ID: id, Author: fakenet.Person{Name: "Ada", Handle: "ada"}, Text: "Boat " + id})
	d.feed = append([]string{"/story-" + id}, d.feed...)
}

func (d *desk) during(length time.Duration) {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	done := make(chan error, 1)
	go func() { done <- d.engine.Run(ctx, archiver.RunOptions{Poll: 10 * time.Second}) }()
	time.Sleep(length)
	cancel()
	if err := <-done; err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) captures(id string) int {
	d.t.Helper()
	h, err := d.archive.History(d.t.Context(), post.Ref{Platform: post.Twitter, ID: id})
	if errors.Is(err, store.ErrNotFound) {
		return 0
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return len(h.Captures)
}

func (d *desk) plan() source.Plan {
	return source.Plan{Source: source.Source{Name: "news", URL: "https://news.example/feed.xml", Kind: source.Feed}, Every: 10 * time.Minute}
}

func TestSourceIsRead(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.publish("1990000000000000001")
		if err := d.worker.Add(t.Context(), d.plan()); err != nil {
			t.Fatal(err)
		}
		d.during(30 * time.Minute)
		if n := d.captures("1990000000000000001"); n != 1 {
			t.Errorf("%d captures of the first post", n)
		}
		d.publish("1990000000000000002")
		d.during(30 * time.Minute)
		for _, id := range []string{"1990000000000000001", "1990000000000000002"} {
			if n := d.captures(id); n != 1 {
				t.Errorf("%d captures of %s", n, id)
			}
		}
		if n := d.net.Count("news.example", "/story-1990000000000000001"); n != 1 {
			t.Errorf("a known story was read %d times", n)
		}
		h, err := d.archive.History(t.Context(), post.Ref{Platform: post.Twitter, ID: "1990000000000000001"})
		if err != nil || len(h.Articles) != 1 || h.Articles[0].Content.Source != "news" {
			t.Errorf("articles %+v, %v", h.Articles, err)
		}
		// Paused, nothing is read; resumed, it goes on.
		if err := d.worker.Pause(t.Context(), "news", true); err != nil {
			t.Fatal(err)
		}
		reads := d.net.Count("news.example", "/feed.xml")
		d.during(2 * time.Hour)
		if n := d.net.Count("news.example", "/feed.xml"); n != reads {
			t.Errorf("a paused source was read %d times", n-reads)
		}
		if err := d.worker.Pause(t.Context(), "news", false); err != nil {
			t.Fatal(err)
		}
		d.during(30 * time.Minute)
		if n := d.net.Count("news.example", "/feed.xml"); n == reads {
			t.Error("a resumed source was not read")
		}
		if err := d.worker.Remove(t.Context(), "news"); err != nil {
			t.Fatal(err)
		}
		if all, err := d.worker.List(t.Context()); len(all) != 0 || err != nil {
			t.Errorf("sources %v, %v", all, err)
		}
	})
}

func TestFailingSourceIsToldOnce(t *testing.T) {
	atDesk(t, func(d *desk) {
		if err := d.worker.Add(t.Context(), d.plan()); err != nil {
			t.Fatal(err)
		}
		d.publish("1990000000000000001")
		d.during(time.Hour)
		d.status = http.StatusInternalServerError
		d.during(24 * time.Hour)
		d.status = http.StatusOK
		d.during(12 * time.Hour)
		records, err := d.archive.ListAll(t.Context(), store.SubjectTerm("source/news"), 100)
		if err != nil || len(records) != 2 {
			t.Fatalf("%d incidents, %v", len(records), err)
		}
		for i, want := range []string{archiver.EventSourceFailing, archiver.EventSourceRecovered} {
			if in, err := store.Decode[store.Incident](&records[i]); err != nil || in.Event != want {
				t.Errorf("incident %d: %+v, %v", i, in, err)
			}
		}
	})
}

func TestSync(t *testing.T) {
	atDesk(t, func(d *desk) {
		ctx := t.Context()
		own := d.plan()
		own.Source.Name = "own"
		if err := d.worker.Add(ctx, own); err != nil {
			t.Fatal(err)
		}
		names := func() string {
			all, err := d.worker.List(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, l := range all {
				out = append(out, l.Plan.Source.Name+"/"+l.Plan.Every.String())
			}
			return strings.Join(out, " ")
		}
		for _, step := range []struct {
			plans []source.Plan
			want  string
		}{
			{[]source.Plan{d.plan()}, "news/10m0s own/10m0s"},
			{[]source.Plan{{Source: d.plan().Source, Every: time.Hour}}, "news/1h0m0s own/10m0s"},
			{nil, "own/10m0s"},
		} {
			if err := d.worker.Sync(ctx, step.plans); err != nil {
				t.Fatal(err)
			}
			if got := names(); got != step.want {
				t.Errorf("sources %q, want %q", got, step.want)
			}
		}
	})
}

// A file of this machine is read again when it has changed; while it is not there
// the source fails, and says so.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "stories of today.txt")
	write := func(lines string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	atDesk(t, func(d *desk) {
		d.publish("1990000000000000001")
		d.publish("1990000000000000002")
		list := source.Plan{Source: source.Source{Name: "by hand", URL: source.FileURL(name), Kind: source.List}, Every: 10 * time.Minute}
		if err := d.worker.Add(t.Context(), list); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("a file that is not in the configuration: %v", err)
		}
		state := func() source.State {
			t.Helper()
			all, err := d.worker.List(t.Context())
			if err != nil || len(all) != 1 {
				t.Fatalf("%d sources: %v", len(all), err)
			}
			return all[0].Plan.State
		}
		posts := func() int {
			t.Helper()
			return d.captures("1990000000000000001") + d.captures("1990000000000000002")
		}
		write("# by hand\nhttps://news.example/story-1990000000000000001 one\n")
		if err := d.worker.Sync(t.Context(), []source.Plan{list}); err != nil {
			t.Fatal(err)
		}
		d.during(20 * time.Minute)
		if n := posts(); n != 1 {
			t.Fatalf("%d posts of the first list", n)
		}
		write("https://news.example/story-1990000000000000001\r\nnews.example/story-1990000000000000002\r\n")
		d.during(20 * time.Minute)
		if n := posts(); n != 2 {
			t.Errorf("%d posts after a line was added", n)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		d.during(20 * time.Minute)
		if st := state(); st.Failures == 0 || !strings.Contains(st.Error, "there is no file "+name) {
			t.Errorf("the file is not there, and the state says %d failures, %q", st.Failures, st.Error)
		}
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
		d.during(3 * time.Hour)
		if st := state(); !strings.Contains(st.Error, "no ordinary file") {
			t.Errorf("a folder stands there, and the state says %q", st.Error)
		}
	})
}

func TestBadSources(t *testing.T) {
	atDesk(t, func(d *desk) {
		for _, p := range []source.Plan{
			{Source: source.Source{URL: "https://news.example/"}},
			{Source: source.Source{Name: "x", URL: "news"}},
			{Source: source.Source{Name: "x", URL: "ftp://news.example/"}},
			{Source: source.Source{Name: "x", URL: "file:///etc/passwd"}},
			{Source: source.Source{Name: "x", URL: "file://elsewhere.example/list"}, Configured: true},
			{Source: source.Source{Name: "x", URL: "file:list"}, Configured: true},
			{Source: source.Source{Name: "x", URL: "file:///list", Kind: source.Page}, Configured: true},
			{Source: source.Source{Name: "x", URL: "https://news.example/", Kind: "rss"}},
			{Source: source.Source{Name: "x", URL: "https://news.example/"}, Cron: "99 * * * *"},
			{Source: source.Source{Name: "x", URL: "https://news.example/"}, Cron: "0 9 * * *", Zone: "Nowhere/Land"},
		} {
			if err := d.worker.Add(t.Context(), p); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("%+v: %v", p, err)
			}
		}
		if err := d.worker.Remove(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("removing what is not there: %v", err)
		}
	})
}
