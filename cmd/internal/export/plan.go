package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"stet/extract/post"
	"stet/store"
)

// plan says which records are exported.
type plan struct {
	x *exporter
	// own are the records that are private themselves, secret those that
	// something private refers to, wanted those that something public does, or
	// that are selected.
	own, secret, wanted numbers
	// hidden are posts of which something is private, with whether the post is
	// so as a whole; pages are addresses with private captures.
	hidden map[post.Ref]*bool
	pages  map[string]bool
	recent recent
}

// recent remembers the numbers of the records that were seen last, because
// records refer to those stored just before them.
type recent struct {
	numbers map[store.ID]uint64
	ring    []store.ID
	at      int
}

const maxRecent = 1 << 16

func (r *recent) put(id store.ID, n uint64) {
	if r.numbers == nil {
		r.numbers, r.ring = make(map[store.ID]uint64, maxRecent), make([]store.ID, maxRecent)
	}
	delete(r.numbers, r.ring[r.at])
	r.ring[r.at], r.numbers[id] = id, n
	r.at = (r.at + 1) % maxRecent
}

// number returns the number of a record, 0 where there is none.
func (p *plan) number(ctx context.Context, id store.ID) (uint64, error) {
	if id.IsZero() {
		return 0, nil
	}
	if n, ok := p.recent.numbers[id]; ok {
		return n, nil
	}
	r, err := p.x.archive.Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return r.Seq, err
}

// mark adds the records of the ids to a set.
func (p *plan) mark(ctx context.Context, set numbers, ids ...store.ID) error {
	for _, id := range ids {
		n, err := p.number(ctx, id)
		if err != nil {
			return err
		}
		if n > 0 {
			set.add(n)
		}
	}
	return nil
}

// plan looks through what is selected and returns the numbers of the records
// that are exported.
func (x *exporter) plan(ctx context.Context) (numbers, error) {
	p := &plan{x: x, own: newNumbers(x.bound), secret: newNumbers(x.bound), wanted: newNumbers(x.bound),
		hidden: map[post.Ref]*bool{}, pages: map[string]bool{}}
	s := &x.o.Selection
	var err error
	switch {
	case s.All && s.Private:
	case s.All:
		err = p.all(ctx)
	case s.ranged():
		err = p.scan(ctx, p.record)
	case s.Source != "":
		err = p.scan(ctx, p.ofSource)
	case s.Article != "":
		err = p.article(ctx, s.Article)
	}
	for _, ref := range s.Refs {
		if err == nil {
			err = p.post(ctx, ref, true)
		}
	}
	if err != nil {
		return nil, err
	}
	x.chosen = p.wanted
	for n := uint64(1); n <= x.bound; n++ {
		switch {
		case s.Private && s.All:
			p.wanted.add(n)
		case s.Private:
		case p.own.has(n):
			p.wanted.remove(n)
		case s.All && !p.secret.has(n):
			p.wanted.add(n)
		}
	}
	return p.wanted, nil
}

// scan reads the whole journal.
func (p *plan) scan(ctx context.Context, take func(context.Context, *store.Record) error) error {
	for after := uint64(0); after < p.x.bound; {
		records, err := p.x.archive.Read(ctx, after, 1000)
		if err != nil {
			return fmt.Errorf("reading the journal after %d: %w", after, err)
		}
		if len(records) == 0 {
			return nil
		}
		for i := range records {
			if err := take(ctx, &records[i]); err != nil {
				return err
			}
		}
		after = records[len(records)-1].Seq
		p.x.report("looking through the archive", after)
	}
	return nil
}

// all finds what is private in an export of everything. In many archives
// nothing is, which is quick to see.
func (p *plan) all(ctx context.Context) error {
	private, err := p.x.archive.AnyPrivacy(ctx)
	if err == nil && !private {
		private, err = p.anyPrivate(ctx)
	}
	if err != nil || !private {
		return err
	}
	return p.scan(ctx, p.record)
}

// anyPrivate reports whether a record may say that it is private.
func (p *plan) anyPrivate(ctx context.Context) (bool, error) {
	quick, _ := p.x.o.Archive.Backend().(store.Sifter)
	for after := uint64(0); after < p.x.bound; {
		if quick != nil {
			through, err := quick.Sift(ctx, after, []byte(store.SaysPrivate))
			if err != nil {
				return false, fmt.Errorf("looking through the journal after %d: %w", after, err)
			}
			if through > after {
				after = through
				p.x.report("looking through the archive", min(after, p.x.bound))
				continue
			}
		}
		// What was found may stand in what somebody else wrote.
		records, err := p.x.archive.Read(ctx, after, 1000)
		if err != nil {
			return false, fmt.Errorf("reading the journal after %d: %w", after, err)
		}
		if len(records) == 0 {
			break
		}
		if slices.ContainsFunc(records, func(r store.Record) bool { return saysPrivate(&r) }) {
			return true, nil
		}
		after = records[len(records)-1].Seq
		p.x.report("looking through the archive", after)
	}
	return false, nil
}

