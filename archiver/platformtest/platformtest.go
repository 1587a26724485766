// Package platformtest holds what the tests of the packages archiver/<platform>
// share: an engine over an archive in memory and a fake internet, in a bubble of
// time, and the stories that every platform must survive. It is for tests only.
package platformtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/mem"
)

// World is an engine with everything around it, in a bubble of time that begins
// on 2 March 2026.
type World struct {
	T      *testing.T
	Net    *fakenet.Net
	Client *fetch.Client

	mem     *mem.Store
	archive *store.Archive
	engine  *archiver.Engine
}

// Run runs a story. When it ends, the archive must pass its check.
func Run(t *testing.T, story func(w *World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
		w := &World{T: t, Net: fakenet.New(fakenet.Options{Now: time.Now})}
		o := w.Net.FetchOptions()
		o.UserAgent = "stet-test"
		var err error
		if w.Client, err = fetch.New(o); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(w.Client.Close(), w.Net.Close()); err != nil {
				t.Error(err)
			}
		}()
		story(w)
		if w.mem == nil {
			return
		}
		sum, err := w.mem.Check(context.WithoutCancel(t.Context()), func(p store.Problem) { t.Errorf("check: %s %s: %s", p.Thing, p.Name, p.What) })
		if err != nil || sum.Problems > 0 {
			t.Errorf("check: %+v, %v", sum, err)
		}
	})
}

// noise is a source of bytes that repeats from run to run.
type noise struct{ n int }

func (n *noise) Read(p []byte) (int, error) {
	for i := 0; i < len(p); {
		n.n++
		sum := sha256.Sum256(fmt.Append(nil, n.n))
		i += copy(p[i:], sum[:])
	}
	return len(p), nil
}

// Start makes the engine with a platform.
func (w *World) Start(p archiver.Platform) { w.StartWith(archiver.Options{}, p) }

// StartWith makes the engine with platforms and with options of which the rest
// is filled in.
func (w *World) StartWith(o archiver.Options, platforms ...archiver.Platform) {
	w.mem = mem.New(mem.Options{Now: time.Now})
	w.archive = store.NewArchive(store.Parts{Backend: w.mem, Blobs: w.mem, Now: time.Now, Random: &noise{}})
	w.Restart(o, platforms...)
}

// Restart makes the engine anew over the same archive.
func (w *World) Restart(o archiver.Options, platforms ...archiver.Platform) {
	o.Archive, o.Client, o.Finder, o.Platforms = w.archive, w.Client, extract.NewFinder(sites.All()), platforms
	w.engine = archiver.New(o)
}

// Parts returns the archive and the engine that Start made.
func (w *World) Parts() (*store.Archive, *archiver.Engine) { return w.archive, w.engine }

// Ask asks one endpoint for one post.
func (w *World) Ask(e archiver.Endpoint, ref post.Ref) archiver.Answer {
	w.T.Helper()
	r := e.Ask(w.T.Context(), []post.Ref{ref}, "post")
	if len(r.Answers) != 1 || r.Answers[0].Ref != ref {
		w.T.Fatalf("%s: %+v", e.Name(), r)
	}
	return r.Answers[0]
}

// Engine returns the engine.
func (w *World) Engine() *archiver.Engine { return w.engine }

// TryCapture captures a post, which may fail.
func (w *World) TryCapture(ref post.Ref) archiver.ResultPost {
	w.T.Helper()
	r, err := w.engine.CapturePosts(w.T.Context(), []post.Ref{ref}, []string{""}, archiver.CaptureOptions{})
	if err != nil {
		w.T.Fatalf("capturing %s: %v", ref, err)
	}
	return r[0]
}

// Capture captures a post, which is to succeed whole.
func (w *World) Capture(ref post.Ref) archiver.ResultPost {
	w.T.Helper()
	r := w.TryCapture(ref)
	if r.Err != nil || r.Capture.IsZero() || r.Status != post.Live {
		w.T.Fatalf("capturing %s: %v, %+v", ref, r.Err, r)
	}
	return r
}

// CapturePage captures an article with the posts in it.
func (w *World) CapturePage(host, html string) archiver.Result {
	w.T.Helper()
	w.Net.Site(host).Page("/a", html)
	return w.engine.CapturePage(w.T.Context(), "https://"+host+"/a", archiver.CaptureOptions{})
}

// Look looks at a post.
func (w *World) Look(ref post.Ref) archiver.RecheckResult {
	w.T.Helper()
	r := w.engine.Recheck(w.T.Context(), []post.Ref{ref}, "person")[0]
	if r.Err != nil {
		w.T.Errorf("looking at %s: %v", ref, r.Err)
	}
	return r
}

