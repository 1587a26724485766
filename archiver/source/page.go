package source

import (
	"net/url"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The limits of reading a page.
const (
	// maxPageLinks bounds the links to articles that are taken of a page, and
	// those that are looked at.
	maxPageLinks   = 500
	maxPageAnchors = 5000
	// maxPageDepth bounds the elements that are open at a time.
	maxPageDepth = 1000
	// maxPageToken is the largest tag, text or script.
	maxPageToken = 8 << 20
	maxFeeds     = 20
)

// page is what a page holds that can lead to articles.
type page struct {
	title string
	// feeds are those that it advertises.
	feeds []advertised
	items []Item
	// anchors counts the links that were looked at.
	anchors int
	// password is true where it asks for one, closed where it asks crawlers
	// not to follow its links.
	password, closed bool
}

// advertised is a feed that a page names in its head.
type advertised struct {
	url, title string
}

// pageReader reads a page with a tokenizer: in one pass, without a tree.
type pageReader struct {
	z    *html.Tokenizer
	base *url.URL
	self *url.URL
	out  page

	open    []openElement
	links   []pageLink
	current int // the link that is open, -1 for none
	cards   []time.Time
}

// openElement is an element around what is being read.
type openElement struct {
	name atom.Atom
	// hard is true where it is no place for articles by its kind, soft where
	// only its class says so.
	hard, soft bool
	heading    bool
	main       bool
	// card is the number of the teaser that it is in, from 1.
	card int
}

// pageLink is a link of a page.
type pageLink struct {
	href, label string
	text        []byte
	openElement
}

// readPage reads a page. address is where it was fetched.
func readPage(t *text, address string) page {
	r := &pageReader{z: html.NewTokenizer(t), self: parseBase(address), current: -1}
	r.base = r.self
	r.z.SetMaxBuf(maxPageToken)
	for r.token() {
	}
	r.collect()
	return r.out
}

// token reads one token. It returns false at the end.
func (r *pageReader) token() bool {
	switch r.z.Next() {
	case html.ErrorToken:
		return false
	case html.TextToken:
		if r.current >= 0 {
			if l := &r.links[r.current]; len(l.text) < 4*maxTitle {
				l.text = append(append(l.text, ' '), r.z.Text()...)
			}
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		r.start(r.z.Token())
	case html.EndTagToken:
		name, _ := r.z.TagName()
		r.end(atom.Lookup(name))
	}
	return true
}

func (r *pageReader) start(t html.Token) {
	switch t.DataAtom {
	case atom.Base:
		if u, err := url.Parse(attrOf(t, "href")); err == nil && r.base != nil {
			r.base = parseBase(r.base.ResolveReference(u).String())
		}
	case atom.Link:
		r.link(t)
	case atom.Meta:
		name, content := strings.ToLower(attrOf(t, "name")), strings.ToLower(attrOf(t, "content"))
		if (name == "robots" || name == RobotsToken) && (strings.Contains(content, "nofollow") || strings.TrimSpace(content) == "none") {
			r.out.closed = true
		}
	case atom.Input:
		r.out.password = r.out.password || strings.EqualFold(attrOf(t, "type"), "password")
	case atom.Img:
		if r.current >= 0 && r.links[r.current].label == "" {
			r.links[r.current].label = attrOf(t, "alt")
		}
	case atom.Title:
		if r.z.Next() == html.TextToken && r.out.title == "" {
			r.out.title = plainWords(string(r.z.Text()), maxTitle)
		}
		return
	case atom.Time:
		if c := r.place().card; c > 0 && r.cards[c-1].IsZero() {
			r.cards[c-1], _ = parseTime(attrOf(t, "datetime"))
		}
	case atom.A:
		r.anchor(t)
	}
	if t.Type == html.StartTagToken && !isVoid(t.DataAtom) {
		r.push(t)
	}
}

func attrOf(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Param,
		atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

// place returns what holds where the reader is.
func (r *pageReader) place() openElement {
	if len(r.open) == 0 {
		return openElement{}
	}
	return r.open[len(r.open)-1]
}

// push opens an element.
func (r *pageReader) push(t html.Token) {
	if t.DataAtom == atom.Li {
		r.closeItem()
	}
	if len(r.open) >= maxPageDepth {
		return
	}
	e := r.place()
	e.name = t.DataAtom
	switch t.DataAtom {
	case atom.Main:
		e.main = true
	case atom.Article:
		e.main = true
		r.cards = append(r.cards, time.Time{})
		e.card = len(r.cards)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		e.heading = true
		if r.current >= 0 {
			r.links[r.current].heading = true
		}
	}
	e.hard = e.hard || isFurniture(t, e.main)
	e.soft = e.soft || callsItselfFurniture(t)
	r.open = append(r.open, e)
}

// closeItem ends a list's item whose end tag was left out.
func (r *pageReader) closeItem() {
	for i := len(r.open) - 1; i >= 0; i-- {
		switch r.open[i].name {
		case atom.Ul, atom.Ol, atom.Menu:
			return
		case atom.Li:
			r.open = r.open[:i]
			return
		}
	}
}

func (r *pageReader) end(name atom.Atom) {
	if name == atom.A {
		r.current = -1
	}
	for i := len(r.open) - 1; i >= max(len(r.open)-64, 0); i-- {
		if r.open[i].name == name {
			r.open = r.open[:i]
			return
		}
	}
}

// link reads a link element of the head.
func (r *pageReader) link(t html.Token) {
	rel := strings.Fields(strings.ToLower(attrOf(t, "rel")))
	alternate := false
	for _, w := range rel {
		alternate = alternate || w == "alternate" || w == "feed"
	}
	if !alternate || len(r.out.feeds) >= maxFeeds {
		return
	}
	switch kind, _, _ := strings.Cut(strings.ToLower(attrOf(t, "type")), ";"); strings.TrimSpace(kind) {
	case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml+rss":
	case "application/json":
		// WordPress names its interface like this, and JSON Feed did in 2017.
		if !strings.Contains(strings.ToLower(attrOf(t, "href")), "feed") {
			return
		}
	default:
		return
	}
	if u, ok := webLink(attrOf(t, "href"), r.base); ok {
		r.out.feeds = append(r.out.feeds, advertised{url: u, title: plainWords(attrOf(t, "title"), maxTitle)})
	}
}

func (r *pageReader) anchor(t html.Token) {
	r.current = -1
	href := attrOf(t, "href")
	if href == "" || len(r.links) >= maxPageAnchors {
		return
	}
	label := attrOf(t, "aria-label")
	if label == "" {
		label = attrOf(t, "title")
	}
	r.links = append(r.links, pageLink{href: href, label: label, openElement: r.place()})
	r.current = len(r.links) - 1
}

// isFurniture reports whether an element is no place for articles by its kind
// or role: navigation, the page's header and footer.
func isFurniture(t html.Token, main bool) bool {
	switch t.DataAtom {
	case atom.Nav, atom.Footer, atom.Aside, atom.Dialog, atom.Select, atom.Button, atom.Template, atom.Svg:
		return true
	case atom.Header:
		return !main
	}
	switch strings.ToLower(attrOf(t, "role")) {
	case "navigation", "banner", "contentinfo", "complementary", "search", "menu", "menubar", "dialog", "alertdialog", "toolbar":
		return true
	}
	return false
}

// callsItselfFurniture reports whether a class or id of an element says that it
// is no place for articles. Names mislead, so this is only believed while other
// links remain.
func callsItselfFurniture(t html.Token) bool {
	switch t.DataAtom {
	case atom.Html, atom.Body, atom.Main, atom.Article, atom.A, atom.H1, atom.H2, atom.H3, atom.H4:
		return false
	case atom.Form:
		return true // but some systems put the whole page into one
	}
	for _, a := range t.Attr {
		if a.Key != "class" && a.Key != "id" {
			continue
		}
		for _, name := range strings.Fields(strings.ToLower(a.Val)) {
			if furnitureName(name) {
				return true
			}
		}
	}
	return false
}

// furnitureName reports whether a class ends or begins with a word for
// something else than articles.
func furnitureName(name string) bool {
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '-' || c == '_' })
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "has", "with", "no", "is", "without":
		return false
	case "nav", "navbar", "navigation", "menu", "submenu", "breadcrumb", "breadcrumbs", "footer", "sidebar", "share", "sharing",
		"social", "cookie", "consent", "newsletter", "pagination", "pager", "advert", "advertisement", "ads", "login", "subscribe",
		"masthead", "topbar", "toolbar", "related", "popular", "trending", "mostread", "skip":
		return true
	}
	switch words[len(words)-1] {
	case "nav", "navbar", "navigation", "menu", "breadcrumb", "breadcrumbs", "footer", "sidebar", "share", "social", "newsletter", "pagination",
		"pager", "comments", "tags", "tagcloud", "author", "authors", "byline", "ad", "ads", "advert", "login", "related", "popular", "trending",
		"mostread", "languages":
		return true
	}
	return strings.Contains(name, "most-read") || strings.Contains(name, "most-popular") || strings.Contains(name, "most-viewed")
}

