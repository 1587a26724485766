package archiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"stet/store"
)

// The kinds of jobs by which rules about how long things are kept are carried
// out.
const (
	// JobRetention looks whether an article goes, or lets it go.
	JobRetention = "retention"
	// JobRetentionEnd ends the grace of what was sealed.
	JobRetentionEnd = "retention-end"
)

// KeeperOptions are what a [Keeper] works with.
type KeeperOptions struct {
	Archive *store.Archive
	Remover *Remover
	// Rules returns how long what each source that is followed named is kept.
	Rules func(ctx context.Context) (KeepRules, error)
	// Grace is how long what was removed can be put back; 0 destroys it at once.
	Grace time.Duration
	// Owner names the process in leases.
	Owner string
	// Destroyed reports whether an article of these addresses was destroyed before,
	// in an archive of which this one is an older copy; nil is never. Note is told
	// of each that is destroyed, before it is; nil is nobody.
	Destroyed func(urls []string) (bool, error)
	Note      func(urls []string) error
}

// Keeper carries out the rules about how long things are kept: what a source
// named is removed so long after its last change, with all that only such
// articles brought in. [Retain] says what stays.
//
// A cursor for each length follows the journal, in which the versions of articles
// stand in the order in which they become due; so a pass reads what became due
// since the last one, and nothing else, however large the archive is. What
// stays for a reason that can end is looked at again by a job.
type Keeper struct{ o KeeperOptions }

// NewKeeper returns a keeper.
func NewKeeper(o KeeperOptions) *Keeper {
	if o.Destroyed == nil {
		o.Destroyed = func([]string) (bool, error) { return false, nil }
	}
	if o.Note == nil {
		o.Note = func([]string) error { return nil }
	}
	return &Keeper{o}
}

const (
	// keepEvery is how often a service looks what became due, and keepSoon how soon
	// where a pass ended at one of its bounds.
	keepEvery = 10 * time.Minute
	keepSoon  = time.Minute
	// keepBatch and keepRecords bound a pass: articles that go, and records of the
	// journal that are read.
	keepBatch   = 200
	keepRecords = 200_000
)

// cursorKeepRules is the cursor that holds a number of the rules in force, so that
// a change of them is noticed: then everything is looked at anew.
const cursorKeepRules = "retention-rules"

func keepCursor(keep time.Duration) string { return "retention/" + keep.String() }

// Swept says what a pass did.
type Swept struct {
	// Removed counts the articles that went, Kept those that were due and stay.
	Removed, Kept int
	// More is true where the pass ended at one of its bounds.
	More bool
}

// Run makes passes until the context ends.
func (k *Keeper) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		swept, err := k.Sweep(ctx)
		if err == nil {
			err = k.report(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case swept.More:
			timer.Reset(keepSoon)
		default:
			timer.Reset(keepEvery)
		}
	}
}

// Sweep makes one pass: what became due is sealed, or destroyed where there is no
// grace.
func (k *Keeper) Sweep(ctx context.Context) (Swept, error) {
	var out Swept
	rules, err := k.o.Rules(ctx)
	if err != nil {
		return out, err
	}
	groups := groupsOf(rules)
	// Where somebody else is taking them over, he does all of it.
	if err := k.noticeRules(ctx, rules, groups); err != nil && !errors.Is(err, store.ErrConflict) {
		return out, fmt.Errorf("taking over the rules about how long things are kept: %w", err)
	}
	for _, keep := range slices.Sorted(maps.Keys(groups)) {
		if err := k.pass(ctx, rules, keep, groups[keep], &out); err != nil {
			return out, fmt.Errorf("looking what is kept longer than %s: %w", days(keep), err)
		}
	}
	return out, nil
}

// groupsOf returns the sources by how long they are kept, without those that are
// kept for ever.
func groupsOf(rules KeepRules) map[time.Duration]map[string]bool {
	groups := map[time.Duration]map[string]bool{}
	for name, keep := range rules {
		if keep <= 0 {
			continue
		}
		if groups[keep] == nil {
			groups[keep] = map[string]bool{}
		}
		groups[keep][name] = true
	}
	return groups
}

// numberOf is a number of rules that differs where they do.
func numberOf(rules KeepRules, grace time.Duration) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, grace)
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if rules[name] <= 0 {
			continue // as if it were not followed: kept for ever
		}
		_, _ = fmt.Fprintf(h, "%q %d\n", name, rules[name])
	}
	return h.Sum64()>>2 | 1 // every backend's cursors hold it
}

