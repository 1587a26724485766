package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"stet/store"
)

// unpacker writes the files of a tar archive into a folder. It never writes over
// a file that is there.
type unpacker struct {
	dir string
	// wrote and same count files that were written, and that were there with the
	// same bytes; differ are those that are there with others.
	wrote, same int
	differ      []string
}

// unpack writes what is saved into a folder of the person who asked for it.
func (u *unpacker) unpack(r io.Reader) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading what is saved: %w", err)
		case h.Typeflag != tar.TypeReg || !filepath.IsLocal(filepath.FromSlash(h.Name)):
			return fmt.Errorf("%w: what is saved names the file %.200q", store.ErrRefused, h.Name)
		}
		if err := u.file(filepath.Join(u.dir, filepath.FromSlash(h.Name)), t); err != nil {
			return err
		}
	}
}

// file writes one file, and leaves one alone that is there.
func (u *unpacker) file(name string, body io.Reader) (err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", name, cause(err))
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return u.compare(name, body)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, cause(err))
	}
	_, err = io.Copy(f, body)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", name, cause(err)), os.Remove(name))
	}
	u.wrote++
	return nil
}

// compare notes whether a file that is there has the same bytes.
func (u *unpacker) compare(name string, body io.Reader) error {
	a, b := sha256.New(), sha256.New()
	if _, err := io.Copy(a, body); err != nil {
		return fmt.Errorf("reading what is saved: %w", err)
	}
	if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, cause(err))
		}
		_, err = io.Copy(b, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("reading %s: %w", name, cause(err))
		}
		if bytes.Equal(a.Sum(nil), b.Sum(nil)) {
			u.same++
			return nil
		}
	}
	u.differ = append(u.differ, name)
	return nil
}

// saveInto lets write make what is saved, and unpacks it. code is the exit code of
// write, after which nothing more comes.
func (a *app) saveInto(dir string, write func(io.Writer) int) int {
	if dir == "-" {
		return write(a.stdout)
	}
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		c := write(w)
		w.Close()
		code <- c
	}()
	u := &unpacker{dir: dir}
	err := u.unpack(r)
	if err != nil {
		r.CloseWithError(err)
	} else if _, rest := io.Copy(io.Discard, r); rest != nil {
		err = rest
	}
	if c := <-code; c != 0 {
		return c
	}
	if err != nil {
		a.complain(err)
		return exitCode(err)
	}
	return a.tellSaved(u)
}

// savedReport is what `show --save --json` prints.
type savedReport struct {
	Dir     string   `json:"dir"`
	Written int      `json:"written"`
	Same    int      `json:"same"`
	Differ  []string `json:"differ"`
}

func (a *app) tellSaved(u *unpacker) int {
	if a.json {
		a.out.json(&savedReport{u.dir, u.wrote, u.same, filled(u.differ)})
	} else {
		a.out.line("%s written to %s", count(u.wrote, "file"), u.dir)
		if u.same > 0 {
			a.out.line("%s there already, the same", count(u.same, "file"))
		}
	}
	for _, name := range u.differ {
		a.warn("%s is there already and differs: it was left alone; name another folder", name)
	}
	if len(u.differ) > 0 {
		return 3
	}
	return 0
}
