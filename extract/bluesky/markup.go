package bluesky

import (
	"encoding/json"
	"strings"
	"time"

	"stet/extract"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Markup lists the ways in which the platform's posts are put into pages.
func (s Site) Markup() []extract.Markup {
	list := []extract.Markup{
		{Form: extract.FormBlockquote, Attr: "data-bluesky-uri", Read: s.readSnippet},
		{Form: extract.FormBlockquote, Tag: "blockquote", Class: "bluesky-embed", Read: s.readSnippet},
		{Form: extract.FormRendered, Class: "bluesky-embed", Read: s.readRendered},
		{Form: extract.FormStatic, Attr: "data-attrs", Read: s.readNewsletter},
	}
	for _, tag := range []string{"bluesky-post", "bsky-post", "bluesky-embed", "bsky-embed"} {
		list = append(list, extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: tag}, "src", "uri", "url", "href", "data-uri", "data-url"))
	}
	for _, attr := range []string{"data-bsky-uri", "data-at-uri", "data-bluesky-url", "data-bluesky-post"} {
		list = append(list, extract.ByData(s, attr))
	}
	return list
}

// readSnippet reads the platform's own snippet: the words in a paragraph and
// "— Name (@handle) <a href=post>date</a>". The attribute names the post; the
// anchors only say it again.
func (s Site) readSnippet(n *html.Node) (extract.Reading, bool) {
	t, ok := s.PostByID(extract.Attr(n, "data-bluesky-uri"))
	last, anchor := extract.LastLink(s, n)
	if !ok {
		t, ok = last, anchor != nil
	}
	if !ok {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	q := extract.Quoted{}
	if extract.Compact(n) {
		q = quoted(n, anchor)
	}
	if t.Handle == "" {
		t.Handle = q.Handle
	}
	return extract.Reading{Target: t, Quoted: q}, true
}

// imageMark is what the snippet has in place of pictures.
const imageMark = "[image or embed]"

func quoted(n, anchor *html.Node) extract.Quoted {
	q, ok := extract.SplitSignOff(extract.TextUntil(n, anchor))
	if !ok {
		return extract.Quoted{}
	}
	q.Text = strings.TrimSpace(strings.TrimSuffix(q.Text, imageMark))
	q.Links = extract.TextLinks(q.Text)
	if anchor != nil {
		q.Date, _ = extract.ParseDate(extract.Text(anchor))
	}
	return q
}

func (s Site) readRendered(n *html.Node) (extract.Reading, bool) {
	for d := range extract.Nearby(n) {
		if d.DataAtom != atom.Iframe {
			continue
		}
		for _, key := range []string{"src", "data-src"} {
			if t, ok := extract.PostAt(s, extract.Attr(d, key)); ok {
				return extract.Reading{Target: t}, true
			}
		}
	}
	return s.readSnippet(n)
}

// newsletter is what Substack keeps of a post beside its display.
type newsletter struct {
	URI     string `json:"uri"`
	Name    string `json:"authorName"`
	Handle  string `json:"authorHandle"`
	Text    string `json:"text"`
	Created string `json:"createdAt"`
}

func (s Site) readNewsletter(n *html.Node) (extract.Reading, bool) {
	raw := extract.Attr(n, "data-attrs")
	if !strings.Contains(raw, collection) {
		return extract.Reading{}, false
	}
	var v newsletter
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		return extract.Reading{}, false
	}
	t, ok := s.PostByID(v.URI)
	if !ok {
		return extract.Reading{}, false
	}
	q := extract.Quoted{Text: strings.TrimSpace(v.Text), Name: v.Name, Handle: v.Handle, Links: extract.TextLinks(v.Text)}
	if d, err := time.Parse(time.RFC3339, v.Created); err == nil {
		q.Date = d.UTC().Format(time.DateOnly)
	}
	t.Kind = extract.TargetEmbed
	if t.Handle == "" {
		t.Handle = v.Handle
	}
	return extract.Reading{Target: t, Quoted: q}, true
}
