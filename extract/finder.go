package extract

import (
	"slices"
	"strings"

	"stet/extract/post"
)

// Finder finds the posts of a list of sites in documents. It is made once and
// is safe for concurrent use.
type Finder struct {
	// sites are those that it was made for, in their order.
	sites []Site
	// domains holds the sites by the domains that they list.
	domains map[string][]Site
	// open holds the sites that list none: federated platforms.
	open []openSite
	// named holds the sites by the names of their platforms.
	named map[string]Site
	marks markIndex
}

// NewFinder returns a finder for the sites. Where two of them take the same
// address or the same element, the first in the list wins.
func NewFinder(sites []Site) *Finder {
	f := &Finder{sites: slices.Clone(sites), domains: map[string][]Site{}, named: map[string]Site{}}
	for _, s := range sites {
		f.named[string(s.Platform())] = s
		if n, ok := s.(NamedSite); ok {
			for _, name := range n.OtherNames() {
				f.named[name] = s
			}
		}
		domains := s.Domains()
		if domains == nil {
			hint, _ := s.(HintSite)
			f.open = append(f.open, openSite{s, hint})
		}
		for _, d := range domains {
			f.domains[d] = append(f.domains[d], s)
		}
		f.marks.add(s)
	}
	return f
}

// openSite is a site without domains, with its hint where it gives one.
type openSite struct {
	Site
	hint HintSite
}

// mayBe reports whether the site can take an address of this host and path.
func (s *openSite) mayBe(host, path string) bool { return s.hint == nil || s.hint.MayBe(host, path) }

// Find finds what a document holds. It decides by [DecideContent] how to read
// it; what has no text gives an empty result with a warning.
func (f *Finder) Find(in Input) Result {
	switch DecideContent(in) {
	case ContentHTML:
		return f.findHTML(in)
	case ContentOther:
		c := newCollector(in.URL)
		c.warn("the document has no text to read: " + describe(in))
		return c.result()
	}
	return f.findText(in.URL, decodeText(in))
}

// FindText finds what a plain text holds: posts that were flattened when a page
// was saved as text, addresses of posts on a line of their own, which stand for
// the post itself, and addresses in running text.
func (f *Finder) FindText(text string) Result {
	return f.findText("", strings.ToValidUTF8(text, "\ufffd"))
}

func describe(in Input) string {
	if in.ContentType != "" {
		return in.ContentType
	}
	return "binary data"
}

// Parse says what an address leads to, in any form that people paste: without
// scheme, percent-encoded once too often, wrapped by an AMP cache, a web
// archive, a search engine or an outgoing-link redirect. It returns false for
// what has nothing to do with a platform that the finder knows; whether it is a
// post, a profile or a short link is in Target.Kind.
func (f *Finder) Parse(rawURL string) (Target, post.Platform, bool) {
	l, ok := f.resolve(rawURL, nil)
	return l.target, l.platform, ok
}

// Named returns the platform of a name, or of another name that publishers use
// for it ("x" for twitter).
func (f *Finder) Named(name string) (post.Platform, bool) {
	s, ok := f.named[strings.ToLower(name)]
	if !ok {
		return "", false
	}
	return s.Platform(), true
}

// ByID returns the post that a platform's name and an id tell. It returns false
// for what cannot be an id of the platform.
func (f *Finder) ByID(name, id string) (Target, bool) {
	l, ok := f.byID(name, id)
	return l.target, ok
}

// AnyID returns the posts that a bare id may be of, one for each platform that
// has such ids, in the order of the platforms.
func (f *Finder) AnyID(id string) []post.Ref {
	var refs []post.Ref
	for _, s := range f.sites {
		ids, ok := s.(IDSite)
		if !ok {
			continue
		}
		if t, ok := ids.PostByID(id); ok && t.Ref.Valid() && !slices.Contains(refs, t.Ref) {
			refs = append(refs, t.Ref)
		}
	}
	return refs
}
