package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// create makes the bbolt file of an empty archive. It is built under another
// name, so that a crash leaves no half-made archive behind, and gets its name
// only where nobody else was quicker.
func create(dir string) (err error) {
	f, err := os.CreateTemp(dir, "archive-*.new")
	if err != nil {
		return err
	}
	fresh := f.Name()
	defer func() { err = errors.Join(err, os.Remove(fresh)) }()
	if err := f.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(fresh, 0o600, &bbolt.Options{Timeout: lockAttempt, PageSize: pageSize, FreelistType: freelistType, NoStatistics: true})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets() {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return fmt.Errorf("making the bucket %s: %w", name, err)
			}
		}
		return putFormat(tx, Format)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := place(fresh, filepath.Join(dir, FileName)); err != nil {
		return err
	}
	return errors.Join(syncFolder(dir), syncFolder(filepath.Dir(filepath.Clean(dir))))
}

// place gives a file a second name, where nothing has that name. Where the
// file system knows no second names, the file is copied to it.
func place(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}
