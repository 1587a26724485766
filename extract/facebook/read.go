package facebook

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// EndpointEmbed is the name of the embed page, as it stands in looks.
const EndpointEmbed = "embed-page"

// EmbedParser names its parser, with its version.
const EmbedParser = "facebook.embed/1"

// ReadEmbed says what the embed page means for the post id. The page shows a
// post or it tells nothing: it has the same words for posts that were removed,
// that are private, and for visitors that it does not serve.
func ReadEmbed(id string, r extract.Response) extract.Answer {
	return extract.ReadShowing(r, func(doc *html.Node) (extract.Parsed, error) { return parseEmbed(id, doc) })
}

// embedded is a post while it is read.
type embedded struct {
	id      string
	post    post.Post
	address string
	// said is true where the page has the post's words, which can be none.
	said bool
}

// parseEmbed reads a post from the embed page: one that links the post from its
// time and names its account. It errors with [extract.ErrShape].
func parseEmbed(id string, doc *html.Node) (extract.Parsed, error) {
	e := &embedded{id: id, post: post.Post{Platform: post.Facebook, ID: id}}
	for n := range extract.Elements(doc) {
		e.read(n)
	}
	p := &e.post
	if e.address == "" || p.Author.Name == "" || p.Posted.IsZero() || !e.said && len(p.Media) == 0 {
		return extract.Parsed{}, fmt.Errorf("%w: an embed page without the post %.50s", extract.ErrShape, id)
	}
	p.URL, p.PostedFrom = e.address, "stated"
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	return extract.Parsed{Post: *p, Notes: []string{"the embed page can show long posts cut, and fewer pictures than there are"}}, nil
}

// read reads one element.
func (e *embedded) read(n *html.Node) {
	p := &e.post
	switch {
	case n.DataAtom == atom.Abbr && p.Posted.IsZero():
		if seconds, err := strconv.ParseInt(extract.Attr(n, "data-utime"), 10, 64); err == nil && seconds > 1e9 && seconds < 1<<34 {
			p.Posted = time.Unix(seconds, 0).UTC()
		}
	case n.DataAtom == atom.A:
		e.anchor(n)
	case !e.said && (extract.HasClass(n, "userContent") || extract.Attr(n, "data-testid") == "post_message"):
		p.Text, e.said = extract.Text(n), true
		p.Incomplete = strings.HasSuffix(p.Text, "…") || strings.HasSuffix(p.Text, "See more")
	case n.DataAtom == atom.Img && large(n):
		if address := extract.Attr(n, "src"); strings.HasPrefix(address, "https://") {
			p.Media = append(p.Media, post.Media{Kind: "photo", URL: address, Alt: extract.Attr(n, "alt")})
		}
	}
}

// anchor reads a link: to the account, or to the post.
func (e *embedded) anchor(n *html.Node) {
	u, ok := extract.ParseLink(absolute(extract.Attr(n, "href")))
	if !ok {
		return
	}
	t, _ := Site{}.ParseURL(u)
	switch {
	case t.Ref.ID == e.id && e.address == "":
		e.address = t.URL
	case t.Kind == extract.TargetProfile && e.post.Author.Name == "" && extract.Text(n) != "":
		e.post.Author = post.Author{Name: extract.Text(n), Handle: t.Handle, URL: t.URL}
	}
}

// absolute returns an address of the platform as a whole.
func absolute(href string) string {
	if strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//") {
		return strings.TrimSuffix(base, "/") + href
	}
	return href
}

// large reports whether a picture is one of the post and no icon or face.
func large(n *html.Node) bool {
	width, err := strconv.Atoi(extract.Attr(n, "width"))
	return err == nil && width >= 130
}

// EmbedURL returns the address of the embed page for a post's address.
func EmbedURL(t extract.Target) string {
	kind := "post"
	if strings.Contains(t.URL, "/videos/") || strings.Contains(t.URL, "/watch/") || strings.Contains(t.URL, "/reel/") {
		kind = "video"
	}
	return base + "plugins/" + kind + ".php?show_text=true&href=" + url.QueryEscape(t.URL)
}
