package extract

import (
	"encoding/base64"
	"html"
	"net/url"
	"strings"
	"unicode/utf8"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The bounds of decoding what is wrapped in attributes and scripts.
const (
	// maxLayers bounds how often one value is decoded. Markup in JSON in an
	// attribute that was escaped twice has four layers.
	maxLayers = 4
	// maxPayload bounds one value. An embed's markup has some kilobytes, the
	// picture-laden ones some hundred.
	maxPayload = 1 << 20
	// maxPayloads bounds all values of a page together.
	maxPayloads = 4 << 20
	// maxPieces bounds the pieces of markup that are parsed.
	maxPieces = 2000
)

// spend takes n bytes from what may still be decoded on this page.
func (w *walker) spend(n int) bool {
	if n > maxPayload || n > w.decodable {
		w.c.warn("some embedded markup or data was too large to be searched")
		return false
	}
	w.decodable -= n
	return true
}

// payload reports the posts that a value shows once its layers are taken off:
// an address, markup or JSON, escaped for HTML, for JSON or for a query, or in
// base64. It reports whether there are any.
func (w *walker) payload(value string, form string, s surroundings) bool {
	value = strings.TrimSpace(value)
	if s.layers >= maxLayers || len(value) < 8 || !w.spend(len(value)) {
		return false
	}
	s.layers++
	switch {
	case value[0] == '{' || value[0] == '[' && !isName(value[1:2]):
		return w.jsonPayload(value, form, s)
	case value[0] == '<' || looksLikeHTML(value):
		return w.markup(value, s)
	}
	if x := w.addresses.look(value, false); x.known {
		if x.isPost() || x.isShort() {
			w.show(embedOf(x.lead, form), nil, s)
			return true
		}
		return false
	}
	if l, ok := w.addresses.carried(value); ok {
		w.show(embedOf(l, form), nil, s)
		return true
	}
	if next, ok := peel(value); ok {
		return w.payload(next, form, s)
	}
	return false
}

// peel takes one layer of escapes off a value.
func peel(s string) (string, bool) {
	switch {
	case strings.Contains(s, "&lt;") || strings.Contains(s, "&quot;") || strings.Contains(s, "&#"):
		next := html.UnescapeString(s)
		return next, next != s
	case strings.Contains(s, `\u003`) || strings.Contains(s, `\"`) || strings.Contains(s, `\x3`) || strings.Contains(s, `\/`):
		next := unescapeJSON(strings.Trim(s, `"'`))
		return next, next != s
	case strings.Contains(s, "%3C") || strings.Contains(s, "%3c") || strings.Contains(s, "%22") || strings.Contains(s, "%2F%2F") || strings.Contains(s, "%2f%2f"):
		next, err := url.QueryUnescape(s)
		return next, err == nil && next != s
	}
	return unbase64(s)
}

// unbase64 decodes a value that is nothing but base64 of a text with markup, an
// address or JSON in it.
func unbase64(s string) (string, bool) {
	if i := strings.Index(s, ";base64,"); i >= 0 && i < 64 {
		s = s[i+len(";base64,"):]
	}
	if !maybeBase64(s) {
		return "", false
	}
	s = strings.TrimRight(toURLAlphabet(strings.Map(dropSpace, s)), "=")
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(b) {
		return "", false
	}
	return string(b), true
}

func dropSpace(r rune) rune {
	if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
		return -1
	}
	return r
}

// maybeBase64 reports whether s begins like the base64 of a tag, an address or
// an object, and goes on like base64.
func maybeBase64(s string) bool {
	if len(s) < 16 {
		return false
	}
	switch {
	case s[0] == 'P' && s[1] >= 'A' && s[1] <= 'P':
	case strings.HasPrefix(s, "aHR0c"), strings.HasPrefix(s, "eyJ"), strings.HasPrefix(s, "Ly93d3"), strings.HasPrefix(s, "W3si"), strings.HasPrefix(s, "Cj"), strings.HasPrefix(s, "ID"):
	default:
		return false
	}
	for i := range min(len(s), 64) {
		if c := s[i]; !isAlnum(c) && c != '+' && c != '/' && c != '-' && c != '_' && c != '=' && !isHTMLSpace(c) {
			return false
		}
	}
	return true
}

// carried returns the post whose address is part of another that no site knows:
// /embed?url=https%3A%2F%2F…, or behind a # or in the path.
func (f *Finder) carried(raw string) (lead, bool) {
	rest := raw
	for range 4 {
		i := strings.Index(rest, "http")
		if i < 0 {
			break
		}
		rest = rest[i:]
		if i > 0 || len(rest) < len(raw) {
			if l, ok := f.carriedAt(rest); ok {
				return l, true
			}
		}
		rest = rest[4:]
	}
	return lead{}, false
}

