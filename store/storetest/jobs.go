package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"stet/store"
)

func jobTests() []test {
	return []test{
		{"a job comes back as it was added", testJobRoundTrip},
		{"a new job waits whatever it says", testJobStartsWaiting},
		{"a key is unique while the job is kept", testJobKeys},
		{"earlier and replace", testReschedule},
		{"a job can be leased at once", testLeaseAtOnce},
		{"finish comes before enqueue", testFollowUp},
		{"done, retry, dead and release", testOutcomes},
		{"a person drops and revives", testDropRevive},
		{"an outcome that nobody knows", testUnknownOutcome},
		{"listing pages and filters", testListJobs},
		{"counting", testCountJobs},
	}
}

// job returns a job that is due at once.
func (e *env) job(kind, key string) store.Job {
	e.Helper()
	return store.Job{ID: e.id(), Kind: kind, Key: key, Host: "cdn.example", Payload: json.RawMessage(`{"ref":"twitter:1"}`),
		Priority: store.PrioritySchedule, Created: e.clock.Now(), RunAt: e.clock.Now(), State: store.JobWaiting}
}

// enqueue adds a job and returns it as it is kept.
func (e *env) enqueue(kind, key string, change ...func(*store.Job)) store.Job {
	e.Helper()
	j := e.job(kind, key)
	for _, f := range change {
		f(&j)
	}
	receipt := e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: j}}})
	e.same("jobs of the receipt", receipt.Jobs, []store.Job{j})
	return j
}

// lease leases up to limit jobs for a minute.
func (e *env) lease(owner string, limit int) []store.Job {
	e.Helper()
	jobs, err := e.Backend.Lease(e.Context(), store.LeaseRequest{Owner: owner, Now: e.clock.Now(), For: time.Minute, Limit: limit})
	e.must(err)
	return jobs
}

// leaseOne leases the only job that is due.
func (e *env) leaseOne(owner string) store.Job {
	e.Helper()
	jobs := e.lease(owner, 2)
	if len(jobs) != 1 {
		e.Fatalf("%d jobs are due, want one", len(jobs))
	}
	return jobs[0]
}

func (e *env) getJob(id store.ID) store.Job {
	e.Helper()
	j, err := e.Backend.Job(e.Context(), id)
	e.must(err)
	return j
}

func (e *env) finish(f store.Finish) error {
	_, err := e.Backend.Append(e.Context(), store.Batch{Finish: []store.Finish{f}})
	return err
}

// drain removes all jobs.
func (e *env) drain() {
	e.Helper()
	for {
		jobs, err := e.Backend.ListJobs(e.Context(), store.JobFilter{})
		e.must(err)
		if len(jobs) == 0 {
			return
		}
		var b store.Batch
		for _, j := range jobs {
			f := store.Finish{Job: j.ID, Outcome: store.OutcomeDrop}
			if j.State == store.JobLeased {
				f.Outcome, f.Token = store.OutcomeDone, j.Lease.Token
			}
			b.Finish = append(b.Finish, f)
		}
		e.commit(b)
	}
}

func testJobRoundTrip(e *env) {
	all := e.enqueue("capture", "twitter:1", func(j *store.Job) { j.RunAt = j.RunAt.Add(90 * time.Minute) })
	bare := e.enqueue("look", "", func(j *store.Job) { j.Host, j.Payload, j.Priority = "", nil, 0 })
	odd := e.enqueue("look", "\x00\xff key", func(j *store.Job) {
		j.Payload, j.Priority, j.Host = json.RawMessage(`["<&>","\u2028",1e400,{"x":null}]`), -3, "xn--bcher-kva.example:8443"
	})
	for _, want := range []store.Job{all, bare, odd} {
		e.same("job", e.getJob(want.ID), want)
	}
	_, err := e.Backend.Job(e.Context(), e.id())
	e.want(err, store.ErrNotFound, "a job that never was")
}

func testJobStartsWaiting(e *env) {
	j := e.job("look", "k")
	want := j
	j.State, j.Attempts, j.Error, j.ErrorClass = store.JobDead, 7, "old", "network"
	j.Lease = store.Lease{Owner: "w", Token: 9, Until: e.clock.Now().Add(time.Hour)}
	receipt := e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: j}}})
	e.same("jobs of the receipt", receipt.Jobs, []store.Job{want})
	e.same("job", e.getJob(j.ID), want)
}

