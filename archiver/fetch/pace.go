package fetch

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"stet/store"
)

// maxPaced is the number of hosts from which on those that nobody uses are
// forgotten.
const maxPaced = 4096

// pacer spaces the requests to each host, bounds how many run at a time, and
// keeps the pauses that hosts asked for.
type pacer struct {
	now       func() time.Time
	interval  time.Duration
	intervals map[string]time.Duration
	slots     int
	maxWait   time.Duration
	shared    store.Turns // nil: this process has the hosts for itself

	mu    sync.Mutex
	hosts map[string]*pacedHost
}

// pacedHost is the state of one host; pacer.mu guards all but slots.
type pacedHost struct {
	slots chan struct{} // nil: no bound
	users int
	next  time.Time // the earliest start of the next request
	held  time.Time // the end of a pause that the host asked for
	row   int       // how many 429 without Retry-After came in a row
}

func newPacer(o Options, now func() time.Time) *pacer {
	return &pacer{now: now, interval: o.PerHostInterval, intervals: o.HostIntervals,
		slots: o.PerHostConcurrency, maxWait: o.MaxWait, shared: o.Turns, hosts: map[string]*pacedHost{}}
}

// use returns the state of host and counts the caller among its users.
func (p *pacer) use(host string) *pacedHost {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.hosts[host]
	if h == nil {
		if len(p.hosts) >= maxPaced {
			p.forget()
		}
		h = &pacedHost{}
		if p.slots > 0 {
			h.slots = make(chan struct{}, p.slots)
		}
		p.hosts[host] = h
	}
	h.users++
	return h
}

// forget drops the hosts whose state says nothing any more.
func (p *pacer) forget() {
	now := p.now()
	for name, h := range p.hosts {
		if h.users == 0 && !h.next.After(now) && !h.held.After(now) {
			delete(p.hosts, name)
		}
	}
}

// acquire waits for host's turn. The caller calls release when its exchange has
// ended. It errors with a RateLimitError, at once, where the host asked for a
// longer pause than maxWait, and with ctx's error.
func (p *pacer) acquire(ctx context.Context, host string) (release func(), err error) {
	h := p.use(host)
	leave := func() {
		p.mu.Lock()
		h.users--
		p.mu.Unlock()
	}
	if err := p.holdError(h, host); err != nil {
		leave()
		return nil, err
	}
	if h.slots != nil {
		select {
		case h.slots <- struct{}{}:
		case <-ctx.Done():
			leave()
			return nil, endedError(ctx)
		}
	}
	release = func() {
		if h.slots != nil {
			<-h.slots
		}
		leave()
	}
	for {
		wait, err := p.turn(h, host)
		if err == nil && wait > 0 {
			err = sleep(ctx, wait)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			release()
			return nil, err
		}
		if wait <= 0 {
			break
		}
	}
	if p.shared == nil {
		return release, nil
	}
	give, err := p.together(ctx, host)
	if err != nil {
		release()
		return nil, err
	}
	own := release
	return func() { give(); own() }, nil
}

const (
	// sharedTime bounds what is only said, not waited for.
	sharedTime = 5 * time.Second
	// turnTime is how long a turn lasts without a sign of life: a process that
	// dies keeps the others from a host no longer. turnBeat is how often one is
	// given.
	turnTime = 15 * time.Second
	turnBeat = 5 * time.Second
)

// together waits for host's turn among all processes.
func (p *pacer) together(ctx context.Context, host string) (give func(), err error) {
	for {
		t, err := p.shared.TakeTurn(ctx, host, max(p.every(host), 0), max(p.slots, 0), turnTime)
		switch {
		case err != nil:
			return nil, err
		case t.Wait <= 0:
			return p.keepTurn(context.WithoutCancel(ctx), host, t.Ticket), nil
		case t.Paused && t.Wait > p.maxWait:
			return nil, &RateLimitError{Host: host, Until: p.now().Add(t.Wait)}
		}
		if err := sleep(ctx, t.Wait); err != nil {
			return nil, err
		}
	}
}

