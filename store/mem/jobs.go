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

func (tx *jobTx) finish(f *store.Finish) error {
	was := tx.s.jobs[f.Job]
	if was == nil {
		return fmt.Errorf("%w: job %s is not kept any more", store.ErrConflict, f.Job)
	}
	after, kept, err := f.Apply(*was, tx.now)
	switch {
	case err != nil:
		return err
	case kept:
		tx.set(f.Job, &after)
	default:
		tx.set(f.Job, nil)
	}
	return nil
}

func (tx *jobTx) enqueue(e *store.Enqueue) (store.ID, error) {
	if id, ok := tx.s.jobKeys[jobKey{e.Job.Kind, e.Job.Key}]; ok && e.Job.Key != "" {
		j := e.Again(*tx.s.jobs[id], tx.now)
		tx.set(id, &j)
		return id, nil
	}
	if tx.s.jobs[e.Job.ID] != nil {
		return store.ID{}, fmt.Errorf("%w: job %s exists already", store.ErrConflict, e.Job.ID)
	}
	j := e.New()
	tx.set(j.ID, &j)
	return j.ID, nil
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
		if r.Wants(j, now) {
			due = append(due, j)
		}
	}
	store.InTurns(due)
	var leased []store.Job
	for _, j := range due[:min(len(due), cmp.Or(r.Limit, 1))] {
		c := r.Give(*j, now)
		s.putJob(c.ID, &c)
		leased = append(leased, cloneJob(&c))
	}
	if err := s.fault(OpLease, true); err != nil {
		return nil, err
	}
	return leased, nil
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
