package extract

import (
	"bytes"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The bounds of the tree that a page is parsed into. The parser refuses more
// than 512 nested elements, and repeats open formatting elements in every block,
// so that a small page can have a tree of any size.
const (
	// maxTags is the number of tags from which a page is not parsed as browsers
	// do. Its tree would take some two hundred megabytes.
	maxTags = 1 << 20
	// maxRepeats bounds the elements that the parser would add of itself.
	maxRepeats = 1 << 20
	// maxFlatDepth bounds how deep the tree of a page that is read tag by tag
	// nests its elements; maxFlatWraps how deep it nests those that only wrap
	// others.
	maxFlatDepth = 256
	maxFlatWraps = 160
	// maxCloses bounds how far up an end tag may close elements.
	maxCloses = 64
)

// countTags returns the number of tags in a page, and whether its tree would be
// too large. It counts tags in scripts, too: that does no harm.
func countTags(page []byte) (tags int, tooLarge bool) {
	open, repeats := 0, 0
	for {
		i := bytes.IndexByte(page, '<')
		if i < 0 || i+2 >= len(page) {
			return tags, false
		}
		page = page[i+1:]
		end := page[0] == '/'
		name := page
		if end {
			name = page[1:]
		}
		if c := name[0] | 0x20; c < 'a' || c > 'z' {
			continue
		}
		tags++
		switch {
		case !formattingTag(name):
			if !end {
				repeats += min(open, 512)
			}
		case end:
			open = max(0, open-1)
		default:
			open++
		}
		if tags > maxTags || open > 16 && repeats > maxRepeats {
			return tags, true
		}
	}
}

// formattingTag reports whether s begins with the name of an element that the
// parser opens again in the next block where it was not closed.
func formattingTag(s []byte) bool {
	n := 0
	for n < len(s) && n < 8 && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z') {
		n++
	}
	switch string(s[:n]) {
	case "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
		"A", "B", "BIG", "CODE", "EM", "FONT", "I", "NOBR", "S", "SMALL", "STRIKE", "STRONG", "TT", "U":
		return true
	}
	return false
}

// flatTree reads a page tag by tag into a tree that is no deeper than
// [maxFlatDepth]: what is nested deeper stands beside its parent. A page with
// very many tags loses those that carry nothing.
func flatTree(page []byte) *html.Node {
	doc := &html.Node{Type: html.DocumentNode}
	b := flatBuilder{stack: []*html.Node{doc}, left: map[string]int{}}
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return doc
		case html.TextToken:
			b.text(z.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			b.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			b.end(name)
		case html.CommentToken:
			b.add(&html.Node{Type: html.CommentNode, Data: z.Token().Data})
		}
	}
}

type flatBuilder struct {
	stack []*html.Node
	tags  int
	// left counts the open elements of each name that are not on the stack.
	left map[string]int
}

func (b *flatBuilder) top() *html.Node { return b.stack[len(b.stack)-1] }

func (b *flatBuilder) add(n *html.Node) { b.top().AppendChild(n) }

func (b *flatBuilder) text(s string) {
	if wordBytes(s) > 0 || len(s) > 0 && b.top().LastChild != nil {
		b.add(&html.Node{Type: html.TextNode, Data: s})
	}
}

func (b *flatBuilder) start(t html.Token) {
	b.tags++
	if b.tags > maxTags && len(t.Attr) == 0 {
		b.leave(t.Data, t.DataAtom)
		return
	}
	b.imply(t.DataAtom)
	if len(t.Attr) == 0 && len(b.stack) >= maxFlatWraps && wraps(t.DataAtom) {
		b.leave(t.Data, t.DataAtom)
		return
	}
	n := &html.Node{Type: html.ElementNode, Data: t.Data, DataAtom: t.DataAtom, Attr: t.Attr}
	b.add(n)
	if len(b.stack) >= maxFlatDepth || len(b.stack) >= maxFlatWraps && wraps(t.DataAtom) {
		b.leave(t.Data, t.DataAtom)
	} else if !isVoid(t.DataAtom) {
		b.stack = append(b.stack, n)
	}
}

// leave notes an element that does not get on the stack, so that its end tag
// does not close another.
func (b *flatBuilder) leave(name string, a atom.Atom) {
	if !isVoid(a) && (len(b.left) < 1000 || b.left[name] > 0) {
		b.left[name]++
	}
}

// wraps reports whether an element is one of those that pages nest deeply.
func wraps(a atom.Atom) bool {
	switch a {
	case atom.Div, atom.Span, atom.Section, atom.Font, atom.B, atom.I, atom.Em, atom.Strong, atom.U, atom.Table, atom.Tbody, atom.Tr, atom.Td, atom.Ul, atom.Li, atom.Center:
		return true
	}
	return false
}

// imply closes what a start tag ends without saying so.
func (b *flatBuilder) imply(a atom.Atom) {
	var closes atom.Atom
	switch {
	case a == atom.Li, a == atom.Option, a == atom.Tr, a == atom.Td, a == atom.Th, a == atom.Dt, a == atom.Dd, a == atom.A:
		closes = a
	case isContainer(a):
		closes = atom.P
	default:
		return
	}
	for i := len(b.stack) - 1; i > 0 && i >= len(b.stack)-4; i-- {
		if b.stack[i].DataAtom == closes {
			b.stack = b.stack[:i]
			return
		}
		if isContainer(b.stack[i].DataAtom) && b.stack[i].DataAtom != atom.P {
			return
		}
	}
}

func (b *flatBuilder) end(name []byte) {
	if n := b.left[string(name)]; n > 0 {
		b.left[string(name)] = n - 1
		return
	}
	a := atom.Lookup(name)
	for i := len(b.stack) - 1; i > 0 && i >= len(b.stack)-maxCloses; i-- {
		if b.stack[i].DataAtom == a && (a != 0 || b.stack[i].Data == string(name)) {
			b.stack = b.stack[:i]
			return
		}
	}
}

func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Param, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}
