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

// Handle carries out one job: it is an [Handler].
func (k *Keeper) Handle(ctx context.Context, j store.Job) error {
	err := k.handle(ctx, j)
	if err == nil {
		return nil
	}
	// It is tried again for ever: what was decided is to be done.
	b := k.o.Archive.Begin()
	b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeRetry, RunAt: k.o.Archive.Now().Add(time.Minute),
		Error: err.Error(), ErrorClass: store.ClassOf(err).Recorded})
	if _, ferr := b.Commit(context.WithoutCancel(ctx)); ferr != nil && !errors.Is(ferr, store.ErrConflict) {
		err = errors.Join(err, ferr)
	}
	return fmt.Errorf("carrying out how long things are kept: %w", err)
}

func (k *Keeper) handle(ctx context.Context, j store.Job) error {
	var w retentionWork
	if err := json.Unmarshal(j.Payload, &w); err != nil {
		return fmt.Errorf("%w: the job %s: %w", store.ErrCorrupt, j.ID, err)
	}
	rules, err := k.o.Rules(ctx)
	if err != nil {
		return err
	}
	switch {
	case !w.Seal.IsZero():
		return k.seal(ctx, rules, j, w.Seal)
	case !w.End.IsZero():
		return k.end(ctx, rules, j, w.End)
	}
	end := store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone}
	if _, err := k.consider(ctx, rules, func(at time.Time, _ *keptArticle) error {
		end.Outcome, end.RunAt = store.OutcomeRelease, at
		return nil
	}, store.ArticleTerm(w.Check)); err != nil {
		return err
	}
	b := k.o.Archive.Begin()
	b.Finish(end)
	_, err = b.Commit(ctx)
	return err
}

func (k *Keeper) done(ctx context.Context, j store.Job) error {
	b := k.o.Archive.Begin()
	b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone})
	_, err := b.Commit(ctx)
	return err
}

// standing returns a decision that still holds, nil where a later one took its
// place.
func (k *Keeper) standing(ctx context.Context, id store.ID) (*store.Retention, error) {
	record, err := k.o.Archive.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := store.Decode[store.Retention](&record)
	if err != nil || len(r.URLs) == 0 {
		return nil, err
	}
	last, err := k.o.Archive.RetentionOf(ctx, store.ArticleTerm(r.URLs[0]))
	if err != nil || last == nil || last.ID != id {
		return nil, err
	}
	return r, nil
}

func articleTerms(urls []string) []store.Term {
	terms := make([]store.Term, 0, len(urls))
	for _, u := range urls {
		terms = append(terms, store.ArticleTerm(u))
	}
	return terms
}

// seal takes an article away with what only it brought in, as was decided, as far
// as nothing has come to keep it since.
func (k *Keeper) seal(ctx context.Context, rules KeepRules, j store.Job, id store.ID) error {
	r, err := k.standing(ctx, id)
	if err != nil {
		return err
	}
	if r == nil {
		return k.done(ctx, j)
	}
	s, art, why, err := k.survey(ctx, rules, articleTerms(r.URLs)...)
	if err != nil {
		return err
	}
	if len(art.versions) > 0 && why[0] != nil {
		if err := k.lift(ctx, id, r, Wish{Reason: why[0].Text}, false); err != nil {
			return err
		}
		if at, ok := again(s.things[0].Reasons, k.o.Archive.Now()); ok {
			err = k.lookAgain(ctx, art, at)
		}
		return errors.Join(err, k.done(ctx, j))
	}
	jobs, err := k.takeJobs(ctx, r, j)
	if err != nil {
		return err
	}
	if len(art.versions) > 0 {
		if err := k.take(ctx, s, art, why, id, r); err != nil {
			return err
		}
	}
	b := k.o.Archive.Begin()
	for _, o := range jobs {
		b.Finish(store.Finish{Job: o.ID, Token: o.Lease.Token, Outcome: store.OutcomeDone})
	}
	b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone})
	if r.Act == store.RetentionSeal {
		if err := k.enqueue(b, JobRetentionEnd, "end "+id.String(), retentionWork{End: id}, r.Ends, store.Lease{}); err != nil {
			return err
		}
	}
	k.o.Remover.o.Step("done")
	_, err = b.Commit(ctx)
	return err
}

