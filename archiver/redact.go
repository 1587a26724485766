package archiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// RedactionMark stands where something was taken out of a post.
const RedactionMark = "[redacted]"

// RedactionWish says what is to be taken out of a post.
type RedactionWish struct {
	Ref post.Ref
	// Texts are words, Fields members of the post as it is shown to programs
	// (author.name), Media the numbers of files, from 1.
	Texts  []string
	Fields []string
	Media  []int
	// KeepQuotes leaves articles that quote the words.
	KeepQuotes bool
	// The rest is for the register.
	Operator, Reason, How string
}

// RedactionPlan is what a redaction changes.
type RedactionPlan struct {
	Ref post.Ref `json:"ref"`
	// What says what is taken out, without a word of it.
	What []string `json:"what"`
	// Places are those that are sealed. What is left of a post is kept beside.
	Places []Place `json:"places"`

	own    []post.Ref
	cutter *cutter
}

// PlanRedaction lists what a redaction would change. It errors with ErrNotFound
// where what is to be taken out is not there, and with ErrRefused where the post
// is held.
func (r *Remover) PlanRedaction(ctx context.Context, w RedactionWish) (*RedactionPlan, error) {
	full, err := r.Plan(ctx, w.Ref, w.KeepQuotes)
	if err != nil {
		return nil, err
	}
	h, err := r.o.Archive.History(ctx, w.Ref)
	if err != nil {
		return nil, err
	}
	best := h.Best()
	if best == nil {
		return nil, fmt.Errorf("%s: %w: no words of it are kept", w.Ref, store.ErrNotFound)
	}
	c, err := newCutter(&w, &best.Content.Post)
	if err != nil {
		return nil, err
	}
	part, sel, err := c.choose(full)
	if err != nil {
		return nil, err
	}
	if !c.found {
		return nil, fmt.Errorf("%s: %w: what is to be taken out is not in it", w.Ref, store.ErrNotFound)
	}
	p := &planner{a: r.o.Archive, plan: &Removal{Ref: full.Ref, records: part}, names: full.own, files: sel.files}
	for i := range full.Places {
		at := full.Places[i]
		if slices.ContainsFunc(part, func(x planned) bool { return x.record.ID.String() == at.Name }) {
			p.plan.Places = append(p.plan.Places, at)
		}
	}
	if err := p.settleFiles(ctx); err != nil {
		return nil, err
	}
	return &RedactionPlan{Ref: h.Ref, What: w.what(), Places: p.plan.Places, own: full.own, cutter: c}, nil
}

// choose returns the records of a plan that lose content, with the fields that
// they lose.
func (c *cutter) choose(full *Removal) ([]planned, *selection, error) {
	for known := -1; ; { // a file that goes can stand under another address
		sel := &selection{cutter: c, own: full.own, exchanges: map[store.ID]bool{}, captures: map[store.ID]bool{}, urls: map[string]bool{}}
		part, err := sel.choose(full.records)
		if err != nil || known == len(c.digests) {
			return part, sel, err
		}
		known = len(c.digests)
	}
}

// selection is which of the records of a post hold what is to be taken out.
type selection struct {
	cutter *cutter
	own    []post.Ref
	// exchanges and captures are those that hold it, urls the articles.
	exchanges, captures map[store.ID]bool
	urls                map[string]bool
	files               map[store.Digest]string
	pictures            []store.Digest
}

// choose returns the records that lose content, with the fields that they lose.
func (s *selection) choose(records []planned) ([]planned, error) {
	s.files = map[store.Digest]string{}
	contents := make([]store.Content, len(records))
	for i := range records {
		c, err := store.DecodeAny(&records[i].record)
		if err != nil {
			return nil, err
		}
		contents[i] = c
		switch c := c.(type) {
		case *store.Capture:
			s.capture(records[i].record.ID, c)
		case *store.ArticleVersion:
			if s.cutter.quoted(c) {
				s.exchanges[c.Exchange], s.urls[c.URL] = true, true
			}
		}
	}
	for grown := true; grown; { // answers whose bytes are kept with another
		grown = false
		for i, c := range contents {
			x, ok := c.(*store.Exchange)
			if ok && s.exchanges[records[i].record.ID] && !x.Body.SameAs.IsZero() && !s.exchanges[x.Body.SameAs] {
				s.exchanges[x.Body.SameAs], grown = true, true
			}
		}
	}
	var part []planned
	for i, c := range contents {
		x := records[i]
		if s.takes(&x, c) {
			part = append(part, x)
		}
	}
	return part, nil
}

// capture notes a capture that shows a file that is to go.
func (s *selection) capture(id store.ID, c *store.Capture) {
	for _, m := range c.Media {
		if !s.cutter.file(m.URL, m.Digest) {
			continue
		}
		s.captures[id], s.exchanges[m.Exchange] = true, true
		if !m.Digest.IsZero() {
			s.files[m.Digest] = m.Type
			s.pictures = append(s.pictures, m.Digest)
			s.cutter.knows(m.Digest)
		}
	}
}

