package extract

import (
	"bytes"
	"errors"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// gap is what separates the next words from those before.
type gap byte

const (
	gapNone gap = iota
	gapSpace
	gapLine
	gapBlock
)

// walker goes over a tree once, in document order. It writes down the article's
// text as readers see it, without the posts that are embedded in it, and
// remembers where in that text everything stands.
type walker struct {
	f    *Finder
	c    *collector
	base *url.URL
	// home is the registered domain of the page.
	home string

	survey *survey
	text   []byte
	// para is the number of the paragraph that was begun last. Every block that
	// shows words or a post counts.
	para int
	// paras holds where the paragraphs begin.
	paras []spot
	gap   gap
	// line is where the current line begins, -1 before its first word.
	line int
	// lineLinks are the links to posts in the current line.
	lineLinks []lineLink
	// inLink is true inside of a link.
	inLink bool
	// anchors are all links to posts, by where they stand.
	anchors []anchor
}

// anchor is a link to a post in the text.
type anchor struct {
	span
	lead lead
}

// lineLink is a link to a post in the current line.
type lineLink struct {
	anchor
	// number is that of the collector, to take it back.
	number int
}

// surroundings is what holds for all that is below an element.
type surroundings struct {
	// embeds is true inside an element that calls itself an embed.
	embeds bool
	// zone is true inside of the article.
	zone bool
	// pre is true where line breaks in the source count.
	pre bool
}

// walk goes over doc.
func (w *walker) walk(doc *html.Node) {
	w.line, w.gap = -1, gapBlock
	w.children(doc, surroundings{zone: w.survey.zone == nil})
	w.breakOff(gapBlock)
}

func (w *walker) children(n *html.Node, s surroundings) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			if s.zone {
				w.words(c.Data, s.pre)
			}
		case html.ElementNode:
			w.element(c, s)
		}
	}
}

// element handles an element and what is below it.
func (w *walker) element(n *html.Node, s surroundings) {
	if w.survey.excludes(n, s.zone) {
		w.breakOff(gapSpace)
		return
	}
	s.zone = s.zone || n == w.survey.zone
	if m, ok := w.f.marks.read(n); ok && w.reading(n, m) {
		return
	}
	switch n.DataAtom {
	case atom.Head, atom.Style, atom.Script, atom.Template, atom.Noscript, atom.Svg, atom.Math, atom.Select, atom.Button, atom.Textarea, atom.Title:
		return
	case atom.Br:
		w.breakOff(gapLine)
		return
	case atom.Iframe, atom.Embed, atom.Object:
		w.frame(n)
		return
	case atom.A:
		w.anchor(n, s)
		return
	case atom.Img:
		if alt := Attr(n, "alt"); isEmojiImage(n, alt) {
			w.words(alt, false)
		}
		return
	}
	s.embeds = s.embeds || embedWord(n)
	s.pre = s.pre || n.DataAtom == atom.Pre
	block := isContainer(n.DataAtom)
	if block {
		w.breakOff(gapBlock)
	}
	w.children(n, s)
	if block {
		w.breakOff(gapBlock)
	}
}

// isContainer reports whether an element is no part of a line. It completes
// isBlock, which speaks of what is inside of a post.
func isContainer(a atom.Atom) bool {
	if isBlock(a) {
		return true
	}
	switch a {
	case atom.Body, atom.Main, atom.Nav, atom.Aside, atom.Address, atom.Dl, atom.Dt, atom.Dd, atom.Form, atom.Fieldset, atom.Hr,
		atom.Pre, atom.Td, atom.Th, atom.Tbody, atom.Thead, atom.Tfoot, atom.Caption, atom.Details, atom.Summary, atom.Video, atom.Audio,
		atom.Center, atom.Picture:
		return true
	}
	return false
}

// breakOff ends the current line where g is at least that.
func (w *walker) breakOff(g gap) {
	w.gap = max(w.gap, g)
	if g >= gapLine && w.line >= 0 {
		start := w.line
		w.line = -1
		w.endLine(start)
		w.lineLinks = w.lineLinks[:0]
	}
}

// words writes text with its white space collapsed.
func (w *walker) words(s string, pre bool) {
	for i := 0; i < len(s); {
		n := 0
		for i+n < len(s) && isHTMLSpace(s[i+n]) {
			n++
		}
		if n > 0 {
			if pre && strings.IndexByte(s[i:i+n], '\n') >= 0 {
				w.breakOff(gapLine)
			} else {
				w.breakOff(gapSpace)
			}
			i += n
			continue
		}
		for i+n < len(s) && !isHTMLSpace(s[i+n]) {
			n++
		}
		w.word(s[i : i+n])
		i += n
	}
}

func isHTMLSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'
}

func (w *walker) word(s string) {
	switch {
	case len(w.text) == 0:
	case w.gap == gapSpace:
		w.text = append(w.text, ' ')
	case w.gap == gapLine:
		w.text = append(w.text, '\n')
	case w.gap == gapBlock:
		w.text = append(w.text, '\n', '\n')
	}
	if w.gap == gapBlock {
		w.para++
		w.paras = append(w.paras, spot{at: len(w.text), para: w.para})
	}
	if w.line < 0 {
		w.line = len(w.text)
	}
	w.gap = gapNone
	w.text = append(w.text, s...)
}

// here returns the place of what comes next.
func (w *walker) here() spot { return spot{at: len(w.text), para: w.para} }

// endLine looks at the line that has just ended: an address of a post alone on
// a line stands for the post, as content systems replace it.
func (w *walker) endLine(start int) {
	line := w.text[start:]
	if w.inLink || len(line) > maxLinkLength || len(w.lineLinks) > 0 || bytes.IndexByte(line, ' ') >= 0 || bytes.IndexByte(line, '/') < 0 || !isAddress(string(line)) {
		return
	}
	l, ok := w.f.resolve(string(line), nil)
	if !ok || !l.isPost() && !l.isShort() {
		return
	}
	e := embedOf(l, FormBareURL)
	e.Fragment = string(line)
	w.dropLine(start)
	w.show(e, nil)
}

