package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"stet/store"
)

// stored lists the routes of what was archived, byte for byte.
func (s *Server) stored() []route {
	return []route{
		{pattern: "GET /media/{digest}", need: RoleReader, handle: s.media},
		{pattern: "GET /raw/{exchange}", need: RoleReader, handle: s.raw},
	}
}

// media serves a stored file: pictures, videos and sounds as what they are,
// everything else for saving only.
func (s *Server) media(w http.ResponseWriter, r *http.Request) error {
	word := strings.TrimPrefix(r.PathValue("digest"), "sha256:")
	d, err := store.ParseDigest("sha256:" + word)
	if err != nil {
		return err
	}
	return s.sendBlob(w, r, d)
}

// sendBlob sends a stored file, also by range.
func (s *Server) sendBlob(w http.ResponseWriter, r *http.Request, d store.Digest) (err error) {
	b, err := s.o.Archive.Blobs().Open(r.Context(), d)
	if err != nil {
		return fmt.Errorf("the file %s: %w", d, err)
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	kind, err := s.mediaType(r.Context(), b, d)
	if err != nil {
		return err
	}
	h := w.Header()
	rawHeaders(h, "'none'")
	h.Set("Content-Type", kind)
	if kind == octets {
		h.Set("Content-Disposition", `attachment; filename="`+d.String()[len("sha256:"):]+`"`)
	}
	h.Set("ETag", `"`+d.String()+`"`)
	if h.Get("Cache-Control") == "private, no-store" {
		h.Set("Cache-Control", "private, no-cache")
	}
	// A film takes longer than a page.
	if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("serving the file %s: %w", d, err)
	}
	http.ServeContent(w, r, "", time.Time{}, b)
	return nil
}

// octets is the type of what a browser is not to show.
const octets = "application/octet-stream"

// showable lists the types that a browser shows as a picture, a film or a sound
// and nothing else: none of them can hold a script.
func showable(kind string) bool {
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/heic",
		"video/mp4", "video/webm", "video/quicktime", "audio/mpeg", "audio/mp4", "audio/wave", "audio/aac", "audio/ogg", "video/ogg", "application/ogg":
		return true
	}
	return false
}

// mediaType says what a stored file is: by its first bytes, and where those do
// not tell, as it was called when it was fetched.
func (s *Server) mediaType(ctx context.Context, b store.BlobReader, d store.Digest) (string, error) {
	var head [512]byte
	n, err := b.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the file %s: %w", d, err)
	}
	sniffed, _, _ := strings.Cut(http.DetectContentType(head[:n]), ";")
	if showable(sniffed) {
		return sniffed, nil
	}
	if sniffed != octets {
		return octets, nil // text, a page, a document: whatever it was called
	}
	page, err := s.o.Archive.List(ctx, store.Query{Term: store.BlobTerm(d), Kinds: []store.Kind{store.KindCapture}, Limit: 1})
	if err != nil {
		return "", err
	}
	for i := range page.Records {
		c, err := store.Decode[store.Capture](&page.Records[i])
		if err != nil {
			return "", err
		}
		for _, m := range c.Media {
			if kind, _, _ := mime.ParseMediaType(m.Type); m.Digest == d && showable(kind) {
				return kind, nil
			}
		}
	}
	return octets, nil
}

// exchange reads the exchange that a path names.
func (s *Server) exchange(r *http.Request) (store.Record, *store.Exchange, error) {
	return recordAt[store.Exchange](s, r, "exchange", "this is no recorded exchange")
}

// raw shows what a server answered, as it was, in an origin that can do nothing:
// its own where there is a listener for it, else a sandbox.
func (s *Server) raw(w http.ResponseWriter, r *http.Request) error {
	rec, x, err := s.exchange(r)
	if err != nil {
		return err
	}
	if origin := s.rawOrigin(r); origin != "" {
		http.Redirect(w, r, origin+"/raw/"+rec.ID.String()+"?"+s.signRaw(rec.ID), http.StatusSeeOther)
		return nil
	}
	return s.sendRaw(w, r, x, "'self'")
}