// noticeRules lets everything be looked at anew where the rules have changed: the
// journal from its beginning, and what is sealed.
func (k *Keeper) noticeRules(ctx context.Context, rules KeepRules, groups map[time.Duration]map[string]bool) error {
	cursors := k.o.Archive.Backend()
	was, err := cursors.Cursor(ctx, cursorKeepRules)
	now := numberOf(rules, k.o.Grace)
	if err != nil || was == now || was == 0 && len(groups) == 0 {
		return err
	}
	for keep := range groups {
		name := keepCursor(keep)
		at, err := cursors.Cursor(ctx, name)
		if err == nil && at > 0 {
			err = cursors.SetCursor(ctx, name, at, 0)
		}
		if err != nil {
			return err
		}
	}
	if err := k.eachEnd(ctx, func(j store.Job) error {
		b := k.o.Archive.Begin()
		if err := b.Enqueue(store.Enqueue{Earlier: true, Job: store.Job{Kind: j.Kind, Key: j.Key, Payload: j.Payload, Priority: j.Priority, RunAt: k.o.Archive.Now()}}); err != nil {
			return err
		}
		_, err := b.Commit(ctx)
		return err
	}); err != nil {
		return err
	}
	return cursors.SetCursor(ctx, cursorKeepRules, was, now)
}

// eachEnd calls fn with each job that ends a grace.
func (k *Keeper) eachEnd(ctx context.Context, fn func(store.Job) error) error {
	for f := (store.JobFilter{Kinds: []string{JobRetentionEnd}, Limit: 500}); ; {
		jobs, err := k.o.Archive.Backend().ListJobs(ctx, f)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			f.After = j.ID
			if err := fn(j); err != nil {
				return err
			}
		}
		if len(jobs) < f.Limit {
			return nil
		}
	}
}

// pass reads what became due of the sources that are kept for a time.
func (k *Keeper) pass(ctx context.Context, rules KeepRules, keep time.Duration, sources map[string]bool, out *Swept) error {
	backend, name := k.o.Archive.Backend(), keepCursor(keep)
	at, err := backend.Cursor(ctx, name)
	if err != nil {
		return err
	}
	due := k.o.Archive.Now().Add(-keep)
	for read := 0; ; {
		records, err := backend.Read(ctx, at, 0)
		if err != nil {
			return err
		}
		next, end := at, len(records) == 0
		for i := range records {
			r := &records[i]
			acted, early, err := k.step(ctx, rules, sources, due, r)
			if err != nil {
				return err
			}
			if early {
				end = true
				break
			}
			next = r.Seq
			switch acted {
			case stepRemoved:
				out.Removed++
			case stepKept:
				out.Kept++
			}
			if read++; out.Removed >= keepBatch || read >= keepRecords || ctx.Err() != nil {
				end, out.More = true, true
				break
			}
		}
		if next > at {
			if err := backend.SetCursor(ctx, name, at, next); err != nil {
				if errors.Is(err, store.ErrConflict) {
					return nil // another process looks too
				}
				return err
			}
			at = next
		}
		if end {
			return ctx.Err()
		}
	}
}

// step is what one record of the journal led to.
type step int

const (
	stepNothing step = iota
	stepKept
	stepRemoved
)

// step looks at one record of the journal. early is true for the first version of
// an article that is not due yet.
func (k *Keeper) step(ctx context.Context, rules KeepRules, sources map[string]bool, due time.Time, r *store.Record) (did step, early bool, err error) {
	if r.Kind != store.KindArticle || r.Lacks("meta") {
		return stepNothing, false, nil
	}
	v, err := store.Decode[store.ArticleVersion](r)
	if err != nil || !sources[v.Source] {
		return stepNothing, false, err
	}
	if v.Time.After(due) {
		return stepNothing, true, nil
	}
	term := store.Term{Index: store.IndexArticle, Value: v.Key}
	last, err := k.o.Archive.List(ctx, store.Query{Term: term, Kinds: []store.Kind{store.KindArticle}, Newest: true, Limit: 1})
	if err != nil || len(last.Records) == 1 && last.Records[0].Seq > r.Seq {
		return stepNothing, false, err // a later version leads here again
	}
	did, err = k.consider(ctx, rules, func(at time.Time, art *keptArticle) error { return k.lookAgain(ctx, art, at) }, term)
	return did, false, err
}

// retentionWork is the payload of a job.
type retentionWork struct {
	// Seal and End are decisions, Check is the address of an article.
	Seal  store.ID `json:"seal,omitzero"`
	End   store.ID `json:"end,omitzero"`
	Check string   `json:"check,omitempty"`
}

func (k *Keeper) enqueue(b *store.Builder, kind, key string, w retentionWork, at time.Time, l store.Lease) error {
	payload, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return b.Enqueue(store.Enqueue{Lease: l, Replace: l.Owner == "", Job: store.Job{Kind: kind, Key: key, Payload: payload, Priority: store.PriorityLook, RunAt: at}})
}

