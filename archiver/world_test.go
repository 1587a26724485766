package archiver_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/page"
	"stet/archiver/twitter"
	"stet/archiver/wayback"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/mem"
)

// world is an engine with everything around it, in a bubble of time.
type world struct {
	t       *testing.T
	net     *fakenet.Net
	x       *fakenet.X
	mem     *mem.Store
	archive *store.Archive
	client  *fetch.Client
	engine  *archiver.Engine
	ctx     context.Context
	// clock is by how many nanoseconds the machine's clock is ahead of the
	// world's.
	clock atomic.Int64
}

// now is what the machine's clock says.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.clock.Load())) }

// begin is when the tests' stories begin.
func begin() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

type settings struct {
	twitter twitter.Options
	x       fakenet.XOptions
	engine  archiver.Options
	fetch   func(*fetch.Options)
	// pages is true where linked pages can be captured.
	pages   bool
	wayback bool
	// latency passes before each answer.
	latency time.Duration
}

// inWorld runs a story. When it ends, the archive must pass its check.
func inWorld(t *testing.T, s settings, story func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin()))
		w := &world{t: t, net: fakenet.New(fakenet.Options{Now: time.Now, Latency: s.latency}), ctx: t.Context()}
		w.x = w.net.X(s.x)
		w.mem = mem.New(mem.Options{Now: w.now})
		w.archive = store.NewArchive(store.Parts{Backend: w.mem, Blobs: w.mem, Now: w.now, Random: &noise{}})
		o := w.net.FetchOptions()
		o.UserAgent, o.Now = "stet-test", w.now
		if s.fetch != nil {
			s.fetch(&o)
		}
		var err error
		if w.client, err = fetch.New(o); err != nil {
			t.Fatal(err)
		}
		eo := s.engine
		eo.Archive, eo.Client, eo.Finder = w.archive, w.client, extract.NewFinder(sites.All())
		eo.Platforms = []archiver.Platform{twitter.New(w.client, s.twitter)}
		if s.pages {
			eo.Pages = page.New(page.Options{Client: w.client, Finder: eo.Finder, Readable: readableText(eo.Finder)})
		}
		if s.wayback {
			w.net.Wayback()
			eo.Recovery = wayback.New(w.client, wayback.Options{Now: time.Now, MaxWait: time.Hour})
		}
		w.engine = archiver.New(eo)
		// Also where the story ends early, everything that runs is ended.
		defer func() {
			if err := errors.Join(w.client.Close(), w.net.Close()); err != nil {
				t.Error(err)
			}
		}()
		story(w)
		w.check()
	})
}

// noise is a source of bytes that repeats from run to run.
type noise struct {
	mu sync.Mutex
	n  int
}

func (n *noise) Read(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := 0; i < len(p); {
		n.n++
		sum := sha256.Sum256(fmt.Append(nil, n.n))
		i += copy(p[i:], sum[:])
	}
	return len(p), nil
}

func (w *world) check() {
	w.t.Helper()
	sum, err := w.mem.Check(context.WithoutCancel(w.ctx), func(p store.Problem) { w.t.Errorf("check: %s %s: %s", p.Thing, p.Name, p.What) })
	if err != nil || sum.Problems > 0 {
		w.t.Errorf("check: %+v, %v", sum, err)
	}
}

// page serves an article.
func (w *world) page(host, path, html string) string {
	w.net.HandleFunc(host, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(rw, html)
	})
	return "https://" + host + path
}

func embed(handle, name, id, text string) string {
	return fmt.Sprintf(`<blockquote class="twitter-tweet"><p lang="en" dir="ltr">%s</p>&mdash; %s (@%s) <a href="https://twitter.com/%s/status/%s?ref_src=twsrc%%5Etfw">March 1, 2026</a></blockquote>
<script async src="https://platform.twitter.com/widgets.js" charset="utf-8"></script>`, text, name, handle, handle, id)
}

func article(body string) string {
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The harbour reopens</title></head><body><article><h1>The harbour reopens</h1>
<p>The old harbour opens its gates to visitors again this spring.</p>` + body + `<p>More on this story follows.</p></article></body></html>`
}

func ada() fakenet.Person { return fakenet.Person{ID: "4400001", Name: "Ada Quay", Handle: "adaquay"} }

// id returns the id of a post that was published some time before the story
// begins.
func id(before time.Duration, n int) string { return fakenet.PostID(begin().Add(-before), n) }

func ref(id string) post.Ref { return post.Ref{Platform: post.Twitter, ID: id} }

func (w *world) capture(url string) archiver.Result {
	w.t.Helper()
	return w.engine.CapturePage(w.ctx, url, archiver.CaptureOptions{})
}

func (w *world) capturePost(id string) archiver.ResultPost {
	w.t.Helper()
	r, err := w.engine.CapturePosts(w.ctx, []post.Ref{ref(id)}, []string{""}, archiver.CaptureOptions{})
	if err != nil {
		w.t.Fatalf("capturing %s: %v", id, err)
	}
	return r[0]
}

func (w *world) recheck(id string) archiver.RecheckResult {
	w.t.Helper()
	return w.engine.Recheck(w.ctx, []post.Ref{ref(id)}, "person")[0]
}

func (w *world) history(id string) *store.History {
	w.t.Helper()
	h, err := w.archive.History(w.ctx, ref(id))
	if err != nil {
		w.t.Fatalf("history of %s: %v", id, err)
	}
	return h
}

func (w *world) jobs(kind string) []store.Job {
	w.t.Helper()
	all, err := w.mem.ListJobs(w.ctx, store.JobFilter{Kinds: []string{kind}})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) blob(digest string) []byte {
	w.t.Helper()
	d, err := store.ParseDigest(digest)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := w.archive.OpenBlob(w.ctx, d)
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes()
}

func (w *world) state(id string) archiver.State {
	w.t.Helper()
	return w.engine.State(w.history(id))
}

// exchanges returns the bodies of all exchanges that hold words of a post.
func (w *world) exchanges(id string) []*store.Exchange {
	w.t.Helper()
	records, err := w.archive.ListAll(w.ctx, store.RefTerm(ref(id)), 1000, store.KindExchange)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []*store.Exchange
	for i := range records {
		e, err := store.Decode[store.Exchange](&records[i])
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func contains(list []string, part string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, part) })
}
