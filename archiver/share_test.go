package archiver_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/store"
)

// TestArticlesShareAPost: many stories embed the post of the day, and are read
// at once.
func TestArticlesShareAPost(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
		const stories = 8
		for n := range stories {
			w.schedule(w.page(fmt.Sprintf("news%d.example", n), "/a", article(embed("adaquay", "Ada Quay", p, "Hello"))))
		}
		report := func(j store.Job, err error) { t.Errorf("%s %s: %v", j.Kind, j.Key, err) }
		if err := w.engine.Run(w.ctx, archiver.RunOptions{Once: true, Workers: stories, Report: report}); err != nil {
			t.Fatal(err)
		}
		if h := w.history(p); len(h.Captures) != 1 {
			t.Errorf("%d captures, want 1", len(h.Captures))
		}
		if left := w.jobs(archiver.JobCapture); len(left) != 0 {
			t.Errorf("jobs are left: %+v", left)
		}
	})
}

// TestCapturesOfTheSame: two people capture the same story at once through one
// process. Each gets a capture.
func TestCapturesOfTheSame(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
		url := w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello")))
		var results [3]archiver.Result
		var group sync.WaitGroup
		for i := range results {
			group.Go(func() { results[i] = w.capture(url) })
		}
		group.Wait()
		for _, res := range results {
			if !res.OK || len(res.Posts) != 1 || res.Posts[0].Err != nil {
				t.Errorf("result %+v", res)
			}
		}
		if h := w.history(p); len(h.Captures) != len(results) {
			t.Errorf("%d captures", len(h.Captures))
		}
		if left := w.jobs(archiver.JobCapture); len(left) != 0 {
			t.Errorf("jobs are left: %+v", left)
		}
	})
}

// TestRunOnceDoesAll: also the articles that waited because their host had its
// share of the workers.
func TestRunOnceDoesAll(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		w.net.HandleFunc("news.example", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			if _, err := rw.Write([]byte(article(""))); err != nil {
				t.Error(err)
			}
		})
		for n := range 4 {
			w.schedule(fmt.Sprintf("https://news.example/%d", n))
		}
		// While it is looked whether there is room, what is under way ends.
		room := func() bool { time.Sleep(time.Minute); return true }
		if err := w.engine.Run(w.ctx, archiver.RunOptions{Once: true, Workers: 2, Room: room}); err != nil {
			t.Fatal(err)
		}
		for _, j := range w.jobs(archiver.JobArticle) {
			if !j.RunAt.After(time.Now()) {
				t.Errorf("%s is left", j.Key)
			}
		}
	})
}

// TestPageThatMoved: an address whose page does nothing but lead on.
func TestPageThatMoved(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
		pages := map[string]string{
			"/old":   `<!doctype html><meta http-equiv="refresh" content="0; url=/new"><p>This page has moved.</p>`,
			"/new":   article(embed("adaquay", "Ada Quay", p, "Hello")),
			"/stays": `<!doctype html><meta http-equiv="refresh" content="600; url=/new"><title>Stays</title><p>A short story.</p>`,
			"/nojs":  `<!doctype html><title>Script</title><noscript><meta http-equiv="refresh" content="0; url=/new"></noscript><p>A short story.</p>`,
			"/self":  `<!doctype html><meta http-equiv="refresh" content="5; url=/self"><title>Self</title><p>Live.</p>`,
			"/a":     `<!doctype html><meta http-equiv="refresh" content="0; url=/b">`,
			"/b":     `<!doctype html><meta http-equiv="refresh" content="0; url=/a">`,
		}
		w.net.HandleFunc("news.example", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			if _, err := rw.Write([]byte(pages[r.URL.Path])); err != nil {
				t.Error(err)
			}
		})
		for path, want := range map[string]struct {
			posts int
			title string
		}{"/old": {1, "The harbour reopens"}, "/stays": {0, "Stays"}, "/nojs": {0, "Script"}, "/self": {0, "Self"}} {
			res := w.capture("https://news.example" + path)
			if !res.OK || len(res.Posts) != want.posts || res.Article == nil || res.Article.Title != want.title {
				t.Errorf("%s: %+v", path, res)
			}
		}
		if res := w.capture("https://news.example/a"); res.OK || !strings.Contains(res.Error, "redirects once more") {
			t.Errorf("in a circle: %+v", res)
		}
		if found, err := w.engine.Extract(w.ctx, "https://news.example/old"); err != nil || len(found.Embeds) != 1 {
			t.Errorf("extract: %+v, %v", found, err)
		}
	})
}
