package view

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// eventGone is the event of a verdict that a loss is confirmed.
const eventGone = "gone"

// GoneQuery selects disappearances. The zero value selects all.
type GoneQuery struct {
	Platform post.Platform
	Status   post.Status
	// Handle is that of the author, with or without @, in any case.
	Handle string
	// Domain is the host of a story, or a domain above it.
	Domain string
	// Since and Until bound when the loss was confirmed.
	Since, Until time.Time
	// Private includes what is private.
	Private bool
	// Before continues a listing: the Next of the page before.
	Before uint64
	// Limit is the most items; 0 is 20.
	Limit int
}

// Gone is one disappearance that was confirmed.
type Gone struct {
	// Seq is the journal number of the verdict.
	Seq     uint64
	Verdict store.Verdict
	Card    *Card
	// Lifetime is how long the post stood, at least and at most; zero where the
	// time of posting is not known.
	AtLeast, AtMost time.Duration
	// Back is true where the post was seen again since.
	Back bool
}

// GonePage is a page of disappearances, the newest first.
type GonePage struct {
	Items []Gone
	// Next continues the listing, 0 where nothing more is there.
	Next uint64
	// Scanned is how many verdicts were looked at.
	Scanned int
}

// maxScanned is how many verdicts one page looks at: a filter that nearly
// nothing passes goes on with the next page.
const maxScanned = 2000

// Gone lists the disappearances that were confirmed, the newest first. A post
// that vanished, came back and vanished again stands there twice.
func (r *Reader) Gone(ctx context.Context, q GoneQuery) (*GonePage, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 20
	}
	out, before := &GonePage{}, q.Before
	// Without a filter nearly everything is shown; with one, little is.
	chunk := 100
	if q.all() {
		chunk = limit + 1
	}
	for {
		page, err := r.archive.List(ctx, store.Query{Term: store.VerdictsTerm(eventGone), Kinds: []store.Kind{store.KindVerdict},
			Before: before, Newest: true, Limit: chunk})
		if err != nil {
			return nil, err
		}
		for i := range page.Records {
			rec := &page.Records[i]
			before = rec.Seq
			out.Scanned++
			g, ok, err := r.gone(ctx, rec, &q)
			if err != nil {
				return nil, err
			}
			if ok {
				out.Items = append(out.Items, g)
			}
			if more := i+1 < len(page.Records) || page.More; more && (len(out.Items) == limit || out.Scanned == maxScanned) {
				out.Next = before
				return out, nil
			}
		}
		if !page.More || len(page.Records) == 0 || len(out.Items) >= limit {
			return out, nil
		}
	}
}

// gone describes one disappearance; false where the query leaves it out.
func (r *Reader) gone(ctx context.Context, rec *store.Record, q *GoneQuery) (Gone, bool, error) {
	v, err := store.Decode[store.Verdict](rec)
	if err != nil {
		return Gone{}, false, err
	}
	at := v.ConfirmedAt
	if at.IsZero() {
		at = v.Time
	}
	switch {
	case q.Platform != "" && v.Ref.Platform != q.Platform, q.Status != "" && v.Status != q.Status,
		!q.Since.IsZero() && at.Before(q.Since), !q.Until.IsZero() && !at.Before(q.Until):
		return Gone{}, false, nil
	}
	c, err := r.Card(ctx, v.Ref)
	if errors.Is(err, store.ErrNotFound) {
		return Gone{}, false, nil // nothing of it is kept any more
	}
	if err != nil {
		return Gone{}, false, err
	}
	if !q.fits(c) {
		return Gone{}, false, nil
	}
	g := Gone{Seq: rec.Seq, Verdict: *v, Card: c, Back: c.Status.Value == post.Live}
	if !c.Posted.IsZero() && !c.Source.Secondhand() {
		if !v.LastLive.IsZero() {
			g.AtLeast = max(v.LastLive.Sub(c.Posted), 0)
		}
		if !v.FirstGone.IsZero() {
			g.AtMost = max(v.FirstGone.Sub(c.Posted), 0)
		}
	}
	return g, true, nil
}

// all reports whether nothing is left out, but perhaps what is private.
func (q *GoneQuery) all() bool {
	return q.Platform == "" && q.Status == "" && q.Handle == "" && q.Domain == "" && q.Since.IsZero() && q.Until.IsZero()
}

// fits reports whether a post is among those that are asked for.
func (q *GoneQuery) fits(c *Card) bool {
	if c.Private && !q.Private {
		return false
	}
	if h := strings.TrimPrefix(q.Handle, "@"); h != "" && !strings.EqualFold(h, c.Author.Handle) {
		return false
	}
	if q.Domain == "" {
		return true
	}
	return slices.ContainsFunc(c.Mentions, func(m Mention) bool { return within(m.Article, q.Domain) })
}

// within reports whether an address is on a domain or below it.
func within(address, domain string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host, domain := strings.ToLower(u.Hostname()), strings.ToLower(strings.TrimPrefix(domain, "www."))
	return host == domain || strings.HasSuffix(host, "."+domain)
}