// dropLine takes the line that begins at start out of the text, and its
// paragraph where it has no other line.
func (w *walker) dropLine(start int) {
	if n := len(w.paras); n > 0 && w.paras[n-1].at == start {
		w.paras = w.paras[:n-1]
		w.para--
	}
	w.text = bytes.TrimRight(w.text[:start], "\n")
}

// reading reports the post that a platform's markup shows.
func (w *walker) reading(n *html.Node, m matched) bool {
	t := m.reading.Target
	if t.Kind == TargetIntent || t.Kind == TargetProfile || t.Kind == TargetOther {
		return false
	}
	e := embedOf(lead{target: t, platform: m.platform}, m.form)
	if t.Ref.Platform != "" {
		e.Platform = t.Ref.Platform
	}
	e.Quoted = m.reading.Quoted
	w.show(e, n)
	return true
}

// embedOf returns the embed of what an address leads to.
func embedOf(l lead, form string) Embed {
	e := Embed{Platform: l.platform, Markup: form, URL: l.target.URL, Part: l.target.Part, Posted: l.target.Posted, Archived: l.archived}
	if l.target.Ref.Valid() {
		e.Platform, e.ID = l.target.Ref.Platform, l.target.Ref.ID
	}
	return e
}

// show reports a post that is displayed here. It is a paragraph of its own.
func (w *walker) show(e Embed, n *html.Node) {
	w.breakOff(gapBlock)
	at := w.here()
	if w.c.repeats(&e, at.at) {
		at.para = 0
		w.c.embed(e, at)
		return
	}
	w.para++
	at.para = w.para
	e.Before = before(string(w.text[max(0, len(w.text)-2*maxBefore):]))
	if n != nil {
		e.Fragment = fragmentOf(n)
	}
	w.c.embed(e, at)
}

// frame handles a framed page.
func (w *walker) frame(n *html.Node) {
	for _, a := range n.Attr {
		if l, ok := w.f.resolve(a.Val, nil); ok && l.isPost() {
			w.show(embedOf(l, FormFrame), n)
			return
		}
	}
}

// anchor handles a link and what is in it.
func (w *walker) anchor(n *html.Node, s surroundings) {
	start := len(w.text)
	w.inLink = true
	w.children(n, s)
	w.inLink = false
	if !s.zone {
		return
	}
	href := Attr(n, "href")
	u, ok := w.f.pageURL(href, w.base)
	if !ok {
		return
	}
	at := spot{at: start, para: w.para}
	label := collapse(string(w.text[start:]))
	l, known := w.f.resolveURL(u)
	switch {
	case known && l.isPost():
		a := anchor{span: span{start, len(w.text)}, lead: l}
		number := w.c.postLink(postLinkOf(l, label), at)
		w.anchors = append(w.anchors, a)
		w.lineLinks = append(w.lineLinks, lineLink{anchor: a, number: number})
	case known && l.target.Kind == TargetIntent:
	case registered(u.Hostname()) != w.home:
		w.c.link(Link{URL: u.String(), Anchor: label}, at)
	}
}

// embedWord reports whether an element calls itself an embed.
func embedWord(n *html.Node) bool {
	return strings.Contains(Attr(n, "class"), "embed")
}

// finish looks for posts that were flattened into the text.
func (w *walker) finish() {
	text := string(w.text)
	var spans []span
	for _, f := range FindFlattened(text) {
		spans = append(spans, span{f.Start, f.End})
		e := Embed{Platform: f.Platform, Markup: FormFlattened, Quoted: f.Quoted, Before: before(text[:f.Start]), Fragment: cut(text[f.Start:f.End], maxFragment)}
		if l, ok := w.signedLink(f); ok {
			e.Platform, e.ID, e.URL, e.Posted = l.target.Ref.Platform, l.target.Ref.ID, l.target.URL, l.target.Posted
		}
		w.c.embed(e, spot{at: f.Start, para: paragraphAt(w.paras, f.Start)})
	}
	w.c.takeBack(spans)
}

// signedLink returns the address of a flattened post: what its date links to.
func (w *walker) signedLink(f Flattened) (lead, bool) {
	if l, ok := w.f.resolve(f.URL, nil); ok && l.isPost() {
		return l, true
	}
	for i := len(w.anchors) - 1; i >= 0; i-- {
		if a := &w.anchors[i]; a.start >= f.Start && a.start < f.End && a.end > f.End-3 {
			return a.lead, true
		}
	}
	return lead{}, false
}

// paragraphAt returns the number of the paragraph that holds the offset.
func paragraphAt(paras []spot, at int) int {
	lo, hi := 0, len(paras)
	for lo < hi {
		mid := (lo + hi) / 2
		if paras[mid].at <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0
	}
	return paras[lo-1].para
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// fragmentOf returns the markup of n, cut to [maxFragment] bytes.
func fragmentOf(n *html.Node) string {
	lw := limitedWriter{left: maxFragment}
	// The only error there can be is that the limit was reached.
	_ = html.Render(&lw, n)
	return strings.ToValidUTF8(lw.b.String(), "")
}

// limitedWriter keeps the first bytes that are written to it.
type limitedWriter struct {
	b    strings.Builder
	left int
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > l.left {
		l.b.Write(p[:l.left])
		l.left = 0
		return 0, errFragmentFull
	}
	l.left -= len(p)
	l.b.Write(p)
	return len(p), nil
}

var errFragmentFull = errors.New("the fragment is as long as it may be")
