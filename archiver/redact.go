package archiver

import (
	"context"
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

	plan   *Removal
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
	sel := &selection{cutter: c, own: full.own, exchanges: map[store.ID]bool{}, captures: map[store.ID]bool{}, urls: map[string]bool{}}
	part, err := sel.choose(full.records)
	if err != nil {
		return nil, err
	}
	if !c.found {
		return nil, fmt.Errorf("%s: %w: what is to be taken out is not in it", w.Ref, store.ErrNotFound)
	}
	p := &planner{a: r.o.Archive, plan: &Removal{Ref: full.Ref, own: full.own, records: part, articles: full.articles}, names: full.own, files: sel.files}
	for i := range full.Places {
		at := full.Places[i]
		if slices.ContainsFunc(part, func(x planned) bool { return x.record.ID.String() == at.Name }) {
			p.plan.Places = append(p.plan.Places, at)
		}
	}
	if err := p.settleFiles(ctx); err != nil {
		return nil, err
	}
	p.plan.pictures = sel.pictures
	return &RedactionPlan{Ref: h.Ref, What: c.what(), Places: p.plan.Places, plan: p.plan, cutter: c}, nil
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
		if !s.cutter.file(m.URL) {
			continue
		}
		s.captures[id], s.exchanges[m.Exchange] = true, true
		if !m.Digest.IsZero() {
			s.files[m.Digest] = m.Type
			s.pictures = append(s.pictures, m.Digest)
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

// Redact takes parts out of a post: what holds them is sealed, and what is left is
// kept in their place. Nothing more of the post is captured, because every new
// answer would bring the parts back.
func (r *Remover) Redact(ctx context.Context, w RedactionWish) (*RedactionPlan, error) {
	if r.o.Vault == nil {
		return nil, fmt.Errorf("%w: this archive has nothing to seal with", store.ErrInvalid)
	}
	p, err := r.PlanRedaction(ctx, w)
	if errors.Is(err, store.ErrNotFound) { // perhaps it was interrupted behind the last commit
		return nil, errors.Join(err, r.settleRedaction(ctx))
	}
	if err != nil {
		return nil, err
	}
	// What people are shown goes last, in one commit with what takes its place:
	// until then, doing it again finds what is left to do.
	slices.SortStableFunc(p.plan.records, func(a, b planned) int { return redactionOrder(a.record.Kind) - redactionOrder(b.record.Kind) })
	n := len(p.plan.records)
	if i := slices.IndexFunc(p.plan.records, func(x planned) bool { return redactionOrder(x.record.Kind) > 0 }); i >= 0 {
		n = i
	}
	if len(p.plan.records)-n > store.MaxRedacted {
		return nil, fmt.Errorf("%s: %w: it was captured more than %d times", w.Ref, store.ErrTooLarge, store.MaxRedacted)
	}
	cut := &cutting{r: r, w: &w, p: p, captures: map[store.ID]store.ID{}}
	for part := range slices.Chunk(p.plan.records[:n], store.MaxRedacted/4) {
		if err := cut.commit(ctx, part); err != nil {
			return nil, fmt.Errorf("taking something out of %s: %w", w.Ref, err)
		}
	}
	if err := cut.commit(ctx, p.plan.records[n:]); err != nil {
		return nil, fmt.Errorf("taking something out of %s: %w", w.Ref, err)
	}
	return p, r.settleRedaction(ctx)
}

// settleRedaction does what comes after the records have changed: the words go
// out of the index, and the files out of the store.
func (r *Remover) settleRedaction(ctx context.Context) error {
	r.o.Step("words")
	if err := r.o.Archive.PurgeWords(ctx, nil, nil); err != nil {
		return err
	}
	return r.RunAll(ctx)
}

// redactionOrder is 0 for what only holds the parts, more for what is shown.
func redactionOrder(k store.Kind) int {
	switch k {
	case store.KindCapture:
		return 1
	case store.KindDerivation:
		return 2
	}
	return 0
}

// cutting carries a redaction out.
type cutting struct {
	r *Remover
	w *RedactionWish
	p *RedactionPlan
	// captures are what took the place of captures.
	captures map[store.ID]store.ID
	begun    bool
}

// commit seals some records and keeps what is left of them, in one commit.
func (c *cutting) commit(ctx context.Context, part []planned) error {
	a := c.r.o.Archive
	act := &store.Redaction{Time: a.Now(), Act: store.RedactionSeal, Part: true, What: c.p.What, Refs: c.p.plan.own, Operator: c.w.Operator, Reason: c.w.Reason}
	blobs, pictures, err := c.r.spent(ctx, c.p.plan, part)
	if err != nil {
		return err
	}
	c.r.o.Step("seal")
	if act.Sealed, err = c.r.seal(ctx, part, blobs); err != nil {
		return err
	}
	b := a.Begin()
	for i := range part {
		if err := empty(b, act, &part[i]); err != nil {
			return err
		}
		if err := c.left(ctx, b, act, &part[i].record); err != nil {
			return err
		}
	}
	if _, err := b.Add(ctx, act); err != nil {
		return err
	}
	if err := c.decide(ctx, b); err != nil {
		return err
	}
	if err := enqueueFiles(b, store.ID{}, blobs, pictures); err != nil {
		return err
	}
	c.r.o.Step("records")
	_, err = b.Commit(ctx)
	return err
}

// left adds what is left of a record.
func (c *cutting) left(ctx context.Context, b *store.Builder, act *store.Redaction, r *store.Record) error {
	content, err := store.DecodeAny(r)
	if err != nil {
		return err
	}
	switch v := content.(type) {
	case *store.Capture:
		v.Media = slices.Clone(v.Media)
		for i := range v.Media {
			if m := &v.Media[i]; c.p.cutter.file(m.URL) {
				*m = store.MediaFile{Role: m.Role, Error: RedactionMark}
			}
		}
		id, err := b.Add(ctx, v)
		c.captures[r.ID], act.Left = id, append(act.Left, id)
		return err
	case *store.Derivation:
		v.Post, _ = c.p.cutter.post(&v.Post)
		v.Time, v.Redacted = act.Time, true
		v.Notes = append(slices.Clone(v.Notes), fmt.Sprintf("part of this was redacted on %s: %s", act.Time.UTC().Format(time.DateOnly), c.w.Reason))
		if id, ok := c.captures[v.Capture]; ok {
			v.Capture = id
		}
		id, err := b.Add(ctx, v)
		act.Left = append(act.Left, id)
		return err
	}
	return withoutQuotes(ctx, b, r, c.p.plan.own)
}

// decide adds, once, that nothing more is captured, and that somebody decided.
func (c *cutting) decide(ctx context.Context, b *store.Builder) error {
	if c.begun {
		return nil
	}
	c.begun = true
	a := c.r.o.Archive
	contents := []store.Content{&store.Audit{Time: a.Now(), Actor: c.w.Operator, How: c.w.How, Action: "redact", Targets: []string{c.p.Ref.String()}, Reason: c.w.Reason}}
	before, err := a.TakedownOf(ctx, store.Subject{Refs: c.p.plan.own})
	if err != nil {
		return err
	}
	if before == nil {
		contents = append(contents, &store.Takedown{Time: a.Now(), Ref: c.p.Ref, Act: store.TakedownRefuse, Operator: c.w.Operator,
			Reason: "part of it was redacted: " + c.w.Reason, Basis: redactionBasis})
	}
	for _, content := range contents {
		if _, err := b.Add(ctx, content); err != nil {
			return err
		}
	}
	return nil
}

// Unredact puts back what was taken out of a post, and what took its place goes.
// It returns how many records have their content again. It errors with
// ErrNotFound where nothing was taken out, or the key is not here.
func (r *Remover) Unredact(ctx context.Context, ref post.Ref, w Wish) (int, error) {
	a := r.o.Archive
	acts, err := a.PartRedactions(ctx, store.RefTerm(ref))
	if err != nil {
		return 0, err
	}
	if len(acts) == 0 {
		return 0, fmt.Errorf("%s: %w: nothing is redacted in it", ref, store.ErrNotFound)
	}
	n, err := r.putBack(ctx, acts, store.ID{}, w)
	if err != nil {
		return n, err
	}
	for i := range acts {
		if err := r.dropLeft(ctx, acts[i].Content, w); err != nil {
			return n, err
		}
	}
	b := a.Begin()
	contents := []store.Content{&store.Audit{Time: a.Now(), Actor: w.Operator, How: w.How, Action: "unredact", Targets: []string{ref.String()}, Reason: w.Reason}}
	before, err := a.TakedownOf(ctx, store.Subject{Refs: acts[0].Content.Refs})
	if err != nil {
		return n, err
	}
	if before != nil && before.Act == store.TakedownRefuse && before.Basis == redactionBasis {
		contents = append(contents, &store.Takedown{Time: a.Now(), Ref: before.Ref, Act: store.TakedownLift, Operator: w.Operator, Reason: w.Reason, Basis: redactionBasis})
	}
	for _, c := range contents {
		if _, err := b.Add(ctx, c); err != nil {
			return n, err
		}
	}
	if _, err := b.Commit(ctx); err != nil {
		return n, err
	}
	return n, a.PurgeWords(ctx, nil, nil)
}

// dropLeft takes away what stood in the place of what is there again.
func (r *Remover) dropLeft(ctx context.Context, act *store.Redaction, w Wish) error {
	a := r.o.Archive
	b := a.Begin()
	gone := &store.Redaction{Time: a.Now(), Act: store.RedactionRemove, Part: true, What: act.What, Refs: act.Refs, URLs: act.URLs, Operator: w.Operator, Reason: w.Reason}
	for _, id := range act.Left {
		record, err := a.Get(ctx, id)
		if err != nil {
			return err
		}
		fields := store.ContentFields(&record)
		if len(fields) == 0 {
			continue
		}
		changed, err := store.Without(&record, fields...)
		if err != nil {
			return err
		}
		b.Replace(changed)
		gone.Records = append(gone.Records, store.RedactedRecord{ID: id, Fields: fields})
	}
	if len(gone.Records) == 0 {
		return nil
	}
	if _, err := b.Add(ctx, gone); err != nil {
		return err
	}
	_, err := b.Commit(ctx)
	return err
}
