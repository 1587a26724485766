package flickr

import (
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// EndpointPage is the name of the page for people, as it stands in looks.
const EndpointPage = "page"

// PageParser names its parser, with its version.
const PageParser = "flickr.page/1"

// ReadPage says what the page for people means for the picture id. It does not
// say why a picture is missing; and only the platform's own page says that, as
// oEmbed is asked at the same host.
func ReadPage(id string, r extract.Response) extract.Answer {
	missing, other := extract.StatusAnswer(r)
	if other && missing.Status != post.NotFound {
		return missing
	}
	doc, ok := r.Page()
	switch {
	case !ok, other && !strings.Contains(title(doc), "Flickr"):
		return extract.Trouble(extract.ReasonShape, false)
	case other:
		return missing
	}
	t, ok := extract.PostAt(Site{}, extract.MetaContent(doc, "og:url"))
	switch {
	case !ok:
		return extract.Trouble(extract.ReasonShape, false)
	case t.Ref.ID != id:
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := parsePage(t, doc)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// parsePage reads what a page tells programs that show a preview of it. It errors
// with [extract.ErrShape].
func parsePage(t extract.Target, doc *html.Node) (extract.Parsed, error) {
	name, picture := extract.MetaContent(doc, "og:title"), extract.MetaContent(doc, "og:image")
	if t.Handle == "" || name == "" || !strings.HasPrefix(picture, "https://") {
		return extract.Parsed{}, fmt.Errorf("%w: a page without the picture %.30s", extract.ErrShape, t.Ref.ID)
	}
	p := post.Post{Platform: post.Flickr, ID: t.Ref.ID, URL: t.URL, Text: strings.TrimSpace(name + "\n\n" + extract.MetaContent(doc, "og:description")),
		Author: post.Author{Name: owner(doc), Handle: t.Handle, URL: "https://www.flickr.com/photos/" + t.Handle + "/"},
		Media:  []post.Media{{Kind: "photo", URL: picture}}}
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	return extract.Parsed{Post: p}, nil
}

// owner returns the account's name, which stands in the page's title between the
// picture's and the platform's.
func owner(doc *html.Node) string {
	parts := strings.Split(title(doc), " | ")
	if len(parts) < 3 || parts[len(parts)-1] != "Flickr" {
		return ""
	}
	return strings.TrimSpace(strings.Map(visible, parts[len(parts)-2]))
}

// title returns the page's title.
func title(doc *html.Node) string {
	for n := range extract.Elements(doc, atom.Title) {
		return extract.Text(n)
	}
	return ""
}

// visible drops the marks that change the direction of writing, in which the
// platform wraps names.
func visible(r rune) rune {
	if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
		return -1
	}
	return r
}
