package tiktok

import (
	"strings"

	"stet/extract"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Markup lists the ways in which the platform's posts are put into pages.
func (s Site) Markup() []extract.Markup {
	list := []extract.Markup{
		{Form: extract.FormBlockquote, Class: "tiktok-embed", Read: s.readSnippet},
		extract.ByAttr(s, extract.Markup{Form: extract.FormAMP, Tag: "amp-tiktok"}, "data-src", "src"),
		{Form: extract.FormStatic, Class: "tiktok-wrap", Read: s.readLink},
	}
	for _, tag := range []string{"tiktok-video", "tiktok-embed", "lite-tiktok"} {
		list = append(list, extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: tag}, "videoid", "video-id", "src", "url", "data-video-id"))
	}
	for _, attr := range []string{"data-tiktok-id", "data-tiktok-url", "data-tiktok-video-id"} {
		list = append(list, extract.ByData(s, attr))
	}
	for _, attr := range []string{"data-video-id", "data-embed-id", "data-id", "data-external-id"} {
		list = append(list, extract.ByData(s, attr, "tiktok"))
	}
	return list
}

// readSnippet reads the platform's own snippet. That of an account or a tag has
// the same class and no id.
func (s Site) readSnippet(n *html.Node) (extract.Reading, bool) {
	t, ok := extract.PostAt(s, extract.Attr(n, "cite"))
	if !ok {
		t, ok = s.PostByID(strings.TrimSpace(extract.Attr(n, "data-video-id")))
	}
	if !ok {
		var anchor *html.Node
		t, anchor = extract.FirstLink(s, n)
		ok = anchor != nil
	}
	if !ok {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	q := extract.Quoted{}
	if extract.Compact(n) {
		q = quoted(n)
	}
	if t.Handle == "" {
		t.Handle = q.Handle
	}
	return extract.Reading{Target: t, Quoted: q}, true
}

// quoted returns what the snippet quotes: an anchor with the account's handle,
// the caption, an anchor with the music, which begins with a note.
func quoted(n *html.Node) extract.Quoted {
	var q extract.Quoted
	var handle, music *html.Node
	for a := range extract.Elements(n, atom.A) {
		label := extract.Text(a)
		switch {
		case handle == nil && strings.HasPrefix(label, "@"):
			handle = a
			q.Handle = strings.TrimPrefix(label, "@")
		case strings.HasPrefix(label, "♬"), strings.Contains(extract.Attr(a, "href"), "/music/"):
			music = a
		}
	}
	text := extract.TextUntil(n, music)
	if handle != nil {
		text = strings.TrimPrefix(text, extract.Text(handle))
	}
	q.Text = strings.TrimSpace(text)
	q.Links = extract.TextLinks(q.Text)
	return q
}

func (s Site) readLink(n *html.Node) (extract.Reading, bool) {
	t, anchor := extract.FirstLink(s, n)
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, anchor != nil
}
