package instagram

import (
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// EndpointEmbed is the name of the embed page, as it stands in looks.
const EndpointEmbed = "embed-page"

// EmbedParser names the parser of embed pages, with its version.
const EmbedParser = "instagram.embed/1"

// ReadEmbed says what the embed page means for the post id. The page shows a
// post or it tells nothing: it has the same words for posts that were removed,
// that are private, and for visitors that it does not serve.
func ReadEmbed(id string, r extract.Response) extract.Answer {
	return extract.ReadShowing(r, func(doc *html.Node) (extract.Parsed, error) { return parseEmbed(id, doc) })
}

// parseEmbed reads a post from the embed page: one that links the post from its
// picture and names the account. It errors with [extract.ErrShape].
func parseEmbed(id string, doc *html.Node) (extract.Parsed, error) {
	t, ok := Site{}.PostByID(id)
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: %.50q is no id", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.Instagram, ID: id, URL: t.URL}
	if !t.Posted.IsZero() {
		p.Posted, p.PostedFrom = t.Posted, "derived"
	}
	linked := false
	for n := range extract.Elements(doc) {
		switch {
		case extract.HasClass(n, "EmbeddedMedia"):
			linked = linked || leadsTo(n, id)
		case extract.HasClass(n, "EmbeddedMediaImage") && len(p.Media) == 0:
			if address := extract.Attr(n, "src"); strings.HasPrefix(address, "https://") {
				p.Media = []post.Media{{Kind: "photo", URL: address, Alt: extract.Attr(n, "alt")}}
			}
		case extract.HasClass(n, "UsernameText"), extract.HasClass(n, "CaptionUsername"):
			if p.Author.Handle == "" {
				p.Author.Handle = extract.Text(n)
			}
		case extract.HasClass(n, "Caption"):
			p.Text = caption(n)
		}
	}
	if !linked || len(p.Media) == 0 || p.Author.Handle == "" {
		return extract.Parsed{}, fmt.Errorf("%w: an embed page without the post %.50s", extract.ErrShape, id)
	}
	p.Author.Name, p.Author.URL = p.Author.Handle, "https://www.instagram.com/"+p.Author.Handle+"/"
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	return extract.Parsed{Post: p, Notes: []string{"the embed page shows the first picture, or the cover of a video, only"}}, nil
}

// leadsTo reports whether a link leads to the post.
func leadsTo(n *html.Node, id string) bool {
	u, ok := extract.ParseLink(extract.Attr(n, "href"))
	if !ok {
		return false
	}
	t, _ := Site{}.ParseURL(u)
	return t.Ref.ID == id
}

// caption returns the author's words, between the account's name and the
// comments.
func caption(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode:
			b.WriteString(c.Data)
		case c.Type != html.ElementNode, extract.HasClass(c, "CaptionUsername"), extract.HasClass(c, "CaptionComments"):
		case c.Data == "br":
			b.WriteByte('\n')
		default:
			b.WriteString(extract.Text(c))
		}
	}
	return strings.TrimSpace(b.String())
}
