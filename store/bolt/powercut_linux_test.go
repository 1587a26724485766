package bolt_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stet/store/disktest"
	"stet/store/storetest"
)

// TestPowerCuts cuts the power at each moment of the work of each scene. The
// work is done once by a process of its own, whose writes, syncs and names are
// noted, those of bbolt included; then, for the moment before each of them, the
// folders are built that a power cut may leave: what was synced is there, and
// of what was done since, nothing, all, or any part in any order, in whole
// writes or torn at sectors of 512 or 4096 bytes, names apart from bytes. What
// was said before that moment must be there.
//
// What is modelled is the promise of POSIX, which is less than what file systems
// do. Not modelled: disks that lose what they said was synced, and sectors that
// hold neither the old nor the new bytes.
func TestPowerCuts(t *testing.T) {
	cuts, seed := 1, rand.Uint64()
	if storetest.Thorough() {
		cuts = 4
	}
	t.Logf("%d random cuts at each moment, with the seed %d", cuts, seed)
	for name, s := range scenes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cutter{t: t, s: s, rng: rand.New(rand.NewPCG(seed, 1)), cuts: cuts, room: quickFolder(t)}
			c.all(s.begin(t), nil)
			t.Logf("%d moments, %d folders", c.moments, c.folders)
		})
	}
}

// creating is about how many steps there are before a new archive is made.
const creating = 25

// TestPowerCutAfterKill: the same where the process was killed shortly before,
// and what it had not synced is still not durable while the next process works.
func TestPowerCutAfterKill(t *testing.T) {
	kills, seed := 3, rand.Uint64()
	if storetest.Thorough() {
		kills = creating + 5
	}
	t.Logf("%d kills with the seed %d", kills, seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	s := keepScene(t)
	ops := s.done(t, s.begin(t), func(int, *disktest.Op) disktest.Verdict { return disktest.Verdict{} })
	c := cutter{t: t, s: s, rng: rng, room: quickFolder(t), steps: 70} // one batch is acknowledged by then
	for i := range kills {
		at := rng.IntN(len(ops))
		switch {
		case kills >= creating && i < creating:
			at = i // each step by which the archive is made
		case i == 0:
			at = rng.IntN(creating)
		}
		dir := s.begin(t)
		first := s.done(t, dir, func(n int, _ *disktest.Op) disktest.Verdict { return disktest.Verdict{Kill: n == at} })
		c.all(dir, first)
		if t.Failed() {
			t.Fatalf("that was where the first process was killed before its step %d, %s", at, first[len(first)-1].Step())
		}
	}
	t.Logf("%d moments, %d folders", c.moments, c.folders)
}

// done does the work and returns what was done; where the process was killed,
// the last is that which was not done any more.
func (s scene) done(t *testing.T, dir string, decide func(n int, o *disktest.Op) disktest.Verdict) (ops []*disktest.Op) {
	t.Helper()
	s.watch(t, dir, func(o *disktest.Op) disktest.Verdict {
		v := decide(len(ops), o)
		ops = append(ops, o)
		return v
	})
	return ops
}

// cutter cuts the power at each moment of one scene.
type cutter struct {
	t    *testing.T
	s    scene
	rng  *rand.Rand
	cuts int
	room string // a folder for what is left
	// steps is within how many steps the power is cut, where something is said;
	// 0 is at all steps.
	steps int
	// moments and folders count what was proven.
	moments, folders int
}

// all does the work in dir, where earlier was done since the beginning, and
// cuts the power at each moment.
func (c *cutter) all(dir string, earlier []*disktest.Op) {
	c.t.Helper()
	world := worldOf(c.t, func(to string) { must(c.t, c.s.before.Leave(to, disktest.Cut{})) })
	var words []string
	apply := func(o *disktest.Op) {
		must(c.t, world.Apply(o))
		if o.Kind == disktest.Say {
			words = append(words, strings.Split(strings.TrimSpace(string(o.Data)), "\n")...)
		}
	}
	for _, o := range earlier[:max(len(earlier)-1, 0)] {
		apply(o)
	}
	ops := c.s.done(c.t, dir, func(int, *disktest.Op) disktest.Verdict { return disktest.Verdict{} })
	n, pending := 0, -1
	for i, o := range ops[:min(len(ops), cmp.Or(c.steps, len(ops)))] {
		if p := world.Pending(); c.steps == 0 && p != pending || o.Kind == disktest.Say {
			pending = p
			n += c.moment(world, words, fmt.Sprintf("before step %d, %s", i, o.Step()))
		}
		apply(o)
	}
	if c.steps == 0 {
		n += c.moment(world, words, "at the end")
	}
	c.moments += min(len(ops), cmp.Or(c.steps, len(ops)))
	c.folders += n
}

// moment proves what a power cut at one moment leaves, and returns in how many
// folders it looked.
func (c *cutter) moment(w *disktest.World, words []string, when string) int {
	cuts := []disktest.Cut{{}}
	if w.Pending() > 0 {
		cuts = append(cuts, disktest.Cut{Bytes: 1}, disktest.Cut{Names: 1}, disktest.Cut{Bytes: 1, Names: 1})
		for range c.cuts {
			share := func() float64 { return []float64{0, 0.1, 0.5, 0.9, 1}[c.rng.IntN(5)] }
			cuts = append(cuts, disktest.Cut{Random: c.rng, Bytes: share(), Names: share(), Sector: []int{0, 512, 4096}[c.rng.IntN(3)]})
		}
	}
	for i, cut := range cuts {
		dir := filepath.Join(c.room, "left")
		must(c.t, os.Mkdir(dir, 0o700))
		must(c.t, w.Leave(dir, cut))
		c.s.prove(c.t, dir, words)
		if i == 0 {
			c.s.again(c.t, dir)
		}
		if c.t.Failed() {
			c.t.Fatalf("that was after a power cut %s, with %.1f of the bytes and %.1f of the names, in sectors of %d\nwhat had been said: %q",
				when, cut.Bytes, cut.Names, cut.Sector, slices.Clone(words))
		}
		must(c.t, os.RemoveAll(dir))
	}
	return len(cuts)
}
