package web

import (
	"encoding/xml"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// oembedAnswer is what an oEmbed provider answers (oembed.com), as JSON and as
// XML.
type oembedAnswer struct {
	XMLName      xml.Name `json:"-" xml:"oembed"`
	Version      string   `json:"version" xml:"version"`
	Type         string   `json:"type" xml:"type"`
	Title        string   `json:"title,omitempty" xml:"title,omitempty"`
	AuthorName   string   `json:"author_name,omitempty" xml:"author_name,omitempty"`
	AuthorURL    string   `json:"author_url,omitempty" xml:"author_url,omitempty"`
	ProviderName string   `json:"provider_name" xml:"provider_name"`
	ProviderURL  string   `json:"provider_url" xml:"provider_url"`
	CacheAge     int      `json:"cache_age" xml:"cache_age"`
	HTML         string   `json:"html" xml:"html"`
	Width        int      `json:"width" xml:"width"`
	Height       int      `json:"height" xml:"height"`
}

// cardWidth is how wide cards are where there is room.
const cardWidth = 550

// oembed answers for the address of any post that is kept, and for addresses of
// this server.
func (a audience) oembed(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	format := q.Get("format")
	if format != "" && format != "json" && format != "xml" {
		a.s.failAs(w, r, http.StatusNotImplemented, "usage", "There are the formats json and xml.")
		return nil
	}
	ref, err := a.targetOf(r, q.Get("url"))
	if err != nil {
		return err
	}
	width, err := sizeOf(q.Get("maxwidth"), cardWidth)
	if err != nil {
		return fmt.Errorf("maxwidth: %w", err)
	}
	most, err := sizeOf(q.Get("maxheight"), 1600)
	if err != nil {
		return fmt.Errorf("maxheight: %w", err)
	}
	e, err := a.exposed(r.Context(), ref)
	if err != nil {
		return err
	}
	if e.Exposure == view.ExposureNone {
		return fmt.Errorf("%s: %w", ref, store.ErrNotFound)
	}
	v := a.cardOf(r, e, nil)
	o := oembedAnswer{Version: "1.0", Type: "rich", Title: v.Title, AuthorName: v.Name, ProviderName: "stet", ProviderURL: a.root(r) + "/", CacheAge: 60, Width: width,
		Height: min(cardHeight(v, width), most)}
	if v.Post != nil {
		o.AuthorURL = safeURL(v.Post.Author.URL)
	}
	if o.HTML, err = frameOf(a.root(r)+"/card/"+url.PathEscape(e.History.Ref.String()), v.Title, o.Width, o.Height); err != nil {
		return err
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	a.cached(w.Header())
	if format == "xml" {
		body, err := xml.Marshal(o)
		if err != nil {
			return fmt.Errorf("writing the answer: %w", err)
		}
		return sendBody(w, r, 0, "text/xml; charset=utf-8", append([]byte(xml.Header), body...))
	}
	body, err := marshal(o)
	if err != nil {
		return err
	}
	return sendBody(w, r, 0, "application/json", body)
}

var frameMarkup = template.Must(template.New("frame").Parse(`<iframe src="{{.Src}}" title="{{.Title}}" width="{{.Width}}" height="{{.Height}}" sandbox="allow-popups allow-popups-to-escape-sandbox" loading="lazy" referrerpolicy="no-referrer" style="border:0;max-width:100%"></iframe>`))

// frameOf returns the markup that shows a card in somebody's page: a frame that
// can do nothing there.
func frameOf(src, title string, width, height int) (string, error) {
	var b strings.Builder
	err := frameMarkup.Execute(&b, struct {
		Src, Title    string
		Width, Height int
	}{src, title, width, height})
	if err != nil {
		return "", fmt.Errorf("writing the frame: %w", err)
	}
	return b.String(), nil
}

// sizeOf reads a size in pixels, and keeps it between what can be read and what
// is offered.
func sizeOf(s string, most int) (int, error) {
	if s == "" {
		return most, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%w: %.20q is no size", store.ErrInvalid, s)
	}
	return min(n, most), nil
}

// targetOf returns the post that an address leads to: of a platform, or of this
// server.
func (a audience) targetOf(r *http.Request, address string) (post.Ref, error) {
	if address == "" {
		return post.Ref{}, fmt.Errorf("%w: url is empty", store.ErrInvalid)
	}
	if rest, ok := strings.CutPrefix(address, a.root(r)+"/"); ok {
		kind, word, _ := strings.Cut(rest, "/")
		word, err := url.PathUnescape(word)
		if err != nil {
			return post.Ref{}, fmt.Errorf("%w: %.200q", store.ErrInvalid, address)
		}
		switch kind {
		case "post", "card":
			return a.s.refIn(word)
		case "c":
			return a.refOfCapture(r, word)
		}
		return post.Ref{}, fmt.Errorf("%.200q: %w", address, store.ErrNotFound)
	}
	return a.s.refIn(address)
}

func (a audience) refOfCapture(r *http.Request, word string) (post.Ref, error) {
	id, err := store.ParseID(word)
	if err != nil {
		return post.Ref{}, err
	}
	rec, err := a.s.o.Archive.Get(r.Context(), id)
	if err != nil {
		return post.Ref{}, err
	}
	c, err := store.Decode[store.Capture](&rec)
	if err != nil || c.Ref.IsZero() {
		return post.Ref{}, fmt.Errorf("%s: %w", id, store.ErrNotFound)
	}
	return c.Ref, nil
}
