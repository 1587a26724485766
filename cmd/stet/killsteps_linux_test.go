package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"stet/archiver/fakenet"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/store"
	"stet/store/disktest"
	"stet/store/storetest"
)

// killing is a command that is killed at its steps.
type killing struct {
	name string
	args []string
	// prepare makes what the folder of the archive holds at first.
	prepare func(t *testing.T, data string)
	env     []string
	// post is captured, and words are some of its own.
	post, words string
}

// killsAtStep is how often the commands are killed at each of their steps,
// where everything is done.
const killsAtStep = 20

// killing at one of the places where a command does a step.
type killPlace struct {
	step string
	// at is how often the step is done before.
	at int
	// again is true where the command is to do all of the work afterwards.
	again bool
}

// TestKillAtEachStep kills a capture and a look just before each thing that
// they do to the disk: with STET_CI=1 twenty times at each step and at every
// single place where it is done, otherwise at a few. What was acknowledged is
// there, nothing half-done shows, and the same command once more does all of
// the work.
func TestKillAtEachStep(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	k := captureKilling(t)
	t.Run(k.name, func(t *testing.T) { k.atEachStep(t, rng) })
	look := k.look(t)
	t.Run(look.name, func(t *testing.T) { look.atEachStep(t, rng) })
}

// captureKilling captures a post with a video into a new archive.
func captureKilling(t *testing.T) killing {
	t.Helper()
	n := fakenet.New(fakenet.Options{})
	t.Cleanup(func() { _ = n.Close() })
	dir := t.TempDir()
	env, err := n.Env(dir)
	if err != nil {
		t.Fatal(err)
	}
	id := fakenet.PostID(when, 7)
	n.X().Add(fakenet.Post{ID: id, Author: ada, Text: "Number " + id, Media: []fakenet.Media{{Kind: "video", Size: 100 << 10}}})
	return killing{name: "capture", env: append(os.Environ(), append(env, "STET_FETCH_PER_HOST_INTERVAL=0", "HOME="+dir)...), post: "twitter:" + id,
		words: "Number " + id, args: []string{"capture", "--json", "twitter:" + id}, prepare: func(*testing.T, string) {}}
}

// look looks at the post again that was captured.
func (k killing) look(t *testing.T) killing {
	t.Helper()
	captured := filepath.Join(t.TempDir(), "captured")
	if _, killed := k.watch(t, captured, nil); killed {
		t.Fatal("it was killed")
	}
	before, err := disktest.Load(captured)
	if err != nil {
		t.Fatal(err)
	}
	k.name, k.args = "look", []string{"recheck", "--json", k.post}
	k.prepare = func(t *testing.T, data string) {
		if err := before.Leave(data, disktest.Cut{}); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// watch runs the command in a folder and returns what it said; decide may end
// it.
func (k killing) watch(t *testing.T, data string, decide func(n int, step string) disktest.Verdict) (out []byte, killed bool) {
	t.Helper()
	n := 0
	out, killed, err := k.watchOps(t, data, func(o *disktest.Op) disktest.Verdict {
		if n++; decide == nil {
			return disktest.Verdict{}
		}
		return decide(n, o.Step())
	})
	if err != nil {
		t.Fatalf("%q: %v", k.args, err)
	}
	return out, killed
}

// watchOps runs the command in a folder and returns what it said and how it
// ended.
func (k killing) watchOps(t *testing.T, data string, decide func(*disktest.Op) disktest.Verdict) (out []byte, killed bool, err error) {
	t.Helper()
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, append(slices.Clone(k.args), "--data", data)...)
	c.Env = append(slices.Clone(k.env), asProgram+"=1")
	killed, err = disktest.Watch(c, data, func(o *disktest.Op) disktest.Verdict {
		if o.Kind == disktest.Say {
			out = append(out, o.Data...)
		}
		return decide(o)
	})
	storetest.Need(t, !errors.Is(err, disktest.ErrUnavailable), "system calls that can be watched")
	return out, killed, err
}

// atEachStep kills the command at its steps, each time in a new folder.
func (k killing) atEachStep(t *testing.T, rng *rand.Rand) {
	places := map[string]int{}
	data := filepath.Join(t.TempDir(), "archive")
	k.begin(t, data)
	k.watch(t, data, func(_ int, step string) disktest.Verdict {
		places[step]++
		return disktest.Verdict{}
	})
	if k.name == "capture" && places["rename spool/blob-* as blobs/*/*"] == 0 {
		t.Error("no file of a blob is among the steps")
	}
	var all []killPlace
	for _, step := range slices.Sorted(maps.Keys(places)) {
		n := places[step]
		for i := range max(n, killsAtStep) {
			all = append(all, killPlace{step: step, at: i % n, again: i < n})
		}
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if !storetest.Thorough() {
		all = all[:min(6, len(all))]
	}
	// Several archives at a time: a command waits more than it works.
	const archives = 3
	var killed atomic.Int64
	t.Run("kills", func(t *testing.T) {
		for n := range archives {
			t.Run(fmt.Sprint("archive ", n), func(t *testing.T) {
				t.Parallel()
				data := filepath.Join(t.TempDir(), "archive")
				for i := n; i < len(all); i += archives {
					if k.killAt(t, data, all[i]) {
						killed.Add(1)
					}
				}
			})
		}
	})
	if killed.Load() < int64(len(all)*9/10) {
		t.Errorf("%d of %d were killed", killed.Load(), len(all))
	}
	t.Logf("%d kills at %d steps: %v", killed.Load(), len(places), places)
}

// begin makes the folder of the archive.
func (k killing) begin(t *testing.T, data string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(data), os.Mkdir(data, 0o700)); err != nil {
		t.Fatal(err)
	}
	k.prepare(t, data)
}

// killAt kills the command at a place and proves what is left; it reports
// whether the command was killed.
func (k killing) killAt(t *testing.T, data string, p killPlace) bool {
	t.Helper()
	k.begin(t, data)
	n := 0
	out, dead := k.watch(t, data, func(_ int, step string) disktest.Verdict {
		if step != p.step {
			return disktest.Verdict{}
		}
		n++
		return disktest.Verdict{Kill: n > p.at}
	})
	k.prove(t, data, out, p.again)
	if t.Failed() {
		t.Fatalf("that was after a kill where it did %q for the time %d", p.step, p.at)
	}
	return dead
}

// prove looks into the archive, and, where again is true, runs the command once
// more.
func (k killing) prove(t *testing.T, data string, out []byte, again bool) {
	t.Helper()
	acknowledged := map[string]bool{}
	if k.name == "capture" {
		for _, c := range capturesIn(t, out) {
			acknowledged[c] = true
		}
	}
	proveArchive(t, data, acknowledged)
	if !again {
		return
	}
	next, _ := k.watch(t, data, nil)
	if !bytes.Contains(next, []byte(`"live"`)) && k.name == "look" {
		t.Errorf("the next look said %s", next)
	}
	proveArchive(t, data, acknowledged)
	c := config.Default()
	c.Data = data
	w, err := wire.OpenReadOnly(t.Context(), c, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	jobs, err := w.Archive.Backend().ListJobs(t.Context(), store.JobFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]int{}
	for _, j := range jobs {
		keys[j.Kind+" "+j.Key]++
		if j.State != store.JobWaiting {
			t.Errorf("the job %s %s is %s", j.Kind, j.Key, j.State)
		}
	}
	for key, n := range keys {
		if n > 1 {
			t.Errorf("the job %s is queued %d times", key, n)
		}
	}
	if keys["look "+k.post] != 1 {
		t.Errorf("the next look at the post is not queued: %v", keys)
	}
}
