package archiver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"stet/store"
)

// redactWork is the part of a job's payload that says what is taken out, and how
// far that is.
type redactWork struct {
	RedactionOrder
	// Covered are the redactions that took records away of which nothing is shown
	// yet in their place.
	Covered []store.ID `json:"covered,omitempty"`
}

// cutterOf opens what an order takes out.
func (r *Remover) cutterOf(o *RedactionOrder) (*cutter, error) {
	plain, err := r.decrypt(o.Sealed)
	if err != nil {
		return nil, fmt.Errorf("opening what is to be taken out of %s: %w", o.Refs[0], err)
	}
	var what parts
	if err := json.Unmarshal(plain, &what); err != nil {
		return nil, fmt.Errorf("%w: what is to be taken out of %s: %w", store.ErrCorrupt, o.Refs[0], err)
	}
	return what.cutter()
}

// redactStep does the next part of a redaction in one commit. First goes what
// only holds the words; then all that people are shown, at once. Where that is
// too much for one commit it is taken away first, and what is left of it is shown
// once all of it is: nobody sees old words beside what took their place.
func (r *Remover) redactStep(ctx context.Context, j store.Job, w *redactWork) error {
	c, err := r.cutterOf(&w.RedactionOrder)
	if err != nil {
		return err
	}
	full, err := r.Plan(ctx, w.Refs[0], w.KeepQuotes)
	if err != nil {
		return err
	}
	part, sel, err := c.choose(full)
	if err != nil {
		return err
	}
	full.pictures = sel.pictures
	s := &cutting{r: r, c: c, w: w, j: j, plan: full, captures: map[store.ID]store.ID{}}
	hidden, shown := divided(part)
	switch {
	case len(hidden) > 0:
		return s.commit(ctx, hidden[:min(len(hidden), r.o.Batch)], false)
	case len(shown) == 0 && len(w.Covered) > 0:
		return s.reveal(ctx)
	case len(shown) == 0:
		return s.done(ctx)
	case len(shown) <= min(4*r.o.Batch, store.MaxRedacted) && len(w.Covered) == 0:
		return s.commit(ctx, shown, false)
	}
	return s.commit(ctx, together(shown, r.o.Batch), true)
}

// divided returns the records that only hold what is taken out, in an order in
// which what leads to others goes after them, and those that people are shown.
func divided(records []planned) (hidden, shown []planned) {
	for _, x := range slices.Backward(records) {
		switch x.record.Kind {
		case store.KindCapture, store.KindDerivation, store.KindArticle:
			shown = append(shown, x)
		default:
			hidden = append(hidden, x)
		}
	}
	// What was read out of a capture is said to be of the one in its place.
	slices.SortStableFunc(shown, func(a, b planned) int { return shownOrder(a.record.Kind) - shownOrder(b.record.Kind) })
	return hidden, shown
}

func shownOrder(k store.Kind) int {
	switch k {
	case store.KindCapture:
		return 1
	case store.KindDerivation:
		return 2
	}
	return 0
}

// together returns the first of many records that are shown, so that no capture
// is parted from what was read out of it.
func together(shown []planned, limit int) []planned {
	of := map[store.ID][]planned{}
	for _, x := range shown {
		if d, err := store.Decode[store.Derivation](&x.record); x.record.Kind == store.KindDerivation && err == nil {
			of[d.Capture] = append(of[d.Capture], x)
		}
	}
	var part []planned
	taken := map[store.ID]bool{}
	for _, x := range shown {
		if len(part) >= limit {
			break
		}
		if taken[x.record.ID] {
			continue
		}
		for _, y := range append([]planned{x}, of[x.record.ID]...) {
			taken[y.record.ID] = true
			part = append(part, y)
		}
	}
	return part
}

// cutting does one part of a redaction.
type cutting struct {
	r    *Remover
	c    *cutter
	w    *redactWork
	j    store.Job
	plan *Removal
	// captures are what took the place of captures.
	captures map[store.ID]store.ID
}

