package archiver_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/twitter"
	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

// schedule queues the capture of an article as a source would.
func (w *world) schedule(url string) {
	w.t.Helper()
	payload, err := json.Marshal(map[string]any{"target": url, "options": map[string]string{"Trigger": "schedule"}})
	if err != nil {
		w.t.Fatal(err)
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "https://"), "/")
	b := w.archive.Begin()
	if err := b.Enqueue(store.Enqueue{Job: store.Job{Kind: archiver.JobArticle, Key: url, Host: host, Payload: payload, Priority: store.PrioritySchedule}}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := b.Commit(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

func TestRunFollowsTheSchedule(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
		w.schedule(w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello"))))
		ctx, cancel := context.WithCancel(w.ctx)
		done := make(chan error, 1)
		go func() { done <- w.engine.Run(ctx, archiver.RunOptions{Poll: time.Minute}) }()
		time.Sleep(31*24*hour + hour)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		h := w.history(p)
		want := archiver.DefaultDelays()
		if len(h.Looks) != len(want) {
			t.Fatalf("%d looks in a month, want %d", len(h.Looks), len(want))
		}
		first := h.Captures[0].Content.Time
		for i, l := range h.Looks {
			if late := l.Content.Time.Sub(first.Add(want[i])); late < 0 || late > 2*time.Minute {
				t.Errorf("look %d came %v late", i, late)
			}
		}
	})
}

func TestRunConfirmsWithinTheSchedule(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
		w.capturePost(p)
		ctx, cancel := context.WithCancel(w.ctx)
		done := make(chan error, 1)
		go func() { done <- w.engine.Run(ctx, archiver.RunOptions{Poll: time.Minute}) }()
		time.Sleep(2 * hour)
		w.x.SetState(p, fakenet.NotFound)
		// The next regular look comes 6 h after the capture; from then on the
		// absence must be seen over a day.
		time.Sleep(4*hour + 24*hour + 5*time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if s := w.state(p); s.Value != post.NotFound || !s.Confirmed {
			t.Errorf("state %+v", s)
		}
	})
}

// TestRunStops: a host that never answers does not keep a service from
// stopping, and its job is given back.
func TestRunStops(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		url := w.page("slow.example", "/a", article(""))
		w.net.Fault("slow.example", "", fakenet.Hang())
		w.schedule(url)
		ctx, cancel := context.WithCancel(w.ctx)
		done := make(chan error, 1)
		go func() { done <- w.engine.Run(ctx, archiver.RunOptions{}) }()
		time.Sleep(2 * time.Second)
		start := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("stopping took %v", took)
		}
		jobs := w.jobs(archiver.JobArticle)
		if len(jobs) != 1 || jobs[0].State != store.JobWaiting {
			t.Errorf("jobs %+v", jobs)
		}
	})
}

// TestTakeOver: what a killed process held is done at once by the next.
func TestTakeOver(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
		w.schedule(w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello"))))
		if _, err := w.mem.Lease(w.ctx, store.LeaseRequest{Owner: "killed", Now: time.Now(), For: hour}); err != nil {
			t.Fatal(err)
		}
		if n, err := w.engine.TakeOver(w.ctx); n != 1 || err != nil {
			t.Fatalf("took over %d, %v", n, err)
		}
		if err := w.engine.Run(w.ctx, archiver.RunOptions{Once: true}); err != nil {
			t.Fatal(err)
		}
		if h := w.history(p); len(h.Captures) != 1 {
			t.Errorf("%d captures", len(h.Captures))
		}
	})
}

// TestRunBatchesLooks: with credentials, posts that are due together are asked
// for together.
func TestRunBatchesLooks(t *testing.T) {
	inWorld(t, settings{twitter: twitter.Options{BearerToken: "bearer"}}, func(w *world) {
		var refs []post.Ref
		for n := range 150 {
			p := id(20*hour, n)
			w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Post " + p})
			refs = append(refs, ref(p))
		}
		if _, err := w.engine.CapturePosts(w.ctx, refs, make([]string, len(refs)), archiver.CaptureOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * hour)
		w.net.Forget()
		if err := w.engine.Run(w.ctx, archiver.RunOptions{Once: true}); err != nil {
			t.Fatal(err)
		}
		if n := len(w.net.Requests()); n > 4 {
			t.Errorf("%d requests for 150 looks", n)
		}
		for _, r := range refs {
			if h := w.history(r.ID); len(h.Looks) != 1 || h.Looks[0].Content.Result != post.Live {
				t.Fatalf("looks of %s: %+v", r, h.Looks)
			}
		}
	})
}

// TestRunRetriesAndGivesUp: a page that is never there is tried again ever less
// often, and then waits for a person.
func TestRunRetriesAndGivesUp(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		url := w.page("news.example", "/a", article(""))
		w.net.Fault("news.example", "", fakenet.Status(500))
		w.schedule(url)
		var failures atomic.Int32
		ctx, cancel := context.WithCancel(w.ctx)
		done := make(chan error, 1)
		go func() {
			done <- w.engine.Run(ctx, archiver.RunOptions{Poll: time.Minute, Report: func(store.Job, error) { failures.Add(1) }})
		}()
		time.Sleep(14 * 24 * hour)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		jobs := w.jobs(archiver.JobArticle)
		if len(jobs) != 1 || jobs[0].State != store.JobDead || jobs[0].Error == "" || jobs[0].ErrorClass != "unexpected" {
			t.Errorf("jobs %+v", jobs)
		}
		if n := failures.Load(); n != 10 {
			t.Errorf("%d failures were reported", n)
		}
	})
}

// TestFullStorageCostsNoAttempt: while the archive's own storage takes nothing,
// not even the outcomes of jobs, no attempt is counted against them.
func TestFullStorageCostsNoAttempt(t *testing.T) {
	for _, trouble := range []error{store.ErrFull, store.ErrUnavailable, store.ErrBusy} {
		t.Run(store.ClassOf(trouble).Name, func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				p := id(20*hour, 1)
				w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
				w.schedule(w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello"))))
				w.mem.Inject(mem.Fault{Op: mem.OpAppend, Times: -1, Err: trouble})
				var failures, most atomic.Int32
				ctx, cancel := context.WithCancel(w.ctx)
				done := make(chan error, 1)
				go func() {
					done <- w.engine.Run(ctx, archiver.RunOptions{Poll: time.Minute, Report: func(j store.Job, _ error) {
						failures.Add(1)
						most.Store(max(most.Load(), int32(j.Attempts)))
					}})
				}()
				time.Sleep(24 * hour)
				if n := failures.Load(); n < 20 {
					t.Errorf("it was tried %d times only", n)
				}
				w.mem.Heal()
				time.Sleep(2 * hour)
				cancel()
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				if n := most.Load(); n != 1 {
					t.Errorf("attempt %d was counted", n)
				}
				if h := w.history(p); len(h.Captures) != 1 {
					t.Errorf("%d captures", len(h.Captures))
				}
			})
		})
	}
}