func testJobKeys(e *env) {
	first := e.enqueue("capture", "k")
	other := e.enqueue("look", "k")
	e.enqueue("capture", "")
	e.enqueue("capture", "")
	again := e.job("capture", "k")
	again.Payload = json.RawMessage(`{"other":true}`)
	receipt := e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: again}, {Job: e.job("look", "k")}, {Job: e.job("look", "k2")}}})
	e.same("jobs of the receipt", idsOf(receipt.Jobs[:2]), []store.ID{first.ID, other.ID})
	e.same("the kept job", receipt.Jobs[0], first)
	_, err := e.Backend.Job(e.Context(), again.ID)
	e.want(err, store.ErrNotFound, "a job that was not needed")

	// Twice in one batch, the second time it finds the first.
	a, b := e.job("page", "twice"), e.job("page", "twice")
	receipt = e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: a}, {Job: b}}})
	e.same("the same key twice", idsOf(receipt.Jobs), []store.ID{a.ID, a.ID})

	// While it is leased or dead, the key is taken; once it is done, it is free.
	e.drain()
	kept := e.enqueue("capture", "k")
	leased := e.leaseOne("w")
	receipt = e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: e.job("capture", "k")}}})
	e.same("while it is leased", receipt.Jobs, []store.Job{leased})
	e.must(e.finish(store.Finish{Job: kept.ID, Token: 1, Outcome: store.OutcomeDead, Error: "no", ErrorClass: "refused"}))
	receipt = e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: e.job("capture", "k"), Earlier: true, Replace: true,
		Lease: store.Lease{Owner: "p", Until: e.clock.Now().Add(time.Hour)}}}})
	e.same("while it is dead", receipt.Jobs, []store.Job{e.getJob(kept.ID)})
	if receipt.Jobs[0].State != store.JobDead {
		e.Errorf("a dead job is %s after a new one of its key was added", receipt.Jobs[0].State)
	}
	e.must(e.finish(store.Finish{Job: kept.ID, Outcome: store.OutcomeDrop}))
	e.enqueue("capture", "k")
}

func testReschedule(e *env) {
	later := func(d time.Duration) time.Time { return e.clock.Now().Add(d) }
	cases := []struct {
		name             string
		earlier, replace bool
		runAt            time.Duration
		priority         int
		wantRunAt        time.Duration
		wantPriority     int
		wantPayload      bool
	}{
		{"neither", false, false, time.Minute, 1, time.Hour, 5, false},
		{"earlier in both", true, false, time.Minute, 1, time.Minute, 1, false},
		{"later in both", true, false, 2 * time.Hour, 9, time.Hour, 5, false},
		{"earlier in time only", true, false, time.Minute, 9, time.Minute, 5, false},
		{"earlier in priority only", true, false, 2 * time.Hour, 1, time.Hour, 1, false},
		{"replace with earlier", false, true, time.Minute, 1, time.Minute, 1, true},
		{"replace with later", false, true, 2 * time.Hour, 9, 2 * time.Hour, 9, true},
		{"both flags", true, true, 2 * time.Hour, 9, 2 * time.Hour, 9, true},
	}
	for _, c := range cases {
		kept := e.enqueue("look", "k", func(j *store.Job) { j.RunAt = later(time.Hour) })
		fresh := e.job("look", "k")
		fresh.RunAt, fresh.Priority, fresh.Payload = later(c.runAt), c.priority, json.RawMessage(`{"new":1}`)
		fresh.Host = "other.example"
		want := kept
		want.RunAt, want.Priority = later(c.wantRunAt), c.wantPriority
		if c.wantPayload {
			want.Payload = fresh.Payload
		}
		receipt := e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: fresh, Earlier: c.earlier, Replace: c.replace}}})
		e.same(c.name, receipt.Jobs, []store.Job{want})
		e.same(c.name+": as kept", e.getJob(kept.ID), want)

		// It is due when it says, not when it said.
		e.clock.Advance(c.wantRunAt - time.Microsecond)
		e.same(c.name+": due too early", e.lease("w", 1), []store.Job{})
		e.clock.Advance(time.Microsecond)
		leased := e.leaseOne("w")

		// While it is leased it stays as it is.
		receipt = e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: fresh, Earlier: true, Replace: true}}})
		e.same(c.name+": while leased", receipt.Jobs, []store.Job{leased})
		e.drain()
	}
}

