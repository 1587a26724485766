package bluesky_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
	"stet/archiver/bluesky"
	"stet/archiver/fakenet"
	"stet/archiver/platformtest"
	"stet/extract/post"
	"stet/store"
)

// listening runs a story while the stream is followed.
func listening(w *platformtest.World, story func(failures func() int)) {
	w.T.Helper()
	archive, engine := w.Parts()
	var mu sync.Mutex
	failed := 0
	s := bluesky.NewStream(bluesky.StreamOptions{Archive: archive, Engine: engine, Rand: func() float64 { return 0 },
		Dialer: bluesky.Dialer{Dial: w.Client.Dial, TLS: w.Client.OwnTLS}, UserAgent: "stet-test"})
	ctx, stop := context.WithCancel(w.T.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, func(error) { mu.Lock(); failed++; mu.Unlock() }) }()
	time.Sleep(2 * time.Second)
	story(func() int { mu.Lock(); defer mu.Unlock(); return failed })
	stop()
	if err := <-done; err != nil {
		w.T.Errorf("the stream: %v", err)
	}
}

// nextLook returns how long it is until the next look at a post.
func nextLook(w *platformtest.World, id string) time.Duration {
	w.T.Helper()
	at, ok := looks(w)[ref(id).String()]
	if !ok {
		w.T.Fatalf("no look at %s is due", id)
	}
	return time.Until(at)
}

// looks returns when looks are due, by their posts.
func looks(w *platformtest.World) map[string]time.Time {
	w.T.Helper()
	archive, _ := w.Parts()
	jobs, err := archive.Backend().ListJobs(w.T.Context(), store.JobFilter{Kinds: []string{archiver.JobLook}, States: []store.JobState{store.JobWaiting}, Limit: 100})
	if err != nil {
		w.T.Fatal(err)
	}
	due := map[string]time.Time{}
	for _, j := range jobs {
		due[j.Key] = j.RunAt
	}
	return due
}

func soon(d time.Duration) bool { return d <= 3*time.Second }

// TestStreamBringsLooksForward: a deletion, an overwritten record and what
// becomes of an account bring the looks at the posts forward that the archive
// keeps, and prove nothing.
func TestStreamBringsLooksForward(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		one, _ := simple(b, "one")
		two, did := simple(b, "two")
		other := b.Add(fakenet.BlueskyPost{Author: ada(), Text: "never captured"})
		b.Add(fakenet.BlueskyPost{Author: fakenet.BlueskyAccount{Handle: "stranger.example"}, Text: "of somebody else"})
		w.Capture(ref(one))
		w.Capture(ref(two))
		listening(w, func(func() int) {
			b.SetState(other, fakenet.BlueskyDeleted)
			synctest.Wait()
			if soon(nextLook(w, one)) || soon(nextLook(w, two)) {
				t.Error("a look was brought forward for nothing")
			}
			if at, ok := looks(w)[ref(other).String()]; ok {
				t.Errorf("a look at a post that is not kept, at %v", at)
			}
			b.SetState(one, fakenet.BlueskyDeleted)
			synctest.Wait()
			if !soon(nextLook(w, one)) || soon(nextLook(w, two)) {
				t.Errorf("looks in %v and %v", nextLook(w, one), nextLook(w, two))
			}
			if h := w.History(ref(one)); len(h.Looks) != 0 || len(h.Verdicts) != 0 {
				t.Errorf("the event alone made %d looks and %d verdicts", len(h.Looks), len(h.Verdicts))
			}
			w.Expect(ref(one), post.Deleted, true)
			b.SetAccount(did, fakenet.BlueskyDeactivated)
			synctest.Wait()
			if !soon(nextLook(w, two)) {
				t.Errorf("the account is closed, and a look comes in %v", nextLook(w, two))
			}
		})
	})
}

// TestStreamGoesOn: what happens while the connection is down is heard when it
// is up again, also after a restart, and the pauses grow.
func TestStreamGoesOn(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		one, _ := simple(b, "one")
		two, _ := simple(b, "two")
		three, _ := simple(b, "three")
		for _, id := range []string{one, two, three} {
			w.Capture(ref(id))
		}
		listening(w, func(failures func() int) {
			b.Edit(three, "three, overwritten") // gives the stream a place
			time.Sleep(11 * time.Second)
			w.Net.Fault(fakenet.BlueskyStream, "", fakenet.RefuseConnections())
			b.CutStream()
			time.Sleep(time.Second)
			b.SetState(one, fakenet.BlueskyDeleted)
			time.Sleep(10 * time.Minute)
			if n := failures(); n < 5 || n > 14 {
				t.Errorf("%d attempts in ten minutes", n)
			}
			if soon(nextLook(w, one)) {
				t.Error("heard without a connection")
			}
			w.Net.Heal()
			time.Sleep(5 * time.Minute)
			if !soon(nextLook(w, one)) {
				t.Errorf("a look comes in %v", nextLook(w, one))
			}
		})
		b.SetState(two, fakenet.BlueskyDeleted)
		listening(w, func(func() int) {
			synctest.Wait()
			if !soon(nextLook(w, two)) {
				t.Errorf("after the restart a look comes in %v", nextLook(w, two))
			}
		})
	})
}

// TestStreamFollowsTheArchive: nobody is asked while nothing is kept, and what
// comes to the archive is asked for within a minute or so.
func TestStreamFollowsTheArchive(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		listening(w, func(func() int) {
			time.Sleep(5 * time.Minute)
			if n := w.Net.Count(fakenet.BlueskyStream, "/"); n != 0 {
				t.Errorf("%d connections for nothing", n)
			}
			first, _ := simple(b, "the first")
			w.Capture(ref(first))
			time.Sleep(2 * time.Minute)
			second := b.Add(fakenet.BlueskyPost{Author: fakenet.BlueskyAccount{Handle: "ber.example.org"}, Text: "the second"})
			w.Capture(ref(second))
			time.Sleep(2 * time.Minute)
			b.SetState(second, fakenet.BlueskyDeleted)
			synctest.Wait()
			if !soon(nextLook(w, second)) {
				t.Errorf("a look comes in %v", nextLook(w, second))
			}
			if n := w.Net.Count(fakenet.BlueskyStream, "/"); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	})
}
