package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stet/store"
	"stet/store/bolt"
	"stet/store/storetest"
)

// dumpOf returns everything that can be read of the archive in a folder, which
// must be sound.
func dumpOf(t *testing.T, dir string) string {
	t.Helper()
	s := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	defer mustClose(t, s)
	wantSound(t, s)
	d, err := dump(t.Context(), s)
	must(t, err)
	return d
}

// filledStore makes an archive with one of everything and leaves it open.
func filledStore(t *testing.T) (*bolt.Store, *storetest.Clock) { return filledAt(t, 2026) }

func filledAt(t *testing.T, year int) (*bolt.Store, *storetest.Clock) {
	t.Helper()
	clock := storetest.NewClock(time.Date(year, 5, 6, 7, 8, 9, 0, time.UTC))
	s := mustOpen(t, t.TempDir(), bolt.Options{Now: clock.Now})
	t.Cleanup(func() { mustClose(t, s) })
	fill(t, s, clock)
	return s, clock
}

// appendBlob adds a record with a new blob of a size.
func appendBlob(t *testing.T, s *bolt.Store, size int, mark byte) store.Digest {
	t.Helper()
	w, err := s.Create(t.Context())
	must(t, err)
	_, err = w.Write(bytes.Repeat([]byte{mark}, size))
	must(t, err)
	info, err := w.Commit(t.Context())
	must(t, err)
	return info.Digest
}

func TestBackup(t *testing.T) {
	s, _ := filledStore(t)
	want, err := dump(t.Context(), s)
	must(t, err)
	dir := filepath.Join(t.TempDir(), "backup")
	var stages []string
	sum, err := s.Backup(t.Context(), dir, bolt.BackupOptions{Report: func(p bolt.CopyProgress) {
		if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
			stages = append(stages, p.Stage)
		}
	}})
	must(t, err)
	if got := dumpOf(t, dir); got != want {
		t.Errorf("the backup holds\n%s\nwant\n%s", got, want)
	}
	if sum.Copied == 0 || sum.Present != 0 || sum.Records == 0 || len(stages) != 3 {
		t.Errorf("summary %+v, stages %v", sum, stages)
	}
	// The second backup into the same folder copies what is new only.
	fresh := appendBlob(t, s, 50_000, 'n')
	again, err := s.Backup(t.Context(), dir, bolt.BackupOptions{})
	must(t, err)
	if again.Copied != 1 || again.CopiedBytes != 50_000 || again.Present != sum.Copied || again.Removed != 0 {
		t.Errorf("second summary %+v after %+v", again, sum)
	}
	b := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	defer mustClose(t, b)
	if _, err := b.Stat(t.Context(), fresh); err != nil {
		t.Errorf("the new blob: %v", err)
	}
}

// TestBackupFollowsRemoval: what the archive no longer keeps is not in the next
// backup either.
func TestBackupFollowsRemoval(t *testing.T) {
	s, clock := filledStore(t)
	gone := appendBlob(t, s, 50_000, 'g')
	dir := t.TempDir()
	_, err := s.Backup(t.Context(), dir, bolt.BackupOptions{})
	must(t, err)
	clock.Advance(25 * time.Hour)
	must(t, s.Remove(t.Context(), gone))
	sum, err := s.Backup(t.Context(), dir, bolt.BackupOptions{})
	must(t, err)
	if sum.Removed != 1 {
		t.Errorf("summary %+v", sum)
	}
	dumpOf(t, dir)
}

