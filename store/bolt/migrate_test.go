package bolt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		for _, w := range []string{dir, fmt.Sprint("format ", Format+1), fmt.Sprint("up to ", Format), "stet version"} {
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
	later := append(migrations(), migration{to: Format + 1, what: "numbers the steps", step: func(_ *Store, tx *bbolt.Tx) (bool, error) {
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

// withoutLinks makes an archive one of the first format.
func withoutLinks(s *Store) error {
	return s.at.Load().db.Update(func(tx *bbolt.Tx) error {
		b, link := tx.Bucket([]byte(bucketTerms)), store.IndexLink.Number()
		c := b.Cursor()
		for k, _ := c.Seek([]byte{link}); k != nil && k[0] == link; k, _ = c.Seek([]byte{link}) {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return putFormat(tx, 1)
	})
}

// TestLinksAreIndexed: an archive of the first format gets the entries of the
// index of links, in as many steps as it takes, and goes on where a failure
// stopped it.
func TestLinksAreIndexed(t *testing.T) {
	dir := t.TempDir()
	s, err := openHere(t, dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	archive := store.NewArchive(store.Parts{Backend: s, Blobs: s, Now: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }, Random: rand.Reader})
	const articles = 3000
	for n := 0; n < articles; {
		b := archive.Begin()
		for range 500 {
			v := &store.ArticleVersion{Time: archive.Now(), URL: fmt.Sprintf("https://news.example/%d", n), Key: fmt.Sprintf("news.example/%d", n), Origin: "web", Finder: "1",
				Links: []store.ArticleLink{{URL: "https://ferry.example/winter?utm_source=x"}, {URL: fmt.Sprintf("https://ferry.example/%d", n%7)}}}
			if _, err := b.Add(t.Context(), v); err != nil {
				t.Fatal(err)
			}
			n++
		}
		if _, err := b.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	err = withoutLinks(s)
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	crash := errors.New("the machine went down")
	if s, err = openHere(t, dir, Options{}); err != nil {
		t.Fatal(err)
	}
	// Open has migrated it; once more by small steps, the second of which fails.
	steps := 0
	list := []migration{{to: 2, what: "again", step: func(s *Store, tx *bbolt.Tx) (bool, error) {
		if steps++; steps == 2 {
			return false, crash
		}
		return indexSome(s, tx, 700)
	}}}
	err = withoutLinks(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.migrateWith(2, list); !errors.Is(err, crash) {
		t.Fatal(err)
	}
	if err := s.migrateWith(2, list); err != nil || steps < 4 {
		t.Fatalf("after %d steps: %v", steps, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = openHere(t, dir, Options{}); err != nil {
		t.Fatal(err)
	}
	archive = store.NewArchive(store.Parts{Backend: s, Blobs: s, Now: archive.Now, Random: rand.Reader})
	sum, err := s.Check(t.Context(), func(p store.Problem) { t.Errorf("%+v", p) })
	if err != nil || sum.Problems > 0 {
		t.Fatalf("%+v, %v", sum, err)
	}
	records, err := archive.ListAll(t.Context(), store.LinkTerm("http://www.ferry.example/winter/"), articles)
	if err != nil || len(records) != articles {
		t.Errorf("%d articles link the page, %v", len(records), err)
	}
	if records, err = archive.ListAll(t.Context(), store.LinkTerm("https://ferry.example/3"), articles); err != nil || len(records) != 429 {
		t.Errorf("%d articles link the other page, %v", len(records), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
