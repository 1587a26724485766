package twitter

import (
	"cmp"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// scope reports whether an element begins an item of microdata.
func scope(n *html.Node) bool {
	_, ok := extract.LookupAttr(n, "itemscope")
	return ok
}

// prop returns the element below n with a property of n's own, nil where there
// is none: what stands within another item is that item's.
func prop(n *html.Node, name string) *html.Node {
	for c := range n.ChildNodes() {
		if c.Type != html.ElementNode {
			continue
		}
		if strings.EqualFold(extract.Attr(c, "itemprop"), name) {
			return c
		}
		if scope(c) {
			continue
		}
		if found := prop(c, name); found != nil {
			return found
		}
	}
	return nil
}

// propText returns the value of a property of n's own.
func propText(n *html.Node, name string) string {
	if v := prop(n, name); v != nil {
		return strings.TrimSpace(extract.Attr(v, "content"))
	}
	return ""
}

// quoteCardModern reports whether an element shows the post that this one
// quotes, on pages since 2019: it can be pressed as a whole.
func quoteCardModern(n *html.Node) bool {
	return n.DataAtom == atom.Div && extract.Attr(n, "role") == "link"
}

// microdata reads the pages of 2021 to 2023 as the site made them for machines.
func (r *pageReader) microdata() bool {
	n := find(r.root, nil, func(n *html.Node) bool {
		return strings.HasSuffix(extract.Attr(n, "itemtype"), "schema.org/SocialMediaPosting") && propText(n, "identifier") == r.p.ID
	})
	if n == nil {
		return false
	}
	if u := propText(n, "url"); u != "" {
		if _, ok := r.is(u); !ok {
			return false
		}
	}
	author := prop(n, "author")
	if author == nil {
		return false
	}
	r.p.Author = post.Author{ID: propText(author, "identifier"), Name: propText(author, "givenName"), Handle: propText(author, "additionalName")}
	r.stated = cmp.Or(propText(n, "datePublished"), propText(n, "dateCreated"))
	switch body := prop(n, "articleBody"); {
	case body == nil:
	case extract.Attr(body, "content") != "":
		r.p.Text = strings.TrimSpace(extract.Attr(body, "content"))
	default:
		if words := find(body, quoteCardModern, testID("tweetText")); words != nil {
			body = words
		}
		r.words(body)
	}
	r.modernMedia(n)
	return true
}

// displayed reads a page that was saved after its script had run.
func (r *pageReader) displayed() bool {
	for n := range extract.Elements(r.root, atom.Article) {
		if extract.Attr(n, "data-testid") != "tweet" {
			continue
		}
		a := find(n, quoteCardModern, func(n *html.Node) bool {
			_, ok := r.is(extract.Attr(n, "href"))
			return ok && n.DataAtom == atom.A && find(n, nil, func(n *html.Node) bool { return n.DataAtom == atom.Time }) != nil
		})
		if a == nil {
			continue
		}
		t, _ := r.is(extract.Attr(a, "href"))
		r.p.Author.Handle = t.Handle
		for at := range extract.Elements(a, atom.Time) {
			r.stated = extract.Attr(at, "datetime")
		}
		if name := find(n, quoteCardModern, testID("User-Name")); name != nil {
			before, _, _ := strings.Cut(extract.Text(name), "@"+t.Handle)
			r.p.Author.Name = strings.TrimSpace(before)
		}
		if words := find(n, quoteCardModern, testID("tweetText")); words != nil {
			r.words(words)
		}
		r.modernMedia(n)
		return true
	}
	return false
}

// modernMedia lists the pictures of a post on pages since 2019.
func (r *pageReader) modernMedia(n *html.Node) {
	seen := map[string]bool{}
	for img := range extract.Elements(n, atom.Img) {
		image := withoutArchive(extract.Attr(img, "src"))
		if !strings.HasPrefix(image, "https://pbs.twimg.com/media/") || within(img, n, quoteCardModern) {
			continue
		}
		m := post.Media{Kind: "photo", Alt: extract.Attr(img, "alt")}
		if setPhoto(&m, image); !seen[m.URL] {
			seen[m.URL] = true
			r.p.Media = append(r.p.Media, m)
		}
	}
	if find(n, quoteCardModern, func(n *html.Node) bool { return n.DataAtom == atom.Video }) != nil {
		r.b.note("the archived page shows a video and does not tell its file")
	}
}

// preview reads what a page tells other sites to show. The words can be cut, and
// short links are not written out.
func (r *pageReader) preview() bool {
	meta := map[string]string{}
	for n := range extract.Elements(r.root, atom.Meta) {
		if name := extract.FirstAttr(n, "property", "name"); meta[name] == "" {
			meta[name] = extract.Attr(n, "content")
		}
	}
	t, ok := r.is(meta["og:url"])
	words := strings.TrimSpace(meta["og:description"])
	if !ok || words == "" {
		return false
	}
	r.p.Author.Handle = t.Handle
	name, rest, named := strings.Cut(meta["og:title"], " (@")
	if named && strings.HasPrefix(strings.ToLower(rest), strings.ToLower(t.Handle)+")") {
		r.p.Author.Name = name
	} else if inner, ok := strings.CutPrefix(words, "“"); ok {
		// Until 2023 the preview put the words in quotation marks.
		words = strings.TrimSuffix(inner, "”")
	}
	r.p.Text = words
	r.p.Links = append(r.p.Links, extract.PostLinks(words)...)
	if image := withoutArchive(meta["og:image"]); strings.HasPrefix(image, "https://pbs.twimg.com/media/") {
		m := post.Media{Kind: "photo"}
		setPhoto(&m, image)
		r.p.Media = append(r.p.Media, m)
		r.b.note("the archived page tells at most one picture")
	}
	r.b.note("read from the preview that the archived page gives to other sites")
	return true
}
