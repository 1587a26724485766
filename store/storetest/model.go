package storetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

func modelTests() []test {
	return []test{{"random operations do what the reference does", testModel}}
}

// testModel does random sequences of operations on the backend under test and
// on the reference, and compares every answer. All sequences share one backend;
// each begins without jobs and counts from the journal's end.
func testModel(e *env) {
	run := 0
	rapid.Check(e.T, func(t *rapid.T) {
		e.drain()
		run++
		m := &model{env: e, ref: mem.New(mem.Options{Now: e.clock.Now}), base: e.head(), run: run, wholes: map[store.ID]store.Record{}}
		t.Repeat(map[string]func(*rapid.T){
			"append": m.append,
			"redact": m.redact,
			"lease":  m.lease,
			"extend": m.extend,
			"list":   m.list,
			"values": m.values,
			"read":   m.read,
			"jobs":   m.jobs,
			"cursor": m.cursor,
			"time":   m.advance,
			"":       m.compareHeads,
		})
	})
}

// model is one sequence.
type model struct {
	*env
	ref  *mem.Store
	base uint64
	run  int

	records []store.ID
	wholes  map[store.ID]store.Record
	known   []store.Job // jobs as they were seen last, also those that are gone
	keys    []string
}

// agree fails where the two stores answered differently.
func (m *model) agree(t *rapid.T, what string, got, want any, gotErr, wantErr error) {
	if g, w := store.ClassOf(gotErr).Name, store.ClassOf(wantErr).Name; g != w {
		t.Fatalf("%s: got the error %v, the reference has %v", what, gotErr, wantErr)
	}
	if reflect.DeepEqual(got, want) {
		return
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s (- reference, + got):\n%s", what, d)
	}
}

// shift brings numbers of the reference to those of the backend.
func (m *model) shift(records []store.Record) []store.Record {
	for i := range records {
		records[i].Seq += m.base
	}
	return records
}

func (m *model) compareHeads(t *rapid.T) {
	got, err := m.Backend.Head(m.Context())
	want, wantErr := m.ref.Head(m.Context())
	m.agree(t, "head", got, want+m.base, err, wantErr)
}

// anyRef draws a post; each run has posts of its own.
func (m *model) anyRef(t *rapid.T) post.Ref {
	return post.Ref{Platform: post.Twitter, ID: fmt.Sprintf("%d-%d", m.run, rapid.IntRange(0, 4).Draw(t, "post"))}
}

func (m *model) anyRecord(t *rapid.T) store.Record {
	id := m.id()
	if len(m.records) > 0 && rapid.IntRange(0, 19).Draw(t, "repeat an id") == 0 {
		id = rapid.SampledFrom(m.records).Draw(t, "id")
	}
	r := m.anyRef(t)
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return m.recordAs(id, m.capture(r))
	case 1:
		return m.recordAs(id, m.exchange(rapid.StringN(0, 50, -1).Draw(t, "body"), r))
	case 2:
		key := rapid.SampledFrom([]string{"a", "a\x00", "b/c"}).Draw(t, "article")
		return m.recordAs(id, m.article(fmt.Sprint(m.run, key), r))
	}
	return m.recordAs(id, m.look(r))
}

func (m *model) anyTime(t *rapid.T) time.Time {
	return m.clock.Now().Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "minutes")) * time.Minute)
}

func (m *model) anyEnqueue(t *rapid.T) store.Enqueue {
	q := store.Enqueue{Job: m.job(rapid.SampledFrom([]string{"capture", "look"}).Draw(t, "kind"), "")}
	if k := rapid.IntRange(0, 5).Draw(t, "key"); k > 0 {
		q.Job.Key = fmt.Sprint(k)
	}
	q.Job.Host = rapid.SampledFrom([]string{"", "a.example", "b.example"}).Draw(t, "host")
	q.Job.Priority = rapid.IntRange(1, 3).Draw(t, "priority")
	q.Job.RunAt = m.anyTime(t)
	q.Job.Payload = json.RawMessage(fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "payload")))
	q.Earlier = rapid.Bool().Draw(t, "earlier")
	q.Replace = rapid.IntRange(0, 3).Draw(t, "replace") == 0
	if rapid.IntRange(0, 2).Draw(t, "lease") == 0 {
		q.Lease = store.Lease{Owner: "creator", Until: m.clock.Now().Add(time.Minute)}
	}
	return q
}

