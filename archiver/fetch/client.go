package fetch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/publicsuffix"

	"stet/store"
)

// Client makes requests. It is safe for concurrent use. It keeps no cookies
// beyond the redirects of one request, and no credentials but [Options.Access].
type Client struct {
	opts    Options
	agent   string
	access  accesses
	guard   *guard
	proxy   func(*url.URL) (*url.URL, error)
	dial    DialFunc // to what was asked for, checked
	dialOwn DialFunc // to the operator's proxy
	pace    *pacer
	pool    *pool
	buffers sync.Pool // *[]byte for copying bodies
	gzips   sync.Pool // *gzip.Reader
}

// New returns a client. It errors with store.ErrInvalid where the proxy, the
// user agent or an access cannot be right. The caller closes the client.
func New(o Options) (*Client, error) {
	o = o.withDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	c := &Client{opts: o, agent: o.UserAgent, guard: newGuard(o.AllowPrivate)}
	if o.Contact != "" {
		c.agent += " (+" + o.Contact + ")"
	}
	if !httpguts.ValidHeaderFieldValue(c.agent) {
		return nil, fmt.Errorf("%w: the user agent %q has control characters", store.ErrInvalid, c.agent)
	}
	var err error
	if c.access, err = newAccesses(o.Access); err != nil {
		return nil, err
	}
	if c.proxy, err = proxyFunc(o); err != nil {
		return nil, err
	}
	if c.dial, c.dialOwn = o.Dial, o.Dial; o.Dial == nil {
		c.dial, c.dialOwn = c.systemDial(true), c.systemDial(false)
	}
	c.pace, c.pool = newPacer(o, o.Now), newPool(o)
	c.buffers.New = func() any { b := make([]byte, 32<<10); return &b }
	return c, nil
}

// UserAgent returns the header of that name that the client sends.
func (c *Client) UserAgent() string { return c.agent }

// Close ends the idle connections. Requests under way are not touched, and
// their connections are not kept.
func (c *Client) Close() error {
	c.pool.close()
	return nil
}

// Hold keeps requests from a host until a time, for platforms that say so in
// other ways than Retry-After. Requests that come meanwhile wait or fail as
// they do after Retry-After.
func (c *Client) Hold(host string, until time.Time) { c.pace.keepFrom(strings.ToLower(host), until) }

// Response is what came of a request.
type Response struct {
	// URL is the address that answered last, as it was asked for: it can hold
	// the secret parameters of the request. It is empty where nothing could be
	// asked.
	URL string
	// Status and Header are those of the last answer; Status is 0 where none
	// arrived.
	Status int
	Header http.Header
	// Body is the decoded body, where it is held in memory.
	Body []byte
	// Exchanges are all attempts, redirects included, in order.
	Exchanges []store.Exchange
}

// Type returns the media type of the answer in lower case, without parameters.
func (r *Response) Type() string { return mediaType(r.Header) }

// Do makes a request and follows where it is redirected. It never returns a nil
// Response: also with an error it holds the exchanges so far, that of the
// failure included. See the package's comment for the errors.
//
// Do blocks while the host's turn has not come, and while it asked for a pause
// of at most Options.MaxWait.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	res := &Response{}
	h, err := c.firstHop(&r)
	if err != nil {
		return res, c.refuse(h, res, err)
	}
	limit := c.opts.MaxRedirects
	if r.MaxRedirects != 0 {
		limit = r.MaxRedirects
	}
	var chain chain
	accessed := false // an access was sent, and its host may have repeated it
	for n := 0; ; n++ {
		if res.URL = h.t.url.String(); accessed {
			res.URL = h.secret.text(res.URL)
		}
		accessed = accessed || h.access != nil
		out, err := c.attempts(ctx, h, res)
		res.Status, res.Header, res.Body = out.status, out.header, out.body
		if err != nil {
			return res, err
		}
		if limit < 0 || !out.redirect {
			return res, nil
		}
		next, err := h.follow(out.status, out.header.Get("Location"))
		if err != nil {
			return res, c.refuse(next, res, err)
		}
		if n >= limit {
			return res, fmt.Errorf("%s %s: %w: more than %d redirects", h.method, h.shown, store.ErrUnexpected, limit)
		}
		again, err := chain.step(h, out.cookies, next)
		if err != nil {
			return res, fmt.Errorf("%s %s: %w", h.method, h.shown, err)
		}
		if again {
			return res, fmt.Errorf("%s %s: %w: the redirects go round in a circle", next.method, next.shown, store.ErrUnexpected)
		}
		h = next
	}
}

