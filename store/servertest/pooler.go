package servertest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"stet/store/storetest"
)

// Pooler starts a PgBouncer in front of the database, which lends connections in
// a mode (session or transaction), and returns its address. It ends with the
// tests.
func (d *Database) Pooler(t testing.TB, mode string) string {
	t.Helper()
	path, err := exec.LookPath("pgbouncer")
	if _, serr := os.Stat("/usr/sbin/pgbouncer"); err != nil && serr == nil {
		path, err = "/usr/sbin/pgbouncer", nil
	}
	storetest.Need(t, err == nil, "PgBouncer, a pooler of connections")
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "stetpool")
	if err != nil {
		t.Fatal(err)
	}
	host, from, err := net.SplitHostPort(d.Host)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pooler.ini")
	config := fmt.Sprintf("[databases]\npostgres = host=%s port=%s user=stet\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nauth_type = any\nunix_socket_dir =\npool_mode = %s\n", host, from, port, mode)
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	user, err := unprivileged(dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, file)
	cmd.SysProcAttr, cmd.Dir = user, dir
	p, err := startProcess(cmd, dir)
	if err != nil {
		t.Fatal(err)
	}
	keep(p)
	at := fmt.Sprintf("127.0.0.1:%d", port)
	if err := p.wait(func() error {
		conn, err := net.DialTimeout("tcp", at, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	}); err != nil {
		t.Fatal(err)
	}
	return "postgres://stet@" + at + "/postgres?sslmode=disable"
}
