package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"stet/store"
	"stet/store/bolt"
)

// wasted makes an archive from which a blob was removed, and returns its
// folder, what can be read of it, and the bytes of the blob, which are still in
// the file.
func wasted(t *testing.T) (dir, want string, removed []byte) {
	t.Helper()
	s, clock := filledStore(t)
	removed = bytes.Repeat([]byte("to be destroyed "), 900)
	w, err := s.Create(t.Context())
	must(t, err)
	_, err = w.Write(removed)
	must(t, err)
	info, err := w.Commit(t.Context())
	must(t, err)
	clock.Advance(25 * time.Hour)
	must(t, s.Remove(t.Context(), info.Digest))
	want, err = dump(t.Context(), s)
	must(t, err)
	mustClose(t, s)
	return s.Dir(), want, removed[:1000]
}

func databaseOf(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, bolt.FileName))
	must(t, err)
	return b
}

// wantNoRest fails the test where something is left over in the spool.
func wantNoRest(t *testing.T, dir string) {
	t.Helper()
	rest, err := os.ReadDir(filepath.Join(dir, "spool"))
	if err != nil || len(rest) > 0 {
		t.Errorf("left over in the spool: %v, %v", rest, err)
	}
}

func TestCompact(t *testing.T) {
	dir, want, removed := wasted(t)
	if !bytes.Contains(databaseOf(t, dir), removed) {
		t.Fatal("what was removed is not in the file before, so that the test proves nothing")
	}
	sum, err := bolt.Compact(t.Context(), dir, bolt.RemakeOptions{AllowNetworkFS: true})
	must(t, err)
	if bytes.Contains(databaseOf(t, dir), removed) {
		t.Error("what was removed is in the file still")
	}
	if got := dumpOf(t, dir); got != want {
		t.Errorf("it holds\n%s\nwant\n%s", got, want)
	}
	if sum.After >= sum.Before || sum.After != int64(len(databaseOf(t, dir))) || sum.Records == 0 || sum.Jobs == 0 {
		t.Errorf("summary %+v", sum)
	}
	wantNoRest(t, dir)
	appendBlobTo(t, dir)
}

// appendBlobTo proves that an archive can be written to.
func appendBlobTo(t *testing.T, dir string) {
	t.Helper()
	s := mustOpen(t, dir, bolt.Options{})
	appendBlob(t, s, 10, 'a')
	wantSound(t, s)
	mustClose(t, s)
}

func TestCompactRefuses(t *testing.T) {
	dir, want, _ := wasted(t)
	full := bolt.RemakeOptions{AllowNetworkFS: true, Free: func(string) (int64, error) { return 1 << 20, nil }}
	if _, err := bolt.Compact(t.Context(), dir, full); !errors.Is(err, store.ErrFull) {
		t.Errorf("without space: %v", err)
	}
	if _, err := bolt.Compact(t.Context(), t.TempDir(), bolt.RemakeOptions{}); !errors.Is(err, store.ErrNoStore) {
		t.Errorf("of nothing: %v", err)
	}
	reader := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	if _, err := bolt.Compact(t.Context(), dir, bolt.RemakeOptions{AllowNetworkFS: true, LockTimeout: -1}); !errors.Is(err, store.ErrBusy) {
		t.Errorf("while somebody reads: %v", err)
	}
	mustClose(t, reader)
	if got := dumpOf(t, dir); got != want {
		t.Error("it was changed")
	}
	tamper(t, dir, "terms", func(b *bbolt.Bucket) error { k, _ := b.Cursor().First(); return b.Delete(k) })
	before := databaseOf(t, dir)
	if _, err := bolt.Compact(t.Context(), dir, bolt.RemakeOptions{AllowNetworkFS: true}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("of damage: %v", err)
	}
	if !bytes.Equal(before, databaseOf(t, dir)) {
		t.Error("a damaged archive was changed")
	}
}

// tamper changes a bucket behind the back of the store.
func tamper(t *testing.T, dir, bucket string, fn func(*bbolt.Bucket) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, bolt.FileName), 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error { return fn(tx.Bucket([]byte(bucket))) }))
	must(t, db.Close())
}

// TestRebuild: what follows from the records is made anew, whatever became of
// it.
func TestRebuild(t *testing.T) {
	for name, fn := range map[string]func(t *testing.T, dir string){
		"nothing is wrong": func(*testing.T, string) {},
		"terms are gone": func(t *testing.T, dir string) {
			tamper(t, dir, "terms", func(b *bbolt.Bucket) error {
				for k, _ := b.Cursor().First(); k != nil; k, _ = b.Cursor().First() {
					if err := b.Delete(k); err != nil {
						return err
					}
				}
				return nil
			})
		},
		"an id is gone": func(t *testing.T, dir string) {
			tamper(t, dir, "ids", func(b *bbolt.Bucket) error { k, _ := b.Cursor().Last(); return b.Delete(k) })
		},
		"an entry too many": func(t *testing.T, dir string) {
			tamper(t, dir, "terms", func(b *bbolt.Bucket) error { return b.Put([]byte{1, 'x', 0, 1, 1}, []byte{1}) })
		},
		"the counts are gone": func(t *testing.T, dir string) {
			tamper(t, dir, "meta", func(b *bbolt.Bucket) error { return b.Delete([]byte("counts")) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, want, _ := wasted(t)
			fn(t, dir)
			_, err := bolt.Rebuild(t.Context(), dir, bolt.RemakeOptions{AllowNetworkFS: true})
			must(t, err)
			if got := dumpOf(t, dir); got != want {
				t.Errorf("it holds\n%s\nwant\n%s", got, want)
			}
			wantNoRest(t, dir)
			appendBlobTo(t, dir)
		})
	}
}

// TestRebuildOfDamagedRecords: what is damaged itself cannot be made anew.
func TestRebuildOfDamagedRecords(t *testing.T) {
	dir, _, _ := wasted(t)
	tamper(t, dir, "records", func(b *bbolt.Bucket) error {
		k, v := b.Cursor().First()
		v = bytes.Clone(v)
		v[len(v)/2] ^= 1
		return b.Put(k, v)
	})
	before := databaseOf(t, dir)
	if _, err := bolt.Rebuild(t.Context(), dir, bolt.RemakeOptions{AllowNetworkFS: true}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("rebuilt from damaged records: %v", err)
	}
	if !bytes.Equal(before, databaseOf(t, dir)) {
		t.Error("it was changed")
	}
}

// The process that [TestRemakeKilled] kills does this work in this folder and
// kills itself at this step.
const (
	workEnv     = "STET_REMAKE_WORK"
	workDirEnv  = "STET_REMAKE_DIR"
	workFromEnv = "STET_REMAKE_FROM"
	workStepEnv = "STET_REMAKE_STEP"
)

// stepper returns a function that kills the process at its call number at.
func stepper(at int) func(bolt.CopyProgress) {
	n := 0
	return func(bolt.CopyProgress) {
		if n == at {
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Kill()
			}
			if err != nil {
				panic(err)
			}
			select {}
		}
		n++
	}
}

