package main

import (
	"errors"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"stet/store/disktest"
	"stet/store/storetest"
)

// TestFaultAtEachStep makes the disk fail at a step of a capture and of a look,
// those of the index of words among them: once with an error of the device, or
// for good for want of space. The command says so or does its work all the
// same; what was acknowledged is there, nothing half-done shows, and the same
// command once more does all of the work, after which the words are found.
func TestFaultAtEachStep(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	k := captureKilling(t)
	t.Run(k.name, func(t *testing.T) { k.faultAtEachStep(t, rng) })
	look := k.look(t)
	t.Run(look.name, func(t *testing.T) { look.faultAtEachStep(t, rng) })
}

// faultAtEachStep makes the disk fail at one place of each step, or of a few.
func (k killing) faultAtEachStep(t *testing.T, rng *rand.Rand) {
	data := filepath.Join(t.TempDir(), "archive")
	k.begin(t, data)
	places := map[string][]int{}
	var steps []string
	k.watch(t, data, func(n int, step string) disktest.Verdict {
		if places[step] == nil {
			steps = append(steps, step)
		}
		places[step] = append(places[step], n)
		return disktest.Verdict{}
	})
	if !slices.Contains(steps, "sync search.db") {
		t.Errorf("the index of words is not among the steps: %q", steps)
	}
	steps = slices.DeleteFunc(steps, func(s string) bool { return strings.HasPrefix(s, "say") })
	rng.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	if !storetest.Thorough() {
		steps = steps[:3]
	}
	failed := 0
	for _, step := range steps {
		at := places[step][rng.IntN(len(places[step]))]
		for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
			if k.faultAt(t, data, at, errno) {
				failed++
			}
			if t.Failed() {
				t.Fatalf("that was after %v at step %d, %q", errno, at, step)
			}
		}
	}
	t.Logf("%d faults at %d steps, after %d of which the command failed", 2*len(steps), len(steps), failed)
}

// faultAt runs the command while the disk fails from a step on, with EIO at
// this step only, with ENOSPC at all that need space; it reports whether the
// command failed.
func (k killing) faultAt(t *testing.T, data string, at int, errno syscall.Errno) bool {
	t.Helper()
	k.begin(t, data)
	n := 0
	out, _, err := k.watchOps(t, data, func(o *disktest.Op) disktest.Verdict {
		n++
		switch {
		case o.Kind == disktest.Say:
		case errno == syscall.ENOSPC && n >= at:
			return o.Full()
		case n == at:
			return disktest.Verdict{Errno: errno}
		}
		return disktest.Verdict{}
	})
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		if code := exit.ExitCode(); code != 1 && code != 3 {
			t.Errorf("it ended with %d: %v", code, err)
		}
		if errno == syscall.ENOSPC && !strings.Contains(err.Error()+string(out), "space") {
			t.Errorf("without space it says %v\n%s", err, out)
		}
	case err != nil:
		t.Fatal(err)
	}
	k.prove(t, data, out, true)
	found, _ := killing{env: k.env, args: []string{"lookup", "--json", k.words}}.watch(t, data, nil)
	if !strings.Contains(string(found), strings.TrimPrefix(k.post, "twitter:")) {
		t.Errorf("the words %q lead to %s", k.words, found)
	}
	return exit != nil
}