// sendRaw sends the body of an exchange under headers of our own.
func (s *Server) sendRaw(w http.ResponseWriter, r *http.Request, x *store.Exchange, ancestors string) (err error) {
	body, err := s.o.Archive.OpenBody(r.Context(), x)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	h := w.Header()
	rawHeaders(h, ancestors)
	kind, _, _ := mime.ParseMediaType(x.Body.Type)
	switch {
	case showable(kind):
		h.Set("Content-Type", kind)
	case kind == "text/html" || kind == "application/xhtml+xml":
		// XML would let the document bring a sheet of its own; HTML does not.
		h.Set("Content-Type", "text/html; charset="+charset(x))
	case strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "xml") || kind == "application/javascript":
		h.Set("Content-Type", "text/plain; charset="+charset(x))
	default:
		h.Set("Content-Type", octets)
		h.Set("Content-Disposition", "attachment")
	}
	codings, known := codingOf(x)
	if !known {
		h.Set("Content-Type", octets)
		h.Set("Content-Disposition", "attachment")
	} else if codings != "" {
		h.Set("Content-Encoding", codings)
	}
	originalHeaders(h, x.ResponseHead)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(w, body)
	if err != nil {
		s.o.Log.Warn("archived bytes could not be sent whole", "error", err.Error())
		panic(http.ErrAbortHandler) // the reader must not take a part for the whole
	}
	return nil
}

// charset returns the character set that the head of an answer names, where it
// is a plain word.
func charset(x *store.Exchange) string {
	_, params, err := mime.ParseMediaType(headValue(x.ResponseHead, "Content-Type"))
	word := strings.ToLower(params["charset"])
	if err != nil || word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return "utf-8"
	}
	return word
}

// codingOf returns the content coding of a body that browsers know, "" for none,
// and false for others.
func codingOf(x *store.Exchange) (string, bool) {
	switch word := strings.ToLower(strings.TrimSpace(headValue(x.ResponseHead, "Content-Encoding"))); word {
	case "", "identity", "none", "utf-8":
		return "", true
	case "gzip", "x-gzip":
		return "gzip", true
	case "br", "deflate":
		return word, true
	}
	return "", false
}

// headValue returns the value of a header in a response's head.
func headValue(head []byte, name string) string {
	for line := range strings.Lines(string(head)) {
		n, v, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// maxOriginal is the most headers of an answer that are repeated, and
// maxOriginalValue the longest.
const (
	maxOriginal      = 60
	maxOriginalValue = 1000
)

// originalHeaders repeats the headers that came with an archived answer under
// names that mean nothing to a browser.
func originalHeaders(h http.Header, head []byte) {
	n := 0
	for line := range strings.Lines(string(head)) {
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || n == maxOriginal {
			continue
		}
		n++
		value = headerWord(strings.TrimSpace(value))
		h.Add("X-Archive-Orig-"+name, value[:min(len(value), maxOriginalValue)])
	}
}

// headerWord takes out of a value what may not stand in a header.
func headerWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return -1
		}
		return r
	}, s)
}

// sendPart sends a part of an exchange as it is kept: its body, the head of the
// request or the answer, or what was sent with the request.
func (s *Server) sendPart(w http.ResponseWriter, r *http.Request) (err error) {
	rec, x, err := s.exchange(r)
	if err != nil {
		return err
	}
	part := r.PathValue("part")
	var body io.ReadCloser
	switch part {
	case "body":
		if body, err = s.o.Archive.OpenBody(r.Context(), x); err != nil {
			return err
		}
	case "request":
		body = io.NopCloser(io.MultiReader(strings.NewReader(string(x.RequestHead)), strings.NewReader(string(x.RequestBody))))
	case "response":
		body = io.NopCloser(strings.NewReader(string(x.ResponseHead)))
	default:
		return fmt.Errorf("%w: an exchange has the parts body, request and response", store.ErrNotFound)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	h := w.Header()
	rawHeaders(h, "'none'")
	h.Set("Content-Type", octets)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, rec.ID, part))
	if part == "body" {
		h.Set("ETag", `"`+cmp.Or(x.Body.Digest.String(), "empty")+`"`)
	}
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(w, body); err != nil {
		s.o.Log.Warn("archived bytes could not be sent whole", "error", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}
