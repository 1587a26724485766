package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/store/postgres"
	"stet/store/storetest"
)

// server is a PostgreSQL of this test process alone.
type server struct {
	address string
	cmd     *exec.Cmd
	exited  chan error
	dir     string
}

var theServer = sync.OnceValues(startServer)

func TestMain(m *testing.M) {
	code := m.Run()
	if binaries() != "" {
		if s, err := theServer(); err == nil {
			if err := s.stop(); err != nil {
				fmt.Fprintln(os.Stderr, "stopping PostgreSQL:", err)
				code = max(code, 1)
			}
		}
	}
	os.Exit(code)
}

// binaries returns the folder with initdb and postgres, "" where there is none.
func binaries() string {
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/usr/local/bin"} {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		slices.Sort(dirs)
		for _, dir := range slices.Backward(dirs) {
			if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
				return dir
			}
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

// start returns the address of the server, which the first caller starts.
func start(t testing.TB) string {
	t.Helper()
	storetest.Need(t, binaries() != "", "PostgreSQL (initdb and postgres)")
	s, err := theServer()
	if err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	return s.address
}

func startServer() (*server, error) {
	// The path of a socket may have about a hundred bytes only, so that the
	// folder of the test will not do.
	dir, err := os.MkdirTemp("", "stetpg")
	if err != nil {
		return nil, err
	}
	user, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(binaries(), "initdb"), "-D", data, "-U", "stet", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = user, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	cmd := exec.Command(filepath.Join(binaries(), "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200")
	var log bytes.Buffer
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = user, dir, &log, &log
	s := &server{cmd: cmd, exited: make(chan error, 1), dir: dir,
		address: "postgres:///postgres?" + url.Values{"host": {dir}, "user": {"stet"}}.Encode()}
	started := make(chan error)
	go func() {
		// The server is told to end with the thread that started it.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			s.exited <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return s, s.wait(&log)
}

// wait tries to connect until the server answers.
func (s *server) wait(log *bytes.Buffer) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.address)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case exit := <-s.exited:
			return fmt.Errorf("it ended: %w\n%s", exit, log)
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond): // another process cannot be waited for otherwise
		}
	}
}

func (s *server) stop() error {
	err := s.cmd.Process.Signal(os.Interrupt) // a fast shutdown
	<-s.exited
	return errors.Join(err, os.RemoveAll(s.dir))
}

// admin is a connection of the test itself to a schema.
func admin(t testing.TB, schema string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(start(t))
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["search_path"] = schema
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // nothing depends on it
	return conn
}

// exec runs statements that must succeed.
func exec1(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.WithoutCancel(t.Context()), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

var schemas struct {
	sync.Mutex
	n int
}

func newSchema() string {
	schemas.Lock()
	defer schemas.Unlock()
	schemas.n++
	return fmt.Sprintf("archive_%d", schemas.n)
}

// open opens an archive that must open, closed at the end of the test.
func open(t testing.TB, o postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), start(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // tests that look at Close call it
	return s
}

// setClock makes the database's clock of a schema show that of a test.
func setClock(t testing.TB, schema string, clock *storetest.Clock) {
	t.Helper()
	conn := admin(t, schema)
	exec1(t, conn, `CREATE TABLE test_clock (at bigint); INSERT INTO test_clock VALUES (0);
		CREATE OR REPLACE FUNCTION now_us() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT at FROM test_clock'`)
	clock.OnChange(func(now time.Time) { exec1(t, conn, `UPDATE test_clock SET at = $1`, now.UnixMicro()) })
}
