package storetest

import (
	"time"

	"stet/store"
)

func estateTests() []test {
	return []test{{"an archive's jobs, cursors and receipts are inherited", testEstate}}
}

// testEstate moves what is not in the journal to another store of the same
// kind.
func testEstate(e *env) {
	old, ok := e.Backend.(store.Estate)
	if !ok {
		return // it is optional
	}
	ctx := e.Context()
	enqueue := func(key string, l store.Lease) store.Enqueue {
		j := e.job("look", key)
		j.RunAt = e.clock.Now().Add(time.Hour)
		return store.Enqueue{Job: j, Lease: l}
	}
	first, err := e.Backend.Append(ctx, store.Batch{Key: "first", Enqueue: []store.Enqueue{
		enqueue("waiting", store.Lease{}), enqueue("leased", store.Lease{Owner: "w", Until: e.clock.Now().Add(time.Minute)}),
		enqueue("dead", store.Lease{Owner: "w", Until: e.clock.Now().Add(time.Minute)})}})
	e.must(err)
	_, err = e.Backend.Append(ctx, store.Batch{Key: "second", Finish: []store.Finish{
		{Job: first.Jobs[2].ID, Token: 1, Outcome: store.OutcomeDead, Error: "for good", ErrorClass: "invalid"}}})
	e.must(err)
	e.must(e.Backend.SetCursor(ctx, "alerts", 0, 7))

	cursors, err := old.AllCursors(ctx)
	e.must(err)
	e.same("cursors", cursors, map[string]uint64{"alerts": 7})
	receipts, err := old.Receipts(ctx, "", 1)
	e.must(err)
	more, err := old.Receipts(ctx, "first", 0)
	e.must(err)
	receipts = append(receipts, more...)
	if len(receipts) != 2 || receipts[0].Key != "first" || receipts[1].Key != "second" || len(receipts[0].Receipt.Jobs) != 3 {
		e.Fatalf("the receipts are %+v", receipts)
	}
	jobs, err := e.Backend.ListJobs(ctx, store.JobFilter{})
	e.must(err)

	next := e.config.Open(e.T, e.clock)
	legacy := store.Legacy{Jobs: jobs, Cursors: cursors, Receipts: receipts}
	for range 2 { // an interrupted move is done again
		e.must(next.Backend.(store.Estate).Inherit(ctx, legacy))
	}
	for i := range jobs {
		jobs[i] = store.Inherited(jobs[i])
	}
	got, err := next.Backend.ListJobs(ctx, store.JobFilter{})
	e.must(err)
	e.same("jobs", got, jobs)
	at, err := next.Backend.Cursor(ctx, "alerts")
	e.must(err)
	e.same("cursor", at, uint64(7))
	again, err := next.Backend.Append(ctx, store.Batch{Key: "first", Enqueue: []store.Enqueue{enqueue("another", store.Lease{})}})
	e.must(err)
	if !again.Repeated || len(again.Jobs) != 3 {
		e.Errorf("a batch of before is added again: %+v", again)
	}
	e.clock.Advance(2 * time.Hour)
	leased, err := next.Backend.Lease(ctx, store.LeaseRequest{Owner: "x", Now: e.clock.Now(), For: time.Minute, Limit: 10})
	e.must(err)
	if len(leased) != 2 {
		e.Fatalf("%d jobs are due, want the two that wait: %+v", len(leased), leased)
	}
	for _, j := range leased {
		if j.Key == "leased" && j.Lease.Token != 2 {
			e.Errorf("a job that was leased before has the token %d, want 2: an old outcome would count", j.Lease.Token)
		}
	}
}
