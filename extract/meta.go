package extract

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// metaReader gathers what a page says about itself: in JSON-LD, in Open Graph
// and other meta elements, and in plain HTML.
type metaReader struct {
	base *url.URL
	// meta holds the first content of each meta element, by name or property
	// in lower case.
	meta map[string]string
	// authors are the contents of all meta elements that name an author.
	authors []string
	// marked are the values of microdata and of rel=author in the body.
	marked    map[string]string
	names     []string
	ld        []jsonValue
	canonical string
	title     string
	heading   string
	headings  []string
	lang      string
	firstTime string
}

func newMetaReader() *metaReader {
	return &metaReader{meta: map[string]string{}, marked: map[string]string{}}
}

// The bounds of what is read as metadata.
const (
	maxMetaBytes  = 4 << 10
	maxLDBytes    = 2 << 20
	maxLDBlocks   = 50
	maxAuthors    = 50
	maxHeadings   = 10
	maxTitleBytes = 1000
)

// see looks at an element of the page. Every element has to be shown to it
// once, in document order.
func (m *metaReader) see(n *html.Node) {
	switch n.DataAtom {
	case atom.Html:
		m.lang = cmp.Or(m.lang, FirstAttr(n, "lang", "xml:lang"))
	case atom.Title:
		if m.title == "" && n.Namespace == "" {
			m.title = clip(Text(n), maxTitleBytes)
		}
	case atom.H1:
		if text := clip(Text(n), maxTitleBytes); len(m.headings) < maxHeadings {
			m.heading = cmp.Or(m.heading, text)
			m.headings = append(m.headings, text)
		}
	case atom.Meta:
		m.seeMeta(n)
	case atom.Link:
		if m.canonical == "" && hasToken(Attr(n, "rel"), "canonical") {
			m.canonical = Attr(n, "href")
		}
	case atom.Script:
		m.seeScript(n)
	case atom.Time:
		if m.firstTime == "" {
			m.firstTime = Attr(n, "datetime")
		}
	}
	if n.DataAtom != atom.Meta {
		m.seeMarked(n)
	}
}

func (m *metaReader) seeMeta(n *html.Node) {
	content := strings.TrimSpace(Attr(n, "content"))
	if content == "" || len(content) > maxMetaBytes {
		return
	}
	for _, attr := range []string{"property", "name", "itemprop", "http-equiv"} {
		key := strings.ToLower(strings.TrimSpace(Attr(n, attr)))
		if key == "" {
			continue
		}
		if _, ok := m.meta[key]; !ok && len(m.meta) < 500 {
			m.meta[key] = content
		}
		if authorKey(key) && len(m.authors) < maxAuthors {
			m.authors = append(m.authors, content)
		}
	}
}

// titled reports whether the page is called by a heading.
func (m *metaReader) titled(heading string) bool {
	heading = foldTitle(heading)
	og := foldTitle(m.meta["og:title"])
	return len(heading) >= minTitle && (strings.HasPrefix(og, heading) || strings.HasPrefix(foldTitle(m.title), heading) || len(og) >= 20 && strings.HasPrefix(heading, og))
}

func authorKey(key string) bool {
	switch key {
	case "author", "article:author", "article:author_name", "dc.creator", "dcterms.creator", "citation_author", "parsely-author", "sailthru.author", "byl", "cxenseparse:author":
		return true
	}
	return false
}

func (m *metaReader) seeScript(n *html.Node) {
	if len(m.ld) >= maxLDBlocks || n.FirstChild == nil {
		return
	}
	if t := Attr(n, "type"); t == "" || !strings.EqualFold(mediaType(t), "application/ld+json") {
		return
	}
	text := strings.TrimSpace(n.FirstChild.Data)
	if len(text) > maxLDBytes {
		return
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "//"), "<![CDATA[")
	if v, ok := parseJSON(text); ok {
		m.ld = append(m.ld, v)
	}
}

func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.TrimSpace(s)
}

// seeMarked reads microdata and rel=author.
func (m *metaReader) seeMarked(n *html.Node) {
	for i := range n.Attr {
		switch n.Attr[i].Key {
		case "itemprop":
			switch prop := n.Attr[i].Val; prop {
			case "datePublished", "dateModified":
				if m.marked[prop] == "" {
					m.marked[prop] = cmp.Or(FirstAttr(n, "datetime", "content"), clip(Text(n), 100))
				}
			case "author", "creator":
				m.addName(n)
			}
		case "rel":
			if hasToken(n.Attr[i].Val, "author") {
				m.addName(n)
			}
		}
	}
}

func (m *metaReader) addName(n *html.Node) {
	if len(m.names) >= maxAuthors || n.DataAtom == atom.Link {
		return
	}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && Attr(d, "itemprop") == "name" {
			n = d
			break
		}
	}
	if name := clip(cmp.Or(Attr(n, "content"), Text(n)), 200); name != "" && !strings.Contains(name, "\n") {
		m.names = append(m.names, name)
	}
}

func hasToken(list, token string) bool {
	for t := range strings.FieldsSeq(list) {
		if strings.EqualFold(t, token) {
			return true
		}
	}
	return false
}

// clip cuts s to n bytes on a character's border.
func clip(s string, n int) string { return cut(strings.TrimSpace(s), n) }

