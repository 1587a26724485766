package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/store"
	"stet/store/postgres"
	"stet/store/servertest"
)

// writers add batches under keys until they are stopped, and again what was
// answered with trouble of the storage, as workers do.
type writers struct {
	t     *testing.T
	store *postgres.Store
	stop  chan struct{}
	group sync.WaitGroup
	added atomic.Int64
	// trouble counts what was answered with trouble, by class.
	mu      sync.Mutex
	trouble map[string]int
	// numbers are what each key got.
	numbers map[string]uint64
}

func write(t *testing.T, s *postgres.Store, n int) *writers {
	w := &writers{t: t, store: s, stop: make(chan struct{}), trouble: map[string]int{}, numbers: map[string]uint64{}}
	for i := range n {
		m := newMaker(t, byte(90+i))
		w.group.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-w.stop:
					return
				default:
				}
				w.add(fmt.Sprint("key ", i, " ", k), m.look(k))
			}
		})
	}
	return w
}

// add adds a record, however often it takes.
func (w *writers) add(key string, r store.Record) {
	ctx := context.WithoutCancel(w.t.Context())
	for {
		receipt, err := w.store.Append(ctx, store.Batch{Key: key, Records: []store.Record{r}})
		w.mu.Lock()
		if err == nil {
			w.numbers[key] = receipt.First
			w.mu.Unlock()
			w.added.Add(1)
			return
		}
		class := store.ClassOf(err)
		w.trouble[class.Name]++
		w.mu.Unlock()
		if !class.Retry {
			w.t.Errorf("adding %s: %v", key, err)
			return
		}
		time.Sleep(10 * time.Millisecond) // a worker waits too
	}
}

// until waits until so many batches were added since now.
func (w *writers) until(more int64) {
	w.t.Helper()
	late := time.After(time.Minute)
	for want := w.added.Load() + more; w.added.Load() < want; {
		select {
		case <-late:
			w.t.Fatalf("%d of %d batches were added, with trouble %v", w.added.Load(), want, w.trouble)
		case <-time.After(5 * time.Millisecond): // other goroutines cannot be waited for otherwise
		}
	}
}

// expect waits until so many answers told of trouble of a class.
func (w *writers) expect(class string, n int) {
	w.t.Helper()
	late := time.After(time.Minute)
	for {
		w.mu.Lock()
		seen := w.trouble[class]
		w.mu.Unlock()
		if seen >= n {
			return
		}
		select {
		case <-late:
			w.t.Fatalf("nobody noticed: %v", w.trouble)
		case <-time.After(5 * time.Millisecond): // other goroutines cannot be waited for otherwise
		}
	}
}

// prove ends the writers and proves that each batch is there once, and nothing
// else.
func (w *writers) prove() {
	w.t.Helper()
	close(w.stop)
	w.group.Wait()
	seen := map[uint64]string{}
	for key, n := range w.numbers {
		if other, twice := seen[n]; twice || n == 0 {
			w.t.Errorf("%q has the number %d, as %q", key, n, other)
		}
		seen[n] = key
	}
	head, err := w.store.Head(w.t.Context())
	if err != nil || head != uint64(len(seen)) {
		w.t.Errorf("%d records are there, %d were acknowledged, %v", head, len(seen), err)
	}
	sum, err := w.store.Check(w.t.Context(), func(p store.Problem) { w.t.Errorf("%s %s: %s", p.Thing, p.Name, p.What) })
	if err != nil || sum.Records != int64(len(seen)) {
		w.t.Errorf("the check says %+v, %v", sum, err)
	}
}

// TestStandbyTakesOver: the server fails for good, or is made read-only under
// its connections, and the one that followed it takes its place. Nothing that
// was acknowledged is lost, nothing is there twice.
func TestStandbyTakesOver(t *testing.T) {
	t.Run("failed", func(t *testing.T) {
		takeOver(t, func(d *servertest.Database, _ *pgx.Conn) {
			if err := d.Crash(); err != nil && !strings.Contains(err.Error(), "exit status") {
				t.Fatal(err)
			}
		})
	})
	t.Run("read-only", func(t *testing.T) {
		takeOver(t, func(_ *servertest.Database, operator *pgx.Conn) {
			exec1(t, operator, `ALTER SYSTEM SET default_transaction_read_only = 'on'`)
			exec1(t, operator, `SELECT pg_reload_conf()`)
		})
	})
}

