package archiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stet/extract/post"
	"stet/store"
)

// reasons looks for what people decided about things, as far as a rule must leave
// those alone.
type reasons struct {
	a   *store.Archive
	now time.Time
	// held and filed are false where nothing at all is held or in a case, as in
	// most archives: one look tells.
	held, filed bool
}

func newReasons(ctx context.Context, a *store.Archive) (*reasons, error) {
	r := &reasons{a: a, now: a.Now()}
	for term, into := range map[store.Term]*bool{store.HoldsTerm(): &r.held, store.CasesTerm(): &r.filed} {
		any, err := a.List(ctx, store.Query{Term: term, Limit: 1})
		if err != nil {
			return nil, err
		}
		*into = len(any.Records) > 0
	}
	return r, nil
}

// ofMember says in which case a thing is, and whether a rule must spare it.
func (r *reasons) ofMember(ctx context.Context, m store.CaseMember) ([]KeepReason, error) {
	if !r.filed {
		return nil, nil
	}
	records, err := r.a.ListAll(ctx, store.MemberTerm(m), store.MaxHistory, store.KindCase)
	if err != nil {
		return nil, err
	}
	in := map[store.ID]bool{}
	for i := range records {
		c, err := store.Decode[store.Case](&records[i])
		if err != nil {
			return nil, err
		}
		if !c.Member.Same(m) {
			continue
		}
		id := c.Case
		if id.IsZero() {
			id = records[i].ID
		}
		in[id] = c.Act != store.CaseRemove
	}
	for id, still := range in {
		if !still {
			continue
		}
		title := id.String()
		if rec, err := r.a.Get(ctx, id); err == nil {
			if c, err := store.Decode[store.Case](&rec); err == nil && c.Title != "" {
				title = c.Title
			}
		}
		return []KeepReason{{Why: KeptCase, Text: "it is in the case " + title}}, nil
	}
	return nil, nil
}

// spared says that somebody put a thing back for good.
func (r *reasons) spared(ctx context.Context, t store.Term) ([]KeepReason, error) {
	last, err := r.a.RetentionOf(ctx, t)
	if err != nil || last == nil || last.Content.Act != store.RetentionLift || !last.Content.Spared {
		return nil, err
	}
	return []KeepReason{{Why: KeptSpared, Text: "it was spared on " + last.Content.Time.UTC().Format(time.DateOnly)}}, nil
}

// binding are the reasons of a post for which also the articles that show it
// stay: they hold words of it.
func (r *reasons) binding(ctx context.Context, h *store.History, s store.Subject) ([]KeepReason, error) {
	var out []KeepReason
	if r.held {
		hold, err := r.a.HoldOf(ctx, s)
		if err != nil {
			return nil, err
		}
		if hold != nil {
			out = append(out, KeepReason{Why: KeptHeld, Text: fmt.Sprintf("%s is held since %s", h.Ref, hold.Time.UTC().Format(time.DateOnly))})
		}
	}
	for _, ref := range append([]post.Ref{h.Ref}, h.Aliases...) {
		more, err := r.ofMember(ctx, store.CaseMember{Ref: ref})
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// ofPost are the reasons of a post itself. The accounts that s names are asked for
// besides those that the history tells.
func (r *reasons) ofPost(ctx context.Context, h *store.History, s store.Subject) ([]KeepReason, error) {
	out, err := r.binding(ctx, h, s)
	if err != nil {
		return nil, err
	}
	for i := range h.Captures {
		if more := ofTrigger(h.Captures[i].Content); more != nil {
			out = append(out, more...)
			break
		}
	}
	for i := range h.Watches {
		if w := h.Watches[i].Content; w.Every > 0 {
			out = append(out, KeepReason{Why: KeptPerson, Text: "somebody asked for closer looks at it"})
			break
		}
	}
	approved, err := r.approved(ctx, s)
	if err != nil {
		return nil, err
	}
	out = append(out, approved...)
	for _, who := range s.Authors {
		more, err := r.watched(ctx, who)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	for _, ref := range s.Refs {
		more, err := r.spared(ctx, store.RefTerm(ref))
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// ofTrigger says whether a person asked for a capture: whatever is not known to be
// a schedule is taken for one.
func ofTrigger(c *store.Capture) []KeepReason {
	switch c.Trigger {
	case "schedule":
		return nil
	case "import":
		return []KeepReason{{Why: KeptPerson, Text: "a person imported it"}}
	}
	return []KeepReason{{Why: KeptPerson, Text: "a person captured it"}}
}

// accountTerms are the terms under which decisions about an account stand.
func accountTerms(who store.Account) []store.Term {
	var terms []store.Term
	if who.ID != "" {
		terms = append(terms, store.AccountTerm(who.Platform, who.ID))
	}
	if who.Handle != "" {
		terms = append(terms, store.HandleTerm(who.Platform, who.Handle))
	}
	return terms
}

// newest returns the newest content of a kind under a term, nil where there is
// none.
func newest[T any, P interface {
	*T
	store.Content
}](ctx context.Context, a *store.Archive, t store.Term, kind store.Kind) (*T, error) {
	page, err := a.List(ctx, store.Query{Term: t, Kinds: []store.Kind{kind}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return nil, err
	}
	return store.Decode[T, P](&page.Records[0])
}

func (r *reasons) approved(ctx context.Context, s store.Subject) ([]KeepReason, error) {
	var terms []store.Term
	for _, ref := range s.Refs {
		terms = append(terms, store.RefTerm(ref))
	}
	for _, who := range s.Authors {
		terms = append(terms, accountTerms(who)...)
	}
	for _, t := range terms {
		a, err := newest[store.Approval](ctx, r.a, t, store.KindApproval)
		if err != nil {
			return nil, err
		}
		if a != nil && !a.Revoked {
			return []KeepReason{{Why: KeptApproved, Text: "it was approved on " + a.Time.UTC().Format(time.DateOnly)}}, nil
		}
	}
	return nil, nil
}

// watched says whether closer looks at an account's posts go on.
func (r *reasons) watched(ctx context.Context, who store.Account) ([]KeepReason, error) {
	for _, t := range accountTerms(who) {
		w, err := newest[store.Watch](ctx, r.a, t, store.KindWatch)
		if err != nil {
			return nil, err
		}
		if w != nil && w.Every > 0 && (w.Until.IsZero() || r.now.Before(w.Until)) {
			return []KeepReason{{Why: KeptPerson, Text: "somebody asked for closer looks at its author", Until: w.Until}}, nil
		}
	}
	return nil, nil
}

// postHistory reads what is known of a post; an empty history where that is
// nothing.
func (r *reasons) postHistory(ctx context.Context, ref post.Ref) (*store.History, error) {
	h, err := r.a.History(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return &store.History{Ref: ref}, nil
	}
	return h, err
}
