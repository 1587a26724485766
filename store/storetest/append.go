package storetest

import (
	"context"
	"slices"
	"testing"

	"stet/store"
)

func appendTests() []test {
	return []test{
		{"an empty store holds nothing", testEmpty},
		{"numbers are consecutive from one", testNumbers},
		{"an empty batch adds nothing", testEmptyBatch},
		{"a refused batch leaves nothing", testWholeOrNothing},
		{"an id can be used once", testDuplicateIDs},
		{"a key makes a batch idempotent", testIdempotency},
		{"the key of a refused batch is free", testKeyOfRefused},
		{"a blob must be stored before its record", testBlobFirst},
		{"a context that has ended", testAppendCanceled},
		{"nothing is shared with the caller", testOwnership},
		{"a large batch", testLargeBatch},
	}
}

func testEmpty(e *env) {
	ctx := e.Context()
	e.same("head", e.head(), uint64(0))
	records, err := e.Backend.Read(ctx, 0, 0)
	e.must(err)
	e.same("records", records, []store.Record{})
	leaves, err := e.Backend.Leaves(ctx, 0, 0)
	e.must(err)
	e.same("leaves", leaves, []store.Hash{})
	page, err := e.Backend.List(ctx, store.Query{Term: store.RefTerm(ref(1))})
	e.must(err)
	e.same("page", page, store.Page{})
	values, err := e.Backend.Values(ctx, store.IndexRef, "", "", 0)
	e.must(err)
	e.same("values", values, []string{})
	_, err = e.Backend.Get(ctx, e.id())
	e.want(err, store.ErrNotFound, "getting a record that is not there")
	jobs, err := e.Backend.Lease(ctx, store.LeaseRequest{Owner: "w", Now: e.clock.Now(), For: 1, Limit: 5})
	e.must(err)
	e.same("jobs", jobs, []store.Job{})
}

func testNumbers(e *env) {
	next := uint64(1)
	for n := range 5 {
		var b store.Batch
		for i := range n + 1 {
			b.Records = append(b.Records, e.record(e.look(ref(i))))
		}
		got := e.commit(b)
		e.same("receipt", got, store.Receipt{First: next, Last: next + uint64(n)})
		for i, want := range stored(b.Records, got) {
			r, err := e.Backend.Get(e.Context(), want.ID)
			e.must(err)
			e.same("record", r, want)
			if r.Seq != next+uint64(i) {
				e.Errorf("record %d of the batch has the number %d, want %d", i, r.Seq, next+uint64(i))
			}
		}
		next = got.Last + 1
	}
	e.same("head", e.head(), next-1)
}

func testEmptyBatch(e *env) {
	e.add(e.look(ref(1)))
	e.same("receipt", e.commit(store.Batch{}), store.Receipt{})
	e.same("receipt with a key", e.commit(store.Batch{Key: "nothing"}), store.Receipt{})
	e.same("receipt of the repetition", e.commit(store.Batch{Key: "nothing"}), store.Receipt{Repeated: true})
	e.same("head", e.head(), uint64(1))
}

// testWholeOrNothing refuses batches for each reason that a backend has, and
// asks whether anything of them stayed.
func testWholeOrNothing(e *env) {
	kept := e.add(e.look(ref(1)))[0]
	job := e.enqueue("capture", "kept")
	good := func(n int) store.Record { return e.record(e.look(ref(n))) }
	missing := store.BlobInfo{Digest: store.DigestOf([]byte("never stored")), Size: 12}
	again := good(2)
	again.ID = kept.ID
	cases := []struct {
		name  string
		batch store.Batch
		class error
	}{
		{"an id that exists", store.Batch{Records: []store.Record{good(3), again, good(4)}}, store.ErrConflict},
		{"a blob that is not stored", store.Batch{Records: []store.Record{good(5), e.record(e.withMedia(ref(6), missing))}}, store.ErrInvalid},
		{"a stale outcome", store.Batch{Records: []store.Record{good(7)},
			Finish: []store.Finish{{Job: job.ID, Token: 1, Outcome: store.OutcomeDone}}}, store.ErrConflict},
		{"an outcome of a job that never was", store.Batch{Records: []store.Record{good(8)},
			Finish: []store.Finish{{Job: e.id(), Token: 1, Outcome: store.OutcomeDone}}}, store.ErrConflict},
		{"the id of a job that exists", store.Batch{Records: []store.Record{good(9)},
			Enqueue: []store.Enqueue{{Job: e.job("look", "new")}, {Job: store.Job{ID: job.ID, Kind: "look"}}}}, store.ErrConflict},
		{"a good transition before a stale one", store.Batch{Finish: []store.Finish{
			{Job: job.ID, Outcome: store.OutcomeRevive, RunAt: start().AddDate(1, 0, 0)},
			{Job: e.id(), Outcome: store.OutcomeDone}}}, store.ErrConflict},
	}
	for _, c := range cases {
		c.batch.Key = "key of " + c.name
		receipt, err := e.Backend.Append(e.Context(), c.batch)
		e.want(err, c.class, "%s", c.name)
		e.same("receipt of "+c.name, receipt, store.Receipt{})
		e.same("head after "+c.name, e.head(), kept.Seq)
		for _, r := range c.batch.Records {
			if r.ID == kept.ID {
				continue
			}
			_, err := e.Backend.Get(e.Context(), r.ID)
			e.want(err, store.ErrNotFound, "a record of the batch with %s", c.name)
		}
	}
	values, err := e.Backend.Values(e.Context(), store.IndexRef, "", "", 0)
	e.must(err)
	e.same("values", values, []string{ref(1).String()})
	jobs, err := e.Backend.ListJobs(e.Context(), store.JobFilter{})
	e.must(err)
	e.same("jobs", jobs, []store.Job{job})
	e.same("the next number", e.add(e.look(ref(1)))[0].Seq, kept.Seq+1)
}