// consider looks at the article under a term, and lets it go where nothing keeps
// it.
//
// later is told when to look again at one that stays for reasons that can end.
func (k *Keeper) consider(ctx context.Context, rules KeepRules, later func(time.Time, *keptArticle) error, terms ...store.Term) (step, error) {
	s, art, why, err := k.survey(ctx, rules, terms...)
	if err != nil || len(art.versions) == 0 {
		return stepNothing, err
	}
	if why[0] != nil {
		if at, ok := again(s.things[0].Reasons, k.o.Archive.Now()); ok {
			return stepKept, later(at, art)
		}
		return stepKept, nil
	}
	plan, err := s.retire(ctx, art, why)
	if err != nil {
		return stepNothing, err
	}
	r, err := k.decision(s, art, plan)
	if err != nil {
		return stepNothing, err
	}
	id, j, err := k.decide(ctx, art, r)
	if err != nil || j.ID.IsZero() {
		return stepNothing, err
	}
	if r.Act == store.RetentionDestroy {
		if err := k.o.Note(r.URLs); err != nil {
			return stepNothing, err
		}
	}
	if err := k.Handle(ctx, j); err != nil && !errors.Is(err, store.ErrBusy) {
		return stepNothing, fmt.Errorf("%s: %w", id, err)
	}
	return stepRemoved, nil
}

// survey finds out what goes with an article.
func (k *Keeper) survey(ctx context.Context, rules KeepRules, terms ...store.Term) (*surveyor, *keptArticle, []*KeepReason, error) {
	s, err := newSurveyor(ctx, k.o.Archive, rules)
	if err != nil {
		return nil, nil, nil, err
	}
	art, err := s.read(ctx, terms...)
	if err != nil || len(art.versions) == 0 {
		return s, art, nil, err
	}
	why, err := s.survey(ctx, art)
	return s, art, why, err
}

// lookAgain adds the job that looks at an article again that is due and stays.
func (k *Keeper) lookAgain(ctx context.Context, art *keptArticle, at time.Time) error {
	b := k.o.Archive.Begin()
	if err := k.check(b, art.name(), at); err != nil {
		return err
	}
	_, err := b.Commit(ctx)
	return err
}

// check adds the job that looks at an article at a time.
func (k *Keeper) check(b *store.Builder, address string, at time.Time) error {
	return k.enqueue(b, JobRetention, jobKey("check "+address), retentionWork{Check: address}, at, store.Lease{})
}

// decision is what is decided about an article that goes.
func (k *Keeper) decision(s *surveyor, art *keptArticle, plan *retired) (*store.Retention, error) {
	until, by, _ := s.rules.Until(art.sources, art.changed)
	now := k.o.Archive.Now()
	r := &store.Retention{Time: now, Act: store.RetentionSeal, URLs: art.urls, Refs: plan.own, Pages: plan.pages, Sources: art.sources, Source: by,
		Keep: s.rules[by], Changed: art.changed, Ends: now.Add(k.o.Grace),
		Reason: fmt.Sprintf("retention of the source %s: it is kept for %s after its last change, which ended on %s", by, days(s.rules[by]), until.UTC().Format(time.DateOnly))}
	before, err := k.o.Destroyed(art.urls)
	if before || k.o.Grace <= 0 {
		r.Act, r.Ends = store.RetentionDestroy, time.Time{}
	}
	return r, err
}

// decide stores a decision with the job that carries it out, which this process
// holds. The job is zero where another process decided the same.
func (k *Keeper) decide(ctx context.Context, art *keptArticle, r *store.Retention) (store.ID, store.Job, error) {
	a := k.o.Archive
	last, err := a.RetentionOf(ctx, store.ArticleTerm(art.name()))
	if err != nil {
		return store.ID{}, store.Job{}, err
	}
	version := &art.records[len(art.records)-1]
	b, before := a.Begin(), store.ID{}
	if last != nil {
		if before = last.ID; last.Content.Act != store.RetentionLift && last.Seq > version.Seq {
			return before, store.Job{}, nil // it is decided, and being carried out
		}
	}
	b.Key(fmt.Sprintf("retention %s %s", version.ID, before))
	id, err := b.Add(ctx, r)
	if err != nil {
		return id, store.Job{}, err
	}
	lease := store.Lease{Owner: k.o.Owner, Until: a.Now().Add(takedownLease)}
	if err := k.enqueue(b, JobRetention, "seal "+id.String(), retentionWork{Seal: id}, a.Now(), lease); err != nil {
		return id, store.Job{}, err
	}
	k.o.Remover.o.Step("decision")
	receipt, err := b.Commit(ctx)
	if err != nil || receipt.Repeated {
		return id, store.Job{}, err
	}
	return id, receipt.Jobs[0], nil
}