func (f *Finder) carriedAt(rest string) (lead, bool) {
	if !hasWebScheme(rest) && !strings.HasPrefix(rest, "https%3") && !strings.HasPrefix(rest, "http%3") && !strings.HasPrefix(rest, "https%253") && !strings.HasPrefix(rest, "http%253") {
		return lead{}, false
	}
	// An address that is escaped ends at the next parameter; one that is not has
	// parameters of its own.
	for _, stops := range []string{"\"'<> \t\n", "&\"'<> \t\n;|"} {
		end := strings.IndexAny(rest, stops)
		if end < 0 {
			end = len(rest)
		}
		if u := decodedURL(rest[:end]); u != nil {
			if l, ok := f.resolveURL(u); ok && l.isPost() {
				return l, true
			}
		}
	}
	return lead{}, false
}

// inParams returns the post that the parameters of a publisher's own frame name
// by platform and id: /embed?service=twitter&id=20.
func (f *Finder) inParams(raw string) (lead, bool) {
	_, query, ok := strings.Cut(raw, "?")
	if !ok || len(query) > maxLinkLength {
		return lead{}, false
	}
	site, id := "", ""
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(strings.TrimPrefix(pair, "amp;"), "=")
		switch key = strings.ToLower(key); {
		case namesPlatform(key):
			site = value
		case holdsID(key) && id == "":
			id = value
		}
	}
	if site == "" || id == "" {
		return lead{}, false
	}
	id, err := url.QueryUnescape(id)
	if err != nil {
		return lead{}, false
	}
	return f.byID(strings.ToLower(site), id)
}

// markup reports the posts in a piece of HTML.
func (w *walker) markup(piece string, s surroundings) bool {
	if w.pieces--; w.pieces < 0 {
		w.c.warn("some embedded markup was not searched: there is too much of it")
		return false
	}
	nodes, err := nethtml.ParseFragment(strings.NewReader(piece), &nethtml.Node{Type: nethtml.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		w.c.warn("a piece of embedded markup could not be parsed: " + err.Error())
		return false
	}
	before := w.shown
	s.nested, s.zone = true, false
	root := &nethtml.Node{Type: nethtml.DocumentNode}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	w.children(root, s)
	return w.shown > before
}

// jsonPayload reports the post that a small piece of JSON shows. Several posts
// in one are a list that nothing is known of.
func (w *walker) jsonPayload(value, form string, s surroundings) bool {
	v, ok := parseJSON(value)
	if !ok {
		return false
	}
	var leads []lead
	var pieces []string
	v.strings(0, func(text string) {
		switch {
		case len(text) < 8:
		case strings.Contains(text, "<") && looksLikeHTML(text), strings.Contains(text, "&lt;"):
			pieces = append(pieces, text)
		default:
			if l, ok := w.addresses.post(text); ok && l.isPost() {
				leads = append(leads, l)
			}
		}
	})
	for _, p := range pieces {
		if w.payload(p, form, s) {
			return true
		}
	}
	for i := range leads {
		if leads[i].target.Ref != leads[0].target.Ref {
			return false
		}
	}
	if len(leads) == 0 {
		l, ok := w.f.objectPost(&v, componentNames(w.pending))
		if !ok {
			return false
		}
		leads = append(leads, l)
	}
	w.show(embedOf(leads[0], form), nil, s)
	return true
}

// componentNames returns what an element whose attribute holds data calls itself:
// its own name, where that is a custom element's, and that of the component that
// will stand there. n may be nil.
func componentNames(n *nethtml.Node) []string {
	if n == nil {
		return nil
	}
	var names []string
	if strings.IndexByte(n.Data, '-') > 0 {
		names = append(names, n.Data)
	}
	for _, key := range []string{"name", "data-component", "data-component-name", "data-react-component", "data-type", "data-embed-type", "data-provider", "component", "component-export", "is"} {
		if v := Attr(n, key); v != "" && len(v) <= 64 {
			names = append(names, v)
		}
	}
	return names
}

// strings shows every string of a value to see, in order.
func (v *jsonValue) strings(depth int, see func(string)) {
	if depth > maxJSONDepth {
		return
	}
	if v.kind == '"' {
		see(unescapeJSON(v.raw))
	}
	for i := range v.members {
		v.members[i].value.strings(depth+1, see)
	}
}
