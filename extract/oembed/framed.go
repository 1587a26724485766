package oembed

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"stet/extract"
	"stet/extract/post"
)

// listed are the platforms that providers are called, once.
var listed = sync.OnceValue(func() map[post.Platform]bool {
	all := map[post.Platform]bool{}
	for _, p := range providers().providers {
		all[p.Platform] = true
	}
	return all
})

// Known reports whether a platform is one of the listed providers.
func Known(p post.Platform) bool { return listed()[p] }

// PageOf returns the address of the page for people that a framed page is of, as
// far as the two differ only in a part that says "embed" or "player", and the
// provider that serves it. It is a guess: that the provider does not know the
// page says nothing.
func PageOf(u *url.URL) (address string, p Provider, ok bool) {
	host, ok := hostOf(u)
	if !ok {
		return "", Provider{}, false
	}
	page := *u
	if label, parent, _ := strings.Cut(host, "."); framing(label) {
		host = parent
	}
	page.Host = host
	segments := slices.DeleteFunc(strings.Split(u.EscapedPath(), "/"), framing)
	escaped := strings.Join(segments, "/")
	if page.Path, ok = unescape(escaped); !ok {
		return "", Provider{}, false
	}
	page.RawPath, page.Fragment, page.RawFragment = escaped, "", ""
	if page.String() == u.String() {
		return "", Provider{}, false
	}
	p, ok = Lookup(&page)
	return page.String(), p, ok
}

func unescape(path string) (string, bool) {
	s, err := url.PathUnescape(path)
	return s, err == nil
}

// ReadFramed looks in a framed page for the endpoint that tells of it: one that
// it announces, or that of the page for people that it names as its original.
// Where there is none it says what the response means instead.
func ReadFramed(r extract.Response) (request string, a extract.Answer) {
	if a, ok := extract.StatusAnswer(r); ok {
		return "", a
	}
	doc, ok := r.Page()
	if !ok {
		return "", extract.Trouble(extract.ReasonShape, false)
	}
	base, ok := extract.ParseLink(r.URL)
	if !ok {
		return "", extract.Trouble(extract.ReasonShape, false)
	}
	for _, href := range Discover(doc) {
		if u, err := base.Parse(href); err == nil && u.Scheme == "https" && u.Host != "" {
			return u.String(), extract.Answer{}
		}
	}
	if u, err := base.Parse(canonical(doc)); err == nil && u.Host != "" {
		if p, ok := Lookup(u); ok {
			return p.Request(u.String()), extract.Answer{}
		}
	}
	return "", extract.Trouble(extract.ReasonShape, false)
}
