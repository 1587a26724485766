package archiver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// report adds, at most once a day, an incident that says what rules removed since
// the last one.
func (k *Keeper) report(ctx context.Context) error {
	a := k.o.Archive
	last, err := a.List(ctx, store.Query{Term: store.SubjectTerm(retentionSubject), Kinds: []store.Kind{store.KindIncident}, Newest: true, Limit: 1})
	if err != nil {
		return err
	}
	q := store.Query{Term: store.RetentionsTerm(), Kinds: []store.Kind{store.KindRetention}, Limit: 1000}
	day, now := "", a.Now().UTC().Format(time.DateOnly)
	if len(last.Records) == 1 {
		q.After, day = last.Records[0].Seq, last.Records[0].Time.UTC().Format(time.DateOnly)
	}
	if day == now {
		return nil
	}
	var n KeepCounts
	through := uint64(0)
	for more := true; more; {
		page, err := a.List(ctx, q)
		if err != nil {
			return err
		}
		for i := range page.Records {
			q.After = page.Records[i].Seq
			r, err := store.Decode[store.Retention](&page.Records[i])
			if err != nil {
				return err
			}
			n.add(r)
			through = q.After
		}
		more = page.More
	}
	if through == 0 || n == (KeepCounts{}) {
		return nil
	}
	b := a.Begin()
	b.Key(fmt.Sprintf("retention report %d", through))
	if _, err := b.Add(ctx, &store.Incident{Time: a.Now(), Event: EventRetention, Subject: retentionSubject, Text: n.String()}); err != nil {
		return err
	}
	_, err = b.Commit(ctx)
	return err
}

// retentionSubject is the subject of the incidents that say what rules removed.
const retentionSubject = "retention"

// KeepCounts counts what rules did with articles.
type KeepCounts struct {
	Sealed    int `json:"sealed"`
	Destroyed int `json:"destroyed"`
	Lifted    int `json:"put_back"`
}

func (n *KeepCounts) add(r *store.Retention) {
	switch r.Act {
	case store.RetentionSeal:
		n.Sealed++
	case store.RetentionDestroy:
		n.Destroyed++
	case store.RetentionLift:
		n.Lifted++
	}
}

