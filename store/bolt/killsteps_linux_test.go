package bolt_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"stet/store/disktest"
	"stet/store/storetest"
)

// TestKillAtEachStep kills the work of each scene at each of its steps: just
// before each kind of write, sync and naming that it does, once or, with
// STET_CI=1, twenty times, at one of the places where the step is done.
func TestKillAtEachStep(t *testing.T) {
	kills, seed := 1, rand.Uint64()
	if storetest.Thorough() {
		kills = 20
	}
	t.Logf("%d kills at each step, with the seed %d", kills, seed)
	for name, s := range scenes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			places := map[string]int{}
			s.watch(t, s.begin(t), func(o *disktest.Op) disktest.Verdict {
				places[o.Step()]++
				return disktest.Verdict{}
			})
			start, n := time.Now(), 0
			for _, step := range slices.Sorted(maps.Keys(places)) {
				for i := range kills {
					killAt(t, s, step, rng.IntN(places[step]), i == 0)
					n++
				}
			}
			t.Logf("%d kills at %d steps in %v: %q", n, len(places), time.Since(start), slices.Sorted(maps.Keys(places)))
		})
	}
}

// killAt kills the work of a scene where it does a step for the time number at,
// or the last time; again does the work to its end afterwards.
func killAt(t *testing.T, s scene, step string, at int, again bool) {
	t.Helper()
	dir := s.begin(t)
	words, killed := s.watch(t, dir, func(o *disktest.Op) disktest.Verdict {
		if o.Step() != step {
			return disktest.Verdict{}
		}
		at--
		return disktest.Verdict{Kill: at < 0}
	})
	if !killed && at > 3 {
		t.Errorf("%s: it was to be killed and ended by itself", step)
	}
	s.prove(t, dir, words)
	if again {
		s.again(t, dir)
	}
	if t.Failed() {
		t.Fatalf("that was after a kill at %q", step)
	}
	must(t, os.RemoveAll(dir))
}
