package instagram

import (
	"strings"
	"time"

	"stet/extract"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Markup lists the ways in which the platform's posts are put into pages.
func (s Site) Markup() []extract.Markup {
	list := []extract.Markup{
		extract.ByAttr(s, extract.Markup{Form: extract.FormRendered, Class: "instagram-media-rendered"}, "src", "data-src", "data-instgrm-permalink"),
		{Form: extract.FormBlockquote, Attr: "data-instgrm-permalink", Read: s.readSnippet},
		{Form: extract.FormBlockquote, Class: "instagram-media", Read: s.readSnippet},
		{Form: extract.FormBlockquote, Attr: "data-instgrm-version", Read: s.readSnippet},
		extract.ByAttr(s, extract.Markup{Form: extract.FormAMP, Tag: "amp-instagram"}, "data-shortcode", "shortcode"),
		{Form: extract.FormStatic, Attr: "data-attrs", Read: s.readNewsletter},
	}
	for _, attr := range []string{"data-instagram-id", "data-instagram-url", "data-instagram-shortcode", "data-instgrm-id"} {
		list = append(list, extract.ByData(s, attr))
	}
	for _, attr := range []string{"data-shortcode", "shortcode"} {
		m := extract.ByData(s, attr)
		if attr == "shortcode" {
			m.Form = extract.FormElement
		}
		list = append(list, whereCode(m, attr))
	}
	for _, attr := range []string{"data-embed-id", "data-id", "data-external-id", "data-media-id", "data-source-id", "data-post-id"} {
		list = append(list, whereCode(extract.ByData(s, attr, "instagram"), attr))
	}
	for _, attr := range []string{"instagram-id", "instagram-url"} {
		list = append(list, extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Attr: attr}, attr))
	}
	return list
}

// whereCode restricts a markup to elements in which the attribute holds an
// address or what looks like a shortcode: publishers number things themselves,
// and content systems name the macros of their own by shortcodes.
func whereCode(m extract.Markup, attr string) extract.Markup {
	read := m.Read
	m.Read = func(n *html.Node) (extract.Reading, bool) {
		if v := strings.TrimSpace(extract.Attr(n, attr)); !strings.Contains(v, "/") && !looksLikeCode(v) {
			return extract.Reading{}, false
		}
		return read(n)
	}
	return m
}

// looksLikeCode reports whether a value of an attribute that can hold anything
// is a shortcode as those since 2013 are: of ten or eleven characters, with the
// time of a day since then in them. A word in small letters is one in ten
// thousand of them.
func looksLikeCode(s string) bool {
	if len(s) != 10 && len(s) != 11 {
		return false
	}
	t, ok := Time(s)
	return ok && t.Year() >= 2012 && t.Year() < 2060 && strings.Trim(s, "0123456789") != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_-") != ""
}

// readSnippet reads the platform's own snippet. Since version 8 an attribute
// names the post; before, the anchor around the caption does.
func (s Site) readSnippet(n *html.Node) (extract.Reading, bool) {
	t, ok := extract.PostAt(s, extract.Attr(n, "data-instgrm-permalink"))
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
		q = s.quoted(n)
	}
	if t.Handle == "" {
		t.Handle = q.Handle
	}
	return extract.Reading{Target: t, Quoted: q}, true
}

// quoted returns what the snippet quotes: the caption, in a paragraph with
// nothing but an anchor to the post, in versions that were asked for it; and
// the line "A post shared by Name (@handle) on date".
func (s Site) quoted(n *html.Node) extract.Quoted {
	var q extract.Quoted
	for p := range extract.Elements(n, atom.P) {
		text := extract.Text(p)
		if line, ok := extract.SplitSignOff(text); ok {
			q.Handle, q.Name = line.Handle, s.nameIn(p, text)
			for tm := range extract.Elements(p, atom.Time) {
				if q.Date, ok = extract.ParseDate(extract.Text(tm)); !ok {
					q.Date = day(extract.Attr(tm, "datetime"))
				}
			}
			break
		}
		if _, anchor := extract.FirstLink(s, p); anchor != nil && text != "" && q.Text == "" && text == extract.Text(anchor) && !extract.Placeholder(text) {
			q.Text, q.Links = text, extract.TextLinks(text)
		}
	}
	return q
}

// nameIn returns the author's name from the line that signs a snippet: an
// anchor to the account, or what stands between the known words and the handle.
func (s Site) nameIn(p *html.Node, text string) string {
	for a := range extract.Elements(p, atom.A) {
		u, ok := extract.ParseLinked(extract.Attr(a, "href"))
		if !ok {
			continue
		}
		if t, ok := s.ParseURL(u); ok && t.Kind == extract.TargetProfile {
			return extract.Text(a)
		}
	}
	before, _, _ := strings.Cut(text, "(@")
	for _, words := range sharedBy() {
		if name, ok := strings.CutPrefix(before, words+" "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// sharedBy lists what stands before the name in the languages in which it
// stands before it.
func sharedBy() []string {
	return []string{"A post shared by", "A photo posted by", "A video posted by", "A photo shared by", "A video shared by",
		"Ein Beitrag geteilt von", "Ein von", "Une publication partagée par", "Une photo publiée par", "Une vidéo publiée par",
		"Una publicación compartida de", "Una publicación compartida por", "Una foto publicada por", "Un post condiviso da", "Una foto pubblicata da",
		"Uma publicação compartilhada por", "Uma publicação partilhada por", "Um post compartilhado por", "Uma foto publicada por",
		"Een bericht gedeeld door", "Post udostępniony przez", "Ett inlägg delat av", "Et innlegg delt av", "Et opslag delt af",
		"Příspěvek sdílený", "Публикация от", "Η δημοσίευση κοινοποιήθηκε από το χρήστη", "Bài viết do"}
}

// day returns the day of a time, in the zone that it is written in, which is the
// one that readers are shown; or the empty string.
func day(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return ""
	}
	return t.Format(time.DateOnly)
}
