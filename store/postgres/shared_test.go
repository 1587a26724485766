package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/postgres"
	"stet/store/storetest"
)

// TestTurns: two processes together keep to the interval and the number at a
// time of one.
func TestTurns(t *testing.T) {
	schema := newSchema()
	clock := storetest.NewClock(time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC))
	a, b := open(t, postgres.Options{Schema: schema, Now: clock.Now}), open(t, postgres.Options{Schema: schema, Now: clock.Now})
	setClock(t, schema, clock)
	clock.Advance(time.Second)
	take := func(s *postgres.Store, host string) store.Turn {
		t.Helper()
		turn, err := s.TakeTurn(t.Context(), host, time.Second, 2, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return turn
	}
	first := take(a, "x.example")
	if first.Wait != 0 || first.Ticket == 0 {
		t.Fatalf("the first turn is %+v", first)
	}
	if turn := take(b, "x.example"); turn.Wait != time.Second || turn.Paused {
		t.Errorf("at once after it the other gets %+v, want to wait for a second", turn)
	}
	if turn := take(b, "y.example"); turn.Wait != 0 {
		t.Errorf("another host makes wait: %+v", turn)
	}
	clock.Advance(time.Second)
	if turn := take(b, "x.example"); turn.Wait != 0 {
		t.Errorf("a second later it waits: %+v", turn)
	}
	clock.Advance(time.Second)
	if turn := take(b, "x.example"); turn.Wait == 0 {
		t.Error("a third request runs beside two")
	}
	if err := a.GiveTurn(t.Context(), "x.example", first.Ticket); err != nil {
		t.Fatal(err)
	}
	if turn := take(b, "x.example"); turn.Wait != 0 {
		t.Errorf("after one was given back it waits: %+v", turn)
	}
	clock.Advance(2 * time.Minute) // both processes died
	if turn := take(a, "x.example"); turn.Wait != 0 {
		t.Errorf("what dead processes hold makes wait: %+v", turn)
	}
	for _, pause := range []time.Duration{time.Hour, time.Minute} {
		if err := a.PauseHost(t.Context(), "x.example", pause); err != nil {
			t.Fatal(err)
		}
	}
	if turn := take(b, "x.example"); !turn.Paused || turn.Wait != time.Hour {
		t.Errorf("during a pause the other gets %+v, want to wait for an hour", turn)
	}
}