func takeOver(t *testing.T, end func(first *servertest.Database, operator *pgx.Conn)) {
	first := servertest.NewDatabase(t)
	second := first.Standby(t)
	operator := connect(t, first.Address)
	// Only what the standby has, too, is acknowledged: docs/operating.md.
	exec1(t, operator, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
	exec1(t, operator, `SELECT pg_reload_conf()`)
	address := fmt.Sprintf("postgres://stet@%s,%s/postgres?sslmode=disable&target_session_attrs=read-write", first.Host, second.Host)
	s := at(t, address, postgres.Options{MinConns: 6, Patience: 2 * time.Second})
	w := write(t, s, 4)
	w.until(40)
	// Whoever only reads can do so at the standby, once that has read what is there.
	standby := connect(t, second.Address)
	for there := false; !there; {
		if err := standby.QueryRow(t.Context(), `SELECT coalesce((SELECT true FROM pg_class WHERE relname = 'format'), false)`).Scan(&there); err != nil {
			t.Fatal(err)
		}
	}
	reader := at(t, second.Address, postgres.Options{ReadOnly: true})
	held, release, err := s.Hold(t.Context(), "alerts")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	end(first, operator)
	w.expect("unavailable", 1)
	if _, err := reader.Head(t.Context()); err != nil {
		t.Errorf("reading while nobody can write: %v", err)
	}
	exec1(t, standby, `SELECT pg_promote()`)
	w.until(40)
	w.prove()
	select {
	case <-held.Done():
	case <-time.After(time.Minute):
		t.Error("what was held on the server that failed is held still")
	}
	if _, again, err := s.Hold(t.Context(), "alerts"); err != nil {
		t.Errorf("holding it on the other server: %v", err)
	} else {
		again()
	}
}

// TestCommitWithoutAnswer: a server that waits for a standby that is gone does
// not keep a worker for ever; what was added meanwhile is there once.
func TestCommitWithoutAnswer(t *testing.T) {
	d := servertest.NewDatabase(t)
	s := at(t, d.Address, postgres.Options{Patience: 300 * time.Millisecond})
	operator := connect(t, d.Address)
	w := write(t, s, 3)
	w.until(10)
	exec1(t, operator, `ALTER SYSTEM SET synchronous_standby_names = 'nobody'`)
	exec1(t, operator, `SELECT pg_reload_conf()`)
	w.expect("unavailable", 2)
	exec1(t, operator, `ALTER SYSTEM RESET synchronous_standby_names`)
	exec1(t, operator, `SELECT pg_reload_conf()`)
	w.until(10)
	w.prove()
}

// TestFullDatabase: additions fail as a whole and say why, reading goes on, and
// what was tried again is there once.
func TestFullDatabase(t *testing.T) {
	d := servertest.NewDatabase(t)
	s := at(t, d.Address, postgres.Options{})
	operator := connect(t, d.Address)
	w := write(t, s, 2)
	w.until(10)
	exec1(t, operator, full)
	w.expect("full", 4)
	if records, err := s.Read(t.Context(), 0, 5); err != nil || len(records) != 5 {
		t.Errorf("reading: %d records, %v", len(records), err)
	}
	exec1(t, operator, `DROP TRIGGER full_disk ON stet.blocks`)
	w.until(10)
	w.prove()
	if len(w.trouble) != 1 {
		t.Errorf("there was other trouble, too: %v", w.trouble)
	}
}

// full makes additions fail as they do on a disk that is full.
const full = `CREATE FUNCTION stet.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
	CREATE TRIGGER full_disk BEFORE INSERT ON stet.blocks EXECUTE FUNCTION stet.full_disk()`

// TestPasswordRefused: a password that is changed under the workers is trouble
// of the storage until it is put right, or is known here, too.
func TestPasswordRefused(t *testing.T) {
	d := servertest.NewDatabase(t)
	operator := connect(t, d.Address)
	exec1(t, operator, `CREATE ROLE desk LOGIN PASSWORD 'first' SUPERUSER`)
	if err := d.AskForPassword("desk"); err != nil {
		t.Fatal(err)
	}
	exec1(t, operator, `SELECT pg_reload_conf()`)
	address := "postgres://desk:first@" + d.Host + "/postgres?sslmode=disable"
	var known atomic.Value
	known.Store(address)
	s := at(t, address, postgres.Options{Renew: func() (string, error) { return known.Load().(string), nil }})
	w := write(t, s, 2)
	w.until(10)
	exec1(t, operator, `ALTER ROLE desk PASSWORD 'second'`)
	exec1(t, operator, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'desk'`)
	w.expect("unavailable", 6)
	if _, err := s.Head(t.Context()); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "password authentication failed") {
		t.Errorf("it says %v", err)
	}
	if _, err := postgres.Open(t.Context(), address, postgres.Options{}); !errors.Is(err, store.ErrUsage) || strings.Contains(err.Error(), "first@") {
		t.Errorf("opened anew it says %v", err)
	}
	known.Store("not an address") // it is being written
	w.expect("unavailable", 12)
	known.Store(strings.Replace(address, "first", "second", 1))
	w.until(10)
	known.Store(address)
	exec1(t, operator, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'desk'`)
	w.expect("unavailable", 18)
	exec1(t, operator, `ALTER ROLE desk PASSWORD 'first'`)
	w.until(10)
	w.prove()
}

// TestStrictServer: an operator who lets all transactions be serializable, and
// only read where nothing else is said, changes nothing for the archive.
func TestStrictServer(t *testing.T) {
	schema := newSchema()
	address := start(t) + "&options=-c%20default_transaction_isolation%3Dserializable%20-c%20synchronous_commit%3Doff"
	s := at(t, address, postgres.Options{Schema: schema, MinConns: 8})
	m := newMaker(t, 98)
	var jobs store.Batch
	for i := range 40 {
		jobs.Enqueue = append(jobs.Enqueue, store.Enqueue{Job: store.Job{ID: m.id(), Kind: "look", Key: fmt.Sprint(i), Created: time.Now()}})
	}
	m.append(s, jobs)
	w := write(t, s, 4)
	var leased atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for leased.Load() < 40 {
				got, err := s.Lease(t.Context(), store.LeaseRequest{Owner: "desk", For: time.Hour, Limit: 2})
				if err != nil {
					t.Error(err)
					return
				}
				leased.Add(int64(len(got)))
			}
		})
	}
	group.Wait()
	w.until(40)
	w.prove()
	if leased.Load() != 40 || len(w.trouble) > 0 {
		t.Errorf("%d jobs of 40 were leased, with trouble %v", leased.Load(), w.trouble)
	}
}

