package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/extract/post"
	"stet/store"
	"stet/store/postgres"
	"stet/store/servertest"
	"stet/store/storetest"
)

// maker makes records.
type maker struct {
	t   testing.TB
	ids *store.IDs
}

func newMaker(t testing.TB, seed byte) *maker {
	return &maker{t: t, ids: store.NewIDs(time.Now, rand.NewChaCha8([32]byte{seed}))}
}

func (m *maker) id() store.ID {
	m.t.Helper()
	id, err := m.ids.New()
	if err != nil {
		m.t.Fatal(err)
	}
	return id
}

func (m *maker) record(c store.Content) store.Record {
	m.t.Helper()
	id := m.id()
	r, err := store.NewRecord(id, store.Salt(id), c)
	if err != nil {
		m.t.Fatal(err)
	}
	return r
}

func (m *maker) look(n int) store.Record {
	m.t.Helper()
	return m.record(&store.Look{Time: time.Now(), Ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(n)}, Result: post.Live})
}

func (m *maker) append(s *postgres.Store, b store.Batch) store.Receipt {
	m.t.Helper()
	r, err := s.Append(m.t.Context(), b)
	if err != nil {
		m.t.Fatal(err)
	}
	return r
}

func TestOpenErrors(t *testing.T) {
	address := start(t)
	ctx := t.Context()
	schema := newSchema()
	cases := []struct {
		name    string
		address string
		options postgres.Options
		want    error
	}{
		{"an address that cannot be read", "postgres://%zz", postgres.Options{}, store.ErrUsage},
		{"a database that does not exist", strings.Replace(address, "/postgres", "/nowhere", 1), postgres.Options{}, store.ErrNoStore},
		{"a user who does not exist", strings.Replace(address, "user=stet", "user=nobody", 1), postgres.Options{}, store.ErrUsage},
		{"a server that does not run", "postgres:///postgres?host=/nonexistent", postgres.Options{}, store.ErrUnavailable},
		{"a server without TLS", "postgres://stet@" + servertest.NewDatabase(t).Host + "/postgres?sslmode=require", postgres.Options{}, store.ErrUsage},
		{"no archive", address, postgres.Options{Schema: schema, MustExist: true}, store.ErrNoStore},
	}
	for _, c := range cases {
		s, err := postgres.Open(ctx, c.address, c.options)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want: %v", c.name, err, c.want)
		}
		if err == nil {
			_ = s.Close() // it should not be there
		}
	}
	s := open(t, postgres.Options{Schema: schema})
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	open(t, postgres.Options{Schema: schema, MustExist: true})
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := postgres.Open(canceled, address, postgres.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: %v", err)
	}
}

func TestPasswordIsNotShown(t *testing.T) {
	address := strings.Replace(start(t), "user=stet", "user=nobody&password=hunter2secret", 1)
	for _, a := range []string{address, strings.Replace(address, "/postgres", "/%zz", 1)} {
		_, err := postgres.Open(t.Context(), a, postgres.Options{})
		if err == nil || strings.Contains(err.Error(), "hunter2secret") {
			t.Errorf("got %v", err)
		}
	}
}

func TestNewerFormatIsRefused(t *testing.T) {
	schema := newSchema()
	if err := open(t, postgres.Options{Schema: schema}).Close(); err != nil {
		t.Fatal(err)
	}
	exec1(t, admin(t, schema), `UPDATE format SET version = version + 1`)
	_, err := postgres.Open(t.Context(), start(t), postgres.Options{Schema: schema})
	if !errors.Is(err, store.ErrVersion) || !strings.Contains(err.Error(), "stet version") {
		t.Errorf("got %v", err)
	}
}

// TestManyOpenAtOnce creates one archive from several processes' places.
func TestManyOpenAtOnce(t *testing.T) {
	address, schema := start(t), newSchema()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), address, postgres.Options{Schema: schema, MaxConns: 2})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestTwoMachines writes from two stores on one schema: one journal, no gap.
