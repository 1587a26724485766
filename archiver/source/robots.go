package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

// The times of [Robots].
const (
	// DefaultRobotsTTL is how long a robots.txt holds: RFC 9309 §2.4 allows a
	// day at most.
	DefaultRobotsTTL = 24 * time.Hour
	// minRobotsTTL is how long it holds where the server says less.
	minRobotsTTL = 10 * time.Minute
	// firstRobotsRetry and lastRobotsRetry are the pauses after a robots.txt
	// could not be had; they double.
	firstRobotsRetry = 5 * time.Minute
	lastRobotsRetry  = 6 * time.Hour
	// robotsDown is how long an unreachable robots.txt forbids everything
	// (RFC 9309 §2.3.1.4 names 30 days).
	robotsDown = 30 * 24 * time.Hour
	// DefaultRobotsHosts is how many hosts are remembered.
	DefaultRobotsHosts = 1024
	// RobotsToken is the product token to which robots.txt files can speak.
	RobotsToken = "stet"
)

// RobotsOptions configure [NewRobots]. The zero value works.
type RobotsOptions struct {
	// Token is the product token; "" is [RobotsToken].
	Token string
	// TTL is how long a file holds; 0, and what is more, is
	// [DefaultRobotsTTL].
	TTL time.Duration
	// Hosts is how many hosts are remembered; 0 is [DefaultRobotsHosts].
	Hosts int
	// Now is the clock; default [time.Now].
	Now func() time.Time
}

// Robots knows what the robots.txt files of hosts say, and remembers it for a
// day. It is safe for concurrent use.
//
// It is for crawling: reading sources, and capturing the articles that were
// found in them. What a person asks for by its address is not crawling, nor is
// a look at a post that was captured, and neither asks here.
//
// A host that has no robots.txt (any status of 4xx but 429) allows everything.
// One whose file cannot be had, because the server is broken or cannot be
// reached, forbids everything for the time being, unless an older copy is at
// hand.
type Robots struct {
	client Client
	o      RobotsOptions

	mu    sync.Mutex
	hosts map[string]*robotsHost
}

// robotsHost is what is known of one host. Its fields are guarded by turn,
// which holds one token; used is guarded by Robots.mu.
type robotsHost struct {
	turn  chan struct{}
	used  time.Time
	rules *rules // nil: never read
	until time.Time
	// trouble is why the file could not be had at the last attempt, since when
	// that is so, and how often in a row.
	trouble error
	down    time.Time
	tries   int
}

// NewRobots returns a Robots that asks through client.
func NewRobots(client Client, o RobotsOptions) *Robots {
	o.Token = cmp.Or(o.Token, RobotsToken)
	if o.TTL <= 0 || o.TTL > DefaultRobotsTTL {
		o.TTL = DefaultRobotsTTL
	}
	o.Hosts = cmp.Or(o.Hosts, DefaultRobotsHosts)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Robots{client: client, o: o, hosts: map[string]*robotsHost{}}
}

// RobotsError says that a robots.txt forbids an address. It wraps
// store.ErrRefused.
type RobotsError struct {
	// URL is the address that was asked about.
	URL string
	// Reason is a sentence about why.
	Reason string
	// Until is when to ask again, where the file could not be had; it is zero
	// where the file itself forbids the address.
	Until time.Time
	// Cause is the error of a file that could not be had.
	Cause error
}

// Error returns a sentence.
func (e *RobotsError) Error() string { return e.Reason }

// Temporary reports whether trying the same again later can help.
func (e *RobotsError) Temporary() bool { return !e.Until.IsZero() }

// Unwrap returns store.ErrRefused. The cause is not among what is wrapped: it
// would tell the class of another request.
func (e *RobotsError) Unwrap() error { return store.ErrRefused }

// RobotsAnswer is what a host's robots.txt says beside yes or no.
type RobotsAnswer struct {
	// Delay is the pause between requests that the host asks for; 0 is none.
	Delay time.Duration
	// Sitemaps are the addresses of sitemaps that the file lists.
	Sitemaps []string
	// Exchanges are the requests that this answer cost: none where the file
	// was remembered.
	Exchanges []store.Exchange
	// rules are what the file says, nil where it is not known.
	rules *rules
}

