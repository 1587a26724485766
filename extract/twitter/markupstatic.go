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
	t, anchor := lastPost(n)
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
	if !extract.Compact(n) {
		return extract.Reading{}, false
	}
	for a := range extract.Elements(n, atom.A) {
		t, ok := parseString(extract.Attr(a, "href"))
		if !ok || t.Kind != extract.TargetPost {
			continue
		}
		for tm := range extract.Elements(a, atom.Time) {
			t.Kind = extract.TargetEmbed
			return reading(t, extract.Quoted{Handle: t.Handle, Text: tweetText(n), Date: isoDay(extract.Attr(tm, "datetime"))}), true
		}
	}
	for b := range extract.Elements(n, atom.Blockquote) {
		if r, ok := readCite(b); ok {
			return r, true
		}
	}
	t, anchor := lastPost(n)
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
