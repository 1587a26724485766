package wire

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"stet/store"
)

// fakePlace is a place for large files that answers as it is told.
type fakePlace struct {
	asked  atomic.Int32
	answer atomic.Pointer[func(context.Context) error]
}

func (f *fakePlace) Probe(ctx context.Context) error {
	f.asked.Add(1)
	return (*f.answer.Load())(ctx)
}

func (f *fakePlace) set(answer func(context.Context) error) { f.answer.Store(&answer) }

// TestProbe: many who want to know ask once, an answer is told for a while, and
// nobody waits for a place that does not answer for longer than it may take.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := &fakePlace{}
		p := newProbe(place, time.Now)
		expect := func(when string, asked int32, want error) {
			t.Helper()
			if err := p.check(t.Context()); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("%s: got %v, want: %v", when, err, want)
			}
			if n := place.asked.Load(); n != asked {
				t.Errorf("%s: it was asked %d times, want %d", when, n, asked)
			}
		}
		place.set(func(context.Context) error { time.Sleep(time.Second); return nil })
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if err := p.check(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		expect("at the same time", 1, nil)
		place.set(func(context.Context) error { return store.ErrUnavailable })
		expect("a moment later", 1, nil)
		time.Sleep(probeEvery)
		expect("later", 2, store.ErrUnavailable)
		place.set(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		time.Sleep(probeEvery)
		began := time.Now()
		expect("without an answer", 3, store.ErrUnavailable)
		if took := time.Since(began); took != probeTime {
			t.Errorf("it was waited for %v, want %v", took, probeTime)
		}
		// Who has gone does not spoil the answer for the others.
		place.set(func(ctx context.Context) error { time.Sleep(2 * time.Second); return ctx.Err() })
		time.Sleep(probeEvery)
		gone, leave := context.WithCancel(t.Context())
		group.Go(func() { _ = p.check(gone) }) // nobody is told
		synctest.Wait()
		leave()
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.check(soon); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "not answered yet") {
			t.Errorf("who cannot wait is told %v", err)
		}
		expect("after that", 4, nil)
		group.Wait()
	})
}
