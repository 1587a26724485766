package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"stet/store"
)

const (
	// maxGroup is the most operations that share a commit; it bounds how long
	// the first of them waits for the last.
	maxGroup = 1024
	// maxGroupBytes bounds what a commit holds in memory before it is written.
	maxGroupBytes = 64 << 20
	// maxPatience is how often the committer lets others run, as long as some
	// of them are about to bring a batch.
	maxPatience = 100
	// returnTime is the most that a commit waits for those whose batches were in
	// the last one: shorter than the two syncs of a commit take on most disks,
	// which are saved where they come.
	returnTime = 2 * time.Millisecond
)

// The states of an operation.
const (
	opWaiting int32 = iota
	opTaken
	opCancelled
)

// op is something to be done in the next commit.
type op struct {
	// run validates and applies the operation. Where it errors it has changed
	// nothing, and the other operations of the commit go on.
	run  func(w *writeTx) error
	size int
	// alone, where it is not nil, is done instead of run, in no transaction.
	alone func() error

	state atomic.Int32
	done  chan error
}

// submit hands an operation to the committer and waits for its outcome. When
// ctx ends before the operation is taken into a commit, it is not done.
func (s *Store) submit(ctx context.Context, size int, run func(w *writeTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.writable(); err != nil {
		return err
	}
	o := &op{run: run, size: size, done: make(chan error, 1)}
	select {
	case s.queue <- o:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return errClosed
	}
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		if o.state.CompareAndSwap(opWaiting, opCancelled) {
			return ctx.Err()
		}
		return <-o.done
	}
}

// writable returns why nothing can be written, nil where it can.
func (s *Store) writable() error {
	if s.readOnly {
		return fmt.Errorf("%w: the archive in %s was opened for reading", store.ErrReadOnly, s.dir)
	}
	return s.state.unwritable()
}

// committer does the operations until the store closes.
func (s *Store) committer() {
	defer close(s.committed)
	group := make([]*op, 0, maxGroup)
	last := 0 // how many were in the last commit
	for {
		select {
		case o := <-s.queue:
			group = s.gather(append(group[:0], o), last)
			last = len(group)
			s.commit(group)
			clear(group)
		case o := <-s.alone:
			s.doAlone(o)
		case <-s.closing:
			s.refuseRest()
			return
		}
	}
}

// gather takes what else waits into the group, and what is about to: batches
// that their callers prepare at this moment, and, for a short time, those of as
// many as were in the last commit. They were all answered at once, and the first
// that is back would have a commit of its own while the others come.
func (s *Store) gather(group []*op, last int) []*op {
	size := group[0].size
	var late <-chan time.Time
	for patience := maxPatience; len(group) < maxGroup && size < maxGroupBytes; {
		select {
		case o := <-s.queue:
			group = append(group, o)
			size += o.size
			continue
		default:
		}
		if s.approaching.Load() > 0 && patience > 0 {
			patience--
			runtime.Gosched()
			continue
		}
		if len(group) >= last {
			return group
		}
		if late == nil {
			t := time.NewTimer(returnTime)
			defer t.Stop()
			late = t.C
		}
		select {
		case o := <-s.queue:
			group = append(group, o)
			size += o.size
		case <-late:
			return group
		case <-s.closing:
			return group
		}
	}
	return group
}

// submitAlone hands an operation to the committer that needs it for itself: no
// other is done meanwhile. Its context ends with ctx or when the store closes.
func (s *Store) submitAlone(ctx context.Context, run func(ctx context.Context) error) error {
	if err := s.writable(); err != nil {
		return err
	}
	o := &op{done: make(chan error, 1)}
	o.alone = func() error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		ended := make(chan struct{})
		defer close(ended)
		go func() {
			select {
			case <-s.closing:
				cancel(errClosed)
			case <-ended:
			}
		}()
		err := run(ctx)
		if cause := context.Cause(ctx); errors.Is(err, context.Canceled) && errors.Is(cause, errClosed) {
			return cause
		}
		return err
	}
	select {
	case s.alone <- o:
		return <-o.done
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return errClosed
	}
}

// doAlone does such an operation.
func (s *Store) doAlone(o *op) {
	if err := s.writable(); err != nil {
		o.done <- err
		return
	}
	o.done <- o.alone()
}

// refuseRest answers operations that came while the store closed.
func (s *Store) refuseRest() {
	for {
		select {
		case o := <-s.queue:
			o.done <- errClosed
		default:
			return
		}
	}
}

// commit does a group of operations in one transaction and answers each.
func (s *Store) commit(group []*op) {
	taken := group[:0]
	for _, o := range group {
		if o.state.CompareAndSwap(opWaiting, opTaken) {
			taken = append(taken, o)
		}
	}
	if len(taken) == 0 {
		return
	}
	if err := s.writable(); err != nil {
		answer(taken, nil, err)
		return
	}
	outcomes := make([]error, len(taken))
	answer(taken, outcomes, s.transact(taken, outcomes))
}

// answer gives each operation its own outcome, or the error of the commit
// where it has none.
func answer(group []*op, outcomes []error, commit error) {
	for i, o := range group {
		err := commit
		if outcomes != nil && outcomes[i] != nil {
			err = outcomes[i]
		}
		o.done <- err
	}
}