// TestHold: one at a time, and the next where one is lost.
func TestHold(t *testing.T) {
	schema := newSchema()
	a, b := open(t, postgres.Options{Schema: schema, MinConns: 4}), open(t, postgres.Options{Schema: schema, MinConns: 4})
	held, release, err := a.Hold(t.Context(), "alerts")
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := b.Hold(soon, "alerts"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("two hold the same: %v", err)
	}
	_, other, err := b.Hold(t.Context(), "stamps")
	if err != nil {
		t.Fatal(err)
	}
	other()
	release()
	if held.Err() == nil {
		t.Error("what was released is held")
	}
	_, again, err := b.Hold(t.Context(), "alerts")
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// TestSharedTransactions: batches that share a transaction do not share their
// fate.
func TestSharedTransactions(t *testing.T) {
	s := open(t, postgres.Options{Schema: newSchema(), MinConns: 8})
	makers := make([]*maker, 96)
	for i := range makers {
		makers[i] = newMaker(t, byte(i+1))
	}
	missing := store.DigestOf([]byte("never stored"))
	receipts, errs := make([]store.Receipt, len(makers)), make([]error, len(makers))
	var group sync.WaitGroup
	for i, m := range makers {
		batch := store.Batch{Records: []store.Record{m.look(i), m.look(i)}}
		switch i % 4 {
		case 1:
			batch.Key = "the same for all"
		case 2:
			batch.Records = append(batch.Records, m.record(&store.Capture{Time: time.Now(), Ref: post.Ref{Platform: post.Twitter, ID: "1"}, Media: []store.MediaFile{{Digest: missing}}}))
		case 3:
			batch.Enqueue = []store.Enqueue{{Job: store.Job{ID: m.id(), Kind: "look", Key: fmt.Sprint(i % 8), Created: time.Now()}}}
		}
		group.Go(func() { receipts[i], errs[i] = s.Append(t.Context(), batch) })
	}
	group.Wait()
	seen, fresh := map[uint64]int{}, 0
	for i := range makers {
		if i%4 == 2 {
			if !errors.Is(errs[i], store.ErrInvalid) || receipts[i].First != 0 {
				t.Errorf("batch %d with a blob that is missing: %+v, %v", i, receipts[i], errs[i])
			}
			continue
		}
		if errs[i] != nil {
			t.Errorf("batch %d: %v", i, errs[i])
			continue
		}
		if i%4 == 3 && (len(receipts[i].Jobs) != 1 || receipts[i].Jobs[0].Key != fmt.Sprint(i%8)) {
			t.Errorf("batch %d: its job is %+v", i, receipts[i].Jobs)
		}
		if receipts[i].Repeated {
			continue
		}
		if i%4 == 1 {
			fresh++
		}
		for n := receipts[i].First; n <= receipts[i].Last; n++ {
			if other, twice := seen[n]; twice {
				t.Errorf("number %d was given to batches %d and %d", n, other, i)
			}
			seen[n] = i
		}
	}
	if fresh != 1 {
		t.Errorf("%d batches of one key were added", fresh)
	}
	head, err := s.Head(t.Context())
	if err != nil || head != uint64(len(seen)) {
		t.Errorf("the journal ends at %d with %d records given out, %v", head, len(seen), err)
	}
	jobs, err := s.ListJobs(t.Context(), store.JobFilter{})
	if err != nil || len(jobs) != 2 {
		t.Errorf("%d jobs of two keys, %v", len(jobs), err)
	}
}

// TestOthers: who has the same archive open is counted, and nobody else.
func TestOthers(t *testing.T) {
	schema := newSchema()
	s := open(t, postgres.Options{Schema: schema, MinConns: 4})
	open(t, postgres.Options{Schema: newSchema()})
	if n, err := s.Others(t.Context()); err != nil || n != 0 {
		t.Errorf("alone it counts %d, %v", n, err)
	}
	open(t, postgres.Options{Schema: schema})
	if n, err := s.Others(t.Context()); err != nil || n == 0 {
		t.Errorf("beside another it counts %d, %v", n, err)
	}
}

// TestManyKeys: thousands of new jobs in a batch take no lock each, of which the
// server has some thousands for all who use it; of a key that several add at the
// same time there is one job.
func TestManyKeys(t *testing.T) {
	schema := newSchema()
	stores := make([]*postgres.Store, 2)
	if storetest.Thorough() { // more than the server has room for locks
		stores = make([]*postgres.Store, 9)
	}
	for i := range stores {
		stores[i] = open(t, postgres.Options{Schema: schema})
	}
	// adds adds so many jobs through each store, whose keys begin at a step of
	// that of the one before.
	adds := func(kind string, keys, step int) {
		var group sync.WaitGroup
		for i, s := range stores {
			m := newMaker(t, byte(60+i+keys%100))
			var b store.Batch
			for k := range keys {
				b.Enqueue = append(b.Enqueue, store.Enqueue{Job: store.Job{ID: m.id(), Kind: kind, Key: fmt.Sprint(k + i*step), Created: time.Now()}})
			}
			group.Go(func() {
				if r, err := s.Append(t.Context(), b); err != nil || len(r.Jobs) != keys {
					t.Errorf("%s: %d jobs, %v", kind, len(r.Jobs), err)
				}
			})
		}
		group.Wait()
	}
	adds("article", 4090, 4090)
	adds("page", 401, 100)
	counts, err := stores[0].CountJobs(t.Context(), time.Now())
	if err != nil || counts.ByKind["article"][store.JobWaiting] != len(stores)*4090 || counts.ByKind["page"][store.JobWaiting] != 401+100*(len(stores)-1) {
		t.Errorf("the jobs are %v, %v", counts.ByKind, err)
	}
}
