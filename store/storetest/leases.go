package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"stet/store"
)

func leaseTests() []test {
	return []test{
		{"a lease", testLease},
		{"due order", testDueOrder},
		{"hosts take turns", testHostTurns},
		{"kinds, hosts and priorities can be left out", testLeaseFilters},
		{"a job is held until its lease ends", testLeaseEnds},
		{"a late outcome is refused with its batch", testFencing},
		{"an ended lease is good until it is taken", testEndedLease},
		{"prolonging", testExtend},
		{"many workers share the work", testWorkers},
	}
}

func testLease(e *env) {
	want := e.enqueue("capture", "k")
	e.clock.Advance(time.Second)
	got := e.leaseOne("worker 1")
	want.State, want.Attempts = store.JobLeased, 1
	want.Lease = store.Lease{Owner: "worker 1", Token: 1, Until: e.clock.Now().Add(time.Minute)}
	e.same("leased job", got, want)
	e.same("leased job as kept", e.getJob(want.ID), want)
	e.same("leasing again", e.lease("worker 2", 5), []store.Job{})
}

// keysOf names leased jobs.
func keysOf(jobs []store.Job) []string {
	var keys []string
	for _, j := range jobs {
		keys = append(keys, j.Key)
	}
	return keys
}

func testDueOrder(e *env) {
	now := e.clock.Now()
	add := func(key string, priority int, due time.Duration) {
		e.enqueue("look", key, func(j *store.Job) {
			j.Priority, j.RunAt, j.Host = priority, now.Add(due), key+".example"
		})
	}
	add("not yet", 1, time.Microsecond)
	add("5 new", 5, 0)
	add("8 oldest", 8, -48*time.Hour)
	add("5 old", 5, -time.Hour)
	add("1 new", 1, 0)
	add("1 old", 1, -time.Minute)
	add("0", 0, 0)
	add("5 new too", 5, 0) // the id decides
	want := []string{"0", "1 old", "1 new", "5 old", "5 new", "5 new too", "8 oldest"}
	e.same("the first, without a limit", keysOf(e.lease("w", 0)), want[:1])
	e.same("the next three", keysOf(e.lease("w", 3)), want[1:4])
	e.same("the rest", keysOf(e.lease("w", 50)), want[4:])
	e.clock.Advance(time.Microsecond)
	e.same("once it is due", keysOf(e.lease("w", 50)), []string{"not yet"})
}

func testHostTurns(e *env) {
	now := e.clock.Now()
	add := func(host string, n int, priority int, due time.Duration) {
		for i := range n {
			e.enqueue("look", fmt.Sprintf("%s%d", host, i), func(j *store.Job) {
				j.Priority, j.Host, j.RunAt = priority, host, now.Add(due+time.Duration(i)*time.Second)
			})
		}
	}
	add("a", 40, 5, -time.Hour)
	add("b", 3, 5, -30*time.Minute)
	add("c", 1, 5, -10*time.Minute)
	add("", 2, 5, -20*time.Minute)
	add("late", 2, 8, -2*time.Hour)
	e.same("a few jobs", keysOf(e.lease("w", 7)), []string{"a0", "b0", "0", "c0", "a1", "b1", "1"})
	e.same("a few more", keysOf(e.lease("w", 4)), []string{"a2", "b2", "a3", "a4"})
	rest := keysOf(e.lease("w", 100))
	e.same("number of the rest", len(rest), 37)
	e.same("a lower priority", rest[35:], []string{"late0", "late1"})
}

func testLeaseFilters(e *env) {
	for _, j := range []struct {
		kind, host string
		priority   int
	}{{"capture", "a.example", 1}, {"look", "a.example", 5}, {"look", "b.example", 8}, {"page", "", 5}} {
		e.enqueue(j.kind, j.kind+j.host, func(job *store.Job) { job.Host, job.Priority = j.host, j.priority })
	}
	cases := []struct {
		name string
		r    store.LeaseRequest
		want []string
	}{
		{"a kind", store.LeaseRequest{Kinds: []string{"look"}}, []string{"looka.example", "lookb.example"}},
		{"kinds", store.LeaseRequest{Kinds: []string{"page", "capture", "never"}}, []string{"capturea.example", "page"}},
		{"a busy host", store.LeaseRequest{SkipHosts: []string{"a.example"}}, []string{"page", "lookb.example"}},
		{"busy hosts", store.LeaseRequest{SkipHosts: []string{"a.example", "b.example", "z.example"}}, []string{"page"}},
		{"a priority", store.LeaseRequest{MaxPriority: 5}, []string{"capturea.example", "looka.example", "page"}},
		{"all of them", store.LeaseRequest{MaxPriority: 7, Kinds: []string{"look"}, SkipHosts: []string{"b.example"}}, []string{"looka.example"}},
		{"nothing left", store.LeaseRequest{Kinds: []string{"never"}}, nil},
	}
	for _, c := range cases {
		c.r.Owner, c.r.Now, c.r.For, c.r.Limit = "w", e.clock.Now(), time.Minute, 10
		jobs, err := e.Backend.Lease(e.Context(), c.r)
		e.must(err)
		e.same(c.name, keysOf(jobs), c.want)
		for _, j := range jobs {
			e.must(e.finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeRelease, RunAt: j.RunAt}))
		}
	}
}

