package source

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"stet/store"
)

// fewLinks is the number of articles below which a page that asks for a password
// is there for that: the first pages of newspapers have a log-in form too.
const fewLinks = 5

// maxFeedPages bounds the pages of a feed that a going back follows.
const maxFeedPages = 1000

// parseFeed reads a document that is a feed.
func (p *pass) parseFeed(d *document) (feed, error) {
	var f feed
	if d.format == FormatJSON {
		var ok bool
		if f, ok = readJSONFeed(d.text, d.url, p.limits.Entries); !ok {
			return f, fmt.Errorf("%w: %s answered with JSON that is no feed where a feed was expected", store.ErrUnexpected, d.shown())
		}
	} else {
		f = readFeed(d.text, d.url, p.limits.Entries)
	}
	for _, s := range f.warnings {
		p.warn("%s", s)
	}
	if f.cut {
		p.warn("the feed has more than %d entries: those after them were left out", p.limits.Entries)
	}
	if p.st.Title == "" || p.target() == p.s.URL {
		p.st.Title = f.title
	}
	return f, nil
}

// readFeed hands out what a feed holds.
func (p *pass) readFeed(ctx context.Context, d *document) error {
	f, err := p.parseFeed(d)
	if err != nil {
		return err
	}
	if p.backfill() {
		return p.feedPages(ctx, d, f)
	}
	return p.whole(ctx, d, f.items)
}

// whole hands out the items of a document that is the whole source.
func (p *pass) whole(ctx context.Context, d *document, items []Item) error {
	all, err := p.giveAll(ctx, items)
	switch {
	case err != nil:
		return err
	case p.backfill():
		p.out.More = !all
		if sweep := p.goBack(); all {
			sweep.Done = p.now
		}
	case !all:
		// The rest comes with the next pass, which must not be conditional.
		p.out.More = true
		p.st.Sweep = &Sweep{Began: p.now}
	default:
		p.st.Sweep, p.st.Swept, p.st.Root = nil, p.now, d.validators
	}
	return nil
}

// feedPages goes back over the pages of a feed, as far as the pass's limits
// allow.
func (p *pass) feedPages(ctx context.Context, d *document, f feed) error {
	sweep := p.goBack()
	if sweep.Pages == 0 && f.next == "" {
		p.warn("the feed names no page with older entries: a sitemap may go further back")
	}
	for {
		before := p.out.Old
		all, err := p.giveAll(ctx, f.items)
		if err != nil {
			return err
		}
		if !all {
			p.out.More, sweep.Next = true, d.url
			return nil
		}
		sweep.Pages++
		over := len(f.items) > 0 && p.out.Old-before == len(f.items)
		if over || f.next == "" || p.visited[hashOf(f.next)] || sweep.Pages >= maxFeedPages {
			break
		}
		if sweep.Next = f.next; p.spent() {
			p.out.More = true
			return nil
		}
		if d, err = p.get(ctx, f.next, nil); err != nil {
			return err
		}
		if d.format.Kind() != Feed {
			p.warn("a page with older entries is %s: going back ends there", d.describe())
			break
		}
		if f, err = p.parseFeed(d); err != nil {
			return err
		}
	}
	sweep.Next, sweep.Done = "", p.now
	return nil
}

// readText hands out what a list holds.
func (p *pass) readText(ctx context.Context, d *document) error {
	l := readList(d.text, p.limits.Entries)
	for _, s := range l.warnings {
		p.warn("%s", s)
	}
	return p.whole(ctx, d, l.items)
}

// readPage hands out what a page leads to: the entries of the feed that it
// advertises, the site's sitemaps, or its links.
func (p *pass) readPage(ctx context.Context, d *document) error {
	pg := readPage(d.text, d.url)
	if p.s.Kind != Page && p.st.Format != FormatPage {
		if done, err := p.instead(ctx, d, &pg); done || err != nil {
			return err
		}
		if p.s.Kind != Auto {
			return p.unexpected(d)
		}
	}
	switch {
	case pg.closed && p.r.o.Robots != nil && !p.o.IgnoreRobots:
		return &RobotsError{URL: d.url, Reason: d.shown() + " asks crawlers not to follow its links"}
	case len(pg.items) == 0, pg.password && len(pg.items) < fewLinks:
		return fmt.Errorf("%w: %s has no links that look like articles; it is %s", store.ErrUnexpected, d.shown(), d.describe())
	}
	p.st.become(d)
	p.st.Title = pg.title
	return p.whole(ctx, d, pg.items)
}

// instead reads what stands for a page: its feed, or the site's sitemaps where
// the page is the site's first. It reports whether there was such a thing.
func (p *pass) instead(ctx context.Context, d *document, pg *page) (bool, error) {
	if best := bestFeed(pg.feeds, d.url); best != "" && p.s.Kind != Sitemap {
		fd, err := p.get(ctx, best, nil)
		if err == nil && fd.format.Kind() != Feed {
			err = fmt.Errorf("%w: %s answered with %s", store.ErrUnexpected, fd.shown(), fd.describe())
		}
		switch {
		case err == nil:
			p.warn("read is the feed that the page advertises: %s", best)
			p.st.Via = best
			p.st.become(fd)
			return true, p.readFeed(ctx, fd)
		case !errors.Is(err, store.ErrUnexpected):
			return true, err
		}
		p.warn("the page advertises a feed that cannot be read: %v", err)
	}
	u := parseBase(d.url)
	if p.s.Kind == Feed || u == nil || strings.Trim(u.Path, "/") != "" {
		return false, nil
	}
	list, err := p.robotsSitemaps(ctx, d.url)
	var closed *RobotsError
	if err != nil && !errors.As(err, &closed) || len(list) == 0 {
		return false, err
	}
	p.warn("read are the sitemaps that the site's robots.txt lists: %s", strings.Join(list[:min(len(list), 5)], ", "))
	p.st.Via, p.st.Format, p.st.Root = viaRobots, FormatRobots, Validators{}
	return true, p.listedSitemaps(ctx)
}

// robotsSitemaps returns the sitemaps that the robots.txt of a site lists.
func (p *pass) robotsSitemaps(ctx context.Context, address string) ([]string, error) {
	a, err := p.r.listed.Check(ctx, address)
	p.out.Exchanges = append(p.out.Exchanges, a.Exchanges...)
	p.st.CrawlDelay = max(p.st.CrawlDelay, a.Delay)
	var closed *RobotsError
	if errors.As(err, &closed) && !closed.Temporary() {
		err = nil // what it closes are pages; the sitemaps are asked about one by one
	}
	return a.Sitemaps, err
}

// bestFeed chooses among the feeds that a page advertises: the first that is
// not for comments, nearest to the page. It returns "" where there is none.
func bestFeed(feeds []advertised, address string) string {
	page := parseBase(address)
	best, worth := "", -1
	for _, f := range feeds {
		u := parseBase(f.url)
		low := strings.ToLower(f.url + " " + f.title)
		if u == nil || strings.Contains(low, "comment") || strings.Contains(low, "kommentar") || strings.Contains(low, "comentario") {
			continue
		}
		n := 0
		if page != nil && sameSite(u.Host, page.Host) {
			n = 1
			if p := strings.Trim(page.Path, "/"); p != "" && strings.HasPrefix(strings.Trim(u.Path, "/"), p) {
				n = 2
			}
		}
		if n > worth {
			best, worth = f.url, n
		}
	}
	return best
}
