package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
)

// saver writes what is kept of a post, article or page as a tar archive, which
// whoever asked for it unpacks.
type saver struct {
	w     *wire.Archive
	tar   *tar.Writer
	names map[string]bool
	kept  map[store.Digest]bool
	asked map[store.ID]bool
	sums  bytes.Buffer
}

// saveTo writes what is kept of a word's post, article or page.
func (a *app) saveTo(ctx context.Context, word string, out io.Writer) error {
	t := a.classifier().classify(word)
	page := t.err == nil && t.kind == targetPage
	var ref post.Ref
	if !page {
		var err error
		if ref, err = a.classifier().refOf(word); err != nil {
			return err
		}
	}
	return a.reading(ctx, func(w *wire.Archive) error {
		s := &saver{w: w, tar: tar.NewWriter(out), names: map[string]bool{}, kept: map[store.Digest]bool{}, asked: map[store.ID]bool{}}
		var err error
		if page {
			err = s.page(ctx, t.url)
		} else {
			err = s.post(ctx, ref)
		}
		if errors.Is(err, store.ErrNotFound) {
			return a.notThere(ctx, w, word, err)
		}
		if err == nil {
			err = s.add("SHA256SUMS", int64(s.sums.Len()), bytes.NewReader(s.sums.Bytes()), store.Digest{})
		}
		if err != nil {
			return fmt.Errorf("saving %s: %w", word, err)
		}
		if err := s.tar.Close(); err != nil {
			return fmt.Errorf("saving %s: %w", word, err)
		}
		return nil
	})
}

// save writes what is kept of a word's post, article or page into a.saveDir.
func (a *app) save(ctx context.Context, word string) error {
	var failed error
	code := a.saveInto(a.saveDir, func(out io.Writer) int {
		if failed = a.saveTo(ctx, word, out); failed != nil {
			return exitCode(failed)
		}
		return 0
	})
	switch {
	case failed != nil:
		return failed
	case code != 0:
		return &told{code: code, err: fmt.Errorf("%w: saving %s", store.ErrPartial, word)}
	}
	return nil
}

// post writes what is kept of a post.
func (s *saver) post(ctx context.Context, ref post.Ref) error {
	v, err := s.w.Reader.Post(ctx, ref)
	if err != nil {
		return err
	}
	h, err := s.w.Archive.History(ctx, ref)
	if err != nil {
		return err
	}
	if err := s.json("post.json", v); err != nil {
		return err
	}
	for _, c := range h.Captures {
		for i, f := range c.Content.Media {
			if f.Digest.IsZero() {
				continue
			}
			role := "file"
			if f.Role != "" {
				role = f.Role
			}
			if err := s.blob(ctx, fmt.Sprintf("media/%02d-%s%s", i+1, role, extension(f.Type)), f.Digest); err != nil {
				return err
			}
		}
		if err := s.exchanges(ctx, c.Content.Exchanges); err != nil {
			return err
		}
	}
	for _, l := range h.Looks {
		if err := s.exchanges(ctx, []store.ID{l.Content.Exchange}); err != nil {
			return err
		}
	}
	return s.drawings(ctx, store.RefTerm(h.Ref))
}