// take removes what a decision names.
func (k *Keeper) take(ctx context.Context, s *surveyor, art *keptArticle, why []*KeepReason, id store.ID, r *store.Retention) error {
	s.brought = slices.DeleteFunc(s.brought, func(i int) bool {
		if h := s.posts[i]; h != nil {
			return !slices.Contains(r.Refs, h.Ref)
		}
		return !slices.Contains(r.Pages, s.pages[i].URL)
	})
	plan, err := s.retire(ctx, art, why)
	if err != nil {
		return err
	}
	// Before the records change, as with a takedown.
	k.o.Remover.o.Step("words")
	if err := k.o.Archive.PurgeWords(ctx, plan.own, slices.Concat(r.URLs, plan.pages)); err != nil {
		return err
	}
	return k.o.Remover.removeAll(ctx, deed{id: id, seal: r.Act == store.RetentionSeal, reason: r.Reason, whole: true}, plan.Removal)
}

// jobName is the kind and key of a job.
type jobName struct{ kind, key string }

// watching are the jobs that look at what a decision names, or capture it.
func watching(r *store.Retention) []jobName {
	var names []jobName
	for _, ref := range r.Refs {
		names = append(names, jobName{JobLook, ref.String()}, jobName{JobCapture, ref.String()})
	}
	for _, u := range r.URLs {
		names = append(names, jobName{JobArticle, jobKey(u)})
	}
	for _, p := range r.Pages {
		names = append(names, jobName{JobPage, pageKey(p)}, jobName{JobPageLook, pageKey(p)})
	}
	return names
}

// takeJobs takes over the jobs that look at what goes, or capture it, so that
// nobody works on it meanwhile. It errors with ErrBusy where somebody does.
func (k *Keeper) takeJobs(ctx context.Context, r *store.Retention, j store.Job) ([]store.Job, error) {
	a := k.o.Archive
	lease := store.Lease{Owner: fmt.Sprintf("%s/%s/%d", k.o.Owner, j.ID, j.Lease.Token), Until: a.Now().Add(takedownLease)}
	b := a.Begin()
	names := watching(r)
	for _, n := range names {
		payload, err := json.Marshal(intent{Target: n.key, Ended: true})
		if err != nil {
			return nil, err
		}
		if err := b.Enqueue(store.Enqueue{Lease: lease, Job: store.Job{Kind: n.kind, Key: n.key, Payload: payload, Priority: store.PriorityLook}}); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	k.o.Remover.o.Step("jobs")
	receipt, err := b.Commit(ctx)
	if err != nil {
		return nil, err
	}
	var ours []store.Job
	busy, drop := "", a.Begin()
	for _, o := range receipt.Jobs {
		switch {
		case !given(o, lease).ID.IsZero():
			ours = append(ours, o)
		case o.State == store.JobDead:
			drop.Finish(store.Finish{Job: o.ID, Outcome: store.OutcomeDrop})
		default:
			busy = o.Kind + " " + o.Key
		}
	}
	if busy == "" {
		_, err := drop.Commit(ctx)
		return ours, err
	}
	back := a.Begin()
	for _, o := range ours {
		f := store.Finish{Job: o.ID, Token: o.Lease.Token, Outcome: store.OutcomeRelease, RunAt: o.RunAt}
		var in intent
		if json.Unmarshal(o.Payload, &in) == nil && in.Ended {
			f.Outcome = store.OutcomeDone
		}
		back.Finish(f)
	}
	_, err = back.Commit(context.WithoutCancel(ctx))
	return nil, errors.Join(fmt.Errorf("%w: the job %s is under way", store.ErrBusy, busy), err)
}

// end ends the grace of what was sealed: it is destroyed, or, where something has
// come to keep it since, put back.
func (k *Keeper) end(ctx context.Context, rules KeepRules, j store.Job, id store.ID) error {
	r, err := k.standing(ctx, id)
	if err != nil {
		return err
	}
	if r == nil {
		return k.done(ctx, j)
	}
	why, err := k.keptSince(ctx, rules, id, r)
	switch {
	case err != nil:
		return err
	case why != nil:
		if err := k.lift(ctx, id, r, Wish{Reason: why.Text}, false); err != nil {
			return err
		}
		// The article can be due all the same, without what stays.
		b := k.o.Archive.Begin()
		if err := k.check(b, r.URLs[0], k.o.Archive.Now()); err != nil {
			return err
		}
		b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone})
		_, err = b.Commit(ctx)
		return err
	case k.o.Archive.Now().Before(r.Ends): // the rules changed, and ask for it all the same
		// Where the clock that leases by is ahead of this one, it is not to be
		// leased again and again until this one says so too.
		at := r.Ends
		if j.Lease.Until.After(at) {
			at = j.Lease.Until
		}
		b := k.o.Archive.Begin()
		b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeRelease, RunAt: at})
		_, err = b.Commit(ctx)
		return err
	}
	return k.destroy(ctx, j, id, r)
}

