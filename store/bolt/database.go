package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"stet/store"
)

// database is an open bbolt file. While the store works, another may take its
// place.
type database struct {
	db   *bbolt.DB
	file *os.File // of db
	// durable is the number of the last transaction that is durable.
	durable atomic.Int64
	// readers is held for reading as long as a read transaction lasts, and for
	// writing by who closes a database that was replaced.
	readers sync.RWMutex
}

// hold returns the database of the store, which stays open until its readers
// is unlocked for reading.
func (s *Store) hold() *database {
	for {
		d := s.at.Load()
		if d.readers.TryRLock() {
			return d
		}
		// It is being closed: another has taken its place, or is about to,
		// where the two cannot both be open.
		if s.letGoFirst {
			d.readers.RLock()
			d.readers.RUnlock() //nolint:staticcheck // to wait for who closes it
		}
	}
}

// openDatabase opens and locks a bbolt file.
func openDatabase(ctx context.Context, path string, o *Options) (*database, error) {
	wait := o.LockTimeout
	if wait == 0 {
		wait = DefaultLockTimeout
	}
	size := mapSize(o.InitialMapSize)
	for {
		d, err := tryOpen(path, o, size, min(max(wait, 1), lockAttempt))
		switch {
		case err == nil:
			return d, nil
		case errors.Is(err, bolterrors.ErrTimeout):
			if wait -= lockAttempt; wait <= 0 {
				return nil, busy(filepath.Dir(path), o.ReadOnly)
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		case size > 0 && cannotMap(err):
			size = 0
		case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
			return nil, fmt.Errorf("%w: %s is not the file of an archive, or its first pages are damaged (%w); %s", store.ErrCorrupt, path, err, mend)
		default:
			return nil, fmt.Errorf("opening %s: %w", path, classify(err))
		}
	}
}

// tryOpen makes one attempt; a file whose opening panicked is closed again.
func tryOpen(path string, o *Options, size int, wait time.Duration) (*database, error) {
	d := &database{}
	err := guarded("opening the archive", func() (err error) {
		d.db, err = bbolt.Open(path, 0o600, &bbolt.Options{
			Timeout: wait, ReadOnly: o.ReadOnly, InitialMmapSize: size, PageSize: pageSize, NoSync: o.NoSync,
			FreelistType: freelistType, NoStatistics: true,
			OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
				d.file, err = os.OpenFile(name, flag, mode)
				return d.file, err
			},
		})
		return err
	})
	if errors.Is(err, store.ErrCorrupt) && d.file != nil {
		err = errors.Join(err, d.file.Close())
	}
	if err == nil {
		err = d.inPlace(path)
	}
	return d, err
}

// inPlace errors with bbolt's ErrTimeout, and closes the file, where another
// database has taken its place since it was opened: whoever waits for the lock
// while a database is replaced gets that of the old one.
func (d *database) inPlace(path string) error {
	opened, err := d.file.Stat()
	if err == nil {
		var now os.FileInfo
		if now, err = os.Stat(path); err == nil && os.SameFile(opened, now) {
			return nil
		}
	}
	if err == nil {
		err = bolterrors.ErrTimeout
	}
	return errors.Join(err, d.db.Close())
}

// replace puts a database that is proven in the place of the store's, while
// nobody writes. The new one is locked before it gets its name: nobody else
// comes in between. Where the name cannot be made durable, a power cut could
// bring the old one back, so that the store takes nothing any more.
//
// It returns what tells when the old one is closed, which waits for those who
// read it.
func (s *Store) replace(ctx context.Context, path string, report func(CopyProgress)) (closed <-chan error, err error) {
	old, place := s.at.Load(), filepath.Join(s.dir, FileName)
	report(CopyProgress{Stage: "swap"})
	if s.letGoFirst {
		return nil, s.replaceClosed(ctx, path, report)
	}
	fresh, err := openDatabase(ctx, path, &s.options)
	if err != nil {
		return nil, err
	}
	if err := fresh.begin(); err != nil {
		return nil, errors.Join(err, fresh.db.Close())
	}
	if err := os.Rename(path, place); err != nil {
		return nil, errors.Join(fmt.Errorf("putting the new database in its place: %w", classify(err)), fresh.db.Close())
	}
	s.at.Store(fresh)
	done := make(chan error, 1)
	s.retired.Go(func() { done <- old.close() })
	return done, s.settleSwap(report)
}

// replaceClosed replaces the database where an open file cannot be replaced:
// who reads waits meanwhile.
func (s *Store) replaceClosed(ctx context.Context, path string, report func(CopyProgress)) error {
	old, place := s.at.Load(), filepath.Join(s.dir, FileName)
	old.readers.Lock()
	defer old.readers.Unlock()
	if err := old.db.Close(); err != nil {
		return fmt.Errorf("closing the old database: %w", err)
	}
	renamed := os.Rename(path, place)
	fresh, err := openDatabase(ctx, place, &s.options)
	if err == nil {
		err = fresh.begin()
	}
	if err != nil {
		s.state.setDead(fmt.Errorf("opening the database again: %w", err))
		return errors.Join(renamed, err)
	}
	s.at.Store(fresh)
	if renamed != nil {
		return fmt.Errorf("putting the new database in its place: %w", classify(renamed))
	}
	return s.settleSwap(report)
}

// settleSwap makes the new name durable.
func (s *Store) settleSwap(report func(CopyProgress)) error {
	report(CopyProgress{Stage: "swapped"})
	if err := syncFolder(s.dir); err != nil {
		return s.state.setPoison(fmt.Errorf("replacing the database in %s: %w", s.dir, err))
	}
	return nil
}

// begin notes how far a database is, and how it grows.
func (d *database) begin() error {
	return guarded("opening the new database", func() error {
		return d.db.View(func(tx *bbolt.Tx) error {
			d.durable.Store(int64(tx.ID()))
			d.db.AllocSize = growth(tx.Size())
			return nil
		})
	})
}

// close closes a database that was replaced, when its readers have ended.
func (d *database) close() error {
	d.readers.Lock()
	defer d.readers.Unlock()
	return d.db.Close()
}