// page writes what is kept of a page, and of the article at its address.
func (s *saver) page(ctx context.Context, address string) error {
	found := false
	v, err := s.w.Reader.Page(ctx, address)
	switch {
	case err == nil:
		found = true
		if err := s.json("page.json", v); err != nil {
			return err
		}
		h, err := s.w.Archive.PageHistory(ctx, address)
		if err != nil {
			return err
		}
		for _, c := range h.Captures {
			if err := s.exchanges(ctx, c.Content.Exchanges); err != nil {
				return err
			}
		}
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	article, err := s.w.Reader.Article(ctx, address)
	switch {
	case err == nil:
		found = true
		if err := s.json("article.json", articleJSON(article)); err != nil {
			return err
		}
		for i := range article.Versions {
			v := &article.Versions[i]
			if err := s.exchanges(ctx, []store.ID{v.Exchange}); err != nil {
				return err
			}
			if !v.Content.IsZero() {
				if err := s.blob(ctx, "article"+stampOf(v.Time)+".html", v.Content); err != nil {
					return err
				}
			}
		}
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	if !found {
		return fmt.Errorf("%s: %w", address, store.ErrNotFound)
	}
	return s.drawings(ctx, store.URLTerm(address))
}

// drawings writes how something looked.
func (s *saver) drawings(ctx context.Context, term store.Term) error {
	records, err := s.w.Archive.ListAll(ctx, term, store.MaxHistory, store.KindDrawing)
	if err != nil {
		return err
	}
	for i := range records {
		d, err := store.Decode[store.Drawing](&records[i])
		if err != nil {
			return err
		}
		if err := s.blob(ctx, "drawings/"+stampOf(d.Time)[1:]+".png", d.Picture); err != nil {
			return err
		}
		if err := s.blob(ctx, "drawings/"+stampOf(d.Time)[1:]+".html", d.Page); err != nil {
			return err
		}
	}
	return nil
}

// exchanges writes requests and answers as they were on the wire, each once.
func (s *saver) exchanges(ctx context.Context, ids []store.ID) error {
	for _, id := range ids {
		if id.IsZero() || s.asked[id] {
			continue
		}
		s.asked[id] = true
		r, err := s.w.Archive.Get(ctx, id)
		if err != nil {
			return err
		}
		x, err := store.Decode[store.Exchange](&r)
		if err != nil {
			return err
		}
		if err := s.exchange(ctx, len(s.asked), x); err != nil {
			return err
		}
	}
	return nil
}

func (s *saver) exchange(ctx context.Context, n int, x *store.Exchange) error {
	host := "unknown"
	if u, err := url.Parse(x.URL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	name := fmt.Sprintf("exchanges/%03d%s-%s", n, stampOf(x.Started), host)
	request := slices.Concat(x.RequestHead, x.RequestBody)
	if err := s.bytes(name+"-request.http", request); err != nil {
		return err
	}
	if x.Status == 0 {
		return s.bytes(name+"-error.txt", []byte(x.Error+"\n"))
	}
	if err := s.bytes(name+"-response-head.http", x.ResponseHead); err != nil {
		return err
	}
	if x.Body.Size == 0 || x.Body.Withheld || x.Body.Removed {
		return nil
	}
	body, err := s.w.Archive.OpenBody(ctx, x)
	if err != nil {
		return err
	}
	err = s.add(name+"-response-body"+extension(x.Body.Type), x.Body.Size, body, x.Body.Digest)
	return errors.Join(err, body.Close())
}

// blob writes a stored file, once.
func (s *saver) blob(ctx context.Context, name string, d store.Digest) error {
	if d.IsZero() || s.kept[d] {
		return nil
	}
	s.kept[d] = true
	info, err := s.w.Archive.Blobs().Stat(ctx, d)
	if err != nil {
		return err
	}
	body, err := s.w.Archive.OpenBlob(ctx, d)
	if err != nil {
		return err
	}
	return errors.Join(s.add(name, info.Size, body, d), body.Close())
}

func (s *saver) json(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return s.bytes(name, append(b, '\n'))
}

func (s *saver) bytes(name string, b []byte) error {
	return s.add(name, int64(len(b)), bytes.NewReader(b), store.DigestOf(b))
}

// add writes one file under a name that no other has.
func (s *saver) add(name string, size int64, body io.Reader, d store.Digest) error {
	name = s.free(harmless(name))
	if err := s.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg}); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if _, err := io.Copy(s.tar, body); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if !d.IsZero() {
		fmt.Fprintf(&s.sums, "%s  %s\n", strings.TrimPrefix(d.String(), "sha256:"), name)
	}
	return nil
}

// free returns a name that was not used yet.
func (s *saver) free(name string) string {
	ext := path.Ext(name)
	for n, try := 2, name; ; n++ {
		if !s.names[try] {
			s.names[try] = true
			return try
		}
		try = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
	}
}

// harmless leaves of a name what every system takes.
func harmless(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_', r == '/':
			return r
		}
		return '_'
	}, name)
}

// stampOf writes a time for the name of a file, after a dash.
func stampOf(t time.Time) string { return t.UTC().Format("-20060102T150405Z") }

// extension returns the ending of a file of a media type.
func extension(mediaType string) string {
	switch mediaType {
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	case "image/webp":
		return ".webp"
	case "video/mp4":
		return ".mp4"
	case "text/html":
		return ".html"
	case "text/plain":
		return ".txt"
	case "application/json":
		return ".json"
	case "application/pdf":
		return ".pdf"
	}
	if all, err := mime.ExtensionsByType(mediaType); err == nil && len(all) > 0 {
		return all[0]
	}
	return ".bin"
}
