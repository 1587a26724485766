//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/store/servertest"
)

// TestWorkers lets four processes work on one archive in PostgreSQL and S3
// while one is killed, one stands still for longer than its lease, one is cut
// off from the storage, and the database is restarted in the middle: every job
// is done, none twice in a way that shows.
func TestWorkers(t *testing.T) {
	database, storage := servertest.NewDatabase(t), servertest.S3(t)
	n := fakenet.New(fakenet.Options{Latency: 30 * time.Millisecond})
	defer n.Close()
	posts := publish(n)
	link := newCable(t, strings.TrimPrefix(storage.Endpoint, "http://"))
	f := &fleet{t: t, dir: t.TempDir(), env: fleetEnv(t, n, database, storage)}
	var workers []*exec.Cmd
	for i := range 4 {
		var more []string
		if i == 2 {
			more = []string{"STET_STORAGE_S3_ENDPOINT=http://" + link.address}
		}
		workers = append(workers, f.start(i, more...))
	}
	// Something has to be done before something is broken.
	f.until(func(d *done) bool { return len(d.captured) >= 6 })
	signal := func(i int, s syscall.Signal) {
		t.Helper()
		if err := workers[i].Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	signal(0, syscall.SIGKILL)
	signal(1, syscall.SIGSTOP)
	link.cut()
	f.until(func(d *done) bool { return len(d.captured) >= 14 })
	if err := database.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := database.Start(); err != nil {
		t.Fatal(err)
	}
	f.until(func(d *done) bool { return len(d.captured) >= 20 && d.stale(1) })
	signal(1, syscall.SIGCONT)
	link.mend()
	f.until(func(d *done) bool { return len(d.captured) >= len(posts) && d.left == 0 })
	for _, i := range []int{1, 2, 3} {
		signal(i, syscall.SIGTERM)
		if err := workers[i].Wait(); err != nil {
			t.Errorf("worker %d: %v\n%s", i, err, f.logs[i])
		}
	}
	_ = workers[0].Wait() // it was killed
	f.prove(posts)
}

// publish puts a feed, articles and posts with pictures into the internet and
// returns the posts.
func publish(n *fakenet.Net) []string {
	x, site := n.X(), n.Site("news.example")
	var refs []string
	var feed strings.Builder
	feed.WriteString(`<rss version="2.0"><channel><title>Quay</title>`)
	for i := range 16 {
		var body strings.Builder
		for j := range 2 {
			id := fakenet.PostID(when.Add(time.Duration(2*i+j)*time.Minute), 100+2*i+j)
			x.Add(fakenet.Post{ID: id, Author: ada, Text: "Number " + id, Media: []fakenet.Media{{Size: int64(90<<10 + i)}}})
			refs = append(refs, "twitter:"+id)
			fmt.Fprintf(&body, `<p>They wrote:</p><blockquote class="twitter-tweet"><p>Number %s</p>&mdash; Ada (@adabridge) <a href="https://twitter.com/adabridge/status/%s">March 5, 2024</a></blockquote>`, id, id)
		}
		path := fmt.Sprintf("/story-%d", i)
		site.Page(path, fmt.Sprintf("<title>Story %d</title><article><h1>Story %d</h1>%s</article>", i, i, &body))
		fmt.Fprintf(&feed, `<item><title>Story %d</title><link>https://news.example%s</link></item>`, i, path)
	}
	feed.WriteString("</channel></rss>")
	site.File("/feed.xml", "application/rss+xml", []byte(feed.String()))
	return refs
}

func fleetEnv(t *testing.T, n *fakenet.Net, d *servertest.Database, s *servertest.Storage) []string {
	t.Helper()
	env, err := n.Env(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return append(append(os.Environ(), env...), "STET_FETCH_PER_HOST_INTERVAL=0", "HOME="+t.TempDir(),
		"STET_STORAGE_POSTGRES="+d.Address, "STET_STORAGE_S3_ENDPOINT="+s.Endpoint, "STET_STORAGE_S3_BUCKET="+s.Bucket(t),
		"STET_STORAGE_S3_ACCESS_KEY="+s.AccessKey, "STET_STORAGE_S3_SECRET_KEY="+s.SecretKey,
		"STET_SERVE_ROLE=worker", "STET_SERVE_LISTEN=off", "STET_SERVE_LEASE=2s", "STET_SERVE_WORKERS=2", asProgram+"=1")
}

// fleet is processes that share an archive.
type fleet struct {
	t    *testing.T
	dir  string
	env  []string
	logs [4]*bytes.Buffer
	// running are the workers, in the order of their start.
	running []*exec.Cmd
}

// start starts a worker with a folder of its own.
func (f *fleet) start(i int, env ...string) *exec.Cmd {
	f.t.Helper()
	dir := filepath.Join(f.dir, fmt.Sprint("worker-", i))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		f.t.Fatal(err)
	}
	config := filepath.Join(dir, "stet.yaml")
	if err := os.WriteFile(config, []byte("sources:\n  - {name: quay, url: https://news.example/feed.xml, kind: feed, every: 1h}\n"), 0o600); err != nil {
		f.t.Fatal(err)
	}
	c := f.command(append(f.env, env...), "serve", "--data", dir, "--config", config)
	f.logs[i] = &bytes.Buffer{}
	c.Stderr = f.logs[i]
	if err := c.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.running = append(f.running, c)
	f.t.Cleanup(func() {
		if c.ProcessState == nil {
			_ = c.Process.Kill() // the test failed before it ended it
			_ = c.Wait()
		}
	})
	return c
}

func (f *fleet) command(env []string, args ...string) *exec.Cmd {
	f.t.Helper()
	self, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	c := exec.CommandContext(f.t.Context(), self, args...)
	c.Env = env
	return c
}

// ask runs a command on the archive from another machine, and returns what it
// printed.
func (f *fleet) ask(args ...string) ([]byte, error) {
	c := f.command(f.env, append(args, "--data", filepath.Join(f.dir, "desk"))...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("stet %s: %w\n%s", strings.Join(args, " "), err, &stderr)
	}
	return out, err
}

// done is how far the work is.
type done struct {
	// captured are the posts whose first look is queued: what a capture leaves.
	captured map[string]bool
	// left is how many jobs are still to be done.
	left int
	// leases are the ends of the leases that are held.
	leases []time.Time
}

// stale reports whether at least so many leases have ended.
func (d *done) stale(most int) bool {
	n := 0
	for _, at := range d.leases {
		if at.Before(time.Now()) {
			n++
		}
	}
	return n <= most
}

// until waits until the work is as far as is wanted.
func (f *fleet) until(enough func(*done) bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 4*time.Minute)
	defer cancel()
	for {
		d, err := f.progress()
		if err == nil && enough(d) {
			return
		}
		select {
		case <-ctx.Done():
			for i, c := range f.running {
				if i > 1 { // those that should not stand still say where they are
					_ = c.Process.Signal(syscall.SIGQUIT)
					_ = c.Wait()
				}
			}
			for i, l := range f.logs {
				f.t.Logf("worker %d:\n%s", i, l)
			}
			f.t.Fatalf("the work stands still at %+v, %v", d, err)
		case <-time.After(200 * time.Millisecond): // other processes cannot be waited for otherwise
		}
	}
}

