package extract

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/publicsuffix"
)

// findHTML finds what a page holds.
func (f *Finder) findHTML(in Input) Result {
	c := newCollector(in.URL)
	doc := parsePage(decodeHTML(in), c)
	base := pageBase(doc, in.URL)
	meta := newMetaReader()
	surv := look(doc, meta)
	meta.fill(&c.article, base)
	w := &walker{f: f, c: c, base: base, home: homeOf(base, &c.article), survey: surv}
	w.facts = factsOf(meta, &c.article)
	w.walk(doc)
	w.finishStates()
	w.finish()
	return c.result()
}

// parsePage parses a page.
func parsePage(page string, c *collector) *html.Node {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		c.warn("the page could not be parsed: " + err.Error())
		return &html.Node{Type: html.DocumentNode}
	}
	return doc
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