// fill puts what was gathered into the article.
func (m *metaReader) fill(a *Article, base *url.URL) {
	m.base = base
	ld := m.ldArticle()
	a.Canonical = m.absolute(cmp.Or(m.canonical, m.meta["og:url"], ldURL(ld)))
	a.SiteName = cmp.Or(m.meta["og:site_name"], collapse(ld.get("publisher").get("name").text()), m.meta["application-name"])
	a.Title = m.pickTitle(collapse(unescapeEntities(ld.get("headline").text())), a.SiteName)
	a.Authors = m.pickAuthors(ld)
	a.Published = firstMoment(ld.get("datePublished").text(), m.meta["article:published_time"], m.marked["datePublished"], m.meta["datepublished"],
		m.meta["og:published_time"], m.meta["parsely-pub-date"], m.meta["sailthru.date"], m.meta["cxenseparse:recs:publishtime"], m.meta["dcterms.created"],
		m.meta["dc.date.issued"], m.meta["dc.date"], m.meta["publish-date"], m.meta["publish_date"], m.meta["pubdate"], m.meta["citation_publication_date"], m.meta["date"], m.firstTime)
	a.Modified = firstMoment(ld.get("dateModified").text(), m.meta["article:modified_time"], m.meta["og:updated_time"], m.marked["dateModified"],
		m.meta["datemodified"], m.meta["dcterms.modified"], m.meta["last-modified"], m.meta["lastmod"])
	a.Language = languageTag(cmp.Or(m.lang, m.meta["content-language"], ld.get("inLanguage").text(), m.meta["og:locale"]))
}

func (m *metaReader) absolute(s string) string {
	s = cleanAddress(s)
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	if m.base != nil {
		u = m.base.ResolveReference(u)
	}
	if u.Host == "" || !webScheme(u.Scheme) {
		return ""
	}
	if u.Scheme == "" {
		u.Scheme = "https"
	}
	return u.String()
}

// pickTitle prefers the headline without the name of the site.
func (m *metaReader) pickTitle(headline, site string) string {
	og := trimSite(collapse(cmp.Or(m.meta["og:title"], m.meta["twitter:title"])), site)
	if headline != "" && !strings.HasPrefix(og, strings.TrimRight(headline, ".… ")) {
		return clip(headline, maxTitleBytes)
	}
	return cmp.Or(og, headline, collapse(m.heading), trimSite(collapse(m.title), site))
}

// trimSite takes the name of the site off the end of a title.
func trimSite(title, site string) string {
	if site == "" || len(title) <= len(site)+3 || !strings.EqualFold(title[len(title)-len(site):], site) {
		return title
	}
	rest := strings.TrimRight(title[:len(title)-len(site)], " ")
	cut := strings.TrimRight(rest, "-–—|:·•»«/ ")
	if cut == rest || cut == "" {
		return title
	}
	return cut
}

func (m *metaReader) pickAuthors(ld *jsonValue) []string {
	var list []string
	for _, v := range each(ld.get("author")) {
		name := v.text()
		if v.kind == '{' {
			name = m.deref(v).get("name").text()
		}
		list = append(list, name)
	}
	if list = cleanNames(list); len(list) > 0 {
		return list
	}
	if list = cleanNames(m.authors); len(list) > 0 {
		return list
	}
	return cleanNames(m.names)
}

// cleanNames drops what is no name: addresses, repetitions, labels.
func cleanNames(list []string) []string {
	var names []string
	for _, s := range list {
		for _, name := range splitNames(collapse(unescapeEntities(s))) {
			if name == "" || strings.Contains(name, "://") || len(name) > 200 || len(names) >= maxAuthors || slices.Contains(names, name) {
				continue
			}
			names = append(names, name)
		}
	}
	return names
}

func splitNames(s string) []string {
	for _, lead := range []string{"By ", "by ", "BY ", "Von ", "Par ", "Por "} {
		s = strings.TrimPrefix(s, lead)
	}
	for _, sep := range []string{" and ", " & ", " und ", " et ", ", ", "; "} {
		parts := strings.Split(s, sep)
		whole := len(parts) > 1
		for _, p := range parts {
			whole = whole && strings.Contains(strings.TrimSpace(p), " ")
		}
		if whole {
			var names []string
			for _, p := range parts {
				names = append(names, splitNames(strings.TrimSpace(p))...)
			}
			return names
		}
	}
	return []string{strings.Trim(s, " ,;|")}
}

// collapse makes white space one space.
func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

// unescapeEntities undoes character references in texts that were escaped once
// too often.
func unescapeEntities(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return html.UnescapeString(s)
}

// languageTag writes a language as BCP 47 does: en-GB for en_gb. It returns the
// empty string for what is no tag.
func languageTag(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), ",")
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 || len(parts) > 4 {
		return ""
	}
	for i, p := range parts {
		if len(p) > 8 || strings.IndexFunc(p, func(r rune) bool { return r >= 0x80 || !isAlnum(byte(r)) }) >= 0 {
			return ""
		}
		switch {
		case i == 0 && (len(p) < 2 || len(p) > 3):
			return ""
		case i > 0 && len(p) == 2:
			parts[i] = strings.ToUpper(p)
		case i > 0 && len(p) == 4:
			parts[i] = strings.ToUpper(p[:1]) + strings.ToLower(p[1:])
		default:
			parts[i] = strings.ToLower(p)
		}
	}
	return strings.Join(parts, "-")
}

// firstMoment returns the first of the times that can be read.
func firstMoment(list ...string) time.Time {
	for _, s := range list {
		if t, ok := parseMoment(s); ok {
			return t
		}
	}
	return time.Time{}
}

// parseMoment reads a time as pages write it. Where no zone is written, UTC is
// assumed.
func parseMoment(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 8 || len(s) > 64 {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700",
		"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05",
		"2006-01-02 15:04", "2006-01-02", time.RFC1123Z, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 -0700", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 02 15:04:05 -0700 2006",
		"2006/01/02 15:04:05", "2006/01/02", "20060102", "January 2, 2006", "2 January 2006", "Jan 2, 2006", "2 Jan 2006"} {
		t, err := time.Parse(layout, s)
		if err == nil && t.Year() >= 1900 && t.Year() < 2200 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
