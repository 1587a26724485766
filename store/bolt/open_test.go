package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"stet/store"
	"stet/store/bolt"
	"stet/store/storetest"
)

// wantErr fails the test where err is not of the class, or its sentence lacks
// one of the words.
func wantErr(t *testing.T, what string, err, class error, words ...string) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Errorf("%s: got %v, want: %v", what, err, class)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %q lacks %q", what, err, w)
		}
	}
}

func TestOpenWhereNothingIs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet", "there")
	for _, o := range []bolt.Options{{ReadOnly: true}, {MustExist: true}} {
		_, err := bolt.Open(t.Context(), dir, o)
		wantErr(t, fmt.Sprintf("%+v", o), err, store.ErrNoStore, dir, "stet capture")
		if errors.Is(err, store.ErrNotFound) {
			t.Error("a missing archive must not look like a missing post")
		}
	}
	if _, err := os.Stat(filepath.Dir(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looking made something: %v", err)
	}
	s := open(t, dir, bolt.Options{})
	if head, err := s.Head(t.Context()); head != 0 || err != nil {
		t.Errorf("a new archive has the head %d, %v", head, err)
	}
	wantSound(t, s)
}

func TestOpenWhatIsNoArchive(t *testing.T) {
	for name, prepare := range map[string]struct {
		make  func(path string) error
		class error
	}{
		"an empty file":    {func(p string) error { return os.WriteFile(p, nil, 0o600) }, store.ErrCorrupt},
		"a text":           {func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("hello ", 5000)), 0o600) }, store.ErrCorrupt},
		"zeros":            {func(p string) error { return os.WriteFile(p, make([]byte, 1<<16), 0o600) }, store.ErrCorrupt},
		"a folder":         {func(p string) error { return os.Mkdir(p, 0o700) }, store.ErrInvalid},
		"another's bucket": {otherBolt("things"), store.ErrCorrupt},
		"an empty bbolt":   {otherBolt(""), store.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, prepare.make(filepath.Join(dir, bolt.FileName)))
			for _, readOnly := range []bool{true, false} {
				_, err := bolt.Open(t.Context(), dir, bolt.Options{ReadOnly: readOnly, AllowNetworkFS: true})
				wantErr(t, name, err, prepare.class, bolt.FileName)
			}
		})
	}
	t.Run("the folder is a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "archive")
		must(t, os.WriteFile(path, []byte("x"), 0o600))
		_, err := bolt.Open(t.Context(), path, bolt.Options{AllowNetworkFS: true})
		wantErr(t, "open", err, store.ErrInvalid)
	})
}

func otherBolt(bucket string) func(path string) error {
	return func(path string) error {
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: 4096})
		if err != nil {
			return err
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			if bucket == "" {
				return nil
			}
			_, err := tx.CreateBucket([]byte(bucket))
			return err
		})
		return errors.Join(err, db.Close())
	}
}

func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, bolt.Options{})
	for _, o := range []bolt.Options{{LockTimeout: -1}, {LockTimeout: time.Millisecond, ReadOnly: true}} {
		o.AllowNetworkFS = true
		_, err := bolt.Open(t.Context(), dir, o)
		wantErr(t, "a second time", err, store.ErrBusy, dir, fmt.Sprint("process ", os.Getpid()))
	}
	mustClose(t, s)

	one, two := open(t, dir, bolt.Options{ReadOnly: true}), open(t, dir, bolt.Options{ReadOnly: true})
	if _, err := one.Head(t.Context()); err != nil {
		t.Error(err)
	}
	wantSound(t, two)
	_, err := bolt.Open(t.Context(), dir, bolt.Options{LockTimeout: -1, AllowNetworkFS: true})
	wantErr(t, "while others read", err, store.ErrBusy, "reading")
}

func TestOpenWaitsForTheOther(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, bolt.Options{})
	opened := make(chan error)
	go func() {
		other, err := bolt.Open(context.WithoutCancel(t.Context()), dir, bolt.Options{LockTimeout: time.Minute, AllowNetworkFS: true})
		if err == nil {
			err = other.Close()
		}
		opened <- err
	}()
	mustClose(t, s)
	if err := <-opened; err != nil {
		t.Errorf("after the other closed: %v", err)
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, bolt.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := bolt.Open(ctx, dir, bolt.Options{LockTimeout: time.Hour})
	wantErr(t, "open", err, context.Canceled)
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	clock := storetest.NewClock(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC))
	s := mustOpen(t, dir, bolt.Options{Now: clock.Now})
	fill(t, s, clock)
	want, err := dump(t.Context(), s)
	must(t, err)
	mustClose(t, s)
	before := listing(t, dir)

	s = mustOpen(t, dir, bolt.Options{ReadOnly: true, Now: clock.Now})
	got, err := dump(t.Context(), s)
	must(t, err)
	if got != want {
		t.Error("read-only shows something else")
	}
	wantSound(t, s)
	ctx := t.Context()
	for what, do := range map[string]func() error{
		"append": func() error { _, err := s.Append(ctx, store.Batch{}); return err },
		"lease":  func() error { _, err := s.Lease(ctx, store.LeaseRequest{Owner: "w"}); return err },
		"extend": func() error { return s.Extend(ctx, store.ID{1}, 1, clock.Now()) },
		"cursor": func() error { return s.SetCursor(ctx, "search", 7, 8) },
		"create": func() error { _, err := s.Create(ctx); return err },
		"remove": func() error { return s.Remove(ctx, store.Digest{1}) },
	} {
		wantErr(t, what, do(), store.ErrReadOnly, dir)
	}
	mustClose(t, s)
	if after := listing(t, dir); after != before {
		t.Errorf("reading changed the folder:\n%s\nbefore:\n%s", after, before)
	}
}

// listing names the files in a folder with their sizes and times.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fmt.Fprintln(&b, path, info.Size(), info.ModTime())
		}
		return err
	}))
	return b.String()
}

func TestFolderHoldsNothingButTheArchive(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, bolt.Options{})
	a := archive(s, time.Now)
	w, err := s.Create(t.Context())
	must(t, err)
	_, err = w.Write(make([]byte, 1<<20)) // spooled and left behind, as by a crash
	must(t, err)
	_, err = a.PutBlob(t.Context(), strings.NewReader("kept"), 0)
	must(t, err)
	mustClose(t, s)
	s = mustOpen(t, dir, bolt.Options{})
	mustClose(t, s)
	must(t, w.Close()) // its file is gone already
	entries, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got, want := fmt.Sprint(names), "[archive.db blobs spool]"; got != want {
		t.Errorf("the folder holds %s, want %s", got, want)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "spool")); err != nil || len(left) != 0 {
		t.Errorf("spool holds %v, %v", left, err)
	}
	if info, err := os.Stat(dir); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm()&0o077 != 0 && filepath.Base(dir) != "001") {
		t.Errorf("others may look into the folder: %v, %v", info.Mode(), err)
	}
}

func TestSocketPath(t *testing.T) {
	if got := bolt.SocketPath("a"); got != filepath.Join("a", "stet.sock") {
		t.Errorf("got %s", got)
	}
}
