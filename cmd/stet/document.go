package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"stet/extract"
	"stet/store"
)

// maxDocument is the largest file or standard input that is read: as large as
// a page that is fetched may be.
const maxDocument = 32 << 20

// maxListed is the longest list with references that is read as one.
const maxListed = 10_000

// document is a file, or standard input.
type document struct {
	path  string
	stdin bool
	// in is the content, after read.
	in   extract.Input
	kind extract.ContentKind
}

// name is how people are told of it.
func (d *document) name() string {
	if d.stdin {
		return "standard input"
	}
	return d.path
}

// read reads the content. It errors with ErrInvalid where that is empty or has
// no text, and with ErrTooLarge.
func (d *document) read(ctx context.Context, a *app) error {
	body, err := d.bytes(ctx, a)
	switch {
	case err != nil:
		return fmt.Errorf("reading %s: %w", d.name(), err)
	case len(body) > maxDocument:
		return fmt.Errorf("reading %s: %w: it has more than %s, and no page is that large; cut out what is wanted", d.name(), store.ErrTooLarge, size(maxDocument))
	case len(bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))) == 0:
		return invalid("%s is empty; there is nothing to find posts in", d.name())
	}
	d.in.Body = body
	d.kind = extract.DecideContent(d.in)
	if d.kind == extract.ContentOther {
		return invalid("%s holds no text but %s; give it an article as HTML or text, or a list of addresses", d.name(), describeBytes(body))
	}
	switch strings.ToLower(filepath.Ext(d.path)) {
	case ".html", ".htm", ".xhtml":
		d.in.ContentType, d.kind = "text/html", extract.ContentHTML
	}
	return nil
}

func (d *document) bytes(ctx context.Context, a *app) ([]byte, error) {
	if !d.stdin {
		return interruptibly(ctx, func() ([]byte, error) { return a.files.Read(d.path, maxDocument+1) })
	}
	if a.keyboard {
		a.warn("reading from the keyboard; an empty line and Ctrl-D end it")
	}
	return interruptibly(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(a.stdin, maxDocument+1)) })
}

// interruptibly reads, and leaves the reading behind when ctx ends: that of a
// pipe or a terminal cannot be interrupted.
func interruptibly(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		body []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		body, err := read()
		done <- result{body, err}
	}()
	select {
	case got := <-done:
		return got.body, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// describeBytes says what binary data is.
func describeBytes(body []byte) string {
	if t := http.DetectContentType(body); t != "application/octet-stream" && !strings.HasPrefix(t, "text/") {
		return "binary data (" + t + ")"
	}
	return "binary data"
}

// strayLine returns the first line of a document that keeps it from being a
// list of addresses, where most of its lines are such: a slip of the pen, which
// would let the posts of all of them go uncaptured. 0 is none.
func (d *document) strayLine(c classifier) (number int, line string) {
	if d.kind != extract.ContentText {
		return 0, ""
	}
	listed, others, n := 0, 0, 0
	for l := range strings.Lines(strings.TrimPrefix(string(d.in.Body), "\ufeff")) {
		n++
		switch l = strings.TrimSpace(l); {
		case l == "" || strings.HasPrefix(l, "#"):
		case c.listed(l):
			listed++
		default:
			if others++; others == 1 {
				number, line = n, l
			}
		}
	}
	if others == 0 || listed <= others {
		return 0, ""
	}
	return number, line
}

// listed reports whether a line is an address or a reference and nothing else.
func (c classifier) listed(line string) bool {
	return c.isRef(line) && !strings.ContainsAny(line, " \t") || len(extract.URLList(line)) == 1
}

// addresses returns the addresses of a document that is a list of them, nil
// where it is anything else. References of the form platform:id may stand
// among them, as they may on the command line.
func (d *document) addresses(c classifier) []string {
	switch d.kind {
	case extract.ContentURLs:
		return extract.URLList(string(d.in.Body))
	case extract.ContentText:
	default:
		return nil
	}
	var list []string
	for line := range strings.Lines(strings.TrimPrefix(string(d.in.Body), "\ufeff")) {
		switch line = strings.TrimSpace(line); {
		case line == "" || strings.HasPrefix(line, "#"):
		case len(list) < maxListed && c.listed(line):
			list = append(list, line)
		default:
			return nil
		}
	}
	return list
}