func TestTwoMachines(t *testing.T) {
	schema := newSchema()
	stores := []*postgres.Store{open(t, postgres.Options{Schema: schema}), open(t, postgres.Options{Schema: schema, MaxConns: 2})}
	const each = 40
	var wg sync.WaitGroup
	for i, s := range stores {
		m := newMaker(t, byte(i+1))
		for w := range 2 {
			wg.Go(func() {
				for range each {
					id, err := m.ids.New()
					if err != nil {
						t.Error(err)
						return
					}
					r, err := store.NewRecord(id, store.Salt(id), &store.Look{Time: time.Now(), Ref: post.Ref{Platform: "x", ID: fmt.Sprint(w)}})
					if err != nil {
						t.Error(err)
						return
					}
					// Half the batches share a key with the other machine.
					if _, err := s.Append(t.Context(), store.Batch{Records: []store.Record{r}}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	for _, s := range stores {
		records, err := s.Read(t.Context(), 0, 1000)
		if err != nil || len(records) != 4*each {
			t.Fatalf("%d records, %v; want %d", len(records), err, 4*each)
		}
		for i, r := range records {
			if r.Seq != uint64(i+1) {
				t.Fatalf("record %d has the number %d", i, r.Seq)
			}
		}
	}
}

// TestSameKeyAtOnce repeats a batch from many goroutines, as workers do that
// do not know whether a commit arrived.
func TestSameKeyAtOnce(t *testing.T) {
	s := open(t, postgres.Options{Schema: newSchema(), MaxConns: 8})
	m := newMaker(t, 1)
	for round := range 10 {
		batches := make([]store.Batch, 6)
		for i := range batches {
			batches[i] = store.Batch{Key: fmt.Sprint("round ", round), Records: []store.Record{m.look(round)},
				Enqueue: []store.Enqueue{{Job: store.Job{ID: m.id(), Kind: "look", Key: fmt.Sprint(round)}}}}
		}
		receipts := make([]store.Receipt, len(batches))
		var wg sync.WaitGroup
		for i := range batches {
			wg.Go(func() {
				var err error
				if receipts[i], err = s.Append(t.Context(), batches[i]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		fresh := 0
		for _, r := range receipts {
			if !r.Repeated {
				fresh++
			}
			if r.First != uint64(round+1) || len(r.Jobs) != 1 || r.Jobs[0].ID != receipts[0].Jobs[0].ID {
				t.Errorf("round %d: got %+v", round, r)
			}
		}
		if fresh != 1 {
			t.Errorf("round %d: %d batches were added, want one", round, fresh)
		}
	}
}

// TestSameJobKeyAtOnce adds jobs of the same keys in opposite orders from many
// goroutines: each is added once, and nobody waits for ever.
func TestSameJobKeyAtOnce(t *testing.T) {
	s := open(t, postgres.Options{Schema: newSchema(), MaxConns: 8})
	m := newMaker(t, 1)
	const keys = 8
	var wg sync.WaitGroup
	for w := range 6 {
		var b store.Batch
		for k := range keys {
			if w%2 == 1 {
				k = keys - 1 - k
			}
			b.Enqueue = append(b.Enqueue, store.Enqueue{Job: store.Job{ID: m.id(), Kind: "look", Key: fmt.Sprint(k), Priority: w}, Earlier: true})
		}
		wg.Go(func() {
			if _, err := s.Append(t.Context(), b); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	jobs, err := s.ListJobs(t.Context(), store.JobFilter{})
	if err != nil || len(jobs) != keys {
		t.Fatalf("%d jobs, %v; want %d", len(jobs), err, keys)
	}
	for _, j := range jobs {
		if j.Priority != 0 {
			t.Errorf("job %s has the priority %d", j.Key, j.Priority)
		}
	}
}

// TestCancelledWhileWaiting lets a writer wait for the counter and then gives
// up: nothing of it is added, and the next one goes on.
func TestCancelledWhileWaiting(t *testing.T) {
	schema := newSchema()
	s := open(t, postgres.Options{Schema: schema})
	m := newMaker(t, 1)
	conn := admin(t, schema)
	exec1(t, conn, `BEGIN; SELECT FROM counters WHERE name = 'journal' FOR UPDATE`)
	ctx, cancel := context.WithCancel(t.Context())
	b := store.Batch{Key: "k", Records: []store.Record{m.look(1)}, Enqueue: []store.Enqueue{{Job: store.Job{ID: m.id(), Kind: "look"}}}}
	done := make(chan error)
	go func() { _, err := s.Append(ctx, b); done <- err }()
	watcher := admin(t, schema)
	for waiting := 0; waiting == 0; { // until it stands in the queue
		if err := watcher.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE counters%'`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	exec1(t, conn, `COMMIT`)
	if r := m.append(s, b); r.Repeated || r.First != 1 {
		t.Errorf("the next batch got %+v", r)
	}
}

// TestServerBreaksConnections ends all connections: operations of then fail in
// a class that says to try again, and later ones work.
func TestServerBreaksConnections(t *testing.T) {
	schema := newSchema()
	s := open(t, postgres.Options{Schema: schema, MaxConns: 1})
	m := newMaker(t, 1)
	m.append(s, store.Batch{Records: []store.Record{m.look(1)}})
	exec1(t, admin(t, "public"), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stet'`)
	b := store.Batch{Key: "k", Records: []store.Record{m.look(2)}}
	for try := 1; ; try++ {
		r, err := s.Append(t.Context(), b)
		if err == nil {
			if r.First != 2 {
				t.Errorf("got %+v", r)
			}
			return
		}
		if c := store.ClassOf(err); !c.Retry || try > 5 {
			t.Fatalf("try %d: class %s: %v", try, c.Name, err)
		}
	}
}

// TestSilentProcess lets a process stand still in the middle of a transaction,
// as one does that is stopped or whose machine is gone: the others go on.
func TestSilentProcess(t *testing.T) {
	schema := newSchema()
	const soon = 200 * time.Millisecond
	s, silent := open(t, postgres.Options{Schema: schema}), open(t, postgres.Options{Schema: schema, Silence: soon})
	m := newMaker(t, 1)
	err := silent.Locked(t.Context(), func() {
		if r := m.append(s, store.Batch{Records: []store.Record{m.look(1)}}); r.First != 1 {
			t.Errorf("got %+v", r)
		}
	})
	if c := store.ClassOf(err); err == nil || !c.Retry {
		t.Errorf("the process that stood still: class %s: %v", c.Name, err)
	}
	if r := m.append(silent, store.Batch{Records: []store.Record{m.look(2)}}); r.First != 2 {
		t.Errorf("after it woke: %+v", r)
	}
}

// TestLeasesUseTheDatabaseClock leases from machines whose clocks are far off.
func TestLeasesUseTheDatabaseClock(t *testing.T) {
	schema := newSchema()
	database := storetest.NewClock(time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC))
	machine := func(skew time.Duration) *postgres.Store {
		return open(t, postgres.Options{Schema: schema, Now: func() time.Time { return database.Now().Add(skew) }})
	}
	ahead, behind := machine(3*time.Hour), machine(-3*time.Hour)
	setClock(t, schema, database)
	m := newMaker(t, 1)
	ctx := t.Context()

	// A lease of a minute given by a machine that lives three hours ago holds.
	m.append(behind, store.Batch{Enqueue: []store.Enqueue{{Job: store.Job{ID: m.id(), Kind: "look", Key: "k", RunAt: database.Now()},
		Lease: store.Lease{Owner: "behind", Until: database.Now().Add(-3*time.Hour + time.Minute)}}}})
	lease := func(s *postgres.Store, now time.Time) []store.Job {
		t.Helper()
		jobs, err := s.Lease(ctx, store.LeaseRequest{Owner: "other", Now: now, For: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		return jobs
	}
	if jobs := lease(ahead, database.Now().Add(3*time.Hour)); len(jobs) != 0 {
		t.Errorf("a held job was given to %+v", jobs)
	}
	database.Advance(time.Minute)
	jobs := lease(ahead, database.Now().Add(3*time.Hour))
	if len(jobs) != 1 || jobs[0].Lease.Token != 2 || jobs[0].Lease.Until != database.Now().Add(time.Minute) {
		t.Fatalf("got %+v", jobs)
	}
	if err := ahead.Extend(ctx, jobs[0].ID, 2, database.Now().Add(3*time.Hour+10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	j, err := behind.Job(ctx, jobs[0].ID)
	if err != nil || j.Lease.Until != database.Now().Add(10*time.Minute) {
		t.Errorf("the prolonged job is %+v, %v", j, err)
	}
}

// TestSynchronousCommit asks whether what is acknowledged is durable, also
// where the server's default is not to wait.
func TestSynchronousCommit(t *testing.T) {
	schema := newSchema()
	conn := admin(t, "public")
	exec1(t, conn, `ALTER ROLE stet SET synchronous_commit = 'off'`)
	t.Cleanup(func() { exec1(t, conn, `ALTER ROLE stet RESET synchronous_commit`) })
	s := open(t, postgres.Options{Schema: schema})
	admin := admin(t, schema)
	exec1(t, admin, `CREATE TABLE seen (setting text);
		CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen VALUES (current_setting(''synchronous_commit'')); RETURN NULL; END';
		CREATE TRIGGER note AFTER INSERT ON blocks EXECUTE FUNCTION note()`)
	m := newMaker(t, 1)
	m.append(s, store.Batch{Records: []store.Record{m.look(1)}})
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "words"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.append(s, store.Batch{Records: []store.Record{m.look(2)}}) // on the connection of the blob, perhaps
	rows, err := admin.Query(t.Context(), `SELECT setting FROM seen`)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(settings) != 2 || settings[0] != "on" || settings[1] != "on" {
		t.Errorf("records were added with synchronous_commit %q, %v", settings, err)
	}
}

// TestAbandonedUploads throws away what a process left that ended before its
// blob was committed.
func TestAbandonedUploads(t *testing.T) {
	schema := newSchema()
	clock := storetest.NewClock(time.Now())
	s := open(t, postgres.Options{Schema: schema})
	setClock(t, schema, clock)
	write := func(size int) store.BlobWriter {
		t.Helper()
		w, err := s.Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		return w
	}
	write(1 << 20)
	if _, err := write(600_000).Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock.Advance(25 * time.Hour)
	write(1 << 20)
	open(t, postgres.Options{Schema: schema})
	var uploads, chunks int
	row := admin(t, schema).QueryRow(t.Context(), `SELECT (SELECT count(*) FROM uploads), (SELECT count(*) FROM chunks)`)
	if err := row.Scan(&uploads, &chunks); err != nil {
		t.Fatal(err)
	}
	if uploads != 2 || chunks != 3+4 {
		t.Errorf("%d uploads with %d chunks are left, want 2 with 7", uploads, chunks)
	}
}

// TestRoles: a role makes its archive where it may, and is told what it lacks
// where it may not.
func TestRoles(t *testing.T) {
	schema := newSchema()
	operator := admin(t, "public")
	exec1(t, operator, `CREATE ROLE newsroom LOGIN`)
	address := strings.Replace(start(t), "user=stet", "user=newsroom", 1)
	for _, o := range []postgres.Options{{Schema: schema}, {Schema: schema, ReadOnly: true}} {
		_, err := postgres.Open(t.Context(), address, o)
		if !errors.Is(err, store.ErrUsage) || !strings.Contains(err.Error(), "AUTHORIZATION newsroom") {
			t.Errorf("without the right to: %v", err)
		}
	}
	exec1(t, operator, `CREATE SCHEMA `+schema+` AUTHORIZATION newsroom`)
	s, err := postgres.Open(t.Context(), address, postgres.Options{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := newMaker(t, 120)
	if r := m.append(s, store.Batch{Records: []store.Record{m.look(1)}}); r.First != 1 {
		t.Errorf("added as %d", r.First)
	}
	if _, err := s.Lease(t.Context(), store.LeaseRequest{Owner: "w", For: time.Minute}); err != nil {
		t.Error(err)
	}
}