// collect chooses the links that lead to articles.
func (r *pageReader) collect() {
	r.out.anchors = len(r.links)
	for _, softly := range []bool{false, true} {
		seen := map[string]int{}
		for i := range r.links {
			if l := &r.links[i]; !l.hard && (softly || !l.soft) {
				r.take(l, seen)
			}
		}
		if len(r.out.items) > 0 {
			return
		}
	}
}

// take adds what a link leads to, where that looks like an article. Of several
// links to one article the longest words are its title.
func (r *pageReader) take(l *pageLink, seen map[string]int) {
	address, ok := webLink(l.href, r.base)
	if !ok || r.self == nil {
		return
	}
	u := parseBase(address)
	if u == nil || !sameSite(u.Host, r.self.Host) || strings.TrimSuffix(u.Path, "/") == strings.TrimSuffix(r.self.Path, "/") {
		return
	}
	title := plainWords(string(l.text), maxTitle)
	if title == "" {
		title = plainWords(l.label, maxTitle)
	}
	if !likeArticle(u, title, l) {
		return
	}
	it := Item{URL: address, Title: title}
	if l.card > 0 {
		it.Published = r.cards[l.card-1]
	}
	key := it.Key()
	if i, ok := seen[key]; ok {
		if old := &r.out.items[i]; len(title) > len(old.Title) {
			old.Title = title
		}
		return
	}
	if len(r.out.items) < maxPageLinks {
		seen[key] = len(r.out.items)
		r.out.items = append(r.out.items, it)
	}
}

