package fetch_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/store"
)

func TestPerHostInterval(t *testing.T) {
	inWorld(t, func(o *fetch.Options) {
		o.PerHostInterval = time.Second
		o.HostIntervals = map[string]time.Duration{"slow.example": time.Minute}
	}, func(w *world) {
		for _, host := range []string{"news.example", "slow.example", "other.example"} {
			w.net.Site(host).Page("/", "x")
		}
		var wg sync.WaitGroup
		for range 5 {
			for _, host := range []string{"news.example", "slow.example", "other.example"} {
				wg.Go(func() {
					if _, err := w.get("https://" + host + "/"); err != nil {
						w.Error(err)
					}
				})
			}
		}
		wg.Wait()
		last := map[string]time.Time{}
		for _, r := range w.net.Requests() {
			want := time.Second
			if r.Host == "slow.example" {
				want = time.Minute
			}
			if before, ok := last[r.Host]; ok && r.Time.Sub(before) != want {
				w.Errorf("%s: %v between two requests, want %v", r.Host, r.Time.Sub(before), want)
			}
			last[r.Host] = r.Time
		}
		if len(last) != 3 {
			w.Errorf("hosts %v", last)
		}
	})
}

func TestPerHostConcurrency(t *testing.T) {
	for _, limit := range []int{1, 3, -1} {
		inWorld(t, func(o *fetch.Options) { o.PerHostConcurrency = limit }, func(w *world) {
			var mu sync.Mutex
			now, most := 0, 0
			w.net.HandleFunc("busy.example", func(http.ResponseWriter, *http.Request) {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
			})
			start := time.Now()
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					if _, err := w.get("https://busy.example/"); err != nil {
						w.Error(err)
					}
				})
			}
			wg.Wait()
			want, took := limit, time.Duration(6/max(limit, 1))*time.Second
			if limit < 0 {
				want, took = 6, time.Second
			}
			if most != want || time.Since(start) != took {
				w.Errorf("limit %d: %d at a time, %v", limit, most, time.Since(start))
			}
		})
	}
}

// TestWaitingEndsWithTheContext cancels requests that wait for their turn.
func TestWaitingEndsWithTheContext(t *testing.T) {
	inWorld(t, func(o *fetch.Options) { o.PerHostConcurrency, o.PerHostInterval = 1, time.Hour }, func(w *world) {
		w.net.HandleFunc("busy.example", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for _, host := range []string{"busy.example", "busy.example", "news.example", "news.example"} {
			wg.Go(func() {
				res, err := w.client.Do(ctx, fetch.Request{URL: "https://" + host + "/"})
				w.check(res, err)
			})
		}
		wg.Wait()
		if n := w.net.Count("", ""); n != 2 {
			w.Errorf("%d requests", n)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		name  string
		fault func(now time.Time) fakenet.Fault
		pause time.Duration
		fails bool
	}{
		{"short, in seconds", func(time.Time) fakenet.Fault { return fakenet.TooManyRequests(5 * time.Second) }, 5 * time.Second, false},
		{"long, in seconds", func(time.Time) fakenet.Fault { return fakenet.TooManyRequests(time.Hour) }, time.Hour, true},
		{"short, a date", func(now time.Time) fakenet.Fault { return fakenet.TooManyRequestsUntil(now.Add(7 * time.Second)) }, 7 * time.Second, false},
		{"long, a date", func(now time.Time) fakenet.Fault { return fakenet.TooManyRequestsUntil(now.Add(time.Hour)) }, time.Hour, true},
		{"past, a date", func(now time.Time) fakenet.Fault { return fakenet.TooManyRequestsUntil(now.Add(-time.Hour)) }, 0, false},
		{"absurd", func(time.Time) fakenet.Fault { return fakenet.TooManyRequests(1000 * 24 * time.Hour) }, 24 * time.Hour, true},
		{"none", func(time.Time) fakenet.Fault { return fakenet.TooManyRequests(0) }, time.Minute, true},
		{"503, short", func(time.Time) fakenet.Fault { return fakenet.Unavailable(5 * time.Second) }, 5 * time.Second, false},
		{"503, long", func(time.Time) fakenet.Fault { return fakenet.Unavailable(time.Hour) }, time.Hour, true},
	}
	for _, tt := range tests {
		inWorld(t, func(o *fetch.Options) { o.Retries = 1; o.MaxWait = 10 * time.Second }, func(w *world) {
			start := time.Now()
			w.net.Fault("news.example", "", tt.fault(start).Times(1))
			res, err := w.get("https://news.example/")
			if !tt.fails {
				if err != nil || len(res.Exchanges) != 2 || time.Since(start) != tt.pause {
					w.Errorf("%s: %v after %v, %d exchanges", tt.name, err, time.Since(start), len(res.Exchanges))
				}
				return
			}
			// It fails at once, says until when, and so does what comes next,
			// without asking again.
			for i := range 2 {
				var limited *fetch.RateLimitError
				if !errors.As(err, &limited) || !errors.Is(err, store.ErrRateLimited) || !limited.Until.Equal(start.Add(tt.pause)) {
					w.Fatalf("%s: %v", tt.name, err)
				}
				if (limited.Status == 0) != (i == 1) || time.Since(start) != 0 || len(res.Exchanges) != 1-i {
					w.Errorf("%s: status %d after %v, %d exchanges", tt.name, limited.Status, time.Since(start), len(res.Exchanges))
				}
				res, err = w.get("https://news.example/")
			}
			// Other hosts are not concerned, and the pause ends.
			w.net.Site("other.example").Page("/", "x")
			if _, err := w.get("https://other.example/"); err != nil {
				w.Errorf("%s: other host: %v", tt.name, err)
			}
			time.Sleep(tt.pause)
			if _, err := w.get("https://news.example/"); err != nil {
				w.Errorf("%s: after the pause: %v", tt.name, err)
			}
		})
	}
}

// TestPausesGrow repeats 429 without Retry-After.
func TestPausesGrow(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		remove := w.net.Fault("news.example", "", fakenet.TooManyRequests(0))
		for _, want := range []time.Duration{1, 2, 4, 8, 15, 15} {
			_, err := w.get("https://news.example/")
			var limited *fetch.RateLimitError
			if !errors.As(err, &limited) || time.Until(limited.Until) != want*time.Minute {
				w.Fatalf("want %d minutes: %v", want, err)
			}
			time.Sleep(want * time.Minute)
		}
		remove()
		if _, err := w.get("https://news.example/"); err != nil {
			w.Error(err)
		}
		w.net.Fault("news.example", "", fakenet.TooManyRequests(0))
		var limited *fetch.RateLimitError
		if _, err := w.get("https://news.example/"); !errors.As(err, &limited) || time.Until(limited.Until) != time.Minute {
			w.Errorf("after an answer: %v", err)
		}
	})
}

func TestHold(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		until := time.Now().Add(time.Hour)
		w.client.Hold("News.example", until)
		w.client.Hold("news.example", until.Add(-time.Minute))
		var limited *fetch.RateLimitError
		if _, err := w.get("https://news.example/"); !errors.As(err, &limited) || !limited.Until.Equal(until) {
			w.Errorf("%v", err)
		}
	})
}

