package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"stet/extract"
	"stet/store"
)

// maxSnapshots is the most snapshots of a folder of ArchiveBox.
const maxSnapshots = 200_000

// isArchiveBox reports whether a folder is one of ArchiveBox.
func isArchiveBox(fsys fs.FS) bool {
	info, err := fs.Stat(fsys, "archive")
	if err != nil || !info.IsDir() {
		return false
	}
	for _, name := range []string{"index.sqlite3", "ArchiveBox.conf", "index.json"} {
		if _, err := fs.Stat(fsys, name); err == nil {
			return true
		}
	}
	return false
}

// readBox imports the snapshots of a folder of ArchiveBox: of each its web
// archive, else its page, else its address alone.
func readBox(ctx context.Context, o Options, fsys fs.FS, prefix string) error {
	entries, err := fs.ReadDir(fsys, "archive")
	if err != nil {
		return fmt.Errorf("%w: %sarchive cannot be read: %w", store.ErrInvalid, prefix, err)
	}
	if len(entries) > maxSnapshots {
		return fmt.Errorf("%w: %sarchive has %d entries, at most %d are read", store.ErrTooLarge, prefix, len(entries), maxSnapshots)
	}
	var errs []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		err := snapshot(ctx, o, fsys, path.Join("archive", e.Name()), prefix)
		if ctx.Err() != nil {
			return err
		}
		if errs = append(errs, err); len(errs) > maxFailures {
			break // what goes on failing tells nothing new
		}
	}
	return errors.Join(errs...)
}

// maxFailures is the most snapshots that fail before the rest is left.
const maxFailures = 1000

// snapshot imports one folder of ArchiveBox.
func snapshot(ctx context.Context, o Options, fsys fs.FS, dir, prefix string) error {
	var about link
	if raw, err := readSome(fsys, path.Join(dir, "index.json"), maxAccount); err != nil || json.Unmarshal(raw, &about) != nil || about.URL == "" {
		return o.Report(Item{File: prefix + dir, Outcome: Skipped, Reason: "its index.json names no address"})
	}
	archives, err := fs.Glob(fsys, path.Join(dir, "warc", "*.warc*"))
	if err != nil {
		return fmt.Errorf("%w: %s%s: %w", store.ErrInvalid, prefix, dir, err)
	}
	for _, name := range archives[:min(len(archives), maxMembers)] {
		if err := member(ctx, o, fsys, name, prefix, origin{}); err != nil {
			return err
		}
	}
	if len(archives) > 0 {
		return nil
	}
	for _, name := range []string{"singlefile.html", "output.html"} {
		if info, err := fs.Stat(fsys, path.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return member(ctx, o, fsys, path.Join(dir, name), prefix, origin{page: about.URL})
		}
	}
	k := &keeper{o: o, file: prefix + path.Join(dir, "index.json")}
	return errors.Join(k.address(ctx, span{}, about.URL), k.flush(ctx), k.settle())
}

// readSome reads a small file.
func readSome(fsys fs.FS, name string, most int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is no file", store.ErrInvalid, name)
	}
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(raw)) > most {
		err = fmt.Errorf("%w: %s has more than %d bytes", store.ErrTooLarge, name, most)
	}
	return raw, err
}

// readPage reads a page that somebody saved, of which is known what address it
// had.
func (k *keeper) readPage(ctx context.Context, r io.Reader) error {
	body, err := io.ReadAll(io.LimitReader(r, maxRecorded+1))
	if err != nil {
		return err
	}
	at := span{length: int64(len(body)), said: said{address: clipTo(k.page, maxAddress)}}
	u, err := url.Parse(k.page)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return k.skip(ctx, at, "", "it has no address of the web")
	}
	if len(body) > maxRecorded {
		return k.skip(ctx, at, "", fmt.Sprintf("it has more than %d MB, in which no posts are looked for", maxRecorded>>20))
	}
	if crowded(body) {
		return k.skip(ctx, at, "", tooCrowded)
	}
	a := answerIn{finder: k.o.Finder, address: k.page, at: u, host: strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."),
		r:     extract.Response{URL: k.page, StatusCode: 200, ContentType: "text/html; charset=utf-8", Body: body},
		notes: []string{"saved from " + at.address + ", as the folder says"}}
	pieces, ok := a.read()
	if !ok {
		pieces = a.article()
	}
	return k.take(ctx, at, pieces)
}
