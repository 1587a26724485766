package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"stet/store"
)

// writeOwner notes which process has the archive open for writing. The note
// only serves the sentence that others are told; what keeps them out is the
// lock on the bbolt file.
func writeOwner(dir string, now time.Time) error {
	path := filepath.Join(dir, ownerFile)
	note := fmt.Sprintf("%d\n%s\n", os.Getpid(), now.UTC().Format(time.RFC3339))
	if err := os.WriteFile(path, []byte(note), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, classify(err))
	}
	return nil
}

func removeOwner(dir string) error {
	if err := os.Remove(filepath.Join(dir, ownerFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the note of who has the archive open: %w", err)
	}
	return nil
}

// busy returns the error that says who has the archive open.
func busy(dir string, reading bool) error {
	who := "another process is reading it"
	if reading {
		who = "another process has it open for writing"
	}
	if note, err := os.ReadFile(filepath.Join(dir, ownerFile)); err == nil {
		pid, since, _ := strings.Cut(strings.TrimSpace(string(note)), "\n")
		if n, err := strconv.Atoi(pid); err == nil && n > 0 {
			who = "process " + pid + " has it open for writing"
			if t, err := time.Parse(time.RFC3339, since); err == nil {
				who += " since " + t.Format("2006-01-02 15:04:05 UTC")
			}
		}
	}
	return fmt.Errorf("%w: the archive in %s is in use: %s; wait until it is done, or stop it", store.ErrBusy, dir, who)
}

// clearFolder removes what is in a folder.
func clearFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking for left-over files: %w", classify(err))
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("removing a left-over file: %w", classify(err))
		}
	}
	return nil
}
