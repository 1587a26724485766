package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"
	"time"

	"stet/cmd/internal/forward"
	"stet/store"
)

// open opens a file or folder of this process, or what is in a folder: never
// what a link in it leads out of it to.
func (localFiles) open(name, below string) (f *os.File, err error) {
	if below == "" {
		return os.Open(name)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return root.Open(below)
}

// Info implements [forward.Trees].
func (l localFiles) Info(name, below string) (_ *forward.Entry, err error) {
	f, err := l.open(name, below)
	if errors.Is(err, fs.ErrNotExist) || err != nil && noName(err) {
		return nil, nil
	}
	if err != nil {
		return nil, cause(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, cause(err)
	}
	e := entryOf(info)
	return &e, nil
}

func entryOf(info fs.FileInfo) forward.Entry {
	return forward.Entry{Name: info.Name(), Dir: info.IsDir(), Regular: info.Mode().IsRegular(), Size: info.Size()}
}

// Range implements [forward.Trees].
func (l localFiles) Range(name, below string, offset int64, max int) (_ []byte, err error) {
	f, err := l.open(name, below)
	if err != nil {
		return nil, cause(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := make([]byte, max)
	n, err := f.ReadAt(b, offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

// Entries implements [forward.Trees].
func (l localFiles) Entries(name, below, after string) (_ []forward.Entry, err error) {
	f, err := l.open(name, below)
	if err != nil {
		return nil, cause(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, cause(err)
	}
	slices.Sort(names)
	first, there := slices.BinarySearch(names, after)
	if there {
		first++
	}
	var entries []forward.Entry
	for _, n := range names[first:min(first+forward.MaxEntries, len(names))] {
		info, err := os.Lstat(f.Name() + string(os.PathSeparator) + n)
		if err != nil {
			info = nil // it went away meanwhile
		}
		e := forward.Entry{Name: n}
		if info != nil {
			e = entryOf(info)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// within errors with ErrRefused where a service asks for what the command line
// does not name.
func (f namedFiles) within(name, below string) error {
	if !f.trees || !f.named(name) || below != "" && !fs.ValidPath(below) {
		return fmt.Errorf("%w: the service asks for %.200q in %.200q, which the command does not name", store.ErrRefused, below, name)
	}
	return nil
}

// ours are the files behind f as trees.
func (f namedFiles) ours() (forward.Trees, error) {
	t, ok := f.files.(forward.Trees)
	if !ok {
		return nil, fmt.Errorf("%w: there are no folders", store.ErrRefused)
	}
	return t, nil
}

// Info implements [forward.Trees].
func (f namedFiles) Info(name, below string) (*forward.Entry, error) {
	t, err := f.ours()
	if err := cmp.Or(err, f.within(name, below)); err != nil {
		return nil, err
	}
	return t.Info(name, below)
}

// Range implements [forward.Trees].
func (f namedFiles) Range(name, below string, offset int64, max int) ([]byte, error) {
	t, err := f.ours()
	if err := cmp.Or(err, f.within(name, below)); err != nil {
		return nil, err
	}
	return t.Range(name, below, offset, max)
}

// Entries implements [forward.Trees].
func (f namedFiles) Entries(name, below, after string) ([]forward.Entry, error) {
	t, err := f.ours()
	if err := cmp.Or(err, f.within(name, below)); err != nil {
		return nil, err
	}
	return t.Entries(name, below, after)
}

// clientTree is a file or folder of a client as a file system; a file is its
// only place, ".".
type clientTree struct {
	trees forward.Trees
	name  string
}

// Open implements [fs.FS].
func (t clientTree) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	below := name
	if name == "." {
		below = ""
	}
	e, err := t.trees.Info(t.name, below)
	if err == nil && e == nil {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	e.Name = path.Base(name)
	return &clientFile{t: t, below: below, entry: *e}, nil
}

// clientFile is one of them. Reading by ranges is safe for concurrent use.
type clientFile struct {
	t     clientTree
	below string
	entry forward.Entry

	at    int64  // of Read
	after string // of ReadDir

	mu   sync.Mutex
	from int64 // of part
	part []byte
}

// Stat implements [fs.File].
func (f *clientFile) Stat() (fs.FileInfo, error) { return entryInfo{f.entry}, nil }

// Close implements [fs.File]; there is nothing to give back.
func (f *clientFile) Close() error { return nil }

// Read implements [fs.File].
func (f *clientFile) Read(b []byte) (int, error) {
	n, err := f.ReadAt(b[:min(len(b), forward.MaxRange)], f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// ReadAt implements [io.ReaderAt]: what follows is fetched along, because
// readers go on.
func (f *clientFile) ReadAt(b []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	done := 0
	for done < len(b) {
		at := offset + int64(done)
		if at < f.from || at >= f.from+int64(len(f.part)) {
			part, err := f.t.trees.Range(f.t.name, f.below, at, forward.MaxRange)
			if err != nil {
				return done, err
			}
			if len(part) == 0 {
				return done, io.EOF
			}
			f.from, f.part = at, part
		}
		done += copy(b[done:], f.part[at-f.from:])
	}
	return done, nil
}

// ReadDir implements [fs.ReadDirFile].
func (f *clientFile) ReadDir(n int) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	for n <= 0 || len(out) < n {
		page, err := f.t.trees.Entries(f.t.name, f.below, f.after)
		if err != nil {
			return out, err
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if f.after = e.Name; fs.ValidPath(e.Name) {
				out = append(out, fs.FileInfoToDirEntry(entryInfo{e}))
			}
			if n > 0 && len(out) == n {
				break
			}
		}
		if len(out) > maxEntries {
			return nil, fmt.Errorf("%w: the folder has more than %d entries", store.ErrTooLarge, maxEntries)
		}
	}
	if n > 0 && len(out) == 0 {
		return nil, io.EOF
	}
	return out, nil
}

// maxEntries is the most entries of a folder of a client that are listed.
const maxEntries = 1_000_000

// entryInfo describes one.
type entryInfo struct{ e forward.Entry }

// Name implements [fs.FileInfo].
func (i entryInfo) Name() string { return i.e.Name }

// Size implements [fs.FileInfo].
func (i entryInfo) Size() int64 { return i.e.Size }

// Mode implements [fs.FileInfo].
func (i entryInfo) Mode() fs.FileMode {
	switch {
	case i.e.Dir:
		return fs.ModeDir | 0o500
	case i.e.Regular:
		return 0o400
	}
	return fs.ModeIrregular
}

// ModTime implements [fs.FileInfo]: it is not told.
func (i entryInfo) ModTime() time.Time { return time.Time{} }

// IsDir implements [fs.FileInfo].
func (i entryInfo) IsDir() bool { return i.e.Dir }

// Sys implements [fs.FileInfo].
func (i entryInfo) Sys() any { return nil }
