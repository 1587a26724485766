package extract

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// state is a piece of the page's own data: JSON in a script or an attribute, or
// a script with such data in it.
type state struct {
	text string
	at   spot
}

// facts are what a page says of itself, by which its own article is told from
// others in its data.
type facts struct {
	titles []string
	paths  []string
}

func factsOf(m *metaReader, a *Article) facts {
	var f facts
	ld := m.ldArticle()
	for _, t := range append([]string{a.Title, ld.get("headline").text(), m.meta["og:title"], m.meta["twitter:title"], trimSite(collapse(m.title), a.SiteName), m.title}, m.headings...) {
		if t = foldTitle(t); len(t) >= minTitle && !slices.Contains(f.titles, t) {
			f.titles = append(f.titles, t)
		}
	}
	for _, u := range []string{a.URL, a.Canonical, m.absolute(m.meta["og:url"]), ldURL(ld)} {
		if p := pathOf(u); p != "" {
			if _, p, _ = strings.Cut(p, "/"); !slices.Contains(f.paths, p) {
				f.paths = append(f.paths, p)
			}
		}
	}
	return f
}

// minTitle is the length from which a title tells articles apart, in letters
// and digits.
const minTitle = 8

// foldTitle returns the letters and digits of a title.
func foldTitle(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, unescapeEntities(clip(s, maxTitleBytes)))
}

// sameTitle reports whether title is one of the page's, perhaps cut off or with
// the site's name.
func (f *facts) sameTitle(title string) bool {
	title = foldTitle(title)
	if len(title) < minTitle {
		return false
	}
	for _, t := range f.titles {
		if t == title || len(title) >= 20 && len(t) >= 20 && (strings.HasPrefix(t, title) || strings.HasPrefix(title, t)) {
			return true
		}
	}
	return false
}

// samePath reports whether u, an address, a path or the last part of one, is
// that of the page.
func (f *facts) samePath(u string) bool {
	if hasWebScheme(u) || strings.HasPrefix(u, "//") {
		p, err := url.Parse(u)
		if err != nil {
			return false
		}
		u = p.Path
	}
	u, _, _ = strings.Cut(strings.Trim(u, "/"), "?")
	if len(u) < 6 {
		return false
	}
	for _, p := range f.paths {
		if p == u || strings.HasSuffix(p, "/"+u) || strings.HasSuffix(u, "/"+p) {
			return true
		}
	}
	return false
}

// finishStates reports the posts that the page's data shows in this article:
// those that a script puts into it, or all of them where a script builds the
// whole article.
func (w *walker) finishStates() {
	if len(w.states) == 0 && w.flight.Len() == 0 {
		return
	}
	scan := stateScan{w: w, facts: &w.facts, page: sync.OnceValue(func() string { return string(w.text) })}
	for _, st := range w.states {
		if !w.f.mentions(st.text) {
			continue
		}
		if text, ok := unflatten(st.text); ok {
			scan.run(text, 1)
			continue
		}
		scan.run(st.text, 0)
	}
	if flight := w.flight.String(); w.f.mentions(flight) {
		scan.run(joinRows(flight), 1)
	}
	if len(scan.pieces) == 0 {
		return
	}
	scan.claim()
	build := w.builds(scan.pieces)
	for i := range scan.pieces {
		p := &scan.pieces[i]
		if p.owner == ownerOther || p.owner == ownerUnknown && !p.markup {
			continue
		}
		value := unescapeJSON(p.raw)
		if p.owner == ownerUnknown && !scan.kin(value) {
			continue
		}
		w.piece(p, value, build && p.owner == ownerThis)
	}
}

// The bounds by which a page is told that has its article in its data only.
const (
	// minArticle is the number of bytes of text in paragraphs below which a
	// page has no article in its markup.
	minArticle = 300
	// maxTeaser is the number up to which that can be the beginning that is
	// shown to readers who have not paid.
	maxTeaser = 2000
)

// builds reports whether a script builds the article from the pieces: the page
// has no words in its markup, or far fewer than the article's data.
func (w *walker) builds(pieces []statePiece) bool {
	mass := int(w.survey.blocks[0].mass)
	if mass < minArticle || mass > maxTeaser {
		return mass < minArticle
	}
	for i := range pieces {
		if p := &pieces[i]; p.owner == ownerThis && p.markup && len(p.raw) > 10*mass {
			return true
		}
	}
	return false
}

// piece reports what a piece of the article's data shows. build says that the
// article has no other text.
func (w *walker) piece(p *statePiece, value string, build bool) {
	if p.markup && strings.IndexByte(value, '<') < 0 && strings.Contains(value, "&lt;") {
		value = unescapeEntities(value)
	}
	s := surroundings{nested: !build, zone: build, layers: 1}
	switch {
	case p.markup && (build || w.f.mentions(value) || strings.Contains(value, "data-")):
		if w.spend(len(value)) {
			w.breakOff(gapBlock)
			w.body(value, s)
			w.breakOff(gapBlock)
		}
	case p.markup:
	case p.showsPost():
		if l, ok := w.addresses.post(value); ok && l.isPost() {
			w.show(embedOf(l, FormState), nil, s)
		}
	}
}