// TestRemakeChild is the process that is killed.
func TestRemakeChild(t *testing.T) {
	work, dir, from := os.Getenv(workEnv), os.Getenv(workDirEnv), os.Getenv(workFromEnv)
	if work == "" {
		t.Skip("only as a process of its own")
	}
	at, err := strconv.Atoi(os.Getenv(workStepEnv))
	must(t, err)
	must(t, remakeWork(t.Context(), work, dir, from, stepper(at)))
}

func remakeWork(ctx context.Context, work, dir, from string, report func(bolt.CopyProgress)) (err error) {
	switch work {
	case "compact":
		_, err = bolt.Compact(ctx, dir, bolt.RemakeOptions{AllowNetworkFS: true, Report: report})
	case "rebuild":
		_, err = bolt.Rebuild(ctx, dir, bolt.RemakeOptions{AllowNetworkFS: true, Report: report})
	case "backup":
		err = backUp(ctx, from, dir, report)
	case "restore":
		_, err = bolt.Restore(ctx, from, dir, bolt.RestoreOptions{AllowNetworkFS: true, Force: true, Report: report, Derived: []string{"words.db"}})
	}
	return err
}

// doKilled does work in a process of its own that kills itself at a step, and
// reports whether it was killed: where not, there are no so many steps.
func doKilled(t *testing.T, work, dir, from string, step int) bool {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestRemakeChild$")
	cmd.Env = append(os.Environ(), workEnv+"="+work, workDirEnv+"="+dir, workFromEnv+"="+from, workStepEnv+"="+strconv.Itoa(step))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	if cmd.ProcessState.Exited() && runtime.GOOS != "windows" {
		t.Fatalf("step %d of %s failed by itself: %v\n%s", step, work, err, out)
	}
	return true
}

// TestRemakeKilled kills compactions and rebuilds at each of their steps: what
// can be read stays the same, and the next one succeeds.
func TestRemakeKilled(t *testing.T) {
	for _, work := range []string{"compact", "rebuild"} {
		t.Run(work, func(t *testing.T) {
			dir, want, _ := wasted(t)
			step := 0
			for ; doKilled(t, work, dir, "", step); step++ {
				if got := dumpOf(t, dir); got != want {
					t.Errorf("killed at step %d, it holds\n%s\nwant\n%s", step, got, want)
				}
				appendNothing(t, dir)
			}
			if step < 5 {
				t.Errorf("%s has %d steps only", work, step)
			}
			if got := dumpOf(t, dir); got != want {
				t.Error("what was done in the end changed what can be read")
			}
		})
	}
}

// appendNothing opens an archive for writing, which clears what was left over.
func appendNothing(t *testing.T, dir string) {
	t.Helper()
	mustClose(t, mustOpen(t, dir, bolt.Options{}))
	wantNoRest(t, dir)
}

// TestOpenWhileReplaced: whoever waits for the archive while its database is
// replaced gets the new one.
func TestOpenWhileReplaced(t *testing.T) {
	if _, err := os.ReadDir("/proc/self/fd"); err != nil {
		t.Skip("the system does not show open files")
	}
	dir, _, _ := wasted(t)
	path := filepath.Join(dir, bolt.FileName)
	opened := make(chan *bolt.Store)
	wait := func() {
		before := openFiles(t, path)
		go func() {
			s, err := bolt.Open(context.WithoutCancel(t.Context()), dir, bolt.Options{AllowNetworkFS: true, LockTimeout: time.Minute})
			if err != nil {
				t.Error(err)
			}
			opened <- s
		}()
		for openFiles(t, path) == before {
			runtime.Gosched()
		}
	}
	_, err := bolt.Compact(t.Context(), dir, bolt.RemakeOptions{AllowNetworkFS: true, Report: func(p bolt.CopyProgress) {
		if p.Stage == "swap" {
			wait()
		}
	}})
	must(t, err)
	s := <-opened
	d := appendBlob(t, s, 10, 'w')
	mustClose(t, s)
	again := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	defer mustClose(t, again)
	if _, err := again.Stat(t.Context(), d); err != nil {
		t.Errorf("what was written is lost: %v", err)
	}
}

// openFiles counts the files of this process with a path.
func openFiles(t *testing.T, path string) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	n := 0
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, path) {
			n++
		}
	}
	return n
}