func testLeaseAtOnce(e *env) {
	until := func(d time.Duration) time.Time { return e.clock.Now().Add(d) }
	at := func(owner string, d time.Duration) store.Lease {
		return store.Lease{Owner: owner, Until: until(d), Token: 99}
	}
	take := func(j store.Job, l store.Lease) store.Job {
		e.Helper()
		return e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: j, Lease: l}}}).Jobs[0]
	}
	// A new job, although it would be due only later.
	j := e.job("capture", "k")
	j.RunAt = until(time.Hour)
	want := j
	want.State, want.Attempts, want.Lease = store.JobLeased, 1, store.Lease{Owner: "a", Token: 1, Until: until(time.Minute)}
	e.same("a new job", take(j, at("a", time.Minute)), want)
	e.same("a new job as kept", e.getJob(j.ID), want)

	// Somebody holds it: nothing changes.
	e.same("a held job", take(e.job("capture", "k"), at("b", time.Hour)), want)

	// The lease has ended: it is given, with the next token.
	e.clock.Advance(time.Minute)
	want.Lease = store.Lease{Owner: "b", Token: 2, Until: until(time.Minute)}
	e.same("an ended lease", take(e.job("capture", "k"), at("b", time.Minute)), want)
	e.want(e.finish(store.Finish{Job: j.ID, Token: 1, Outcome: store.OutcomeDone}), store.ErrConflict, "the first owner's outcome")

	// It waits again: it is given, and rescheduled first.
	e.must(e.finish(store.Finish{Job: j.ID, Token: 2, Outcome: store.OutcomeRetry, RunAt: until(time.Hour), Error: "reset", ErrorClass: "network"}))
	fresh := e.job("capture", "k")
	fresh.Priority = store.PriorityPerson
	receipt := e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: fresh, Earlier: true, Lease: at("c", time.Minute)}}})
	want.RunAt, want.Priority, want.Error, want.ErrorClass = fresh.RunAt, fresh.Priority, "reset", "network"
	want.Attempts, want.Lease = 2, store.Lease{Owner: "c", Token: 3, Until: until(time.Minute)}
	e.same("a waiting job", receipt.Jobs, []store.Job{want})
	e.must(e.finish(store.Finish{Job: j.ID, Token: 3, Outcome: store.OutcomeDone}))
	_, err := e.Backend.Job(e.Context(), j.ID)
	e.want(err, store.ErrNotFound, "a job that is done")
}

func testFollowUp(e *env) {
	first := e.enqueue("look", "twitter:1")
	leased := e.leaseOne("w")
	next := e.job("look", "twitter:1")
	next.RunAt = e.clock.Now().Add(24 * time.Hour)
	receipt := e.commit(store.Batch{
		Records: []store.Record{e.record(e.look(ref(1)))},
		Finish:  []store.Finish{{Job: first.ID, Token: leased.Lease.Token, Outcome: store.OutcomeDone}},
		Enqueue: []store.Enqueue{{Job: next}},
	})
	e.same("jobs of the receipt", receipt.Jobs, []store.Job{next})
	e.same("first number", receipt.First, uint64(1))
	jobs, err := e.Backend.ListJobs(e.Context(), store.JobFilter{})
	e.must(err)
	e.same("jobs", jobs, []store.Job{next})

	// Each transition sees what the one before it did.
	twice := []store.Finish{{Job: next.ID, Outcome: store.OutcomeDrop}, {Job: next.ID, Outcome: store.OutcomeDrop}}
	_, err = e.Backend.Append(e.Context(), store.Batch{Finish: twice})
	e.want(err, store.ErrConflict, "dropping a job twice")
	e.same("job", e.getJob(next.ID), next)
}

