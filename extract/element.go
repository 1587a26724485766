package extract

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// element handles an element and what is below it.
func (w *walker) element(n *html.Node, s surroundings) {
	if !s.nested && w.survey.excludes(n, s.zone, s.core) {
		w.breakOff(gapSpace)
		return
	}
	if n == w.survey.zone {
		s.zone = true
		defer func() { w.passed = true }()
	}
	s.core = s.core || n == w.survey.core
	body := w.survey.holds[n] > maxEmbedWords
	if m, ok := w.f.marks.read(n); ok && !body && w.reading(n, m, s) {
		return
	}
	if w.special(n, s) {
		return
	}
	if !body && w.facade(n, s) {
		return
	}
	switch n.DataAtom {
	case atom.Img:
		if alt := Attr(n, "alt"); s.zone && isEmojiImage(n, alt) {
			w.words(alt, false)
		}
		return
	case atom.Button:
		return
	}
	w.container(n, s)
}

// special handles the elements that do not just hold others. It reports whether
// that is all there is to do.
func (w *walker) special(n *html.Node, s surroundings) bool {
	switch n.DataAtom {
	case atom.Style, atom.Svg, atom.Math, atom.Select, atom.Title, atom.Link:
	case atom.Textarea:
		w.textarea(n, s)
	case atom.Script:
		w.script(n, s)
	case atom.Noscript:
		w.noscript(n, s)
	case atom.Template:
		w.templateElement(n, s)
	case atom.Br:
		w.breakOff(gapLine)
	case atom.Iframe, atom.Embed:
		w.frame(n, s)
	case atom.Object:
		return w.frame(n, s)
	case atom.A:
		w.anchor(n, s)
	case atom.Meta:
		return Attr(n, "itemprop") != "embedUrl"
	default:
		return false
	}
	return true
}

// maxEmbedWords is how many bytes of text an embed can have that the page's main
// text stands in. An element with more is the article, whatever its name.
const maxEmbedWords = 2500

// textarea handles a text area: some pages keep an embed's markup in one until
// the reader consents. One that is only to be read offers its content to copy.
func (w *walker) textarea(n *html.Node, s surroundings) {
	if _, offered := LookupAttr(n, "readonly"); offered {
		return
	}
	if n.FirstChild != nil && s.zone && sniff(n.FirstChild.Data) == sniffMarkup {
		w.payload(n.FirstChild.Data, FormTemplate, s)
	}
}

// container goes on with what is in n.
func (w *walker) container(n *html.Node, s surroundings) {
	s.pre = s.pre || n.DataAtom == atom.Pre
	switch n.DataAtom {
	case atom.Code, atom.Samp, atom.Kbd:
		w.code++
		defer func() { w.code-- }()
		fallthrough
	case atom.Pre:
		// An address in an example of code is no link.
		start := len(w.text)
		defer func() { w.take(start) }()
	}
	block := isContainer(n.DataAtom)
	if block {
		w.breakOff(gapBlock)
	}
	shown, scanned := w.shown, w.scanned
	start := len(w.text)
	w.children(n, s)
	if block {
		w.breakOff(gapBlock)
	}
	if w.shown == shown && w.scanned == scanned && (n.DataAtom == atom.Blockquote || namesEmbed(n) || namesTweet(n)) {
		w.scanned++
		w.linked(n, start, s)
	}
}

// namesEmbed reports whether an element calls itself an embed.
func namesEmbed(n *html.Node) bool {
	for i := range n.Attr {
		if a := &n.Attr[i]; (a.Key == "class" || a.Key == "id") && (strings.Contains(a.Val, "mbed") || strings.Contains(a.Val, "iframely")) && wordsIn(a.Val)&wordEmbed != 0 {
			return true
		}
	}
	return false
}

// namesTweet reports whether an element calls itself a tweet, as the fields do
// in which content systems keep a tweet's address.
func namesTweet(n *html.Node) bool {
	class := Attr(n, "class")
	if !strings.Contains(class, "tweet") || wordsIn(class)&wordShare != 0 {
		return false
	}
	found := false
	for token := range strings.FieldsSeq(class) {
		eachWord(token, func(word string) { found = found || word == "tweet" })
	}
	return found
}

// The bounds of what an element that only links a post may hold for the post to
// be what it shows.
const (
	// maxLinkedWords bounds the words in something that calls itself an embed.
	maxLinkedWords = 400
	// maxBesideLink bounds the words beside the link in a quotation.
	maxBesideLink = 40
)

// linked handles an element in which no post was found but which calls itself
// an embed or a tweet, or is a quotation: when all it has is the link to one post, a
// script, or the platform, shows the post there.
func (w *walker) linked(n *html.Node, start int, s surroundings) {
	var only lead
	words, beside, named := 0, 0, namesEmbed(n)
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode:
			words += wordBytes(d.Data)
		case d.Type != html.ElementNode:
		case d.DataAtom == atom.Iframe, d.DataAtom == atom.Video, d.DataAtom == atom.Audio, d.DataAtom == atom.Object, d.DataAtom == atom.H2, d.DataAtom == atom.H3:
			return
		case d.DataAtom == atom.A:
			l := w.addresses.look(Attr(d, "href"), true)
			if !l.known || !l.isPost() {
				continue
			}
			if only.platform != "" && only.target.Ref != l.target.Ref {
				return
			}
			only = l.lead
			label := Text(d)
			beside -= wordBytes(label)
			if !named && !bareLabel(label) {
				return
			}
		}
	}
	if beside += words; only.platform == "" || words > maxLinkedWords || !named && beside > maxBesideLink {
		return
	}
	w.unlink(start)
	w.show(embedOf(only, FormLinked), n, s)
}