// keepTurn holds on to a turn until it is given back. What cannot be said of it
// does no harm: it ends by itself, and another request may begin early.
func (p *pacer) keepTurn(ctx context.Context, host string, ticket int64) (give func()) {
	said := func(say func(context.Context) error) {
		ctx, cancel := context.WithTimeout(ctx, sharedTime)
		defer cancel()
		_ = say(ctx)
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		beat := time.NewTicker(turnBeat)
		defer beat.Stop()
		for {
			select {
			case <-ended:
				return
			case <-beat.C:
				said(func(ctx context.Context) error { return p.shared.KeepTurn(ctx, host, ticket, turnTime) })
			}
		}
	}()
	return func() {
		close(ended)
		<-done
		said(func(ctx context.Context) error { return p.shared.GiveTurn(ctx, host, ticket) })
	}
}

// every is the least time between two starts towards a host.
func (p *pacer) every(host string) time.Duration {
	if d, ok := p.intervals[host]; ok {
		return d
	}
	return p.interval
}

// pause tells the other processes of a pause that a host asked for.
func (p *pacer) pause(host string, until time.Time) {
	d := until.Sub(p.now())
	if p.shared == nil || d <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), sharedTime)
	defer cancel()
	// Where it cannot be told, the others learn it from the host themselves.
	_ = p.shared.PauseHost(ctx, host, d)
}

// holdError returns the RateLimitError of a host that is held for longer than
// a request waits.
func (p *pacer) holdError(h *pacedHost, host string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h.held.Sub(p.now()) > p.maxWait {
		return &RateLimitError{Host: host, Until: h.held}
	}
	return nil
}

// turn takes the next start for the caller and returns 0, or returns how long
// to wait before asking again.
func (p *pacer) turn(h *pacedHost, host string) (time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if held := h.held.Sub(now); held > 0 {
		if held > p.maxWait {
			return 0, &RateLimitError{Host: host, Until: h.held}
		}
		return held, nil
	}
	interval := p.every(host)
	// A turn that is further away than the interval was given by a clock that
	// has gone back since.
	if wait := h.next.Sub(now); wait > 0 && wait <= interval {
		return wait, nil
	}
	h.next = now.Add(max(interval, 0))
	return 0, nil
}

// keepFrom keeps requests from host until a time; an earlier one than the host has
// asked for already changes nothing.
func (p *pacer) keepFrom(host string, until time.Time) {
	p.pause(host, until)
	h := p.use(host)
	p.mu.Lock()
	defer p.mu.Unlock()
	h.users--
	if until.After(h.held) {
		h.held = until
	}
}

// observe learns from an answer. It returns until when the host wants to be
// left alone, or the zero time.
func (p *pacer) observe(host string, status int, header http.Header) time.Time {
	until := p.learn(host, status, header)
	p.pause(host, until)
	return until
}

// learn is observe for this process.
func (p *pacer) learn(host string, status int, header http.Header) time.Time {
	h := p.use(host)
	p.mu.Lock()
	defer p.mu.Unlock()
	h.users--
	now := p.now()
	pause, stated := retryAfter(header, now)
	switch {
	case status == http.StatusTooManyRequests && !stated:
		pause = min(firstHold<<min(h.row, 8), maxHold)
		h.row++
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable && stated:
	default:
		if status < 500 {
			h.row = 0
		}
		return time.Time{}
	}
	until := now.Add(pause)
	if until.After(h.held) {
		h.held = until
	}
	return until
}

// retryAfter reads the header of that name, in both forms that RFC 9110 allows:
// seconds and a date, which is taken by the server's own clock where it tells
// it. It reports whether a pause was stated.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(header.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if strings.Trim(v, "0123456789") == "" {
		secs, err := strconv.ParseInt(v, 10, 64)
		if err != nil || secs > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true
		}
		return time.Duration(secs) * time.Second, true
	}
	t, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return min(max(t.Sub(now), 0), maxRetryAfter), true
}

// sleep waits, and errors with ctx's error when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return endedError(ctx)
	}
}
