package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"stet/cmd/internal/export"
	"stet/cmd/internal/wire"
	"stet/store"
)

// bundleShape is [exportFlags.shape] for a bundle of evidence.
func (f *exportFlags) bundleShape() (export.Options, error) {
	o := export.Options{Format: export.WACZ, Name: f.output}
	switch {
	case f.format != "" && export.Format(strings.ToLower(f.format)) != export.WACZ:
		return o, fmt.Errorf("%w: a bundle is a wacz file; leave --format out", store.ErrUsage)
	case f.article != "" || f.source != "" || f.since != "" || f.until != "" || f.all:
		return o, fmt.Errorf("%w: --bundle is made of posts that are named, not of --article, --source, --since, --until or --all", store.ErrUsage)
	case f.private || f.unsigned:
		return o, fmt.Errorf("%w: --private and --unsigned are not for bundles; --for says who is to see one", store.ErrUsage)
	case !slices.Contains([]string{"internal", "court", "public"}, f.audience):
		return o, fmt.Errorf("%w: --for is %q; it is internal, court or public", store.ErrUsage, f.audience)
	case f.output == "":
		return o, fmt.Errorf("%w: say where to with -o FILE; - is standard output", store.ErrUsage)
	}
	return o, nil
}

// bundleTo writes a bundle of evidence.
func (a *app) bundleTo(ctx context.Context, f *exportFlags, o export.Options, out export.Out) (sum export.Summary, err error) {
	c, err := a.load()
	if err != nil {
		return sum, err
	}
	// The head that covers the bundle may have to be signed first.
	w, err := a.open(ctx, c, true, nil)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if f.stamp {
		if err := a.stampNow(ctx, c, w); err != nil {
			return sum, err
		}
	}
	if err := errors.Join(out.Mark(export.Mark{}), out.File("")); err != nil {
		return sum, err
	}
	count := &counting{w: out}
	b, err := w.Bundle(ctx, count, wire.Bundling{Refs: o.Selection.Refs, For: f.audience, Software: "stet " + version().Version})
	if err != nil {
		return sum, a.notExported(ctx, w, err)
	}
	if !b.Outside {
		a.warn("nobody outside vouches for a time in this bundle; --stamp obtains that, from those of evidence.authorities and evidence.calendars")
	}
	for _, l := range b.Left {
		a.warn("left out: %s", l)
	}
	return export.Summary{Posts: int64(b.Posts), Records: int64(b.Records), Files: 1, Bytes: count.n, Bound: uint64(b.Head)}, nil //nolint:gosec // a size
}

// counting counts what is written.
type counting struct {
	w io.Writer
	n int64
}

// Write passes p on. It errors as the writer behind it does.
func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
