package postgres_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/store"
	"stet/store/postgres"
)

// older puts an archive into the database that version 2 of the format wrote:
// it has no entries by the pages that articles link. It returns the schema.
func older(t *testing.T) string {
	t.Helper()
	dump, err := os.ReadFile("testdata/format2.sql")
	if err != nil {
		t.Fatal(err)
	}
	schema := newSchema()
	exec1(t, admin(t, "public"), strings.NewReplacer("SCHEMA older", "SCHEMA "+schema, "older.", schema+".").Replace(string(dump)))
	return schema
}

// linking returns the numbers of the article versions that link a page.
func linking(t *testing.T, s *postgres.Store, address string) []uint64 {
	t.Helper()
	page, err := s.List(t.Context(), store.Query{Term: store.LinkTerm(address)})
	if err != nil {
		t.Fatal(err)
	}
	var seqs []uint64
	for i := range page.Records {
		seqs = append(seqs, page.Records[i].Seq)
	}
	return seqs
}

// TestMigrateOlder brings an archive to the present format, by two processes at
// once, and proves it.
func TestMigrateOlder(t *testing.T) {
	address := start(t)
	schema := older(t)
	if _, err := postgres.Open(t.Context(), address, postgres.Options{Schema: schema, ReadOnly: true}); !errors.Is(err, store.ErrVersion) {
		t.Errorf("opened for reading it says %v", err)
	}
	stores := make([]*postgres.Store, 2)
	errs := make([]error, 2)
	var group sync.WaitGroup
	for i := range stores {
		group.Go(func() {
			stores[i], errs[i] = postgres.Open(context.WithoutCancel(t.Context()), address, postgres.Options{Schema: schema})
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		defer s.Close()
	}
	s := stores[0]
	for address, want := range map[string][]uint64{"https://pages.example/one": {2, 4}, "https://pages.example/two": {2, 7}, "https://pages.example/three": {7}, "https://pages.example/four": nil} {
		if got := linking(t, s, address); !slices.Equal(got, want) {
			t.Errorf("%s is linked by %d, want %d", address, got, want)
		}
	}
	sum, err := s.Check(t.Context(), func(p store.Problem) { t.Errorf("%s %s: %s", p.Thing, p.Name, p.What) })
	if err != nil || sum.Records != 7 || sum.Jobs != 1 {
		t.Errorf("the check says %+v, %v", sum, err)
	}
	open(t, postgres.Options{Schema: schema, ReadOnly: true})
	// It is worked with as one that was made today.
	m := newMaker(t, 78)
	if r := m.append(s, store.Batch{Records: []store.Record{m.look(9)}}); r.First != 8 {
		t.Errorf("the next record has the number %d", r.First)
	}
	if r := m.append(s, store.Batch{Key: "again", Records: []store.Record{m.look(9)}}); !r.Repeated || r.First != 4 || len(r.Jobs) != 1 {
		t.Errorf("a batch that was added by the older version gets %+v", r)
	}
}

// TestMigrateGoesOn: a migration that was interrupted goes on where it was, also
// where a block cannot be read.
func TestMigrateGoesOn(t *testing.T) {
	schema := older(t)
	exec1(t, admin(t, schema), `INSERT INTO counters VALUES ('linked', 2); UPDATE blocks SET bytes = 'nonsense' WHERE first = 5`)
	s := open(t, postgres.Options{Schema: schema})
	if got := linking(t, s, "https://pages.example/one"); !slices.Equal(got, []uint64{4}) {
		t.Errorf("behind record 2: linked by %d, want 4", got)
	}
	if got := linking(t, s, "https://pages.example/three"); !slices.Equal(got, []uint64{7}) {
		t.Errorf("behind a block that is damaged: linked by %d, want 7", got)
	}
}

// TestMigrateBeside: what is built for a newer format keeps nobody from changing
// jobs, is built anew where the server broke it off, and by one process.
func TestMigrateBeside(t *testing.T) {
	schema := older(t)
	operator, worker := admin(t, schema), admin(t, schema)
	// A transaction that began before has to end first: it stops the building
	// in the middle.
	exec1(t, worker, `BEGIN; UPDATE jobs SET priority = priority`)
	opening := make(chan error, 3)
	begin := func() {
		s, err := postgres.Open(context.WithoutCancel(t.Context()), start(t), postgres.Options{Schema: schema})
		if err == nil {
			err = s.Close()
		}
		opening <- err
	}
	go begin()
	// building waits for a statement that builds, and returns who runs it.
	building := func() (pid int) {
		for late := time.Now().Add(time.Minute); pid == 0; {
			if time.Now().After(late) {
				t.Fatal("nothing is built")
			}
			err := operator.QueryRow(t.Context(), `SELECT coalesce(min(pid), 0) FROM pg_stat_activity WHERE query LIKE '% INDEX CONCURRENTLY %' AND wait_event_type = 'Lock'`).Scan(&pid)
			if err != nil {
				t.Fatal(err)
			}
		}
		return pid
	}
	pid := building()
	exec1(t, operator, `SET lock_timeout = '10s'; UPDATE jobs SET attempts = 7 WHERE false; INSERT INTO counters VALUES ('still', 1);
		INSERT INTO jobs SELECT 'beside', 'look', 'beside', host, payload, priority, created, run_at, 1, 0, owner, token, until, error, error_class FROM jobs LIMIT 1`)
	exec1(t, operator, `SELECT pg_terminate_backend($1)`, pid)
	if err := <-opening; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a migration whose connection ended says %v", err)
	}
	var left int
	if err := operator.QueryRow(t.Context(), `SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('jobs_run_at') AND NOT indisvalid`).Scan(&left); err != nil || left != 1 {
		t.Fatalf("%d indexes were left half built, %v", left, err)
	}
	exec1(t, worker, `COMMIT; BEGIN; UPDATE jobs SET priority = priority`)
	go begin()
	go begin()
	building()
	exec1(t, worker, `COMMIT`)
	for range 2 {
		if err := <-opening; err != nil {
			t.Error(err)
		}
	}
	var whole int
	if err := operator.QueryRow(t.Context(), `SELECT count(*) FROM pg_index WHERE indexrelid IN (to_regclass('jobs_run_at'), to_regclass('jobs_line')) AND indisvalid`).Scan(&whole); err != nil || whole != 2 {
		t.Errorf("%d indexes are whole, %v", whole, err)
	}
}