// saysPrivate reports whether a record may say that it is private.
func saysPrivate(r *store.Record) bool {
	return bytes.Contains(r.Field("meta"), []byte(store.SaysPrivate))
}

// record takes a record of an export of everything, or of a range of time.
func (p *plan) record(ctx context.Context, r *store.Record) error {
	p.recent.put(r.ID, r.Seq)
	if r.Kind == store.KindExchange {
		// Decoding what everything else refers to would cost more than the
		// rest.
		if r.Hidden || saysPrivate(r) {
			p.own.add(r.Seq)
		}
		return nil
	}
	c, err := store.DecodeAny(r)
	if err != nil {
		return err
	}
	if i, ok := c.(*store.Import); ok && i.Private && !p.x.o.Selection.Private {
		p.own.add(r.Seq)
		return nil
	}
	private := false
	if !p.x.o.Selection.Private {
		if private, err = p.private(ctx, c); err != nil {
			return err
		}
	}
	set := p.wanted
	if private {
		p.own.add(r.Seq)
		set = p.secret
		if capture, ok := c.(*store.Capture); ok {
			// The file that it was imported from holds it, and stays out.
			if err := p.mark(ctx, p.own, capture.Part.Import); err != nil {
				return err
			}
		}
		if r.Kind == store.KindLook {
			// One answer can tell of many posts: it stays out, also where
			// others of them are public.
			set = p.own
		}
	}
	if s := &p.x.o.Selection; s.ranged() {
		if !s.within(r.Time) {
			return nil
		}
		set.add(r.Seq)
	}
	return p.mark(ctx, set, refersTo(c)...)
}

// refersTo lists the exchanges that a record was made from.
func refersTo(c store.Content) []store.ID {
	switch c := c.(type) {
	case *store.Capture:
		ids := c.Exchanges
		for _, m := range c.Media {
			ids = append(ids[:len(ids):len(ids)], m.Exchange)
		}
		return ids
	case *store.Look:
		return []store.ID{c.Exchange}
	case *store.PageLook:
		return []store.ID{c.Exchange}
	case *store.ArticleVersion:
		return []store.ID{c.Exchange}
	case *store.Resolution:
		return c.Exchanges
	}
	return nil
}

// private reports whether a record is private, and notes to which posts and
// pages that extends.
func (p *plan) private(ctx context.Context, c store.Content) (bool, error) {
	switch c := c.(type) {
	case *store.Capture:
		if c.Private && c.Kind == store.CapturePage {
			p.pages[store.ArticleKey(c.URL)] = true
		} else if c.Private {
			p.hide(c.Ref)
		}
		return c.Private, nil
	case *store.ArticleVersion:
		for _, m := range c.Mentions {
			if c.Private {
				p.hide(m.Ref)
			}
		}
		return c.Private, nil
	case *store.Drawing:
		return c.Private, nil
	case *store.Derivation:
		return p.of(ctx, c.Capture)
	case *store.PageReading:
		return p.of(ctx, c.Capture)
	case *store.Resolution:
		return p.of(ctx, c.Article)
	case *store.PageLook:
		return p.pages[store.ArticleKey(c.URL)], nil
	case *store.Look:
		return p.postPrivate(ctx, c.Ref)
	case *store.Verdict:
		return p.postPrivate(ctx, c.Ref)
	}
	return false, nil
}

// of reports whether a record that came before is private.
func (p *plan) of(ctx context.Context, id store.ID) (bool, error) {
	n, err := p.number(ctx, id)
	return n > 0 && p.own.has(n), err
}

func (p *plan) hide(ref post.Ref) {
	if _, ok := p.hidden[ref]; !ok && !ref.IsZero() {
		p.hidden[ref] = nil
	}
}

// postPrivate reports whether a post is private as a whole.
func (p *plan) postPrivate(ctx context.Context, ref post.Ref) (bool, error) {
	known, ok := p.hidden[ref]
	if !ok { // nothing of it is private by itself
		decided, err := p.x.archive.PrivacyOf(ctx, &store.Capture{Ref: ref})
		return decided != nil, err
	}
	if known == nil {
		h, err := p.x.archive.History(ctx, ref)
		if err != nil {
			return false, err
		}
		private := p.x.hides(h)
		known = &private
		p.hidden[ref] = known
	}
	return *known, nil
}
