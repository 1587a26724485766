package linkedin

import (
	"fmt"
	"strconv"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// EndpointEmbed is the name of the embed page, as it stands in looks.
const EndpointEmbed = "embed-page"

// EmbedParser names its parser, with its version.
const EmbedParser = "linkedin.embed/1"

// EmbedURL returns the address of the embed page of a post, given its address,
// which says what kind of thing its number is of.
func EmbedURL(t extract.Target) string {
	return strings.TrimSuffix(strings.Replace(t.URL, "linkedin.com/feed/", "linkedin.com/embed/feed/", 1), "/")
}

// ReadEmbed says what the embed page means for the post id. The page shows a
// post or it tells nothing: strangers are sent away from posts that are there.
func ReadEmbed(id string, r extract.Response) extract.Answer {
	return extract.ReadShowing(r, func(doc *html.Node) (extract.Parsed, error) { return parseEmbed(id, doc) })
}

// parseEmbed reads a post from the embed page: from the article that bears its
// number. It errors with [extract.ErrShape].
func parseEmbed(id string, doc *html.Node) (extract.Parsed, error) {
	article, t := articleOf(id, doc)
	if article == nil {
		return extract.Parsed{}, fmt.Errorf("%w: an embed page without the post %.30s", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.LinkedIn, ID: id, URL: t.URL}
	if !t.Posted.IsZero() {
		p.Posted, p.PostedFrom = t.Posted, "derived"
	}
	for n := range extract.Elements(article) {
		part(&p, n)
	}
	if p.Author.Name == "" || p.Text == "" && len(p.Media) == 0 && p.Card == nil {
		return extract.Parsed{}, fmt.Errorf("%w: an embed page with the frame of %.30s only", extract.ErrShape, id)
	}
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	return extract.Parsed{Post: p}, nil
}

// articleOf returns the article that bears the number of a post, its own or that
// of the activity that it is shown as, and where that leads. The number of the
// page's own address speaks for the only article.
func articleOf(id string, doc *html.Node) (*html.Node, extract.Target) {
	var only *html.Node
	var canonical extract.Target
	count := 0
	for n := range extract.Elements(doc, atom.Article, atom.Link) {
		if n.DataAtom == atom.Link {
			if t, ok := extract.PostAt(Site{}, extract.Attr(n, "href")); ok && extract.Attr(n, "rel") == "canonical" && t.Ref.ID == id {
				canonical = t
			}
			continue
		}
		for _, attr := range []string{"data-activity-urn", "data-attributed-urn"} {
			if of, number, ok := urn(extract.Attr(n, attr)); ok && number == id {
				return n, target(extract.TargetPost, of, number)
			}
		}
		only, count = n, count+1
	}
	if canonical.Ref.IsZero() || count != 1 {
		return nil, extract.Target{}
	}
	return only, canonical
}

// part reads one element of the article.
func part(p *post.Post, n *html.Node) {
	switch name := extract.Attr(n, "data-test-id"); {
	case name == "main-feed-activity-embed-card__commentary" && p.Text == "":
		p.Text = extract.Text(n)
	case name == "feed-images-content__list-item":
		for img := range extract.Elements(n, atom.Img) {
			if address := extract.FirstAttr(img, "data-delayed-url", "src"); strings.HasPrefix(address, "https://") {
				p.Media = append(p.Media, post.Media{Kind: "photo", URL: address, Alt: extract.Attr(img, "alt")})
			}
		}
	case name == "article-content" && p.Card == nil:
		p.Card = &post.Card{URL: extract.Attr(n, "href"), Title: extract.Text(n)}
	case name == "social-actions__reaction-count":
		if count, err := strconv.ParseInt(strings.NewReplacer(",", "", ".", "").Replace(extract.Text(n)), 10, 64); err == nil && count >= 0 {
			p.Counts = map[string]int64{"reactions": count}
		}
	case n.DataAtom == atom.Video:
		if poster := extract.Attr(n, "data-poster-url"); strings.HasPrefix(poster, "https://") {
			p.Media = append(p.Media, post.Media{Kind: "photo", URL: poster})
		}
	case p.Author.Name == "" && strings.HasSuffix(extract.Attr(n, "data-tracking-control-name"), "feed-actor-name"):
		p.Author.Name = extract.Text(n)
		if u, ok := extract.ParseLink(extract.Attr(n, "href")); ok {
			u.RawQuery, u.Fragment = "", ""
			p.Author.URL = u.String()
			if parts := strings.Split(strings.Trim(u.Path, "/"), "/"); len(parts) > 1 {
				p.Author.Handle = parts[1]
			}
		}
	}
}
