package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"stet/store"
	"stet/store/bolt"
)

// wastedOpen is an open archive from which a blob was removed, whose bytes are
// still in the file.
func wastedOpen(t *testing.T, o bolt.Options) (s *bolt.Store, removed []byte) {
	t.Helper()
	dir, _, removed := wasted(t)
	o.Now = func() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }
	return open(t, dir, o), removed
}

// TestCompactWhileOpen writes an archive anew while others add, read and check:
// nothing of theirs is lost, and what was removed is gone.
func TestCompactWhileOpen(t *testing.T) {
	for name, prepare := range map[string]func(*bolt.Store){"replaced": func(*bolt.Store) {}, "closed first": (*bolt.Store).LetGoFirst} {
		t.Run(name, func(t *testing.T) {
			s, removed := wastedOpen(t, bolt.Options{})
			prepare(s)
			a := archive(s, time.Now)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var others sync.WaitGroup
			var mu sync.Mutex
			var added []store.ID
			for w := range 4 {
				others.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						_, id, err := appendOne(context.WithoutCancel(ctx), a, w*1000+n)
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						added = append(added, id)
						mu.Unlock()
					}
				})
				others.Go(func() {
					for ctx.Err() == nil {
						if _, err := dump(context.WithoutCancel(ctx), s); err != nil {
							t.Error(err)
						}
					}
				})
			}
			for range 3 {
				sum, err := s.Compact(t.Context(), nil)
				must(t, err)
				if sum.Records == 0 || sum.After == 0 {
					t.Errorf("summary %+v", sum)
				}
			}
			cancel()
			others.Wait()
			if bytes.Contains(databaseOf(t, s.Dir()), removed) {
				t.Error("what was removed is in the file still")
			}
			wantNoRest(t, s.Dir())
			wantSound(t, s)
			mustClose(t, s)
			again := mustOpen(t, s.Dir(), bolt.Options{})
			defer mustClose(t, again)
			for _, id := range added {
				if _, err := again.Get(t.Context(), id); err != nil {
					t.Errorf("what was added meanwhile: %v", err)
				}
			}
		})
	}
}

// TestCompactWaits: those who write wait until the new database is in its
// place, those who read do not, and what they read ends before the old one is
// let go.
func TestCompactWaits(t *testing.T) {
	s, _ := wastedOpen(t, bolt.Options{})
	a := archive(s, time.Now)
	before := databaseOf(t, s.Dir())
	reading, stop := make(chan struct{}), make(chan struct{})
	backup := t.TempDir()
	var others sync.WaitGroup
	others.Go(func() {
		var once sync.Once
		_, err := s.Backup(t.Context(), backup, bolt.BackupOptions{Report: func(p bolt.CopyProgress) {
			if p.Stage == "database" {
				once.Do(func() { close(reading); <-stop })
			}
		}})
		if err != nil {
			t.Error(err)
		}
	})
	<-reading
	wrote := make(chan error, 1)
	write := sync.OnceFunc(func() {
		others.Go(func() {
			_, _, err := appendOne(t.Context(), a, 1)
			wrote <- err
		})
	})
	compacted := make(chan error, 1)
	swapped := make(chan struct{})
	others.Go(func() {
		_, err := s.Compact(t.Context(), func(p bolt.CopyProgress) {
			switch p.Stage {
			case "database":
				write()
			case "swap":
				if !s.Remaking() || len(wrote) > 0 {
					t.Error("somebody wrote meanwhile")
				}
				if _, err := s.Read(t.Context(), 0, 1); err != nil {
					t.Errorf("reading meanwhile: %v", err)
				}
			case "swapped":
				close(swapped)
			}
		})
		compacted <- err
	})
	<-swapped
	must(t, <-wrote) // into the new one, while the old one is read
	if len(compacted) > 0 {
		t.Error("it is done, and somebody reads the old one")
	}
	close(stop)
	must(t, <-compacted)
	others.Wait()
	if bytes.Equal(databaseOf(t, s.Dir()), before) {
		t.Error("the database is the old one")
	}
	if _, err := os.Stat(filepath.Join(backup, bolt.FileName)); err != nil {
		t.Errorf("the backup that read the old one: %v", err)
	}
	wantSound(t, s)
}

// TestCompactGivesUp: where it cannot go on, the archive is as it was and works.
func TestCompactGivesUp(t *testing.T) {
	full := func(string) (int64, error) { return 1 << 20, nil }
	for name, c := range map[string]struct {
		o     bolt.Options
		at    string
		do    func(cancel context.CancelFunc, s *bolt.Store)
		class error
	}{
		"for want of space": {o: bolt.Options{Free: full}, class: store.ErrFull},
		"interrupted":       {at: "database", do: func(cancel context.CancelFunc, _ *bolt.Store) { cancel() }, class: context.Canceled},
		"before the step":   {at: "prove", do: func(cancel context.CancelFunc, _ *bolt.Store) { cancel() }, class: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := wastedOpen(t, c.o)
			before := databaseOf(t, s.Dir())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := s.Compact(ctx, func(p bolt.CopyProgress) {
				if p.Stage == c.at {
					c.do(cancel, s)
				}
			})
			if !errors.Is(err, c.class) {
				t.Errorf("got %v, want %v", err, c.class)
			}
			if !bytes.Equal(databaseOf(t, s.Dir()), before) {
				t.Error("the database was changed")
			}
			wantNoRest(t, s.Dir())
			appendBlob(t, s, 10, 'a')
			wantSound(t, s)
		})
	}
}

// TestCloseWhileCompacting: a store that closes does not wait for the end.
func TestCloseWhileCompacting(t *testing.T) {
	s, _ := wastedOpen(t, bolt.Options{})
	before := databaseOf(t, s.Dir())
	closed := make(chan error, 1)
	_, err := s.Compact(t.Context(), func(p bolt.CopyProgress) {
		if p.Stage == "prove" {
			go func() { closed <- s.Close() }()
			for s.Usable(t.Context()) == nil {
				runtime.Gosched()
			}
		}
	})
	must(t, <-closed)
	if !errors.Is(err, bolt.ErrClosed) {
		t.Errorf("compacting while the store closes: %v", err)
	}
	if !bytes.Equal(databaseOf(t, s.Dir()), before) {
		t.Error("the database was changed")
	}
	appendNothing(t, s.Dir())
	if _, err := s.Compact(t.Context(), nil); !errors.Is(err, bolt.ErrClosed) {
		t.Errorf("of a closed store: %v", err)
	}
}

// TestCompactReadOnly: what was opened for reading is not written.
func TestCompactReadOnly(t *testing.T) {
	dir, _, _ := wasted(t)
	s := open(t, dir, bolt.Options{ReadOnly: true})
	if _, err := s.Compact(t.Context(), nil); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("got %v", err)
	}
}
