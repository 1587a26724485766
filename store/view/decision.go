package view

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Decision is one entry of the register of what was decided: that nothing of a
// post or account may be removed, that nothing more of it is captured, that
// something is private, or that this ended.
type Decision struct {
	ID  store.ID `json:"id"`
	Seq uint64   `json:"-"`
	// Act is hold or release, refuse or lift, private or public, or a word of a newer version.
	Act  string    `json:"act"`
	Time time.Time `json:"time"`
	// Ref is the post, empty for an account; Account is platform:handle, or
	// platform:#id where only the id is known.
	Ref     string `json:"ref"`
	Account string `json:"account"`
	// Article is the address of an article or page, and Source the name of a
	// source, of which was decided that it is private.
	Article  string `json:"article,omitempty"`
	Source   string `json:"source,omitempty"`
	Operator string `json:"operator"`
	Reason   string `json:"reason"`
	// Basis is the law, order or rule that it rests on.
	Basis string `json:"basis"`
	// Stands is true where nothing was decided about the same since, and it
	// forbids something.
	Stands bool `json:"stands"`
}

// Of returns what the decision is about.
func (d *Decision) Of() string { return cmp.Or(d.Ref, d.Account, d.Article, d.Source) }

// DecisionPage is a page of the register.
type DecisionPage struct {
	Items []Decision
	// Next continues it, 0 where nothing more is there.
	Next uint64
}

// Decisions lists what was decided, the newest first. before continues a
// listing, and limit is the most of them (0 is 20).
func (r *Reader) Decisions(ctx context.Context, before uint64, limit int) (*DecisionPage, error) {
	if limit <= 0 {
		limit = 20
	}
	var records []store.Record
	more := false
	for _, q := range []store.Query{{Term: store.HoldsTerm(), Kinds: []store.Kind{store.KindHold}}, {Term: store.TakedownsTerm(), Kinds: []store.Kind{store.KindTakedown}},
		{Term: store.PrivaciesTerm(), Kinds: []store.Kind{store.KindPrivacy}}} {
		q.Before, q.Newest, q.Limit = before, true, limit+1
		page, err := r.archive.List(ctx, q)
		if err != nil {
			return nil, err
		}
		records, more = append(records, page.Records...), more || page.More
	}
	slices.SortFunc(records, func(a, b store.Record) int { return cmp.Compare(b.Seq, a.Seq) })
	out := &DecisionPage{Items: []Decision{}}
	for i := range records[:min(len(records), limit)] {
		d, err := r.decision(ctx, &records[i])
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, d)
	}
	if n := len(out.Items); n > 0 && (more || len(records) > limit) {
		out.Next = out.Items[n-1].Seq
	}
	return out, nil
}

// decision describes one record of the register.
func (r *Reader) decision(ctx context.Context, rec *store.Record) (Decision, error) {
	c, err := store.DecodeAny(rec)
	if err != nil {
		return Decision{}, err
	}
	d := Decision{ID: rec.ID, Seq: rec.Seq, Time: rec.Time.UTC()}
	var ref post.Ref
	var accounts []string
	forbids := false
	switch c := c.(type) {
	case *store.Hold:
		ref, accounts, d.Operator, d.Reason = c.Ref, c.Accounts, c.Operator, c.Reason
		d.Act, forbids = "hold", !c.Released
		if c.Released {
			d.Act = "release"
		}
	case *store.Takedown:
		ref, accounts, d.Operator, d.Reason, d.Basis = c.Ref, c.Accounts, c.Operator, c.Reason, c.Basis
		d.Act, forbids = string(c.Act), c.Forbids()
	case *store.Privacy:
		d.Operator, d.Reason, d.Article, d.Source, d.Act = c.Operator, c.Reason, c.URL, c.Source, "private"
		if c.Lifted {
			d.Act = "public"
		}
		if !c.Ref.IsZero() {
			d.Ref = c.Ref.String()
		}
		now, err := r.archive.StandingPrivacy(ctx, c)
		d.Stands = now != nil && now.Of() == c.Of() && now.Time.Equal(c.Time)
		return d, err
	}
	if !ref.IsZero() {
		d.Ref = ref.String()
	}
	for _, word := range accounts {
		if d.Account == "" || !strings.Contains(word, ":#") {
			d.Account = word
		}
	}
	if !forbids {
		return d, nil
	}
	d.Stands, err = r.newestDecision(ctx, rec, ref, accounts)
	return d, err
}

// newestDecision reports whether nothing was decided since about the same.
func (r *Reader) newestDecision(ctx context.Context, rec *store.Record, ref post.Ref, accounts []string) (bool, error) {
	var terms []store.Term
	if !ref.IsZero() {
		terms = append(terms, store.RefTerm(ref))
	}
	for _, word := range accounts {
		platform, name, _ := strings.Cut(word, ":")
		if id, ok := strings.CutPrefix(name, "#"); ok {
			terms = append(terms, store.AccountTerm(post.Platform(platform), id))
		} else {
			terms = append(terms, store.HandleTerm(post.Platform(platform), name))
		}
	}
	for _, t := range terms {
		page, err := r.archive.List(ctx, store.Query{Term: t, Kinds: []store.Kind{rec.Kind}, Newest: true, Limit: 1})
		if err != nil {
			return false, err
		}
		if len(page.Records) > 0 && page.Records[0].Seq > rec.Seq {
			return false, nil
		}
	}
	return true, nil
}

// accountRulings reads what was decided about an account as a whole.
func (r *Reader) accountRulings(ctx context.Context, a *Account) error {
	s := store.Subject{Authors: []store.Account{{Platform: a.Platform, ID: a.ID, Handle: strings.ToLower(a.Latest.Handle)}}}
	var err error
	a.Hold, a.Refused, err = r.Rulings(ctx, s)
	return err
}