// act is what is said of the part.
func (c *cutting) act() *store.Redaction {
	return &store.Redaction{Time: c.r.o.Archive.Now(), Act: store.RedactionSeal, Order: c.w.ID, Part: true, What: c.w.What, Refs: c.w.Refs,
		Operator: c.w.Operator, Reason: c.w.Reason}
}

// commit seals some records and keeps what is left of them, in one commit; where
// cover is true only later.
func (c *cutting) commit(ctx context.Context, part []planned, cover bool) error {
	act := c.act()
	blobs, pictures, err := c.r.spent(ctx, c.plan, part)
	if err != nil {
		return err
	}
	c.r.o.Step("seal")
	if act.Sealed, err = c.r.seal(ctx, part, blobs); err != nil {
		return err
	}
	b := c.r.o.Archive.Begin()
	for i := range part {
		if err := empty(b, act, &part[i]); err != nil {
			return err
		}
		if cover {
			continue
		}
		if err := c.left(ctx, b, act, &part[i].record); err != nil {
			return err
		}
	}
	id, err := b.Add(ctx, act)
	if err != nil {
		return err
	}
	if err := enqueueFiles(b, store.ID{}, blobs, pictures); err != nil {
		return err
	}
	w := *c.w
	if cover {
		w.Covered = append(slices.Clone(w.Covered), id)
	}
	c.r.o.Step("records")
	return c.r.goOn(ctx, b, c.j, takedownWork{Redact: &w})
}

// reveal shows what is left of the records that were taken away first.
func (c *cutting) reveal(ctx context.Context) error {
	rec, err := c.r.o.Archive.Get(ctx, c.w.Covered[0])
	if err != nil {
		return err
	}
	covered, err := store.Decode[store.Redaction](&rec)
	if err != nil {
		return err
	}
	act := c.act()
	b := c.r.o.Archive.Begin()
	if len(covered.Sealed) > 0 { // or all of the post was destroyed since
		records, _, err := c.r.sealedRecords(ctx, covered)
		if err != nil {
			return err
		}
		for i := range records {
			if err := c.left(ctx, b, act, &records[i]); err != nil {
				return err
			}
		}
		act.URLs = covered.URLs
		if _, err := b.Add(ctx, act); err != nil {
			return err
		}
	}
	w := *c.w
	w.Covered = w.Covered[1:]
	c.r.o.Step("reveal")
	return c.r.goOn(ctx, b, c.j, takedownWork{Redact: &w})
}

// done ends a redaction: the words go out of the index.
func (c *cutting) done(ctx context.Context) error {
	a := c.r.o.Archive
	c.r.o.Step("words")
	if err := a.PurgeWords(ctx, nil, nil); err != nil {
		return err
	}
	b := a.Begin()
	if _, err := b.Add(ctx, &store.Redaction{Time: a.Now(), Act: store.RedactionDone, Order: c.w.ID, Operator: c.w.Operator}); err != nil {
		return err
	}
	b.Finish(store.Finish{Job: c.j.ID, Token: c.j.Lease.Token, Outcome: store.OutcomeDone})
	c.r.o.Step("done")
	_, err := b.Commit(ctx)
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
			if m := &v.Media[i]; c.c.file(m.URL, m.Digest) {
				*m = store.MediaFile{Role: m.Role, Error: RedactionMark}
			}
		}
		id, err := b.Add(ctx, v)
		c.captures[r.ID], act.Left = id, append(act.Left, id)
		return err
	case *store.Derivation:
		v.Post, _ = c.c.post(&v.Post)
		v.Time, v.Redacted = act.Time, true
		v.Notes = append(slices.Clone(v.Notes), fmt.Sprintf("part of this was redacted on %s: %s", act.Time.UTC().Format(time.DateOnly), c.w.Reason))
		if id, ok := c.captures[v.Capture]; ok {
			v.Capture = id
		}
		id, err := b.Add(ctx, v)
		act.Left = append(act.Left, id)
		return err
	}
	return withoutQuotes(ctx, b, act, r, c.plan.own)
}