func (m *model) anyFinish(t *rapid.T) store.Finish {
	j := rapid.SampledFrom(m.known).Draw(t, "job")
	f := store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: rapid.SampledFrom(store.Outcomes()).Draw(t, "outcome"), RunAt: m.anyTime(t)}
	switch rapid.IntRange(0, 9).Draw(t, "twist") {
	case 0:
		f.Token++
	case 1:
		f.Payload = json.RawMessage(`"fresh"`)
	case 2:
		f.Error, f.ErrorClass = "reset", "network"
	}
	return f
}

func (m *model) anyBatch(t *rapid.T) store.Batch {
	var b store.Batch
	for range rapid.IntRange(0, 4).Draw(t, "records") {
		b.Records = append(b.Records, m.anyRecord(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "new jobs") {
		b.Enqueue = append(b.Enqueue, m.anyEnqueue(t))
	}
	if len(m.known) > 0 {
		for range rapid.IntRange(0, 2).Draw(t, "outcomes") {
			b.Finish = append(b.Finish, m.anyFinish(t))
		}
	}
	switch rapid.IntRange(0, 5).Draw(t, "key of the batch") {
	case 0:
		b.Key = fmt.Sprint(m.run, " ", m.id())
	case 1:
		if len(m.keys) > 0 {
			b.Key = rapid.SampledFrom(m.keys).Draw(t, "old key")
		}
	}
	return b
}

func (m *model) append(t *rapid.T) {
	b := m.anyBatch(t)
	want, wantErr := m.ref.Append(m.Context(), b)
	got, err := m.Backend.Append(m.Context(), b)
	if want.First > 0 {
		want.First += m.base
		want.Last += m.base
	}
	m.agree(t, "append", got, want, err, wantErr)
	if err != nil || got.Repeated {
		return
	}
	m.see(got.Jobs...)
	for i := range b.Records {
		m.records = append(m.records, b.Records[i].ID)
		m.wholes[b.Records[i].ID] = b.Records[i]
	}
	if b.Key != "" {
		m.keys = append(m.keys, b.Key)
	}
}

// redact takes content out of some of the records, or puts it back.
func (m *model) redact(t *rapid.T) {
	if len(m.records) == 0 {
		t.Skip("there is no record")
	}
	act := &store.Redaction{Time: m.clock.Now(), Act: store.RedactionRemove}
	var changed []store.Record
	for range rapid.IntRange(1, 4).Draw(t, "changed") {
		id := rapid.SampledFrom(m.records).Draw(t, "record")
		r, err := m.ref.Get(m.Context(), id)
		m.must(err)
		fields := store.ContentFields(&r)
		next := m.wholes[id]
		if len(fields) > 0 && !rapid.Bool().Draw(t, "put back") {
			n := rapid.IntRange(0, len(fields)-1).Draw(t, "fields")
			if next, err = store.Without(&r, fields[n:]...); err != nil { // what it is about is gone already
				t.Skip(err)
			}
		}
		changed = append(changed, next)
		act.Records = append(act.Records, store.RedactedRecord{ID: id, Fields: fields})
	}
	b := store.Batch{Records: []store.Record{m.recordAs(m.id(), act)}}
	want, wantErr := m.ref.Redact(m.Context(), b, changed)
	got, err := m.Backend.(store.Redactor).Redact(m.Context(), b, changed)
	if want.First > 0 {
		want.First += m.base
		want.Last += m.base
	}
	m.agree(t, "redact", got, want, err, wantErr)
}

// see notes jobs for later outcomes.
func (m *model) see(jobs ...store.Job) {
	for _, j := range jobs {
		m.known = slices.DeleteFunc(m.known, func(o store.Job) bool { return o.ID == j.ID })
		m.known = append(m.known, j)
	}
}

func (m *model) lease(t *rapid.T) {
	r := store.LeaseRequest{Owner: "worker", Now: m.clock.Now(), For: time.Minute, Limit: rapid.IntRange(0, 4).Draw(t, "limit"),
		MaxPriority: rapid.IntRange(0, 3).Draw(t, "priority")}
	if rapid.Bool().Draw(t, "skip") {
		r.SkipHosts = []string{"a.example"}
	}
	if rapid.IntRange(0, 3).Draw(t, "of a kind") == 0 {
		r.Kinds = []string{"look"}
	}
	want, wantErr := m.ref.Lease(m.Context(), r)
	got, err := m.Backend.Lease(m.Context(), r)
	m.agree(t, "lease", got, want, err, wantErr)
	m.see(got...)
}

func (m *model) extend(t *rapid.T) {
	if len(m.known) == 0 {
		t.Skip("no job is known")
	}
	j := rapid.SampledFrom(m.known).Draw(t, "job")
	until := m.anyTime(t)
	wantErr := m.ref.Extend(m.Context(), j.ID, j.Lease.Token, until)
	err := m.Backend.Extend(m.Context(), j.ID, j.Lease.Token, until)
	m.agree(t, "extend", nil, nil, err, wantErr)
}

func (m *model) list(t *rapid.T) {
	head, err := m.ref.Head(m.Context())
	m.must(err)
	q := store.Query{Term: store.RefTerm(m.anyRef(t)), Limit: rapid.IntRange(0, 3).Draw(t, "limit"), Newest: rapid.Bool().Draw(t, "newest"),
		After: rapid.Uint64Range(0, head+1).Draw(t, "after"), Before: rapid.Uint64Range(0, head+1).Draw(t, "before")}
	if rapid.Bool().Draw(t, "of kinds") {
		q.Kinds = []store.Kind{store.KindLook, store.KindCapture}
	}
	want, wantErr := m.ref.List(m.Context(), q)
	q.After += m.base
	if q.Before > 0 {
		q.Before += m.base
	}
	got, err := m.Backend.List(m.Context(), q)
	m.shift(want.Records)
	m.agree(t, "list", got, want, err, wantErr)
}

func (m *model) values(t *rapid.T) {
	prefix := fmt.Sprintf("twitter:%d-", m.run)
	after := rapid.SampledFrom([]string{"", prefix + "0", prefix + "25", "zz"}).Draw(t, "after")
	limit := rapid.IntRange(0, 3).Draw(t, "limit")
	want, wantErr := m.ref.Values(m.Context(), store.IndexRef, prefix, after, limit)
	got, err := m.Backend.Values(m.Context(), store.IndexRef, prefix, after, limit)
	m.agree(t, "values", got, want, err, wantErr)
}

func (m *model) read(t *rapid.T) {
	head, err := m.ref.Head(m.Context())
	m.must(err)
	after, limit := rapid.Uint64Range(0, head).Draw(t, "after"), rapid.IntRange(0, 5).Draw(t, "limit")
	want, wantErr := m.ref.Read(m.Context(), after, limit)
	got, err := m.Backend.Read(m.Context(), m.base+after, limit)
	m.agree(t, "read", got, m.shift(want), err, wantErr)
	wantLeaves, wantErr := m.ref.Leaves(m.Context(), after, limit)
	leaves, err := m.Backend.Leaves(m.Context(), m.base+after, limit)
	m.agree(t, "leaves", leaves, wantLeaves, err, wantErr)
	if len(m.records) > 0 {
		id := rapid.SampledFrom(m.records).Draw(t, "id")
		want, wantErr := m.ref.Get(m.Context(), id)
		got, err := m.Backend.Get(m.Context(), id)
		want.Seq += m.base
		m.agree(t, "get", got, want, err, wantErr)
	}
}

func (m *model) jobs(t *rapid.T) {
	f := store.JobFilter{Limit: rapid.IntRange(0, 3).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "of states") {
		f.States = []store.JobState{store.JobWaiting, store.JobDead}
	}
	if len(m.known) > 0 {
		j := rapid.SampledFrom(m.known).Draw(t, "after")
		f.After = j.ID
		want, wantErr := m.ref.Job(m.Context(), j.ID)
		got, err := m.Backend.Job(m.Context(), j.ID)
		m.agree(t, "job", got, want, err, wantErr)
	}
	want, wantErr := m.ref.ListJobs(m.Context(), f)
	got, err := m.Backend.ListJobs(m.Context(), f)
	m.agree(t, "jobs", got, want, err, wantErr)
	wantCounts, wantErr := m.ref.CountJobs(m.Context(), m.clock.Now())
	counts, err := m.Backend.CountJobs(m.Context(), m.clock.Now())
	m.agree(t, "counts", counts, wantCounts, err, wantErr)
}

func (m *model) cursor(t *rapid.T) {
	name := fmt.Sprintf("cursor %d", m.run)
	from, to := rapid.Uint64Range(0, 3).Draw(t, "from"), rapid.Uint64Range(0, 3).Draw(t, "to")
	wantErr := m.ref.SetCursor(m.Context(), name, from, to)
	err := m.Backend.SetCursor(m.Context(), name, from, to)
	m.agree(t, "moving a cursor", nil, nil, err, wantErr)
	want, wantErr := m.ref.Cursor(m.Context(), name)
	got, err := m.Backend.Cursor(m.Context(), name)
	m.agree(t, "cursor", got, want, err, wantErr)
}

func (m *model) advance(t *rapid.T) {
	m.clock.Advance(time.Duration(rapid.IntRange(1, 120).Draw(t, "seconds")) * time.Second)
}
