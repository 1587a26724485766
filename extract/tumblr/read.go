package tumblr

import (
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// EndpointRead is the name of a blog's own interface, as it stands in looks.
const EndpointRead = "read"

// ReadParser names its parser, with its version.
const ReadParser = "tumblr.read/1"

// ReadBlog says what the blog's own interface means for the post id. It does not
// say why a post is missing.
func ReadBlog(id string, r extract.Response) extract.Answer {
	if a, ok := extract.StatusAnswer(r); ok {
		return a
	}
	if t := strings.ToLower(r.ContentType); strings.Contains(t, "html") {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	v, err := extract.ValueAfter(string(r.Body), "var tumblr_api_read = ")
	posts := v.Get("posts").List()
	switch {
	case err != nil, v.Get("tumblelog", "name").Text() == "", posts == nil:
		return extract.Trouble(extract.ReasonShape, false)
	case len(posts) == 0:
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonLeftOut}
	case posts[0].Get("id").Text() != id:
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := parsePost(id, v.Get("tumblelog"), posts[0])
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// ShowsPosts reports whether an answer of a blog's own interface shows posts of it.
func ShowsPosts(blog string, r extract.Response) bool {
	v, err := extract.ValueAfter(string(r.Body), "var tumblr_api_read = ")
	return err == nil && r.StatusCode == 200 && strings.EqualFold(v.Get("tumblelog", "name").Text(), blog) && v.Get("posts").First().Get("id").Text() != ""
}

// parsePost reads a post, whose words are in other members for each type. It
// errors with [extract.ErrShape].
func parsePost(id string, blog, v extract.Value) (extract.Parsed, error) {
	t := target(extract.TargetPost, blog.Get("name").Text(), id)
	at := v.Get("unix-timestamp").Unix()
	if t.Ref.ID != id || at.IsZero() {
		return extract.Parsed{}, fmt.Errorf("%w: a post without its blog or time", extract.ErrShape)
	}
	p := post.Post{Platform: post.Tumblr, ID: id, URL: t.URL, Posted: at, PostedFrom: "stated",
		Author: post.Author{Name: blog.Get("title").Text(), Handle: t.Handle, URL: "https://www.tumblr.com/" + t.Handle}}
	if p.Author.Name == "" {
		p.Author.Name = t.Handle
	}
	var words []string
	for _, member := range []string{"regular-title", "regular-body", "photo-caption", "quote-text", "quote-source", "link-text", "link-description",
		"conversation-title", "conversation-text", "video-caption", "audio-caption", "question", "answer"} {
		written := v.Get(member).Text()
		if s := extract.HTMLText(written); s != "" {
			words = append(words, s)
		}
		p.Media = append(p.Media, pictures(written)...)
	}
	p.Text = strings.Join(words, "\n\n")
	if link := v.Get("link-url").Text(); strings.HasPrefix(link, "http") {
		p.Card, p.Links = &post.Card{URL: link, Title: v.Get("link-text").Text()}, []post.Link{{URL: link}}
	}
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	photos := v.Get("photos").List()
	if len(photos) == 0 {
		photos = []extract.Value{v}
	}
	for _, photo := range photos {
		if address := photo.Get("photo-url-1280").Text(); strings.HasPrefix(address, "https://") {
			p.Media = append(p.Media, post.Media{Kind: "photo", URL: address, Alt: photo.Get("caption").Text()})
		}
	}
	var notes []string
	if from := v.Get("reblogged-from-name").Text(); from != "" {
		notes = append(notes, "repeated from the blog "+from)
	}
	if v.Get("type").Text() == "video" {
		notes = append(notes, "the video itself is not kept")
	}
	return extract.Parsed{Post: p, Notes: notes}, nil
}

// pictures returns the pictures in a piece of HTML.
func pictures(written string) []post.Media {
	if !strings.Contains(written, "<img") {
		return nil
	}
	doc, err := html.Parse(strings.NewReader(written))
	if err != nil {
		return nil
	}
	var all []post.Media
	for n := range extract.Elements(doc, atom.Img) {
		if address := extract.Attr(n, "src"); strings.HasPrefix(address, "https://") {
			all = append(all, post.Media{Kind: "photo", URL: address, Alt: extract.Attr(n, "alt")})
		}
	}
	return all
}