// body goes over markup that a script shows, with its words and links where it
// is the article.
func (w *walker) body(piece string, s surroundings) {
	if w.pieces--; w.pieces < 0 {
		w.c.warn("some embedded markup was not searched: there is too much of it")
		return
	}
	nodes, err := html.ParseFragment(strings.NewReader(piece), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		w.c.warn("a piece of embedded markup could not be parsed: " + err.Error())
		return
	}
	root := &html.Node{Type: html.DocumentNode}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	w.children(root, s)
}

// mentions reports whether a text has the address of a post in it, or markup
// that may show one.
func (f *Finder) mentions(text string) bool {
	if strings.Contains(text, "<blockquote") || strings.Contains(text, "u003cblockquote") || strings.Contains(text, "u003Cblockquote") {
		return true
	}
	if f.typedIn(text) {
		return true
	}
	for _, slashes := range []string{"//", `\/\/`, `u002F\u002F`, `u002f\u002f`, "%2F%2F"} {
		for rest, tries := text, 0; tries < maxMentions; tries++ {
			i := strings.Index(rest, slashes)
			if i < 0 {
				break
			}
			rest = rest[i+len(slashes):]
			if f.postAt(rest) {
				return true
			}
		}
	}
	return false
}

// maxMentions bounds the addresses that are looked at in one script. Data with
// more has its posts among the first, or is not an article's.
const maxMentions = 20000

// postAt reports whether the address of a post follows, whose host begins s.
func (f *Finder) postAt(s string) bool {
	n := 0
	for n < len(s) && n < maxHandleBytes && (isAlnum(s[n]) || s[n] == '.' || s[n] == '-') {
		n++
	}
	if n < 4 || n >= len(s) {
		return false
	}
	if f.sitesOn(s[:n]) == nil && !strings.HasPrefix(s[n:], "/@") && !strings.HasPrefix(s[n:], `\/@`) && !strings.HasPrefix(s[n:], "/users/") {
		return false
	}
	end := strings.IndexAny(s[n:min(len(s), n+512)], "\"'<> \n\\")
	raw := s[:min(len(s), n+512)]
	if end >= 0 && s[n+end] != '\\' {
		raw = s[:n+end]
	} else if end >= 0 {
		quote := strings.IndexAny(raw, "\"'<> \n")
		if quote >= 0 {
			raw = raw[:quote]
		}
		raw = strings.TrimSuffix(unescapeJSON(raw), `\`)
	}
	if strings.Contains(raw, "%2F") {
		raw, _, _ = strings.Cut(raw, "&")
		if d, err := url.QueryUnescape(raw); err == nil {
			raw = d
		}
	}
	l, ok := f.resolve("https://"+raw, nil)
	return ok && l.isPost()
}

// showsPost reports whether a piece, an address, stands for the post itself by
// what it and the object around it are called.
func (p *statePiece) showsPost() bool {
	for _, name := range []string{p.kind, p.key, p.outer} {
		if embedName(name) {
			return true
		}
	}
	return false
}

// embedName reports whether the name of a type or a member says that it is
// something shown.
func embedName(name string) bool {
	found := false
	eachWord(name, func(word string) {
		switch word {
		case "embed", "embeds", "embedded", "oembed", "external", "social", "iframe", "video", "tweet", "media", "twitter", "instagram", "facebook",
			"youtube", "tiktok", "bluesky", "threads", "mastodon", "reddit", "telegram", "vimeo", "dailymotion", "post":
			found = true
		}
	})
	return found
}

// eachWord shows the words of a name to see, in lower case.
func eachWord(name string, see func(string)) {
	start := 0
	for i := 1; i <= len(name) && i <= 64; i++ {
		if i < len(name) && isAlnum(name[i]) && !(name[i] >= 'A' && name[i] <= 'Z' && name[i-1] >= 'a' && name[i-1] <= 'z') {
			continue
		}
		see(strings.ToLower(strings.Trim(name[start:i], "_-:./@ $")))
		start = i
	}
}

// article says whose article an object of the page's data is.
func (f *facts) article(title string, urls []string) owner {
	same := false
	for _, u := range urls {
		same = same || f.samePath(u)
	}
	switch {
	case same || f.sameTitle(title):
		return ownerThis
	case len(urls) > 0 && cmp.Or(title, "-") != "-" && len(foldTitle(title)) >= minTitle && len(f.titles)+len(f.paths) > 0:
		return ownerOther
	}
	return ownerUnknown
}
