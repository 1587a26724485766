package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

//go:embed public/*
var publicFiles embed.FS

// cardView is a post as a card shows it: nothing of it but data.
type cardView struct {
	Title, OEmbed, Self string
	Shown               bool
	Words               string // of the state
	Post                *post.Post
	Name, Handle        string
	Media               []cardMediaView
	Quoted              bool
	Posted, Captured    string
	LastLive, FirstGone string
	Source              string
	URL                 string
}

type cardMediaView struct {
	Kind, URL, Alt string
}

var cardPage = template.Must(template.ParseFS(publicFiles, "public/card.html"))

// cardTime writes a time for people who see it anywhere.
func cardTime(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

// card is a page of its own with one post, made to be framed.
func (a audience) card(w http.ResponseWriter, r *http.Request) error {
	ref, err := a.s.refIn(r.PathValue("ref"))
	if err != nil {
		return err
	}
	e, err := a.exposed(r.Context(), ref)
	if err != nil {
		return err
	}
	if e.Exposure == view.ExposureNone {
		return fmt.Errorf("%s: %w", ref, store.ErrNotFound)
	}
	return a.sendCard(w, r, e, nil)
}

// sendCard sends a post as one capture has it, or, where that is nil, as the
// best one does.
func (a audience) sendCard(w http.ResponseWriter, r *http.Request, e *view.Exposed, c *store.Item[store.Capture]) error {
	v := a.cardOf(r, e, c)
	var page bytes.Buffer
	if err := cardPage.Execute(&page, v); err != nil {
		return fmt.Errorf("drawing the card: %w", err)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "+a.ancestors())
	h.Del("X-Frame-Options")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	for _, kind := range []string{"json", "xml"} {
		h.Add("Link", fmt.Sprintf(`<%s/oembed?url=%s&format=%s>; rel="alternate"; type="%s+oembed"; title="oEmbed"`, a.root(r), url.QueryEscape(v.URL), kind, map[string]string{"json": "application/json", "xml": "text/xml"}[kind]))
	}
	a.cached(h)
	return sendBody(w, r, 0, "text/html; charset=utf-8", page.Bytes())
}

func (a audience) cardOf(r *http.Request, e *view.Exposed, c *store.Item[store.Capture]) *cardView {
	root := a.root(r)
	v := &cardView{Words: cardStatus(e.Status), LastLive: cardTime(e.Status.LastLive), FirstGone: cardTime(e.Status.FirstGone), URL: safeURL(e.URL()),
		Self: root + "/post/" + url.PathEscape(e.History.Ref.String())}
	v.OEmbed = root + "/oembed?url=" + url.QueryEscape(v.URL)
	v.Title = "A post that is kept"
	d := e.Best
	if c != nil {
		d = derivationOf(e.History, c.ID)
	}
	if e.Exposure != view.ExposureShown || d == nil {
		return v
	}
	p := d.Content.Post
	v.Shown, v.Post, v.Quoted, v.Source = true, &p, !p.Quoted.IsZero(), cardSource(d.Content.Source)
	v.Name, v.Handle = plain(p.Author.Name), plain(p.Author.Handle)
	p.Text, p.Warning = shownText(p.Text), plain(p.Warning)
	v.Posted = cardTime(&p.Posted)
	if of := e.History.CaptureOf(d.Content); of != nil {
		v.Captured = cardTime(&of.Content.Time)
	}
	v.Title = "A post of " + signature(v.Name, v.Handle)
	if !a.public || safeURL(p.URL) != "" {
		v.URL = safeURL(p.URL)
	}
	for i, m := range p.Media {
		kind := m.Kind
		digest := m.Digest
		if digest == "" {
			digest, kind = m.PosterDigest, "photo"
		}
		if digest != "" {
			v.Media = append(v.Media, cardMediaView{Kind: kind, URL: fmt.Sprintf("/card/%s/media/%d", url.PathEscape(e.History.Ref.String()), i), Alt: plain(m.Alt)})
		}
	}
	return v
}

// derivationOf returns the newest derivation of a capture, nil where there is
// none.
func derivationOf(h *store.History, capture store.ID) *store.Item[store.Derivation] {
	for i := len(h.Derivations) - 1; i >= 0; i-- {
		if h.Derivations[i].Content.Capture == capture {
			return &h.Derivations[i]
		}
	}
	return nil
}

func signature(name, handle string) string {
	if handle == "" {
		return name
	}
	return strings.TrimSpace(name + " (@" + handle + ")")
}

// safeURL returns an address that a link may lead to, empty for any other.
func safeURL(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return headerSafe(s)
	}
	return ""
}

// cardStatus says how a post stands.
func cardStatus(s view.Status) string {
	words := s.Value.Words()
	if words == "" {
		words = "not known"
	}
	if (s.Value.Gone() || s.Value.Hidden()) && !s.Confirmed {
		return "perhaps " + words
	}
	return words
}

// cardSource says where the words of a post come from.
func cardSource(s post.Source) string {
	switch s {
	case post.SourceArticle:
		return "as an article quoted it, which can have been altered"
	case post.SourceImport:
		return "as a file says that was given to the archive"
	case post.SourceArchive:
		return "as a web archive kept it"
	}
	return "as the platform showed it"
}

// cardMedia sends a file of a post that the audience may see, by its number.
func (a audience) cardMedia(w http.ResponseWriter, r *http.Request) error {
	ref, err := a.s.refIn(r.PathValue("ref"))
	if err != nil {
		return err
	}
	e, err := a.exposed(r.Context(), ref)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || e.Exposure != view.ExposureShown || n < 0 || n >= len(e.Best.Content.Post.Media) {
		return fmt.Errorf("%w: there is no such file", store.ErrNotFound)
	}
	m := e.Best.Content.Post.Media[n]
	word := m.Digest
	if word == "" {
		word = m.PosterDigest
	}
	d, err := store.ParseDigest(word)
	if err != nil {
		return fmt.Errorf("%w: no file is kept", store.ErrNotFound)
	}
	a.cached(w.Header())
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	return a.s.sendBlob(w, r, d)
}

// cardHeight guesses how high a card is, for frames that cannot ask: lines of
// words of some sixty letters, and pictures as wide as the card.
func cardHeight(v *cardView, width int) int {
	if !v.Shown {
		return 150
	}
	perLine, lines := max(width/9, 20), 0
	for line := range strings.Lines(v.Post.Text) {
		lines += 1 + utf8.RuneCountInString(line)/perLine
	}
	h := 190 + 24*lines
	for _, m := range v.Post.Media {
		if m.Width > 0 && m.Height > 0 {
			h += min(width*m.Height/m.Width, 600)
			continue
		}
		h += width * 9 / 16
	}
	if v.Post.Sensitive || v.Post.Warning != "" {
		h = min(h, 260) // shut until somebody opens it
	}
	return min(h, 1600)
}

// permalink leads to the card of a post.
func (a audience) permalink(w http.ResponseWriter, r *http.Request) error { return a.card(w, r) }

// captureLink is the card of a post as one capture has it.
func (a audience) captureLink(w http.ResponseWriter, r *http.Request) error {
	id, err := store.ParseID(r.PathValue("capture"))
	if err != nil {
		return err
	}
	missing := fmt.Errorf("capture %s: %w", id, store.ErrNotFound)
	rec, err := a.s.o.Archive.Get(r.Context(), id)
	if err != nil || rec.Kind != store.KindCapture {
		return missing
	}
	c, err := store.Decode[store.Capture](&rec)
	if err != nil || c.Ref.IsZero() {
		return missing
	}
	e, err := a.exposed(r.Context(), c.Ref)
	if err != nil {
		return err
	}
	for _, open := range e.Captures() {
		if open.ID == id {
			return a.sendCard(w, r, e, &open)
		}
	}
	return missing
}

// style sends the style of cards.
func (a audience) style(w http.ResponseWriter, r *http.Request) error {
	return a.file(w, r, "card.css", "text/css; charset=utf-8")
}

// file sends a file that belongs to the program.
func (a audience) file(w http.ResponseWriter, r *http.Request, name, kind string) error {
	body, err := publicFiles.ReadFile("public/" + name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, store.ErrNotFound)
	}
	h := w.Header()
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=3600")
	return sendBody(w, r, 0, kind, body)
}
