package archiver_test

import (
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract/post"
)

// TestClockAhead: a clock that jumps makes no hours of minutes, and what was
// done while it was ahead keeps nothing waiting when it is right again.
func TestClockAhead(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p, early := id(20*hour, 1), id(20*hour, 2)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"}, fakenet.Post{ID: early, Author: ada(), Text: "Good morning"})
		w.capturePost(p)
		w.x.SetState(p, fakenet.NotFound)
		time.Sleep(hour)
		w.recheck(p)
		for range 3 {
			w.clock.Add(int64(30 * hour))
			w.during(2*time.Minute, archiver.RunOptions{})
			if s := w.state(p); s.Confirmed || s.Value != post.NotFound {
				t.Fatalf("confirmed by a clock that jumps: %+v", s)
			}
		}
		w.clock.Store(int64(400 * 24 * hour))
		w.capturePost(early)
		w.recheck(early)
		w.clock.Store(0)
		w.x.SetState(early, fakenet.NotFound)
		w.during(49*hour, archiver.RunOptions{})
		for _, p := range []string{p, early} {
			if s := w.state(p); !s.Confirmed || s.FirstGone.After(begin().Add(30*hour)) {
				t.Errorf("%s after the clock was set right: %+v", p, s)
			}
		}
	})
}
