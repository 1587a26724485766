package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/store"
	"stet/store/bolt"
	"stet/store/storetest"
)

// TestEverythingAtOnce appends, leases, stores and removes blobs, reads and
// checks at the same time.
func TestEverythingAtOnce(t *testing.T) {
	s := open(t, t.TempDir(), bolt.Options{})
	a := archive(s, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	var writers, others sync.WaitGroup
	const each = 30
	for w := range 8 {
		writers.Go(func() {
			for n := range each {
				if _, _, err := appendOne(ctx, a, w*each+n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	again := func(what string, do func(n int) error) {
		others.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := do(n); err != nil && ctx.Err() == nil {
					t.Errorf("%s: %v", what, err)
					return
				}
			}
		})
	}
	again("leasing", func(int) error { return leaseAndFinish(ctx, s) })
	again("reading", func(int) error { _, err := dump(ctx, s); return err })
	again("checking", func(int) error {
		_, err := s.Check(ctx, func(p store.Problem) { t.Errorf("%s %s: %s", p.Thing, p.Name, p.What) })
		return err
	})
	again("storing blobs", func(n int) error {
		info, err := a.PutBlob(ctx, strings.NewReader(strings.Repeat("x", n%40_000)), 0)
		if err == nil {
			if err = s.Remove(ctx, info.Digest); errors.Is(err, store.ErrConflict) {
				return nil // it is of today
			}
		}
		return err
	})
	again("counting", func(int) error {
		_, err := s.CountJobs(ctx, time.Now())
		if err == nil {
			_, err = s.Stats(ctx)
		}
		return err
	})
	writers.Wait()
	cancel()
	others.Wait()
	head, err := s.Head(t.Context())
	must(t, err)
	want := 0
	for n := range 8 * each {
		want += n%5 + 2
	}
	if head != uint64(want) {
		t.Errorf("the head is %d, want %d", head, want)
	}
	wantWholeBatches(t, s)
	wantSound(t, s)
}

func leaseAndFinish(ctx context.Context, s *bolt.Store) error {
	jobs, err := s.Lease(ctx, store.LeaseRequest{Owner: "w", Now: time.Now(), For: time.Minute, Limit: 4})
	if err != nil {
		return err
	}
	var b store.Batch
	for i, j := range jobs {
		f := store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeRetry, RunAt: time.Now().Add(time.Hour)}
		if i == 0 {
			f.RunAt = time.Now()
		}
		b.Finish = append(b.Finish, f)
	}
	_, err = s.Append(ctx, b)
	return err
}

// TestARefusedBatchHarmsNoOther commits good and bad batches together.
func TestARefusedBatchHarmsNoOther(t *testing.T) {
	s := open(t, t.TempDir(), bolt.Options{})
	a := archive(s, time.Now)
	// The first commit waits until all others stand behind it.
	gate, entered := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.SetAfterCommit(func() error {
		once.Do(func() { close(entered); <-gate })
		return nil
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, _, err := appendOne(t.Context(), a, 0); err != nil {
			t.Error(err)
		}
	})
	<-entered
	results := make([]error, 20)
	for i := range results {
		b := a.Begin()
		_, err := b.Add(t.Context(), look(time.Now(), i))
		must(t, err)
		if i%2 == 1 {
			b.Finish(store.Finish{Job: store.ID{9}, Token: 1, Outcome: store.OutcomeDone})
		}
		wg.Go(func() { _, results[i] = b.Commit(t.Context()) })
	}
	close(gate)
	wg.Wait()
	for i, err := range results {
		if want := map[bool]error{true: store.ErrConflict}[i%2 == 1]; !errors.Is(err, want) {
			t.Errorf("batch %d: got %v, want %v", i, err, want)
		}
	}
	if head, err := s.Head(t.Context()); head != 2+10 || err != nil {
		t.Errorf("the head is %d, want 12: %v", head, err)
	}
	wantSound(t, s)
}

// TestContextEndsWhileWaiting ends the context of a batch that waits for the
// commit of another: it is not added. One that is being committed is.
func TestContextEndsWhileWaiting(t *testing.T) {
	s := open(t, t.TempDir(), bolt.Options{})
	a := archive(s, time.Now)
	gate, entered := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.SetAfterCommit(func() error {
		once.Do(func() { close(entered); <-gate })
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error), make(chan error)
	commit := func(n int, done chan error) {
		b := a.Begin()
		_, err := b.Add(t.Context(), look(time.Now(), n))
		if err == nil {
			_, err = b.Commit(ctx)
		}
		done <- err
	}
	go commit(1, first)
	<-entered
	go commit(2, second)
	cancel()
	wantErr(t, "the one that waits", <-second, context.Canceled)
	close(gate)
	if err := <-first; err != nil {
		t.Errorf("the one that was being committed: %v", err)
	}
	if head, err := s.Head(t.Context()); head != 1 || err != nil {
		t.Errorf("the head is %d, want 1: %v", head, err)
	}
}

// TestJournalShowsOnlyWhatIsDurable reads while a commit is not durable yet.
func TestJournalShowsOnlyWhatIsDurable(t *testing.T) {
	s := open(t, t.TempDir(), bolt.Options{})
	a := archive(s, time.Now)
	_, _, err := appendOne(t.Context(), a, 0)
	must(t, err)
	s.SetAfterCommit(func() error {
		head, err := s.Head(t.Context())
		records, e := s.Read(t.Context(), 0, 0)
		leaves, e2 := s.Leaves(t.Context(), 0, 0)
		if err := errors.Join(err, e, e2); err != nil || head != 2 || len(records) != 2 || len(leaves) != 2 {
			t.Errorf("before it is durable, the head is %d and %d records and %d leaves are shown, want 2: %v", head, len(records), len(leaves), err)
		}
		return nil
	})
	_, _, err = appendOne(t.Context(), a, 1)
	must(t, err)
	if head, err := s.Head(t.Context()); head != 5 || err != nil {
		t.Errorf("afterwards the head is %d, want 5: %v", head, err)
	}
}

// TestPoison makes a sync fail after bbolt has committed: nobody may see or
// add anything on top of what may be lost.
func TestPoison(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, bolt.Options{})
	a := archive(s, time.Now)
	_, first, err := appendOne(t.Context(), a, 0)
	must(t, err)
	broken := errors.New("the disk is broken")
	s.SetAfterCommit(func() error { return broken })
	_, _, err = appendOne(t.Context(), a, 1)
	wantErr(t, "append", err, store.ErrPoisoned, broken.Error())
	s.SetAfterCommit(func() error { return nil })
	_, _, err = appendOne(t.Context(), a, 2)
	wantErr(t, "append again", err, store.ErrPoisoned)
	_, err = s.Get(t.Context(), first)
	wantErr(t, "reading what may be lost", err, store.ErrPoisoned)
	mustClose(t, s)
	s = open(t, dir, bolt.Options{})
	if _, err := s.Get(t.Context(), first); err != nil {
		t.Errorf("opened again: %v", err)
	}
	wantSound(t, s)
}

// TestClockStepsBack goes on while the clock says that it is earlier.
func TestClockStepsBack(t *testing.T) {
	clock := storetest.NewClock(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC))
	dir := t.TempDir()
	s := mustOpen(t, dir, bolt.Options{Now: clock.Now})
	fill(t, s, clock)
	before, err := s.Head(t.Context())
	must(t, err)
	for _, step := range []time.Duration{-time.Hour, -1000 * time.Hour, 2000 * time.Hour} {
		clock.Advance(step)
		a := archive2(s, clock.Now, uint64(step))
		for n := range 5 {
			_, _, err := appendOne(t.Context(), a, int(before)+n)
			must(t, err)
		}
		must(t, leaseAndFinish(t.Context(), s))
		wantSound(t, s)
		mustClose(t, s)
		s = mustOpen(t, dir, bolt.Options{Now: clock.Now})
		head, err := s.Head(t.Context())
		must(t, err)
		if head <= before {
			t.Errorf("after a step of %s the head is %d, before it was %d", step, head, before)
		}
		before = head
	}
	wantSound(t, s)
	mustClose(t, s)
}

func archive2(s *bolt.Store, now func() time.Time, seed uint64) *store.Archive {
	return store.NewArchive(store.Parts{Backend: s, Blobs: s, Now: now, Random: &seeded{source: seedOf(seed)}})
}

// TestPinsOutliveTheProcess looks at who may remove a blob, and when.
func TestPinsOutliveTheProcess(t *testing.T) {
	clock := storetest.NewClock(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC))
	dir := t.TempDir()
	s := mustOpen(t, dir, bolt.Options{Now: clock.Now, InlineBlobSize: 10})
	a := archive(s, clock.Now)
	var kept []store.Digest
	for _, size := range []int{3, 3000} { // one inside, one in a file
		info, err := a.PutBlob(t.Context(), strings.NewReader(strings.Repeat("k", size)), 0)
		must(t, err)
		kept = append(kept, info.Digest)
	}
	mustClose(t, s)
	clock.Advance(23 * time.Hour)
	s = open(t, dir, bolt.Options{Now: clock.Now, InlineBlobSize: 10})
	a = archive(s, clock.Now)
	for _, d := range kept {
		wantErr(t, "after 23 hours", s.Remove(t.Context(), d), store.ErrConflict)
	}
	// Committing it again keeps it for another day.
	_, err := a.PutBlob(t.Context(), strings.NewReader("kkk"), 0)
	must(t, err)
	clock.Advance(2 * time.Hour)
	wantErr(t, "committed again", s.Remove(t.Context(), kept[0]), store.ErrConflict)
	must(t, s.Remove(t.Context(), kept[1]))
	clock.Advance(23 * time.Hour)
	for _, d := range kept {
		must(t, s.Remove(t.Context(), d))
		_, err := s.Stat(t.Context(), d)
		wantErr(t, "removed", err, store.ErrNotFound)
	}
	wantSound(t, s)
	if left := listing(t, dir+"/blobs"); strings.Contains(left, fmt.Sprintf("%x", kept[1][1:])) {
		t.Errorf("the file of a removed blob is left:\n%s", left)
	}
}

// TestStatsReckonsWell compares what is reckoned from a sample with what bbolt
// counts.
func TestStatsReckonsWell(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, bolt.Options{NoSync: true})
	a := archive(s, time.Now)
	for n := range 60 {
		b := a.Begin()
		for range 50 {
			_, err := b.Add(t.Context(), &store.Capture{Time: time.Now(), Kind: store.CapturePost, Ref: ref(n), Note: strings.Repeat(fmt.Sprint(n), n*n)})
			must(t, err)
		}
		_, err := b.Commit(t.Context())
		must(t, err)
	}
	st, err := s.Stats(t.Context())
	must(t, err)
	mustClose(t, s)
	for name, want := range bytesOfBuckets(t, dir) {
		if got := st.Parts[name]; got < want*8/10 || got > want*12/10 {
			t.Errorf("%s: reckoned %d bytes, it has %d", name, got, want)
		}
	}
	sum := st.Free
	for _, n := range st.Parts {
		sum += n
	}
	if sum < st.Bytes*8/10 || sum > st.Bytes*12/10 {
		t.Errorf("the parts and what is free are %d bytes of %d", sum, st.Bytes)
	}
}
