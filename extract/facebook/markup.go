package facebook

import (
	"strings"

	"stet/extract"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Markup lists the ways in which the platform's posts are put into pages. The
// elements of pages, like buttons and comment boxes, are none of them.
func (s Site) Markup() []extract.Markup {
	list := []extract.Markup{
		{Form: extract.FormBlockquote, Class: "fb-post", Read: s.readBox},
		{Form: extract.FormBlockquote, Class: "fb-video", Read: s.readBox},
		{Form: extract.FormBlockquote, Tag: "blockquote", Class: "fb-xfbml-parse-ignore", Read: s.readQuotation},
		{Form: extract.FormAMP, Tag: "amp-facebook", Read: s.readAMP},
	}
	for _, tag := range []string{"fb:post", "fb:video", "facebook-post", "facebook-video", "facebook-embed"} {
		list = append(list, extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: tag}, "href", "url", "src", "data-href"))
	}
	for _, attr := range []string{"data-facebook-url", "data-fb-url", "data-facebook-post", "data-fb-href"} {
		list = append(list, extract.ByData(s, attr))
	}
	return list
}

// readBox reads the platform's own element, before or after its script has run.
func (s Site) readBox(n *html.Node) (extract.Reading, bool) {
	t, ok := extract.PostAt(s, extract.FirstAttr(n, "data-href", "href", "data-url"))
	if !ok {
		t, ok = s.framed(n)
	}
	if !ok {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	r := extract.Reading{Target: t}
	if extract.Compact(n) {
		r.Quoted = s.quoted(n)
	}
	return r, true
}

// framed returns the post of a rendered box or of the quotation in one.
func (s Site) framed(n *html.Node) (extract.Target, bool) {
	for d := range extract.Nearby(n) {
		switch d.DataAtom {
		case atom.Iframe:
			if t, ok := extract.PostAt(s, extract.FirstAttr(d, "src", "data-src")); ok {
				return t, true
			}
		case atom.Blockquote:
			if t, ok := extract.PostAt(s, extract.Attr(d, "cite")); ok {
				return t, true
			}
		}
	}
	return extract.Target{}, false
}

// readQuotation reads the quotation that stands in the box before its script has
// run, where the box itself was taken away.
func (s Site) readQuotation(n *html.Node) (extract.Reading, bool) {
	t, ok := extract.PostAt(s, extract.Attr(n, "cite"))
	if !ok {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	r := extract.Reading{Target: t}
	if extract.Compact(n) {
		r.Quoted = s.quoted(n)
	}
	return r, true
}

func (s Site) readAMP(n *html.Node) (extract.Reading, bool) {
	t, ok := extract.PostAt(s, extract.FirstAttr(n, "data-href", "href"))
	if !ok || strings.EqualFold(extract.Attr(n, "data-embed-as"), "comment") {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, true
}

// quoted returns what the quotation in a box says: the words in paragraphs, then
// a line with an anchor to the account and one, with the date, to the post. Some
// publishing systems make a paragraph of that line, too.
func (s Site) quoted(n *html.Node) extract.Quoted {
	var q extract.Quoted
	var words []string
	speech := map[*html.Node]bool{}
	for p := range extract.Elements(n, atom.P) {
		if !s.signs(p) {
			words = append(words, extract.Text(p))
			speech[p] = true
		}
	}
	q.Text = strings.TrimSpace(strings.Join(words, "\n"))
	q.Links = extract.TextLinks(q.Text)
	for a := range extract.Elements(n, atom.A) {
		if speech[paragraph(a, n)] {
			continue
		}
		label := extract.Text(a)
		u, ok := extract.ParseLinked(extract.Attr(a, "href"))
		if !ok || label == "" {
			continue
		}
		t, _ := s.ParseURL(u)
		switch {
		case !t.Ref.IsZero():
			if d, ok := extract.ParseDate(label); ok {
				q.Date = d
			}
		case t.Kind == extract.TargetProfile && q.Name == "":
			q.Name, q.Handle = label, t.Handle
		}
	}
	return q
}

// signs reports whether a paragraph is the line that signs a quotation: it shows
// a date as an anchor to a post.
func (s Site) signs(p *html.Node) bool {
	for a := range extract.Links(s, p) {
		if _, ok := extract.ParseDate(extract.Text(a)); ok {
			return true
		}
	}
	return false
}

// paragraph returns the paragraph below n that a stands in, nil for none.
func paragraph(a, n *html.Node) *html.Node {
	for p := a.Parent; p != nil && p != n; p = p.Parent {
		if p.DataAtom == atom.P {
			return p
		}
	}
	return nil
}