// likeArticle weighs whether a link leads to an article: by its address, its
// words, and where it stands. Two of these must speak for it, or its address
// strongly.
func likeArticle(u *url.URL, title string, l *pageLink) bool {
	score, ok := addressScore(u)
	if !ok {
		return false
	}
	if isHeadline(title) {
		score++
	}
	if l.heading {
		score++
	}
	if l.card > 0 {
		score++
	}
	return score >= 2
}

// addressScore is 2 for the address of what is nearly certainly an article, 1
// for what may be one, 0 for what says nothing, and false for what is none.
func addressScore(u *url.URL) (int, bool) {
	segments := strings.FieldsFunc(u.Path, func(c rune) bool { return c == '/' })
	if len(segments) == 0 {
		return queryScore(u.RawQuery), u.RawQuery != ""
	}
	for i, s := range segments {
		s = strings.ToLower(s)
		if notArticles(s) && i < 2 || s == "page" && i+1 < len(segments) && strings.Trim(segments[i+1], "0123456789") == "" {
			return 0, false
		}
	}
	last := strings.ToLower(segments[len(segments)-1])
	name, ext := last, ""
	if i := strings.LastIndexByte(last, '.'); i > 0 {
		name, ext = last[:i], last[i+1:]
	}
	switch ext {
	case "jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "pdf", "zip", "gz", "mp3", "mp4", "m4a", "xml", "rss", "atom", "json", "css", "js",
		"ics", "epub", "doc", "docx", "xls", "xlsx", "txt", "ico", "webmanifest":
		return 0, false
	}
	words := len(strings.FieldsFunc(name, func(c rune) bool { return c == '-' || c == '_' || c == '+' }))
	_, dated := urlDate(u.Path, false)
	digits := longestNumber(u.Path)
	switch {
	case dated && words > 1, words >= 4, digits >= 5:
		return 2, true
	case dated, words == 3, digits >= 3, ext == "html", ext == "htm", ext == "shtml", ext == "php":
		return 1, true
	}
	return queryScore(u.RawQuery), true
}

func queryScore(query string) int {
	if longestNumber(query) >= 3 {
		return 1
	}
	return 0
}

// notArticles reports whether the first parts of a path say that it leads to
// something else.
func notArticles(segment string) bool {
	switch segment {
	case "tag", "tags", "category", "categories", "author", "authors", "autor", "auteur", "user", "users", "profile", "search", "login", "signin", //nolint:misspell // German and French
		"sign-in", "log-in", "register", "account", "subscribe", "subscription", "newsletter", "newsletters", "about", "about-us", "contact", "contact-us",
		"privacy", "privacy-policy", "cookie-policy", "terms", "terms-of-use", "terms-and-conditions", "imprint", "impressum", "datenschutz", "help", "faq",
		"feed", "rss", "wp-admin", "wp-login.php", "cart", "shop", "topic", "topics", "advertise", "careers", "jobs", "sitemap", "accessibility":
		return true
	}
	return false
}

func longestNumber(s string) int {
	best, n := 0, 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			n = 0
			continue
		}
		n++
		best = max(best, n)
	}
	return best
}

// isHeadline reports whether words are long enough for a headline: four words,
// or as many characters in scripts that do not part words.
func isHeadline(s string) bool {
	if len(strings.Fields(s)) >= 4 || len(s) >= 40 {
		return true
	}
	n := 0
	for _, c := range s {
		if unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai) {
			n++
		}
	}
	return n >= 8
}
