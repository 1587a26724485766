package source_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/source"
	"stet/store"
)

func (w *world) robotsFile(body string) { w.site.File("/robots.txt", "text/plain", []byte(body)) }

// TestRobotsOfSource obeys a robots.txt: for the source, its parts, and the
// items of its host.
func TestRobotsOfSource(t *testing.T) {
	inWorld(t, func(w *world) {
		w.robotsFile("User-agent: *\nDisallow: /closed\nCrawl-delay: 5\nUser-agent: other\nDisallow: /")
		doc := strings.Replace(rss(entry{path: "/open"}, entry{path: "/closed/one"}, entry{path: "/elsewhere"}), "https://news.example/elsewhere", "https://other.example/closed", 1)
		w.serve("/feed.xml", "text/xml", doc)
		r := w.must(theFeed())
		w.wantItems(r, "/open", "https://other.example/closed")
		if r.Closed != 1 || r.CrawlDelay != 5*time.Second || r.State.CrawlDelay != 5*time.Second {
			t.Errorf("%+v", r)
		}
		w.serve("/closed.xml", "text/xml", doc)
		closed := source.Source{URL: "https://news.example/closed.xml"}
		r = w.fails(closed, store.ErrRefused, "robots.txt of news.example closes https://news.example/closed.xml")
		if failing, _ := source.Failing(time.Now(), r.State); !failing {
			t.Error("a source that is closed is not reported at once")
		}
		w.asked()
		// For sites of one's own it can be switched off.
		r, err := w.pass(closed, source.Options{IgnoreRobots: true})
		if err != nil || r.Closed != 0 || w.net.Count("news.example", "/robots.txt") != 0 {
			t.Errorf("%v, %+v", err, r)
		}
		// Parts of an index that are closed are left out.
		w.state = source.State{}
		w.serve("/sitemap.xml", "text/xml", index(entry{path: "/closed/s.xml", modified: ago(time.Hour)}, entry{path: "/s.xml", modified: ago(2 * time.Hour)}))
		w.serve("/s.xml", "text/xml", sitemap(entry{path: "/x", modified: ago(time.Hour)}))
		r = w.must(theSitemap())
		w.wantItems(r, "/x")
		if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "closes") {
			t.Errorf("%q", r.Warnings)
		}
	})
}

// TestRobotsAnswers are the answers that a host can give, and what they mean.
func TestRobotsAnswers(t *testing.T) {
	for _, c := range []struct {
		name      string
		fault     fakenet.Fault
		class     error // nil: allowed
		temporary bool
	}{
		{"404", fakenet.Status(404), nil, false},
		{"403", fakenet.Status(403), nil, false},
		{"410", fakenet.Status(410), nil, false},
		{"500", fakenet.Status(500), store.ErrRefused, true},
		{"503", fakenet.Status(503), store.ErrRefused, true},
		{"429", fakenet.TooManyRequests(time.Hour), store.ErrRateLimited, false},
		{"no name", fakenet.NoDNS(), store.ErrRefused, true},
		{"no connection", fakenet.RefuseConnections(), store.ErrRefused, true},
		{"silence", fakenet.Hang(), store.ErrRefused, true},
		{"redirects without end", fakenet.RedirectLoop(), nil, false},
		{"a page", fakenet.HTML(), nil, false},
		{"a bomb", fakenet.GzipBomb(1 << 30), store.ErrRefused, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.net.Fault("news.example", "/robots.txt", c.fault)
				a, err := w.robots.Check(w.ctx, "https://news.example/x")
				if c.class == nil && err != nil || c.class != nil && !errors.Is(err, c.class) {
					t.Fatalf("error %v, want %v", err, c.class)
				}
				if len(a.Exchanges) == 0 {
					t.Error("no exchange is told")
				}
				var closed *source.RobotsError
				if errors.As(err, &closed) && (closed.Temporary() != c.temporary || !closed.Until.Equal(time.Now().Add(5*time.Minute)) || closed.Cause == nil) {
					t.Errorf("%+v", closed)
				}
			})
		})
	}
}

