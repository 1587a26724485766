package source

import (
	"context"
	"fmt"

	"stet/store"
)

// Discovery is what an address offers as sources.
type Discovery struct {
	// Format is what the address itself is, Title what it calls itself.
	Format Format
	Title  string
	// Sources are the candidates, best first: the address itself where it is a
	// feed, sitemap or list; else the feeds that the page advertises, the
	// sitemaps that the site's robots.txt lists, and the page.
	Sources []Source
	// Exchanges are the requests that it took.
	Exchanges []store.Exchange
	Warnings  []string
}

// Discover looks what an address offers as sources, for "source add". Its
// errors are those of [Reader.Read].
func (r *Reader) Discover(ctx context.Context, address string, o Options) (Discovery, error) {
	p := r.pass(Source{URL: address}, State{}, o)
	out, err := p.discover(ctx)
	out.Exchanges, out.Warnings = p.out.Exchanges, append(out.Warnings, p.out.Warnings...)
	if err != nil {
		return out, fmt.Errorf("looking for sources at %s: %w", p.shown(), err)
	}
	return out, nil
}

func (p *pass) discover(ctx context.Context) (Discovery, error) {
	var out Discovery
	d, err := p.get(ctx, p.s.URL, nil)
	if err != nil {
		return out, err
	}
	if out.Format = d.format; d.format != FormatPage {
		if d.format.Kind() == Auto {
			return out, p.expected(d)
		}
		if d.format.Kind() == Feed {
			f, err := p.parseFeed(d)
			if err != nil {
				return out, err
			}
			out.Title = f.title
		}
		out.Sources = []Source{{Name: out.Title, URL: p.s.URL, Kind: d.format.Kind()}}
		return out, nil
	}
	pg := readPage(d.text, d.url)
	out.Title = pg.title
	if best := bestFeed(pg.feeds, d.url); best != "" {
		for _, f := range pg.feeds {
			s := Source{Name: f.title, URL: f.url, Kind: Feed}
			if f.url == best {
				out.Sources = append([]Source{s}, out.Sources...)
			} else {
				out.Sources = append(out.Sources, s)
			}
		}
	}
	list, err := p.robotsSitemaps(ctx, d.url)
	if err != nil {
		out.Warnings = append(out.Warnings, err.Error())
	}
	for _, address := range list {
		out.Sources = append(out.Sources, Source{URL: address, Kind: Sitemap})
	}
	if len(pg.items) > 0 {
		out.Sources = append(out.Sources, Source{Name: pg.title, URL: p.s.URL, Kind: Page})
	}
	return out, ctx.Err()
}
