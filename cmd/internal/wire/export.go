package wire

import (
	"context"
	"errors"
	"os"

	"stet/archiver"
	"stet/cmd/internal/export"
	"stet/store"
	"stet/store/view"
	"stet/store/wacz"
)

// Exporting completes the options of an export with what it reads, how that is
// weighed, and who signs.
func (a *Archive) Exporting(ctx context.Context, o *export.Options, sign bool) error {
	o.Archive, o.Private = a.Archive, archiver.IsPrivate
	o.View = func(at *store.Archive) *view.Reader { return a.Reader.At(at) }
	o.Temp = func() (export.File, error) { return newTemp(a.Dir) }
	if o.Format != export.WACZ || !sign {
		return nil
	}
	log, err := a.Heads.Log()
	if err != nil {
		return err
	}
	key, err := log.Key(ctx)
	if err != nil {
		return err
	}
	packages, err := key.Packages()
	if err != nil {
		return err
	}
	o.Sign = wacz.KeySigner{Key: packages}
	return nil
}

// temp is a temporary file that is removed when it is closed, or, where the
// system can, at once.
type temp struct {
	*os.File
	name string
}

// newTemp makes a temporary file in a folder, or, where that cannot be written,
// in the system's.
func newTemp(dir string) (*temp, error) {
	f, err := os.CreateTemp(dir, ".export-*")
	if err != nil {
		f, err = os.CreateTemp("", "stet-export-*")
	}
	if err != nil {
		return nil, err
	}
	t := &temp{File: f, name: f.Name()}
	if os.Remove(t.name) == nil {
		t.name = ""
	}
	return t, nil
}

// Close removes the file.
func (t *temp) Close() error {
	err := t.File.Close()
	if t.name != "" {
		err = errors.Join(err, os.Remove(t.name))
	}
	return err
}
