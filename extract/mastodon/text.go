package mastodon

import (
	"cmp"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// seen is the HTML of a post as a reader sees it.
type seen struct {
	text  string
	links []post.Link
	// quote is the address in the line that stands for a quoted post where the
	// software does not show quotes. The line is no part of the text.
	quote string
}

// read returns what a reader sees of a post's HTML. Links are written out.
func read(content string) seen {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(content), body)
	if err != nil {
		// Only nesting beyond what the parser allows errs; such a piece has
		// nothing that can be read.
		return seen{}
	}
	w := &writer{}
	for _, n := range nodes {
		w.node(n)
	}
	w.out.text = strings.TrimSpace(w.b.String())
	return w.out
}

// writer writes nodes as text.
type writer struct {
	b   strings.Builder
	out seen
	// breaks are the line breaks that are due before the next word, space is
	// true where a space is.
	breaks int
	space  bool
	// pre is how deep we are in text whose line breaks count.
	pre int
}

// node writes n and what is below it.
func (w *writer) node(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		w.words(n.Data)
		return
	case n.Type != html.ElementNode, extract.HasClass(n, "invisible"):
		return
	case extract.HasClass(n, "quote-inline"):
		for a := range extract.Elements(n, atom.A) {
			w.out.quote = cmp.Or(w.out.quote, extract.Attr(a, "href"))
		}
		return
	}
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Iframe, atom.Svg, atom.Noscript:
	case atom.Br:
		w.breaks++
	case atom.Img:
		w.words(extract.Attr(n, "alt"))
	case atom.A:
		w.link(n)
	case atom.Pre:
		w.pre++
		w.block(n, 2)
		w.pre--
	case atom.P, atom.Blockquote, atom.Ul, atom.Ol, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hr:
		w.block(n, 2)
	case atom.Div, atom.Li, atom.Tr, atom.Section, atom.Article:
		w.block(n, 1)
	default:
		w.below(n)
	}
}

func (w *writer) below(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c)
	}
}

// block writes an element that begins and ends a line, with a blank one around
// it where breaks is 2.
func (w *writer) block(n *html.Node, breaks int) {
	w.breaks = max(w.breaks, breaks)
	w.below(n)
	w.breaks = max(w.breaks, breaks)
}

// words writes text with its white space as browsers show it.
func (w *writer) words(s string) {
	for _, r := range s {
		switch {
		case r == '\n' && w.pre > 0:
			w.breaks++
		case r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f':
			w.space = true
		default:
			w.flush()
			w.b.WriteRune(r)
		}
	}
}

// flush writes the white space that is due.
func (w *writer) flush() {
	switch {
	case w.b.Len() == 0:
	case w.breaks > 0:
		w.b.WriteString(strings.Repeat("\n", min(w.breaks, 3)))
	case w.space:
		w.b.WriteByte(' ')
	}
	w.breaks, w.space = 0, false
}

// link writes a link: mentions and hashtags as they are shown, an address that
// is shown shortened as the whole of it, and the words of other links.
func (w *writer) link(n *html.Node) {
	href := strings.TrimSpace(extract.Attr(n, "href"))
	if extract.HasClass(n, "mention") || extract.HasClass(n, "hashtag") || extract.Attr(n, "rel") == "tag" || web(str(href)) == "" {
		w.below(n)
		return
	}
	shown := shownOf(n)
	w.out.links = append(w.out.links, post.Link{URL: href, Display: shown})
	if isShortened(shown, href) {
		w.words(href)
		return
	}
	w.below(n)
}

// shownOf returns what a reader sees of a link. A part whose end is hidden is
// shown with an ellipsis.
func shownOf(n *html.Node) string {
	w := &writer{}
	w.below(n)
	shown := w.b.String()
	for e := range extract.Elements(n, atom.Span) {
		if extract.HasClass(e, "ellipsis") && shown != "" {
			return shown + "…"
		}
	}
	return shown
}

// isShortened reports whether what is shown of a link is its address, or the
// beginning of it.
func isShortened(shown, href string) bool {
	bare := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	begin, cut := strings.CutSuffix(strings.ReplaceAll(shown, "...", "…"), "…")
	if begin = bare(begin); begin == "" {
		return false
	}
	return bare(href) == begin || cut && strings.HasPrefix(bare(href), begin)
}
