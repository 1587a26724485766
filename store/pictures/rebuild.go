package pictures

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"stet/store"
)

// newSuffix ends the name of a file that is not whole yet.
const newSuffix = ".new"

// Rebuild looks at all kept pictures again, into a new file that takes the place
// of the old one when it is whole: until then, and where it is interrupted, the
// old one answers.
func (x *Index) Rebuild(ctx context.Context) error {
	if err := x.rebuild(ctx); err != nil {
		return fmt.Errorf("building the index of pictures %s again: %w", x.path, err)
	}
	return nil
}

func (x *Index) rebuild(ctx context.Context) (err error) {
	if err := x.beginRebuild(); err != nil {
		return err
	}
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.rebuilding, x.purged = false, nil
	}()
	path := x.path + newSuffix
	if err := removeIfThere(path); err != nil { // of one that was killed
		return err
	}
	fresh, err := Open(ctx, path, x.journal, x.blobs, false)
	if err != nil {
		return err
	}
	err = fresh.CatchUp(ctx) // which takes long, and holds nobody up
	if err == nil {
		err = x.swap(ctx, fresh)
	}
	if err := errors.Join(err, fresh.Close()); err != nil {
		return errors.Join(err, removeIfThere(path))
	}
	return nil
}

func (x *Index) beginRebuild() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.readOnly:
		return store.ErrReadOnly
	case x.db == nil:
		return errors.New("it was closed")
	case x.rebuilding:
		return fmt.Errorf("%w: it is being built already", store.ErrBusy)
	}
	x.rebuilding = true
	return nil
}

// swap brings the new file to the end of the journal and puts it in the place of
// the old one.
func (x *Index) swap(ctx context.Context, fresh *Index) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db == nil {
		return errors.New("it was closed")
	}
	if err := fresh.CatchUp(ctx); err != nil {
		return err
	}
	if err := fresh.remove(x.purged); err != nil {
		return err
	}
	old := x.db
	x.db = nil // answers from the pictures themselves
	if err := errors.Join(fresh.Close(), old.Close()); err != nil {
		return err
	}
	renamed := os.Rename(fresh.path, x.path)
	db, err := x.open()
	x.db = db
	return errors.Join(renamed, err)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
