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

// JobTakedown is the kind of the jobs that carry out takedowns.
const JobTakedown = "takedown"

const (
	// maxTakedownRefs is how many posts one job removes: its payload holds their
	// names.
	maxTakedownRefs = 500
	// maxTakedownBlobs is how many files one job removes.
	maxTakedownBlobs = 500
	// takedownLease is how long a job is held.
	takedownLease = 10 * time.Minute
	// heldAgain is how long a job waits where something is held; whoever takes up
	// takedowns tries before.
	heldAgain = time.Hour
	// takedownPoll is how often a job is looked at that somebody else carries out.
	takedownPoll = 200 * time.Millisecond
)

// takedownWork is the payload of a job: posts to be removed, or files, or the
// end of the takedown; or parts to be taken out, or what is to be put back.
type takedownWork struct {
	Takedown store.ID       `json:"takedown"`
	Refs     []post.Ref     `json:"refs,omitempty"`
	Blobs    []store.Digest `json:"blobs,omitempty"`
	Pictures []store.Digest `json:"pictures,omitempty"`
	Last     bool           `json:"last,omitempty"`
	Redact   *redactWork    `json:"redact,omitempty"`
	Back     *backWork      `json:"back,omitempty"`
}

// Begin stores the intent: from then on the posts are refused, and the work goes
// on until it is done, whatever is interrupted. It returns the decision's id. It
// errors with ErrRefused, and stores nothing, where one of the posts is held.
func (r *Remover) Begin(ctx context.Context, w Wish) (store.ID, error) {
	if w.Act == store.TakedownSeal && r.o.Vault == nil {
		return store.ID{}, fmt.Errorf("%w: this archive has nothing to seal with", store.ErrInvalid)
	}
	if len(w.Accounts) == 0 && len(w.Refs) != 1 {
		return store.ID{}, fmt.Errorf("%w: a takedown is of one post or of one account", store.ErrInvalid)
	}
	for _, ref := range w.Refs {
		if _, err := r.Plan(ctx, ref, w.KeepQuotes); err != nil {
			return store.ID{}, err
		}
	}
	now := r.o.Archive.Now()
	t := &store.Takedown{Time: now, Accounts: w.Accounts, Act: w.Act, Operator: w.Operator, Reason: w.Reason, Basis: w.Basis,
		Received: w.Received, Deadline: w.Deadline, Posts: len(w.Refs), KeepQuotes: w.KeepQuotes}
	audit := &store.Audit{Time: now, Actor: w.Operator, How: w.How, Action: "takedown " + string(w.Act), Targets: w.Accounts, Reason: w.Reason}
	if len(w.Accounts) == 0 {
		t.Ref, audit.Targets = w.Refs[0], []string{w.Refs[0].String()}
	}
	b := r.o.Archive.Begin()
	id, err := b.Add(ctx, t)
	if err != nil {
		return store.ID{}, err
	}
	if _, err := b.Add(ctx, audit); err != nil {
		return store.ID{}, err
	}
	for refs := range slices.Chunk(w.Refs, maxTakedownRefs) {
		if err := enqueueTakedown(b, takedownWork{Takedown: id, Refs: refs}); err != nil {
			return store.ID{}, err
		}
	}
	if err := enqueueTakedown(b, takedownWork{Takedown: id, Last: true}); err != nil {
		return store.ID{}, err
	}
	r.o.Step("intent")
	_, err = b.Commit(ctx)
	return id, err
}

func enqueueTakedown(b *store.Builder, w takedownWork) error {
	payload, err := json.Marshal(w)
	if err != nil {
		return err
	}
	priority := store.PriorityPerson
	if w.Last {
		priority = store.PriorityDesk // after all others
	}
	return b.Enqueue(store.Enqueue{Job: store.Job{Kind: JobTakedown, Payload: payload, Priority: priority}})
}

