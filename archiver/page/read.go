package page

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/store"
)

// Parser names what reads pages, in [store.PageReading].
const Parser = "page@1"

const (
	// DefaultMaxBytes is the largest page or file that is kept: scanned
	// documents reach some twenty megabytes.
	DefaultMaxBytes = 32 << 20
	// maxHops is the most pages in a row that lead on by themselves.
	maxHops = 5
	// maxLinks bounds the outward links that are kept with a reading.
	maxLinks = 1000
	// accept asks for pages, as browsers do.
	accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
)

// Options configure a [Reader]. Client and Finder are needed.
type Options struct {
	Client archiver.Client
	Finder *extract.Finder
	// Readable returns the readable text of a page; nil keeps none.
	Readable func(in extract.Input) string
	// MaxBytes is the largest page or file, in bytes; 0 is [DefaultMaxBytes].
	MaxBytes int64
}

// Reader reads pages. It is safe for concurrent use.
type Reader struct{ o Options }

// New returns a reader. It starts nothing and owns nothing.
func New(o Options) *Reader {
	o.MaxBytes = cmp.Or(o.MaxBytes, DefaultMaxBytes)
	return &Reader{o}
}

// ReadPage implements [archiver.PageReader].
func (r *Reader) ReadPage(ctx context.Context, p archiver.PageRequest) archiver.PageAnswer {
	var exchanges []store.Exchange
	header := http.Header{"Accept": {accept}}
	if p.ETag != "" {
		header.Set("If-None-Match", p.ETag)
	}
	if p.Modified != "" {
		header.Set("If-Modified-Since", p.Modified)
	}
	address := p.URL
	for hop := 0; ; hop++ {
		resp, err := r.o.Client.Do(ctx, fetch.Request{URL: address, Purpose: p.Purpose, Header: header, Anonymous: p.Anonymous, MaxBytes: r.o.MaxBytes, Sink: refuseFiles})
		exchanges = append(exchanges, resp.Exchanges...)
		if err != nil {
			return archiver.PageAnswer{Exchanges: exchanges, Err: err,
				Reading: store.PageReading{URL: p.URL, Final: resp.URL, Status: resp.Status, Parser: Parser}}
		}
		next := r.next(resp)
		if next == "" || hop == maxHops {
			a := r.Describe(p.URL, resp)
			a.Exchanges = exchanges
			if next != "" {
				a.Err = fmt.Errorf("%w: %s leads from page to page, and %s leads on once more", store.ErrUnexpected, p.URL, resp.URL)
			}
			return a
		}
		address = next
		header = http.Header{"Accept": {accept}} // the validators are those of another page
	}
}

// refuseFiles ends the download of what is large and no document: films, sound
// and programs are linked, but what an archive of pages is for is not in them.
func refuseFiles(h fetch.Head) (fetch.Sink, error) {
	t := mediaType(h.Header.Get("Content-Type"))
	if strings.HasPrefix(t, "video/") || strings.HasPrefix(t, "audio/") || program(t) {
		return nil, fmt.Errorf("%w: %s is %s, which is not kept of linked pages", store.ErrRefused, h.URL, t)
	}
	return nil, nil // in memory, within the limit
}

func program(t string) bool {
	switch t {
	case "application/x-msdownload", "application/x-msi", "application/vnd.microsoft.portable-executable", "application/x-apple-diskimage",
		"application/vnd.android.package-archive", "application/x-iso9660-image", "application/vnd.debian.binary-package":
		return true
	}
	return false
}

func mediaType(header string) string {
	t, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// next returns where a page leads that does nothing but lead on: by its own
// refresh, or by a script that sets the address. It is empty for every other.
func (r *Reader) next(resp *fetch.Response) string {
	in := input(resp)
	if resp.Status != http.StatusOK || len(resp.Body) > maxMoved || extract.DecideContent(in) != extract.ContentHTML {
		return ""
	}
	next := archiver.MovedTo(resp.Body)
	if next == "" {
		next = scriptTarget(resp.Body)
	}
	if next == "" {
		return ""
	}
	base, err := url.Parse(resp.URL)
	if err != nil {
		return ""
	}
	u, err := base.Parse(next)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.String() == base.String() {
		return ""
	}
	if len(r.o.Finder.Find(in).Embeds) > 0 {
		return ""
	}
	return u.String()
}

func input(resp *fetch.Response) extract.Input {
	return extract.Input{URL: resp.URL, ContentType: resp.Header.Get("Content-Type"), Body: resp.Body}
}

// Describe implements [archiver.PageReader].
func (r *Reader) Describe(address string, resp *fetch.Response) archiver.PageAnswer {
	p := store.PageReading{URL: address, Final: resp.URL, Status: resp.Status, Parser: Parser, Type: mediaType(resp.Header.Get("Content-Type"))}
	a := archiver.PageAnswer{Exchanges: resp.Exchanges, NotModified: resp.Status == http.StatusNotModified}
	if n := len(resp.Exchanges); n > 0 {
		p.Digest, p.Size = resp.Exchanges[n-1].Body.Digest, resp.Exchanges[n-1].Body.Size
	}
	in := input(resp)
	kind := extract.DecideContent(in)
	switch {
	case a.NotModified:
	case len(resp.Body) == 0:
		if resp.Status/100 == 2 {
			a.Err = fmt.Errorf("%w: %s answered with an empty page", store.ErrUnexpected, resp.URL)
		}
	case kind == extract.ContentHTML:
		r.describeHTML(&p, in, resp)
	case kind != extract.ContentOther:
		p.Text = cut(strings.ToValidUTF8(string(extract.Decode(in)), "\ufffd"), store.MaxFieldSize)
	}
	a.Reading = p
	return a
}

func (r *Reader) describeHTML(p *store.PageReading, in extract.Input, resp *fetch.Response) {
	found := r.o.Finder.Find(in)
	p.Canonical, p.Title, p.SiteName, p.Language = found.Article.Canonical, found.Article.Title, found.Article.SiteName, found.Article.Language
	for _, l := range found.PostLinks {
		p.Links = append(p.Links, l.URL)
	}
	for _, l := range found.Links {
		p.Links = append(p.Links, l.URL)
	}
	p.Links = p.Links[:min(len(p.Links), maxLinks)]
	if r.o.Readable != nil {
		p.Text = cut(r.o.Readable(in), store.MaxFieldSize)
	}
	p.Label, p.Why = Classify(Facts{URL: p.URL, Final: resp.URL, Status: resp.Status, Text: p.Text, Body: extract.Decode(in)})
}

// cut returns at most n bytes of s, whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
