package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"

	"stet/store"
)

// maxAddress is the longest line with an address.
const maxAddress = 16 << 10

// readAddresses reads a list of addresses, one in a line; lines with # before
// them are remarks.
func (k *keeper) readAddresses(ctx context.Context, r io.Reader) error {
	return lines(ctx, r, maxAddress,
		func(at span, line []byte) error {
			if line[0] == '#' {
				return nil
			}
			return k.address(ctx, at, string(line))
		},
		func(at span) error { return k.skip(ctx, at, "", "the line is too long for an address") })
}

// readBookmarks reads the addresses of a file of bookmarks, as browsers write
// them.
func (k *keeper) readBookmarks(ctx context.Context, r io.Reader) error {
	z := html.NewTokenizer(r)
	z.SetMaxBuf(maxItem)
	var offset int64
	for {
		kind := z.Next()
		if err := ctx.Err(); err != nil {
			return err
		}
		length := int64(len(z.Raw()))
		if kind == html.ErrorToken {
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return fmt.Errorf("%w: behind byte %d: %w", store.ErrInvalid, offset, err)
			}
			return nil
		}
		at := span{offset: offset, length: length}
		offset += length
		if kind != html.StartTagToken {
			continue
		}
		if href := anchor(z); href != "" {
			if err := k.address(ctx, at, href); err != nil {
				return err
			}
		}
	}
}

// maxDepth is how deep folders of bookmarks stand in each other.
const maxDepth = 1000

// readTree reads the addresses of the tree of bookmarks that Firefox (uri) and
// browsers of the kind of Chrome (url) keep.
func (k *keeper) readTree(ctx context.Context, r io.Reader) error {
	in := &pacer{r: r}
	d := json.NewDecoder(in)
	var objects []bool // those that are open, and whether they have names
	name, named := "", false
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		in.next()
		before := d.InputOffset()
		t, err := d.Token()
		if errors.Is(err, io.EOF) && len(objects) == 0 {
			return nil
		}
		if err == nil && len(objects) > maxDepth {
			err = errors.New("its folders stand too deep in each other")
		}
		if err != nil {
			return fmt.Errorf("%w: behind byte %d: %w; what stands before was imported", store.ErrInvalid, d.InputOffset(), err)
		}
		inside := len(objects) > 0 && objects[len(objects)-1]
		switch t := t.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				objects = append(objects, t == '{')
			} else {
				objects = objects[:len(objects)-1]
			}
			named = false
			continue
		case string:
			if inside && !named {
				name, named = t, true
				continue
			}
			if (name == "uri" || name == "url") && named && !strings.HasPrefix(t, "place:") { // a search of the browser's own
				if err := k.address(ctx, span{offset: before, length: d.InputOffset() - before}, t); err != nil {
					return err
				}
			}
		}
		named = false
	}
}

// anchor returns where a link leads, empty for other tags.
func anchor(z *html.Tokenizer) string {
	name, more := z.TagName()
	if string(name) != "a" {
		return ""
	}
	for more {
		var key, value []byte
		if key, value, more = z.TagAttr(); string(key) == "href" {
			return strings.TrimSpace(string(value))
		}
	}
	return ""
}

// address lets an address be captured, unless the archive has captured it.
func (k *keeper) address(ctx context.Context, at span, address string) error {
	lower := strings.ToLower(address)
	if len(address) > maxAddress || !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
		return k.skip(ctx, at, clip(address), "it is no address of the web")
	}
	captured, err := k.captured(ctx, address)
	switch {
	case err != nil:
		return err
	case captured:
		return k.skip(ctx, at, address, "it was captured before")
	}
	switch err := k.o.Request(ctx, address); {
	case errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrTooLarge):
		return k.skip(ctx, at, address, err.Error())
	case err != nil:
		return err
	}
	return k.note(ctx, at, address, Queued, "")
}

// captured reports whether the archive captured what an address shows.
func (k *keeper) captured(ctx context.Context, address string) (bool, error) {
	if t, _, ok := k.o.Finder.Parse(address); ok && !t.Ref.IsZero() {
		h, err := k.o.Archive.History(ctx, t.Ref)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil && h.Captured(), err
	}
	for _, q := range []store.Query{
		{Term: store.ArticleTerm(address), Kinds: []store.Kind{store.KindArticle}, Limit: 1},
		{Term: store.URLTerm(address), Kinds: []store.Kind{store.KindCapture}, Limit: 1},
	} {
		p, err := k.o.Archive.List(ctx, q)
		if err != nil || len(p.Records) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}
