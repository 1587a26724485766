package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"stet/store"
	"stet/store/wacz"
)

// maxMarkSize is the largest note of a mark that is read.
const maxMarkSize = 64 << 10

// Receiver puts an export in place: what is not whole has another name. It is
// an [Out]; after the export, [Receiver.Done] or [Receiver.Fail] is called.
type Receiver struct {
	path   string
	folder bool
	root   *os.Root
	file   *os.File
	begun  bool
	marked bool
	offset int64
}

// The endings of what is not whole yet, and of the note of where it can go on.
const (
	partEnd = ".part"
	markEnd = ".part.json"
)

// Receive returns a receiver for a file, or a folder, that is to be made at a
// path. It errors with ErrUsage where something stands there already, unless
// replace is set and it is a file.
func Receive(target string, folder, replace bool) (*Receiver, error) {
	target = filepath.Clean(target)
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("%w: looking at %s: %w", store.ErrUsage, target, err)
	case info.IsDir() && folder:
		// An empty folder is taken.
		if list, err := os.ReadDir(target); err != nil || len(list) > 0 {
			return nil, fmt.Errorf("%w: the folder %s is not empty; name one that is not there yet", store.ErrUsage, target)
		}
	case info.IsDir():
		return nil, fmt.Errorf("%w: %s is a folder; name a file in it", store.ErrUsage, target)
	case folder || !replace:
		return nil, fmt.Errorf("%w: %s is there already; give another name, or --force to replace a file", store.ErrUsage, target)
	}
	if dir := filepath.Dir(target); !folder {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%w: there is no folder %s for %s; make it, or name another", store.ErrUsage, dir, filepath.Base(target))
		}
	}
	return &Receiver{path: target, folder: folder}, nil
}

// Earlier returns where an export to the same path was interrupted; the zero
// Mark where none was.
func (r *Receiver) Earlier() Mark {
	f, err := os.Open(r.path + markEnd)
	if err != nil {
		return Mark{}
	}
	defer f.Close()
	var m Mark
	if json.NewDecoder(io.LimitReader(f, maxMarkSize)).Decode(&m) != nil || m.Offset < 0 {
		return Mark{}
	}
	return m
}

// File implements [Out]. It errors with ErrRefused where a name leads out of
// the folder.
func (r *Receiver) File(name string) error {
	if !r.folder {
		if name != "" {
			return fmt.Errorf("%w: the export has several files; name a folder", store.ErrUsage)
		}
		return r.only()
	}
	if err := wacz.CheckName(name); err != nil {
		return err
	}
	if err := r.closeFile(); err != nil {
		return err
	}
	if dir := path.Dir(name); dir != "." {
		if err := r.root.MkdirAll(dir, 0o777); err != nil {
			return failed("making a folder in "+r.path, err)
		}
	}
	f, err := r.root.Create(name)
	r.file = f
	return failed("writing "+name+" in "+r.path, err)
}

// only opens the only file, where an earlier export left it.
func (r *Receiver) only() error {
	f, err := os.OpenFile(r.path+partEnd, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return failed("writing "+r.path, err)
	}
	r.file = f
	if info, err := f.Stat(); err != nil || info.Size() < r.offset {
		return fmt.Errorf("%w: what an earlier export left of %s is gone; run the export again, and it begins anew", store.ErrConflict, r.path)
	}
	if err := f.Truncate(r.offset); err != nil {
		return failed("writing "+r.path, err)
	}
	_, err = f.Seek(r.offset, io.SeekStart)
	return failed("writing "+r.path, err)
}

// failed gives an error of the disk a class.
func failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	class := store.ErrReadOnly
	if isFull(err) {
		class = store.ErrFull
	}
	return fmt.Errorf("%s: %w: %w", doing, class, err)
}

// Write implements [Out].
func (r *Receiver) Write(p []byte) (int, error) {
	if r.file == nil {
		return 0, fmt.Errorf("%w: the export begins with no file", store.ErrUnexpected)
	}
	n, err := r.file.Write(p)
	return n, failed("writing "+r.path, err)
}