func TestRetries(t *testing.T) {
	tests := []struct {
		name     string
		fault    fakenet.Fault
		method   string
		attempts int
		class    error
		status   int
	}{
		{"503, twice", fakenet.Status(503).Times(2), "GET", 3, nil, 200},
		{"503, always", fakenet.Status(503), "GET", 3, nil, 503},
		{"502, HEAD", fakenet.Status(502).Times(1), "HEAD", 2, nil, 200},
		{"503, POST", fakenet.Status(503), "POST", 1, nil, 503},
		{"501", fakenet.Status(501), "GET", 1, nil, 501},
		{"404", fakenet.Status(404), "GET", 1, nil, 404},
		{"reset, once", fakenet.Reset().Times(1), "GET", 2, nil, 200},
		{"reset, always", fakenet.Reset(), "GET", 3, store.ErrNetwork, 0},
		{"reset, POST", fakenet.Reset(), "POST", 1, store.ErrNetwork, 0},
		{"refused", fakenet.RefuseConnections(), "GET", 3, store.ErrNetwork, 0},
		{"DNS", fakenet.NoDNS(), "GET", 3, store.ErrNetwork, 0},
		{"truncated", fakenet.Truncated(), "GET", 1, store.ErrNetwork, 200},
		{"hang", fakenet.Hang(), "GET", 1, store.ErrNetwork, 0},
		{"certificate", fakenet.UnknownAuthority(), "GET", 1, store.ErrNetwork, 0},
		{"garbage", fakenet.Garbage(), "GET", 1, store.ErrUnexpected, 0},
	}
	for _, tt := range tests {
		inWorld(t, func(o *fetch.Options) {
			o.Retries, o.RetryDelay = 2, time.Second
			o.Rand = func() float64 { return 0.5 }
		}, func(w *world) {
			w.net.Fault("news.example", "", tt.fault)
			start := time.Now()
			res, err := w.do(fetch.Request{Method: tt.method, URL: "https://news.example/"})
			if len(res.Exchanges) != tt.attempts || res.Status != tt.status || !errors.Is(err, tt.class) || err != nil && tt.class == nil {
				w.Errorf("%s: %d attempts, status %d, %v", tt.name, len(res.Exchanges), res.Status, err)
			}
			pauses := []time.Duration{0, 750 * time.Millisecond, 2250 * time.Millisecond}[tt.attempts-1]
			if took := time.Since(start); tt.name != "hang" && took != pauses {
				w.Errorf("%s: took %v, want %v", tt.name, took, pauses)
			}
		})
	}
}
