package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
)

// files are the files of the person who runs a command. The command may run in
// another process than the person's, so it asks for them through this.
type files interface {
	// Stat reports whether a file is there, and whether it is a folder.
	Stat(name string) (exists, dir bool, err error)
	// Read returns at most max bytes of a file.
	Read(name string, max int64) ([]byte, error)
}

// localFiles are those of this process.
type localFiles struct{}

// Stat looks at a file. What cannot be the name of a file is not there.
func (localFiles) Stat(name string) (exists, dir bool, err error) {
	info, err := os.Stat(name)
	switch {
	case err == nil:
		return true, info.IsDir(), nil
	case errors.Is(err, fs.ErrNotExist), noName(err):
		return false, false, nil
	}
	return false, false, cause(err)
}

// Read reads the beginning of a file.
func (localFiles) Read(name string, max int64) (body []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, max))
}

// cause takes the operation and the path off an error: whoever wraps it names
// them.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// noName reports whether an error says that a word cannot name a file at all:
// it is too long, has a NUL inside, or goes through something that is no
// folder.
func noName(err error) bool {
	text := cause(err).Error()
	for _, s := range []string{"too long", "invalid argument", "not a directory", "syntax is incorrect"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
