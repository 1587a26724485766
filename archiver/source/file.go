package source

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"stet/store"
)

// FileURL returns the address of a source that is a file of this machine, given
// the file's complete path.
func FileURL(name string) string {
	name = filepath.ToSlash(name)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // a drive
	}
	return (&url.URL{Scheme: "file", Path: name}).String()
}

// fileOf returns the path of a source that is a file, false where it is none.
func fileOf(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" || !path.IsAbs(u.Path) {
		return "", false
	}
	name := filepath.FromSlash(u.Path)
	if drive := name[1:]; filepath.VolumeName(drive) != "" {
		name = drive
	}
	return name, true
}

// ReadFile makes one pass over a source that is a file of this machine: a list, a
// feed or a sitemap, as [Reader.ReadBody] reads them. It makes no requests.
//
// Errors are store.ErrUnexpected where there is no such file, store.ErrInvalid
// where it cannot be read as one, and those of ReadBody.
func (r *Reader) ReadFile(ctx context.Context, s Source, st State, o Options) (Reading, error) {
	p := r.pass(s, st, o)
	p.atHand = true
	body, err := r.file(s.URL)
	if err == nil {
		err = p.body(ctx, body, "")
	}
	return p.end(err)
}

// file reads a file that is no longer than documents may be.
func (r *Reader) file(address string) (body []byte, err error) {
	name, ok := fileOf(address)
	if !ok {
		return nil, fmt.Errorf("%w: %.200q leads to no file of this machine", store.ErrInvalid, address)
	}
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		return nil, fmt.Errorf("%w: there is no file %s on this machine", store.ErrUnexpected, name)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", store.ErrInvalid, err)
	case !info.Mode().IsRegular():
		// A pipe would keep the worker waiting, a folder has no words.
		return nil, fmt.Errorf("%w: %s is no ordinary file", store.ErrInvalid, name)
	case info.Size() > r.o.Limits.DocumentBytes:
		return nil, fmt.Errorf("%w: %s has more than %d bytes; divide it into several", store.ErrInvalid, name, r.o.Limits.DocumentBytes)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	body, err = io.ReadAll(io.LimitReader(f, r.o.Limits.DocumentBytes))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("%w: reading %s: %w", store.ErrInvalid, name, err)
	}
	return body, nil
}
