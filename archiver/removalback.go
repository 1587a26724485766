package archiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// backWork is the part of a job's payload that says what is to be put back: what
// the takedown of the job sealed; else of a post what no takedown did, parts or
// all else.
type backWork struct {
	Ref  post.Ref `json:"ref,omitzero"`
	Part bool     `json:"part,omitempty"`
	// Before is the number of the redaction that was undone last; 0 is none so far.
	Before   uint64 `json:"before,omitempty"`
	Operator string `json:"operator,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Basis    string `json:"basis,omitempty"`
	How      string `json:"how,omitempty"`
}

// Unseal puts back what a takedown sealed, and lifts it: the post may be captured
// again. It returns how many records have their content again. It errors with
// ErrNotFound where the key is not here, or what was sealed was put back or
// destroyed since. Interrupted, it goes on as a takedown does.
func (r *Remover) Unseal(ctx context.Context, takedown store.ID, w Wish) (int, error) {
	return r.putBack(ctx, takedownWork{Takedown: takedown, Back: backOf(post.Ref{}, w)})
}

// CanUnseal errors as Unseal does, and changes nothing.
func (r *Remover) CanUnseal(ctx context.Context, takedown store.ID) error {
	if err := r.RunAll(ctx); err != nil {
		return err
	}
	_, err := r.canPutBack(ctx, takedownWork{Takedown: takedown, Back: &backWork{}})
	return err
}

// UnsealPost puts back what was sealed of a post without a takedown. It returns
// how many records have their content again.
func (r *Remover) UnsealPost(ctx context.Context, ref post.Ref, w Wish) (int, error) {
	return r.putBack(ctx, takedownWork{Back: backOf(ref, w)})
}

// Unredact puts back what was taken out of a post, and what took its place goes.
// It returns how many records have their content again. It errors with
// ErrNotFound where nothing was taken out, or the key is not here, and with
// ErrRefused where the post was taken down since.
func (r *Remover) Unredact(ctx context.Context, ref post.Ref, w Wish) (int, error) {
	return r.putBack(ctx, unredaction(ref, w))
}

// CanUnredact errors as Unredact does, and changes nothing.
func (r *Remover) CanUnredact(ctx context.Context, ref post.Ref) error {
	if err := r.RunAll(ctx); err != nil {
		return err
	}
	_, err := r.canPutBack(ctx, unredaction(ref, Wish{}))
	return err
}

func unredaction(ref post.Ref, w Wish) takedownWork {
	back := backOf(ref, w)
	back.Part = true
	return takedownWork{Back: back}
}

func backOf(ref post.Ref, w Wish) *backWork {
	return &backWork{Ref: ref, Operator: w.Operator, Reason: w.Reason, Basis: w.Basis, How: w.How}
}

// putBack stores that something is to be put back, and does it.
func (r *Remover) putBack(ctx context.Context, w takedownWork) (int, error) {
	// What seals it may have been interrupted.
	if err := r.RunAll(ctx); err != nil {
		return 0, err
	}
	n, err := r.canPutBack(ctx, w)
	if err != nil {
		return 0, err
	}
	b := r.o.Archive.Begin()
	if err := enqueueTakedown(b, w); err != nil {
		return 0, err
	}
	r.o.Step("intent")
	if _, err := b.Commit(ctx); err != nil {
		return 0, err
	}
	return n, r.RunAll(ctx)
}

// canPutBack returns how many records would have their content again. It errors
// as those do that put back.
func (r *Remover) canPutBack(ctx context.Context, w takedownWork) (int, error) {
	acts, err := r.toPutBack(ctx, w)
	if err != nil {
		return 0, err
	}
	if w.Back.Part {
		if len(acts) == 0 {
			return 0, fmt.Errorf("%s: %w: nothing is redacted in it", w.Back.Ref, store.ErrNotFound)
		}
		t, err := r.o.Archive.TakedownOf(ctx, store.Subject{Refs: acts[0].Content.Refs})
		if err != nil {
			return 0, err
		}
		if t != nil && (t.Act == store.TakedownSeal || t.Act == store.TakedownDestroy) {
			return 0, fmt.Errorf("%s: %w: it was taken down since; `stet takedown --unseal` comes first", w.Back.Ref, store.ErrRefused)
		}
	}
	n := 0
	for i := range acts {
		act := acts[i].Content
		if len(act.Sealed) == 0 {
			continue
		}
		if r.o.Vault == nil {
			return 0, fmt.Errorf("%w: there is no key to open what is sealed", store.ErrNotFound)
		}
		if err := r.unsealed(ctx, act.Sealed[0], func(io.Reader) error { return nil }); err != nil {
			return 0, fmt.Errorf("opening what was sealed on %s: %w", act.Time.UTC().Format(time.DateOnly), err)
		}
		n += len(act.Records)
	}
	if n == 0 {
		return 0, fmt.Errorf("%w: nothing is sealed of it, or it was destroyed since", store.ErrNotFound)
	}
	return n, nil
}

// toPutBack lists the redactions that are to be undone, oldest first.
func (r *Remover) toPutBack(ctx context.Context, w takedownWork) ([]store.Item[store.Redaction], error) {
	a := r.o.Archive
	switch {
	case !w.Takedown.IsZero():
		acts, err := a.RedactionsOf(ctx, w.Takedown)
		if err != nil {
			return nil, err
		}
		return a.Standing(ctx, sealing(acts))
	case w.Back.Part:
		acts, err := a.PartRedactions(ctx, store.RefTerm(w.Back.Ref))
		// Those of a post that it repeats are that post's.
		return slices.DeleteFunc(acts, func(act store.Item[store.Redaction]) bool {
			return len(act.Content.Refs) == 0 || act.Content.Refs[0] != w.Back.Ref
		}), err
	}
	h, err := a.History(ctx, w.Back.Ref)
	if err != nil {
		return nil, err
	}
	var acts []store.Item[store.Redaction]
	for i := range h.Bare {
		more, err := a.RedactionsOf(ctx, h.Bare[i].ID)
		if err != nil {
			return nil, err
		}
		for _, act := range more {
			if act.Content.Takedown.IsZero() && !act.Content.Part && !slices.ContainsFunc(acts, func(o store.Item[store.Redaction]) bool { return o.ID == act.ID }) {
				acts = append(acts, act)
			}
		}
	}
	slices.SortFunc(acts, func(a, b store.Item[store.Redaction]) int { return int(int64(a.Seq) - int64(b.Seq)) })
	return a.Standing(ctx, sealing(acts))
}

// sealing leaves those of some redactions that sealed something which nobody
// destroyed since.
func sealing(acts []store.Item[store.Redaction]) []store.Item[store.Redaction] {
	return slices.DeleteFunc(acts, func(act store.Item[store.Redaction]) bool {
		return act.Content.Act != store.RedactionSeal || len(act.Content.Sealed) == 0
	})
}

// backStep puts back what one redaction took out, the newest first, because it
// has the files of those before that were sealed with what named them last; or
// says at the end that the post may be captured again.
func (r *Remover) backStep(ctx context.Context, j store.Job, w takedownWork) error {
	acts, err := r.toPutBack(ctx, w)
	if err != nil {
		return err
	}
	acts = slices.DeleteFunc(acts, func(act store.Item[store.Redaction]) bool { return w.Back.Before > 0 && act.Seq >= w.Back.Before })
	if len(acts) == 0 {
		return r.backDone(ctx, j, w)
	}
	act := acts[len(acts)-1]
	b := r.o.Archive.Begin()
	if err := r.undo(ctx, b, &act, w); err != nil {
		return err
	}
	w.Back.Before = act.Seq
	r.o.Step("back")
	return r.goOn(ctx, b, j, w)
}

// goOn commits what was done of a job, which goes on with what its payload says
// then.
func (r *Remover) goOn(ctx context.Context, b *store.Builder, j store.Job, w takedownWork) error {
	payload, err := json.Marshal(w)
	if err != nil {
		return err
	}
	b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeRelease, RunAt: r.o.Archive.Now(), Payload: payload})
	_, err = b.Commit(ctx)
	return err
}

// undo puts records and files back that a redaction sealed, and takes away what
// stood in their place.
func (r *Remover) undo(ctx context.Context, b *store.Builder, act *store.Item[store.Redaction], w takedownWork) error {
	c := act.Content
	if len(c.Sealed) > 0 {
		records, err := r.unsealAct(ctx, c)
		if err != nil {
			return fmt.Errorf("opening what was sealed on %s: %w", c.Time.UTC().Format(time.DateOnly), err)
		}
		undone := r.undoing(store.RedactionUnseal, c, w)
		for i := range records {
			back, err := r.mayBeBack(ctx, act, &records[i], w)
			if err != nil {
				return err
			}
			if back {
				b.Replace(records[i])
				undone.Records = append(undone.Records, c.Records[slices.IndexFunc(c.Records, func(o store.RedactedRecord) bool { return o.ID == records[i].ID })])
			}
		}
		if _, err := b.Add(ctx, undone); err != nil {
			return err
		}
	}
	return r.dropLeft(ctx, b, c, w)
}

// mayBeBack reports whether a record that a redaction sealed is put back: unless
// something was taken out of it by another one since, or it holds something of
// another post that was taken down.
func (r *Remover) mayBeBack(ctx context.Context, act *store.Item[store.Redaction], rec *store.Record, w takedownWork) (bool, error) {
	a := r.o.Archive
	lacks, err := a.LacksBy(ctx, rec.ID, act.ID)
	if err != nil || !lacks {
		return false, err
	}
	var own *store.Takedown
	if !w.Takedown.IsZero() {
		record, err := a.Get(ctx, w.Takedown)
		if err == nil && record.Kind == store.KindTakedown { // and no rule
			own, err = store.Decode[store.Takedown](&record)
		}
		if err != nil {
			return false, err
		}
	}
	refs, err := r.toldOf(ctx, rec)
	if err != nil {
		return false, err
	}
	for _, ref := range refs {
		if ref.IsZero() || slices.Contains(act.Content.Refs, ref) {
			continue
		}
		other, err := a.TakedownOf(ctx, store.Subject{Refs: []post.Ref{ref}})
		if err != nil {
			return false, err
		}
		same := other != nil && own != nil && other.Ref == own.Ref && slices.Equal(other.Accounts, own.Accounts) && other.Time.Equal(own.Time)
		if other != nil && other.Act != store.TakedownRefuse && !same {
			return false, nil
		}
	}
	return true, nil
}

// toldOf lists the posts that a record tells of: those of an article for its
// answer and for how it looked.
func (r *Remover) toldOf(ctx context.Context, rec *store.Record) (refs []post.Ref, err error) {
	for _, t := range rec.Terms {
		if ref, err := post.ParseRef(t.Value); t.Index == store.IndexRef && err == nil { // or it was cut for the index
			refs = append(refs, ref)
		}
	}
	c, err := store.DecodeAny(rec)
	if err != nil {
		return nil, err
	}
	address := ""
	switch c := c.(type) {
	case *store.Exchange:
		if c.Purpose == "article" {
			address = c.URL
		}
	case *store.Drawing:
		if c.Ref.IsZero() {
			address = c.URL
		}
	}
	if address == "" {
		return refs, nil
	}
	versions, err := r.o.Archive.ListAll(ctx, store.ArticleTerm(address), store.MaxHistory, store.KindArticle)
	for i := range versions {
		v, derr := store.Decode[store.ArticleVersion](&versions[i])
		if derr != nil {
			return nil, derr
		}
		for j := range v.Mentions {
			refs = append(refs, v.Mentions[j].Ref)
		}
	}
	return refs, err
}

// undoing is a redaction that undoes another.
func (r *Remover) undoing(act store.RedactionAct, c *store.Redaction, w takedownWork) *store.Redaction {
	return &store.Redaction{Time: r.o.Archive.Now(), Act: act, Takedown: w.Takedown, Part: c.Part && act == store.RedactionRemove, What: c.What,
		Refs: c.Refs, URLs: c.URLs, Operator: w.Back.Operator, Reason: w.Back.Reason}
}

// dropLeft takes away what stood in the place of what is there again.
func (r *Remover) dropLeft(ctx context.Context, b *store.Builder, act *store.Redaction, w takedownWork) error {
	gone := r.undoing(store.RedactionRemove, act, w)
	for _, id := range act.Left {
		record, err := r.o.Archive.Get(ctx, id)
		if err != nil {
			return err
		}
		if fields := store.ContentFields(&record); len(fields) > 0 {
			if err := empty(b, gone, &planned{record, fields}); err != nil {
				return err
			}
		}
	}
	if len(gone.Records) == 0 {
		return nil
	}
	_, err := b.Add(ctx, gone)
	return err
}

// backDone ends the work of putting back.
func (r *Remover) backDone(ctx context.Context, j store.Job, w takedownWork) error {
	contents, err := r.lifted(ctx, w)
	if err != nil {
		return err
	}
	r.o.Step("words")
	if err := r.o.Archive.PurgeWords(ctx, nil, nil); err != nil {
		return err
	}
	b := r.o.Archive.Begin()
	for _, c := range contents {
		if _, err := b.Add(ctx, c); err != nil {
			return err
		}
	}
	b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone})
	r.o.Step("done")
	_, err = b.Commit(ctx)
	return err
}

// lifted says that something was put back, and what may be captured again.
func (r *Remover) lifted(ctx context.Context, w takedownWork) ([]store.Content, error) {
	a, back := r.o.Archive, w.Back
	now := a.Now()
	audit := &store.Audit{Time: now, Actor: back.Operator, How: back.How, Action: "unseal", Targets: []string{back.Ref.String()}, Reason: back.Reason}
	switch {
	case !w.Takedown.IsZero():
		record, err := a.Get(ctx, w.Takedown)
		if err != nil {
			return nil, err
		}
		t, err := store.Decode[store.Takedown](&record)
		if err != nil {
			return nil, err
		}
		if audit.Targets = t.Accounts; len(t.Accounts) == 0 {
			audit.Targets = []string{t.Ref.String()}
		}
		contents := []store.Content{audit,
			&store.Takedown{Time: now, Ref: t.Ref, Accounts: t.Accounts, Act: store.TakedownLift, Operator: back.Operator, Reason: back.Reason, Basis: back.Basis}}
		// Parts of it that were taken out before still are.
		parts, err := a.PartRedactions(ctx, store.RefTerm(t.Ref))
		if err == nil && !t.Ref.IsZero() && len(parts) > 0 {
			contents = append(contents, refusalOf(now, t.Ref, parts[len(parts)-1].Content.Operator, parts[len(parts)-1].Content.Reason))
		}
		return contents, err
	case back.Part:
		audit.Action = "unredact"
		before, err := a.TakedownOf(ctx, store.Subject{Refs: []post.Ref{back.Ref}})
		if err != nil || before == nil || before.Act != store.TakedownRefuse || before.Basis != redactionBasis {
			return []store.Content{audit}, err
		}
		return []store.Content{audit, &store.Takedown{Time: now, Ref: before.Ref, Act: store.TakedownLift, Operator: back.Operator, Reason: back.Reason, Basis: redactionBasis}}, nil
	}
	return []store.Content{audit}, nil
}

// Opens reports whether the key is here that opens what a decision holds.
func (r *Remover) Opens(o *RedactionOrder) (bool, error) {
	_, err := r.decrypt(o.Sealed)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrVerification) {
		return false, nil
	}
	return err == nil, err
}