// RunAll carries out what was decided and not done yet, also by others before.
// It returns when nothing of it is left but what is held, which waits.
func (r *Remover) RunAll(ctx context.Context) error {
	if err := r.tryHeld(ctx); err != nil {
		return err
	}
	tick := time.NewTimer(takedownPoll)
	defer tick.Stop()
	for {
		a := r.o.Archive
		jobs, err := a.Backend().Lease(ctx, store.LeaseRequest{Owner: r.o.Owner, Now: a.Now(), For: takedownLease, Limit: 1, Kinds: []string{JobTakedown}})
		if err != nil {
			return fmt.Errorf("taking up the work of takedowns: %w", err)
		}
		for _, j := range jobs {
			if err := r.Handle(ctx, j); err != nil {
				return err
			}
		}
		if len(jobs) > 0 {
			continue
		}
		left := false
		err = r.eachJob(ctx, func(j store.Job, _ takedownWork) { left = left || !waitsForHold(&j) })
		if err != nil || !left {
			return err
		}
		tick.Reset(takedownPoll)
		select { // another process carries it out
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// waitsForHold reports whether a job waits because a post is held.
func waitsForHold(j *store.Job) bool {
	return j.State == store.JobWaiting && j.ErrorClass == store.ClassOf(store.ErrRefused).Recorded
}

// tryHeld lets what waits for the end of a hold be tried at once: it may be
// released.
func (r *Remover) tryHeld(ctx context.Context) error {
	b := r.o.Archive.Begin()
	n := 0
	if err := r.eachJob(ctx, func(j store.Job, _ takedownWork) {
		if waitsForHold(&j) {
			b.Finish(store.Finish{Job: j.ID, Outcome: store.OutcomeRevive, RunAt: r.o.Archive.Now()})
			n++
		}
	}); err != nil || n == 0 {
		return err
	}
	if _, err := b.Commit(ctx); err != nil && !errors.Is(err, store.ErrConflict) { // or somebody has taken it up
		return fmt.Errorf("taking up the work of takedowns: %w", err)
	}
	return nil
}

// Unfinished returns the takedowns of which something is still to be done.
func (r *Remover) Unfinished(ctx context.Context) (map[store.ID]bool, error) {
	left := map[store.ID]bool{}
	err := r.eachJob(ctx, func(_ store.Job, w takedownWork) { left[w.Takedown] = true })
	return left, err
}

func (r *Remover) eachJob(ctx context.Context, fn func(store.Job, takedownWork)) error {
	for f := (store.JobFilter{Kinds: []string{JobTakedown}, Limit: 500}); ; {
		jobs, err := r.o.Archive.Backend().ListJobs(ctx, f)
		if err != nil {
			return fmt.Errorf("listing the work of takedowns: %w", err)
		}
		for _, j := range jobs {
			var w takedownWork
			if err := json.Unmarshal(j.Payload, &w); err != nil {
				return fmt.Errorf("%w: the job %s: %w", store.ErrCorrupt, j.ID, err)
			}
			fn(j, w)
			f.After = j.ID
		}
		if len(jobs) < f.Limit {
			return nil
		}
	}
}

// Handle carries out one job: it is an [Handler].
func (r *Remover) Handle(ctx context.Context, j store.Job) error {
	err := r.handle(ctx, j)
	if err == nil {
		return nil
	}
	// It is tried again for ever: what was decided is to be done, and what is held
	// since once it is not any more.
	held, wait := errors.Is(err, store.ErrRefused), time.Minute
	if held {
		wait = heldAgain
	}
	b := r.o.Archive.Begin()
	b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeRetry, RunAt: r.o.Archive.Now().Add(wait),
		Error: err.Error(), ErrorClass: store.ClassOf(err).Recorded})
	_, ferr := b.Commit(context.WithoutCancel(ctx))
	switch {
	case ferr != nil && !errors.Is(ferr, store.ErrConflict):
		err = errors.Join(err, ferr)
	case held:
		return nil
	}
	return fmt.Errorf("carrying out a takedown: %w", err)
}

func (r *Remover) handle(ctx context.Context, j store.Job) error {
	var w takedownWork
	if err := json.Unmarshal(j.Payload, &w); err != nil {
		return fmt.Errorf("%w: the job %s: %w", store.ErrCorrupt, j.ID, err)
	}
	t := &store.Takedown{}
	var err error
	if !w.Takedown.IsZero() && len(w.Blobs) == 0 { // of the files nothing more is to be known
		record, err := r.o.Archive.Get(ctx, w.Takedown)
		if err != nil {
			return err
		}
		if t, err = store.Decode[store.Takedown](&record); err != nil {
			return err
		}
	}
	switch {
	case w.Last:
		return r.finish(ctx, j, w, t)
	case w.Redact != nil:
		return r.redactStep(ctx, j, w.Redact)
	case w.Back != nil:
		return r.backStep(ctx, j, w)
	case len(w.Blobs) > 0:
		err = r.removeBlobs(ctx, w)
	default:
		err = r.removePosts(ctx, w, t)
	}
	if err != nil {
		return err
	}
	b := r.o.Archive.Begin()
	b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone})
	_, err = b.Commit(ctx)
	return err
}

// removePosts removes what is kept of some posts.
func (r *Remover) removePosts(ctx context.Context, w takedownWork, t *store.Takedown) error {
	var own []post.Ref
	var articles []string
	for _, ref := range w.Refs {
		p, err := r.Plan(ctx, ref, t.KeepQuotes)
		if err != nil {
			return err
		}
		own, articles = append(own, p.own...), append(articles, p.articles...)
	}
	// Before the records change: what takes the place of an article version must
	// not be taken out of the index with it.
	r.o.Step("words")
	if err := r.o.Archive.PurgeWords(ctx, own, articles); err != nil {
		return err
	}
	for _, ref := range w.Refs {
		if err := r.removePost(ctx, w.Takedown, t, ref); err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
	}
	return nil
}

