package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"stet/store"
)

var errClosed = errors.New("the archive was closed")

// guarded calls fn and returns its panics and memory faults as
// [store.ErrCorrupt]: bbolt panics where a page is not what it should be, and
// a page number beyond the end of the file leads to memory that is not there.
func guarded(what string, fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %s: %v (at %s); run `stet check`", store.ErrCorrupt, what, p, panicOrigin())
		}
	}()
	return fn()
}

// panicOrigin names the function that panicked.
func panicOrigin() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			return f.Function
		}
		if !more {
			return "an unknown place"
		}
	}
}

// view runs fn in a read transaction. Nothing that fn keeps may point into the
// database.
func (s *Store) view(ctx context.Context, fn func(*bbolt.Tx) error) error {
	return s.viewFile(ctx, func(tx *bbolt.Tx, _ *os.File) error { return fn(tx) })
}

// viewFile does what view does, for an fn that reads the file as well: that
// which the transaction sees.
func (s *Store) viewFile(ctx context.Context, fn func(*bbolt.Tx, *os.File) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.broken(); err != nil {
		return err
	}
	d := s.hold()
	defer d.readers.RUnlock()
	var tx *bbolt.Tx
	begun := false
	err := guarded("reading the archive", func() (err error) {
		tx, err = d.db.Begin(false)
		begun = true
		return err
	})
	if !begun {
		// The locks of bbolt are held for ever now.
		s.state.setDead(err)
		return err
	}
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return errClosed
	}
	if err != nil {
		return fmt.Errorf("reading the archive: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // a read transaction only returns that it is closed already
	if poison := s.state.poisoned(); poison != nil && int64(tx.ID()) > d.durable.Load() {
		return poison
	}
	return guarded("reading the archive", func() error { return fn(tx, d.file) })
}
