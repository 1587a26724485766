package bolt

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"stet/store"
)

// jobTx is a set of changes of jobs that is not written yet, so that a batch
// that is refused half-way has changed nothing.
type jobTx struct {
	w   *writeTx
	now time.Time
	// jobs are the changed jobs as they will be, nil for a removed one; was is
	// what they, and those that were only looked at, are in the database.
	jobs map[store.ID]*store.Job
	was  map[store.ID]*store.Job
	// keys leads from kind and key of changed jobs to their ids, to the zero ID
	// for none; keyOrder has the first of them first.
	keys     map[jobKey]store.ID
	keyOrder []jobKey
	order    []store.ID
}

// jobKey is what makes a job unique.
type jobKey struct{ kind, key string }

func newJobTx(w *writeTx) *jobTx {
	return &jobTx{w: w, now: w.s.now(), jobs: map[store.ID]*store.Job{}, was: map[store.ID]*store.Job{}, keys: map[jobKey]store.ID{}}
}

// get returns a job as it is within the set, nil where there is none.
func (t *jobTx) get(id store.ID) (*store.Job, error) {
	if j, ok := t.jobs[id]; ok {
		return j, nil
	}
	return t.before(id)
}

// before returns a job as it is in the database, nil where there is none.
func (t *jobTx) before(id store.ID) (*store.Job, error) {
	if j, ok := t.was[id]; ok {
		return j, nil
	}
	j, err := jobOf(t.w.bucket(bucketJobs), id)
	if err == nil {
		t.was[id] = j
	}
	return j, err
}

// jobOf reads a job, nil where there is none.
func jobOf(b *bbolt.Bucket, id store.ID) (*store.Job, error) {
	sealed := b.Get(id[:])
	if sealed == nil {
		return nil, nil
	}
	v, err := unseal(bucketJobs, id[:], sealed)
	if err != nil {
		return nil, err
	}
	j, err := decodeJob(id, v)
	if err != nil {
		return nil, err
	}
	return &j, nil
}

// byKey returns the id of the job with a key, zero where there is none.
func (t *jobTx) byKey(k jobKey) (store.ID, error) {
	if k.key == "" {
		return store.ID{}, nil
	}
	if id, ok := t.keys[k]; ok {
		return id, nil
	}
	ids, err := readJobKeys(t.w.bucket(bucketJobKeys).Get(t.w.s.keyHash(k.kind, k.key)))
	if err != nil {
		return store.ID{}, err
	}
	for _, id := range ids {
		j, err := t.get(id)
		if err != nil {
			return store.ID{}, err
		}
		if _, changed := t.jobs[id]; j == nil && !changed {
			return store.ID{}, fmt.Errorf("%w: the key of a job leads to %s, which is not kept", store.ErrCorrupt, id)
		}
		if j != nil && (jobKey{j.Kind, j.Key}) == k {
			return id, nil
		}
	}
	return store.ID{}, nil
}

// readJobKeys reads the value of an entry of jobkeys.
func readJobKeys(v []byte) ([]store.ID, error) {
	const size = len(store.ID{})
	if len(v)%size != 0 {
		return nil, fmt.Errorf("%w: an entry of %s is not a list of ids", store.ErrCorrupt, bucketJobKeys)
	}
	ids := make([]store.ID, len(v)/size)
	for i := range ids {
		copy(ids[i][:], v[i*size:])
	}
	return ids, nil
}

// setKey notes which job has a key.
func (t *jobTx) setKey(j *store.Job, id store.ID) {
	if j == nil || j.Key == "" {
		return
	}
	k := jobKey{j.Kind, j.Key}
	if _, ok := t.keys[k]; !ok {
		t.keyOrder = append(t.keyOrder, k)
	}
	t.keys[k] = id
}

// set changes a job, or removes it where j is nil.
func (t *jobTx) set(id store.ID, j *store.Job) error {
	before, changed := t.jobs[id]
	if !changed {
		var err error
		if before, err = t.before(id); err != nil {
			return err
		}
		t.order = append(t.order, id)
	}
	t.jobs[id] = j
	if before != nil && j != nil && before.Kind == j.Kind && before.Key == j.Key {
		return nil // its key leads to it already
	}
	t.setKey(before, store.ID{})
	t.setKey(j, id)
	return nil
}

// know notes what a job is in the database, where that was read already.
func (t *jobTx) know(j store.Job) { t.was[j.ID] = &j }

// write puts the changes into the transaction.
func (t *jobTx) write() error {
	if t == nil {
		return nil
	}
	for _, k := range t.keyOrder {
		if err := t.writeKey(k, t.keys[k]); err != nil {
			return err
		}
	}
	for _, id := range t.order {
		if err := t.w.putJob(id, t.was[id], t.jobs[id]); err != nil {
			return err
		}
	}
	return nil
}