func testOutcomes(e *env) {
	later := e.clock.Now().Add(30 * time.Second)
	payload := json.RawMessage(`{"round":2}`)
	cases := []struct {
		name   string
		finish store.Finish
		change func(j *store.Job)
	}{
		{"retry", store.Finish{Outcome: store.OutcomeRetry, RunAt: later, Error: "reset by peer", ErrorClass: "network"},
			func(j *store.Job) {
				j.State, j.RunAt, j.Attempts, j.Error, j.ErrorClass = store.JobWaiting, later, 1, "reset by peer", "network"
			}},
		{"retry with a payload", store.Finish{Outcome: store.OutcomeRetry, RunAt: later, Payload: payload},
			func(j *store.Job) { j.State, j.RunAt, j.Attempts, j.Payload = store.JobWaiting, later, 1, payload }},
		{"release", store.Finish{Outcome: store.OutcomeRelease, RunAt: later, Error: "not looked at", ErrorClass: "busy"},
			func(j *store.Job) { j.State, j.RunAt, j.Attempts = store.JobWaiting, later, 0 }},
		{"release with a payload", store.Finish{Outcome: store.OutcomeRelease, RunAt: later, Payload: payload},
			func(j *store.Job) { j.State, j.RunAt, j.Attempts, j.Payload = store.JobWaiting, later, 0, payload }},
		{"dead", store.Finish{Outcome: store.OutcomeDead, RunAt: later, Error: "no such post", ErrorClass: "invalid"},
			func(j *store.Job) {
				j.State, j.Attempts, j.Error, j.ErrorClass = store.JobDead, 1, "no such post", "invalid"
			}},
	}
	for _, c := range cases {
		want := e.enqueue("look", "k")
		c.finish.Job, c.finish.Token = want.ID, e.leaseOne("w").Lease.Token
		e.must(e.finish(c.finish))
		c.change(&want)
		want.Lease = store.Lease{Token: 1}
		e.same(c.name, e.getJob(want.ID), want)
		// The token is used up, whatever the job does now.
		e.want(e.finish(store.Finish{Job: want.ID, Token: 1, Outcome: store.OutcomeDone}), store.ErrConflict, "%s: a second outcome", c.name)
		e.want(e.Backend.Extend(e.Context(), want.ID, 1, later), store.ErrConflict, "%s: prolonging", c.name)
		e.same(c.name+": due too early", e.lease("w", 1), []store.Job{})
		if want.State == store.JobWaiting {
			e.clock.Advance(30 * time.Second)
			again := e.leaseOne("v")
			if again.Lease.Token != 2 || again.Attempts != want.Attempts+1 {
				e.Errorf("%s: leased again with token %d and %d attempts, want 2 and %d", c.name, again.Lease.Token, again.Attempts, want.Attempts+1)
			}
			e.clock.Advance(-30 * time.Second)
		}
		e.drain()
	}
	done := e.enqueue("look", "k")
	e.must(e.finish(store.Finish{Job: done.ID, Token: e.leaseOne("w").Lease.Token, Outcome: store.OutcomeDone}))
	_, err := e.Backend.Job(e.Context(), done.ID)
	e.want(err, store.ErrNotFound, "a job that is done")

	// The sentence of a failure stays through a release, until it is revived.
	j := e.enqueue("look", "k")
	e.must(e.finish(store.Finish{Job: j.ID, Token: e.leaseOne("w").Lease.Token, Outcome: store.OutcomeRetry, RunAt: e.clock.Now(), Error: "first"}))
	e.must(e.finish(store.Finish{Job: j.ID, Token: e.leaseOne("w").Lease.Token, Outcome: store.OutcomeRelease, RunAt: e.clock.Now()}))
	e.same("error after a release", e.getJob(j.ID).Error, "first")
}

func testDropRevive(e *env) {
	runAt := e.clock.Now().Add(10 * time.Second)
	revive := func(id store.ID) error {
		return e.finish(store.Finish{Job: id, Outcome: store.OutcomeRevive, RunAt: runAt})
	}
	drop := func(id store.ID) error { return e.finish(store.Finish{Job: id, Outcome: store.OutcomeDrop}) }

	want := e.enqueue("look", "k")
	leased := e.leaseOne("w")
	e.want(drop(want.ID), store.ErrConflict, "dropping a held job")
	e.want(revive(want.ID), store.ErrConflict, "reviving a held job")
	e.same("a held job", e.getJob(want.ID), leased)
	e.must(e.finish(store.Finish{Job: want.ID, Token: 1, Outcome: store.OutcomeDead, Error: "no", ErrorClass: "refused"}))
	e.same("a dead job is not due", e.lease("w", 1), []store.Job{})
	e.must(revive(want.ID))
	want.RunAt, want.Lease = runAt, store.Lease{Token: 1}
	e.same("a revived job", e.getJob(want.ID), want)
	e.same("due too early", e.lease("w", 1), []store.Job{})
	e.clock.Advance(10 * time.Second)
	if j := e.leaseOne("w"); j.Lease.Token != 2 || j.Attempts != 1 {
		e.Errorf("a revived job is leased with token %d and %d attempts, want 2 and 1", j.Lease.Token, j.Attempts)
	}
	e.clock.Advance(time.Minute)
	e.must(drop(want.ID)) // its lease has ended
	_, err := e.Backend.Job(e.Context(), want.ID)
	e.want(err, store.ErrNotFound, "a dropped job")
	e.want(drop(want.ID), store.ErrConflict, "dropping a job that is not there")
	e.want(revive(want.ID), store.ErrConflict, "reviving a job that is not there")

	waiting := e.enqueue("look", "k")
	e.must(revive(waiting.ID))
	e.must(drop(waiting.ID))
	e.same("leasing after dropping", e.lease("w", 1), []store.Job{})
}

