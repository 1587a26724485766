package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/store"
	"stet/store/storetest"
)

// TestKills kills the program at random moments of captures and looks: nothing
// that it acknowledged may be missing, nothing half-done may show, and what was
// begun must still be queued or done. With STET_CI=1 it kills 300 times.
func TestKills(t *testing.T) {
	kills, seed := 12, rand.Uint64()
	if storetest.Thorough() {
		kills = 300
	}
	t.Logf("%d kills with the seed %d", kills, seed)
	// Several archives at a time: a run waits more than it works.
	const archives = 3
	for n := range archives {
		t.Run(fmt.Sprint("archive ", n), func(t *testing.T) {
			t.Parallel()
			killMany(t, kills/archives, rand.New(rand.NewPCG(seed, uint64(n))))
		})
	}
}

// killMany kills runs of the program on one archive.
func killMany(t *testing.T, kills int, rng *rand.Rand) {
	t.Helper()
	n := fakenet.New(fakenet.Options{Latency: 5 * time.Millisecond})
	defer n.Close()
	x := n.X()
	dir := t.TempDir()
	env, err := n.Env(dir)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "archive")
	env = append(os.Environ(), append(env, "STET_FETCH_PER_HOST_INTERVAL=0", "HOME="+dir)...)
	acknowledged := map[string]bool{}
	killed := 0
	// A whole run says how long the moments last from which one is drawn: a
	// machine that is slow, or busy, is to be killed in the middle too.
	begun := time.Now()
	out, dead := runAndKill(t, env, []string{"capture", "--json", "--data", data, "twitter:" + fakenet.ControlID}, time.Minute)
	whole := time.Since(begun)
	if acks := capturesIn(t, out); dead || len(acks) != 1 {
		t.Fatalf("a run that nobody kills took %v and acknowledged %v", whole, acks)
	}
	for i := range kills {
		id := fakenet.PostID(when.Add(time.Duration(i)*time.Minute), i%4096)
		x.Add(fakenet.Post{ID: id, Author: ada, Text: "Number " + id, Media: []fakenet.Media{{Size: 100 << 10}}})
		args := []string{"capture", "--json", "--data", data, "twitter:" + id}
		if i%3 == 2 {
			args = []string{"recheck", "--json", "--data", data, "twitter:" + fakenet.ControlID, "twitter:" + id}
		}
		out, dead := runAndKill(t, env, args, time.Duration(rng.Int64N(int64(whole*5/4))))
		if dead {
			killed++
		}
		for _, c := range capturesIn(t, out) {
			acknowledged[c] = true
		}
		if i%10 == 9 || i == kills-1 {
			proveArchive(t, data, acknowledged)
		}
	}
	// A dozen runs on a slow machine may all be killed before they say a word.
	if kills >= 100 && (killed == 0 || len(acknowledged) == 0) {
		t.Errorf("%d of %d runs were killed before they ended, and %d captures acknowledged: the test shows little", killed, kills, len(acknowledged))
	}
	t.Logf("%d of %d runs were killed; %d captures were acknowledged", killed, kills, len(acknowledged))
}

// runAndKill runs the program, kills it after a time, and returns what it had
// printed.
func runAndKill(t *testing.T, env, args []string, after time.Duration) (out []byte, killed bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(env, asProgram+"=1")
	var stdout bytes.Buffer
	c.Stdout = &stdout
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() {
		// It may have ended by itself.
		_ = c.Process.Kill()
	})
	defer timer.Stop()
	err = c.Wait()
	var exit *exec.ExitError
	return stdout.Bytes(), errors.As(err, &exit) && exit.ExitCode() < 0
}

// asProgram makes the test binary run the program instead of the tests.
const asProgram = "STET_TEST_AS_PROGRAM"

// capturesIn returns the captures that whole lines of output acknowledge.
func capturesIn(t *testing.T, out []byte) []string {
	t.Helper()
	var ids []string
	for line := range bytes.Lines(out) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			continue // it was cut off
		}
		var r archiver.Result
		if err := json.Unmarshal(line, &r); err != nil {
			t.Errorf("a line of output is no JSON: %s", line)
		}
		for _, p := range r.Posts {
			if !p.Capture.IsZero() {
				ids = append(ids, p.Capture.String())
			}
		}
	}
	return ids
}

// proveArchive checks the archive, and that every acknowledged capture is in
// it, whole.
func proveArchive(t *testing.T, data string, acknowledged map[string]bool) {
	t.Helper()
	c := config.Default()
	c.Data = data
	w, err := wire.OpenReadOnly(t.Context(), c, wire.Options{})
	if errors.Is(err, store.ErrNoStore) && len(acknowledged) == 0 {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	sum, err := w.Checker.Check(t.Context(), func(p store.Problem) { t.Errorf("check: %s %s: %s", p.Thing, p.Name, p.What) })
	if err != nil || sum.Problems > 0 {
		t.Fatalf("check: %+v, %v", sum, err)
	}
	for word := range acknowledged {
		id, err := store.ParseID(word)
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.Archive.Get(t.Context(), id)
		if err != nil {
			t.Fatalf("capture %s was acknowledged: %v", word, err)
		}
		capture, err := store.Decode[store.Capture](&r)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := w.Archive.History(t.Context(), capture.Ref); err != nil || h.Best() == nil {
			t.Errorf("capture %s has no words: %v", word, err)
		}
	}
}
