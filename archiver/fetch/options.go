package fetch

import (
	"context"
	"crypto/x509"
	"math"
	"net"
	"net/http"
	"net/netip"
	"time"

	"stet/store"
)

// The defaults of [Options].
const (
	// DefaultUserAgent names the program. A version and a contact belong to
	// it; they are the configuration's to give.
	DefaultUserAgent = "stet"
	// DefaultTimeout is the time from the start of an attempt to the end of
	// the response's head. Slow newsroom proxies add seconds, a server that
	// has said nothing for half a minute rarely does later.
	DefaultTimeout = 30 * time.Second
	// DefaultMaxTime bounds one attempt as a whole, body included: a video of
	// 200 MB over a line of 2 Mbit/s.
	DefaultMaxTime = 15 * time.Minute
	// DefaultMinRate is the least number of bytes per second that a body must
	// bring, measured over each window of Timeout. A modem of the 1990s is
	// faster; an attacker who holds connections open with single bytes is not.
	DefaultMinRate = 2 << 10
	// DefaultMaxBytes is the largest payload as sent, and the largest body
	// decoded. The platforms' own limit for videos is 512 MB.
	DefaultMaxBytes = 512 << 20
	// DefaultMaxBody is the largest body that is held in memory. The largest
	// article pages are a few megabytes.
	DefaultMaxBody = 32 << 20
	// DefaultMaxRatio is the greatest ratio of decoded to sent bytes, once
	// ratioFloor bytes have been decoded. Repetitive JSON reaches about 50;
	// bombs begin at several hundred.
	DefaultMaxRatio = 200
	// DefaultMaxRedirects is the most redirects that are followed. Short links
	// that wrap short links reach five or six.
	DefaultMaxRedirects = 10
	// DefaultMaxHeaderBytes is the largest response head. Pages with many
	// cookies and a long content-security policy reach 20 KB.
	DefaultMaxHeaderBytes = 128 << 10
	// DefaultPerHostInterval is the least time between the starts of two
	// requests to one host: two per second, which X's keyless endpoint bears.
	DefaultPerHostInterval = 500 * time.Millisecond
	// DefaultPerHostConcurrency is the most requests to one host at a time.
	DefaultPerHostConcurrency = 2
	// DefaultMaxWait is the longest that a request waits, when a host has
	// asked to slow down, before it fails with [RateLimitError] instead.
	DefaultMaxWait = 10 * time.Second
	// DefaultRetries is how often an attempt is repeated where that is safe.
	// More belongs to the queue of jobs, which survives a restart.
	DefaultRetries = 2
	// DefaultRetryDelay is the delay before the first repetition; it doubles,
	// and is drawn at random between half of it and the whole.
	DefaultRetryDelay = 500 * time.Millisecond
	// DefaultInlineSize is the largest payload that is kept inline where the
	// request has a Sink: what a store keeps inside its records.
	DefaultInlineSize = 64 << 10
	// DefaultIdleTime is how long a connection is kept for the next request.
	DefaultIdleTime = 30 * time.Second
	// DefaultMaxIdle is the most connections that are kept.
	DefaultMaxIdle = 128

	// maxRequestBody is the largest request body: forms and small JSON.
	maxRequestBody = 8 << 20
	// maxRedirectBody is how much of a redirect's body is kept.
	maxRedirectBody = 64 << 10
	// ratioFloor is the number of decoded bytes from which on the ratio
	// counts: small bodies compress absurdly well and harm nobody.
	ratioFloor = 1 << 20
	// maxEncodings is the most content codings in a row.
	maxEncodings = 3
	// maxInterim is the most interim answers (1xx) before the final one.
	maxInterim = 8
	// firstHold and maxHold bound the pause after a 429 without Retry-After;
	// it doubles with each in a row. The Internet Archive asks for a minute.
	firstHold = time.Minute
	maxHold   = 15 * time.Minute
	// maxRetryAfter is the longest pause that is believed.
	maxRetryAfter = 24 * time.Hour
)

