package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

// The purposes that are recorded with the exchanges of this package.
const (
	// PurposeSource is reading a source.
	PurposeSource = "source"
	// PurposeRobots is reading a robots.txt.
	PurposeRobots = "robots"
)

// Client makes requests: *[fetch.Client].
type Client interface {
	// Do makes a request: see [fetch.Client.Do].
	Do(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

// ReaderOptions configure [NewReader]. The zero value works.
type ReaderOptions struct {
	// Robots is asked before each document, and about the items of the
	// document's own host; nil obeys no robots.txt.
	Robots *Robots
	// Limits bound each pass.
	Limits Limits
	// Now is the clock; default [time.Now].
	Now func() time.Time
}

// Reader reads sources. It keeps nothing between two passes, and is safe for
// concurrent use.
type Reader struct {
	client Client
	o      ReaderOptions
	// listed knows the sitemaps that robots.txt files list, also where none is
	// obeyed.
	listed *Robots
}

// NewReader returns a reader that asks through client. For documents of the
// full size of a sitemap the client must hold as much in memory: see
// fetch.Options.MaxBody.
func NewReader(client Client, o ReaderOptions) *Reader {
	o.Limits = o.Limits.withDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	listed := o.Robots
	if listed == nil {
		listed = NewRobots(client, RobotsOptions{Now: o.Now})
	}
	return &Reader{client: client, o: o, listed: listed}
}

// Options say what one pass is for. The zero value reads what is new, and knows
// nothing.
type Options struct {
	// Known tells what was handed out before; nil is nothing. A reading that
	// goes on in several passes needs it.
	Known KnownFunc
	// Backfill, where it is not zero, makes the pass one step back in time to
	// that day, newest first, instead of a reading of what is new. Steps go on
	// while Reading.More is true; State.Backfill says where they stand.
	Backfill time.Time
	// Afresh ignores what is known of the source: no conditional requests.
	Afresh bool
	// IgnoreRobots obeys no robots.txt, for sites of one's own.
	IgnoreRobots bool
}

// Read makes one pass over a source, beginning with the state that the last one
// left. What Read returns is also right beside an error: the exchanges are to
// be kept, and the state says when to try again.
//
// Errors are those of the client, a [RobotsError], a [StatusError], and
// store.ErrUnexpected for an answer that is not what was expected, with a
// sentence that says what it is.
func (r *Reader) Read(ctx context.Context, s Source, st State, o Options) (Reading, error) {
	p := r.pass(s, st, o)
	err := p.run(ctx)
	return p.end(err)
}

// ReadBody makes one pass over a list, feed or sitemap that is at hand, such as
// a file. It makes no requests: an index of sitemaps or a page is an error.
// address is where relative links lead to; it may be empty.
func (r *Reader) ReadBody(ctx context.Context, s Source, body []byte, address string, st State, o Options) (Reading, error) {
	p := r.pass(s, st, o)
	p.atHand = true
	err := p.body(ctx, body, address)
	return p.end(err)
}

// StatusError is an answer with a status that brings no document. It wraps
// store.ErrUnexpected.
type StatusError struct {
	// URL is the address that answered, Status its status.
	URL    string
	Status int
}

// Error returns a sentence.
func (e *StatusError) Error() string {
	more := ""
	switch e.Status {
	case http.StatusGone:
		more = ": it is gone for good"
	case http.StatusNotFound:
		more = ": there is no such document; check the address"
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		more = ": it is not shown to us"
	}
	return strings.TrimSpace(fmt.Sprintf("%s answered %d %s", e.URL, e.Status, http.StatusText(e.Status))) + more
}

// Unwrap returns store.ErrUnexpected.
func (e *StatusError) Unwrap() error { return store.ErrUnexpected }

// errEnough ends a pass that has reached a limit.
var errEnough = errors.New("the pass has reached a limit")

// pass is one reading while it goes on.
type pass struct {
	r      *Reader
	o      Options
	s      Source
	limits Limits
	now    time.Time
	atHand bool

	st  State
	old State
	out Reading

	requests int
	bytes    int64
	undated  int
	// taken are the keys of the items so far, visited those of the documents.
	taken   map[string]bool
	visited map[string]bool
	// rules are those of the hosts that documents came from; nil for hosts
	// whose robots.txt is not obeyed.
	rules map[string]*rules
	dates []time.Time
	// astray is true where what was found in place of the configured address
	// is no good any more.
	astray bool
	// notBefore is when a host that asked to slow down, amid the pass, wants to
	// be asked again.
	notBefore time.Time
	// parts counts the sitemaps of an index that are wanted, partsRead those
	// of them that this pass has read.
	parts, partsRead int
}

func (r *Reader) pass(s Source, st State, o Options) *pass {
	p := &pass{r: r, o: o, s: s, limits: r.o.Limits, now: r.o.Now(), old: st, st: st.begin(s),
		taken: map[string]bool{}, visited: map[string]bool{}, rules: map[string]*rules{}}
	if o.Afresh {
		p.st.Root, p.st.Children, p.st.Sweep = Validators{}, nil, nil
	}
	return p
}

// end makes the reading of the pass.
func (p *pass) end(err error) (Reading, error) {
	now := p.r.o.Now()
	p.out.Format, p.out.Title, p.out.CrawlDelay = p.st.Format, p.st.Title, p.st.CrawlDelay
	if err == nil {
		newestFirst(p.out.Items)
		p.st.succeed(now, p.dates)
		p.st.NotBefore = p.notBefore
		p.st.More, p.st.WentBack = p.out.More || p.st.pending(), p.backfill()
		p.out.State = p.st
		return p.out, nil
	}
	// Nothing is handed out, so nothing counts as read.
	p.out.Items, p.out.More, p.out.NotModified = nil, false, false
	err = fmt.Errorf("reading %s: %w", p.shown(), err)
	if errors.Is(err, context.Canceled) {
		p.out.State = p.old
		return p.out, err
	}
	st := p.old.begin(p.s)
	if p.astray {
		st.MovedTo, st.Via, st.Format, st.Root = "", "", "", Validators{}
	}
	st.CrawlDelay = p.st.CrawlDelay
	st.fail(now, err)
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusGone && st.GoneSince.IsZero() {
		st.GoneSince = now
	}
	p.out.State = st
	return p.out, err
}

// shown is the source as it is told: without name and password.
func (p *pass) shown() string {
	if u, err := url.Parse(p.s.URL); err == nil {
		return u.Redacted()
	}
	return cut(p.s.URL, maxSentence)
}

func (p *pass) warn(format string, args ...any) {
	p.out.Warnings = append(p.out.Warnings, fmt.Sprintf(format, args...))
}

// backfill reports whether the pass goes back on request.
func (p *pass) backfill() bool { return !p.o.Backfill.IsZero() }

// spent reports whether no further document may be asked for.
func (p *pass) spent() bool {
	return p.requests >= p.limits.Requests || p.bytes >= p.limits.Bytes || p.full()
}

// full reports whether no further item may be handed out.
func (p *pass) full() bool { return len(p.out.Items) >= p.limits.Items }

// document is an answer.
type document struct {
	// url is the address that answered, the base of its links.
	url         string
	contentType string
	body        []byte
	format      Format
	text        *text
	validators  Validators
	// unchanged is true where the server or the body says so.
	unchanged bool
	moved     string
}

// accept is what is asked for: everything, feeds first.
const accept = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, text/html;q=0.7, text/plain;q=0.7, */*;q=0.5"

// get asks for a document, on the condition that it has changed where v is not
// nil.
func (p *pass) get(ctx context.Context, address string, v *Validators) (*document, error) {
	if err := p.allowed(ctx, address); err != nil {
		return nil, err
	}
	header := http.Header{"Accept": {accept}}
	if v != nil && v.ETag != "" {
		header.Set("If-None-Match", v.ETag)
	}
	if v != nil && v.LastModified != "" {
		header.Set("If-Modified-Since", v.LastModified)
	}
	p.requests++
	p.visited[hashOf(address)] = true
	resp, err := p.r.client.Do(ctx, fetch.Request{URL: address, Header: header, Purpose: PurposeSource, MaxBytes: p.limits.DocumentBytes})
	p.out.Exchanges = append(p.out.Exchanges, resp.Exchanges...)
	for i := range resp.Exchanges {
		p.bytes += resp.Exchanges[i].Body.Size
	}
	if err != nil {
		return nil, err
	}
	d := &document{url: resp.URL, contentType: resp.Header.Get("Content-Type"), body: resp.Body, moved: movedTo(resp)}
	switch {
	case resp.Status == http.StatusNotModified && v != nil:
		d.unchanged, d.validators = true, *v
		return d, nil
	case resp.Status != http.StatusOK:
		return nil, &StatusError{URL: shownURL(resp), Status: resp.Status}
	}
	d.validators = validatorsOf(resp)
	if d.unchanged = v != nil && v.Hash != "" && v.Hash == d.validators.Hash; d.unchanged {
		return d, nil
	}
	return d, p.open(d)
}

// open looks at what a document is.
func (p *pass) open(d *document) error {
	if len(strings.TrimSpace(string(d.body[:min(len(d.body), 4096)]))) == 0 && len(d.body) <= 4096 {
		return fmt.Errorf("%w: %s answered with nothing", store.ErrUnexpected, d.shown())
	}
	var err error
	if d.text, err = openText(d.body, d.contentType, p.limits.DocumentBytes); err != nil {
		return fmt.Errorf("%s: %w", d.shown(), err)
	}
	d.format = detect(d.text.head, d.contentType)
	return nil
}

// shown is the document's address as it is told.
func (d *document) shown() string {
	if d.url == "" {
		return "the document"
	}
	if u, err := url.Parse(d.url); err == nil {
		return u.Redacted()
	}
	return d.url
}

func shownURL(resp *fetch.Response) string {
	if n := len(resp.Exchanges); n > 0 {
		return resp.Exchanges[n-1].URL
	}
	return resp.URL
}

func validatorsOf(resp *fetch.Response) Validators {
	v := Validators{ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"), Hash: hashOf(resp.Body)}
	if len(v.ETag) > maxValidator {
		v.ETag = ""
	}
	if _, err := http.ParseTime(v.LastModified); err != nil {
		v.LastModified = "" // what is no date would make servers ignore both
	}
	return v
}

// movedTo returns where redirects that are meant for good lead, as far as no
// other comes between them; "" where there is none.
func movedTo(resp *fetch.Response) string {
	moved := false
	for i := range resp.Exchanges {
		ex := &resp.Exchanges[i]
		switch ex.Status {
		case http.StatusMovedPermanently, http.StatusPermanentRedirect:
			moved = true
		case http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect:
			if !moved {
				return ""
			}
			return ex.URL
		}
	}
	if !moved {
		return ""
	}
	return shownURL(resp)
}

// allowed asks the host's robots.txt about a document.
func (p *pass) allowed(ctx context.Context, address string) error {
	if p.r.o.Robots == nil || p.o.IgnoreRobots {
		return nil
	}
	a, err := p.r.o.Robots.Check(ctx, address)
	p.out.Exchanges = append(p.out.Exchanges, a.Exchanges...)
	p.st.CrawlDelay = max(p.st.CrawlDelay, a.Delay)
	if host := hostOf(address); a.rules != nil {
		p.rules[host] = a.rules
	}
	return err
}

// closed reports whether the robots.txt of a document's host closes an item of
// the same host.
func (p *pass) closed(it *Item) bool {
	u := parseBase(it.URL)
	if u == nil {
		return false
	}
	rules := p.rules[u.Host]
	return rules != nil && !rules.allows(u)
}
