package main

import (
	"bufio"
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/store/storetest"
)

// newsroom is an archive with a service, over an internet of its own.
type newsroom struct {
	t    *testing.T
	net  *fakenet.Net
	env  []string
	data string
	// served is the service, url where its pages are.
	served *exec.Cmd
	log    *bytes.Buffer
	url    string
	ended  chan struct{}
}

func newNewsroom(t *testing.T) *newsroom {
	t.Helper()
	net := fakenet.New(fakenet.Options{})
	t.Cleanup(func() { _ = net.Close() })
	dir := t.TempDir()
	env, err := net.Env(dir)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "archive")
	env = append(env, "STET_FETCH_PER_HOST_INTERVAL=0", "HOME="+dir, "STET_DATA="+data, "STET_SERVE_LISTEN=127.0.0.1:0", asProgram+"=1")
	return &newsroom{t: t, net: net, data: data, env: append(os.Environ(), env...)}
}

func (n *newsroom) command(args ...string) *exec.Cmd {
	n.t.Helper()
	self, err := os.Executable()
	if err != nil {
		n.t.Fatal(err)
	}
	c := exec.CommandContext(n.t.Context(), self, args...)
	c.Env = n.env
	return c
}

// stet runs the program, which must end with an exit code, and returns all that
// it said.
func (n *newsroom) stet(want int, args ...string) string {
	n.t.Helper()
	out, err := n.command(args...).CombinedOutput()
	if code := exitOf(err); code != want {
		n.t.Fatalf("stet %v: exit %d\n%s", args, code, out)
	}
	return string(out)
}

// exitOf is the exit code of a process that has ended.
func exitOf(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -2
}

// add makes a post of its own and returns its ref.
func (n *newsroom) add(i int) string {
	id := fakenet.PostID(when.Add(time.Duration(i)*time.Minute), i)
	n.net.X().Add(fakenet.Post{ID: id, Author: ada, Text: "Number " + id})
	return "twitter:" + id
}

var pagesAt = regexp.MustCompile(`pages=(http://\S+)`)

// serve starts the service and waits until it serves.
func (n *newsroom) serve() {
	n.t.Helper()
	n.served, n.log, n.ended = n.command("serve"), &bytes.Buffer{}, make(chan struct{})
	stderr, err := n.served.StderrPipe()
	if err == nil {
		err = n.served.Start()
	}
	if err != nil {
		n.t.Fatal(err)
	}
	serving := make(chan string, 1)
	go func() {
		defer close(n.ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			n.log.WriteString(lines.Text() + "\n")
			if m := pagesAt.FindStringSubmatch(lines.Text()); m != nil {
				serving <- m[1]
			}
		}
	}()
	select {
	case n.url = <-serving:
	case <-n.ended:
		n.t.Fatalf("the service ended: %s", n.log)
	}
}

// end ends the service with a signal.
func (n *newsroom) end(s syscall.Signal) {
	n.t.Helper()
	if err := n.served.Process.Signal(s); err != nil {
		n.t.Fatal(err)
	}
	<-n.ended
	if err := n.served.Wait(); err != nil && s == syscall.SIGTERM {
		n.t.Fatalf("the service: %v\n%s", err, n.log)
	}
}

// TestRestoreWhileServing restores a backup over the archive of a service that
// is in the middle of a capture: nothing of that gets into the restored archive,
// pages answer all the time, and the service goes on with the restored one.
func TestRestoreWhileServing(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	first, second, third := n.add(1), n.add(2), n.add(3)
	backup := filepath.Join(t.TempDir(), "backup")
	n.stet(0, "capture", first)
	n.stet(0, "backup", backup)
	n.stet(0, "capture", second)
	n.serve()
	asked := make(chan struct{})
	release := make(chan struct{})
	n.net.HandleFunc("slow.example", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default: // it was asked before
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	slow := n.command("capture", "https://slow.example/story")
	var said bytes.Buffer
	slow.Stderr = &said
	if err := slow.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	reading := make(chan error, 1)
	stop := make(chan struct{})
	go func() { reading <- readPages(n.url, stop) }()
	out := n.stet(0, "restore", "--force", backup)
	close(stop)
	if err := <-reading; err != nil {
		t.Error(err)
	}
	close(release)
	if !strings.Contains(out, "replaced-") {
		t.Errorf("it said %s", out)
	}
	if code := exitOf(slow.Wait()); code != 6 || !strings.Contains(said.String(), "run the command again") {
		t.Errorf("the capture under way: exit %d, %s", code, said.String())
	}
	n.stet(0, "show", first)
	n.stet(4, "show", second)
	if out := n.stet(0, "jobs", "list", "--json"); strings.Contains(out, "slow.example") {
		t.Errorf("a job of the archive before: %s", out)
	}
	n.stet(0, "capture", third)
	n.stet(0, "lookup", "Number "+strings.TrimPrefix(third, "twitter:"))
	n.stet(0, "checkpoint")
	n.stet(0, "check")
	aside, err := filepath.Glob(filepath.Join(n.data, "replaced-*"))
	if err != nil || len(aside) != 1 {
		t.Fatalf("aside: %v, %v", aside, err)
	}
	n.stet(0, "check", "--data", aside[0])
	n.stet(0, "show", second, "--data", aside[0])
	n.end(syscall.SIGTERM)
	n.stet(0, "check")
}

// readPages asks for a page again and again until it is told to stop: each must
// be answered.
func readPages(url string, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		for _, path := range []string{"/", "/healthz"} {
			resp, err := http.Get(url + path) //nolint:noctx // of this machine
			if err != nil {
				return err
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return errors.New(path + ": " + resp.Status)
			}
		}
	}
}

// TestRestoreKilledWhileServing kills the service at random moments of restoring
// over its archive: it holds what it held or what the backup does, also when the
// command said that it is done.
func TestRestoreKilledWhileServing(t *testing.T) {
	t.Parallel()
	kills, seed := 3, rand.Uint64()
	if storetest.Thorough() {
		kills = 10
	}
	t.Logf("%d kills with the seed %d", kills, seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	n := newNewsroom(t)
	first, second := n.add(1), n.add(2)
	backup := filepath.Join(t.TempDir(), "backup")
	n.stet(0, "capture", first)
	n.stet(0, "backup", backup)
	n.serve()
	begun := time.Now()
	n.stet(0, "restore", "--force", backup)
	whole := time.Since(begun)
	outcomes := map[string]int{}
	for range kills {
		n.stet(0, "capture", second)
		c := n.command("restore", "--force", backup)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.NewTimer(time.Duration(rng.Int64N(int64(whole * 5 / 4))))
		<-timer.C
		n.end(syscall.SIGKILL)
		code := exitOf(c.Wait())
		n.stet(0, "check")
		n.stet(0, "show", first)
		switch there := exitOf(n.command("show", second).Run()); {
		case there == 0 && code != 0:
			outcomes["old"]++
		case there == 4:
			outcomes["restored"]++
		default:
			t.Fatalf("the restore ended with %d, and looking for what is not in the backup with %d", code, there)
		}
		n.serve()
	}
	n.end(syscall.SIGTERM)
	t.Logf("it was %v", outcomes)
}