// Check says whether an address may be asked for. It errors with a
// [RobotsError] where not, with the error of a host that asks to slow down, and
// with ctx's error. The answer is right also with a RobotsError, as far as the
// file is known.
func (r *Robots) Check(ctx context.Context, address string) (RobotsAnswer, error) {
	u := parseBase(address)
	if u == nil {
		return RobotsAnswer{}, fmt.Errorf("%w: %q is no web address", store.ErrInvalid, address)
	}
	h := r.host(u)
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return RobotsAnswer{}, fmt.Errorf("waiting for the robots.txt of %s: %w", u.Host, ctx.Err())
	}
	defer func() { <-h.turn }()
	var a RobotsAnswer
	if !r.o.Now().Before(h.until) {
		var err error
		if a.Exchanges, err = r.load(ctx, h, u); err != nil {
			return a, err
		}
	}
	if h.rules == nil {
		return a, &RobotsError{URL: address, Until: h.until, Cause: h.trouble,
			Reason: fmt.Sprintf("%s is not asked for, because the robots.txt of %s could not be had (%v); next attempt at %s", address, u.Host, h.trouble, h.until.UTC().Format(time.RFC3339))}
	}
	a.Delay, a.Sitemaps, a.rules = h.rules.delay, h.rules.sitemaps, h.rules
	if !h.rules.allows(u) {
		return a, &RobotsError{URL: address, Reason: fmt.Sprintf("the robots.txt of %s closes %s to crawlers", u.Host, address)}
	}
	return a, nil
}

// host returns the entry of a host, and makes place for a new one.
func (r *Robots) host(u *url.URL) *robotsHost {
	key := u.Scheme + "://" + strings.ToLower(u.Host)
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.hosts[key]
	if h == nil {
		if len(r.hosts) >= r.o.Hosts {
			oldest := ""
			for k, o := range r.hosts {
				if oldest == "" || o.used.Before(r.hosts[oldest].used) {
					oldest = k
				}
			}
			delete(r.hosts, oldest)
		}
		h = &robotsHost{turn: make(chan struct{}, 1)}
		r.hosts[key] = h
	}
	h.used = r.o.Now()
	return h
}

// load asks for the file. It errors where that says nothing about the host.
func (r *Robots) load(ctx context.Context, h *robotsHost, u *url.URL) ([]store.Exchange, error) {
	address := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}).String()
	resp, err := r.client.Do(ctx, fetch.Request{URL: address, Purpose: PurposeRobots, MaxBytes: 8 * maxRobots,
		Header: http.Header{"Accept": {"text/plain,*/*;q=0.5"}}})
	now := r.o.Now()
	var limited *fetch.RateLimitError
	switch {
	case ctx.Err() != nil:
		return resp.Exchanges, fmt.Errorf("reading %s: %w", address, ctx.Err())
	case errors.As(err, &limited):
		return resp.Exchanges, fmt.Errorf("reading %s: %w", address, err)
	case errors.Is(err, store.ErrRefused), errors.Is(err, store.ErrInvalid):
		// The address guard: the host itself is out of bounds.
		return resp.Exchanges, fmt.Errorf("reading %s: %w", address, err)
	case err == nil && resp.Status >= 500:
		err = fmt.Errorf("%w: %s answered %d %s", store.ErrUnexpected, address, resp.Status, http.StatusText(resp.Status))
	case errors.Is(err, store.ErrUnexpected):
		// Redirects without end, or an answer that cannot be decoded: there is
		// no such file.
		err = nil
	}
	if err != nil {
		h.failed(now, err)
		return resp.Exchanges, nil
	}
	got := rules{}
	if resp.Status/100 == 2 {
		got = parseRobots(resp.Body, r.o.Token)
		got.sitemaps = absolute(got.sitemaps, parseBase(resp.URL))
	}
	h.rules, h.trouble, h.down, h.tries = &got, nil, time.Time{}, 0
	h.until = now.Add(holds(resp.Header, r.o.TTL))
	return resp.Exchanges, nil
}

// failed notes that the file could not be had. An older copy goes on to hold.
func (h *robotsHost) failed(now time.Time, err error) {
	if h.down.IsZero() {
		h.down = now
	}
	h.trouble = err
	h.until = now.Add(min(firstRobotsRetry<<min(h.tries, 16), lastRobotsRetry))
	h.tries++
	if now.Sub(h.down) > robotsDown {
		h.rules = &rules{}
	}
}

// holds returns how long a file holds: as Cache-Control says, within bounds.
func holds(header http.Header, most time.Duration) time.Duration {
	for part := range strings.SplitSeq(header.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		if s, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 64); err == nil && s >= 0 {
			d := time.Duration(min(s, math.MaxInt32)) * time.Second
			return min(max(d, minRobotsTTL), most)
		}
	}
	return most
}

// absolute resolves addresses and drops what is none.
func absolute(list []string, base *url.URL) []string {
	var out []string
	for _, s := range list {
		if a, ok := webLink(s, base); ok {
			out = append(out, a)
		}
	}
	return out
}