func (f *fleet) progress() (*done, error) {
	out, err := f.ask("jobs", "list", "--json")
	if err != nil {
		return nil, err
	}
	d := &done{captured: map[string]bool{}}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var j struct {
			Kind, Key, State string
			RunAt            time.Time `json:"run_at"`
			Lease            struct{ Until time.Time }
		}
		if err := dec.Decode(&j); err == io.EOF {
			return d, nil
		} else if err != nil {
			return nil, err
		}
		switch {
		case j.Kind == archiver.JobLook:
			d.captured[j.Key] = true
			if j.RunAt.Before(time.Now().Add(time.Minute)) {
				d.left++ // something is still to be fetched
			}
		case j.RunAt.Before(time.Now().Add(time.Minute)): // articles are read again later
			d.left++
		}
		if j.State == "leased" {
			d.leases = append(d.leases, j.Lease.Until)
		}
	}
}

// prove looks at what is kept in the end.
func (f *fleet) prove(posts []string) {
	f.t.Helper()
	for _, ref := range posts {
		out, err := f.ask("show", ref, "--json")
		if err != nil {
			f.t.Error(err)
			continue
		}
		var shown struct {
			Captures []struct{ ID, Source string }
			Post     struct {
				Media []struct{ Digest, Error string }
			}
		}
		if err := json.Unmarshal(out, &shown); err != nil {
			f.t.Fatal(err)
		}
		// A worker that stood still, or was cut off, may have had no more than
		// the oEmbed, and then came back for the rest.
		by := map[string]int{}
		for _, c := range shown.Captures {
			by[c.Source]++
		}
		if by["public"] != 1 || by["embed"] > 1 {
			f.t.Errorf("%s was captured %v times", ref, by)
		}
		if len(shown.Post.Media) != 1 || shown.Post.Media[0].Digest == "" {
			f.t.Errorf("%s has the files %+v", ref, shown.Post.Media)
		}
	}
	if out, err := f.ask("check", "--json"); err != nil {
		f.t.Errorf("%v\n%s", err, out)
	}
	if out, err := f.ask("jobs", "list", "--dead", "--json"); err != nil || len(bytes.TrimSpace(out)) > 0 {
		f.t.Errorf("dead jobs: %s %v", out, err)
	}
}

// cable leads to an address, and can be cut.
type cable struct {
	address string
	to      string

	mu    sync.Mutex
	off   bool
	conns map[net.Conn]bool
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{address: l.Addr().String(), to: to, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = l.Close()
		c.cut()
	})
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go c.carry(in)
		}
	}()
	return c
}

// add notes a connection; false where the cable is cut.
func (c *cable) add(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns[conn] = true
	return !c.off
}

func (c *cable) carry(in net.Conn) {
	defer in.Close()
	if !c.add(in) {
		return
	}
	out, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer out.Close()
	if !c.add(out) {
		return
	}
	go func() {
		defer in.Close()
		_, _ = io.Copy(in, out) // the end of either ends both
	}()
	_, _ = io.Copy(out, in)
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = true
	for conn := range c.conns {
		_ = conn.Close()
	}
	clear(c.conns)
}

func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = false
}
