package extract

import (
	"strings"

	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// frame handles a framed page: an iframe, embed or object. It reports whether
// that shows a post.
func (w *walker) frame(n *html.Node, s surroundings) bool {
	form := FormFrame
	for i := range n.Attr {
		a := &n.Attr[i]
		switch a.Key {
		case "id", "class", "style", "name", "title", "width", "height", "allow", "sandbox", "loading", "frameborder", "scrolling", "onload":
			continue
		case "srcdoc":
			if w.srcdoc(a.Val, n, s) {
				return true
			}
			continue
		}
		if w.framed(a.Val, form, n, s) {
			return true
		}
	}
	if n.DataAtom == atom.Iframe {
		return w.forumFrame(n, s) || w.inFrame(n, s)
	}
	for d := range n.Descendants() {
		if d.Type != html.ElementNode || d.DataAtom != atom.Param && d.DataAtom != atom.Embed {
			continue
		}
		if w.framed(FirstAttr(d, "value", "src"), form, n, s) {
			return true
		}
	}
	return false
}

// srcdoc handles a frame's own document: the embed, or a picture of it that
// links to it.
func (w *walker) srcdoc(doc string, n *html.Node, s surroundings) bool {
	if s.layers >= maxLayers || !w.spend(len(doc)) {
		return false
	}
	s.layers++
	return w.stand(doc, FormFrame, n, s)
}

// framed handles the value of a frame's attribute. Any attribute can hold the
// address until a script moves it to src.
func (w *walker) framed(value, form string, n *html.Node, s surroundings) bool {
	if len(value) < 8 || sniff(value) == sniffNone && value[0] != '/' {
		return false
	}
	x := w.addresses.look(value, false)
	l, ok := x.lead, x.known
	if !ok {
		l, ok = w.addresses.carried(value)
	}
	if !ok {
		l, ok = w.f.inParams(value)
	}
	if ok && (l.isPost() || l.isShort()) {
		w.show(embedOf(l, form), n, s)
		return true
	}
	if k := sniff(value); !ok && (k == sniffMarkup || k == sniffBase64) {
		return w.payload(value, form, s)
	}
	return false
}

// inFrame handles the markup between a frame's tags, which no browser shows:
// articles that are handed over to other services have their embeds there.
func (w *walker) inFrame(n *html.Node, s surroundings) bool {
	if n.FirstChild == nil || s.layers >= maxLayers || sniff(n.FirstChild.Data) != sniffMarkup || !w.spend(len(n.FirstChild.Data)) {
		return false
	}
	s.layers++
	return w.stand(n.FirstChild.Data, FormFrame, n, s)
}

// forumFrame handles the frames of forum software, which names the site in an
// attribute and has the post's id behind the # of a shared page's address.
func (w *walker) forumFrame(n *html.Node, s surroundings) bool {
	site := strings.ToLower(Attr(n, "data-s9e-mediaembed"))
	if site == "" {
		return false
	}
	_, id, ok := strings.Cut(FirstAttr(n, "src", "data-src", "data-s9e-mediaembed-src"), "#")
	if i := strings.IndexAny(id, "#&?;"); i >= 0 {
		id = id[:i]
	}
	l, known := w.f.byID(site, id)
	if !ok || !known {
		return false
	}
	w.show(embedOf(l, FormFrame), n, s)
	return true
}

// sniffed says what the value of an attribute looks like.
type sniffed byte

const (
	sniffNone sniffed = iota
	sniffURL
	sniffMarkup
	sniffJSON
	sniffBase64
)

// sniff tells in one short look whether a value is worth decoding.
func sniff(v string) sniffed {
	i := 0
	for i < len(v) && isHTMLSpace(v[i]) {
		i++
	}
	if i == len(v) {
		return sniffNone
	}
	switch v[i] {
	case '<', '&':
		return sniffMarkup
	case '{', '[':
		return sniffJSON
	}
	head := v[:min(len(v), 512)]
	switch {
	case strings.Contains(head, "//"), strings.Contains(head, "%2F"), strings.Contains(head, "%2f"), strings.Contains(head, `\/`):
		return sniffURL
	case strings.Contains(head, "&lt;"), strings.Contains(head, "%3C"), strings.Contains(head, `\u003`), strings.Contains(head, "<"):
		return sniffMarkup
	case maybeBase64(v[i:]), strings.HasPrefix(v[i:], "data:text/html"):
		return sniffBase64
	case schemeless(v[i:]) && strings.Contains(head, "/"):
		return sniffURL
	}
	return sniffNone
}

// facade handles an element that holds a post in one of its attributes until a
// script, or the reader's consent, puts the post in its place. It reports
// whether it does.
func (w *walker) facade(n *html.Node, s surroundings) bool {
	if len(n.Attr) == 0 || !facadeElement(n) {
		return n.DataAtom == atom.Button && w.playButton(n, s)
	}
	custom := strings.IndexByte(n.Data, '-') > 0 || n.Data == "oembed"
	if HasClass(n, "fb-save") || HasClass(n, "fb-like") || HasClass(n, "fb-send") {
		// Buttons that name the post to do something with.
		return false
	}
	if custom && (strings.Contains(n.Data, "share") || strings.Contains(n.Data, "social-bar")) {
		return false
	}
	form := FormData
	if custom {
		form = FormElement
		if strings.HasPrefix(n.Data, "amp-") {
			form = FormAMP
		}
	}
	if l, ok := w.f.typedElement(n); ok {
		w.show(embedOf(l, form), n, s)
		return true
	}
	for i := range n.Attr {
		a := &n.Attr[i]
		if l, ok := w.f.namedID(a.Key, a.Val); ok && !Decoy(n) {
			w.show(embedOf(l, form), n, s)
			return true
		}
		if len(a.Val) < 10 || !facadeAttr(a.Key, custom) && !(a.Key == "data-href" && namesEmbed(n)) && !keepsMarkup(a) {
			continue
		}
		k := sniff(a.Val)
		if k == sniffNone || n.DataAtom == atom.Img && k == sniffURL && !showsAttr(a.Key) {
			continue
		}
		if k == sniffJSON && len(a.Val) > maxFacadeJSON {
			w.states = append(w.states, state{text: a.Val, at: w.here()})
			continue
		}
		if sharing := wordsOf(n)&wordShare != 0 || strings.Contains(Attr(n, "class"), "share"); sharing {
			return false
		}
		if w.facadeValue(a.Val, form, n, s) {
			return true
		}
	}
	return false
}

// playButton handles a button that names the video that it plays. Those that name
// posts do something else with them.
func (w *walker) playButton(n *html.Node, s surroundings) bool {
	if wordsOf(n)&wordShare != 0 {
		return false
	}
	for i := range n.Attr {
		if l, ok := w.f.namedID(n.Attr[i].Key, n.Attr[i].Val); ok && (l.platform == post.YouTube || l.platform == post.Vimeo || l.platform == post.Dailymotion) {
			w.show(embedOf(l, FormData), n, s)
			return true
		}
	}
	return false
}

// maxFacadeJSON is the size from which JSON in an attribute is the page's data
// rather than one embed's.
const maxFacadeJSON = 8 << 10

func (w *walker) facadeValue(value, form string, n *html.Node, s surroundings) bool {
	if x := w.addresses.look(value, false); x.known {
		if !x.isPost() {
			return false
		}
		w.show(embedOf(x.lead, form), n, s)
		return true
	}
	w.pending = n
	defer func() { w.pending = nil }()
	return w.payload(value, form, s)
}

// facadeElement reports whether an element can hold a post's place.
func facadeElement(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A, atom.Link, atom.Body, atom.Html, atom.Form, atom.Input, atom.Button, atom.Select, atom.Option, atom.Source, atom.Picture, atom.Textarea, atom.Track:
		return false
	}
	return true
}