// takes reports whether a record loses content, and says which fields.
func (s *selection) takes(x *planned, c store.Content) bool {
	words := s.cutter.words()
	switch c := c.(type) {
	case *store.Exchange:
		ok := s.exchanges[x.record.ID] || words && c.Purpose != "article" && c.Purpose != "media"
		if ok && !c.Body.Blob.IsZero() {
			s.files[c.Body.Blob] = c.Body.Type
		}
		return ok
	case *store.Derivation:
		x.fields = []string{"post"}
		_, cut := s.cutter.post(&c.Post)
		return x.record.Whole() && (cut || s.captures[c.Capture])
	case *store.Capture:
		return s.captures[x.record.ID]
	case *store.ArticleVersion:
		ok := s.urls[c.URL] && s.cutter.quoted(c)
		if ok && !c.Content.IsZero() {
			s.files[c.Content] = "article"
		}
		return ok
	case *store.Drawing:
		ok := !c.Ref.IsZero() || s.urls[c.URL]
		for _, d := range []store.Digest{c.Picture, c.Page} {
			if ok && !d.IsZero() {
				s.files[d] = "drawing"
			}
		}
		return ok
	case *store.Import:
		if !c.Content.IsZero() {
			s.files[c.Content] = c.Format
		}
		return true
	}
	return false
}

// redactionBasis is what a refusal rests on that comes with a redaction.
const redactionBasis = "redaction"

// RedactionOrder is the decision that parts of a post are taken out, as it is
// kept in the queue until it is carried out, and beside the archive so that it is
// done again in an older one that is restored. What is to be taken out stands in
// it encrypted.
type RedactionOrder struct {
	ID   store.ID   `json:"id"`
	Time time.Time  `json:"time"`
	Refs []post.Ref `json:"refs"`
	// What says what is taken out, without a word of it.
	What       []string `json:"what"`
	KeepQuotes bool     `json:"keep_quotes,omitempty"`
	Operator   string   `json:"operator,omitempty"`
	Reason     string   `json:"reason"`
	Sealed     []byte   `json:"sealed"`
}

// OrderRedaction makes a decision of a wish. It errors as [Remover.PlanRedaction]
// does, and with ErrInvalid where the archive has nothing to seal with.
func (r *Remover) OrderRedaction(ctx context.Context, w RedactionWish) (*RedactionOrder, *RedactionPlan, error) {
	if r.o.Vault == nil {
		return nil, nil, fmt.Errorf("%w: this archive has nothing to seal with", store.ErrInvalid)
	}
	p, err := r.PlanRedaction(ctx, w)
	if err != nil {
		return nil, nil, err
	}
	plain, err := json.Marshal(p.cutter.parts)
	if err != nil {
		return nil, nil, err
	}
	o := &RedactionOrder{Time: r.o.Archive.Now(), Refs: p.own, What: p.What, KeepQuotes: w.KeepQuotes, Operator: w.Operator, Reason: w.Reason}
	if o.ID, err = r.o.Archive.Begin().NewID(); err == nil {
		o.Sealed, err = r.encrypt(plain)
	}
	return o, p, err
}

// BeginRedaction stores the intent: from then on nothing more of the post is
// captured, because every new answer would bring the parts back, and the work goes
// on until it is done, whatever is interrupted. It errors with ErrNotFound or
// ErrVerification where the key is not here that opens the order.
func (r *Remover) BeginRedaction(ctx context.Context, o *RedactionOrder, how string) error {
	if _, err := r.cutterOf(o); err != nil {
		return err
	}
	a := r.o.Archive
	b := a.Begin()
	contents := []store.Content{&store.Audit{Time: a.Now(), Actor: o.Operator, How: how, Action: "redact", Targets: []string{o.Refs[0].String()}, Reason: o.Reason}}
	before, err := a.TakedownOf(ctx, store.Subject{Refs: o.Refs})
	if err != nil {
		return err
	}
	if before == nil {
		contents = append(contents, refusalOf(a.Now(), o.Refs[0], o.Operator, o.Reason))
	}
	for _, content := range contents {
		if _, err := b.Add(ctx, content); err != nil {
			return err
		}
	}
	if err := enqueueTakedown(b, takedownWork{Redact: &redactWork{RedactionOrder: *o}}); err != nil {
		return err
	}
	r.o.Step("intent")
	_, err = b.Commit(ctx)
	return err
}

// refusalOf says that nothing more of a post is captured because parts of it were
// taken out.
func refusalOf(now time.Time, ref post.Ref, operator, reason string) *store.Takedown {
	return &store.Takedown{Time: now, Ref: ref, Act: store.TakedownRefuse, Operator: operator, Reason: "part of it was redacted: " + reason, Basis: redactionBasis}
}

// Redact takes parts out of a post: what holds them is sealed, and what is left is
// kept in their place.
func (r *Remover) Redact(ctx context.Context, w RedactionWish) (*RedactionPlan, error) {
	o, p, err := r.OrderRedaction(ctx, w)
	if errors.Is(err, store.ErrNotFound) { // perhaps it was interrupted
		return nil, errors.Join(err, r.RunAll(ctx))
	}
	if err == nil {
		err = r.BeginRedaction(ctx, o, w.How)
	}
	if err != nil {
		return nil, err
	}
	return p, r.RunAll(ctx)
}

// Redacted reports whether a decision is known to the archive: carried out, or in
// the queue.
func (r *Remover) Redacted(ctx context.Context, o *RedactionOrder) (bool, error) {
	acts, err := r.o.Archive.RedactionsOf(ctx, o.ID)
	known := slices.ContainsFunc(acts, func(act store.Item[store.Redaction]) bool { return act.Content.Act == store.RedactionDone })
	if err != nil || known {
		return known, err
	}
	err = r.eachJob(ctx, func(_ store.Job, w takedownWork) { known = known || w.Redact != nil && w.Redact.ID == o.ID })
	return known, err
}