// keptSince says what has come to keep something that was sealed, nil where
// nothing has.
func (k *Keeper) keptSince(ctx context.Context, rules KeepRules, id store.ID, r *store.Retention) (*KeepReason, error) {
	s, err := newSurveyor(ctx, k.o.Archive, rules)
	if err != nil {
		return nil, err
	}
	whole := false
	if s.accounts, whole, err = k.sealedAccounts(ctx, id); err != nil {
		return nil, err
	}
	if decided, err := k.accountsDecided(ctx, s); err != nil || decided && !whole {
		return nil, errors.Join(err, fmt.Errorf("%w: without the key that opens what is sealed of %s nobody knows whether a decision about an account keeps it", store.ErrNotFound, r.URLs[0]))
	}
	art, err := s.read(ctx, articleTerms(r.URLs)...)
	if err != nil {
		return nil, err
	}
	for _, name := range r.Sources {
		art.named(name)
	}
	if r.Changed.After(art.changed) {
		art.changed = r.Changed
	}
	own, err := s.ofArticle(ctx, art)
	if err != nil || len(own) > 0 {
		if err != nil {
			return nil, err
		}
		return &own[strongest(own)], nil
	}
	for _, ref := range r.Refs {
		if _, err := s.post(ctx, ref); err != nil {
			return nil, err
		}
	}
	for _, p := range r.Pages {
		if own, err = s.ofMember(ctx, store.CaseMember{Page: p}); err != nil || len(own) > 0 {
			break
		}
		if _, _, err = s.page(ctx, p); err != nil {
			break
		}
	}
	if err != nil || len(own) > 0 {
		if err != nil {
			return nil, err
		}
		return &own[0], nil
	}
	// What nothing shows any more is what was sealed: that is no reason.
	for i, why := range Retain(s.things) {
		if why != nil && (s.posts[i] != nil || s.pages[i] != nil) && (why.Why != KeptUnknown || len(s.things[i].Reasons) > 0) {
			return why, nil
		}
	}
	return nil, nil
}

// accountsDecided reports whether anything at all is held or approved: then it
// matters whose a post is.
func (k *Keeper) accountsDecided(ctx context.Context, s *surveyor) (bool, error) {
	any, err := k.o.Archive.List(ctx, store.Query{Term: store.ApprovalsTerm(), Limit: 1})
	return s.held || len(any.Records) > 0, err
}

// sealedAccounts are whose the posts are that were sealed: a hold on an account
// must be found, and the words that tell whose a post is are sealed too. whole is
// false where the key is not here that opens them.
func (k *Keeper) sealedAccounts(ctx context.Context, id store.ID) (out map[post.Ref][]store.Account, whole bool, err error) {
	acts, err := k.o.Archive.RedactionsOf(ctx, id)
	if err != nil {
		return nil, false, err
	}
	out = map[post.Ref][]store.Account{}
	for i := range acts {
		if len(acts[i].Content.Sealed) == 0 {
			continue
		}
		records, _, err := k.o.Remover.sealedRecords(ctx, acts[i].Content)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrVerification) {
			return out, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		for j := range records {
			if records[j].Kind != store.KindDerivation {
				continue
			}
			d, err := store.Decode[store.Derivation](&records[j])
			if err != nil {
				return nil, false, err
			}
			if !d.Source.Secondhand() {
				s := store.Subject{}
				s.Add(&d.Post)
				out[d.Ref] = append(out[d.Ref], s.Authors...)
			}
		}
	}
	return out, true, nil
}

// destroy takes away what was sealed.
func (k *Keeper) destroy(ctx context.Context, j store.Job, id store.ID, r *store.Retention) error {
	if err := k.o.Note(r.URLs); err != nil {
		return err
	}
	plan, err := k.sealedCopies(ctx, id, r)
	if err != nil {
		return err
	}
	if err := k.o.Remover.removeAll(ctx, deed{id: id, reason: r.Reason, whole: true}, plan); err != nil {
		return err
	}
	b := k.o.Archive.Begin()
	done := *r
	done.Time, done.Act, done.Of, done.Ends = k.o.Archive.Now(), store.RetentionDestroy, id, time.Time{}
	if _, err := b.Add(ctx, &done); err != nil {
		return err
	}
	b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone})
	k.o.Remover.o.Step("done")
	_, err = b.Commit(ctx)
	return err
}

