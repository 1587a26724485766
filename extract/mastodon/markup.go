package mastodon

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Markup lists the ways in which posts are put into pages: a frame until
// version 4.2, a quotation that a script replaces since then. Both say what
// they are, so that ids of any length are taken.
func (s Site) Markup() []extract.Markup {
	list := []extract.Markup{
		{Form: extract.FormBlockquote, Tag: "blockquote", Class: "mastodon-embed", Read: readSnippet},
		{Form: extract.FormBlockquote, Tag: "blockquote", Attr: "data-embed-url", Read: readSnippet},
		{Form: "iframe", Tag: "iframe", Class: "mastodon-embed", Read: readSnippet},
		{Form: extract.FormRendered, Class: "mastodon-embed", Read: readSnippet},
	}
	for _, attr := range []string{"data-mastodon-url", "data-mastodon-post", "data-toot-url"} {
		list = append(list, extract.ByData(s, attr))
	}
	return list
}

// readSnippet reads an element that says that it shows a post.
func readSnippet(n *html.Node) (extract.Reading, bool) {
	for _, key := range []string{"data-embed-url", "src", "data-src", "data-lazy-src"} {
		if t, ok := saidToBe(extract.Attr(n, key)); ok {
			return extract.Reading{Target: t, Quoted: quoted(n)}, true
		}
	}
	for d := range extract.Nearby(n) {
		for _, key := range []string{"href", "src", "data-src"} {
			v, ok := extract.LookupAttr(d, key)
			if !ok {
				continue
			}
			if t, ok := saidToBe(v); ok {
				return extract.Reading{Target: t, Quoted: quoted(n)}, true
			}
		}
	}
	return extract.Reading{}, false
}

// saidToBe returns the post at an address that is said to be one's.
func saidToBe(address string) (extract.Target, bool) {
	u, ok := extract.ParseLinked(address)
	if !ok {
		return extract.Target{}, false
	}
	t, ok := parseSaid(u)
	t.Kind = extract.TargetEmbed
	return t, ok
}

func parseSaid(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	switch {
	case !ok || !strings.Contains(a.Host, "."):
		return extract.Target{}, false
	case a.On("truthsocial.com"):
		t, _ := TruthSocial{}.ParseURL(u)
		return t, !t.Ref.IsZero()
	case a.On("gab.com"):
		t, _ := GabSite{}.ParseURL(u)
		return t, !t.Ref.IsZero()
	}
	return parsePath(a, post.Mastodon)
}

// quoted returns what the snippet says of the post: "Post by @user@host" and no
// words.
func quoted(n *html.Node) extract.Quoted {
	if !extract.Compact(n) {
		return extract.Quoted{}
	}
	for word := range strings.FieldsSeq(extract.Text(n)) {
		if user, ok := strings.CutPrefix(word, "@"); ok && strings.Contains(user, "@") && validUser(user) {
			return extract.Quoted{Handle: user}
		}
	}
	return extract.Quoted{}
}
