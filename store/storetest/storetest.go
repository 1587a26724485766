package storetest

import (
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"stet/store"
)

// Store is a backend under test with the place where its blobs are.
type Store struct {
	Backend store.Backend
	Blobs   store.Blobs
}

// Config says how to reach the backend under test.
type Config struct {
	// Open returns an empty store whose clock is the given one. It is closed
	// by a clean-up of t that Open registers.
	Open func(t *testing.T, clock *Clock) Store
	// Reopen closes a store of Open or Reopen and opens what it kept, with the
	// same clock. Nil for a backend that keeps nothing.
	Reopen func(t *testing.T, clock *Clock, s Store) Store
}

// Run runs the whole suite.
func Run(t *testing.T, c Config) { run(t, c, nil) }

// RunBlobs runs the parts of the suite in which blobs matter: for a backend
// that passes the whole of it and keeps them in yet another place.
func RunBlobs(t *testing.T, c Config) { run(t, c, []string{"Blobs", "Life", "Model"}) }

// RunJobs runs the parts of the suite that are about jobs: for a backend that has
// another way of giving them out.
func RunJobs(t *testing.T, c Config) { run(t, c, []string{"Jobs", "Leases", "Model"}) }

// RunRecords runs the parts of the suite that are about what is kept: for a
// backend that lays it out in another way.
func RunRecords(t *testing.T, c Config) {
	names := []string{"Redaction", "Blobs"}
	if Thorough() {
		names = append(names, "Append", "Records", "Journal", "Life")
	}
	run(t, c, names)
}

// run runs the groups of the suite with the names, all where there are none.
func run(t *testing.T, c Config, names []string) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"Append", appendTests()},
		{"Records", recordTests()},
		{"Redaction", redactionTests()},
		{"Journal", journalTests()},
		{"Jobs", jobTests()},
		{"Leases", leaseTests()},
		{"Blobs", blobTests()},
		{"Life", lifeTests()},
		{"Estate", estateTests()},
		{"Model", modelTests()},
	}
	for _, g := range groups {
		if names != nil && !slices.Contains(names, g.name) {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			for _, tt := range g.tests {
				t.Run(tt.name, func(t *testing.T) { tt.run(newEnv(t, c)) })
			}
		})
	}
}

type test struct {
	name string
	run  func(e *env)
}

// start is when every test begins.
func start() time.Time { return time.Date(2026, 3, 14, 9, 26, 53, 589793000, time.UTC) }

// env is what one test works with.
type env struct {
	*testing.T
	Store
	config Config
	clock  *Clock
	rand   *random
	ids    *store.IDs
	group  *store.Group
	// checked is true once the end of the test was looked at.
	checked bool
}

// random is a source of random bytes for several goroutines, the same in each
// run of a test.
type random struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// Read fills p. It never errors.
func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}

// bytes returns n random bytes.
func (r *random) bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = r.Read(b) // never errors
	return b
}

func newEnv(t *testing.T, c Config) *env {
	e := newBareEnv(t)
	e.config, e.Store = c, c.Open(t, e.clock)
	t.Cleanup(e.check)
	return e
}

// newBareEnv returns what a test works with, without a store.
func newBareEnv(t *testing.T) *env {
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.Name())) // a hash never errors
	var seed [32]byte
	h.Sum(seed[:0])
	e := &env{T: t, clock: NewClock(start()), rand: &random{source: rand.NewChaCha8(seed)}}
	e.ids = store.NewIDs(e.clock.Now, e.rand)
	e.group = e.ids.Group()
	return e
}

// check proves the store at the end of a test, before it is closed.
func (e *env) check() {
	c, ok := e.Backend.(store.Checker)
	if !ok || e.Failed() || e.checked {
		return
	}
	e.checked = true
	sum, err := c.Check(context.WithoutCancel(e.Context()), func(p store.Problem) {
		e.Errorf("after the test: %s %s: %s", p.Thing, p.Name, p.What)
	})
	if err != nil {
		e.Errorf("checking the store after the test: %v", err)
	}
	head, err := e.Backend.Head(context.WithoutCancel(e.Context()))
	if err != nil || uint64(sum.Records) != head {
		e.Errorf("the check looked at %d records; the journal ends at %d, %v", sum.Records, head, err)
	}
}

// must fails the test at once where err is not nil.
func (e *env) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// want fails the test where got is not of the class.
func (e *env) want(got, class error, format string, args ...any) {
	e.Helper()
	if !errors.Is(got, class) {
		e.Errorf(format+": got %v, want: %v", append(args, got, class)...)
	}
}

// same fails the test where got differs from want, not counting the difference
// between nil and empty.
func (e *env) same(what string, got, want any) {
	e.Helper()
	if reflect.DeepEqual(got, want) { // cmp takes seconds for a large body
		return
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		e.Errorf("%s (- wanted, + got):\n%s", what, d)
	}
}

func (e *env) id() store.ID {
	e.Helper()
	id, err := e.group.New()
	e.must(err)
	return id
}

// record makes a record of the content.
func (e *env) record(c store.Content) store.Record {
	e.Helper()
	return e.recordAs(e.id(), c)
}

func (e *env) recordAs(id store.ID, c store.Content) store.Record {
	e.Helper()
	salt, err := store.NewSalt(e.rand)
	e.must(err)
	r, err := store.NewRecord(id, salt, c)
	e.must(err)
	return r
}

// commit appends a batch that must be taken.
func (e *env) commit(b store.Batch) store.Receipt {
	e.Helper()
	receipt, err := e.Backend.Append(e.Context(), b)
	e.must(err)
	return receipt
}

// add appends the contents as one batch and returns their records as a reader
// should get them.
func (e *env) add(contents ...store.Content) []store.Record {
	e.Helper()
	var b store.Batch
	for _, c := range contents {
		b.Records = append(b.Records, e.record(c))
	}
	return e.addRecords(b.Records...)
}

// addRecords appends records as one batch and returns them as a reader should
// get them.
func (e *env) addRecords(records ...store.Record) []store.Record {
	e.Helper()
	receipt := e.commit(store.Batch{Records: records})
	return stored(records, receipt)
}

// stored returns records as a reader should get them.
func stored(records []store.Record, receipt store.Receipt) []store.Record {
	out := make([]store.Record, len(records))
	for i, r := range records {
		r.Seq = receipt.First + uint64(i)
		if r.Whole() {
			r.Terms = nil
		}
		out[i] = r
	}
	return out
}

// keep stores a blob that must be taken.
func (e *env) keep(data string) store.BlobInfo {
	e.Helper()
	w, err := e.Blobs.Create(e.Context())
	e.must(err)
	_, err = strings.NewReader(data).WriteTo(w)
	e.must(err)
	info, err := w.Commit(e.Context())
	e.must(err)
	e.must(w.Close())
	return info
}

func (e *env) head() uint64 {
	e.Helper()
	head, err := e.Backend.Head(e.Context())
	e.must(err)
	return head
}

// seqs returns the journal numbers of all records under a term.
func (e *env) seqs(t store.Term) []uint64 {
	e.Helper()
	page, err := e.Backend.List(e.Context(), store.Query{Term: t, Limit: 10_000})
	e.must(err)
	var seqs []uint64
	for _, r := range page.Records {
		seqs = append(seqs, r.Seq)
	}
	return seqs
}
