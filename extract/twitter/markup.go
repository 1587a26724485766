package twitter

import (
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
		{Form: extract.FormStatic, Class: "react-tweet-theme", Read: readStatic},
		{Form: extract.FormStatic, Class: "EmbeddedTweet", Read: readStatic},
		{Form: extract.FormStatic, Attr: "data-testid", Read: readSavedPage},
		{Form: extract.FormStatic, Class: "subbuzz-tweet__created-at", Read: readLink},
		{Form: extract.FormStatic, Tag: "blockquote", Attr: "cite", Read: readCite},
	}
	for _, tag := range []string{"twitter-tweet", "twitter-embed", "tweet-embed", "x-tweet", "static-tweet", "lite-tweet"} {
		list = append(list, extract.Markup{Form: extract.FormElement, Tag: tag, Read: readElement})
	}
	for _, attr := range []string{"tweet-url", "tweet-id", "tweetid"} {
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
	for _, key := range append(idAttributes(), "tweet-url", "tweet-id", "tweetid") {
		if v, ok := extract.LookupAttr(n, key); ok {
			if t, ok := byID(v); ok {
				return t, true
			}
		}
	}
	return extract.Target{}, false
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
	for d := range extract.Nearby(n) {
		if t, ok := byAttributes(d); ok {
			return reading(t, extract.Quoted{}), true
		}
		if d.DataAtom == atom.Iframe {
			if t, ok := byFrame(d); ok {
				return reading(t, extract.Quoted{}), true
			}
		}
	}
	return readSnippet(n)
}

// readSnippet reads the platform's own snippet: the words in a paragraph and
// "— Name (@handle) <a href=post>date</a>". The last anchor to a post is the
// post's: those before it stand in its words.
func readSnippet(n *html.Node) (extract.Reading, bool) {
	if n.DataAtom != atom.Blockquote && holdsSnippet(n) {
		return extract.Reading{}, false
	}
	t, anchor := lastPost(n)
	if anchor == nil {
		t, _ = byAttributes(n)
	}
	bare := false
	if t.Ref.IsZero() {
		t, bare = byContent(n)
	}
	q := extract.Quoted{}
	if !bare {
		q = quoted(n, anchor)
	}
	if t.Ref.IsZero() {
		if q.Handle == "" || q.Text == "" {
			return extract.Reading{}, false
		}
		t = extract.Target{Kind: extract.TargetEmbed, Handle: q.Handle}
	}
	t.Kind = extract.TargetEmbed
	return reading(t, q), true
}

// holdsSnippet reports whether another snippet is below n, which then is no
// more than a box around it.
func holdsSnippet(n *html.Node) bool {
	for d := range extract.Nearby(n) {
		if d.DataAtom != atom.Blockquote {
			continue
		}
		if extract.HasClass(d, "twitter-tweet") || extract.HasClass(d, "twitter-video") {
			return true
		}
	}
	return false
}

// lastPost returns the last anchor below n that leads to a post, or n itself
// where it is one. In a block that was never closed it is the first that shows
// a date.
func lastPost(n *html.Node) (t extract.Target, anchor *html.Node) {
	if n.DataAtom == atom.A {
		if found, ok := parseString(extract.Attr(n, "href")); ok && found.Kind == extract.TargetPost {
			return found, n
		}
	}
	compact := extract.Compact(n)
	for a := range extract.Nearby(n) {
		if a.DataAtom != atom.A {
			continue
		}
		found, ok := parseString(extract.Attr(a, "href"))
		if !ok || found.Kind != extract.TargetPost {
			continue
		}
		t, anchor = found, a
		if _, dated := extract.ParseDate(extract.Text(a)); dated && !compact {
			break
		}
	}
	return t, anchor
}

// byContent returns the post that an iframe or the text of n names. bare is true
// where the text is nothing but the post's address.
func byContent(n *html.Node) (t extract.Target, bare bool) {
	for d := range extract.Nearby(n) {
		if t, ok := byAttributes(d); ok {
			return t, false
		}
		if d.DataAtom == atom.Iframe {
			if t, ok := byFrame(d); ok {
				return t, false
			}
		}
	}
	if !extract.Compact(n) {
		return extract.Target{}, false
	}
	if s := extract.Text(n); len(s) < 200 && !strings.ContainsAny(s, " \n") {
		return parseString(s)
	}
	return extract.Target{}, false
}

// quoted returns what a snippet quotes. anchor is the post's own, which the
// date stands in, or nil.
func quoted(n, anchor *html.Node) extract.Quoted {
	if anchor == nil && !extract.Compact(n) {
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
	if !extract.Compact(n) {
		return extract.Reading{}, false
	}
	t, anchor := lastPost(n)
	if anchor == nil {
		return extract.Reading{}, false
	}
	q := quoted(n, anchor)
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
	for _, key := range []string{"id", "url", "href", "src", "data-id", "data-url"} {
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
	if decoy(n) {
		return extract.Reading{}, false
	}
	t, ok := byAttributes(n)
	if !ok {
		return extract.Reading{}, false
	}
	return readSigned(n, t), true
}

// readSigned returns the reading of an element that names the post t, with the
// handle and the words that stand in it.
func readSigned(n *html.Node, t extract.Target) extract.Reading {
	inner, anchor := lastPost(n)
	if inner.Ref == t.Ref && t.Handle == "" {
		t.Handle, t.URL = inner.Handle, inner.URL
	}
	return reading(t, quotedOf(t, n, anchor))
}

// readPlainData reads an element that says that it is a tweet and has a number
// in an attribute that does not.
func readPlainData(n *html.Node) (extract.Reading, bool) {
	if decoy(n) || !extract.Speaks(n, "twitter", "tweet") {
		return extract.Reading{}, false
	}
	v := strings.TrimSpace(extract.FirstAttr(n, plainIDAttributes()...))
	if len(v) < minPlainDigits && digits(v) {
		return extract.Reading{}, false
	}
	t, ok := byID(v)
	if !ok {
		return extract.Reading{}, false
	}
	return readSigned(n, t), true
}

// quotedOf is quoted for an element that is not known to be a snippet: what it
// says counts only when it is signed.
func quotedOf(t extract.Target, n, anchor *html.Node) extract.Quoted {
	if !extract.Compact(n) {
		return extract.Quoted{}
	}
	if q := quoted(n, anchor); q.Handle != "" && (t.Handle == "" || strings.EqualFold(q.Handle, t.Handle)) {
		return q
	}
	return extract.Quoted{}
}

// decoy reports whether n is a button, a link or a timeline.
func decoy(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A, atom.Button, atom.Input, atom.Img, atom.Script, atom.Link, atom.Meta, atom.Body, atom.Html:
		return true
	}
	return extract.Speaks(n, "share", "sharing", "follow", "timeline", "button", "btn", "intent", "comment", "icon")
}
