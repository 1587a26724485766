package twitter

import (
	"slices"
	"strings"

	"stet/extract"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Markup lists the ways in which the platform's posts are put into pages: its
// own snippet before and after its script has run, AMP, the components of
// publishing systems, and static copies.
func (Site) Markup() []extract.Markup {
	list := []extract.Markup{
		{Form: extract.FormRendered, Class: "twitter-tweet-rendered", Read: readRendered},
		{Form: extract.FormRendered, Tag: "twitter-widget", Read: readRendered},
		{Form: extract.FormBlockquote, Class: "twitter-tweet", Read: readSnippet},
		{Form: extract.FormBlockquote, Class: "twitter-video", Read: readSnippet},
		{Form: extract.FormAMP, Tag: "amp-twitter", Read: readAMP},
		{Form: extract.FormStatic, Attr: "data-attrs", Read: readSubstack},
		{Form: extract.FormStatic, Class: "tweet", Read: readCopy},
		{Form: extract.FormStatic, Class: "quill-tweet", Read: readCopy},
		{Form: extract.FormStatic, Class: "react-tweet-theme", Read: readStatic},
		{Form: extract.FormStatic, Class: "EmbeddedTweet", Read: readStatic},
		{Form: extract.FormStatic, Attr: "data-testid", Read: readSavedPage},
		{Form: extract.FormStatic, Class: "bbpTweet", Read: readLink},
		{Form: extract.FormStatic, Class: "subbuzz-tweet__created-at", Read: readLink},
		{Form: extract.FormStatic, Tag: "blockquote", Attr: "cite", Read: readCite},
	}
	for _, tag := range []string{"twitter-tweet", "twitter-embed", "tweet-embed", "x-tweet", "static-tweet", "lite-tweet", "embetty-tweet"} {
		list = append(list, extract.Markup{Form: extract.FormElement, Tag: tag, Read: readElement})
	}
	for _, attr := range elementAttributes() {
		list = append(list, extract.Markup{Form: extract.FormElement, Attr: attr, Read: readElement})
	}
	for _, attr := range idAttributes() {
		list = append(list, extract.Markup{Form: extract.FormData, Attr: attr, Read: readData})
	}
	for _, attr := range plainIDAttributes() {
		list = append(list, extract.Markup{Form: extract.FormData, Attr: attr, Read: readPlainData})
	}
	return append(list, extract.Markup{Form: extract.FormBlockquote, Tag: "blockquote", Read: readBareQuote})
}

// idAttributes lists the attributes that hold the id of a tweet by their very
// name.
func idAttributes() []string {
	return []string{"data-tweet-id", "data-tweetid", "data-twitter-tweet-id", "data-twitter-id", "data-tweet", "data-tweet-url",
		"data-twitter-url", "data-tweet-link", "data-twitter-status-id", "data-status-id"}
}

// elementAttributes lists the attributes of custom elements that do.
func elementAttributes() []string { return []string{"tweet-url", "tweet-id", "tweetid"} }

// plainIDAttributes lists the attributes that hold the id of whatever the
// element says it is.
func plainIDAttributes() []string {
	return []string{"data-embed-id", "data-id", "data-external-id", "data-media-id", "data-content-id", "data-source-id", "data-post-id"}
}

// minPlainDigits is the length from which a number of an element that speaks of
// Twitter is taken for a tweet's id: those since 2011 have at least as many, and
// a publisher's own numbers do not.
const minPlainDigits = 16

// byID returns the target for an id that stands in an attribute: the number,
// or the post's address.
func byID(s string) (extract.Target, bool) {
	s = strings.TrimSpace(s)
	if validID(s) {
		return target(extract.TargetEmbed, "", s, ""), true
	}
	if len(s) < len("x.com/i/status/1") {
		return extract.Target{}, false
	}
	return parseString(s)
}

func reading(t extract.Target, q extract.Quoted) extract.Reading {
	return extract.Reading{Target: t, Quoted: q}
}

// byAttributes returns the target that n's own attributes name.
func byAttributes(n *html.Node) (extract.Target, bool) {
	for i := range n.Attr {
		if a := &n.Attr[i]; namesTweet(a.Key) {
			if t, ok := byID(a.Val); ok {
				return t, true
			}
		}
	}
	return extract.Target{}, false
}

// namesTweet reports whether an attribute holds the id of a tweet by its very
// name.
func namesTweet(key string) bool {
	if !strings.Contains(key, "t") || len(key) < len("tweetid") {
		return false
	}
	return slices.Contains(idAttributes(), key) || slices.Contains(elementAttributes(), key)
}

// byFrame returns the target that an iframe's address names.
func byFrame(n *html.Node) (extract.Target, bool) {
	for _, key := range []string{"src", "data-src", "data-lazy-src"} {
		if t, ok := parseString(extract.Attr(n, key)); ok {
			return t, true
		}
	}
	return extract.Target{}, false
}

// readRendered reads what the platform's script makes of its snippet: an
// iframe, a custom element, or a block around one of them. Of the iframes of
// 2014 to 2018 only the attribute tells the id.
func readRendered(n *html.Node) (extract.Reading, bool) {
	if t, ok := byAttributes(n); ok {
		return reading(t, extract.Quoted{}), true
	}
	if t, ok := byFrame(n); ok {
		return reading(t, extract.Quoted{}), true
	}
	in := look(n)
	if !in.named.Ref.IsZero() {
		return reading(in.named, extract.Quoted{}), true
	}
	return in.snippet(n)
}

// readSnippet reads the platform's own snippet: the words in a paragraph and
// "— Name (@handle) <a href=post>date</a>". The last anchor to a post is the
// post's: those before it stand in its words.
func readSnippet(n *html.Node) (extract.Reading, bool) { return look(n).snippet(n) }

// The bounds of what is looked at below one element: a displayed post has some
// hundred nodes.
const (
	maxNodes = 1500
	maxBytes = 64 << 10
)

// inside is what was found below an element, in one pass.
type inside struct {
	// whole is true where everything below was looked at. A block that was
	// never closed, and so holds the rest of the page, is not whole.
	whole bool
	// boxed is true where another snippet is below: the element is a box around
	// it, or was never closed. What comes from there on is not looked at.
	boxed bool
	// posts are the anchors to posts.
	posts []anchored
	// named is the first post that an attribute or a frame names.
	named extract.Target
}

// anchored is an anchor to a post.
type anchored struct {
	node   *html.Node
	target extract.Target
}

// look finds what is below n, and n itself where it is an anchor.
func look(n *html.Node) inside {
	in := inside{whole: true}
	in.anchor(n)
	nodes, bytes := 0, 0
	for d := range n.Descendants() {
		if nodes++; nodes > maxNodes || bytes > maxBytes {
			in.whole = false
			break
		}
		if d.Type == html.TextNode {
			bytes += len(d.Data)
		}
		if d.Type != html.ElementNode || len(d.Attr) == 0 {
			continue
		}
		if d.DataAtom == atom.Blockquote && (extract.HasClass(d, "twitter-tweet") || extract.HasClass(d, "twitter-video")) {
			in.boxed, in.whole = true, false
			break
		}
		in.anchor(d)
		if !in.named.Ref.IsZero() {
			continue
		}
		if t, ok := byAttributes(d); ok {
			in.named = t
		} else if d.DataAtom == atom.Iframe {
			in.named, _ = byFrame(d)
		}
	}
	return in
}

// anchor adds n where it is an anchor to a post.
func (in *inside) anchor(n *html.Node) {
	if n.DataAtom != atom.A {
		return
	}
	if t, ok := parseString(extract.Attr(n, "href")); ok && t.Kind == extract.TargetPost {
		in.posts = append(in.posts, anchored{n, t})
	}
}

// post returns the anchor of the post itself: the last that shows a date, else
// the last; in a block that was never closed the first that shows a date.
func (in *inside) post() (extract.Target, *html.Node) {
	if len(in.posts) == 0 {
		return extract.Target{}, nil
	}
	best := in.posts[len(in.posts)-1]
	for _, p := range in.posts {
		if _, dated := extract.ParseDate(extract.Text(p.node)); !dated {
			continue
		}
		if best = p; !in.whole {
			break
		}
	}
	return best.target, best.node
}

// snippet returns the reading of a snippet.
func (in inside) snippet(n *html.Node) (extract.Reading, bool) {
	if n.DataAtom != atom.Blockquote && (in.boxed || !in.whole) {
		return extract.Reading{}, false
	}
	t, anchor := in.post()
	if anchor == nil {
		t, _ = byAttributes(n)
	}
	if t.Ref.IsZero() {
		t = in.named
	}
	if t.Ref.IsZero() && in.whole {
		t, anchor = mirroredIn(n)
	}
	if t.Ref.IsZero() && (in.boxed || n.DataAtom != atom.Blockquote) {
		return extract.Reading{}, false
	}
	q := in.quoted(n, anchor)
	if t.Ref.IsZero() && len(q.Text) < 200 && !strings.ContainsAny(q.Text, " \n") {
		// Nothing but the address stands there.
		if bare, ok := parseString(q.Text); ok {
			t, q = bare, extract.Quoted{}
		}
	}
	if t.Ref.IsZero() {
		if q.Handle == "" || q.Text == "" {
			return extract.Reading{}, false
		}
		t = extract.Target{Handle: q.Handle}
	}
	t.Kind = extract.TargetEmbed
	return reading(t, q), true
}

// mirroredIn returns the last post below a snippet that an anchor names as the
// platform does, /name/status/20, on a host that is not known: there are always
// new mirrors.
func mirroredIn(n *html.Node) (t extract.Target, anchor *html.Node) {
	for a := range extract.Nearby(n) {
		if a.DataAtom != atom.A {
			continue
		}
		u, ok := extract.ParseLinked(extract.Attr(a, "href"))
		if !ok {
			continue
		}
		address, ok := extract.NewAddress(u)
		if !ok || len(address.Segments) < 3 || !address.SegIs(1, "status") || len(address.Seg(2)) < minPlainDigits {
			continue
		}
		if m := mirrored(address, ""); m.Kind == extract.TargetPost {
			t, anchor = m, a
		}
	}
	return t, anchor
}

// quoted returns what a snippet quotes. anchor is the post's own, which the
// date stands in, or nil.
func (in *inside) quoted(n, anchor *html.Node) extract.Quoted {
	if anchor == nil && !in.whole {
		return extract.Quoted{}
	}
	text := extract.TextUntil(n, anchor)
	q, ok := extract.SplitSignOff(text)
	if !ok {
		q = extract.Quoted{Text: withoutDash(text), Links: extract.TextLinks(text)}
	}
	if anchor != nil {
		date := extract.Text(anchor)
		if d, ok := extract.ParseDate(date); ok {
			q.Date = d
		}
	}
	if extract.Placeholder(q.Text) {
		q.Text, q.Links = "", nil
	}
	return q
}

// withoutDash removes the dash of a sign-off of which the name is missing.
func withoutDash(s string) string {
	return strings.TrimRight(s, " \n—–-―")
}

// readBareQuote reads a snippet whose class a publishing system took away: it
// still ends with "(@handle)" and an anchor to the post that shows a date.
func readBareQuote(n *html.Node) (extract.Reading, bool) {
	for i := range n.Attr {
		if a := &n.Attr[i]; a.Key != "class" && (a.Val == "twitter-tweet" || a.Val == "twitter-video") {
			return readSnippet(n)
		}
	}
	in := look(n)
	t, anchor := in.post()
	if anchor == nil || !in.whole {
		return extract.Reading{}, false
	}
	q := in.quoted(n, anchor)
	if q.Handle == "" || q.Date == "" {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	return reading(t, q), true
}

func readAMP(n *html.Node) (extract.Reading, bool) {
	// A moment (data-momentid) or a timeline (data-timeline-…) is no post.
	t, ok := byID(extract.Attr(n, "data-tweetid"))
	return reading(t, extract.Quoted{}), ok
}

// readElement reads a custom element, whose attributes name the post.
func readElement(n *html.Node) (extract.Reading, bool) {
	if t, ok := byAttributes(n); ok {
		return reading(t, extract.Quoted{}), true
	}
	for _, key := range []string{"id", "url", "href", "src", "data-id", "data-url", "status"} {
		if v, ok := extract.LookupAttr(n, key); ok {
			if t, ok := byID(v); ok {
				return reading(t, extract.Quoted{}), true
			}
		}
	}
	return readSnippet(n)
}

// readData reads an element with a tweet's id or address in an attribute that
// says so.
func readData(n *html.Node) (extract.Reading, bool) {
	t, ok := byAttributes(n)
	if !ok || extract.Decoy(n) {
		return extract.Reading{}, false
	}
	return readSigned(n, t), true
}

// readSigned returns the reading of an element that names the post t, with the
// handle and the words that stand in it.
func readSigned(n *html.Node, t extract.Target) extract.Reading {
	in := look(n)
	inner, anchor := in.post()
	if inner.Ref == t.Ref && t.Handle == "" {
		t.Handle, t.URL = inner.Handle, inner.URL
	}
	if !in.whole {
		return reading(t, extract.Quoted{})
	}
	// What the element says counts only when it is signed, since it is not
	// known to be a snippet.
	q := in.quoted(n, anchor)
	if q.Handle == "" || t.Handle != "" && !strings.EqualFold(q.Handle, t.Handle) {
		q = extract.Quoted{}
	}
	return reading(t, q)
}

// readPlainData reads an element that says that it is a tweet and has a number
// in an attribute that does not.
func readPlainData(n *html.Node) (extract.Reading, bool) {
	v := strings.TrimSpace(extract.FirstAttr(n, plainIDAttributes()...))
	if len(v) < minPlainDigits || !digits(v) && !strings.Contains(v, "/status") {
		return extract.Reading{}, false
	}
	t, ok := byID(v)
	if !ok || !extract.Speaks(n, "twitter", "tweet") || extract.Decoy(n) {
		return extract.Reading{}, false
	}
	return readSigned(n, t), true
}
