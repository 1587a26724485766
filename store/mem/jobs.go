package mem

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"stet/store"
)

// jobKey is what makes a job unique.
type jobKey struct{ kind, key string }

// jobTx applies the job transitions of a batch and can take them back.
type jobTx struct {
	s   *Store
	now time.Time
	old []jobChange
}

type jobChange struct {
	id  store.ID
	was *store.Job
}

// set stores a job, or removes it where j is nil.
func (tx *jobTx) set(id store.ID, j *store.Job) {
	was := tx.s.jobs[id]
	tx.old = append(tx.old, jobChange{id, was})
	tx.s.putJob(id, j)
}

func (tx *jobTx) rollback() {
	for _, c := range slices.Backward(tx.old) {
		tx.s.putJob(c.id, c.was)
	}
}

func (s *Store) putJob(id store.ID, j *store.Job) {
	if was := s.jobs[id]; was != nil && was.Key != "" {
		delete(s.jobKeys, jobKey{was.Kind, was.Key})
	}
	if j == nil {
		delete(s.jobs, id)
		return
	}
	s.jobs[id] = j
	if j.Key != "" {
		s.jobKeys[jobKey{j.Kind, j.Key}] = id
	}
}

// apply does the transitions in order and returns the jobs of Enqueue.
func (tx *jobTx) apply(b *store.Batch) ([]store.Job, error) {
	for i := range b.Finish {
		if err := tx.finish(&b.Finish[i]); err != nil {
			return nil, err
		}
	}
	ids := make([]store.ID, len(b.Enqueue))
	for i := range b.Enqueue {
		id, err := tx.enqueue(&b.Enqueue[i])
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	var jobs []store.Job
	for _, id := range ids {
		jobs = append(jobs, cloneJob(tx.s.jobs[id]))
	}
	return jobs, nil
}

// held reports whether a worker has the job at the time.
func held(j *store.Job, now time.Time) bool {
	return j.State == store.JobLeased && now.Before(j.Lease.Until)
}

func (tx *jobTx) finish(f *store.Finish) error {
	was := tx.s.jobs[f.Job]
	if was == nil {
		return fmt.Errorf("%w: job %s is not kept any more", store.ErrConflict, f.Job)
	}
	switch f.Outcome {
	case store.OutcomeDrop, store.OutcomeRevive:
		if held(was, tx.now) {
			return fmt.Errorf("%w: job %s is held by %s until %s", store.ErrConflict, f.Job, was.Lease.Owner, was.Lease.Until.Format(time.RFC3339))
		}
	default:
		if was.State != store.JobLeased || was.Lease.Token != f.Token {
			return fmt.Errorf("%w: job %s is %s with token %d, not leased with token %d", store.ErrConflict, f.Job, was.State, was.Lease.Token, f.Token)
		}
	}
	if f.Outcome == store.OutcomeDone || f.Outcome == store.OutcomeDrop {
		tx.set(f.Job, nil)
		return nil
	}
	j := cloneJob(was)
	j.State, j.RunAt, j.Lease = store.JobWaiting, instant(f.RunAt), store.Lease{Token: was.Lease.Token}
	if f.Payload != nil {
		j.Payload = bytes.Clone(f.Payload)
	}
	switch f.Outcome {
	case store.OutcomeRetry:
		j.Error, j.ErrorClass = f.Error, f.ErrorClass
	case store.OutcomeDead:
		j.State, j.RunAt, j.Error, j.ErrorClass = store.JobDead, was.RunAt, f.Error, f.ErrorClass
	case store.OutcomeRelease:
		j.Attempts--
	case store.OutcomeRevive:
		j.Attempts, j.Error, j.ErrorClass = 0, "", ""
	default:
		return fmt.Errorf("%w: the outcome %q of job %s is not known", store.ErrInvalid, f.Outcome, f.Job)
	}
	tx.set(f.Job, &j)
	return nil
}

func (tx *jobTx) enqueue(e *store.Enqueue) (store.ID, error) {
	if id, ok := tx.s.jobKeys[jobKey{e.Job.Kind, e.Job.Key}]; ok && e.Job.Key != "" {
		j := cloneJob(tx.s.jobs[id])
		if j.State == store.JobWaiting {
			reschedule(&j, e)
		}
		if e.Lease.Owner != "" && j.State != store.JobDead && !held(&j, tx.now) {
			lease(&j, e.Lease.Owner, e.Lease.Until)
		}
		tx.set(id, &j)
		return id, nil
	}
	if tx.s.jobs[e.Job.ID] != nil {
		return store.ID{}, fmt.Errorf("%w: job %s exists already", store.ErrConflict, e.Job.ID)
	}
	j := cloneJob(&e.Job)
	j.State, j.Attempts, j.Lease, j.Error, j.ErrorClass = store.JobWaiting, 0, store.Lease{}, "", ""
	if e.Lease.Owner != "" {
		lease(&j, e.Lease.Owner, e.Lease.Until)
	}
	tx.set(j.ID, &j)
	return j.ID, nil
}

// reschedule applies Earlier and Replace to a waiting job.
func reschedule(j *store.Job, e *store.Enqueue) {
	switch {
	case e.Replace:
		j.RunAt, j.Priority, j.Payload = instant(e.Job.RunAt), e.Job.Priority, bytes.Clone(e.Job.Payload)
	case e.Earlier:
		if r := instant(e.Job.RunAt); r.Before(j.RunAt) {
			j.RunAt = r
		}
		j.Priority = min(j.Priority, e.Job.Priority)
	}
}

func lease(j *store.Job, owner string, until time.Time) {
	j.State = store.JobLeased
	j.Attempts++
	j.Lease = store.Lease{Owner: owner, Token: j.Lease.Token + 1, Until: instant(until)}
}

// Lease implements [store.Jobs].
func (s *Store) Lease(ctx context.Context, r store.LeaseRequest) ([]store.Job, error) {
	done, err := s.begin(ctx, OpLease)
	if err != nil {
		return nil, err
	}
	defer done()
	now := r.Now
	if now.IsZero() {
		now = s.now()
	}
	var due []*store.Job
	for _, j := range s.jobs {
		if leasable(j, &r, now) {
			due = append(due, j)
		}
	}
	due = inTurns(due)
	var leased []store.Job
	for _, j := range due[:min(len(due), cmp.Or(r.Limit, 1))] {
		c := cloneJob(j)
		lease(&c, r.Owner, now.Add(r.For))
		s.putJob(c.ID, &c)
		leased = append(leased, cloneJob(&c))
	}
	if err := s.fault(OpLease, true); err != nil {
		return nil, err
	}
	return leased, nil
}

func leasable(j *store.Job, r *store.LeaseRequest, now time.Time) bool {
	switch {
	case j.State == store.JobDead || held(j, now) || j.RunAt.After(now) && j.State == store.JobWaiting:
		return false
	case len(r.Kinds) > 0 && !slices.Contains(r.Kinds, j.Kind):
		return false
	case slices.Contains(r.SkipHosts, j.Host):
		return false
	}
	return r.MaxPriority == 0 || j.Priority <= r.MaxPriority
}

// inTurns sorts jobs as Lease gives them out.
func inTurns(jobs []*store.Job) []*store.Job {
	slices.SortFunc(jobs, func(a, b *store.Job) int {
		return cmp.Or(a.RunAt.Compare(b.RunAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	type line struct {
		priority int
		host     string
	}
	waiting := map[line]int{}
	turn := make(map[store.ID]int, len(jobs))
	for _, j := range jobs {
		l := line{j.Priority, j.Host}
		turn[j.ID] = waiting[l]
		waiting[l]++
	}
	slices.SortStableFunc(jobs, func(a, b *store.Job) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(turn[a.ID], turn[b.ID]))
	})
	return jobs
}

// Extend implements [store.Jobs].
func (s *Store) Extend(ctx context.Context, job store.ID, token uint64, until time.Time) error {
	done, err := s.begin(ctx, OpExtend)
	if err != nil {
		return err
	}
	defer done()
	j := s.jobs[job]
	if j == nil || j.State != store.JobLeased || j.Lease.Token != token {
		return fmt.Errorf("%w: job %s is not leased with token %d any more", store.ErrConflict, job, token)
	}
	c := cloneJob(j)
	c.Lease.Until = instant(until)
	s.putJob(job, &c)
	return s.fault(OpExtend, true)
}

// Job implements [store.Jobs].
func (s *Store) Job(ctx context.Context, id store.ID) (store.Job, error) {
	done, err := s.begin(ctx, OpJobs)
	if err != nil {
		return store.Job{}, err
	}
	defer done()
	j := s.jobs[id]
	if j == nil {
		return store.Job{}, fmt.Errorf("job %s: %w", id, store.ErrNotFound)
	}
	return cloneJob(j), nil
}

// ListJobs implements [store.Jobs].
func (s *Store) ListJobs(ctx context.Context, f store.JobFilter) ([]store.Job, error) {
	done, err := s.begin(ctx, OpJobs)
	if err != nil {
		return nil, err
	}
	defer done()
	byID := func(a, b store.ID) int { return bytes.Compare(a[:], b[:]) }
	var jobs []store.Job
	for _, id := range slices.SortedFunc(maps.Keys(s.jobs), byID) {
		j := s.jobs[id]
		if byID(id, f.After) <= 0 || len(f.States) > 0 && !slices.Contains(f.States, j.State) ||
			len(f.Kinds) > 0 && !slices.Contains(f.Kinds, j.Kind) {
			continue
		}
		if len(jobs) == cmp.Or(f.Limit, 100) {
			break
		}
		jobs = append(jobs, cloneJob(j))
	}
	return jobs, nil
}

// CountJobs implements [store.Jobs].
func (s *Store) CountJobs(ctx context.Context, now time.Time) (store.JobCounts, error) {
	done, err := s.begin(ctx, OpJobs)
	if err != nil {
		return store.JobCounts{}, err
	}
	defer done()
	counts := store.JobCounts{ByKind: map[string]map[store.JobState]int{}}
	for _, j := range s.jobs {
		if counts.ByKind[j.Kind] == nil {
			counts.ByKind[j.Kind] = map[store.JobState]int{}
		}
		counts.ByKind[j.Kind][j.State]++
		if j.State != store.JobWaiting {
			continue
		}
		if !j.RunAt.After(now) {
			counts.Due++
		}
		if counts.NextAt.IsZero() || j.RunAt.Before(counts.NextAt) {
			counts.NextAt = j.RunAt
		}
	}
	return counts, nil
}