// removePost removes what is kept of one post, as it is now.
func (r *Remover) removePost(ctx context.Context, id store.ID, t *store.Takedown, ref post.Ref) error {
	p, err := r.Plan(ctx, ref, t.KeepQuotes)
	if err != nil {
		return err
	}
	if t.Act == store.TakedownSeal { // what is sealed already stays as it is
		p.records = slices.DeleteFunc(p.records, func(x planned) bool { return x.record.Kind == store.KindRedaction })
	}
	// What led to another record goes after it, so that whoever goes on where this
	// was interrupted finds both.
	slices.Reverse(p.records)
	return r.removeAll(ctx, deedOf(id, t), p)
}

// deed is what is done to records, and in whose name.
type deed struct {
	id               store.ID // the decision, zero where there is none
	seal             bool
	operator, reason string
	// whole takes articles away as a whole: no version without the words takes
	// the place of one.
	whole bool
}

func deedOf(id store.ID, t *store.Takedown) deed {
	return deed{id: id, seal: t.Act == store.TakedownSeal, operator: t.Operator, reason: t.Reason}
}

// removeAll removes what is planned, in its order, some records in each commit.
func (r *Remover) removeAll(ctx context.Context, d deed, p *Removal) error {
	for part := range slices.Chunk(p.records, r.o.Batch) {
		if _, err := r.removePart(ctx, d, p, part); err != nil {
			return err
		}
	}
	return nil
}

// empty puts a record without some of its fields in its place, and says so in act.
func empty(b *store.Builder, act *store.Redaction, p *planned) error {
	changed, err := store.Without(&p.record, p.fields...)
	if err != nil {
		return err
	}
	b.Replace(changed)
	act.Records = append(act.Records, store.RedactedRecord{ID: changed.ID, Fields: p.fields})
	return act.Touches(&p.record)
}

// removePart removes the content of some records in one commit, which also says
// what files are to go: those that no record refers to any more. It returns them.
func (r *Remover) removePart(ctx context.Context, d deed, p *Removal, part []planned) ([]store.Digest, error) {
	blobs, pictures, err := r.spent(ctx, p, part)
	if err != nil {
		return nil, err
	}
	act := &store.Redaction{Time: r.o.Archive.Now(), Act: store.RedactionRemove, Takedown: d.id, Refs: p.own, Operator: d.operator, Reason: d.reason}
	if d.seal {
		act.Act = store.RedactionSeal
		r.o.Step("seal")
		if act.Sealed, err = r.seal(ctx, part, blobs); err != nil {
			return nil, err
		}
	}
	b := r.o.Archive.Begin()
	for i := range part {
		if err := empty(b, act, &part[i]); err != nil {
			return nil, err
		}
		if d.whole {
			continue
		}
		if err := withoutQuotes(ctx, b, act, &part[i].record, p.own); err != nil {
			return nil, err
		}
	}
	if _, err := b.Add(ctx, act); err != nil {
		return nil, err
	}
	if !d.id.IsZero() { // whoever has no decision removes them
		err = enqueueFiles(b, d.id, blobs, pictures)
	}
	if err != nil {
		return nil, err
	}
	r.o.Step("records")
	_, err = b.Commit(ctx)
	return blobs, err
}

// enqueueFiles adds the work of removing files, and what is known of pictures
// among them.
func enqueueFiles(b *store.Builder, id store.ID, blobs, pictures []store.Digest) error {
	for chunk := range slices.Chunk(blobs, maxTakedownBlobs) {
		known := slices.DeleteFunc(slices.Clone(chunk), func(d store.Digest) bool { return !slices.Contains(pictures, d) })
		if err := enqueueTakedown(b, takedownWork{Takedown: id, Blobs: chunk, Pictures: known}); err != nil {
			return err
		}
	}
	return nil
}

// spent returns the files that no record refers to any more once some have lost
// their fields, and which of them may be known by their looks. They are sealed,
// and told to go, in the commit that takes the last reference: what nothing
// refers to is garbage, which nobody could seal later.
func (r *Remover) spent(ctx context.Context, p *Removal, part []planned) (blobs, pictures []store.Digest, err error) {
	goes, seen := map[store.ID]bool{}, map[store.Digest]bool{}
	for i := range part {
		goes[part[i].record.ID] = true
	}
	for i := range part {
		lost, err := lostFiles(&part[i])
		if err != nil {
			return nil, nil, err
		}
		for _, d := range lost {
			if seen[d] {
				continue
			}
			seen[d] = true
			used, err := r.used(ctx, d, goes)
			if err != nil {
				return nil, nil, err
			}
			if used {
				continue
			}
			blobs = append(blobs, d)
			if slices.Contains(p.pictures, d) {
				pictures = append(pictures, d)
			}
		}
	}
	return blobs, pictures, nil
}

