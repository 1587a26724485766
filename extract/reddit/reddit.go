package reddit

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Reddit.
func (Site) Platform() post.Platform { return post.Reddit }

// Domains lists the platform's domains and mirrors that make previews.
func (Site) Domains() []string {
	return []string{"reddit.com", "redd.it", "redditmedia.com", "rxddit.com", "vxreddit.com"}
}

// ParseURL says what an address of the platform leads to. Where it leads to a
// comment, Part is the comment's id.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	if a.On("redd.it") {
		return shortHost(a)
	}
	for _, d := range []string{"reddit.com", "redditmedia.com", "rxddit.com", "vxreddit.com"} {
		if !a.On(d) {
			continue
		}
		switch sub := a.Sub(d); {
		case sub == "embed" || d == "redditmedia.com":
			return framed(s.parsePath(a)), true
		case forPeople(sub):
			return s.parsePath(a), true
		}
		return extract.Target{}, false
	}
	return extract.Target{}, false
}

// forPeople reports whether a sub-domain shows the site: its designs, and its
// languages.
func forPeople(sub string) bool {
	switch sub {
	case "", "www", "old", "new", "np", "sh", "amp", "out", "reddit", "oauth":
		return true
	}
	return len(sub) <= 2 || len(sub) == 5 && sub[2] == '-'
}

// shortHost reads redd.it/id. Its sub-domains hold files.
func shortHost(a extract.Address) (extract.Target, bool) {
	if sub := a.Sub("redd.it"); sub != "" && sub != "www" {
		return extract.Target{}, false
	}
	if len(a.Segments) != 1 {
		return other(), true
	}
	return target(extract.TargetPost, "", a.Seg(0), ""), true
}

// PostByID returns the post of an id, with or without the mark t3_ of posts, or
// the comment of an id post/comment. The paths that forum software puts in place
// of an id are read too.
func (s Site) PostByID(id string) (extract.Target, bool) {
	if strings.HasPrefix(id, "r/") || strings.HasPrefix(id, "comments/") {
		return extract.PostAt(s, "https://www.reddit.com/"+id)
	}
	if kind, own, ok := nameOf(id); ok && kind == "t1" {
		t := target(extract.TargetPost, "", strings.TrimSuffix(id, "/"+own), own)
		t.Ref.ID = id
		return t, true
	}
	id = strings.TrimPrefix(id, "t3_")
	if got, ok := base36(id); !ok || got != id {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, "", id, ""), true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

func framed(t extract.Target) extract.Target {
	if t.Kind == extract.TargetPost {
		t.Kind = extract.TargetEmbed
	}
	return t
}

// base36 returns the id that a segment is. Ids are written in lower case.
func base36(raw string) (string, bool) {
	id, ok := extract.Token(raw, "", 1, 10)
	return strings.ToLower(id), ok
}

// target returns the target of a post. owner is what its address begins with:
// r/name, user/name or nothing.
func target(kind extract.TargetKind, owner, raw, comment string) extract.Target {
	id, ok := base36(raw)
	if !ok {
		return other()
	}
	t := extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Reddit, ID: id}, URL: "https://www.reddit.com/"}
	if user, ok := strings.CutPrefix(owner, "user/"); ok {
		t.Handle = user
	}
	if owner != "" {
		t.URL += owner + "/"
	}
	t.URL += "comments/" + id + "/"
	if c, ok := base36(comment); ok {
		t.Part = c
		t.URL += "comment/" + c + "/"
	}
	return t
}

// name returns the name of a community or account as it stands in a path.
func name(s string) (string, bool) {
	n, ok := extract.Token(s, "_-", 1, 40)
	return n, ok && n == s
}

// parsePath reads the path of an address on the site for people.
func (s Site) parsePath(a extract.Address) extract.Target {
	owner, rest := "", a.Segments
	if a.SegIs(0, "r", "user", "u") {
		n, ok := name(a.Seg(1))
		if !ok {
			return other()
		}
		owner, rest = "r/"+n, a.Segments[2:]
		if !a.SegIs(0, "r") {
			owner = "user/" + n
		}
	}
	r := extract.Address{Segments: rest}
	switch {
	case r.SegIs(0, "comments", "gallery", "tb") && r.Seg(1) != "":
		return target(extract.TargetPost, owner, r.Seg(1), r.Seg(3))
	case r.SegIs(0, "mediaembed") && r.Seg(1) != "":
		return target(extract.TargetEmbed, owner, r.Seg(len(rest)-1), "")
	case r.SegIs(0, "s") && r.Seg(1) != "":
		return share(owner, r.Seg(1))
	case r.SegIs(0, "oembed"):
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	case r.SegIs(0, "submit"):
		return extract.Target{Kind: extract.TargetIntent}
	case strings.HasPrefix(owner, "user/"):
		return extract.Target{Kind: extract.TargetProfile, URL: "https://www.reddit.com/" + owner + "/", Handle: strings.TrimPrefix(owner, "user/")}
	}
	return other()
}

// share returns the target of the share button's link, which has to be fetched.
func share(owner, raw string) extract.Target {
	key, ok := extract.Token(raw, "-_", 4, 40)
	if !ok || owner == "" {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: "https://www.reddit.com/" + owner + "/s/" + key}
}

// Markup lists the ways in which the platform's posts are put into pages.
func (s Site) Markup() []extract.Markup {
	list := []extract.Markup{
		{Form: extract.FormBlockquote, Class: "reddit-embed-bq", Read: s.readSnippet},
		{Form: extract.FormBlockquote, Class: "reddit-card", Read: s.readSnippet},
		{Form: extract.FormBlockquote, Class: "reddit-embed", Read: s.readSnippet},
		extract.ByAttr(s, extract.Markup{Form: extract.FormAMP, Tag: "amp-reddit"}, "data-src", "src"),
		extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: "reddit-embed"}, "src", "url", "href"),
	}
	for _, attr := range []string{"data-reddit-url", "data-reddit-id"} {
		list = append(list, extract.ByData(s, attr))
	}
	return list
}

// readSnippet reads the platform's own snippet: an anchor with the title to the
// post or comment, then anchors to the account and the community.
func (s Site) readSnippet(n *html.Node) (extract.Reading, bool) {
	t, anchor := extract.FirstLink(s, n)
	if anchor == nil {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	r := extract.Reading{Target: t}
	if title := extract.Text(anchor); title != "" && t.Part == "" && !strings.Contains(title, "://") {
		r.Quoted.Text = title
	}
	for a := range extract.Nearby(n) {
		if a.DataAtom != atom.A {
			continue
		}
		u, ok := extract.ParseLinked(extract.Attr(a, "href"))
		if !ok {
			continue
		}
		if p, ok := s.ParseURL(u); ok && p.Kind == extract.TargetProfile {
			r.Quoted.Handle = p.Handle
			break
		}
	}
	return r, true
}
