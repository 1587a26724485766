package extract

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The forms that platforms' [Markup] carries.
const (
	// FormBlockquote is the platform's own snippet before its script ran.
	FormBlockquote = "blockquote"
	// FormRendered is what the platform's script made of it.
	FormRendered = "rendered"
	// FormAMP is an AMP component.
	FormAMP = "amp"
	// FormElement is a custom element.
	FormElement = "custom-element"
	// FormScript is a script that writes the embed in its own place.
	FormScript = "script"
	// FormData is an element with the id in a data attribute, which a script
	// of the publisher replaces.
	FormData = "data-attribute"
	// FormStatic is a copy of a post in plain HTML, made by the publisher's
	// system.
	FormStatic = "static"
)

// Attr returns the value of n's attribute, or the empty string.
func Attr(n *html.Node, key string) string {
	v, _ := LookupAttr(n, key)
	return v
}

// LookupAttr returns the value of n's attribute and whether it has it.
func LookupAttr(n *html.Node, key string) (string, bool) {
	for i := range n.Attr {
		if n.Attr[i].Key == key && n.Attr[i].Namespace == "" {
			return n.Attr[i].Val, true
		}
	}
	return "", false
}

// FirstAttr returns the first value among the attributes that is not empty.
func FirstAttr(n *html.Node, keys ...string) string {
	for _, k := range keys {
		if v := strings.TrimSpace(Attr(n, k)); v != "" {
			return v
		}
	}
	return ""
}

// HasClass reports whether one token of n's class attribute is class.
func HasClass(n *html.Node, class string) bool {
	for t := range strings.FieldsSeq(Attr(n, "class")) {
		if t == class {
			return true
		}
	}
	return false
}

// Speaks reports whether n names a provider by one of its words: as a token,
// or a part of one between dashes and underscores, of its own name, class, id,
// or of a data attribute that tells a type.
func Speaks(n *html.Node, words ...string) bool {
	return strings.IndexByte(n.Data, '-') > 0 && hasWord(n.Data, words, minPrefix) || speaks(n, words, minPrefix)
}

// speaks is [Speaks] for what n's attributes say. Words from a length on are
// known where more is joined to them, too.
func speaks(n *html.Node, words []string, joined int) bool {
	for _, key := range []string{"class", "id", "data-type", "data-embed-type", "data-provider", "data-provider-name",
		"data-embed-provider", "data-service", "data-source", "data-platform", "data-video-provider", "data-plyr-provider",
		"data-component", "data-component-name", "data-network", "data-media-type", "data-video-type", "type", "provider"} {
		if v, ok := LookupAttr(n, key); ok && hasWord(v, words, joined) {
			return true
		}
	}
	return false
}

// hasWord reports whether one of the words is a part of v, whatever the case, or
// begins one where it has a length of joined or more.
func hasWord(v string, words []string, joined int) bool {
	parts := strings.FieldsFunc(v, func(r rune) bool {
		return r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' && r < utf8.RuneSelf
	})
	for _, p := range parts {
		for _, w := range words {
			if strings.EqualFold(p, w) || len(w) >= joined && len(p) > len(w) && strings.EqualFold(p[:len(w)], w) {
				return true
			}
		}
	}
	return false
}

// minPrefix is the length from which a platform's name is known where more is
// joined to it: YouTubeVideoPlayer.
const minPrefix = 6

// Elements yields the elements below n with one of the names, in document
// order; without names all of them.
func Elements(n *html.Node, names ...atom.Atom) func(yield func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for d := range n.Descendants() {
			if d.Type == html.ElementNode && wanted(d.DataAtom, names) && !yield(d) {
				return
			}
		}
	}
}

func wanted(a atom.Atom, names []atom.Atom) bool {
	for _, w := range names {
		if a == w {
			return true
		}
	}
	return len(names) == 0
}

// Text returns what a reader sees of n: white space is collapsed, a line break
// or the edge of a block is a newline, emoji that a publisher turned into
// pictures are characters again, script and style are left out.
func Text(n *html.Node) string { return TextUntil(n, nil) }

// TextUntil is [Text] of what comes before the node end, which is below n. A
// nil end means all of n.
func TextUntil(n, end *html.Node) string {
	w := textWriter{end: end}
	w.node(n)
	return strings.Trim(w.b.String(), " \n")
}

// textWriter collects the text of a tree. It does not recurse deeper than the
// parser nests elements.
type textWriter struct {
	b    strings.Builder
	end  *html.Node
	gap  bool
	done bool
}

func (w *textWriter) node(n *html.Node) {
	if w.done || n == w.end {
		w.done = true
		return
	}
	switch n.Type {
	case html.TextNode:
		w.text(n.Data)
		return
	case html.ElementNode:
		if !w.open(n) {
			return
		}
	}
	for c := n.FirstChild; c != nil && !w.done; c = c.NextSibling {
		w.node(c)
	}
	if n.Type == html.ElementNode && !w.done && isBlock(n.DataAtom) {
		w.newline()
	}
}

// open writes what an element contributes itself, and reports whether its
// content is to be read.
func (w *textWriter) open(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Svg:
		return false
	case atom.Br:
		w.newline()
		return false
	case atom.Img:
		if alt := Attr(n, "alt"); isEmojiImage(n, alt) {
			w.text(alt)
		}
		return false
	}
	if isBlock(n.DataAtom) && w.b.Len() > 0 && !strings.HasSuffix(w.b.String(), "\n") {
		w.newline()
	}
	return true
}

func (w *textWriter) text(s string) {
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' {
			w.gap = true
			continue
		}
		if w.gap && w.b.Len() > 0 && !strings.HasSuffix(w.b.String(), "\n") {
			w.b.WriteByte(' ')
		}
		w.gap = false
		w.b.WriteRune(r)
	}
}

func (w *textWriter) newline() {
	w.gap = false
	if w.b.Len() > 0 {
		w.b.WriteByte('\n')
	}
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Blockquote, atom.Header, atom.Footer, atom.Li, atom.Ul,
		atom.Ol, atom.Figure, atom.Figcaption, atom.Cite, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Tr:
		return true
	}
	return false
}

// isEmojiImage reports whether a picture stands for the characters in alt.
func isEmojiImage(n *html.Node, alt string) bool {
	if alt == "" || len(alt) > 32 {
		return false
	}
	if HasClass(n, "emoji") || HasClass(n, "Emoji") || HasClass(n, "wp-smiley") {
		return true
	}
	r, _ := utf8.DecodeRuneInString(alt)
	return r >= 0x2190 && (r < 0x2e80 || r >= 0x1f000)
}