// writeKey makes an entry of jobkeys name the job with the key, and beside it
// only those whose keys have the same hash.
func (t *jobTx) writeKey(k jobKey, id store.ID) error {
	at := t.w.s.keyHash(k.kind, k.key)
	have := t.w.bucket(bucketJobKeys).Get(at)
	ids, err := readJobKeys(have)
	if err != nil {
		return err
	}
	var value []byte
	for _, other := range ids {
		j, err := t.get(other)
		if err != nil {
			return err
		}
		if j != nil && (jobKey{j.Kind, j.Key}) != k && bytes.Equal(t.w.s.keyHash(j.Kind, j.Key), at) {
			value = append(value, other[:]...)
		}
	}
	if !id.IsZero() {
		value = append(value, id[:]...)
	}
	switch {
	case bytes.Equal(have, value):
		return nil
	case len(value) == 0:
		return t.w.delete(bucketJobKeys, at)
	}
	return t.w.put(bucketJobKeys, at, value)
}

// putJob replaces a job and its entries in due and leases. Its key is not
// looked at.
func (w *writeTx) putJob(id store.ID, was, is *store.Job) error {
	var value []byte
	if is != nil {
		if value = encodeJob(is); was != nil && bytes.Equal(encodeJob(was), value) {
			return nil
		}
	}
	if was != nil {
		if err := w.delete(timetable(was)); err != nil {
			return err
		}
	}
	if is == nil {
		if was == nil {
			return nil
		}
		return w.delete(bucketJobs, id[:])
	}
	if err := w.put(bucketJobs, id[:], seal(bucketJobs, id[:], value)); err != nil {
		return err
	}
	bucket, key := timetable(is)
	switch bucket {
	case bucketDue:
		return w.put(bucket, key, kindMark(is.Kind))
	case bucketLeases:
		return w.put(bucket, key, []byte{})
	}
	return nil
}

// timetable returns the bucket and the key under which a job waits for its
// time; the bucket jobs and a key that no job has for one that waits for
// nothing.
func timetable(j *store.Job) (bucket string, key []byte) {
	switch j.State {
	case store.JobWaiting:
		return bucketDue, dueKey(j)
	case store.JobLeased:
		return bucketLeases, leaseKey(j)
	}
	return bucketJobs, []byte{0}
}

// applyJobs does the transitions of a batch in order and returns what is to be
// written, nil where there is nothing, and the jobs of Enqueue.
func (w *writeTx) applyJobs(b *store.Batch) (*jobTx, []store.Job, error) {
	if len(b.Finish)+len(b.Enqueue) == 0 {
		return nil, nil, nil
	}
	t := newJobTx(w)
	jobs, err := t.apply(b)
	return t, jobs, err
}

