package extract

import (
	"math"
	"net/url"
	"strings"

	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// PostAt returns the post that an address leads to, as it stands in an
// attribute or a text. It returns false for everything that is no post of the
// site.
func PostAt(s Site, address string) (Target, bool) {
	u, ok := ParseLinked(address)
	if !ok {
		return Target{}, false
	}
	t, ok := s.ParseURL(u)
	if !ok || t.Ref.IsZero() {
		return Target{}, false
	}
	return t, true
}

// KnownSite is a [Site] that knows its posts by their ids, too.
type KnownSite interface {
	Site
	IDSite
}

// TargetOf returns the target of a post at the address under which it is known,
// which can tell more than the id does; where that does not lead to the post, the
// target of the id alone. It returns false where neither does.
func TargetOf(s KnownSite, ref post.Ref, address string) (Target, bool) {
	if t, ok := PostAt(s, address); ok && t.Ref == ref {
		return t, true
	}
	t, ok := s.PostByID(ref.ID)
	return t, ok && t.Ref == ref
}

// PostIn returns the post that the value of an attribute names: by its address,
// or, where the site is an [IDSite], by its bare id.
func PostIn(s Site, value string) (Target, bool) {
	value = strings.TrimSpace(value)
	if strings.IndexByte(value, '/') >= 0 {
		if t, ok := PostAt(s, value); ok {
			return t, true
		}
	}
	ids, ok := s.(IDSite)
	if !ok || value == "" || strings.HasPrefix(value, "http") {
		return Target{}, false
	}
	t, ok := ids.PostByID(value)
	return t, ok && !t.Ref.IsZero()
}

// ByAttr completes a markup whose element names the post in one of its
// attributes, by address or id: the first attribute that does counts. The
// element quotes nothing.
func ByAttr(s Site, m Markup, keys ...string) Markup {
	m.Read = func(n *html.Node) (Reading, bool) {
		for _, key := range keys {
			if v, ok := LookupAttr(n, key); ok {
				if t, ok := PostIn(s, v); ok {
					t.Kind = TargetEmbed
					return Reading{Target: t}, true
				}
			}
		}
		return Reading{}, false
	}
	return m
}

// ByData returns the markup of publishers' elements that a script replaces by a
// post: any element that has attr, with the post's address or id in it, and
// that says by one of the words what it is. With no words the attribute's own
// name says it.
func ByData(s Site, attr string, words ...string) Markup {
	m := Markup{Form: FormData, Attr: attr}
	m.Read = func(n *html.Node) (Reading, bool) {
		t, ok := PostIn(s, Attr(n, attr))
		if !ok || len(words) > 0 && !Speaks(n, words...) || Decoy(n) {
			return Reading{}, false
		}
		t.Kind = TargetEmbed
		return Reading{Target: t}, true
	}
	return m
}

// Decoy reports whether n is a link, a button, a picture or a box that only
// speaks of a platform: to share, to follow, to comment.
func Decoy(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A, atom.Button, atom.Input, atom.Img, atom.Script, atom.Link, atom.Meta, atom.Body, atom.Html, atom.Option, atom.Svg:
		return true
	}
	return speaks(n, []string{"share", "sharing", "follow", "timeline", "button", "btn", "intent", "comment", "comments", "icon"}, math.MaxInt)
}

// Links yields the anchors near n, n included, that lead to a post of the site,
// in document order.
func Links(s Site, n *html.Node) func(yield func(*html.Node, Target) bool) {
	return func(yield func(*html.Node, Target) bool) {
		if n.DataAtom == atom.A {
			if t, ok := PostAt(s, Attr(n, "href")); ok && !yield(n, t) {
				return
			}
		}
		for a := range Nearby(n) {
			if a.DataAtom != atom.A {
				continue
			}
			if t, ok := PostAt(s, Attr(a, "href")); ok && !yield(a, t) {
				return
			}
		}
	}
}

// FirstLink returns the first of [Links] and its anchor, nil for none.
func FirstLink(s Site, n *html.Node) (Target, *html.Node) {
	for a, t := range Links(s, n) {
		return t, a
	}
	return Target{}, nil
}

// LastLink returns the last of [Links] and its anchor, nil for none.
func LastLink(s Site, n *html.Node) (t Target, anchor *html.Node) {
	for a, found := range Links(s, n) {
		t, anchor = found, a
	}
	return t, anchor
}

// Wrapped returns the target of an address within an address, such as the url
// parameter of an oEmbed call. kind replaces that of a post.
func Wrapped(s Site, inner string, kind TargetKind) Target {
	if strings.HasPrefix(inner, "http%3") || strings.HasPrefix(inner, "https%3") {
		// It was escaped once too often.
		if d, err := url.QueryUnescape(inner); err == nil {
			inner = d
		}
	}
	u, ok := ParseLink(inner)
	if ok {
		if t, ok := s.ParseURL(u); ok {
			if t.Kind == TargetPost {
				t.Kind = kind
			}
			return t
		}
	}
	return Target{Kind: TargetOther}
}

// TargetPage is a page that its provider lets others embed, without being a post
// of a platform: shown in an article it would be an embed, linked it is a link
// like any other. Ref is zero.
const TargetPage TargetKind = "page"
