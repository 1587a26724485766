package files_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"stet/store"
	"stet/store/files"
	"stet/store/storetest"
)

func TestObjects(t *testing.T) {
	storetest.RunObjects(t, func(t *testing.T) store.Objects {
		s, err := files.Open(filepath.Join(t.TempDir(), "blobs"), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// TestLeftovers looks what becomes of files that a killed process did not
// finish.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	open := func() {
		t.Helper()
		if _, err := files.Open(dir, func() time.Time { return now }); err != nil {
			t.Fatal(err)
		}
	}
	open()
	left := filepath.Join(dir, "spool", "blob-1")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	open()
	if _, err := os.Stat(left); err != nil {
		t.Errorf("what may be under way was thrown away: %v", err)
	}
	now = now.Add(25 * time.Hour)
	open()
	if _, err := os.Stat(left); err == nil {
		t.Error("what was left a day ago is still there")
	}
}