func (t *jobTx) apply(b *store.Batch) ([]store.Job, error) {
	for i := range b.Finish {
		if err := t.finish(&b.Finish[i]); err != nil {
			return nil, err
		}
	}
	ids := make([]store.ID, len(b.Enqueue))
	for i := range b.Enqueue {
		id, err := t.enqueue(&b.Enqueue[i])
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	var jobs []store.Job
	for _, id := range ids {
		j := *t.jobs[id]
		j.Payload = bytes.Clone(j.Payload)
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// held reports whether a worker has the job at the time.
func held(j *store.Job, now time.Time) bool {
	return j.State == store.JobLeased && now.Before(j.Lease.Until)
}

func (t *jobTx) finish(f *store.Finish) error {
	was, err := t.get(f.Job)
	if err != nil {
		return err
	}
	if was == nil {
		return fmt.Errorf("%w: job %s is not kept any more", store.ErrConflict, f.Job)
	}
	byPerson := f.Outcome == store.OutcomeDrop || f.Outcome == store.OutcomeRevive
	switch {
	case byPerson && held(was, t.now):
		return fmt.Errorf("%w: job %s is held by %s until %s", store.ErrConflict, f.Job, was.Lease.Owner, was.Lease.Until.Format(time.RFC3339))
	case !byPerson && (was.State != store.JobLeased || was.Lease.Token != f.Token):
		return fmt.Errorf("%w: job %s is %s with token %d, not leased with token %d", store.ErrConflict, f.Job, was.State, was.Lease.Token, f.Token)
	case f.Outcome == store.OutcomeDone || f.Outcome == store.OutcomeDrop:
		return t.set(f.Job, nil)
	}
	j := *was
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
	return t.set(f.Job, &j)
}

func (t *jobTx) enqueue(e *store.Enqueue) (store.ID, error) {
	kept, err := t.byKey(jobKey{e.Job.Kind, e.Job.Key})
	if err != nil {
		return store.ID{}, err
	}
	if !kept.IsZero() {
		return kept, t.enqueueAgain(kept, e)
	}
	was, err := t.get(e.Job.ID)
	if err != nil {
		return store.ID{}, err
	}
	if was != nil {
		return store.ID{}, fmt.Errorf("%w: job %s exists already", store.ErrConflict, e.Job.ID)
	}
	j := e.Job
	j.Created, j.RunAt, j.Payload = instant(j.Created), instant(j.RunAt), bytes.Clone(j.Payload)
	j.State, j.Attempts, j.Lease, j.Error, j.ErrorClass = store.JobWaiting, 0, store.Lease{}, "", ""
	if e.Lease.Owner != "" {
		lease(&j, e.Lease.Owner, e.Lease.Until)
	}
	return j.ID, t.set(j.ID, &j)
}

// enqueueAgain applies Enqueue where the job is kept already.
func (t *jobTx) enqueueAgain(id store.ID, e *store.Enqueue) error {
	was, err := t.get(id)
	if err != nil {
		return err
	}
	if was == nil {
		return fmt.Errorf("%w: the key of a job leads to %s, which is not kept", store.ErrCorrupt, id)
	}
	j := *was
	if j.State == store.JobWaiting {
		reschedule(&j, e)
	}
	if e.Lease.Owner != "" && j.State != store.JobDead && !held(&j, t.now) {
		lease(&j, e.Lease.Owner, e.Lease.Until)
	}
	return t.set(id, &j)
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
	if j.State != store.JobLeased {
		j.Attempts++
	}
	j.State = store.JobLeased
	j.Lease = store.Lease{Owner: owner, Token: j.Lease.Token + 1, Until: instant(until)}
}

// Extend implements [store.Jobs].
func (s *Store) Extend(ctx context.Context, id store.ID, token uint64, until time.Time) error {
	return s.submit(ctx, 0, func(w *writeTx) error {
		t := newJobTx(w)
		was, err := t.get(id)
		if err != nil {
			return err
		}
		if was == nil || was.State != store.JobLeased || was.Lease.Token != token {
			return fmt.Errorf("%w: job %s is not leased with token %d any more", store.ErrConflict, id, token)
		}
		j := *was
		j.Lease.Until = instant(until)
		if err := t.set(id, &j); err != nil {
			return err
		}
		if err := t.write(); err != nil {
			w.fail(err)
		}
		return nil
	})
}

// Job implements [store.Jobs].
func (s *Store) Job(ctx context.Context, id store.ID) (store.Job, error) {
	var job store.Job
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		j, err := jobOf(mustBucket(tx, bucketJobs), id)
		if err == nil && j == nil {
			err = fmt.Errorf("job %s: %w", id, store.ErrNotFound)
		}
		if err == nil {
			job = *j
		}
		return err
	})
	return job, err
}

// ListJobs implements [store.Jobs].
func (s *Store) ListJobs(ctx context.Context, f store.JobFilter) ([]store.Job, error) {
	limit := cmp.Or(f.Limit, 100)
	var jobs []store.Job
	err := s.eachJob(ctx, f.After, func(j *store.Job) bool {
		if (len(f.States) == 0 || slices.Contains(f.States, j.State)) && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, j.Kind)) {
			jobs = append(jobs, *j)
		}
		return len(jobs) < limit
	})
	return jobs, err
}

// jobsPerTx is how many jobs are read in one transaction.
const jobsPerTx = 10_000

// eachJob calls fn for the jobs after an id in the order of ids, until it
// returns false. It reads in several transactions.
func (s *Store) eachJob(ctx context.Context, after store.ID, fn func(*store.Job) bool) error {
	for more := true; more; {
		more = false
		if err := s.view(ctx, func(tx *bbolt.Tx) error {
			c := mustBucket(tx, bucketJobs).Cursor()
			k, v := c.Seek(after[:])
			if bytes.Equal(k, after[:]) {
				k, v = c.Next()
			}
			for n := 0; k != nil; k, v = c.Next() {
				if n++; n > jobsPerTx {
					more = true
					return nil
				}
				if len(k) != len(after) {
					return fmt.Errorf("%w: the key %x of %s is not an id", store.ErrCorrupt, k, bucketJobs)
				}
				copy(after[:], k)
				v, err := unseal(bucketJobs, k, v)
				if err != nil {
					return err
				}
				j, err := decodeJob(after, v)
				if err != nil {
					return err
				}
				if !fn(&j) {
					return nil
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// CountJobs implements [store.Jobs].
func (s *Store) CountJobs(ctx context.Context, now time.Time) (store.JobCounts, error) {
	counts := store.JobCounts{ByKind: map[string]map[store.JobState]int{}}
	err := s.eachJob(ctx, store.ID{}, func(j *store.Job) bool {
		if counts.ByKind[j.Kind] == nil {
			counts.ByKind[j.Kind] = map[store.JobState]int{}
		}
		counts.ByKind[j.Kind][j.State]++
		if j.State != store.JobWaiting {
			return true
		}
		if !j.RunAt.After(now) {
			counts.Due++
		}
		if counts.NextAt.IsZero() || j.RunAt.Before(counts.NextAt) {
			counts.NextAt = j.RunAt
		}
		return true
	})
	return counts, err
}
