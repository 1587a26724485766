package twitter

import (
	"encoding/json"
	"strings"
	"time"

	"stet/extract"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func readLink(n *html.Node) (extract.Reading, bool) {
	in := look(n)
	t, anchor := in.post()
	return reading(t, extract.Quoted{}), anchor != nil
}

// readCite reads a quotation that names a post as its source.
func readCite(n *html.Node) (extract.Reading, bool) {
	t, ok := parseString(extract.Attr(n, "cite"))
	if !ok {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	r := readSigned(n, t)
	if r.Quoted.IsZero() && extract.Compact(n) {
		text := extract.Text(n)
		r.Quoted = extract.Quoted{Text: text, Handle: t.Handle, Links: extract.TextLinks(text)}
	}
	return r, true
}

// readStatic reads a copy of the platform's own display: the anchor to the post
// is the one around the time.
func readStatic(n *html.Node) (extract.Reading, bool) {
	in := look(n)
	if !in.whole {
		return extract.Reading{}, false
	}
	for _, p := range in.posts {
		for tm := range extract.Elements(p.node, atom.Time) {
			t := p.target
			t.Kind = extract.TargetEmbed
			return reading(t, extract.Quoted{Handle: t.Handle, Text: tweetText(n), Date: isoDay(extract.Attr(tm, "datetime"))}), true
		}
	}
	for b := range extract.Elements(n, atom.Blockquote) {
		if r, ok := readCite(b); ok {
			return r, true
		}
	}
	t, anchor := in.post()
	t.Kind = extract.TargetEmbed
	return reading(t, extract.Quoted{}), anchor != nil
}

// readSavedPage reads a post as the site itself displays it, in a page that was
// saved with its frames.
func readSavedPage(n *html.Node) (extract.Reading, bool) {
	if n.DataAtom != atom.Article || extract.Attr(n, "data-testid") != "tweet" {
		return extract.Reading{}, false
	}
	return readStatic(n)
}

// readCopy reads a copy of a post as newsletters send it: everything stands in an
// element that says what it is, and the links may lead through a counter of
// clicks, so that the post is not told at all.
func readCopy(n *html.Node) (extract.Reading, bool) {
	if !extract.Compact(n) {
		return extract.Reading{}, false
	}
	q := extract.Quoted{
		Handle: strings.TrimPrefix(textOf(n, "tweet-author-handle", "tweet-screen-name", "tweet-author"), "@"),
		Name:   textOf(n, "tweet-author-name", "tweet-user-name"),
		Text:   textOf(n, "tweet-text", "tweet-content"),
	}
	if !validHandle(q.Handle) || q.Text == "" {
		return extract.Reading{}, false
	}
	q.Links = extract.TextLinks(q.Text)
	q.Date, _ = extract.ParseDate(textOf(n, "tweet-date", "tweet-time"))
	t, ok := parseString(extract.Attr(n, "data-url"))
	if !ok {
		t = copied(n, q.Handle)
	}
	t.Kind = extract.TargetEmbed
	if t.Handle == "" {
		t.Handle = q.Handle
	}
	return reading(t, q), true
}

// copied returns the post of an account that an address in n leads to. Not only
// anchors have addresses there.
func copied(n *html.Node, handle string) extract.Target {
	for d := range extract.Nearby(n) {
		t, ok := parseString(extract.Attr(d, "href"))
		if ok && t.Kind == extract.TargetPost && strings.EqualFold(t.Handle, handle) {
			return t
		}
	}
	return extract.Target{}
}

// textOf returns the text of the first element below n with one of the classes.
func textOf(n *html.Node, classes ...string) string {
	for _, class := range classes {
		for d := range extract.Nearby(n) {
			if extract.HasClass(d, class) {
				return extract.Text(d)
			}
		}
	}
	return ""
}

// tweetText returns the words of a displayed post.
func tweetText(n *html.Node) string {
	for d := range extract.Elements(n) {
		if extract.Attr(d, "data-testid") == "tweetText" || extract.HasClass(d, "Tweet-text") {
			return extract.Text(d)
		}
	}
	return ""
}

// isoDay returns the day of an ISO time, or the empty string.
func isoDay(s string) string {
	if len(s) < len(time.DateOnly) {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)]); err != nil {
		return ""
	}
	return s[:len(time.DateOnly)]
}

// substack is what the newsletter platform keeps of a tweet beside its display.
type substack struct {
	URL      str         `json:"url"`
	FullText opt[string] `json:"full_text"`
	Handle   str         `json:"username"`
	Name     str         `json:"name"`
	Date     str         `json:"date"`
}

// readSubstack reads a newsletter's static tweet, whose data stand beside it.
func readSubstack(n *html.Node) (extract.Reading, bool) {
	raw := extract.Attr(n, "data-attrs")
	if !strings.Contains(raw, "/status") {
		return extract.Reading{}, false
	}
	var v substack
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		return extract.Reading{}, false
	}
	t, ok := parseString(string(v.URL))
	if !ok || !v.FullText.Set {
		return extract.Reading{}, false
	}
	q := extract.Quoted{Text: plain(v.FullText.V), Name: string(v.Name), Handle: string(v.Handle), Date: v.day()}
	q.Links = extract.TextLinks(q.Text)
	t.Kind = extract.TargetEmbed
	return reading(t, q), true
}

func (v *substack) day() string {
	for _, layout := range []string{time.RubyDate, time.RFC3339} {
		if d, err := time.Parse(layout, string(v.Date)); err == nil {
			return d.UTC().Format(time.DateOnly)
		}
	}
	return ""
}

// plain returns the text of a piece of HTML.
func plain(s string) string { return extract.Text(fragment(s)) }