// String says it for people.
func (n KeepCounts) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{n.Sealed, "sealed"}, {n.Destroyed, "destroyed"}, {n.Lifted, "put back"}} {
		switch {
		case p.n == 1:
			parts = append(parts, "1 article "+p.what)
		case p.n > 1:
			parts = append(parts, fmt.Sprintf("%d articles %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// KeepDue is an article that a rule looks at.
type KeepDue struct {
	URL     string    `json:"url"`
	Title   string    `json:"title,omitempty"`
	Sources []string  `json:"sources"`
	Changed time.Time `json:"changed"`
	// Due is when the rules of all its sources have ended.
	Due time.Time `json:"due"`
	// Why says why it stays, nil where it goes.
	Why *KeepReason `json:"why"`
	// Posts and Pages go with it; Stays are those of the things that it brought in
	// that do not, and why.
	Posts []post.Ref `json:"posts"`
	Pages []string   `json:"pages"`
	Stays []KeptHere `json:"stays"`
	// Bytes is what its records and files take.
	Bytes int64 `json:"bytes"`
}

// Due tells of each article that is due now or within a time, in the order in
// which they become so, with what goes and what stays, and why. Only those of one
// source are told where its name is given. It changes nothing.
func (k *Keeper) Due(ctx context.Context, source string, within time.Duration, tell func(*KeepDue) error) error {
	rules, err := k.o.Rules(ctx)
	if err != nil {
		return err
	}
	now := k.o.Archive.Now()
	shortest := time.Duration(0)
	for name, keep := range rules {
		if keep > 0 && (source == "" || name == source) && (shortest == 0 || keep < shortest) {
			shortest = keep
		}
	}
	if shortest == 0 {
		return nil
	}
	for at := uint64(0); ; {
		records, err := k.o.Archive.Backend().Read(ctx, at, 0)
		if err != nil || len(records) == 0 {
			return err
		}
		for i := range records {
			r := &records[i]
			at = r.Seq
			if r.Kind != store.KindArticle || r.Lacks("meta") {
				continue
			}
			v, err := store.Decode[store.ArticleVersion](r)
			if err != nil {
				return err
			}
			if v.Time.Add(shortest).After(now.Add(within)) {
				return nil
			}
			if v.Source == "" || rules[v.Source] <= 0 || source != "" && v.Source != source {
				continue
			}
			if err := k.dueOf(ctx, rules, r.Seq, v, now.Add(within), tell); err != nil {
				return err
			}
		}
	}
}

// dueOf tells of the article of a version, where that is its newest.
func (k *Keeper) dueOf(ctx context.Context, rules KeepRules, seq uint64, v *store.ArticleVersion, by time.Time, tell func(*KeepDue) error) error {
	term := store.Term{Index: store.IndexArticle, Value: v.Key}
	last, err := k.o.Archive.List(ctx, store.Query{Term: term, Kinds: []store.Kind{store.KindArticle}, Newest: true, Limit: 1})
	if err != nil || len(last.Records) == 1 && last.Records[0].Seq > seq {
		return err
	}
	s, err := newSurveyor(ctx, k.o.Archive, rules)
	if err != nil {
		return err
	}
	s.now = by // what is due then
	art, err := s.read(ctx, term)
	if err != nil || len(art.versions) == 0 {
		return err
	}
	until, _, ends := rules.Until(art.sources, art.changed)
	if ends && until.After(by) {
		return nil
	}
	why, err := s.survey(ctx, art)
	if err != nil {
		return err
	}
	d := &KeepDue{URL: art.name(), Title: v.Title, Sources: art.sources, Changed: art.changed.UTC(), Due: until.UTC(), Why: why[0], Posts: []post.Ref{}, Pages: []string{}, Stays: []KeptHere{}}
	if why[0] == nil {
		plan, err := s.retire(ctx, art, why)
		if err != nil {
			return err
		}
		_, d.Bytes = plan.Goes()
		d.Posts, d.Pages, d.Stays = append(d.Posts, plan.own...), append(d.Pages, plan.pages...), append(d.Stays, plan.stays...)
	}
	return tell(d)
}

// Spare says that no rule removes an article, with what it brought in, or a post:
// what is sealed of it is put back. It returns how many decisions that ended.
func (k *Keeper) Spare(ctx context.Context, address string, ref post.Ref, w Wish) (int, error) {
	a := k.o.Archive
	term, target := store.ArticleTerm(address), address
	if !ref.IsZero() {
		term, target = store.RefTerm(ref), ref.String()
	}
	last, err := a.RetentionOf(ctx, term)
	if err != nil {
		return 0, err
	}
	n, r := 0, &store.Retention{Time: a.Now(), Act: store.RetentionLift, Spared: true, Operator: w.Operator, Reason: w.Reason}
	switch {
	case last != nil && last.Content.Act == store.RetentionSeal:
		if err := k.lift(ctx, last.ID, last.Content, w, ref.IsZero()); err != nil {
			return 0, err
		}
		n++
	case last != nil && last.Content.Act == store.RetentionDestroy:
		if live, err := k.live(ctx, term); err != nil || !live {
			return 0, errors.Join(err, fmt.Errorf("%s: %w: it was removed on %s, and cannot be put back any more", target, store.ErrNotFound, last.Content.Time.UTC().Format(time.DateOnly)))
		}
	}
	if ref.IsZero() {
		r.URLs = []string{address}
	} else {
		r.Refs = []post.Ref{ref}
	}
	b := a.Begin()
	if n > 0 && !ref.IsZero() { // what came with it can go all the same
		if err := k.check(b, last.Content.URLs[0], r.Time); err != nil {
			return n, err
		}
	}
	for _, c := range []store.Content{r, &store.Audit{Time: r.Time, Actor: w.Operator, How: w.How, Action: "spare", Targets: []string{target}, Reason: w.Reason}} {
		if _, err := b.Add(ctx, c); err != nil {
			return n, err
		}
	}
	_, err = b.Commit(ctx)
	return n, err
}

// live reports whether anything is kept of a thing.
func (k *Keeper) live(ctx context.Context, t store.Term) (bool, error) {
	page, err := k.o.Archive.List(ctx, store.Query{Term: t, Kinds: []store.Kind{store.KindArticle, store.KindCapture, store.KindDerivation}, Newest: true, Limit: 1})
	return err == nil && len(page.Records) == 1 && !page.Records[0].Lacks("meta"), err
}

// KeepStatus says what rules are in force, and what they did.
type KeepStatus struct {
	// Rules are those of the sources that are not kept for ever.
	Rules map[string]time.Duration `json:"-"`
	Grace time.Duration            `json:"-"`
	// InGrace is how many articles are sealed and can be put back, and Next when
	// the first of them is destroyed.
	InGrace int       `json:"in_grace"`
	Next    time.Time `json:"next_destroyed,omitzero"`
	// Counts are of the newest decisions: of all, where Since is zero, else of those
	// since then.
	Counts KeepCounts `json:"counts"`
	Since  time.Time  `json:"since,omitzero"`
}

// mostCounted is the most decisions that are counted for a status.
const mostCounted = 20_000

// Status says what rules are in force, and what they did.
func (k *Keeper) Status(ctx context.Context) (*KeepStatus, error) {
	rules, err := k.o.Rules(ctx)
	if err != nil {
		return nil, err
	}
	s := &KeepStatus{Rules: map[string]time.Duration{}, Grace: k.o.Grace}
	for name, keep := range rules {
		if keep > 0 {
			s.Rules[name] = keep
		}
	}
	counts, err := k.o.Archive.Backend().CountJobs(ctx, k.o.Archive.Now())
	if err != nil {
		return nil, err
	}
	for _, n := range counts.ByKind[JobRetentionEnd] {
		s.InGrace += n
	}
	// The first of them were sealed first, and end first.
	first, err := k.o.Archive.Backend().ListJobs(ctx, store.JobFilter{Kinds: []string{JobRetentionEnd}, Limit: 100})
	if err != nil {
		return nil, err
	}
	for i := range first {
		if at := first[i].RunAt.UTC(); s.Next.IsZero() || at.Before(s.Next) {
			s.Next = at
		}
	}
	return s, k.count(ctx, s)
}

// count counts the newest decisions.
func (k *Keeper) count(ctx context.Context, s *KeepStatus) error {
	read := 0
	for q := (store.Query{Term: store.RetentionsTerm(), Kinds: []store.Kind{store.KindRetention}, Newest: true, Limit: 1000}); ; {
		page, err := k.o.Archive.List(ctx, q)
		if err != nil {
			return err
		}
		for i := range page.Records {
			q.Before = page.Records[i].Seq
			r, err := store.Decode[store.Retention](&page.Records[i])
			if err != nil {
				return err
			}
			if !r.Of.IsZero() || r.Act != store.RetentionLift {
				s.Counts.add(r)
			}
			if read++; read == mostCounted {
				s.Since = r.Time.UTC()
			}
		}
		if !page.More || read >= mostCounted {
			return nil
		}
	}
}

// RunDue makes passes and carries out what they decide until nothing is due: for
// those who run no service. It returns how many articles went.
func (k *Keeper) RunDue(ctx context.Context) (int, error) {
	n := 0
	for {
		swept, err := k.Sweep(ctx)
		n += swept.Removed
		if err != nil {
			return n, err
		}
		if !swept.More {
			break
		}
	}
	a := k.o.Archive
	for {
		jobs, err := a.Backend().Lease(ctx, store.LeaseRequest{Owner: k.o.Owner, Now: a.Now(), For: takedownLease, Limit: 1, Kinds: []string{JobRetention, JobRetentionEnd}})
		if err != nil {
			return n, err
		}
		for _, j := range jobs {
			if err := k.Handle(ctx, j); err != nil {
				return n, err
			}
		}
		if len(jobs) == 0 {
			return n, errors.Join(k.report(ctx), k.o.Remover.RunAll(ctx))
		}
	}
}
