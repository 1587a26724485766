package view

import (
	"cmp"
	"context"
	"errors"

	"stet/extract/post"
	"stet/store"
)

// Exposure is how much of a post those outside are told.
type Exposure string

// The exposures, the least first.
const (
	// ExposureNone: that the archive knows the post is not told either: it is
	// private, or nothing is kept of it.
	ExposureNone Exposure = "none"
	// ExposureThere: the post is not known to be gone; people see it where it
	// is.
	ExposureThere Exposure = "there"
	// ExposureNeutral: it is gone, and nobody has approved that what it said is
	// shown.
	ExposureNeutral Exposure = "neutral"
	// ExposureShown: what it said is shown.
	ExposureShown Exposure = "shown"
)

// PublicPolicy says what those outside are shown of posts that are confirmed
// gone. The zero value shows what was approved.
type PublicPolicy struct {
	// Gone is approved (also where it is empty), all or none.
	Gone string
	// Hidden also shows approved posts that are only hidden: protected, behind
	// an age gate, withheld. Their authors, or courts, have not let go of them.
	Hidden bool
}

// Exposed is a post as those outside are told of it.
type Exposed struct {
	Exposure Exposure
	// History and Status are empty for ExposureNone.
	History *store.History
	Status  Status
	// Best is what the post said, nil unless it is shown.
	Best *store.Item[store.Derivation]
}

// Exposed says how much those outside are told of a post. It has no error for a
// post that is not kept.
func (r *Reader) Exposed(ctx context.Context, ref post.Ref, p PublicPolicy) (*Exposed, error) {
	h, err := r.archive.History(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return &Exposed{Exposure: ExposureNone}, nil
	}
	if err != nil {
		return nil, err
	}
	best := publicBest(h)
	if r.policy.Private(h) || best == nil {
		return &Exposed{Exposure: ExposureNone}, nil
	}
	e := &Exposed{Exposure: ExposureThere, History: h, Status: r.policy.Status(h)}
	// Hidden is a verdict as soon as it is seen; gone is one when it is
	// confirmed.
	switch {
	case e.Status.Value.Hidden() && p.Hidden && e.Status.Confirmed:
	case !e.Status.Value.Gone() || !e.Status.Confirmed:
		return e, nil
	}
	e.Exposure = ExposureNeutral
	shown := p.Gone == "all"
	if p.Gone == "" || p.Gone == "approved" {
		if shown, err = r.approved(ctx, h, best.Content); err != nil {
			return nil, err
		}
	}
	if shown {
		e.Exposure, e.Best = ExposureShown, best
	}
	return e, nil
}

// publicBest returns what a post said as captures tell that are not private.
func publicBest(h *store.History) *store.Item[store.Derivation] {
	open := *h
	open.Derivations = nil
	for i := range h.Derivations {
		if c := h.CaptureOf(h.Derivations[i].Content); c != nil && !c.Content.Private {
			open.Derivations = append(open.Derivations, h.Derivations[i])
		}
	}
	return open.Best()
}

// approved reports whether somebody approved a post, or its author: what was
// said of the post itself stands above what was said of the author. Whose post
// it is, an article does not tell: it can write any name.
func (r *Reader) approved(ctx context.Context, h *store.History, d *store.Derivation) (bool, error) {
	terms := [][]store.Term{{store.RefTerm(h.Ref)}}
	for _, alias := range h.Aliases {
		terms[0] = append(terms[0], store.RefTerm(alias))
	}
	if a := d.Post.Author; !d.Source.Secondhand() && d.Source != post.SourceArchive {
		var account []store.Term
		if a.ID != "" {
			account = append(account, store.AccountTerm(h.Ref.Platform, a.ID))
		}
		if a.Handle != "" {
			account = append(account, store.HandleTerm(h.Ref.Platform, a.Handle))
		}
		terms = append(terms, account)
	}
	for _, level := range terms {
		newest, err := r.newestApproval(ctx, level)
		if err != nil || newest != nil {
			return newest != nil && !newest.Revoked, err
		}
	}
	return false, nil
}

// newestApproval returns the newest decision under any of several terms, nil
// where there is none.
func (r *Reader) newestApproval(ctx context.Context, terms []store.Term) (*store.Approval, error) {
	var found *store.Approval
	seq := uint64(0)
	for _, t := range terms {
		page, err := r.archive.List(ctx, store.Query{Term: t, Kinds: []store.Kind{store.KindApproval}, Newest: true, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(page.Records) == 1 && page.Records[0].Seq > seq {
			if found, err = store.Decode[store.Approval](&page.Records[0]); err != nil {
				return nil, err
			}
			seq = page.Records[0].Seq
		}
	}
	return found, nil
}

// URL returns the address of the post.
func (e *Exposed) URL() string {
	if e.Best != nil {
		return cmp.Or(e.Best.Content.Post.URL, urlOf(e.History))
	}
	return urlOf(e.History)
}

// Captures returns the captures that those outside may see: not those that are
// private, nor those that only an article's words were made into.
func (e *Exposed) Captures() []store.Item[store.Capture] {
	var out []store.Item[store.Capture]
	if e.Exposure != ExposureShown {
		return out
	}
	for _, c := range e.History.Captures {
		if !c.Content.Private {
			out = append(out, c)
		}
	}
	return out
}
