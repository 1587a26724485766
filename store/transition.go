package store

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Held reports whether a worker has the job at a time.
func (j *Job) Held(now time.Time) bool {
	return j.State == JobLeased && now.Before(j.Lease.Until)
}

// give leases the job.
func (j *Job) give(owner string, until time.Time) {
	if j.State != JobLeased {
		j.Attempts++
	}
	j.State = JobLeased
	j.Lease = Lease{Owner: owner, Token: j.Lease.Token + 1, Until: toMicroseconds(until)}
}

// toMicroseconds brings a time to the form in which it is kept.
func toMicroseconds(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Apply returns what becomes of the job that f names, and whether it is kept.
// It errors with [ErrConflict] where the job is not leased under f's token or,
// for the decisions of a person, is held at the time now; and with
// [ErrInvalid] where the outcome is not known.
func (f *Finish) Apply(j Job, now time.Time) (after Job, kept bool, err error) {
	switch f.Outcome {
	case OutcomeDrop, OutcomeRevive:
		if j.Held(now) {
			return Job{}, false, fmt.Errorf("%w: job %s is held by %s until %s", ErrConflict, j.ID, j.Lease.Owner, j.Lease.Until.Format(time.RFC3339))
		}
	default:
		if j.State != JobLeased || j.Lease.Token != f.Token {
			return Job{}, false, fmt.Errorf("%w: job %s is %s with token %d, not leased with token %d", ErrConflict, j.ID, j.State, j.Lease.Token, f.Token)
		}
	}
	if f.Outcome == OutcomeDone || f.Outcome == OutcomeDrop {
		return Job{}, false, nil
	}
	due := j.RunAt
	j.State, j.RunAt, j.Lease = JobWaiting, toMicroseconds(f.RunAt), Lease{Token: j.Lease.Token}
	if f.Payload != nil {
		j.Payload = bytes.Clone(f.Payload)
	}
	switch f.Outcome {
	case OutcomeRetry:
		j.Error, j.ErrorClass = f.Error, f.ErrorClass
	case OutcomeDead:
		j.State, j.RunAt, j.Error, j.ErrorClass = JobDead, due, f.Error, f.ErrorClass
	case OutcomeRelease:
		j.Attempts--
	case OutcomeRevive:
		j.Attempts, j.Error, j.ErrorClass = 0, "", ""
	default:
		return Job{}, false, fmt.Errorf("%w: the outcome %q of job %s is not known", ErrInvalid, f.Outcome, f.Job)
	}
	return j, true, nil
}

// New returns the job that e adds where none of its key is kept.
func (e *Enqueue) New() Job {
	j := e.Job
	j.Payload = bytes.Clone(j.Payload)
	j.Created, j.RunAt = toMicroseconds(j.Created), toMicroseconds(j.RunAt)
	j.State, j.Attempts, j.Lease, j.Error, j.ErrorClass = JobWaiting, 0, Lease{}, "", ""
	if e.Lease.Owner != "" {
		j.give(e.Lease.Owner, e.Lease.Until)
	}
	return j
}

// Again returns what becomes of the job that is kept under the key of e.
func (e *Enqueue) Again(kept Job, now time.Time) Job {
	j := kept
	if j.State == JobWaiting {
		switch {
		case e.Replace:
			j.RunAt, j.Priority, j.Payload = toMicroseconds(e.Job.RunAt), e.Job.Priority, bytes.Clone(e.Job.Payload)
		case e.Earlier:
			if r := toMicroseconds(e.Job.RunAt); r.Before(j.RunAt) {
				j.RunAt = r
			}
			j.Priority = min(j.Priority, e.Job.Priority)
		}
	}
	if e.Lease.Owner != "" && j.State != JobDead && !j.Held(now) {
		j.give(e.Lease.Owner, e.Lease.Until)
	}
	return j
}

// Wants reports whether the request takes the job, as it is at the time now.
func (r *LeaseRequest) Wants(j *Job, now time.Time) bool {
	switch {
	case j.State == JobDead || j.Held(now) || j.State == JobWaiting && j.RunAt.After(now):
		return false
	case len(r.Kinds) > 0 && !slices.Contains(r.Kinds, j.Kind):
		return false
	case slices.Contains(r.SkipHosts, j.Host):
		return false
	}
	return r.MaxPriority == 0 || j.Priority <= r.MaxPriority
}

// Give returns the job as it is once the request has it.
func (r *LeaseRequest) Give(j Job, now time.Time) Job {
	j.give(r.Owner, now.Add(r.For))
	return j
}

// InTurns sorts jobs into the order in which [Jobs.Lease] gives them out.
func InTurns(jobs []*Job) {
	slices.SortFunc(jobs, func(a, b *Job) int {
		return cmp.Or(a.RunAt.Compare(b.RunAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	type line struct {
		priority int
		host     string
	}
	waiting := map[line]int{}
	turn := make(map[ID]int, len(jobs))
	for _, j := range jobs {
		l := line{j.Priority, j.Host}
		turn[j.ID] = waiting[l]
		waiting[l]++
	}
	slices.SortStableFunc(jobs, func(a, b *Job) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(turn[a.ID], turn[b.ID]))
	})
}
