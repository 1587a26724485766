package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"

	"stet/store"
	"stet/store/bolt"
	"stet/store/disktest"
	"stet/store/storetest"
)

// TestFaultAtEachStep makes the disk fail at each thing that the work of each
// scene does: once with an error of the device, or for good for want of space.
// The work then ends with an error of its class or goes on, what was
// acknowledged is there, and nothing half-done shows. Short runs take some of
// the steps.
func TestFaultAtEachStep(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	for name, s := range scenes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			ops := s.done(t, s.begin(t), func(int, *disktest.Op) disktest.Verdict { return disktest.Verdict{} })
			at := rng.Perm(len(ops))
			// Each fault is a process that is watched call by call.
			most := 4
			if storetest.Thorough() {
				most = 10
			}
			at = at[:min(most, len(at))]
			n := 0
			for _, at := range at {
				for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
					if ops[at].Kind != disktest.Say {
						s.faultAt(t, at, errno)
						n++
					}
				}
			}
			t.Logf("%d faults at %d steps", n, len(at))
		})
	}
}

// faultAt does the work of a scene where the disk fails from a step on: with
// EIO at this step only, with ENOSPC at all that need space.
func (s scene) faultAt(t *testing.T, at int, errno syscall.Errno) {
	t.Helper()
	dir := s.begin(t)
	n, failed := 0, ""
	words, _ := s.watch(t, dir, func(o *disktest.Op) (v disktest.Verdict) {
		switch {
		case o.Kind == disktest.Say:
		case n == at, n > at && errno == syscall.ENOSPC:
			if v.Errno = errno; errno == syscall.ENOSPC {
				v = o.Full()
			}
			if v.Errno != 0 && failed == "" {
				failed = o.Step()
			}
		}
		n++
		return v
	})
	for _, line := range words {
		if class, ok := strings.CutPrefix(line, "failed "); ok && failed != "" {
			wantClass(t, class, errno)
		} else if ok {
			t.Errorf("nothing was made to fail, and it %s", line)
		}
	}
	s.prove(t, dir, words)
	s.again(t, dir)
	if t.Failed() {
		t.Fatalf("that was after %v at step %d, %q; the process said %q", errno, at, failed, words)
	}
	must(t, os.RemoveAll(dir))
}

// wantClass fails the test where an error is not of the class that the fault
// has: no space is always said to be that.
func wantClass(t *testing.T, class string, errno syscall.Errno) {
	t.Helper()
	word, _, _ := strings.Cut(class, ":")
	if errno == syscall.ENOSPC && word != "full" || errno == syscall.EIO && word != "other" && word != "poisoned" {
		t.Errorf("after %v the error is %s", errno, class)
	}
}

// tellFailure says in which class an error is; it is no failure of the child
// that the disk failed.
func tellFailure(err error) error {
	word := "other"
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrFull):
		word = "full"
	case errors.Is(err, store.ErrPoisoned):
		word = "poisoned"
	case errors.Is(err, store.ErrCorrupt):
		word = "corrupt"
	}
	fmt.Println("failed "+word+":", strings.ReplaceAll(err.Error(), "\n", "; "))
	return nil
}

// goOnAfter proves that a store whose work failed goes on or says why it does
// not: where it is poisoned nothing is taken, and all can be read that was
// durable.
func goOnAfter(ctx context.Context, s *bolt.Store, a *store.Archive) error {
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	records, err := s.Read(ctx, 0, 10_000)
	if poisoned := s.Writable() != nil; err != nil && !(poisoned && errors.Is(err, store.ErrPoisoned)) {
		return fmt.Errorf("reading after a failure: %w", err)
	}
	if err == nil && uint64(len(records)) != head {
		return fmt.Errorf("%w: there are %d records, and the head is %d", store.ErrCorrupt, len(records), head)
	}
	_, _, err = appendOne(ctx, a, 990_000)
	if s.Writable() != nil && !errors.Is(err, store.ErrPoisoned) {
		return fmt.Errorf("%w: a poisoned archive took a batch: %w", store.ErrCorrupt, err)
	}
	return nil
}