// TestBackupHoldsBlobs: nothing is removed while a backup runs, and everything
// else goes on.
func TestBackupHoldsBlobs(t *testing.T) {
	s, clock := filledStore(t)
	gone := appendBlob(t, s, 50_000, 'g')
	clock.Advance(25 * time.Hour)
	var removed []error
	written := 0
	dir := t.TempDir()
	_, err := s.Backup(t.Context(), dir, bolt.BackupOptions{Report: func(p bolt.CopyProgress) {
		if p.Stage != "database" || p.Done == 0 {
			removed = append(removed, s.Remove(t.Context(), gone))
			return
		}
		written++
		appendBlob(t, s, 60_000, byte(written))
	}})
	must(t, err)
	for _, err := range removed {
		if !errors.Is(err, store.ErrBusy) {
			t.Errorf("removing during a backup: %v", err)
		}
	}
	if len(removed) < 2 || written == 0 {
		t.Errorf("%d attempts to remove, %d blobs written", len(removed), written)
	}
	dumpOf(t, dir)
	must(t, s.Remove(t.Context(), gone))
}

func TestBackupRefuses(t *testing.T) {
	s, _ := filledStore(t)
	other, _ := filledAt(t, 2025)
	backup := t.TempDir()
	_, err := other.Backup(t.Context(), backup, bolt.BackupOptions{})
	must(t, err)
	before := dumpOf(t, backup)
	later := t.TempDir()
	_, err = s.Backup(t.Context(), later, bolt.BackupOptions{})
	must(t, err)
	for name, dir := range map[string]string{
		"the archive itself": s.Dir(), "within the archive": filepath.Join(s.Dir(), "a", "b"),
		"another archive": other.Dir(), "the backup of another archive": backup,
	} {
		if _, err := s.Backup(t.Context(), dir, bolt.BackupOptions{}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := dumpOf(t, backup); got != before {
		t.Error("the backup of the other archive was changed")
	}
	full := bolt.BackupOptions{Free: func(string) (int64, error) { return 1 << 20, nil }}
	if _, err := s.Backup(t.Context(), t.TempDir(), full); !errors.Is(err, store.ErrFull) {
		t.Errorf("without space: %v", err)
	}
}

// TestBackupInterrupted: a backup that is interrupted at any moment leaves the
// one before, or none.
func TestBackupInterrupted(t *testing.T) {
	s, _ := filledStore(t)
	steps := 0
	_, err := s.Backup(t.Context(), t.TempDir(), bolt.BackupOptions{Report: func(bolt.CopyProgress) { steps++ }})
	must(t, err)
	dir := t.TempDir()
	for at := range steps {
		interrupted(t, s, dir, at)
		if _, err := os.Stat(filepath.Join(dir, bolt.FileName)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a backup that was interrupted at step %d is taken for a whole one: %v", at, err)
		}
	}
	_, err = s.Backup(t.Context(), dir, bolt.BackupOptions{})
	must(t, err)
	before := dumpOf(t, dir)
	appendBlob(t, s, 50_000, 'n')
	for at := range steps {
		interrupted(t, s, dir, at)
		if got := dumpOf(t, dir); got != before {
			t.Errorf("a backup that was interrupted at step %d changed the one before", at)
		}
	}
}

func interrupted(t *testing.T, s *bolt.Store, dir string, at int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	_, err := s.Backup(ctx, dir, bolt.BackupOptions{Report: func(bolt.CopyProgress) {
		if n == at {
			cancel()
		}
		n++
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted at step %d: %v", at, err)
	}
}

// TestBackupOfDamage: a damaged archive never replaces a good backup, and a
// blob that is damaged in the archive and good in the backup stays good.
func TestBackupOfDamage(t *testing.T) {
	s, _ := filledStore(t)
	dir := t.TempDir()
	_, err := s.Backup(t.Context(), dir, bolt.BackupOptions{})
	must(t, err)
	before := dumpOf(t, dir)
	d := appendBlob(t, s, 50_000, 'n')
	h := d.String()[len("sha256:"):]
	must(t, os.WriteFile(filepath.Join(s.Dir(), "blobs", h[:2], h[2:]), bytes.Repeat([]byte{'m'}, 50_000), 0o600))
	if _, err := s.Backup(t.Context(), dir, bolt.BackupOptions{}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("backing up a damaged blob: %v", err)
	}
	if got := dumpOf(t, dir); got != before {
		t.Error("the backup before was changed")
	}
}