func testLeaseEnds(e *env) {
	j := e.enqueue("look", "k")
	e.leaseOne("a")
	e.clock.Advance(time.Minute - time.Microsecond)
	e.same("a moment before the end", e.lease("b", 1), []store.Job{})
	e.clock.Advance(time.Microsecond)
	got := e.leaseOne("b")
	// It goes on with the attempt that was begun.
	j.State, j.Attempts = store.JobLeased, 1
	j.Lease = store.Lease{Owner: "b", Token: 2, Until: e.clock.Now().Add(time.Minute)}
	e.same("taken by another", got, j)
	e.must(e.finish(store.Finish{Job: j.ID, Token: 2, Outcome: store.OutcomeRelease, RunAt: j.RunAt}))
	j.State, j.Attempts, j.Lease = store.JobWaiting, 0, store.Lease{Token: 2}
	e.same("given back", e.getJob(j.ID), j)
}

func testFencing(e *env) {
	j := e.enqueue("look", "k")
	slow := e.leaseOne("slow")
	e.clock.Advance(time.Minute)
	quick := e.leaseOne("quick")
	late := store.Batch{Key: "late", Records: []store.Record{e.record(e.look(ref(1)))},
		Finish:  []store.Finish{{Job: j.ID, Token: slow.Lease.Token, Outcome: store.OutcomeDone}},
		Enqueue: []store.Enqueue{{Job: e.job("look", "next")}}}
	_, err := e.Backend.Append(e.Context(), late)
	e.want(err, store.ErrConflict, "a late outcome")
	e.same("head", e.head(), uint64(0))
	jobs, err := e.Backend.ListJobs(e.Context(), store.JobFilter{})
	e.must(err)
	e.same("jobs", jobs, []store.Job{quick})
	for _, token := range []uint64{0, quick.Lease.Token + 1, 1 << 62} {
		e.want(e.finish(store.Finish{Job: j.ID, Token: token, Outcome: store.OutcomeRetry}), store.ErrConflict, "the token %d", token)
	}
	late.Finish[0].Token = quick.Lease.Token
	if r := e.commit(late); r.Repeated || r.First != 1 {
		e.Errorf("the outcome in time got %+v", r)
	}
}

func testEndedLease(e *env) {
	j := e.enqueue("look", "k")
	e.leaseOne("slow")
	e.clock.Advance(time.Hour)
	e.must(e.Backend.Extend(e.Context(), j.ID, 1, e.clock.Now().Add(time.Minute)))
	e.same("leasing a prolonged job", e.lease("other", 1), []store.Job{})
	e.clock.Advance(time.Hour)
	e.must(e.finish(store.Finish{Job: j.ID, Token: 1, Outcome: store.OutcomeDone}))
}

func testExtend(e *env) {
	e.enqueue("look", "k")
	want := e.leaseOne("w")
	until := e.clock.Now().Add(10 * time.Minute)
	e.must(e.Backend.Extend(e.Context(), want.ID, 1, until))
	want.Lease.Until = until
	e.same("a prolonged job", e.getJob(want.ID), want)
	e.clock.Advance(10*time.Minute - time.Microsecond)
	e.same("before its end", e.lease("other", 1), []store.Job{})
	e.clock.Advance(time.Microsecond)
	taken := e.leaseOne("other")
	e.want(e.Backend.Extend(e.Context(), want.ID, 1, until.Add(time.Hour)), store.ErrConflict, "prolonging what another took")
	e.same("the other's job", e.getJob(want.ID), taken)
	e.want(e.Backend.Extend(e.Context(), e.id(), 1, until), store.ErrConflict, "prolonging what never was")
	e.must(e.finish(store.Finish{Job: want.ID, Token: 2, Outcome: store.OutcomeDone}))
	e.want(e.Backend.Extend(e.Context(), want.ID, 2, until), store.ErrConflict, "prolonging what is done")
}

// testWorkers lets several goroutines do all jobs: each is done once.
func testWorkers(e *env) {
	const jobs = 120
	for i := range jobs {
		e.enqueue("look", fmt.Sprint(i), func(j *store.Job) { j.Host = fmt.Sprint("host", i%7); j.Priority = i % 3 })
	}
	var mu sync.Mutex
	var done []string
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for {
				leased, err := e.Backend.Lease(e.Context(), store.LeaseRequest{Owner: fmt.Sprint(w), Now: e.clock.Now(), For: time.Hour, Limit: 1 + w%3})
				if err != nil {
					e.Error(err)
					return
				}
				if len(leased) == 0 {
					return
				}
				for _, j := range leased {
					id, err := e.ids.New()
					if err != nil {
						e.Error(err)
						return
					}
					r, err := store.NewRecord(id, store.Salt(id), e.look(ref(w)))
					if err != nil {
						e.Error(err)
						return
					}
					_, err = e.Backend.Append(e.Context(), store.Batch{Records: []store.Record{r},
						Finish: []store.Finish{{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone}}})
					if err != nil {
						e.Errorf("finishing job %s: %v", j.Key, err)
						return
					}
					mu.Lock()
					done = append(done, j.Key)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	e.same("records", e.head(), uint64(jobs))
	slices.Sort(done)
	e.same("jobs done once", len(slices.Compact(done)), jobs)
	left, err := e.Backend.ListJobs(e.Context(), store.JobFilter{})
	e.must(err)
	e.same("jobs left", left, []store.Job{})
}