// Mark implements [Out]. The first one says where the export begins.
func (r *Receiver) Mark(m Mark) error {
	if !r.begun {
		r.begun = true
		return r.begin(m)
	}
	if r.file != nil {
		if err := r.file.Sync(); err != nil {
			return failed("writing "+r.path, err)
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r.marked = true
	return failed("noting how far the export is", writeWhole(r.path+markEnd, b))
}

// newEnd is the ending of a note that is being written.
const newEnd = ".new"

// writeWhole replaces a small file.
func writeWhole(name string, b []byte) error {
	f, err := os.OpenFile(name+newEnd, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// removeNote removes the note of where the export can go on.
func removeNote(path string) error {
	var errs []error
	for _, name := range []string{path + markEnd, path + markEnd + newEnd} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// begin clears away what an earlier export left, but for what is gone on from.
func (r *Receiver) begin(m Mark) error {
	fresh := m.Print == ""
	r.marked = !fresh
	if !fresh {
		r.offset = m.Offset
	} else if err := r.clear(); err != nil {
		return err
	}
	if !r.folder {
		return nil
	}
	if err := os.MkdirAll(r.path+partEnd, 0o777); err != nil {
		return failed("making "+r.path, err)
	}
	root, err := os.OpenRoot(r.path + partEnd)
	r.root = root
	return failed("making "+r.path, err)
}

// clear removes what is not whole.
func (r *Receiver) clear() error {
	err := os.RemoveAll(r.path + partEnd)
	err = errors.Join(err, removeNote(r.path))
	return failed("removing what is left of an earlier export", err)
}

func (r *Receiver) closeFile() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	err := f.Sync()
	return failed("writing "+r.path, errors.Join(err, f.Close()))
}

// Done gives what was received its name.
func (r *Receiver) Done() error {
	if err := r.closeFile(); err != nil {
		return err
	}
	if r.root != nil {
		if err := r.root.Close(); err != nil {
			return failed("writing "+r.path, err)
		}
	}
	if r.folder {
		// Renaming replaces no folder everywhere; this one is empty, or not
		// there.
		if err := os.Remove(r.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failed("replacing the empty folder "+r.path, err)
		}
	}
	if err := os.Rename(r.path+partEnd, r.path); err != nil {
		return failed("naming "+r.path, err)
	}
	return failed("removing the note of how far the export was", removeNote(r.path))
}

// Fail takes leave of an export that did not come to its end for cause, and
// reports whether the next one can go on where it stopped.
func (r *Receiver) Fail(cause error) (again bool, err error) {
	err = r.closeFile()
	if r.root != nil {
		err = errors.Join(err, r.root.Close())
	}
	if !r.begun {
		return false, err // nothing was touched
	}
	if r.marked && !errors.Is(cause, store.ErrConflict) {
		return true, err
	}
	return false, errors.Join(err, r.clear())
}

// Upload returns an Out that hands each file to put as a stream, under the
// name. After the export, finish is called with its error.
func Upload(ctx context.Context, name string, put func(ctx context.Context, name string, r io.Reader) error) (o Out, finish func(error) error) {
	u := &upload{ctx: ctx, name: name, put: put}
	return u, u.finish
}

// upload is files on their way.
type upload struct {
	ctx  context.Context //nolint:containedctx // the life of one export
	name string
	put  func(context.Context, string, io.Reader) error
	w    *io.PipeWriter
	done chan error
}

// File implements [Out].
func (u *upload) File(name string) error {
	if err := u.finish(nil); err != nil {
		return err
	}
	to := u.name
	if name != "" {
		if err := wacz.CheckName(name); err != nil {
			return err
		}
		to = path.Join(u.name, name)
	}
	r, w := io.Pipe()
	u.w, u.done = w, make(chan error, 1)
	go func() {
		err := u.put(u.ctx, to, r)
		u.done <- err
		if err == nil {
			err = io.ErrClosedPipe
		}
		_ = r.CloseWithError(err) // which does not fail
	}()
	return nil
}

// Write implements [Out].
func (u *upload) Write(p []byte) (int, error) {
	if u.w == nil {
		return 0, fmt.Errorf("%w: the export begins with no file", store.ErrUnexpected)
	}
	return u.w.Write(p)
}

// Mark implements [Out]: a storage keeps what was uploaded whole only.
func (u *upload) Mark(Mark) error { return nil }

// finish waits until the file is stored; with an error it is not.
func (u *upload) finish(cause error) error {
	if u.w == nil {
		return nil
	}
	w := u.w
	u.w = nil
	if err := w.CloseWithError(cause); err != nil {
		return err
	}
	return <-u.done
}