// chain is what a chain of redirects has collected: cookies, and where it has
// been. The zero value is an empty one.
type chain struct {
	jar  *cookiejar.Jar
	seen map[string]bool
}

// step goes from one hop to the next, which is given the cookies that it shall
// send back. It reports whether the chain has been there before with the same.
func (c *chain) step(from *hop, cookies []*http.Cookie, to *hop) (bool, error) {
	if c.jar == nil {
		jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
		if err != nil {
			return false, fmt.Errorf("making a cookie jar: %w", err)
		}
		c.jar, c.seen = jar, map[string]bool{from.place(): true}
	}
	if from.access != nil {
		// What was answered to a secret can be one: it goes back to its host
		// only.
		for _, ck := range cookies {
			ck.Domain = ""
		}
	}
	c.jar.SetCookies(from.t.url, cookies)
	var parts []string
	for _, ck := range c.jar.Cookies(to.t.url) {
		parts = append(parts, ck.Name+"="+ck.Value)
	}
	to.cookie = strings.Join(parts, "; ")
	again := c.seen[to.place()]
	c.seen[to.place()] = true
	return again, nil
}

// place is all that decides what a hop's answer can be.
func (h *hop) place() string { return h.method + " " + h.t.url.String() + " " + h.cookie }

// refuse records an attempt that was not made, unless there is nothing that it
// could have been made at, and returns its error.
func (c *Client) refuse(h *hop, res *Response, err error) error {
	err = fmt.Errorf("%s %s: %w", h.method, h.shown, err)
	if errors.Is(err, store.ErrInvalid) && len(res.Exchanges) == 0 {
		return err
	}
	res.Exchanges = append(res.Exchanges, store.Exchange{Started: c.opts.Now(), Method: h.method, URL: h.shown,
		Purpose: h.req.Purpose, Redacted: h.secret.names, Error: err.Error(), ErrorClass: store.ClassOf(err).Name})
	return err
}

// attempts makes the exchange of one hop, and makes it again where that is safe
// and can help. Every attempt is recorded.
func (c *Client) attempts(ctx context.Context, h *hop, res *Response) (outcome, error) {
	fresh := false
	for retries := 0; ; {
		release, err := c.pace.acquire(ctx, h.t.host)
		if err != nil {
			return outcome{}, fmt.Errorf("%s %s: %w", h.method, h.shown, err)
		}
		out := c.exchange(ctx, h, fresh)
		release()
		res.Exchanges = append(res.Exchanges, out.exchange)
		var until time.Time
		if out.status != 0 {
			until = c.pace.observe(h.t.host, out.status, out.header)
		}
		err = out.err
		again := h.safe() && retries < c.opts.Retries && ctx.Err() == nil
		switch {
		case err != nil && h.safe() && out.stale && ctx.Err() == nil:
			// The server closed a kept connection in the moment of its use.
			// That says nothing, and new connections do not suffer from it.
			fresh = true
			continue
		case err != nil && again && out.retriable:
		case err != nil:
			return out, err
		case !until.IsZero() && again && until.Sub(c.opts.Now()) <= c.opts.MaxWait:
			retries++ // acquire waits
			continue
		case !until.IsZero():
			limited := &RateLimitError{Host: h.t.host, Until: until, Status: out.status}
			return out, fmt.Errorf("%s %s: %w", h.method, h.shown, limited)
		case !serverError(out.status) || !again:
			return out, nil
		}
		if err := sleep(ctx, c.retryDelay(retries)); err != nil {
			return out, fmt.Errorf("%s %s: %w", h.method, h.shown, err)
		}
		retries++
	}
}

// serverError reports whether a status is one of those that pass.
func serverError(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryDelay is the pause before the n-th repetition: it doubles, and is drawn
// between half and the whole so that many clients do not come back together.
func (c *Client) retryDelay(n int) time.Duration {
	d := max(c.opts.RetryDelay, 0) << min(n, 10)
	return d/2 + time.Duration(c.opts.Rand()*float64(d/2))
}

// retriable reports whether an attempt that got no answer may be repeated: not
// where the answer would be the same again, or the time is over.
func retriable(err error) bool {
	var dns *net.DNSError
	switch {
	case !errors.Is(err, store.ErrNetwork):
		return false
	case errors.As(err, &dns) && dns.IsNotFound, isCertificateError(err):
		return false
	case errors.Is(err, errHeadTime), errors.Is(err, errSlowBody), errors.Is(err, errMaxTime):
		return false
	}
	return true
}