// A Resolver looks up the addresses of a host. [net.Resolver] is one.
type Resolver interface {
	// LookupNetIP returns the addresses of host; network is "ip". An error
	// that is a [net.DNSError] is explained to people.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// DialFunc opens a connection to a numeric address; network is "tcp". The
// address has been checked before.
type DialFunc func(ctx context.Context, network string, addr netip.AddrPort) (net.Conn, error)

// Options configure a [Client]. The zero value works; a negative number or
// duration means none: no limit, no pause, no retry, no redirect.
type Options struct {
	// UserAgent is the product and version, as in stet/1.2. Contact is where
	// the operator can be reached, a URL or a mail address; it is added in
	// parentheses.
	UserAgent string
	Contact   string

	// Proxy is the URL of a proxy for all traffic (http, https or socks5, with
	// name and password if it wants them). Where it is empty, HTTPS_PROXY and
	// HTTP_PROXY are read as Go reads them. NO_PROXY holds in both cases.
	Proxy string
	// Getenv reads an environment variable; default [os.Getenv].
	Getenv func(string) string
	// RootCAs are the certificate authorities that are trusted; nil means the
	// system's, which SSL_CERT_FILE replaces.
	RootCAs *x509.CertPool

	// AllowPrivate opens loopback, private, shared and unique-local addresses,
	// and every port, for newsrooms that archive their own network. Link-local
	// (where clouds serve credentials), multicast and reserved ones stay shut.
	AllowPrivate bool

	// Timeout bounds the time until a response's head has arrived, and is the
	// window in which a body must keep up MinRate bytes per second. MaxTime
	// bounds the attempt as a whole.
	Timeout time.Duration
	MaxTime time.Duration
	MinRate int64

	// MaxBytes bounds a payload as sent and decoded, MaxBody what is held in
	// memory, MaxRatio decoded to sent bytes.
	MaxBytes int64
	MaxBody  int64
	MaxRatio int64
	// MaxHeaderBytes bounds a response's head, MaxRedirects the hops.
	MaxHeaderBytes int
	MaxRedirects   int
	// InlineSize is the payload size from which on [Request.Sink] is used.
	InlineSize int64

	// PerHostInterval and PerHostConcurrency pace the requests to one host.
	// HostIntervals overrides the interval for hosts by name.
	PerHostInterval    time.Duration
	PerHostConcurrency int
	HostIntervals      map[string]time.Duration
	// Turns, where it is not nil, paces the requests of all processes that
	// share it together.
	Turns store.Turns
	// MaxWait is how long a request waits for a host that asked to slow down.
	MaxWait time.Duration
	// Retries and RetryDelay repeat GET and HEAD after connection errors
	// without an answer and after 500, 502, 503 and 504.
	Retries    int
	RetryDelay time.Duration

	// SecretHeaders are names of request headers that hold secrets, beside
	// Authorization, Cookie and Proxy-Authorization.
	SecretHeaders []string
	// Access is what requests to hosts of the operator's own carry.
	Access []Access

	// IdleTime and MaxIdle govern connections kept for the next request.
	IdleTime time.Duration
	MaxIdle  int

	// Now is the clock of records and pacing; it must run as timers do.
	// Default [time.Now].
	Now func() time.Time
	// Rand returns a number in [0,1) for jitter; default [rand.Float64] of
	// math/rand/v2.
	Rand func() float64
	// Resolver and Dial replace name resolution and connecting. The guard runs
	// between the two.
	Resolver Resolver
	Dial     DialFunc
}

// Request is one request to make.
type Request struct {
	// Method is GET where it is empty.
	Method string
	URL    string
	// Header is sent with the request; Host, Content-Length, Connection and
	// the like are the client's own.
	Header http.Header
	Body   []byte
	// Purpose is recorded: article, post, media, look, page, resolve, control.
	Purpose string

	// SecretHeaders and SecretParams name headers and parameters (of the query
	// and of a form in the body) whose values are not recorded.
	SecretHeaders []string
	SecretParams  []string
	// Anonymous leaves out [Options.Access], for addresses that strangers chose.
	Anonymous bool
	// Withhold keeps both bodies out of the record: only the outcome is kept.
	// The caller is given the body all the same.
	Withhold bool

	// Sink is called once when the payload of a successful answer (2xx) grows
	// beyond Options.InlineSize; the payload is then written there, as sent,
	// from its first byte on, and the exchange names it by its digest in
	// Body.Blob. It may return a nil writer to keep the payload inline.
	// Whoever made the writer commits or discards it after Do; nothing is
	// written to it after Do returned. Where Do errors, the exchange names what
	// was written until then; who discards that empties Body of the exchange.
	// Where the sink itself errors, the exchange has no body.
	Sink func(Head) (Sink, error)
	// Whole asks for the decoded body in memory also where Sink took the
	// payload.
	Whole bool

	// MaxBytes overrides Options.MaxBytes where it is not 0; MaxRedirects
	// Options.MaxRedirects, negative for none.
	MaxBytes     int64
	MaxRedirects int
}

// Sink takes the bytes of a payload; a store.BlobWriter is one.
type Sink interface {
	// Write takes the next bytes, as [io.Writer] does.
	Write(p []byte) (int, error)
}

// Head is what is known of a response before its body.
type Head struct {
	// URL is the address that answered.
	URL    string
	Status int
	Header http.Header
	// Length is the payload's size as announced, or -1.
	Length int64
}

// withDefaults returns a copy in which every zero has been replaced.
func (o Options) withDefaults() Options {
	def(&o.UserAgent, DefaultUserAgent)
	def(&o.Timeout, DefaultTimeout)
	def(&o.MaxTime, DefaultMaxTime)
	def(&o.MinRate, DefaultMinRate)
	def(&o.MaxBytes, DefaultMaxBytes)
	def(&o.MaxBody, DefaultMaxBody)
	def(&o.MaxRatio, DefaultMaxRatio)
	def(&o.MaxHeaderBytes, DefaultMaxHeaderBytes)
	def(&o.MaxRedirects, DefaultMaxRedirects)
	def(&o.InlineSize, DefaultInlineSize)
	def(&o.PerHostInterval, DefaultPerHostInterval)
	def(&o.PerHostConcurrency, DefaultPerHostConcurrency)
	def(&o.MaxWait, DefaultMaxWait)
	def(&o.Retries, DefaultRetries)
	def(&o.RetryDelay, DefaultRetryDelay)
	def(&o.IdleTime, DefaultIdleTime)
	def(&o.MaxIdle, DefaultMaxIdle)
	// No limit is one that nothing reaches and no sum overflows.
	for _, v := range []*int64{&o.MaxBytes, &o.MaxBody} {
		if *v < 0 {
			*v = math.MaxInt64 / 4
		}
	}
	if o.MaxHeaderBytes < 0 {
		o.MaxHeaderBytes = math.MaxInt32
	}
	if o.MaxRatio < 0 || o.MaxRatio > 1<<20 {
		o.MaxRatio = 1 << 20
	}
	return o
}

// def sets *v where it is zero.
func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