// transact runs the operations in one transaction. outcomes receives the error
// of each operation that was refused; the error is that of the commit, for all
// others.
func (s *Store) transact(group []*op, outcomes []error) error {
	var tx *bbolt.Tx
	var w *writeTx
	err := guarded("writing to the archive", func() (err error) {
		if tx, err = s.at.Load().db.Begin(true); err != nil {
			return err
		}
		if w, err = newWriteTx(s, tx); err != nil {
			return err
		}
		for i, o := range group {
			outcomes[i] = o.run(w)
		}
		return w.flush()
	})
	switch {
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return errClosed
	case err != nil:
		s.abandon(tx)
		if errors.Is(err, store.ErrCorrupt) {
			s.state.setDamaged(err)
		}
		return err
	case !w.dirty:
		s.abandon(tx)
		return nil
	}
	if err := s.finish(tx, w.head); err != nil {
		return err
	}
	for _, fn := range w.after {
		fn()
	}
	s.tuneGrowth(w.size)
	return nil
}

// finish commits the transaction durably.
func (s *Store) finish(tx *bbolt.Tx, head uint64) error {
	number := tx.ID()
	err := guarded("committing", func() error {
		if err := tx.Commit(); err != nil {
			return err
		}
		return s.afterCommit()
	})
	switch {
	case err == nil:
		s.state.setDurable(head)
		s.at.Load().durable.Store(int64(number))
		return nil
	case errors.Is(err, store.ErrCorrupt):
		s.abandon(tx)
		s.state.setDamaged(err)
		return err
	case noSpace(err) && s.unchanged(number):
		return fmt.Errorf("%w on the disk of %s: %w", store.ErrFull, s.dir, err)
	}
	return s.state.setPoison(fmt.Errorf("committing to %s: %w", s.dir, err))
}

// unchanged reports whether the database still stands before the transaction
// with the number: nothing of it can be seen, so that a failure to write it is
// without consequence.
func (s *Store) unchanged(number int) bool {
	same := false
	err := guarded("reading the archive", func() error {
		tx, err := s.at.Load().db.Begin(false)
		if err != nil {
			return err
		}
		same = tx.ID() < number
		return tx.Rollback()
	})
	return err == nil && same
}

// abandon rolls a write transaction back.
func (s *Store) abandon(tx *bbolt.Tx) {
	if tx == nil {
		return
	}
	if err := guarded("rolling back", tx.Rollback); err != nil && !errors.Is(err, bolterrors.ErrTxClosed) {
		s.state.setDead(err)
	}
}

// writeTx is a write transaction with what its operations share.
type writeTx struct {
	s       *Store
	tx      *bbolt.Tx
	open    map[string]*bbolt.Bucket
	head    uint64
	counts  counts
	changed bool // counts have changed
	dirty   bool
	failed  error
	size    int64
	prober  *prober
	// rewriting is true while records are changed that stand before others.
	rewriting bool
	// blobs are those to which records of the commit refer.
	blobs map[store.Digest]*blobEntry
	// after is called once the transaction is durable.
	after []func()
}

func newWriteTx(s *Store, tx *bbolt.Tx) (*writeTx, error) {
	w := &writeTx{s: s, tx: tx, open: map[string]*bbolt.Bucket{}, size: tx.Size(), blobs: map[store.Digest]*blobEntry{}}
	w.prober = newProber(s.at.Load().file, uint64(w.size)/pageSize)
	var err error
	if w.head, err = headOf(tx); err != nil {
		return nil, err
	}
	if w.counts, err = readCounts(tx); err != nil {
		return nil, err
	}
	return w, nil
}

// bucket returns a bucket. It panics where the bucket is missing: Open looked
// that it is there, so that the file is damaged, which the guard reports.
func (w *writeTx) bucket(name string) *bbolt.Bucket {
	b := w.open[name]
	if b == nil {
		b = mustBucket(w.tx, name)
		b.FillPercent = fill(name)
		w.open[name] = b
	}
	return b
}

func mustBucket(tx *bbolt.Tx, name string) *bbolt.Bucket {
	b := tx.Bucket([]byte(name))
	if b == nil {
		panic("the bucket " + name + " is missing")
	}
	return b
}

// put stores an entry. Its errors come from limits of bbolt that validation
// keeps away; they fail the whole commit.
func (w *writeTx) put(bucket string, key, value []byte) error {
	w.dirty = true
	if w.s.onPut != nil {
		w.s.onPut(w.tx.ID(), bucket, key, value)
	}
	b := w.bucket(bucket)
	w.probe(bucket, b, key, false)
	if err := b.Put(key, value); err != nil {
		return fmt.Errorf("writing %x to %s: %w", key, bucket, err)
	}
	return nil
}

func (w *writeTx) delete(bucket string, key []byte) error {
	w.dirty = true
	b := w.bucket(bucket)
	w.probe(bucket, b, key, true)
	if err := b.Delete(key); err != nil {
		return fmt.Errorf("deleting %x from %s: %w", key, bucket, err)
	}
	return nil
}

// probe panics where the pages that a change will replace are damaged: the
// guard reports it, and nothing is written.
func (w *writeTx) probe(bucket string, b *bbolt.Bucket, key []byte, deleted bool) {
	if w.prober == nil || bucket == bucketRecords && w.prober.buckets[bucket] && !w.rewriting {
		return // in a bucket that only grows at its end, all changes are on one way
	}
	if err := w.prober.bucket(w.tx, bucket); err != nil {
		panic(err.Error())
	}
	if err := w.prober.path(uint64(b.Root()), key, deleted); err != nil {
		panic(err.Error())
	}
}

// fail makes the whole commit fail, because an operation was done by half.
func (w *writeTx) fail(err error) {
	if w.failed == nil {
		w.failed = err
	}
}

// flush writes what was put off until the end.
func (w *writeTx) flush() error {
	if w.failed != nil || !w.changed {
		return w.failed
	}
	return w.put(bucketMeta, []byte(metaCounts), seal(bucketMeta, []byte(metaCounts), w.counts.encode()))
}
