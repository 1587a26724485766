package extract

import (
	"net/url"
	"strings"

	"stet/extract/post"
)

// lead is what an address leads to.
type lead struct {
	target   Target
	platform post.Platform
	// archived is the web archive's address that was taken off.
	archived string
}

// isPost reports whether the address is that of one post.
func (l *lead) isPost() bool {
	return (l.target.Kind == TargetPost || l.target.Kind == TargetEmbed) && l.target.Ref.Valid()
}

// isShort reports whether the address has to be fetched to be known.
func (l *lead) isShort() bool { return l.target.Kind == TargetShort && l.target.URL != "" }

// maxWraps bounds the wrappers that are taken off one address. More than two
// are not seen in articles; a redirect of an archived AMP page has three.
const maxWraps = 4

// resolve says what an address leads to, as it stands in a page: relative to
// base, which may be nil.
func (f *Finder) resolve(raw string, base *url.URL) (lead, bool) {
	u, ok := f.pageURL(raw, base)
	if !ok {
		return lead{}, false
	}
	return f.resolveURL(u)
}

// resolveURL asks the sites about u and about what is wrapped in it.
func (f *Finder) resolveURL(u *url.URL) (lead, bool) {
	archived := ""
	var first lead
	known := false
	for range maxWraps {
		if l, ok := f.ask(u); ok {
			if l.target.Kind != TargetOther {
				l.archived = archived
				return l, true
			}
			if !known {
				first, known = l, true
			}
		}
		inner, kind := unwrap(u)
		if kind == wrapNone {
			break
		}
		if kind == wrapArchive && archived == "" {
			archived = u.String()
		}
		if u, known = inner, known && kind == wrapRedirect; u == nil {
			break
		}
	}
	return first, known
}

// ask offers u to the sites of its domain, then to those of federated
// platforms.
func (f *Finder) ask(u *url.URL) (lead, bool) {
	for _, s := range f.sitesOf(u) {
		if t, ok := s.ParseURL(u); ok {
			return lead{target: t, platform: platformOf(s, t)}, true
		}
	}
	for i := range f.open {
		s := &f.open[i]
		if isASCII(u.Host) && !s.mayBe(strings.ToLower(u.Host), u.Path) {
			continue
		}
		if t, ok := s.ParseURL(u); ok {
			return lead{target: t, platform: platformOf(s.Site, t)}, true
		}
	}
	return lead{}, false
}

// platformOf returns the platform of a target: a site may speak for relatives
// of its platform.
func platformOf(s Site, t Target) post.Platform {
	if t.Ref.Platform != "" {
		return t.Ref.Platform
	}
	return s.Platform()
}

// sitesOf returns the sites that list the domain that u is on.
func (f *Finder) sitesOf(u *url.URL) []Site {
	host := u.Host
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	if !lowerASCII(host) {
		h, ok := hostName(u)
		if !ok {
			return nil
		}
		host = h
	}
	return f.sitesOn(strings.TrimSuffix(host, "."))
}

// sitesOn returns the sites that list host or a domain that it is on.
func (f *Finder) sitesOn(host string) []Site {
	for host != "" {
		if s, ok := f.domains[host]; ok {
			return s
		}
		_, rest, _ := strings.Cut(host, ".")
		host = rest
	}
	return nil
}

func lowerASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] >= 'A' && s[i] <= 'Z' {
			return false
		}
	}
	return true
}

// pageURL parses an address as browsers do when it stands in a page, and
// forgives what publishers get wrong: white space around and inside, a missing
// scheme before a platform's host, an address that was escaped for a query, for
// HTML or for JSON once too often.
func (f *Finder) pageURL(raw string, base *url.URL) (*url.URL, bool) {
	raw = cleanAddress(raw)
	if raw == "" || len(raw) > maxLinkLength {
		return nil, false
	}
	switch {
	case hasWebScheme(raw):
	case strings.HasPrefix(raw, "//"):
		raw = "https:" + raw
	case schemeless(raw) && f.sitesOn(strings.ToLower(hostPart(raw))) != nil:
		raw = "https://" + raw
	case base != nil && raw[0] != '#':
		u, err := base.Parse(raw)
		return u, err == nil && webScheme(u.Scheme) && u.Host != ""
	default:
		return nil, false
	}
	u, err := url.Parse(raw)
	if err != nil {
		u, err = url.Parse(repairEscapes(raw))
	}
	return u, err == nil && u.Host != ""
}

// hostPart returns what stands before the path, query or fragment.
func hostPart(s string) string {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		return s[:i]
	}
	return s
}

func hasWebScheme(s string) bool {
	return len(s) > 8 && (s[0] == 'h' || s[0] == 'H') &&
		(strings.EqualFold(s[:7], "http://") || strings.EqualFold(s[:8], "https://"))
}

// cleanAddress undoes what happened to an address on its way into an attribute.
func cleanAddress(s string) string {
	s = strings.Trim(s, " \t\r\n\f\u00a0\u200b\ufeff")
	if strings.ContainsAny(s, "\t\r\n") {
		s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(s)
	}
	if len(s) > 4 && (s[0] == 'h' || s[0] == 'H') {
		for range 3 {
			if len(s) < 8 || s[4] != '%' && s[5] != '%' {
				break
			}
			d, err := url.PathUnescape(s)
			if err != nil {
				break
			}
			s = d
		}
	}
	if strings.Contains(s, `:\/`) {
		s = strings.ReplaceAll(s, `\/`, "/")
	}
	if strings.Contains(s, "&amp;") {
		s = strings.ReplaceAll(s, "&amp;", "&")
	}
	return s
}

// repairEscapes makes percent signs that escape nothing into escaped percent
// signs.
func repairEscapes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			b.WriteString("25")
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// byID returns the post that a platform's name, or another name that publishers
// use for it, and a bare id tell.
func (f *Finder) byID(name, id string) (lead, bool) {
	s := f.named[strings.ToLower(name)]
	ids, ok := s.(IDSite)
	if !ok || id == "" {
		return lead{}, false
	}
	t, ok := ids.PostByID(id)
	return lead{target: t, platform: platformOf(s, t)}, ok && t.Ref.Valid()
}
