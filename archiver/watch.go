package archiver

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"stet/extract/post"
	"stet/store"
)

// maxSettled is the most posts of one account that one look settles.
const maxSettled = 100_000

// Watch asks for closer looks, at a post, an account's posts or those of a
// source's articles, and brings the next looks at the posts that are known
// forward. It returns how many those are.
func (e *Engine) Watch(ctx context.Context, w store.Watch) (int, error) {
	w.Time = e.o.Archive.Now()
	b := e.o.Archive.Begin()
	if _, err := b.Add(ctx, &w); err != nil {
		return 0, err
	}
	refs, err := e.watched(ctx, &w)
	if err != nil {
		return 0, err
	}
	if w.Every > 0 {
		for _, ref := range refs[:min(len(refs), store.MaxBatchRecords)] {
			if err := e.lookBy(b, ref, w.Time.Add(w.Every)); err != nil {
				return 0, err
			}
		}
	}
	if _, err := b.Commit(ctx); err != nil {
		return 0, fmt.Errorf("keeping the watch: %w", err)
	}
	return len(refs), nil
}

// watched lists the posts that a watch is about as far as they are known.
func (e *Engine) watched(ctx context.Context, w *store.Watch) ([]post.Ref, error) {
	switch {
	case !w.Ref.IsZero():
		return []post.Ref{w.Ref}, nil
	case w.Account != "":
		return e.postsOf(ctx, store.Term{Index: store.IndexAccount, Value: w.Account})
	}
	// The posts of a source's articles join the watch when they are looked at
	// the next time.
	return nil, nil
}

// postsOf lists the posts whose derivations carry a term, each once.
func (e *Engine) postsOf(ctx context.Context, t store.Term) ([]post.Ref, error) {
	records, err := e.o.Archive.ListAll(ctx, t, maxSettled, store.KindDerivation)
	if err != nil {
		return nil, err
	}
	var refs []post.Ref
	seen := map[post.Ref]bool{}
	for i := range records {
		d, err := store.Decode[store.Derivation](&records[i])
		if err != nil {
			return nil, err
		}
		if !d.Ref.IsZero() && !seen[d.Ref] {
			seen[d.Ref] = true
			refs = append(refs, d.Ref)
		}
	}
	return refs, nil
}

// lookBy adds a look at a post at the latest at a time.
func (e *Engine) lookBy(b *store.Builder, ref post.Ref, at time.Time) error {
	payload, err := json.Marshal(intent{Target: ref.String()})
	if err != nil {
		return fmt.Errorf("writing the intent to look at %s: %w", ref, err)
	}
	return b.Enqueue(store.Enqueue{Earlier: true,
		Job: store.Job{Kind: JobLook, Key: ref.String(), Payload: payload, Priority: store.PriorityLook, RunAt: at}})
}

// closerLook returns when a watch asks for the next look at a post; the zero
// time where none does.
func (e *Engine) closerLook(ctx context.Context, h *store.History, now time.Time) (time.Time, error) {
	var soonest time.Time
	consider := func(w *store.Watch) {
		if w == nil || w.Every <= 0 || !w.Until.IsZero() && !now.Before(w.Until) {
			return
		}
		if at := now.Add(w.Every); soonest.IsZero() || at.Before(soonest) {
			soonest = at
		}
	}
	if n := len(h.Watches); n > 0 {
		consider(h.Watches[n-1].Content)
	}
	terms := map[store.Term]bool{}
	if best := h.Best(); best != nil && best.Content.Post.Author.Handle != "" {
		terms[store.HandleTerm(h.Ref.Platform, best.Content.Post.Author.Handle)] = true
	}
	for _, a := range h.Articles {
		if a.Content.Source != "" {
			terms[store.WatchTerm(a.Content.Source)] = true
		}
	}
	for t := range terms {
		page, err := e.o.Archive.List(ctx, store.Query{Term: t, Kinds: []store.Kind{store.KindWatch}, Newest: true, Limit: 1})
		if err != nil {
			return time.Time{}, err
		}
		for i := range page.Records {
			w, err := store.Decode[store.Watch](&page.Records[i])
			if err != nil {
				return time.Time{}, err
			}
			consider(w)
		}
	}
	return soonest, nil
}

// settleAccount lets one look at an account settle its other posts: where the
// platform states that the account is suspended, gone or protected, each of
// them gets the look; where a post of an account that was thought so is shown
// again, the others are looked at soon.
func (e *Engine) settleAccount(ctx context.Context, before *store.History, s *sighting, trigger string) error {
	best := before.Best()
	if best == nil || best.Content.Post.Author.ID == "" || s.quarantined {
		return nil
	}
	settles := s.answer.Explicit && !s.answer.Alone && accountLevel(s.answer.Status)
	returns := s.answer.Status == post.Live && accountLevel(Judge(Observations(before), e.o.Schedule.Rules).Value)
	if !settles && !returns {
		return nil
	}
	refs, err := e.postsOf(ctx, store.AccountTerm(before.Ref.Platform, best.Content.Post.Author.ID))
	if err != nil {
		return err
	}
	const chunk = 200
	for len(refs) > 0 {
		b := e.o.Archive.Begin()
		for _, ref := range refs[:min(chunk, len(refs))] {
			if ref == before.Ref {
				continue
			}
			if settles {
				err = e.settle(ctx, b, ref, s, trigger)
			} else {
				err = e.lookBy(b, ref, e.o.Archive.Now())
			}
			if err != nil {
				return err
			}
		}
		refs = refs[min(chunk, len(refs)):]
		if _, err := b.Commit(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("settling the posts of account %s: %w", best.Content.Post.Author.ID, err)
		}
	}
	return nil
}

// accountLevel reports whether a status is one of the account rather than the
// post.
func accountLevel(s post.Status) bool {
	return s == post.AccountSuspended || s == post.AccountGone || s == post.Protected
}

// settle adds the look at an account to the history of one of its posts, unless
// that is known to be gone for a reason of its own.
func (e *Engine) settle(ctx context.Context, b *store.Builder, ref post.Ref, s *sighting, trigger string) error {
	h, err := e.history(ctx, ref)
	if err != nil {
		return err
	}
	if is := Judge(Observations(h), e.o.Schedule.Rules); is.Value == post.Deleted && is.Confirmed || is.Value == s.answer.Status && is.Confirmed {
		return nil
	}
	id, err := b.NewID()
	if err != nil {
		return err
	}
	look := &store.Look{Time: s.reply.when(e.o.Archive.Now()), Ref: ref, Result: s.answer.Status, Explicit: true, Endpoint: s.endpoint.Name(),
		Exchange: s.reply.last(), Reason: s.answer.Sentence(), Round: id, Account: true, Trigger: trigger}
	if err := b.AddAs(ctx, id, look); err != nil {
		return err
	}
	state, err := e.addVerdict(ctx, b, h, []Observation{{Look: id, Round: id, Time: look.Time, Endpoint: look.Endpoint,
		Result: look.Result, Explicit: true, Reason: look.Reason}})
	if err != nil {
		return err
	}
	_, err = e.scheduleLook(ctx, b, ref, e.o.Archive.Now(), h, state)
	return err
}
