package tumblr

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Tumblr.
func (Site) Platform() post.Platform { return post.Tumblr }

// Domains lists the platform's domain. Blogs can also have domains of their own,
// which only the platform's markup tells.
func (Site) Domains() []string { return []string{"tumblr.com", "tmblr.co"} }

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	switch {
	case ok && a.Host == "tmblr.co":
		return short(a), true
	case !ok || !a.On("tumblr.com"):
		return extract.Target{}, false
	}
	switch sub := a.Sub("tumblr.com"); sub {
	case "", "www":
		return s.parsePath(a), true
	case "embed":
		return parseEmbed(a), true
	case "assets", "static", "media", "help", "support", "api", "staff-tools", "platform", "embed-assets":
		return extract.Target{}, false
	default:
		if strings.Contains(sub, ".") || !validBlog(sub) {
			return extract.Target{}, false
		}
		return parseBlog(a, sub), true
	}
}

// embedBase is the address of the page that is made to be framed. What stands
// before the number names the blog in a form of its own.
const embedBase = "https://embed.tumblr.com/embed/post/"

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

// short returns the target of the platform's short link, which has to be fetched.
func short(a extract.Address) extract.Target {
	key, ok := extract.Token(a.Seg(0), "-_", 4, 40)
	if !ok || len(a.Segments) != 1 {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: "https://tmblr.co/" + key}
}

func number(raw string) (string, bool) {
	id, ok := extract.Digits(raw)
	return id, ok && len(id) >= 5 && len(id) <= 19
}

// validBlog reports whether s is a blog's name, which is also a host's.
func validBlog(s string) bool {
	name, ok := extract.Token(s, "-_", 1, 63)
	return ok && name == s
}

func target(kind extract.TargetKind, blog, raw string) extract.Target {
	id, ok := number(raw)
	blog = strings.ToLower(strings.TrimPrefix(blog, "@"))
	if !ok || !validBlog(blog) {
		return other()
	}
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Tumblr, ID: id}, URL: "https://www.tumblr.com/" + blog + "/" + id, Handle: blog}
}

// parseBlog reads an address on a blog's own host.
func parseBlog(a extract.Address, blog string) extract.Target {
	switch {
	case a.SegIs(0, "post", "image", "video_file") && a.Seg(1) != "":
		return target(extract.TargetPost, blog, a.Seg(1))
	case len(a.Segments) == 0:
		return extract.Target{Kind: extract.TargetProfile, URL: "https://www.tumblr.com/" + strings.ToLower(blog), Handle: strings.ToLower(blog)}
	}
	return other()
}

func parseEmbed(a extract.Address) extract.Target {
	hash, ok := extract.Token(a.Seg(2), "-_:", 1, 80)
	id, isNumber := number(a.Seg(3))
	if !a.SegIs(0, "embed") || !a.SegIs(1, "post") || !ok || !isNumber {
		return other()
	}
	return extract.Target{Kind: extract.TargetEmbed, Ref: post.Ref{Platform: post.Tumblr, ID: id}, URL: embedBase + hash + "/" + id}
}

// parsePath reads the path of an address on the site for people.
func (s Site) parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "oembed"):
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	case a.SegIs(0, "share", "widgets"):
		return extract.Target{Kind: extract.TargetIntent}
	case a.SegIs(0, "blog") && a.SegIs(1, "view") && len(a.Segments) == 4:
		return target(extract.TargetPost, a.Seg(2), a.Seg(3))
	case a.SegIs(0, "dashboard") && a.SegIs(1, "blog") && len(a.Segments) > 3:
		return target(extract.TargetPost, a.Seg(2), a.Seg(3))
	case a.SegIs(0, "blog") && len(a.Segments) > 1 && a.SegIs(2, "post"):
		return target(extract.TargetPost, a.Seg(1), a.Seg(3))
	case reserved(a.Seg(0)):
		return other()
	case a.Seg(1) != "":
		return target(extract.TargetPost, a.Seg(0), a.Seg(1))
	}
	if blog := strings.ToLower(strings.TrimPrefix(a.Seg(0), "@")); validBlog(blog) {
		return extract.Target{Kind: extract.TargetProfile, URL: "https://www.tumblr.com/" + blog, Handle: blog}
	}
	return other()
}

// reserved reports whether the first segment of a path is the platform's own.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "", "blog", "dashboard", "tagged", "search", "explore", "login", "register", "about", "policy", "privacy", "settings", "docs", "docs-api",
		"likes", "following", "inbox", "new", "reblog", "embed", "apps", "jobs", "press", "themes", "spotlight", "svc", "api", "liked", "communities", "help":
		return true
	}
	return false
}

// Markup lists the ways in which the platform's posts are put into pages.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		{Form: extract.FormBlockquote, Class: "tumblr-post", Read: s.readSnippet},
		extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: "tumblr-post"}, "src", "url", "href", "data-href"),
		extract.ByData(s, "data-tumblr-url"),
	}
}

// readSnippet reads the platform's own snippet. Its attribute names the page to
// frame, its anchor the post, which can be on the blog's own domain.
func (s Site) readSnippet(n *html.Node) (extract.Reading, bool) {
	framed, ok := extract.PostAt(s, extract.Attr(n, "data-href"))
	t, anchor := extract.FirstLink(s, n)
	switch {
	case anchor == nil && !ok:
		return extract.Reading{}, false
	case anchor == nil, ok && framed.Ref != t.Ref:
		t = framed
	}
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, true
}
