package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"stet/store"
)

// viaRobots stands in State.Via for the sitemaps of the site's robots.txt.
const viaRobots = "robots.txt"

// run reads the source.
func (p *pass) run(ctx context.Context) error {
	p.st.CrawlDelay = 0
	if p.st.Via == viaRobots {
		err := p.listedSitemaps(ctx)
		p.astray = errors.Is(err, errNoSitemaps)
		return err
	}
	target := p.target()
	var v *Validators
	if p.st.Sweep == nil && !p.backfill() && !p.o.Afresh {
		v = &p.st.Root
	}
	d, err := p.get(ctx, target, v)
	if err == nil {
		p.moved(d)
		if d.unchanged {
			p.out.NotModified = true
			return nil
		}
		err = p.read(ctx, d)
	}
	if err == nil || target == p.s.URL || !errors.Is(err, store.ErrUnexpected) {
		return err
	}
	// The next pass begins with the configured address.
	p.astray = true
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusGone {
		return fmt.Errorf("%w: %s, where the source was found to be, is gone", store.ErrUnexpected, target)
	}
	return err
}

// target returns the address to ask.
func (p *pass) target() string {
	switch {
	case p.backfill() && p.goesOn() && p.st.Backfill.Next != "":
		return p.st.Backfill.Next
	case p.st.Via != "":
		return p.st.Via
	case p.st.MovedTo != "":
		return p.st.MovedTo
	}
	return p.s.URL
}

// moved remembers a move for good. Addresses with a name and password are asked
// each time: what they move to would be asked without.
func (p *pass) moved(d *document) {
	if d.moved == "" || p.st.Via != "" || d.moved == p.s.URL {
		return
	}
	p.out.MovedTo = d.moved
	if u, err := url.Parse(p.s.URL); err == nil && u.User == nil {
		p.st.MovedTo = d.moved
	}
	p.warn("the source has moved for good to %s: change its address", d.moved)
}

// body reads what is at hand.
func (p *pass) body(ctx context.Context, body []byte, address string) error {
	d := &document{url: address, body: body}
	d.validators.Hash = hashOf(body)
	if p.st.Sweep == nil && !p.backfill() && !p.o.Afresh && d.validators.Hash == p.st.Root.Hash {
		p.out.NotModified = true
		return nil
	}
	if err := p.open(d); err != nil {
		return err
	}
	if d.format == FormatIndex || d.format == FormatPage {
		return fmt.Errorf("%w: %s is %s, which can only be read from its address", store.ErrUnexpected, d.shown(), d.describe())
	}
	return p.read(ctx, d)
}

// read reads the document of the source itself.
func (p *pass) read(ctx context.Context, d *document) error {
	if err := p.expected(d); err != nil {
		return err
	}
	switch d.format {
	case FormatRSS, FormatRDF, FormatAtom, FormatJSON:
		return p.readFeed(ctx, d)
	case FormatSitemap, FormatIndex:
		return p.readSitemaps(ctx, d)
	case FormatText:
		return p.readText(ctx, d)
	}
	return p.readPage(ctx, d)
}

// goesOn reports whether the going back that the options ask for has begun and
// not ended.
func (p *pass) goesOn() bool {
	b := p.st.Backfill
	return b != nil && b.Since.Equal(p.o.Backfill) && b.Done.IsZero()
}

// goBack returns the sweep of the going back that the options ask for.
func (p *pass) goBack() *Sweep {
	if !p.goesOn() {
		p.st.Backfill = &Sweep{Since: p.o.Backfill, Began: p.now, Full: true}
	}
	return p.st.Backfill
}

// expected checks that a document is what the source was, or is said to be. An
// error page or a log-in page must not be taken for a source of its own.
func (p *pass) expected(d *document) error {
	is, was := d.format.Kind(), p.st.Format.Kind()
	switch {
	case d.format == formatOPML:
		return fmt.Errorf("%w: %s is a list of feeds (OPML): import it", store.ErrUnexpected, d.shown())
	case is == Auto:
		return p.unexpected(d)
	case is != Page:
		if p.s.Kind != Auto && p.s.Kind != is {
			p.warn("the source is configured as %s, but %s is %s", p.s.Kind, d.shown(), d.describe())
		}
		p.st.become(d)
		return nil
	case was == Page, was == Auto && p.s.Kind != List:
		return nil
	}
	return p.unexpected(d)
}

// become notes what the source is. Where that is another thing than before,
// what is known of its parts is forgotten.
func (st *State) become(d *document) {
	if st.Format.Kind() != d.format.Kind() {
		st.Children, st.Forgotten, st.Turn, st.Sweep = nil, time.Time{}, "", nil
	}
	st.Format = d.format
}

// unexpected says what came in place of what was expected.
func (p *pass) unexpected(d *document) error {
	want := p.s.Kind
	if k := p.st.Format.Kind(); k != Auto {
		want = k
	}
	what := "a feed, sitemap or list"
	if want != Auto {
		what = "a " + string(want)
	}
	return fmt.Errorf("%w: %s answered with %s where %s was expected", store.ErrUnexpected, d.shown(), d.describe(), what)
}

// describe says what a document is, for people.
func (d *document) describe() string {
	switch d.format {
	case FormatRSS:
		return "an RSS feed"
	case FormatRDF:
		return "an RDF feed"
	case FormatAtom:
		return "an Atom feed"
	case FormatJSON:
		return "a JSON feed"
	case FormatSitemap:
		return "a sitemap"
	case FormatIndex:
		return "an index of sitemaps"
	case FormatText:
		return "a list of addresses"
	case FormatPage:
		return d.describePage()
	}
	head := strings.TrimSpace(string(d.text.head))
	switch {
	case strings.HasPrefix(head, "{"), strings.HasPrefix(head, "["):
		return "JSON that is no feed"
	case strings.HasPrefix(head, "<"):
		return "markup of another kind, beginning with " + quoted(head)
	case d.contentType != "" && !strings.HasPrefix(d.contentType, "text/"):
		return "something else (" + cut(d.contentType, 80) + ")"
	}
	return "a text, beginning with " + quoted(head)
}

// describePage says what a page is about, from its beginning.
func (d *document) describePage() string {
	t, err := openText(d.body, d.contentType, headBytes)
	if err != nil {
		return "a page"
	}
	pg := readPage(t, d.url)
	what := "a page"
	low := strings.ToLower(pg.title + " " + string(t.head))
	switch {
	case pg.password:
		what = "a page that asks to log in"
	case strings.Contains(low, "captcha") || strings.Contains(low, "verify you are human") || strings.Contains(low, "challenge-platform"):
		what = "a page that wants proof of a human"
	}
	if pg.title != "" {
		what += " titled " + quoted(pg.title)
	}
	return what
}

func quoted(s string) string {
	return fmt.Sprintf("%q", cut(strings.Join(strings.Fields(cut(s, 400)), " "), 80))
}
