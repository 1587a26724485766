package bolt_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"stet/store"
	"stet/store/bolt"
	"stet/store/mem"
	"stet/store/storetest"
)

// TestKeysWhoseHashesCollide does random transitions of jobs in a store in which
// the keys of all jobs have the same hash, and in the reference.
func TestKeysWhoseHashesCollide(t *testing.T) {
	clock := storetest.NewClock(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC))
	s := open(t, t.TempDir(), bolt.Options{NoSync: true, Now: clock.Now})
	s.CollideJobKeys()
	reference := mem.New(mem.Options{Now: clock.Now})
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 400 {
		b := transitions(t, r, reference, clock.Now(), n)
		want, wantErr := reference.Append(t.Context(), b)
		got, err := s.Append(t.Context(), b)
		if g, w := store.ClassOf(err).Name, store.ClassOf(wantErr).Name; g != w {
			t.Fatalf("batch %d: got %v, the reference has %v", n, err, wantErr)
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("batch %d (- reference, + got):\n%s", n, d)
		}
		clock.Advance(time.Second)
		wantJobs, err := reference.ListJobs(t.Context(), store.JobFilter{Limit: 1000})
		must(t, err)
		gotJobs, err := s.ListJobs(t.Context(), store.JobFilter{Limit: 1000})
		must(t, err)
		if d := cmp.Diff(wantJobs, gotJobs, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("after batch %d (- reference, + got):\n%s", n, d)
		}
	}
	wantSound(t, s)
}

// transitions draws a batch that adds and finishes jobs with few keys; some of
// its ids are those of jobs that are or were kept.
func transitions(t *testing.T, r *rand.Rand, reference *mem.Store, now time.Time, n int) store.Batch {
	t.Helper()
	var b store.Batch
	jobs, err := reference.ListJobs(t.Context(), store.JobFilter{Limit: 1000})
	must(t, err)
	for range r.IntN(3) {
		if len(jobs) == 0 {
			break
		}
		j := jobs[r.IntN(len(jobs))]
		b.Finish = append(b.Finish, store.Finish{Job: j.ID, Token: j.Lease.Token, RunAt: now, Outcome: store.Outcomes()[r.IntN(len(store.Outcomes()))]})
	}
	for i := range r.IntN(4) {
		id := store.ID{1, byte(n >> 8), byte(n), byte(i)}
		if r.IntN(4) == 0 {
			id = store.ID{1, 0, byte(r.IntN(20)), byte(r.IntN(3))}
		}
		e := store.Enqueue{Job: store.Job{ID: id, Kind: fmt.Sprint("kind", r.IntN(2)), Key: []string{"", "a", "b", "c"}[r.IntN(4)],
			Payload: json.RawMessage(fmt.Sprint(n)), Priority: r.IntN(3), Created: now, RunAt: now}, Replace: r.IntN(2) == 0, Earlier: r.IntN(2) == 0}
		if r.IntN(3) == 0 {
			e.Lease = store.Lease{Owner: "w", Until: now.Add(time.Duration(r.IntN(4)) * time.Second)}
		}
		b.Enqueue = append(b.Enqueue, e)
	}
	return b
}