// sealedCopies plans that the sealed copies of records go: those of a decision,
// and those of the same records that a rule, or a redaction, sealed before. What
// a takedown sealed is decided about by itself.
func (k *Keeper) sealedCopies(ctx context.Context, id store.ID, r *store.Retention) (*Removal, error) {
	a := k.o.Archive
	acts, err := a.RedactionsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	records := map[store.ID]bool{}
	for i := range acts {
		for _, x := range acts[i].Content.Records {
			records[x.ID] = true
		}
	}
	for _, ref := range r.Refs {
		more, err := a.ListAll(ctx, store.RefTerm(ref), store.MaxHistory, store.KindCapture, store.KindDerivation)
		if err != nil {
			return nil, err
		}
		for i := range more {
			if more[i].Lacks("meta") {
				records[more[i].ID] = true
			}
		}
	}
	plan, known := &Removal{own: r.Refs}, map[store.ID]bool{}
	for x := range records {
		acts, err := a.RedactionsOf(ctx, x)
		if err != nil {
			return nil, err
		}
		for i := range acts {
			act := acts[i].Content
			if len(act.Sealed) == 0 || known[acts[i].ID] {
				continue
			}
			known[acts[i].ID] = true
			ours, err := k.ours(ctx, act)
			if err != nil {
				return nil, err
			}
			if !ours {
				continue
			}
			rec, err := a.Get(ctx, acts[i].ID)
			if err != nil {
				return nil, err
			}
			plan.records = append(plan.records, planned{rec, []string{"sealed"}})
		}
	}
	slices.SortFunc(plan.records, func(a, b planned) int { return int(int64(a.record.Seq) - int64(b.record.Seq)) })
	return plan, nil
}

// ours reports whether a seal is not that of a takedown.
func (k *Keeper) ours(ctx context.Context, act *store.Redaction) (bool, error) {
	if act.Takedown.IsZero() {
		return true, nil
	}
	rec, err := k.o.Archive.Get(ctx, act.Takedown)
	return rec.Kind == store.KindRetention, err
}

// lift takes a decision back: what was sealed is there again, and looked at again.
func (k *Keeper) lift(ctx context.Context, id store.ID, r *store.Retention, w Wish, spared bool) error {
	a := k.o.Archive
	acts, err := a.RedactionsOf(ctx, id)
	if err != nil {
		return err
	}
	if acts, err = a.Standing(ctx, sealing(acts)); err != nil {
		return err
	}
	for _, act := range slices.Backward(acts) { // which has the files of those before
		b := a.Begin()
		if err := k.o.Remover.undo(ctx, b, &act, takedownWork{Takedown: id, Back: backOf(post.Ref{}, w)}); err != nil {
			return err
		}
		k.o.Remover.o.Step("back")
		if _, err := b.Commit(ctx); err != nil {
			return err
		}
	}
	b := a.Begin()
	back := *r
	back.Time, back.Act, back.Of, back.Ends, back.Spared = a.Now(), store.RetentionLift, id, time.Time{}, spared
	back.Operator, back.Reason = w.Operator, w.Reason
	if _, err := b.Add(ctx, &back); err != nil {
		return err
	}
	for _, n := range watching(r) {
		if n.kind == JobCapture || n.kind == JobPage {
			continue // it was captured
		}
		in := intent{Target: n.key}
		switch n.kind {
		case JobArticle:
			in = intent{Target: r.URLs[0], Options: CaptureOptions{Trigger: "schedule", Source: r.Source}}
		case JobPageLook:
			i := slices.IndexFunc(r.Pages, func(p string) bool { return pageKey(p) == n.key })
			in.Target = r.Pages[i]
		}
		payload, err := json.Marshal(in)
		if err != nil {
			return err
		}
		host := ""
		if n.kind != JobLook {
			host = hostOf(in.Target)
		}
		if n.kind == JobArticle && n.key != jobKey(r.URLs[0]) {
			continue // another address of it
		}
		if err := b.Enqueue(store.Enqueue{Earlier: true, Job: store.Job{Kind: n.kind, Key: n.key, Host: host, Payload: payload, Priority: store.PriorityLook, RunAt: a.Now()}}); err != nil {
			return err
		}
	}
	_, err = b.Commit(ctx)
	return err
}