// bareLabel reports whether the words of a link tell no more than the platform's
// own snippet does: nothing, the address, the date.
func bareLabel(label string) bool {
	if label == "" || isAddress(label) {
		return true
	}
	_, ok := ParseDate(label)
	return ok
}

// unlink takes back the links to posts and the words since start: they belong
// to an embed.
func (w *walker) unlink(start int) {
	for i := len(w.anchors) - 1; i >= 0 && w.anchors[i].start >= start; i-- {
		w.c.unlink(w.anchors[i].number)
		w.anchors = w.anchors[:i]
	}
	for i := len(w.spans) - 1; i >= 0 && w.spans[i].start >= start; i-- {
		w.spans = w.spans[:i]
	}
	for n := len(w.paras); n > 0 && w.paras[n-1].at >= start; n-- {
		w.paras = w.paras[:n-1]
		w.para--
	}
	w.text = bytes.TrimRight(w.text[:min(start, len(w.text))], "\n ")
	w.gap, w.line = gapBlock, -1
}

// anchor handles a link and what is in it.
func (w *walker) anchor(n *html.Node, s surroundings) {
	l := w.linkTarget(n)
	if l.known && (l.isPost() || l.isShort()) && embedAnchor(n) {
		w.show(embedOf(l.lead, FormCard), n, s)
		return
	}
	start := len(w.text)
	outer := w.inLink
	w.inLink = true
	w.children(n, s)
	w.inLink = outer
	start = min(start, len(w.text))
	if s.fallback && l.known && l.isPost() {
		w.fallbacks = append(w.fallbacks, l.lead)
	}
	if !s.zone || !l.web {
		return
	}
	for start < len(w.text) && isHTMLSpace(w.text[start]) {
		start++
	}
	at := spot{at: start, para: w.para}
	label := w.label(start)
	if label == "" {
		label = clip(collapse(imageLabel(n)), maxAnchorBytes)
	}
	w.take(start)
	switch {
	case l.known && l.isPost():
		a := anchor{span: span{start, len(w.text)}, lead: l.lead}
		a.number = w.c.postLink(postLinkOf(l.lead, label), at)
		if len(w.anchors) < maxFindings {
			w.anchors = append(w.anchors, a)
		}
		w.lineLinks++
	case l.known && l.target.Kind == TargetIntent:
	case l.outward:
		w.c.link(Link{URL: l.full, Anchor: label}, at)
	}
}

// take notes that the addresses in the text since start are not printed ones.
func (w *walker) take(start int) {
	if len(w.spans) < maxAddresses && start < len(w.text) {
		w.spans = append(w.spans, span{start, len(w.text)})
	}
}

// label returns the words since start, on one line. Their white space has been
// collapsed, but for line breaks.
func (w *walker) label(start int) string {
	text := w.text[start:]
	if len(text) > 2*maxAnchorBytes {
		text = text[:2*maxAnchorBytes]
	}
	if bytes.IndexByte(text, '\n') >= 0 {
		return clip(collapse(string(text)), maxAnchorBytes)
	}
	return clip(string(text), maxAnchorBytes)
}

// maxAnchorBytes bounds the words of a link. Some pages make whole paragraphs
// one.
const maxAnchorBytes = 500

// linkTarget returns where a link leads. Where its own address only counts the
// click, the original may stand in another attribute.
func (w *walker) linkTarget(n *html.Node) address {
	href := Attr(n, "href")
	if href == "" || href[0] == '#' {
		return address{}
	}
	l := w.addresses.look(href, true)
	if !l.web || l.known && l.isPost() {
		return l
	}
	for i := range n.Attr {
		if k := n.Attr[i].Key; strings.HasPrefix(k, "data-") && (strings.HasSuffix(k, "href") || strings.HasSuffix(k, "url")) && !strings.Contains(k, "share") {
			if o := w.addresses.look(n.Attr[i].Val, false); o.known && o.isPost() {
				return o
			}
		}
	}
	return l
}

// embedAnchor reports whether a link stands where a script will put what it
// leads to.
func embedAnchor(n *html.Node) bool {
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "data-iframely-url", "data-embed", "data-oembed", "data-oembed-url", "data-embed-url":
			return true
		case "class":
			if strings.Contains(a.Val, "mbed") && wordsIn(a.Val)&wordEmbed != 0 {
				return true
			}
		}
	}
	return false
}

// imageLabel returns the description of the first picture in a link.
func imageLabel(n *html.Node) string {
	for img := range Elements(n, atom.Img) {
		return Attr(img, "alt")
	}
	return ""
}

// templateElement handles a template element, the content of which is not
// shown until a script copies it.
func (w *walker) templateElement(n *html.Node, s surroundings) {
	if !s.zone && w.passed {
		return
	}
	size := 0
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode && d.Parent.DataAtom != atom.Script && d.Parent.DataAtom != atom.Style:
			size += wordBytes(d.Data)
		case d.DataAtom == atom.H1, d.DataAtom == atom.Article, d.DataAtom == atom.Header:
			return
		}
		if size > maxTemplateWords {
			return
		}
	}
	s.nested, s.zone = true, false
	w.children(n, s)
}
