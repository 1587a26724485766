package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"stet/extract/post"
)

// Privacy says that a post, an article or page, or all that a source led to is
// private from then on, or takes that back: the newest one of each holds.
// Exactly one of Ref, URL and Source says what. It adds to what is private by
// itself and never makes that public.
type Privacy struct {
	Time time.Time `json:"-"`
	Ref  post.Ref  `json:"ref,omitzero"`
	// Aliases are the other names that the post was known by.
	Aliases []post.Ref `json:"aliases,omitempty"`
	// URL is the address of an article or page: all of its versions.
	URL string `json:"url,omitempty"`
	// Source is the name of a source: the articles that it led to, and what was
	// captured because of them, also before.
	Source string `json:"source,omitempty"`
	Lifted bool   `json:"lifted,omitempty"`
	// Operator and Reason are who decided, and why.
	Operator string `json:"operator,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

func (*Privacy) kind() Kind                 { return KindPrivacy }
func (p *Privacy) when() time.Time          { return p.Time }
func (p *Privacy) encode() ([]Field, error) { return meta(p) }

func (p *Privacy) decode(r *Record) error {
	p.Time = r.Time
	return decodeField(r, fieldMeta, p)
}

func (p *Privacy) terms() []Term {
	return append(refTerms(append([]post.Ref{p.Ref}, p.Aliases...)...), PrivaciesTerm())
}

// Of names what it is about: platform:id, an address, or the word source with a
// name.
func (p *Privacy) Of() string {
	switch {
	case !p.Ref.IsZero():
		return p.Ref.String()
	case p.URL != "":
		return p.URL
	}
	return "source " + p.Source
}

// PrivaciesTerm is the term of all decisions about privacy.
func PrivaciesTerm() Term { return newTerm(IndexSubject, "privacies") }

const (
	// maxPrivacies is the most decisions about privacy that are followed.
	maxPrivacies = 100_000
	// privacyFresh is how long what was decided on another machine can be
	// unknown here.
	privacyFresh = time.Second
	// maxLed is how many records are remembered as led to by what is private or
	// not.
	maxLed = 1 << 16
)

// privacies are the decisions that stand. It is safe for concurrent use.
type privacies struct {
	// backend is that of now, also for an archive as it was before.
	backend Backend
	mu      sync.Mutex
	read    time.Time // when it was looked for new ones
	seq     uint64    // the newest
	refs    map[post.Ref]*Privacy
	keys    map[string]*Privacy
	sources map[string]*Privacy
	led     map[ID]*Privacy
}

// forget lets the decisions be looked for again.
func (p *privacies) forget() {
	p.mu.Lock()
	p.read = time.Time{}
	p.mu.Unlock()
}

// decided brings the decisions up to date, and reports whether there is any.
func (a *Archive) decided(ctx context.Context) (bool, error) {
	p := a.privacies
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := a.now(); p.read.IsZero() || now.Sub(p.read) >= privacyFresh || now.Before(p.read) {
		newest, err := p.backend.List(ctx, Query{Term: PrivaciesTerm(), Newest: true, Limit: 1})
		if err == nil && len(newest.Records) > 0 && newest.Records[0].Seq != p.seq {
			err = p.renew(ctx)
		}
		if err != nil {
			return false, fmt.Errorf("reading what is private: %w", err)
		}
		p.read = now
	}
	return len(p.refs)+len(p.keys)+len(p.sources) > 0, nil
}

// renew reads the decisions. The lock is held.
func (p *privacies) renew(ctx context.Context) error {
	refs, keys, sources, seq := map[post.Ref]*Privacy{}, map[string]*Privacy{}, map[string]*Privacy{}, uint64(0)
	for q := (Query{Term: PrivaciesTerm(), Limit: 1000}); ; q.After = seq {
		page, err := p.backend.List(ctx, q)
		if err != nil {
			return err
		}
		for i := range page.Records {
			v, err := Decode[Privacy](&page.Records[i])
			if err != nil {
				return err
			}
			seq = page.Records[i].Seq
			switch {
			case !v.Ref.IsZero():
				for _, ref := range append([]post.Ref{v.Ref}, v.Aliases...) {
					decide(refs, ref, v)
				}
			case v.URL != "":
				decide(keys, ArticleKey(v.URL), v)
			default:
				decide(sources, v.Source, v)
			}
		}
		if len(refs)+len(keys)+len(sources) > maxPrivacies {
			return fmt.Errorf("%w: more than %d decisions", ErrTooLarge, maxPrivacies)
		}
		if !page.More || len(page.Records) == 0 {
			break
		}
	}
	p.refs, p.keys, p.sources, p.seq, p.led = refs, keys, sources, seq, map[ID]*Privacy{}
	return nil
}

func decide[K comparable](m map[K]*Privacy, key K, p *Privacy) {
	if p.Lifted {
		delete(m, key)
		return
	}
	m[key] = p
}

// named returns the decision under any of several names.
func (p *privacies) named(refs []post.Ref, addresses []string, source string) *Privacy {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ref := range refs {
		if v := p.refs[ref]; v != nil {
			return v
		}
	}
	for _, address := range addresses {
		if v := p.keys[ArticleKey(address)]; address != "" && v != nil {
			return v
		}
	}
	return p.sources[source]
}

// PrivacyOf returns the decision by which a content is private, nil where there
// is none. It is the one place that says what decisions about privacy reach:
// records that were read have their answer, what is about to be added asks.
func (a *Archive) PrivacyOf(ctx context.Context, c Content) (*Privacy, error) {
	any, err := a.decided(ctx)
	if err != nil || !any {
		return nil, err
	}
	return a.privacyOf(ctx, c)
}

func (a *Archive) privacyOf(ctx context.Context, c Content) (*Privacy, error) {
	p := a.privacies
	switch c := c.(type) {
	case *Exchange:
		if c.Purpose == "article" { // what others publish of a post is theirs
			return p.named(nil, []string{c.URL}, ""), nil
		}
		return p.named(c.Refs, []string{c.URL}, ""), nil
	case *ArticleVersion:
		return p.named(nil, []string{c.Key, c.URL, c.Asked, c.Canonical}, c.Source), nil
	case *Capture:
		page := ""
		if c.Kind == CapturePage {
			page = c.URL
		}
		if v := p.named([]post.Ref{c.Ref}, []string{page}, ""); v != nil {
			return v, nil
		}
		return a.led(ctx, c.Article)
	case *Drawing:
		if v := p.named([]post.Ref{c.Ref}, []string{c.URL, c.Final}, ""); v != nil {
			return v, nil
		}
		return a.led(ctx, c.Of)
	}
	return nil, nil
}

// led returns the decision by which the record is private that led somewhere.
func (a *Archive) led(ctx context.Context, id ID) (*Privacy, error) {
	p := a.privacies
	p.mu.Lock()
	seq := p.seq
	v, known := p.led[id]
	only := len(p.keys)+len(p.sources) == 0 && len(p.refs) > 0
	p.mu.Unlock()
	if known || id.IsZero() || only {
		return v, nil
	}
	r, err := p.backend.Get(ctx, id)
	if err != nil {
		return nil, nil //nolint:nilerr // a reference into nothing is for a check to tell
	}
	c, err := DecodeAny(&r)
	if err == nil {
		v, err = a.privacyOf(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.led) >= maxLed {
		clear(p.led)
	}
	if p.seq == seq && p.led != nil {
		p.led[id] = v
	}
	return v, nil
}

// hideAll marks the records that a decision makes private.
func (a *Archive) hideAll(ctx context.Context, records []Record) error {
	for i := range records {
		if err := a.Hide(ctx, &records[i]); err != nil {
			return err
		}
	}
	return nil
}

// Hide marks a record that a decision makes private. What the archive itself
// reads is marked already; what the backend's journal tells is not.
func (a *Archive) Hide(ctx context.Context, r *Record) error {
	if !slices.Contains([]Kind{KindExchange, KindArticle, KindCapture, KindDrawing}, r.Kind) {
		return nil
	}
	any, err := a.decided(ctx)
	if err != nil || !any {
		return err
	}
	c, err := DecodeAny(r)
	if err != nil {
		return nil //nolint:nilerr // whoever reads it is told
	}
	p, err := a.privacyOf(ctx, c)
	r.Hidden = p != nil
	return err
}

// AnyPrivacy reports whether any decision about privacy stands.
func (a *Archive) AnyPrivacy(ctx context.Context) (bool, error) { return a.decided(ctx) }

// StandingPrivacy returns the decision that stands about the same as v, nil
// where there is none.
func (a *Archive) StandingPrivacy(ctx context.Context, v *Privacy) (*Privacy, error) {
	if any, err := a.decided(ctx); err != nil || !any {
		return nil, err
	}
	return a.privacies.named(append([]post.Ref{v.Ref}, v.Aliases...), []string{v.URL}, v.Source), nil
}

// undecided returns a content without what a decision says of it: that is not
// the content's own.
func undecided(c Content) Content {
	switch v := c.(type) {
	case *Exchange:
		if v.Decided {
			own := *v
			own.Private = false
			return &own
		}
	case *ArticleVersion:
		if v.Decided {
			own := *v
			own.Private = false
			return &own
		}
	case *Capture:
		if v.Decided {
			own := *v
			own.Private = false
			return &own
		}
	case *Drawing:
		if v.Decided {
			own := *v
			own.Private = false
			return &own
		}
	}
	return c
}

// hideContent says of a content that a decision makes it private.
func hideContent(c Content) {
	set := func(private, decided *bool) {
		*decided = !*private
		*private = true
	}
	switch c := c.(type) {
	case *Exchange:
		set(&c.Private, &c.Decided)
	case *ArticleVersion:
		set(&c.Private, &c.Decided)
	case *Capture:
		set(&c.Private, &c.Decided)
	case *Drawing:
		set(&c.Private, &c.Decided)
	}
}
