package bolt_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/bolt"
)

// backUp backs the archive in a folder up.
func backUp(ctx context.Context, from, to string, report func(bolt.CopyProgress)) error {
	s, err := bolt.Open(ctx, from, bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	_, err = s.Backup(ctx, to, bolt.BackupOptions{Report: report})
	return errors.Join(err, s.Close())
}

func restoring(force bool) bolt.RestoreOptions {
	return bolt.RestoreOptions{AllowNetworkFS: true, Force: force, LockTimeout: -1, Derived: []string{"words.db"}}
}

// backedUp makes an archive and its backup, and returns the folder of the
// backup and what can be read of it.
func backedUp(t *testing.T, year int) (dir, want string) {
	t.Helper()
	s, _ := filledAt(t, year)
	want, err := dump(t.Context(), s)
	must(t, err)
	dir = t.TempDir()
	_, err = s.Backup(t.Context(), dir, bolt.BackupOptions{})
	must(t, err)
	return dir, want
}

func TestRestore(t *testing.T) {
	backup, want := backedUp(t, 2026)
	t.Run("into nothing", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "new", "archive")
		sum, err := bolt.Restore(t.Context(), backup, dir, restoring(false))
		must(t, err)
		if got := dumpOf(t, dir); got != want || sum.Aside != "" || sum.Records == 0 {
			t.Errorf("summary %+v, it holds\n%s", sum, got)
		}
		appendBlobTo(t, dir)
	})
	t.Run("into an empty archive", func(t *testing.T) {
		dir := t.TempDir()
		mustClose(t, mustOpen(t, dir, bolt.Options{}))
		_, err := bolt.Restore(t.Context(), backup, dir, restoring(false))
		must(t, err)
		if got := dumpOf(t, dir); got != want {
			t.Errorf("it holds\n%s", got)
		}
	})
	t.Run("over another archive", func(t *testing.T) {
		dir, other := backedUp(t, 2025)
		sameTime := restoring(true)
		sameTime.Now = filledLater
		must(t, os.WriteFile(filepath.Join(dir, "words.db"), []byte("an index"), 0o600))
		if _, err := bolt.Restore(t.Context(), backup, dir, restoring(false)); !errors.Is(err, store.ErrRefused) {
			t.Errorf("without force: %v", err)
		}
		if got := dumpOf(t, dir); got != other {
			t.Error("what was refused changed the archive")
		}
		sum, err := bolt.Restore(t.Context(), backup, dir, restoring(true))
		must(t, err)
		if got := dumpOf(t, dir); got != want {
			t.Errorf("it holds\n%s", got)
		}
		again, err := bolt.Restore(t.Context(), backup, dir, sameTime)
		must(t, err)
		first, err := bolt.Restore(t.Context(), backup, dir, sameTime)
		must(t, err)
		if got := dumpOf(t, first.Aside); got != want || again.Aside == first.Aside {
			t.Errorf("at the same time, the archive was moved to %s and %s", again.Aside, first.Aside)
		}
		if got := dumpOf(t, sum.Aside); got != other {
			t.Errorf("what was moved aside holds\n%s\nwant\n%s", got, other)
		}
		if _, err := os.Stat(filepath.Join(dir, "words.db")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the index of the other archive: %v", err)
		}
	})
	t.Run("over a damaged one", func(t *testing.T) {
		dir, _ := backedUp(t, 2025)
		damaged := databaseOf(t, dir)
		clear(damaged[:2*page])
		must(t, os.WriteFile(filepath.Join(dir, bolt.FileName), damaged, 0o600))
		if _, err := bolt.Restore(t.Context(), backup, dir, restoring(false)); !errors.Is(err, store.ErrRefused) {
			t.Errorf("without force: %v", err)
		}
		sum, err := bolt.Restore(t.Context(), backup, dir, restoring(true))
		must(t, err)
		if got := dumpOf(t, dir); got != want {
			t.Errorf("it holds\n%s", got)
		}
		if got := databaseOf(t, sum.Aside); string(got) != string(damaged) {
			t.Error("the damaged database was changed")
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	backup, _ := backedUp(t, 2026)
	dir, want := backedUp(t, 2025)
	check := func(what, from string, class error) {
		t.Helper()
		if _, err := bolt.Restore(t.Context(), from, dir, restoring(true)); !errors.Is(err, class) {
			t.Errorf("%s: %v", what, err)
		}
		if got := dumpOf(t, dir); got != want {
			t.Errorf("%s: the archive was changed", what)
		}
	}
	check("nothing", filepath.Join(t.TempDir(), "none"), store.ErrNoStore)
	check("no backup", t.TempDir(), store.ErrNoStore)
	check("itself", dir, store.ErrInvalid)
	reader := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	check("in use", backup, store.ErrBusy)
	if _, err := bolt.Restore(t.Context(), backup, dir, restoring(true)); !strings.Contains(err.Error(), "systemctl stop stet") {
		t.Errorf("it does not say what to do: %v", err)
	}
	mustClose(t, reader)
	err := filepath.WalkDir(filepath.Join(backup, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.WriteFile(path, []byte("damaged"), 0o600)
	})
	must(t, err)
	check("a damaged backup", backup, store.ErrCorrupt)
}

// TestBackupKilled kills backups at each of their steps: the backup that was
// there stays, or the new one is whole.
func TestBackupKilled(t *testing.T) {
	s, _ := filledStore(t)
	dir := t.TempDir()
	_, err := s.Backup(t.Context(), dir, bolt.BackupOptions{})
	must(t, err)
	before, err := dump(t.Context(), s)
	must(t, err)
	appendBlob(t, s, 50_000, 'n')
	after, err := dump(t.Context(), s)
	must(t, err)
	mustClose(t, s)
	step := 0
	for ; doKilled(t, "backup", dir, s.Dir(), step); step++ {
		if got := dumpOf(t, dir); got != before && got != after {
			t.Errorf("killed at step %d, the backup holds\n%s", step, got)
		}
	}
	if got := dumpOf(t, dir); got != after || step < 4 {
		t.Errorf("after %d kills, the backup holds\n%s", step, got)
	}
}

// TestRestoreKilled kills restores at each of their steps: the archive that was
// there stays whole, or the restored one is.
func TestRestoreKilled(t *testing.T) {
	backup, restored := backedUp(t, 2026)
	steps := 0
	for step := 0; ; step++ {
		dir, before := backedUp(t, 2025)
		if !doKilled(t, "restore", dir, backup, step) {
			break
		}
		steps++
		if got := dumpOf(t, dir); got != before && got != restored {
			t.Errorf("killed at step %d, the archive holds\n%s", step, got)
		}
		appendNothing(t, dir)
		_, err := bolt.Restore(t.Context(), backup, dir, bolt.RestoreOptions{AllowNetworkFS: true, Force: true,
			Now: filledLater})
		must(t, err)
		if got := dumpOf(t, dir); got != restored {
			t.Errorf("killed at step %d and done again, the archive holds\n%s", step, got)
		}
	}
	if steps < 6 {
		t.Errorf("there are %d steps only", steps)
	}
}

// filledLater is a clock that is ahead of that of the process that was killed,
// so that the archive is moved to another folder.
func filledLater() time.Time { return time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC) }
