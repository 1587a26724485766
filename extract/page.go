package extract

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/publicsuffix"
)

// findHTML finds what a page holds.
func (f *Finder) findHTML(in Input) Result {
	w := f.readPage(in)
	w.finish()
	return w.c.result()
}

// readPage goes over a page: first to see where the article stands, then to
// write down its text and what is in it.
func (f *Finder) readPage(in Input) *walker {
	c := newCollector(in.URL)
	doc, tags := parsePage(decodeHTML(in), c)
	base := pageBase(doc, in.URL)
	meta := newMetaReader()
	w := &walker{f: f, c: c, addresses: newAddresses(f, c, base), survey: look(doc, meta, tags)}
	meta.fill(&c.article, base)
	w.addresses.home = homeOf(base, &c.article)
	w.facts = factsOf(meta, &c.article)
	w.walk(doc)
	w.finishStates()
	w.finishLD(meta.ldArticle())
	return w
}

// parsePage parses a page as browsers do, or tag by tag where that is refused or
// would take too much memory. It returns the number of tags, too.
func parsePage(page []byte, c *collector) (doc *html.Node, tags int) {
	tags, large := countTags(page)
	if large {
		c.warn("the page has too many elements to be parsed as browsers do; it was read tag by tag")
		return flatTree(page), tags
	}
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		c.warn("the page could not be parsed as browsers do (" + err.Error() + "); it was read tag by tag")
		return flatTree(page), tags
	}
	return doc, tags
}

// pageBase returns the address that relative links are resolved against: that
// of the page's base element, else the page's own; nil where neither is known.
func pageBase(doc *html.Node, page string) *url.URL {
	base, ok := ParseLink(page)
	if page == "" || !ok || !hasWebScheme(page) {
		base = nil
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "body" {
			break
		}
		if href := Attr(n, "href"); n.Data == "base" && href != "" {
			u, err := url.Parse(strings.TrimSpace(href))
			switch {
			case err == nil && base != nil:
				base = base.ResolveReference(u)
			case err == nil && u.Host != "" && webScheme(u.Scheme):
				base = u
			}
			break
		}
	}
	return base
}

// homeOf returns the registered domain of the page itself, links to which are
// not outward; empty where it is not known.
func homeOf(base *url.URL, a *Article) string {
	for _, s := range []string{a.URL, a.Canonical} {
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			return registered(u.Hostname())
		}
	}
	if base != nil {
		return registered(base.Hostname())
	}
	return ""
}

// registered returns the registered domain of host, or host itself.
func registered(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}
