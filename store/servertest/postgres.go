package servertest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/store/storetest"
)

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

// Database is a PostgreSQL of the test process alone.
type Database struct {
	// Address is how to reach it, as a superuser.
	Address string
	// Host is its address and port; empty where it is reached by a socket in
	// the file system.
	Host string

	p    *process
	port int // 0: by a socket in the file system only
	dir  string
}

var theDatabase = sync.OnceValues(func() (*Database, error) { return startDatabase(0) })

// Postgres returns the address of the database that all tests of the process
// share, which the first caller starts.
func Postgres(t testing.TB) string {
	t.Helper()
	needDatabase(t)
	d, err := theDatabase()
	if err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	return d.Address
}

func needDatabase(t testing.TB) {
	t.Helper()
	storetest.Need(t, binaries() != "", "PostgreSQL (initdb and postgres)")
}

// NewDatabase starts a database for one test, which may stop it and start it
// again. It listens on a port of the loopback interface, and ends with the test.
func NewDatabase(t testing.TB) *Database {
	t.Helper()
	needDatabase(t)
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	d, err := startDatabase(port)
	if err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	return d
}

// freePort returns a port of the loopback interface that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func startDatabase(port int) (*Database, error) {
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
	initdb := exec.Command(filepath.Join(binaries(), "initdb"), "-D", filepath.Join(dir, "data"), "-U", "stet", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = user, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	d := newDatabase(dir, port)
	if err := d.Start(); err != nil {
		return nil, err
	}
	return d, nil
}

func newDatabase(dir string, port int) *Database {
	d := &Database{port: port, dir: dir, Address: "postgres:///postgres?" + url.Values{"host": {dir}, "user": {"stet"}}.Encode()}
	if port != 0 {
		d.Host = fmt.Sprintf("127.0.0.1:%d", port)
		d.Address = "postgres://stet@" + d.Host + "/postgres?sslmode=disable"
	}
	return d
}

// Standby starts a copy of the database that follows it, as a server that can
// take its place. It ends with the test.
func (d *Database) Standby(t testing.TB) *Database {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "stetpg")
	if err != nil {
		t.Fatal(err)
	}
	user, err := unprivileged(dir)
	if err != nil {
		t.Fatal(err)
	}
	host, from, err := net.SplitHostPort(d.Host)
	if err != nil {
		t.Fatal(err)
	}
	copying := exec.Command(filepath.Join(binaries(), "pg_basebackup"), "-h", host, "-p", from, "-U", "stet", "-D", filepath.Join(dir, "data"), "-R", "-X", "stream", "-c", "fast", "--no-sync")
	copying.SysProcAttr, copying.Dir = user, dir
	if out, err := copying.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	s := newDatabase(dir, port)
	if err := s.Start(); err != nil {
		t.Fatalf("starting a standby: %v", err)
	}
	return s
}

// Start starts the server, again after Stop or Kill, and waits until it answers.
func (d *Database) Start() error {
	user, err := unprivileged(d.dir)
	if err != nil {
		return err
	}
	listen := "listen_addresses="
	if d.port != 0 {
		listen += "127.0.0.1"
	}
	cmd := exec.Command(filepath.Join(binaries(), "postgres"), "-D", filepath.Join(d.dir, "data"), "-k", d.dir, "-p", strconv.Itoa(max(d.port, 5432)),
		"-c", listen, "-c", "fsync=off", "-c", "max_connections=200")
	cmd.SysProcAttr, cmd.Dir = user, d.dir
	p, err := startProcess(cmd, d.dir)
	if err != nil {
		return err
	}
	d.p = p
	keep(p)
	return p.wait(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, d.Address)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
}

// Stop ends the server as an operator does who wants it to end now: what is
// under way is broken off.
func (d *Database) Stop() error { return d.p.stop(os.Interrupt) }

// Crash ends the server as a machine that fails does: it writes nothing more.
func (d *Database) Crash() error { return d.p.stop(syscall.SIGQUIT) }

// AskForPassword makes the server ask a role for its password, once it has read
// its configuration again.
func (d *Database) AskForPassword(role string) error {
	path := filepath.Join(d.dir, "data", "pg_hba.conf")
	rest, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(fmt.Appendf(nil, "host all %s 127.0.0.1/32 scram-sha-256\n", role), rest...), 0o600)
}
