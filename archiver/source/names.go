package source

import (
	"bytes"
	"strings"
)

// names turns the names of a document into canonical ones: see [scanner].
type names struct {
	// bound holds the vocabularies by the prefixes that the document gave
	// them.
	bound map[string]string
	// native is the prefix of the root element. It keeps its vocabulary, also
	// where a piece of XHTML in the document takes it for its own.
	native  string
	settled bool
	cache   map[string]string
}

func newNames() names {
	return names{bound: map[string]string{}, cache: map[string]string{}}
}

// vocabulary returns the usual prefix of a namespace, "" for those whose words
// stand in root elements, and false for a namespace that feeds and sitemaps do
// not need.
func vocabulary(uri string) (string, bool) {
	uri = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(uri), "/"))
	uri = strings.TrimPrefix(strings.TrimPrefix(uri, "https://"), "http://")
	switch uri {
	case "www.w3.org/2005/atom", "purl.org/atom/ns#", "www.w3.org/2005/atom#":
		return "atom", true
	case "www.sitemaps.org/schemas/sitemap/0.9", "www.google.com/schemas/sitemap/0.84", "www.google.com/schemas/sitemap/0.9":
		return "sitemap", true
	case "www.google.com/schemas/sitemap-news/0.9":
		return "news", true
	case "www.google.com/schemas/sitemap-image/1.1":
		return "image", true
	case "www.google.com/schemas/sitemap-video/1.1", "www.google.com/schemas/sitemap-video/1.0":
		return "video", true
	case "purl.org/rss/1.0", "my.netscape.com/rdf/simple/0.9", "channel.netscape.com/rdf/simple/0.9", "backend.userland.com/rss2", "purl.org/rss/2.0":
		return "rss", true
	case "www.w3.org/1999/02/22-rdf-syntax-ns#":
		return "rdf", true
	case "purl.org/dc/elements/1.1", "purl.org/dc/elements/1.0":
		return "dc", true
	case "purl.org/dc/terms":
		return "dcterms", true
	case "rssnamespace.org/feedburner/ext/1.0":
		return "feedburner", true
	case "www.w3.org/1999/xhtml":
		return "xhtml", true
	case "search.yahoo.com/mrss":
		return "media", true
	}
	return "", false
}

// bind learns from an attribute that declares a namespace.
func (n *names) bind(key, value []byte) {
	name, prefix, _ := bytes.Cut(key, []byte{':'})
	if !bytes.EqualFold(name, []byte("xmlns")) || len(prefix) > maxName || len(n.bound) >= maxNames {
		return
	}
	v, ok := vocabulary(string(decodeEntities(value)))
	if !ok {
		// Unknown ones keep the prefix; an unknown default namespace, which
		// some feeds invent, means nothing.
		v = strings.ToLower(string(prefix))
	}
	p := strings.ToLower(string(prefix))
	if n.settled && p == n.native {
		return
	}
	if old, had := n.bound[p]; had && old == v {
		return
	}
	n.bound[p] = v
	clear(n.cache)
}

// rootIs notes the name of the root element.
func (n *names) rootIs(name []byte) {
	p, _, ok := bytes.Cut(name, []byte{':'})
	if !ok {
		p = nil
	}
	n.native, n.settled = strings.ToLower(string(p)), true
	clear(n.cache)
}

// canonical returns the canonical form of a name.
func (n *names) canonical(raw []byte) string {
	if s, ok := n.cache[string(raw)]; ok {
		return s
	}
	prefix, local, ok := strings.Cut(strings.ToLower(string(raw)), ":")
	if !ok {
		prefix, local = "", prefix
	}
	v, bound := n.bound[prefix]
	if !bound {
		v = prefix // undeclared prefixes are meant as everybody uses them
	}
	if prefix == n.native || v == n.bound[n.native] || v == "rss" || v == "sitemap" {
		v = ""
	}
	s := local
	if v != "" {
		s = v + ":" + local
	}
	if len(n.cache) < maxNames {
		n.cache[string(raw)] = s
	}
	return s
}
