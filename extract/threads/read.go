package threads

import (
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// EndpointEmbed is the name of the embed page, as it stands in looks.
const EndpointEmbed = "embed-page"

// EmbedParser names its parser, with its version.
const EmbedParser = "threads.embed/1"

// EmbedURL returns the address of the embed page of a post.
func EmbedURL(t extract.Target) string { return t.URL + "/embed" }

// ReadEmbed says what the embed page means for the post id. The page shows a
// post or it tells nothing: of posts that were removed or are private it shows
// the frame.
func ReadEmbed(id string, r extract.Response) extract.Answer {
	return extract.ReadShowing(r, func(doc *html.Node) (extract.Parsed, error) { return parseEmbed(id, doc) })
}

// parseEmbed reads a post from the embed page: from the box that links it, since
// a post that is answered or quoted stands in one of its own. It errors with
// [extract.ErrShape].
func parseEmbed(id string, doc *html.Node) (extract.Parsed, error) {
	box, address := boxOf(id, doc)
	if box == nil {
		return extract.Parsed{}, fmt.Errorf("%w: an embed page without the post %.50s", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.Threads, ID: id, URL: address}
	said := false
	for n := range extract.Elements(box) {
		switch {
		case nearestBox(n) != box:
		case extract.HasClass(n, "HeaderLink") && p.Author.Handle == "":
			p.Author.Handle = extract.Text(n)
		case extract.HasClass(n, "BodyTextContainer") && !said:
			p.Text, said = extract.Text(n), true
		case n.DataAtom == atom.Img && inMedia(n, box):
			p.Media = appendFile(p.Media, post.Media{Kind: "photo", URL: extract.Attr(n, "src"), Alt: extract.Attr(n, "alt")})
		case n.DataAtom == atom.Video && inMedia(n, box):
			p.Media = appendFile(p.Media, post.Media{Kind: "video", URL: source(n), Poster: extract.Attr(n, "poster")})
		}
	}
	if p.Author.Handle == "" || !said && len(p.Media) == 0 {
		return extract.Parsed{}, fmt.Errorf("%w: an embed page with the frame of %.50s only", extract.ErrShape, id)
	}
	p.Author.Name, p.Author.URL = p.Author.Handle, "https://www.threads.com/@"+p.Author.Handle
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	return extract.Parsed{Post: p, Notes: []string{"the embed page tells the time only in words like “2h”"}}, nil
}

const boxClass = "OuterContainer"

// boxOf returns the innermost box that links the post, and the post's address.
func boxOf(id string, doc *html.Node) (box *html.Node, address string) {
	for a, t := range extract.Links(Site{}, doc) {
		if t.Ref.ID != id {
			continue
		}
		if n := nearestBox(a); n != nil {
			return n, t.URL
		}
		address = t.URL
	}
	if address == "" {
		return nil, ""
	}
	// The link stands beside the only box.
	for n := range extract.Elements(doc) {
		if extract.HasClass(n, boxClass) {
			if box != nil {
				return nil, ""
			}
			box = n
		}
	}
	return box, address
}

// nearestBox returns the box that n stands in, nil for none.
func nearestBox(n *html.Node) *html.Node {
	for n = n.Parent; n != nil; n = n.Parent {
		if extract.HasClass(n, boxClass) {
			return n
		}
	}
	return nil
}

// inMedia reports whether n stands among the post's files, and not among
// pictures of accounts and linked pages.
func inMedia(n, box *html.Node) bool {
	for n = n.Parent; n != nil && n != box; n = n.Parent {
		for _, class := range []string{"SingleInnerMediaContainer", "MediaScrollImageContainer", "SoloMediaContainer", "MediaContainer"} {
			if extract.HasClass(n, class) {
				return true
			}
		}
	}
	return false
}

// source returns the address of a video.
func source(n *html.Node) string {
	for s := range extract.Elements(n, atom.Source) {
		return extract.Attr(s, "src")
	}
	return extract.Attr(n, "src")
}

// appendFile adds a file that has an address, once.
func appendFile(all []post.Media, m post.Media) []post.Media {
	if !strings.HasPrefix(m.URL, "https://") {
		return all
	}
	for i := range all {
		if all[i].URL == m.URL {
			return all
		}
	}
	return append(all, m)
}
