package bolt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"stet/store"
)

func openHere(t *testing.T, dir string, o Options) (*Store, error) {
	t.Helper()
	o.AllowNetworkFS = true
	return Open(context.WithoutCancel(t.Context()), dir, o)
}

// withFormat makes an archive that says that it has a format.
func withFormat(t *testing.T, format int) string {
	t.Helper()
	dir := t.TempDir()
	s, err := openHere(t, dir, Options{})
	if err == nil {
		err = errors.Join(s.at.Load().db.Update(func(tx *bbolt.Tx) error { return putFormat(tx, format) }), s.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNewerFormatIsRefused(t *testing.T) {
	dir := withFormat(t, Format+1)
	before, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{true, false} {
		_, err := openHere(t, dir, Options{ReadOnly: readOnly})
		if !errors.Is(err, store.ErrVersion) {
			t.Fatalf("got %v, want a newer version", err)
		}
		for _, w := range []string{dir, "format 2", "up to 1", "stet version"} {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q lacks %q", err, w)
			}
		}
	}
	after, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || string(after) != string(before) {
		t.Errorf("the archive was changed: %v", err)
	}
}

// TestMigration goes from this format to an invented later one in three steps,
// with a failure in between.
func TestMigration(t *testing.T) {
	dir := withFormat(t, Format)
	s, err := openHere(t, dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	crash := errors.New("the machine went down")
	steps, crashAt := 0, 2
	later := append(migrations(), migration{to: Format + 1, what: "numbers the steps", step: func(tx *bbolt.Tx) (bool, error) {
		if steps++; steps == crashAt {
			return false, crash
		}
		b, err := tx.CreateBucketIfNotExists([]byte("steps"))
		if err != nil {
			return false, err
		}
		n, err := b.NextSequence()
		if err == nil {
			err = b.Put([]byte{byte(n)}, []byte("done"))
		}
		return n == 3, err
	}})
	if err := s.migrateWith(Format+1, later); !errors.Is(err, crash) || !strings.Contains(err.Error(), "numbers the steps") {
		t.Errorf("got %v, want %v with the name of the migration", err, crash)
	}
	if format, err := s.format(); format != Format || err != nil {
		t.Errorf("half-way, the format is %d, want %d: %v", format, Format, err)
	}
	for range 2 { // the second time there is nothing to do
		if err := s.migrateWith(Format+1, later); err != nil {
			t.Error(err)
		}
	}
	if format, err := s.format(); format != Format+1 || err != nil || steps != 4 {
		t.Errorf("after %d steps the format is %d, want 4 and %d: %v", steps, format, Format+1, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReadingAnOldFormatSaysWhatToDo(t *testing.T) {
	dir := withFormat(t, Format)
	s, err := openHere(t, dir, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	err = s.migrateWith(Format+1, append(migrations(), migration{to: Format + 1}))
	if !errors.Is(err, store.ErrReadOnly) || !strings.Contains(err.Error(), "stet check") {
		t.Errorf("got %v, want read-only with the command to run", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMigrationsLeadFromEachFormatToTheNext(t *testing.T) {
	list := migrations()
	if len(list) != Format-1 {
		t.Fatalf("there are %d migrations to format %d", len(list), Format)
	}
	for i, m := range list {
		if m.to != i+2 || m.what == "" || m.step == nil {
			t.Errorf("migration %d is %+v", i, m)
		}
	}
}