// Expect looks at a post and wants a verdict.
func (w *World) Expect(ref post.Ref, status post.Status, confirmed bool) {
	w.T.Helper()
	if r := w.Look(ref); r.Status != status || r.Confirmed != confirmed {
		w.T.Errorf("%s is %s, confirmed %t, want %s, %t: %s", ref, r.Status, r.Confirmed, status, confirmed, r.Reason)
	}
}

// Never looks at a living post several times while nothing can be told, and
// wants it live throughout.
func (w *World) Never(ref post.Ref, times int, apart time.Duration) {
	w.T.Helper()
	for range times {
		if r := w.engine.Recheck(w.T.Context(), []post.Ref{ref}, "person")[0]; r.Status != post.Live || r.Result.Gone() {
			w.T.Errorf("%s is %s (%s)", ref, r.Status, r.Reason)
		}
		time.Sleep(apart)
	}
}

// RunDue does all work that is due.
func (w *World) RunDue() {
	w.T.Helper()
	err := w.engine.Run(w.T.Context(), archiver.RunOptions{Once: true, Report: func(j store.Job, err error) { w.T.Errorf("%s %s: %v", j.Kind, j.Key, err) }})
	if err != nil {
		w.T.Errorf("doing what is due: %v", err)
	}
}

// Events names what happened to the posts, in order.
func (w *World) Events() []string {
	w.T.Helper()
	var names []string
	for after := uint64(0); ; {
		records, err := w.archive.Backend().Read(w.T.Context(), after, 100)
		if err != nil {
			w.T.Fatal(err)
		}
		if len(records) == 0 {
			return names
		}
		for i := range records {
			events, err := w.engine.EventsOf(w.T.Context(), &records[i])
			if err != nil {
				w.T.Fatal(err)
			}
			for _, e := range events {
				names = append(names, e.Event)
			}
		}
		after = records[len(records)-1].Seq
	}
}

// History returns what the archive holds of a post.
func (w *World) History(ref post.Ref) *store.History {
	w.T.Helper()
	h, err := w.archive.History(w.T.Context(), ref)
	if err != nil {
		w.T.Fatalf("the history of %s: %v", ref, err)
	}
	return h
}

// Exchanges returns the kept exchanges that hold words of a post.
func (w *World) Exchanges(ref post.Ref) []*store.Exchange {
	w.T.Helper()
	records, err := w.archive.ListAll(w.T.Context(), store.RefTerm(ref), 1000, store.KindExchange)
	if err != nil {
		w.T.Fatal(err)
	}
	var out []*store.Exchange
	for i := range records {
		e, err := store.Decode[store.Exchange](&records[i])
		if err != nil {
			w.T.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// Faults makes hosts fail in the ways in which real ones do, one after another,
// and wants a living post to stay live throughout: trouble on the way never
// begins a loss.
func (w *World) Faults(ref post.Ref, hosts ...string) {
	w.T.Helper()
	for name, fault := range map[string]fakenet.Fault{
		"429":          fakenet.Status(429),
		"502":          fakenet.Status(502),
		"403":          fakenet.Status(403),
		"unreachable":  fakenet.RefuseConnections(),
		"no name":      fakenet.NoDNS(),
		"cut off":      fakenet.Truncated(),
		"log-in":       fakenet.LoginPage(),
		"captcha":      fakenet.Captcha(),
		"to a log-in":  fakenet.LoginRedirect(),
		"round about":  fakenet.RedirectLoop(),
		"garbage":      fakenet.Garbage(),
		"nothing":      fakenet.Empty(),
		"empty object": fakenet.Body(200, "application/json", "{}"),
		"empty list":   fakenet.Body(200, "application/json", "[]"),
		"null":         fakenet.Body(200, "application/json", "null"),
		"words":        fakenet.Body(200, "text/html; charset=utf-8", "<!doctype html><title>Not available</title><p>This post is not available. It may have been deleted or removed. Post not found.</p>"),
	} {
		for _, host := range hosts {
			w.Net.Fault(host, "", fault)
		}
		for range 4 {
			if r := w.engine.Recheck(w.T.Context(), []post.Ref{ref}, "person")[0]; r.Status != post.Live {
				w.T.Errorf("%s: %s is %s (%s)", name, ref, r.Status, r.Reason)
			}
			time.Sleep(13 * time.Hour)
		}
		w.Net.Heal()
	}
	w.Expect(ref, post.Live, false)
}