// facadeAttr reports whether an attribute can tell what an element shows.
func facadeAttr(key string, custom bool) bool {
	if !custom && !strings.HasPrefix(key, "data-") && key != "cite" && key != "src" && key != "x-data" && key != "content" && key[0] != ':' {
		return false
	}
	for _, w := range []string{"share", "click", "link", "href", "srcset", "image", "img", "thumb", "poster", "background", "bg", "style", "avatar", "icon",
		"logo", "permalink", "canonical", "page", "track", "analytics", "ga-", "gtm", "layer", "author", "via", "referrer", "action"} {
		if strings.Contains(key, w) && !showsAttr(key) {
			return false
		}
	}
	return true
}

// keepsMarkup reports whether an attribute holds an embed's markup, whatever it
// is called.
func keepsMarkup(a *html.Attribute) bool {
	if !strings.HasPrefix(a.Key, "data-") || strings.Contains(a.Key, "share") || sniff(a.Val) != sniffMarkup {
		return false
	}
	return strings.Contains(a.Val, "iframe") || strings.Contains(a.Val, "blockquote")
}

// namedID returns the post whose id an attribute holds that is called after its
// platform, with whatever the publisher puts before: data-nc-tweet-id.
func (f *Finder) namedID(key, value string) (lead, bool) {
	rest, ok := strings.CutPrefix(key, "data-")
	if !ok || len(value) < 5 || len(value) > 40 {
		return lead{}, false
	}
	rest, ok = strings.CutSuffix(rest, "id")
	if !ok {
		return lead{}, false
	}
	rest = strings.TrimSuffix(rest, "-")
	name := rest[strings.LastIndexByte(rest, '-')+1:]
	switch name {
	case "tweet", "youtube", "tiktok", "dailymotion", "vimeo":
		return f.byID(name, strings.TrimSpace(value))
	}
	return lead{}, false
}

// typedElement returns the post of a component whose name tells the platform and
// whose id is the post's: <tweet id="20">, <tweet-embed :id="'20'">.
func (f *Finder) typedElement(n *html.Node) (lead, bool) {
	if n.DataAtom != 0 {
		return lead{}, false
	}
	id := strings.Trim(FirstAttr(n, "id", ":id"), `'"`+"` ")
	if len(id) < 5 || len(id) > 40 {
		return lead{}, false
	}
	t := typed{ids: []typedID{{text: id, plain: true}}}
	t.kind(f, n.Data)
	return t.post(f)
}

// showsAttr reports whether the name of an attribute says that its value is
// shown.
func showsAttr(key string) bool {
	for _, w := range []string{"embed", "iframe", "video", "tweet", "post-url", "oembed", "html", "lazy-src", "consent"} {
		if strings.Contains(key, w) {
			return true
		}
	}
	return false
}