func testUnknownOutcome(e *env) {
	j := e.enqueue("look", "k")
	leased := e.leaseOne("w")
	e.want(e.finish(store.Finish{Job: j.ID, Token: 1, Outcome: "celebrated"}), store.ErrInvalid, "an outcome that nobody knows")
	e.same("job", e.getJob(j.ID), leased)
}

func testListJobs(e *env) {
	var all []store.Job
	for i := range 30 {
		kind := []string{"capture", "look", "page"}[i%3]
		all = append(all, e.enqueue(kind, fmt.Sprint(i), func(j *store.Job) {
			j.Priority = i % 4
			if i >= 20 {
				j.RunAt = j.RunAt.Add(time.Hour)
			}
		}))
	}
	for n, j := range e.lease("w", 12) {
		if n%2 == 0 {
			e.must(e.finish(store.Finish{Job: j.ID, Token: 1, Outcome: store.OutcomeDead, Error: "no"}))
		}
	}
	for i := range all {
		all[i] = e.getJob(all[i].ID)
	}
	states := [][]store.JobState{nil, {store.JobWaiting}, {store.JobDead, store.JobLeased}, {"unheard-of"}}
	kinds := [][]string{nil, {"look"}, {"page", "capture"}, {"unheard-of"}}
	for _, s := range states {
		for _, k := range kinds {
			for _, limit := range []int{0, 1, 7} {
				var want, got []store.Job
				for _, j := range all {
					if (s == nil || slices.Contains(s, j.State)) && (k == nil || slices.Contains(k, j.Kind)) {
						want = append(want, j)
					}
				}
				f := store.JobFilter{States: s, Kinds: k, Limit: limit}
				for {
					page, err := e.Backend.ListJobs(e.Context(), f)
					e.must(err)
					if limit > 0 && len(page) > limit {
						e.Fatalf("asked for %d jobs, got %d", limit, len(page))
					}
					if len(page) == 0 {
						break
					}
					got = append(got, page...)
					if len(got) > len(want) {
						e.Fatal("the pages do not end")
					}
					f.After = page[len(page)-1].ID
				}
				e.same(fmt.Sprintf("jobs of %v %v by %d", s, k, limit), got, want)
			}
		}
	}
	for i := range 101 - len(all) {
		e.enqueue("look", fmt.Sprint("more ", i))
	}
	page, err := e.Backend.ListJobs(e.Context(), store.JobFilter{})
	e.must(err)
	e.same("jobs without a limit", len(page), 100)
}

func testCountJobs(e *env) {
	count := func(want store.JobCounts) {
		e.Helper()
		got, err := e.Backend.CountJobs(e.Context(), e.clock.Now())
		e.must(err)
		e.same("counts", got, want)
	}
	count(store.JobCounts{})
	soon := e.clock.Now().Add(time.Minute)
	a := e.enqueue("capture", "a")
	e.enqueue("look", "b", func(j *store.Job) { j.RunAt = soon })
	e.enqueue("look", "c", func(j *store.Job) { j.RunAt = soon.Add(time.Hour) })
	count(store.JobCounts{Due: 1, NextAt: a.RunAt, ByKind: map[string]map[store.JobState]int{
		"capture": {store.JobWaiting: 1}, "look": {store.JobWaiting: 2}}})
	e.leaseOne("w")
	count(store.JobCounts{NextAt: soon, ByKind: map[string]map[store.JobState]int{
		"capture": {store.JobLeased: 1}, "look": {store.JobWaiting: 2}}})
	e.clock.Advance(time.Minute)
	count(store.JobCounts{Due: 1, NextAt: soon, ByKind: map[string]map[store.JobState]int{
		"capture": {store.JobLeased: 1}, "look": {store.JobWaiting: 2}}})
	e.must(e.finish(store.Finish{Job: a.ID, Token: 1, Outcome: store.OutcomeDead}))
	count(store.JobCounts{Due: 1, NextAt: soon, ByKind: map[string]map[store.JobState]int{
		"capture": {store.JobDead: 1}, "look": {store.JobWaiting: 2}}})
	e.drain()
	count(store.JobCounts{})
}