// TestRobotsTrouble is a host whose robots.txt cannot be had for a long time.
func TestRobotsTrouble(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("/feed.xml", "text/xml", rss(entry{path: "/one"}))
		w.net.Fault("news.example", "/robots.txt", fakenet.Status(502))
		r := w.fails(theFeed(), store.ErrRefused, "could not be had", "502", "next attempt at 2026-03-02T09:05:00Z")
		if !r.State.NotBefore.Equal(time.Now().Add(5*time.Minute)) || len(r.Exchanges) != 1 {
			t.Errorf("%+v", r.State)
		}
		if failing, why := source.Failing(time.Now(), r.State); failing {
			t.Errorf("reported at once: %s", why)
		}
		// Meanwhile nothing is asked.
		w.net.Forget()
		time.Sleep(4 * time.Minute)
		w.fails(theFeed(), store.ErrRefused)
		if n := w.net.Count("news.example", "/"); n != 0 {
			t.Errorf("%d requests", n)
		}
		// The pauses grow, to six hours.
		w.net.Forget()
		for range 24 * 60 {
			time.Sleep(time.Minute)
			if _, err := w.robots.Check(w.ctx, "https://news.example/x"); !errors.Is(err, store.ErrRefused) {
				t.Fatal(err)
			}
		}
		if n := w.net.Count("news.example", "/robots.txt"); n < 6 || n > 12 {
			t.Errorf("asked for %d times in a day", n)
		}
		// After a month of that the host counts as one without.
		time.Sleep(31 * day)
		if _, err := w.robots.Check(w.ctx, "https://news.example/x"); err != nil {
			t.Error(err)
		}
		// When it is back, it holds, and goes on to hold when it is away again.
		w.net.Heal()
		w.robotsFile("User-agent: *\nDisallow: /x")
		time.Sleep(day)
		if _, err := w.robots.Check(w.ctx, "https://news.example/x"); !errors.Is(err, store.ErrRefused) {
			t.Error(err)
		}
		w.net.Fault("news.example", "/robots.txt", fakenet.Reset())
		time.Sleep(2 * day)
		_, err := w.robots.Check(w.ctx, "https://news.example/x")
		var closed *source.RobotsError
		if !errors.As(err, &closed) || closed.Temporary() {
			t.Error(err)
		}
		if _, err := w.robots.Check(w.ctx, "https://news.example/y"); err != nil {
			t.Error(err)
		}
	})
}

// TestRobotsRemembered counts the requests for robots.txt.
func TestRobotsRemembered(t *testing.T) {
	inWorld(t, func(w *world) {
		asked, age := 0, ""
		w.site.HandleFunc("/robots.txt", func(rw http.ResponseWriter, r *http.Request) {
			asked++
			if age != "" {
				rw.Header().Set("Cache-Control", "public, max-age="+age)
			}
			io.WriteString(rw, "User-agent: *\nDisallow: /x\nSitemap: /map.xml")
		})
		check := func() source.RobotsAnswer {
			a, err := w.robots.Check(w.ctx, "https://news.example/y")
			if err != nil {
				t.Error(err)
			}
			return a
		}
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { check() })
		}
		group.Wait()
		time.Sleep(day - time.Minute)
		if a := check(); asked != 1 || len(a.Exchanges) != 0 || len(a.Sitemaps) != 1 || a.Sitemaps[0] != "https://news.example/map.xml" {
			t.Errorf("asked %d times, %+v", asked, a)
		}
		age = "3600"
		time.Sleep(2 * time.Minute)
		if a := check(); asked != 2 || len(a.Exchanges) != 1 {
			t.Errorf("asked %d times", asked)
		}
		age = "0"
		time.Sleep(time.Hour + time.Minute)
		check()
		time.Sleep(9 * time.Minute)
		if check(); asked != 3 {
			t.Errorf("asked %d times, want 3", asked)
		}
		// http and https, and ports, are hosts of their own.
		if _, err := w.robots.Check(w.ctx, "http://news.example/y"); err != nil || asked != 4 {
			t.Errorf("%v, asked %d times", err, asked)
		}
		if _, err := w.robots.Check(w.ctx, "mailto:x"); !errors.Is(err, store.ErrInvalid) {
			t.Error(err)
		}
	})
}

// TestRobotsEnded ends a check from outside, while another waits for its turn.
func TestRobotsEnded(t *testing.T) {
	inWorld(t, func(w *world) {
		w.net.Fault("news.example", "/robots.txt", fakenet.Hang())
		ctx, cancel := context.WithCancel(w.ctx)
		time.AfterFunc(time.Second, cancel)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if _, err := w.robots.Check(ctx, "https://news.example/"); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		w.net.Heal()
		if _, err := w.robots.Check(w.ctx, "https://news.example/"); err != nil {
			t.Errorf("a check that was ended counts: %v", err)
		}
	})
}

// TestManyHosts asks about more hosts than are remembered.
func TestManyHosts(t *testing.T) {
	inWorld(t, func(w *world) {
		w.robots = source.NewRobots(w.client, source.RobotsOptions{Hosts: 20})
		for i := range 25 {
			name := fmt.Sprintf("h%d.example", i)
			w.net.HandleFunc(name, func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, "User-agent: *\nDisallow: /x") })
			time.Sleep(time.Second)
			if _, err := w.robots.Check(w.ctx, "https://"+name+"/x"); !errors.Is(err, store.ErrRefused) {
				t.Fatal(err)
			}
		}
		w.net.Forget()
		for _, i := range []int{24, 10, 0} {
			if _, err := w.robots.Check(w.ctx, fmt.Sprintf("https://h%d.example/x", i)); !errors.Is(err, store.ErrRefused) {
				t.Fatal(err)
			}
		}
		if n := w.net.Count("", "/"); n != 1 {
			t.Errorf("%d requests, want one: for the host that was forgotten", n)
		}
	})
}
