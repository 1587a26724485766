package threads

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Threads.
func (Site) Platform() post.Platform { return post.Threads }

// Domains lists the platform's domains, which moved from the one to the other in
// 2025, and mirrors that make previews.
func (Site) Domains() []string {
	return []string{"threads.com", "threads.net", "fixthreads.net", "vxthreads.net"}
}

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	for _, d := range s.Domains() {
		if a.Host == d || a.Host == "www."+d {
			return parsePath(a), true
		}
	}
	return extract.Target{}, false
}

// PostByID returns the post of a shortcode.
func (Site) PostByID(id string) (extract.Target, bool) {
	code, ok := extract.Token(id, "-_", minCode, maxCode)
	if !ok || code != id {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, "", id, ""), true
}

// minCode and maxCode are the bounds of a shortcode's length. Those of public
// posts have 11 characters.
const minCode, maxCode = 5, 64

func parsePath(a extract.Address) extract.Target {
	user, isUser := strings.CutPrefix(a.Seg(0), "@")
	switch {
	case isUser && a.SegIs(1, "post") && a.Seg(2) != "":
		return code(a, 2, user)
	case a.SegIs(0, "t", "post") && a.Seg(1) != "":
		return code(a, 1, "")
	case a.SegIs(0, "intent", "share"):
		return extract.Target{Kind: extract.TargetIntent}
	case isUser && (len(a.Segments) == 1 || a.SegIs(1, "replies", "media", "reposts")):
		if handle, ok := extract.Token(user, "._", 1, 30); ok {
			handle = strings.TrimRight(handle, ".")
			if handle != "" {
				return extract.Target{Kind: extract.TargetProfile, URL: "https://www.threads.com/@" + handle, Handle: handle}
			}
		}
	}
	return extract.Target{Kind: extract.TargetOther}
}

// code reads the shortcode that is the i-th segment.
func code(a extract.Address, i int, user string) extract.Target {
	id, ok := extract.Token(a.Seg(i), "-_", minCode, maxCode)
	if !ok {
		return extract.Target{Kind: extract.TargetOther}
	}
	kind, part := extract.TargetPost, ""
	switch {
	case a.SegIs(i+1, "embed"):
		kind = extract.TargetEmbed
	case a.SegIs(i+1, "media"):
		part = "media"
	}
	return target(kind, user, id, part)
}

func target(kind extract.TargetKind, user, id, part string) extract.Target {
	t := extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Threads, ID: id}, URL: "https://www.threads.com/t/" + id, Part: part}
	if h, ok := extract.Token(user, "._", 1, 30); ok && h == user {
		t.Handle, t.URL = user, "https://www.threads.com/@"+user+"/post/"+id
	}
	return t
}

// Markup lists the ways in which the platform's posts are put into pages.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		{Form: extract.FormBlockquote, Attr: "data-text-post-permalink", Read: s.readSnippet},
		{Form: extract.FormBlockquote, Class: "text-post-media", Read: s.readSnippet},
		extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: "threads-post"}, "src", "url", "href"),
		extract.ByData(s, "data-threads-url"),
	}
}

// readSnippet reads the platform's own snippet, which quotes nothing but the
// account.
func (s Site) readSnippet(n *html.Node) (extract.Reading, bool) {
	t, ok := extract.PostAt(s, extract.Attr(n, "data-text-post-permalink"))
	if !ok {
		var anchor *html.Node
		t, anchor = extract.FirstLink(s, n)
		ok = anchor != nil
	}
	if !ok {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, true
}
