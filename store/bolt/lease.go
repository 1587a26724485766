package bolt

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"stet/store"
)

// Lease implements [store.Jobs].
func (s *Store) Lease(ctx context.Context, r store.LeaseRequest) ([]store.Job, error) {
	var jobs []store.Job
	err := s.submit(ctx, 0, func(w *writeTx) error {
		if r.Now.IsZero() {
			r.Now = s.now()
		}
		due, err := w.dueJobs(&r)
		if err != nil {
			return err
		}
		t := newJobTx(w)
		for _, j := range due {
			t.know(*j)
			lease(j, r.Owner, r.Now.Add(r.For))
			if err := t.set(j.ID, j); err != nil {
				return err
			}
		}
		if err := t.write(); err != nil {
			w.fail(err)
		}
		for _, j := range due {
			jobs = append(jobs, *j)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return jobs, nil
}

// dueJobs returns the jobs to lease, in order: by priority; among equals the
// hosts take turns; in each turn by time, then by id. It looks at one job more
// of each host than it returns of it, and at no others but those of other
// kinds.
func (w *writeTx) dueJobs(r *store.LeaseRequest) ([]*store.Job, error) {
	limit := cmp.Or(r.Limit, 1)
	lines, err := w.lines(r)
	if err != nil {
		return nil, err
	}
	heap.Init(&lines)
	var due []*store.Job
	for len(lines) > 0 && len(due) < limit {
		l := lines[0]
		due = append(due, l.next)
		if err := l.advance(); err != nil {
			return nil, err
		}
		if l.next == nil {
			heap.Pop(&lines)
		} else {
			heap.Fix(&lines, 0)
		}
	}
	return due, nil
}

// line yields the due jobs of one host in order.
type line struct {
	w *writeTx
	r *store.LeaseRequest
	c *bbolt.Cursor
	// k, v is the next entry of due that was not looked at, in the memory of the
	// database: nothing is written as long as there are lines. expired are the
	// jobs whose lease has ended.
	k, v    []byte
	hash    [lineSize]byte
	waiting *store.Job
	expired []*store.Job

	next *store.Job
	// turn counts the jobs of the priority of next that came before it.
	turn int
}

// lines returns a line for each host that has due jobs.
func (w *writeTx) lines(r *store.LeaseRequest) (lineHeap, error) {
	expired, err := w.expired(r)
	if err != nil {
		return nil, err
	}
	skip := map[[lineSize]byte]bool{}
	for _, h := range r.SkipHosts {
		skip[lineOf(h)] = true
	}
	var lines lineHeap
	add := func(l *line) error {
		l.w, l.r, l.expired = w, r, expired[l.hash]
		delete(expired, l.hash)
		if skip[l.hash] {
			return nil
		}
		if err := l.advance(); err != nil || l.next == nil {
			return err
		}
		l.turn = 0
		lines = append(lines, l)
		return nil
	}
	var from []byte
	for {
		l := &line{c: w.bucket(bucketDue).Cursor()}
		if l.seek(from); len(l.k) <= lineSize {
			break
		}
		l.hash = [lineSize]byte(l.k)
		if err := add(l); err != nil {
			return nil, err
		}
		from = slices.Clone(l.hash[:])
		for i := lineSize - 1; i >= 0; i-- {
			if from[i]++; from[i] != 0 {
				break
			}
		}
		if bytes.Compare(from, l.hash[:]) < 0 { // it was the last possible line
			break
		}
	}
	for hash := range expired {
		if err := add(&line{hash: hash}); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// expired returns the jobs whose lease has ended and that r asks for, by line,
// in order.
func (w *writeTx) expired(r *store.LeaseRequest) (map[[lineSize]byte][]*store.Job, error) {
	found := map[[lineSize]byte][]*store.Job{}
	c := w.bucket(bucketLeases).Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		e := reader{b: k}
		until := e.sortedTime()
		var id store.ID
		copy(id[:], e.take(uint64(len(id))))
		if err := e.end(); err != nil {
			return nil, fmt.Errorf("%w: the entry %x of %s: %w", store.ErrCorrupt, k, bucketLeases, err)
		}
		if r.Now.Before(until) {
			break
		}
		j, err := w.listed(id, bucketLeases)
		if err != nil {
			return nil, err
		}
		if asked(j, r) {
			found[lineOf(j.Host)] = append(found[lineOf(j.Host)], j)
		}
	}
	for _, jobs := range found {
		slices.SortFunc(jobs, inLine)
	}
	return found, nil
}

// listed returns a job that a bucket names.
func (w *writeTx) listed(id store.ID, bucket string) (*store.Job, error) {
	j, err := jobOf(w.bucket(bucketJobs), id)
	if err == nil && j == nil {
		err = fmt.Errorf("%w: %s names job %s, which is not kept", store.ErrCorrupt, bucket, id)
	}
	return j, err
}

// inLine is the order of the jobs of one host.
func inLine(a, b *store.Job) int {
	return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.RunAt.Compare(b.RunAt), bytes.Compare(a.ID[:], b.ID[:]))
}

// asked reports whether a job is one of those that r asks for, apart from its
// time.
func asked(j *store.Job, r *store.LeaseRequest) bool {
	return (len(r.Kinds) == 0 || slices.Contains(r.Kinds, j.Kind)) && !slices.Contains(r.SkipHosts, j.Host) &&
		(r.MaxPriority == 0 || j.Priority <= r.MaxPriority)
}

// advance moves to the next due job.
func (l *line) advance() error {
	if l.waiting == nil && l.k != nil {
		if err := l.advanceWaiting(); err != nil {
			return err
		}
	}
	was := l.next
	switch {
	case l.waiting != nil && (len(l.expired) == 0 || inLine(l.waiting, l.expired[0]) < 0):
		l.next, l.waiting = l.waiting, nil
	case len(l.expired) > 0:
		l.next, l.expired = l.expired[0], l.expired[1:]
	default:
		l.next = nil
		return nil
	}
	if was != nil && was.Priority == l.next.Priority {
		l.turn++
	} else {
		l.turn = 0
	}
	return nil
}

// advanceWaiting moves to the next entry of due that is due and asked for.
func (l *line) advanceWaiting() error {
	marks := make([]byte, 0, 4)
	for _, kind := range l.r.Kinds {
		marks = append(marks, kindMark(kind)...)
	}
	for l.k != nil && bytes.HasPrefix(l.k, l.hash[:]) {
		e, err := readDueKey(l.k)
		if err != nil {
			return err
		}
		if l.r.MaxPriority != 0 && e.priority > l.r.MaxPriority {
			break
		}
		if e.runAt.After(l.r.Now) { // and so are all others of the priority
			l.seek(priorityEnd(l.hash, e.priority))
			continue
		}
		mark := l.v
		l.k, l.v = l.c.Next()
		if len(marks) > 0 && len(mark) == 1 && !bytes.Contains(marks, mark) {
			continue
		}
		j, err := l.w.listed(e.id, bucketDue)
		if err != nil {
			return err
		}
		if asked(j, l.r) {
			l.waiting = j
			return nil
		}
	}
	l.k = nil
	return nil
}

func (l *line) seek(key []byte) { l.k, l.v = l.c.Seek(key) }

// priorityEnd is a key behind all of a line's jobs of a priority.
func priorityEnd(hash [lineSize]byte, priority int) []byte {
	b := appendPriority(slices.Clone(hash[:]), priority)
	return append(binary.BigEndian.AppendUint64(b, 1<<64-1), bytes.Repeat([]byte{0xFF}, 17)...)
}

// lineHeap is a heap of lines; the first has the job that is to be leased
// next.
type lineHeap []*line

// Len implements [heap.Interface].
func (h lineHeap) Len() int { return len(h) }

// Less implements [heap.Interface].
func (h lineHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(cmp.Compare(a.next.Priority, b.next.Priority), cmp.Compare(a.turn, b.turn), inLine(a.next, b.next)) < 0
}

// Swap implements [heap.Interface].
func (h lineHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements [heap.Interface].
func (h *lineHeap) Push(x any) { *h = append(*h, x.(*line)) }

// Pop implements [heap.Interface].
func (h *lineHeap) Pop() any {
	old := *h
	l := old[len(old)-1]
	*h = old[:len(old)-1]
	return l
}