func testDuplicateIDs(e *env) {
	r := e.record(e.look(ref(1)))
	first := e.addRecords(r)[0]
	other := e.recordAs(r.ID, e.look(ref(2)))
	_, err := e.Backend.Append(e.Context(), store.Batch{Records: []store.Record{other}})
	e.want(err, store.ErrConflict, "an id of an earlier batch")
	twice := e.record(e.look(ref(3)))
	_, err = e.Backend.Append(e.Context(), store.Batch{Records: []store.Record{twice, twice}})
	e.want(err, store.ErrConflict, "an id twice in a batch")
	got, err := e.Backend.Get(e.Context(), r.ID)
	e.must(err)
	e.same("the first record", got, first)

	// Ids that share all but the last byte, or all but the first ones, are
	// different ids.
	near := r.ID
	near[15] ^= 0xff
	far := r.ID
	far[0] ^= 0x01
	for _, id := range []store.ID{near, far} {
		want := e.addRecords(e.recordAs(id, e.look(ref(4))))[0]
		got, err := e.Backend.Get(e.Context(), id)
		e.must(err)
		e.same("a record with a similar id", got, want)
	}
}

func testIdempotency(e *env) {
	batch := func(key string) store.Batch {
		return store.Batch{Key: key, Records: []store.Record{e.record(e.look(ref(1))), e.record(e.look(ref(2)))},
			Enqueue: []store.Enqueue{{Job: e.job("look", "of "+key)}, {Job: e.job("look", "")}}}
	}
	first := e.commit(batch("a"))
	e.commit(batch("b"))
	e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: e.job("look", "x")}}})

	stale := batch("a")
	stale.Finish = []store.Finish{{Job: e.id(), Token: 9, Outcome: store.OutcomeDone}}
	again := e.commit(stale)
	if !again.Repeated || again.First != first.First || again.Last != first.Last {
		e.Errorf("the repeated batch got %+v, want that of the first, repeated: %+v", again, first)
	}
	e.same("jobs of the repeated batch", idsOf(again.Jobs), idsOf(first.Jobs))
	e.same("head", e.head(), uint64(4))
	jobs, err := e.Backend.ListJobs(e.Context(), store.JobFilter{})
	e.must(err)
	e.same("number of jobs", len(jobs), 5)

	// Empty keys are not compared; keys are bytes, and one may begin another.
	for _, key := range []string{"", "", "a\x00", "A", "a ", "\xff\xfe"} {
		if r := e.commit(store.Batch{Key: key, Records: []store.Record{e.record(e.look(ref(3)))}}); r.Repeated {
			e.Errorf("the batch with the key %q counted as a repetition", key)
		}
	}
}

func idsOf(jobs []store.Job) []store.ID {
	var ids []store.ID
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	return ids
}

func testKeyOfRefused(e *env) {
	bad := e.record(e.withMedia(ref(1), store.BlobInfo{Digest: store.DigestOf([]byte("absent"))}))
	_, err := e.Backend.Append(e.Context(), store.Batch{Key: "k", Records: []store.Record{bad}})
	e.want(err, store.ErrInvalid, "a blob that is not stored")
	if r := e.commit(store.Batch{Key: "k", Records: []store.Record{e.record(e.look(ref(1)))}}); r.Repeated || r.First != 1 {
		e.Errorf("the key of a refused batch counts: %+v", r)
	}
}

