package imgur

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Imgur.
func (Site) Platform() post.Platform { return post.Imgur }

// Domains lists the platform's domain.
func (Site) Domains() []string { return []string{"imgur.com"} }

// ParseURL says what an address of the platform leads to. The id of an album is
// a/id, that of a post in the gallery gallery/id, that of a picture id.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok || !a.On("imgur.com") {
		return extract.Target{}, false
	}
	switch a.Sub("imgur.com") {
	case "", "www", "m":
		return parsePath(a), true
	case "api":
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost), true
	}
	// i.imgur.com has the files themselves.
	return extract.Target{}, false
}

// PostByID returns the picture or album of an id.
func (Site) PostByID(id string) (extract.Target, bool) {
	dir, raw := "", id
	for _, d := range []string{"a/", "gallery/"} {
		if rest, ok := strings.CutPrefix(id, d); ok {
			dir, raw = d, rest
		}
	}
	t := target(extract.TargetPost, dir, raw)
	if t.Ref.ID != id || id == "" {
		return extract.Target{}, false
	}
	return t, true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

func target(kind extract.TargetKind, dir, raw string) extract.Target {
	id, ok := extract.Token(raw, "", 5, 10)
	if !ok {
		return other()
	}
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Imgur, ID: dir + id}, URL: "https://imgur.com/" + dir + id}
}

// slugged returns the id at the end of words-of-the-title-id.
func slugged(s string) string { return s[strings.LastIndexByte(s, '-')+1:] }

func parsePath(a extract.Address) extract.Target {
	kind := extract.TargetPost
	if n := len(a.Segments); a.SegIs(n-1, "embed") {
		kind = extract.TargetEmbed
		a.Segments = a.Segments[:n-1]
	}
	switch {
	case a.SegIs(0, "a") && a.Seg(1) != "":
		return target(kind, "a/", slugged(a.Seg(1)))
	case a.SegIs(0, "gallery") && a.Seg(1) != "":
		return target(kind, "gallery/", slugged(a.Seg(1)))
	case a.SegIs(0, "t", "r") && len(a.Segments) == 3:
		return target(kind, "gallery/", slugged(a.Seg(2)))
	case a.SegIs(0, "user") && a.Seg(1) != "":
		return extract.Target{Kind: extract.TargetProfile, Handle: a.Seg(1)}
	case len(a.Segments) == 1 && !reserved(a.Seg(0)):
		return target(kind, "", slugged(a.Seg(0)))
	}
	return other()
}

// reserved reports whether the first segment of a path is the platform's own.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "upload", "signin", "register", "about", "apps", "random", "search", "gallery", "memegen", "account", "privacy", "rules", "tos", "emerald",
		"topics", "hot", "new", "user", "removed.png", "register.php", "advertise", "store", "vidgif", "tools":
		return true
	}
	return false
}

// Markup lists the ways in which the platform's posts are put into pages.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		{Form: extract.FormBlockquote, Class: "imgur-embed-pub", Read: s.readSnippet},
		{Form: extract.FormRendered, Class: "imgur-embed-iframe-pub", Read: s.readFrame},
		extract.ByAttr(s, extract.Markup{Form: extract.FormAMP, Tag: "amp-imgur"}, "data-imgur-id", "data-imgurid"),
		extract.ByData(s, "data-imgur-id"),
	}
}

// readSnippet reads the platform's own snippet. Its attribute names the post, an
// anchor gives its title.
func (s Site) readSnippet(n *html.Node) (extract.Reading, bool) {
	t, ok := s.PostByID(strings.TrimPrefix(extract.Attr(n, "data-id"), "/"))
	link, anchor := extract.FirstLink(s, n)
	if !ok {
		t, ok = link, anchor != nil
	}
	if !ok {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	r := extract.Reading{Target: t}
	if anchor != nil {
		if title := extract.Text(anchor); !strings.Contains(title, "imgur.com") && !strings.EqualFold(title, "View post on imgur.com") {
			r.Quoted.Text = title
		}
	}
	return r, true
}

func (s Site) readFrame(n *html.Node) (extract.Reading, bool) {
	t, ok := extract.PostAt(s, extract.Attr(n, "src"))
	if !ok {
		t, ok = s.PostByID(strings.TrimPrefix(extract.Attr(n, "data-id"), "/"))
	}
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok
}
