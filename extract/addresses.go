package extract

import (
	"fmt"
	"net/url"
	"strings"
)

// The bounds of what is looked up for one document. A long live blog has some
// two thousand links.
const (
	// maxAddresses bounds the addresses that are taken apart.
	maxAddresses = 10000
	// knownSlots is the number of answers that are kept for when they are asked
	// again: pages link the same posts and accounts again and again.
	knownSlots = 64
	// maxHosts bounds the hosts whose registered domains are kept.
	maxHosts = 1000
)

// addresses takes the addresses of one document apart, every one once.
type addresses struct {
	f    *Finder
	c    *collector
	base *url.URL
	// home is the registered domain of the page, empty where it is not known.
	home string
	// own is true where the page is no platform's, so that its own pages are no
	// posts.
	own  bool
	left int
	// known holds the last answers, hosts registered domains.
	known []knownAddress
	hosts map[string]string
}

// address is what a document's address leads to.
type address struct {
	lead
	// known is true where a site takes it.
	known bool
	// web is true for an absolute address on the web, which is full; outward
	// where it leads away from the page's own site.
	web, outward bool
	full         string
}

func newAddresses(f *Finder, c *collector, base *url.URL) *addresses {
	own := base != nil && f.sitesOf(base) == nil
	return &addresses{f: f, c: c, base: base, own: own, left: maxAddresses, known: make([]knownAddress, knownSlots), hosts: map[string]string{}}
}

// post returns the post or the short link that raw leads to. raw must be
// absolute.
func (a *addresses) post(raw string) (lead, bool) {
	x := a.look(raw, false)
	return x.lead, x.known && (x.isPost() || x.isShort())
}

// look takes an address apart; relative says that it may be relative to the
// document's.
func (a *addresses) look(raw string, relative bool) address {
	slot := &a.known[slotOf(raw)]
	if slot.raw == raw && slot.relative == relative && raw != "" {
		return slot.answer
	}
	if a.left--; a.left < 0 {
		a.c.warn(fmt.Sprintf("only the first %d addresses were looked at", maxAddresses))
		return address{}
	}
	*slot = knownAddress{raw: raw, relative: relative, answer: a.take(raw, relative)}
	return slot.answer
}

// knownAddress is an answer that is kept.
type knownAddress struct {
	raw      string
	relative bool
	answer   address
}

// slotOf returns where the answer for an address is kept, by its length and its
// end: addresses differ there.
func slotOf(raw string) int {
	h := uint32(len(raw))
	for i := max(0, len(raw)-12); i < len(raw); i++ {
		h = h*31 + uint32(raw[i])
	}
	return int(h % knownSlots)
}

func (a *addresses) take(raw string, relative bool) address {
	var x address
	var base *url.URL
	if relative {
		if base = a.base; a.own && local(raw) {
			x.web = true
			return x
		}
	}
	if host, ok := a.f.foreign(raw); ok {
		x.web, x.full, x.outward = true, raw, a.home == "" || a.domain(host) != a.home
		return x
	}
	u, ok := a.f.pageURL(raw, base)
	if !ok {
		return x
	}
	x.lead, x.known = a.f.resolveURL(u)
	x.web = true
	x.full = cleanAddress(raw)
	if !hasWebScheme(x.full) {
		x.full = u.String()
	}
	x.outward = a.home == "" || a.domain(u.Host) != a.home
	return x
}

// foreign returns the host of an address that is plainly no platform's and leads
// to none: most links of articles are such, and need not be taken apart.
func (f *Finder) foreign(raw string) (host string, ok bool) {
	rest, ok := strings.CutPrefix(raw, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(raw, "http://"); !ok {
			return "", false
		}
	}
	path := ""
	host = rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	for i := range len(host) {
		if c := host[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return "", false
		}
	}
	if len(host) < 4 || len(raw) > maxLinkLength || f.sitesOn(host) != nil || isArchiveHost(host) || strings.Contains(host, "amp") || strings.Contains(path, "/amp") {
		return "", false
	}
	for i := range len(path) {
		// A query, a fragment or another address may carry a post's; whatever
		// is escaped or out of place is for the parser.
		if c := path[i]; c <= ' ' || c >= 0x7f || c == '?' || c == '#' || c == '%' || c == ':' || c == '\\' || c == '&' {
			return "", false
		}
	}
	for i := range f.open {
		if f.open[i].mayBe(host, path) {
			return "", false
		}
	}
	return host, strings.Contains(host, ".")
}

// local reports whether an address is one of the page's own site that carries no
// other.
func local(raw string) bool {
	return len(raw) > 0 && raw[0] == '/' && !strings.HasPrefix(raw, "//") && !strings.ContainsAny(raw, "?#") && !strings.Contains(raw, "http")
}

// domain returns the registered domain of a host.
func (a *addresses) domain(host string) string {
	if d, ok := a.hosts[host]; ok {
		return d
	}
	name, _, _ := strings.Cut(host, ":")
	d := registered(name)
	if len(a.hosts) < maxHosts {
		a.hosts[host] = d
	}
	return d
}

// carried returns the post whose address is part of another.
func (a *addresses) carried(raw string) (lead, bool) {
	if a.left--; a.left < 0 {
		return lead{}, false
	}
	return a.f.carried(raw)
}