// TestSlowAnswers: a database that answers late, and then not at all for a
// while, keeps nobody longer than they wait, and loses nothing.
func TestSlowAnswers(t *testing.T) {
	d := servertest.NewDatabase(t)
	link := newSlow(t, d.Host)
	s := at(t, "postgres://stet@"+link.address+"/postgres?sslmode=disable", postgres.Options{})
	link.delay.Store(int64(20 * time.Millisecond))
	w := write(t, s, 4)
	w.until(8)
	link.hold.Lock()
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := s.Head(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while nothing is answered: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it was waited for %v", took)
	}
	if _, err := s.Append(soon, store.Batch{Key: "late", Records: []store.Record{newMaker(t, 99).look(1)}}); err == nil {
		t.Error("it was added although nothing is answered")
	}
	link.hold.Unlock()
	link.delay.Store(0)
	w.until(8)
	w.prove()
}

// slow leads to an address and can be held up.
type slow struct {
	address string
	delay   atomic.Int64
	hold    sync.RWMutex
}

func newSlow(t *testing.T, to string) *slow {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &slow{address: l.Addr().String()}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			go s.carry(in, out)
			go s.carry(out, in)
		}
	}()
	return s
}

// carry copies what comes, late.
func (s *slow) carry(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		time.Sleep(time.Duration(s.delay.Load())) // this is the network
		s.hold.RLock()
		_, err = to.Write(b[:n])
		s.hold.RUnlock()
		if err != nil {
			return
		}
	}
}

// at opens an archive in a database of the test's own.
func at(t *testing.T, address string, o postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // nothing depends on it
	return conn
}
