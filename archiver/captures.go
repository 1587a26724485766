package archiver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// quotable reports whether the article's own words can be kept, because
// nothing better is.
func (c *capturing) quotable() bool {
	return c.w.mention != nil && c.w.quotation().Text != "" && c.before.Best() == nil
}

// addCaptures adds a capture for the richest source, and one for the keyless
// copy beside an API's answer. The other sources that show the post are
// witnesses.
func (c *capturing) addCaptures(ctx context.Context, best *sighting) error {
	if err := c.addCapture(ctx, best, true); err != nil {
		return err
	}
	if c.missedRicher(best) {
		c.unfinished(c.w.ref)
	}
	for i := range c.sightings {
		s := &c.sightings[i]
		if s.endpoint != best.endpoint && s.answer.Shown() != nil && s.endpoint.Source() == post.SourcePublic {
			if err := c.addCapture(ctx, s, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// addCapture adds the capture and derivation of the post that a sighting
// shows, and, for the richest, of the posts that it shows beside it.
func (c *capturing) addCapture(ctx context.Context, s *sighting, richest bool) error {
	parsed := s.answer.Shown()
	notes := slices.Clone(parsed.Notes)
	exchanges := slices.Clone(s.reply.ids)
	slices.Reverse(exchanges)
	if richest {
		for i := range c.sightings {
			o := &c.sightings[i]
			if o == s || o.reply == s.reply {
				continue
			}
			exchanges = append(exchanges, o.reply.ids...)
			if w := o.answer.Shown(); w != nil {
				notes = append(notes, disagreements(s.endpoint.Name(), &parsed.Post, o.endpoint.Name(), &w.Post)...)
			}
		}
	}
	p := parsed.Post
	if p.URL == "" {
		p.URL = c.w.url
	}
	if richest {
		c.res.Notes = append(c.res.Notes, notes...)
	}
	id, files, err := c.addOne(ctx, s, &p, exchanges, c.w.via, notes, c.before)
	if err != nil {
		return err
	}
	if !richest {
		return nil
	}
	c.first, c.firstAt = id, s.reply.when(c.e.o.Archive.Now())
	c.fill(&p, s.endpoint.Source(), id, files)
	return c.addRelated(ctx, s, parsed)
}

// addOne adds one capture with its derivation, after its files were fetched.
func (c *capturing) addOne(ctx context.Context, s *sighting, p *post.Post, exchanges []store.ID, via post.Ref, notes []string, before *store.History) (store.ID, []store.MediaFile, error) {
	c.w.alias(p)
	files, more, later, err := c.e.fetchMedia(ctx, c.b, p, before)
	if err != nil {
		return store.ID{}, nil, err
	}
	if later {
		c.unfinished(p.Ref())
	}
	if notes = append(notes, more...); p.Ref() == c.w.ref {
		c.res.Notes = append(c.res.Notes, more...)
	}
	keep := context.WithoutCancel(ctx)
	at := s.reply.when(c.e.o.Archive.Now())
	round := store.ID{}
	if p.Ref() == c.w.ref {
		round = c.first // the keyless copy beside an API's answer is of the same round
	}
	capture := &store.Capture{Time: at, Kind: store.CapturePost, Ref: p.Ref(), Round: round, URL: p.URL, Source: s.endpoint.Source(),
		Exchanges: exchanges, Memento: s.memento, Media: files, Article: c.w.article, Via: via, Trigger: c.w.options.trigger(),
		Operator: c.w.options.Operator, Case: c.w.options.Case, Note: c.w.options.Note, Machine: c.e.o.Machine,
		Private: c.w.options.private(c.w.itself() || s.reply.accessed()), Software: c.e.o.Software}
	id, err := c.b.Add(keep, capture)
	if err != nil {
		return store.ID{}, nil, err
	}
	_, err = c.b.Add(keep, &store.Derivation{Time: at, Capture: id, Parser: s.answer.Parser, Source: s.endpoint.Source(),
		Ref: p.Ref(), Post: *p, Notes: notes})
	return id, files, err
}

// addRelated keeps the quoted post, the parent and the repeated post: as posts of their own where
// the answer shows them, else as further posts to capture.
func (c *capturing) addRelated(ctx context.Context, s *sighting, parsed *extract.Parsed) error {
	for _, r := range []struct {
		ref   post.Ref
		depth int
	}{{parsed.Post.Quoted, c.w.quotes}, {parsed.Post.Parent, c.w.replies}, {parsed.Post.Reposted, c.w.quotes}} {
		if r.ref.IsZero() || r.depth <= 0 || r.ref == c.w.ref || c.w.beside[r.ref] {
			continue
		}
		i := slices.IndexFunc(parsed.Related, func(p post.Post) bool { return p.Ref() == r.ref })
		before, err := c.e.history(ctx, r.ref)
		if err != nil {
			return err
		}
		var shown *post.Post
		if i >= 0 {
			shown = &parsed.Related[i]
		}
		if err := c.e.refusedBeside(ctx, before, r.ref, shown); isRefusal(err) {
			c.res.Notes = append(c.res.Notes, err.Error())
			continue
		} else if err != nil {
			return err
		}
		switch {
		case i >= 0:
			p := parsed.Related[i]
			if _, _, err := c.addOne(ctx, s, &p, s.reply.ids, c.w.ref, nil, before); err != nil {
				return err
			}
			if err := c.scheduleOne(ctx, r.ref, s.reply.when(c.e.o.Archive.Now()), before, State{Value: post.Live}); err != nil {
				return err
			}
			c.res.Related = append(c.res.Related, r.ref)
		case !before.Captured() && c.e.Can(r.ref.Platform):
			w := c.e.newWant(r.ref, "", c.w.options)
			w.via, w.article, w.private, w.decided, w.set = c.w.ref, c.w.article, c.w.private, c.w.decided, c.w.set
			w.quotes, w.replies = c.w.quotes-1, c.w.replies-1
			c.follow = append(c.follow, w)
		}
	}
	return c.followVersions(ctx, &parsed.Post)
}

// maxFollowed is the most versions of an edited post that are captured; X
// allows five edits.
const maxFollowed = 20

// followVersions lets the other versions of an edited post be captured, where
// each has a reference of its own.
func (c *capturing) followVersions(ctx context.Context, p *post.Post) error {
	beside := map[post.Ref]bool{c.w.ref: true}
	for _, v := range p.Versions {
		beside[v] = true
	}
	for _, v := range p.Versions[:min(len(p.Versions), maxFollowed)] {
		if v == c.w.ref || v == p.Ref() || c.w.beside[v] || !c.e.Can(v.Platform) {
			continue
		}
		before, err := c.e.history(ctx, v)
		if err != nil {
			return err
		}
		if before.Captured() {
			continue
		}
		w := c.e.newWant(v, "", c.w.options)
		w.via, w.article, w.private, w.decided, w.set = c.w.ref, c.w.article, c.w.private, c.w.decided, c.w.set
		w.quotes, w.replies, w.beside = c.w.quotes, 0, beside
		c.follow = append(c.follow, w)
	}
	return nil
}

// intendFollowing makes jobs of what is still to be captured because of a look.
func (c *capturing) intendFollowing() error {
	for _, w := range c.follow {
		payload, err := json.Marshal(intent{Target: w.ref.String(), Options: CaptureOptions{Trigger: "schedule"}})
		if err != nil {
			return fmt.Errorf("writing the intent to capture %s: %w", w.ref, err)
		}
		if err := c.b.Enqueue(store.Enqueue{Job: store.Job{Kind: JobCapture, Key: w.ref.String(), Payload: payload, Priority: store.PrioritySchedule}}); err != nil {
			return err
		}
	}
	return nil
}

// addQuotation keeps what the article itself shows of the post, where no
// source shows it and the archive has nothing better.
func (c *capturing) addQuotation(ctx context.Context) error {
	if o := c.w.older; o != nil {
		if err := o.reply.addTo(ctx, c.b); err != nil {
			return err
		}
	}
	if !c.quotable() {
		return nil
	}
	id, p, err := c.e.addQuotation(ctx, c.b, c.w)
	if err != nil {
		return err
	}
	c.fill(p, post.SourceArticle, id, nil)
	return nil
}

// addQuotation adds a capture of source article.
func (e *Engine) addQuotation(ctx context.Context, b *store.Builder, w *want) (store.ID, *post.Post, error) {
	q := w.quotation()
	p := &post.Post{Platform: w.ref.Platform, ID: w.ref.ID, URL: w.url, Text: q.Text,
		Author: post.Author{Name: q.Name, Handle: q.Handle}, Media: []post.Media{}}
	if day, err := time.Parse(time.DateOnly, q.Date); err == nil {
		p.Posted, p.PostedFrom = day, "stated"
	}
	// The id of many platforms carries the time to the second, where the day
	// that the article prints does not contradict it.
	if t, _, ok := e.o.Finder.Parse(w.url); ok && t.Ref == w.ref && !t.Posted.IsZero() && dayFits(q.Date, t.Posted) {
		p.Posted, p.PostedFrom = t.Posted, "derived"
	}
	for _, l := range q.Links {
		p.Links = append(p.Links, post.Link{URL: l})
	}
	at := e.o.Archive.Now()
	c := &store.Capture{Time: at, Kind: store.CapturePost, Ref: w.ref, URL: w.url, Source: post.SourceArticle,
		Article: w.article, Trigger: w.options.trigger(), Operator: w.options.Operator, Case: w.options.Case, Note: w.options.Note, Machine: e.o.Machine,
		Private: w.options.private(w.itself()), Software: e.o.Software}
	if o := w.older; o != nil && w.mention.Quoted.Text == "" {
		c.Memento, c.Exchanges = o.memento, slices.Clone(o.reply.ids)
		slices.Reverse(c.Exchanges) // the one that holds the words first
	}
	id, err := b.Add(ctx, c)
	if err != nil {
		return store.ID{}, nil, err
	}
	_, err = b.Add(ctx, &store.Derivation{Time: at, Capture: id, Parser: quotationParser, Source: post.SourceArticle, Ref: w.ref, Post: *p,
		Notes: []string{w.quotedFrom()}})
	return id, p, err
}

// quotationParser names how a quotation becomes a post.
const quotationParser = "article/quotation@2"

// lastDerivation returns the newest derivation of a source.
func lastDerivation(h *store.History, source post.Source) *store.Derivation {
	for i := len(h.Derivations) - 1; i >= 0; i-- {
		if d := h.Derivations[i].Content; d.Source == source {
			return d
		}
	}
	return nil
}

// otherVersion reports whether the platform names two versions otherwise.
func otherVersion(a, b string) bool { return a != "" && b != "" && a != b }

// sameMedia reports whether two lists hold the same files.
func sameMedia(a, b []post.Media) bool {
	return slices.EqualFunc(a, b, func(x, y post.Media) bool { return x.URL == y.URL && x.Digest == y.Digest })
}
