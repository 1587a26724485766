package bolt_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/store"
	"stet/store/bolt"
	"stet/store/disktest"
)

// Some tests need a process of their own, that is killed or has its disk taken
// away. It is this test binary, which does one of the children's work where
// the environment says so.
const (
	childEnv = "STET_BOLT_CHILD"
	dirEnv   = "STET_BOLT_DIR"
)

func TestMain(m *testing.M) {
	work, ok := children()[os.Getenv(childEnv)]
	if !ok {
		os.Exit(m.Run())
	}
	err := disktest.Attach()
	if err == nil {
		err = work(context.Background(), os.Getenv(dirEnv))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child returns the command that does a child's work in dir.
func child(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childEnv+"="+name, dirEnv+"="+dir)
	return cmd
}

// runChild does a child's work in dir and fails the test where that fails.
func runChild(t *testing.T, name, dir string) {
	t.Helper()
	if out, err := child(t, name, dir).CombinedOutput(); err != nil {
		t.Fatalf("the process that does %q: %v\n%s", name, err, out)
	}
}

// appendForEver appends batches from several goroutines, and prints what was
// acknowledged.
func appendForEver(ctx context.Context, dir string) error {
	s, err := bolt.Open(ctx, dir, bolt.Options{AllowNetworkFS: true, InlineBlobSize: 1000})
	if err != nil {
		return err
	}
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	a := store.NewArchive(store.Parts{Backend: s, Blobs: s, Now: time.Now, Random: &seeded{source: seedOf(head)}})
	var mu sync.Mutex
	failed := make(chan error)
	for w := range 8 {
		go func() {
			for n := 0; ; n++ {
				r, id, err := appendOne(ctx, a, int(head)+w*1_000_000+n)
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				fmt.Println("acknowledged", r.First, r.Last, id) // unbuffered: a kill loses nothing of it
				mu.Unlock()
			}
		}()
	}
	return <-failed
}

// appendOne appends a batch that refers to a blob of its own, and returns the
// id of its last record.
func appendOne(ctx context.Context, a *store.Archive, n int) (store.Receipt, store.ID, error) {
	info, err := a.PutBlob(ctx, strings.NewReader(strings.Repeat(fmt.Sprint("blob ", n, " "), 1+n%300)), 0)
	if err != nil {
		return store.Receipt{}, store.ID{}, err
	}
	b := a.Begin()
	_, err = b.Add(ctx, &store.Capture{Time: a.Now(), Kind: store.CapturePost, Ref: ref(n), Note: fmt.Sprint("batch ", n),
		Media: []store.MediaFile{{URL: "https://example.com", Digest: info.Digest, Size: info.Size}}})
	if err != nil {
		return store.Receipt{}, store.ID{}, err
	}
	for range n % 5 {
		if _, err := b.Add(ctx, look(a.Now(), n)); err != nil {
			return store.Receipt{}, store.ID{}, err
		}
	}
	id, err := b.Add(ctx, look(a.Now(), n))
	if err != nil {
		return store.Receipt{}, store.ID{}, err
	}
	if err := b.Enqueue(store.Enqueue{Job: store.Job{Kind: "look", Key: ref(n).String()}}); err != nil {
		return store.Receipt{}, store.ID{}, err
	}
	r, err := b.Commit(ctx)
	return r, id, err
}

// TestKill kills a process that appends, several times: what it acknowledged is
// there, and nothing is there by half.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	mustClose(t, mustOpen(t, dir, bolt.Options{}))
	var acknowledged []string
	for kill := range 6 {
		acknowledged = append(acknowledged, appendAndKill(t, dir, 40+60*kill)...)
		s := mustOpen(t, dir, bolt.Options{})
		for _, line := range acknowledged {
			var first, last uint64
			var text string
			if _, err := fmt.Sscanf(line, "acknowledged %d %d %s", &first, &last, &text); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			id, err := store.ParseID(text)
			must(t, err)
			if r, err := s.Get(t.Context(), id); err != nil || r.Seq != last {
				t.Errorf("after kill %d, record %s should have the number %d and has %d: %v", kill, id, last, r.Seq, err)
			}
		}
		wantWholeBatches(t, s)
		wantSound(t, s)
		mustClose(t, s)
	}
	t.Logf("%d batches were acknowledged", len(acknowledged))
}

// appendAndKill starts the process, kills it after it acknowledged some
// batches, and returns all lines that it printed whole.
func appendAndKill(t *testing.T, dir string, after int) []string {
	t.Helper()
	cmd := child(t, "append", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var lines []string
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		lines = append(lines, line)
		if len(lines) == after {
			must(t, cmd.Process.Kill())
		}
	}
	if err := cmd.Wait(); err == nil || len(lines) < after {
		t.Fatalf("the process ended by itself after %d batches", len(lines))
	}
	return lines
}

// wantWholeBatches fails the test where a batch of appendOne is there by half.
func wantWholeBatches(t *testing.T, s *bolt.Store) {
	t.Helper()
	head, err := s.Head(t.Context())
	must(t, err)
	missing := 0
	for after := uint64(0); after < head; {
		records, err := s.Read(t.Context(), after, 0)
		must(t, err)
		for i := range records {
			switch records[i].Kind {
			case store.KindCapture:
				if missing != 0 {
					t.Errorf("before record %d, %d records of a batch are missing", records[i].Seq, missing)
				}
				c, err := store.Decode[store.Capture](&records[i])
				must(t, err)
				var n int
				_, err = fmt.Sscanf(c.Note, "batch %d", &n)
				must(t, err)
				missing = n%5 + 1
				job, err := s.ListJobs(t.Context(), store.JobFilter{Limit: 1})
				if err != nil || len(job) != 1 {
					t.Errorf("there are no jobs: %v", err)
				}
			case store.KindLook:
				missing--
			}
			after = records[i].Seq
		}
	}
	if missing != 0 {
		t.Errorf("of the last batch, %d records are missing", missing)
	}
}