func testBlobFirst(e *env) {
	info := e.keep("a small picture")
	c := e.withMedia(ref(1), info, info)
	want := e.add(c)[0]
	e.same("records of the blob", e.seqs(store.BlobTerm(info.Digest)), []uint64{want.Seq})

	x := e.exchange("")
	x.TLS = &store.TLS{Version: "tls/1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "cdn.example", Chain: store.DigestOf([]byte("chain"))}
	_, err := e.Backend.Append(e.Context(), store.Batch{Records: []store.Record{e.record(x)}})
	e.want(err, store.ErrInvalid, "certificates that are not stored")
	x.TLS.Chain = e.keep("chain").Digest
	e.add(x)
}

func testAppendCanceled(e *env) {
	ctx, cancel := context.WithCancel(e.Context())
	cancel()
	r := e.record(e.look(ref(1)))
	_, err := e.Backend.Append(ctx, store.Batch{Records: []store.Record{r}})
	e.want(err, context.Canceled, "appending")
	e.same("head", e.head(), uint64(0))
	e.same("number when tried again", e.addRecords(r)[0].Seq, uint64(1))

	calls := map[string]func() error{
		"Get":       func() error { _, err := e.Backend.Get(ctx, r.ID); return err },
		"List":      func() error { _, err := e.Backend.List(ctx, store.Query{Term: store.RefTerm(ref(1))}); return err },
		"Values":    func() error { _, err := e.Backend.Values(ctx, store.IndexRef, "", "", 0); return err },
		"Read":      func() error { _, err := e.Backend.Read(ctx, 0, 0); return err },
		"Leaves":    func() error { _, err := e.Backend.Leaves(ctx, 0, 0); return err },
		"Lease":     func() error { _, err := e.Backend.Lease(ctx, store.LeaseRequest{Owner: "w", For: 1}); return err },
		"SetCursor": func() error { return e.Backend.SetCursor(ctx, "c", 0, 1) },
		"Remove":    func() error { return e.Blobs.Remove(ctx, store.DigestOf(nil)) },
	}
	for name, call := range calls {
		e.want(call(), context.Canceled, "%s", name)
	}
	at, err := e.Backend.Cursor(e.Context(), "c")
	e.must(err)
	e.same("cursor", at, uint64(0))
}

// testOwnership changes everything that it passed or got, and asks whether the
// store noticed.
func testOwnership(e *env) {
	spoil := func(r *store.Record) {
		for i := range r.Fields {
			for j := range r.Fields[i].Value {
				r.Fields[i].Value[j] ^= 0xff
			}
			if r.Fields[i].Removed != nil {
				r.Fields[i].Removed[0] ^= 0xff
			}
			r.Fields[i].Name = "spoilt"
		}
		for i := range r.Terms {
			r.Terms[i].Value = "spoilt"
		}
	}
	whole := e.record(e.exchange(`{"a":1}`, ref(1)))
	removed := e.record(e.derivation(ref(1), whole.ID, "ada"))
	removed = removed.Remove("post")
	j := e.job("look", "j")
	batch := store.Batch{Records: []store.Record{whole, removed}, Enqueue: []store.Enqueue{{Job: j}}}
	want := stored(clone(batch.Records), store.Receipt{First: 1})
	wantJob := j
	wantJob.Payload = slices.Clone(j.Payload)

	receipt := e.commit(batch)
	for i := range batch.Records {
		spoil(&batch.Records[i])
	}
	spoilJob := func(j *store.Job) { copy(j.Payload, "XXXXXXXX") }
	spoilJob(&batch.Enqueue[0].Job)
	spoilJob(&receipt.Jobs[0])

	for round := range 2 {
		got, err := e.Backend.Get(e.Context(), whole.ID)
		e.must(err)
		e.same("Get", got, want[0])
		page, err := e.Backend.List(e.Context(), store.Query{Term: store.RefTerm(ref(1))})
		e.must(err)
		e.same("List", page.Records, want)
		read, err := e.Backend.Read(e.Context(), 0, 0)
		e.must(err)
		e.same("Read", read, want)
		job, err := e.Backend.Job(e.Context(), j.ID)
		e.must(err)
		e.same("Job", job, wantJob)
		if round == 0 {
			spoil(&got)
			for i := range want {
				spoil(&page.Records[i])
				spoil(&read[i])
			}
			spoilJob(&job)
		}
	}
	e.add(naming(removed))
}

func clone(records []store.Record) []store.Record {
	out := slices.Clone(records)
	for i := range out {
		out[i].Fields = slices.Clone(out[i].Fields)
		for k := range out[i].Fields {
			f := &out[i].Fields[k]
			f.Value = slices.Clone(f.Value)
			if f.Removed != nil {
				h := *f.Removed
				f.Removed = &h
			}
		}
		out[i].Terms = slices.Clone(out[i].Terms)
	}
	return out
}

func testLargeBatch(e *env) {
	if testing.Short() {
		e.Skip("a large batch takes long")
	}
	x := e.exchange(string(e.rand.bytes(store.MaxFieldSize)), ref(1))
	b := store.Batch{Records: []store.Record{e.record(x)}}
	for i := range store.MaxBatchRecords - 1 {
		b.Records = append(b.Records, e.record(e.look(ref(i))))
	}
	want := stored(b.Records, e.commit(b))
	for _, i := range []int{0, 1, 256, len(want) - 1} {
		got, err := e.Backend.Get(e.Context(), want[i].ID)
		e.must(err)
		e.same("record", got, want[i])
	}
	e.same("head", e.head(), uint64(store.MaxBatchRecords))
}
