package extract

import (
	"bytes"
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
	f         *Finder
	c         *collector
	addresses *addresses

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
	// lineLinks counts the links to posts in the current line.
	lineLinks int
	// code counts the examples of code that the words stand in; coded is true
	// where the current line has some.
	code  int
	coded bool
	// inLink is true inside of a link.
	inLink bool
	// anchors are all links to posts, by where they stand; spans are where any
	// links stand.
	anchors []anchor
	spans   []span
	// shown counts the posts that were shown, scanned the elements that were
	// searched for a link to one.
	shown, scanned int
	// pending is the element whose attribute is being decoded.
	pending *html.Node
	// passed is true after the article's end.
	passed bool
	// decodable is how many bytes may still be decoded.
	decodable int
	// pieces is how many pieces of markup may still be parsed.
	pieces int
	// fallbacks are the posts that a copy for readers without script links.
	fallbacks []lead
	// nestedWords counts the bytes of text in decoded markup.
	nestedWords int
	// states are the page's data, in order.
	states []state
	// flight is data that comes in pieces, each the argument of a call.
	flight strings.Builder
	facts  facts
}

// anchor is a link to a post in the text.
type anchor struct {
	span
	lead lead
	// number is that of the collector, to take it back.
	number int
}

// surroundings is what holds for all that is below an element.
type surroundings struct {
	// nested is true in markup that came out of an attribute or a script.
	nested bool
	// fallback is true in what only readers without script are shown.
	fallback bool
	// layers counts what was decoded to get here.
	layers int
	// zone is true inside of the article, core inside of what has its words.
	zone, core bool
	// pre is true where line breaks in the source count.
	pre bool
}

// walk goes over doc.
func (w *walker) walk(doc *html.Node) {
	w.text = make([]byte, 0, int(w.survey.blocks[0].text)+int(w.survey.blocks[0].text)/4+64)
	w.line, w.gap, w.decodable, w.pieces = -1, gapBlock, maxPayloads, maxPieces
	w.children(doc, surroundings{zone: w.survey.zone == nil})
	w.breakOff(gapBlock)
}

func (w *walker) children(n *html.Node, s surroundings) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			if s.zone {
				w.words(c.Data, s.pre)
			} else if s.nested {
				w.nestedWords += wordBytes(c.Data)
			}
		case html.CommentNode:
			w.comment(c.Data, s)
		case html.ElementNode:
			w.element(c, s)
		}
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
		w.lineLinks, w.coded = 0, false
	}
}

// words writes text with its white space collapsed.
func (w *walker) words(s string, pre bool) {
	if !pre && plainSpaces(s) {
		w.word(s)
		return
	}
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

// plainSpaces reports whether s has nothing to collapse: it begins and ends with
// a word, and single spaces stand between its words.
func plainSpaces(s string) bool {
	if s == "" || isHTMLSpace(s[0]) || isHTMLSpace(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' && (c != ' ' || s[i+1] <= ' ') {
			return false
		}
	}
	return true
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
	w.coded = w.coded || w.code > 0
	w.gap = gapNone
	w.text = append(w.text, s...)
}

// here returns the place of what comes next.
func (w *walker) here() spot { return spot{at: len(w.text), para: w.para} }

// endLine looks at the line that has just ended: an address of a post alone on
// a line stands for the post, as content systems replace it.
func (w *walker) endLine(start int) {
	line := w.text[start:]
	if w.inLink || w.coded || len(line) == 0 {
		return
	}
	if c := line[0]; (c == '[' || c == '{') && len(line) <= maxMacro {
		if l, ok := w.addresses.shortcode(string(line)); ok {
			e := embedOf(l, FormShortcode)
			e.Fragment = string(line)
			w.dropLine(start)
			w.show(e, nil, surroundings{zone: true})
		}
		return
	}
	if len(line) > maxLinkLength || w.lineLinks > 0 || bytes.IndexByte(line, ' ') >= 0 || bytes.IndexByte(line, '/') < 0 {
		return
	}
	l, ok := w.addresses.post(string(line))
	if !ok {
		return
	}
	e := embedOf(l, FormBareURL)
	e.Fragment = string(line)
	w.dropLine(start)
	w.show(e, nil, surroundings{zone: true})
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