// used reports whether a file is not there, or is of other records too.
func (r *Remover) used(ctx context.Context, d store.Digest, but map[store.ID]bool) (bool, error) {
	if _, err := r.o.Archive.Blobs().Stat(ctx, d); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return true, nil
		}
		return false, err
	}
	for q := (store.Query{Term: store.BlobTerm(d), Limit: 500}); ; {
		page, err := r.o.Archive.List(ctx, q)
		if err != nil {
			return false, err
		}
		for i := range page.Records {
			if q.After = page.Records[i].Seq; !but[page.Records[i].ID] {
				return true, nil
			}
		}
		if !page.More || len(page.Records) == 0 {
			return false, nil
		}
	}
}

// lostFiles are the files that a record does not refer to any more once it has
// lost its fields.
func lostFiles(p *planned) ([]store.Digest, error) {
	before, err := store.StoredTerms(&p.record)
	if err != nil {
		return nil, err
	}
	after, err := store.Without(&p.record, p.fields...)
	if err != nil {
		return nil, err
	}
	var lost []store.Digest
	for _, t := range before {
		if t.Index == store.IndexBlob && !slices.Contains(after.Terms, t) {
			lost = append(lost, store.Digest([]byte(t.Value)))
		}
	}
	return lost, nil
}

// wordsRemoved is what a version of an article says that took the place of one.
const wordsRemoved = "its words were removed, because it quotes a post that was taken down"

// withoutQuotes adds a version of an article that says what the one that goes
// said, but for what it quoted of the posts, and notes it in act.
func withoutQuotes(ctx context.Context, b *store.Builder, act *store.Redaction, r *store.Record, own []post.Ref) error {
	if r.Kind != store.KindArticle || !r.Whole() {
		return nil
	}
	v, err := store.Decode[store.ArticleVersion](r)
	if err != nil {
		return err
	}
	v.Mentions = slices.Clone(v.Mentions)
	for i := range v.Mentions {
		if m := &v.Mentions[i]; slices.Contains(own, m.Ref) || m.Ref.IsZero() {
			m.Quoted, m.Fragment, m.Before, m.Anchor = store.Quotation{}, "", "", ""
		}
	}
	v.Text, v.Content = "", store.Digest{}
	if !slices.Contains(v.Warnings, wordsRemoved) {
		v.Warnings = append(slices.Clone(v.Warnings), wordsRemoved)
	}
	id, err := b.Add(ctx, v)
	act.Left = append(act.Left, id)
	return err
}

// removeBlobs removes files that no record refers to any more.
func (r *Remover) removeBlobs(ctx context.Context, w takedownWork) error {
	if r.o.Pictures != nil && len(w.Pictures) > 0 {
		r.o.Step("pictures")
		if err := r.o.Pictures.Purge(ctx, w.Pictures); err != nil {
			return err
		}
	}
	r.o.Step("files")
	for _, d := range w.Blobs {
		err := r.o.Archive.Blobs().Remove(ctx, d)
		if errors.Is(err, store.ErrConflict) {
			// Somebody has captured it for another post meanwhile: then it is theirs.
			users, lerr := r.o.Archive.List(ctx, store.Query{Term: store.BlobTerm(d), Limit: 1})
			if lerr == nil && len(users.Records) > 0 {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("removing a file: %w", err)
		}
	}
	return nil
}

// finish ends a takedown, once nothing else of it is left to do: the files of the
// store are written anew where something was destroyed.
func (r *Remover) finish(ctx context.Context, j store.Job, w takedownWork, t *store.Takedown) error {
	more, held := false, false
	if err := r.eachJob(ctx, func(o store.Job, ow takedownWork) {
		if o.ID != j.ID && ow.Takedown == w.Takedown {
			more, held = more || !waitsForHold(&o), held || waitsForHold(&o)
		}
	}); err != nil {
		return err
	}
	switch {
	case !more && held:
		return fmt.Errorf("%w: something of it is held", store.ErrRefused)
	case more:
		return fmt.Errorf("%w: other work of the takedown is not done yet", store.ErrBusy)
	}
	if t.Act == store.TakedownDestroy && r.o.Compact != nil {
		r.o.Step("compact")
		if err := r.o.Compact(ctx); err != nil {
			return fmt.Errorf("writing the archive's files anew: %w", err)
		}
	}
	b := r.o.Archive.Begin()
	if _, err := b.Add(ctx, &store.Redaction{Time: r.o.Archive.Now(), Act: store.RedactionDone, Takedown: w.Takedown, Operator: t.Operator}); err != nil {
		return err
	}
	b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone})
	r.o.Step("done")
	_, err := b.Commit(ctx)
	return err
}
