//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/archiver/fakenet"
	"stet/store/servertest"
)

// TestDatabaseThatIsFull: while nothing can be added, a service says so, shows
// what is kept, and goes on when there is room again: no post is lost or kept
// twice, and no job is charged with it.
func TestDatabaseThatIsFull(t *testing.T) {
	database, storage := servertest.NewDatabase(t), servertest.S3(t)
	n := fakenet.New(fakenet.Options{Latency: 20 * time.Millisecond})
	defer n.Close()
	posts := publish(n)
	f := &fleet{t: t, dir: t.TempDir(), env: fleetEnv(t, n, database, storage)}
	address := freeAddress(t)
	service := f.start(0, "STET_SERVE_ROLE=all", "STET_SERVE_LISTEN="+address)
	f.until(func(d *done) bool { return len(d.captured) >= 2 })
	operator, err := pgx.Connect(t.Context(), database.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = operator.Close(context.WithoutCancel(t.Context())) }() // nothing depends on it
	sql := func(s string) {
		t.Helper()
		if _, err := operator.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	sql(`CREATE FUNCTION stet.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
		CREATE TRIGGER full_disk BEFORE INSERT ON stet.blocks EXECUTE FUNCTION stet.full_disk();
		CREATE TRIGGER full_disk BEFORE UPDATE ON stet.jobs FOR EACH ROW WHEN (NEW.state <> 2) EXECUTE FUNCTION stet.full_disk()`)
	f.answers("http://"+address+"/readyz", http.StatusInsufficientStorage, "no space left")
	f.answers("http://"+address+"/", http.StatusOK, "stet")
	d, err := f.progress()
	if err != nil {
		t.Fatal(err)
	}
	for ref := range d.captured {
		f.answers("http://"+address+"/post/"+ref, http.StatusOK, "Number ")
	}
	sql(`DROP TRIGGER full_disk ON stet.blocks; DROP TRIGGER full_disk ON stet.jobs`)
	f.until(func(d *done) bool { return len(d.captured) >= len(posts) && d.left == 0 })
	f.answers("http://"+address+"/readyz", http.StatusOK, "ok")
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", service.Process.Pid)); err == nil {
		_, most, _ := strings.Cut(string(status), "VmHWM:")
		most, _, _ = strings.Cut(most, "\n")
		t.Logf("the service had at most %s of memory, with the pages and %d captures", strings.TrimSpace(most), len(posts))
	}
	if err := service.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := service.Wait(); err != nil {
		t.Errorf("%v\n%s", err, f.logs[0])
	}
	if log := f.logs[0].String(); !strings.Contains(log, "attempt=1") || strings.Contains(log, "attempt=2") {
		t.Errorf("attempts were counted, or none failed:\n%s", log)
	}
	f.prove(posts)
}

// TestPagesFromAStandby: a web node that reads from a server that follows the
// database shows and finds what is there also while nobody can write, and the
// bucket is away, which a worker is not ready without.
func TestPagesFromAStandby(t *testing.T) {
	database, storage := servertest.NewDatabase(t), servertest.NewS3(t)
	standby := database.Standby(t)
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	publish(n)
	f := &fleet{t: t, dir: t.TempDir(), env: fleetEnv(t, n, database, storage)}
	address, other := freeAddress(t), freeAddress(t)
	worker := f.start(0, "STET_SERVE_LISTEN="+other)
	f.until(func(d *done) bool { return len(d.captured) >= 2 })
	d, err := f.progress()
	if err != nil {
		t.Fatal(err)
	}
	pages := f.start(1, "STET_SERVE_ROLE=web", "STET_SERVE_LISTEN="+address, "STET_STORAGE_POSTGRES_READ="+standby.Address)
	f.answers("http://"+address+"/healthz", http.StatusOK, "ok")
	if err := storage.Stop(); err != nil {
		t.Fatal(err)
	}
	f.answers("http://"+other+"/readyz", http.StatusServiceUnavailable, "the place for large files")
	f.answers("http://"+address+"/readyz", http.StatusOK, `"files":"asking for the bucket`)
	if err := worker.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait() // others look at how it ends
	if err := database.Crash(); err != nil {
		t.Log(err) // it says that it was ended so
	}
	f.answers("http://"+address+"/readyz", http.StatusOK, "ok")
	for ref := range d.captured {
		_, id, _ := strings.Cut(ref, ":")
		f.answers("http://"+address+"/post/"+ref, http.StatusOK, "Number "+id)
		f.answers("http://"+address+"/search?q="+id, http.StatusOK, ref)
	}
	if _, err := f.ask("recheck", "twitter:20"); err == nil || !strings.Contains(err.Error(), "storage.postgres") {
		t.Errorf("a command that writes says %v", err)
	}
	if err := pages.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := pages.Wait(); err != nil {
		t.Errorf("%v\n%s", err, f.logs[1])
	}
}

// answers waits until an address is answered with a status and words.
func (f *fleet) answers(address string, status int, words string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	for last := ""; ; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			f.t.Fatal(err)
		}
		if response, err := http.DefaultClient.Do(request); err != nil {
			last = err.Error()
		} else {
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close() // it was read
			if last = fmt.Sprint(response.StatusCode, " ", string(body), " ", err); response.StatusCode == status && strings.Contains(string(body), words) {
				return
			}
		}
		select {
		case <-ctx.Done():
			f.t.Fatalf("%s answers %s, want %d with %q", address, last, status, words)
		case <-time.After(100 * time.Millisecond): // another process cannot be waited for otherwise
		}
	}
}

// freeAddress returns an address of the loopback interface that nobody listens
// on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}
