package bolt_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"stet/store"
	"stet/store/bolt"
)

// TestStageRestore restores over an archive that is read and written while the
// backup is copied: until it is closed it holds what it held and what is added,
// afterwards it is aside, with all of it.
func TestStageRestore(t *testing.T) {
	backup, want := backedUp(t, 2026)
	s, _ := filledAt(t, 2025)
	if _, err := s.StageRestore(t.Context(), backup, restoring(false)); !errors.Is(err, store.ErrRefused) {
		t.Errorf("without force: %v", err)
	}
	var stages []string
	closed := false
	o := restoring(true)
	o.Report = func(p bolt.CopyProgress) {
		if closed {
			return
		}
		if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
			stages = append(stages, p.Stage)
			appendBlob(t, s, 50_000, byte('a'+len(stages))) // others write
		}
	}
	st, err := s.StageRestore(t.Context(), backup, o)
	must(t, err)
	infos, err := s.Blobs(t.Context(), store.Digest{}, 1)
	must(t, err)
	if err := s.Remove(t.Context(), infos[0].Digest); !errors.Is(err, store.ErrBusy) {
		t.Errorf("a blob is removed meanwhile: %v", err)
	}
	appendBlob(t, s, 50_000, 'z')
	old, err := dump(t.Context(), s)
	must(t, err)
	if _, err := st.Finish(t.Context()); !errors.Is(err, store.ErrBusy) {
		t.Errorf("it is put in the place of an archive that is open: %v", err)
	}
	mustClose(t, s)
	closed = true
	sum, err := st.Finish(t.Context())
	must(t, err)
	must(t, st.Close())
	must(t, st.Close())
	if got := dumpOf(t, s.Dir()); got != want || len(stages) < 4 {
		t.Errorf("after %v it holds\n%s\nwant\n%s", stages, got, want)
	}
	if got := dumpOf(t, sum.Aside); got != old {
		t.Errorf("aside is\n%s\nwant\n%s", got, old)
	}
	if rest, err := os.ReadDir(filepath.Join(s.Dir(), "spool")); err != nil || len(rest) > 0 {
		t.Errorf("left over: %v, %v", rest, err)
	}
	appendBlobTo(t, s.Dir())
}

// TestStageRestoreGivesUp: what was staged and not finished changes nothing.
func TestStageRestoreGivesUp(t *testing.T) {
	backup, _ := backedUp(t, 2026)
	s, _ := filledAt(t, 2025)
	want, err := dump(t.Context(), s)
	must(t, err)
	st, err := s.StageRestore(t.Context(), backup, restoring(true))
	must(t, err)
	must(t, st.Close())
	for what, from := range map[string]string{"nothing": filepath.Join(t.TempDir(), "none"), "itself": s.Dir()} {
		if _, err := s.StageRestore(t.Context(), from, restoring(true)); err == nil {
			t.Errorf("%s was staged", what)
		}
	}
	appendBlob(t, s, 10, 'x') // the store is as before
	mustClose(t, s)
	if got := dumpOf(t, s.Dir()); got == want {
		t.Error("what was added is missing")
	}
	if rest, err := os.ReadDir(filepath.Join(s.Dir(), "spool")); err != nil || len(rest) > 0 {
		t.Errorf("left over: %v, %v", rest, err)
	}
}

// TestSalvageOpen salvages an archive that is open: others wait, and nothing is
// missing.
func TestSalvageOpen(t *testing.T) {
	dir, want, _ := salvageable(t)
	s := mustOpen(t, dir, bolt.Options{})
	to := filepath.Join(t.TempDir(), "new")
	waiting, reported := make(chan struct{}), false
	sum, err := s.Salvage(t.Context(), to, bolt.SalvageOptions{Report: func(bolt.CopyProgress) {
		if !reported {
			reported = true
			go func() {
				defer close(waiting)
				appendBlob(t, s, 10, 'w')
			}()
		}
	}})
	must(t, err)
	<-waiting
	if got := dumpOf(t, to); got != want || sum.JobsLost || len(sum.Lost) > 0 {
		t.Errorf("%+v holds\n%s\nwant\n%s", sum, got, want)
	}
	if _, err := s.Salvage(t.Context(), to, bolt.SalvageOptions{}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("into a folder that is not empty: %v", err)
	}
	mustClose(t, s)
}

// TestSalvagedGoesOn: an archive whose salvage did not find all blobs takes the
// place of the damaged one, is backed up and compacted; a check names what is
// missing, always.
func TestSalvagedGoesOn(t *testing.T) {
	dir, _, _ := salvageable(t)
	s := mustOpen(t, dir, bolt.Options{})
	appendBlob(t, s, 50_000, 'b')
	mustClose(t, s)
	lost := 0
	must(t, filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		lost++
		return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) // which cannot be read
	}))
	saved, backup := filepath.Join(t.TempDir(), "saved"), filepath.Join(t.TempDir(), "backup")
	sum, err := bolt.Salvage(t.Context(), dir, saved, bolt.SalvageOptions{})
	must(t, err)
	if lost == 0 || len(sum.LostBlobs) == 0 {
		t.Fatalf("%d blobs are lost, it says %v", lost, sum.LostBlobs)
	}
	back, err := bolt.Restore(t.Context(), saved, dir, restoring(true))
	must(t, err)
	s = mustOpen(t, dir, bolt.Options{})
	backed, err := s.Backup(t.Context(), backup, bolt.BackupOptions{})
	must(t, err)
	if back.Lost == 0 || backed.Lost != back.Lost {
		t.Errorf("restored %+v, backed up %+v", back, backed)
	}
	_, err = s.Compact(t.Context(), nil)
	must(t, err)
	mustClose(t, s)
	for _, dir := range []string{dir, backup} {
		if n := checked(t, dir); n != back.Lost {
			t.Errorf("a check of %s finds %d problems, want %d", dir, n, back.Lost)
		}
	}
	must(t, os.WriteFile(filepath.Join(saved, bolt.FileName), make([]byte, 100_000), 0o600))
	if _, err := bolt.Salvage(t.Context(), saved, filepath.Join(t.TempDir(), "x"), bolt.SalvageOptions{}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("of what is no archive: %v", err)
	}
}
