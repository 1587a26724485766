package twitter

import (
	"cmp"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// archivedText collects the words of a post from the platform's own markup,
// where spaces and line breaks are the author's.
type archivedText struct {
	b     strings.Builder
	links []post.Link
}

// readText returns the words and links of n.
func readText(n *html.Node) (string, []post.Link) {
	t := &archivedText{}
	t.children(n)
	return strings.TrimSpace(strings.ReplaceAll(t.b.String(), "\u00a0", " ")), t.links
}

func (t *archivedText) children(n *html.Node) {
	for c := range n.ChildNodes() {
		t.node(c)
	}
}

func (t *archivedText) node(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		t.b.WriteString(n.Data)
	case n.Type != html.ElementNode:
	case n.DataAtom == atom.Br:
		t.b.WriteByte('\n')
	case n.DataAtom == atom.Img:
		// Emoji were pictures. The post's own pictures stand elsewhere.
		t.b.WriteString(extract.Attr(n, "alt"))
	case n.DataAtom == atom.Script, n.DataAtom == atom.Style:
	case n.DataAtom == atom.A:
		t.anchor(n)
	default:
		t.children(n)
	}
}

// anchor writes a link out, as far as the markup tells where it leads. Links to
// the post's own pictures are left out; accounts and topics are words.
func (t *archivedText) anchor(n *html.Node) {
	label := strings.TrimSpace(rawText(n))
	href := withoutArchive(extract.Attr(n, "href"))
	expanded := extract.FirstAttr(n, "data-expanded-url", "data-ultimate-url", "data-url")
	if strings.HasPrefix(label, "pic.twitter.com/") || strings.HasPrefix(label, "pic.x.com/") {
		return
	}
	short := strings.HasPrefix(href, "https://t.co/") || strings.HasPrefix(href, "http://t.co/")
	if expanded == "" && !short && !extract.HasClass(n, "tweet-url") && !extract.HasClass(n, "twitter-timeline-link") {
		t.children(n)
		return
	}
	if expanded == "" && extract.HasClass(n, "tweet-url") && !strings.HasPrefix(label, "http") {
		t.children(n) // the class of accounts and topics too
		return
	}
	if whole := strings.TrimSuffix(label, "…"); expanded == "" && strings.HasPrefix(whole, "http") {
		expanded = whole // the hidden parts included
	}
	if !short && href == "" {
		href = expanded
	}
	l := post.Link{URL: href, Expanded: withoutArchive(expanded)}
	t.links = append(t.links, l)
	t.b.WriteString(cmp.Or(l.Expanded, l.URL))
}

// rawText returns the text of n as it stands, hidden parts included.
func rawText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
