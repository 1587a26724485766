package twitter

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// ParseArchivedPage reads the post id from a page of the platform as web
// archives hold it, of any of its designs: 2006 to 2011, the permalink pages
// until 2020, the pages for old phones, the state that later pages embed, their
// microdata, a page saved with its display, and the preview for other sites.
// Other posts on the page (answers, quoted posts) are told apart by their ids.
// The words of the interface are never looked at, since it comes in any
// language. It errors with [extract.ErrShape] for every other page.
func ParseArchivedPage(id string, body []byte) (extract.Parsed, error) {
	if p, err := parseState(id, body); err == nil && p.Post.ID == id {
		return p, nil
	}
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return extract.Parsed{}, fmt.Errorf("%w: %w", extract.ErrShape, err)
	}
	for _, read := range []func(*pageReader) bool{(*pageReader).permalink, (*pageReader).microdata, (*pageReader).displayed,
		(*pageReader).phone, (*pageReader).oldest, (*pageReader).preview} {
		r := &pageReader{root: root, p: post.Post{Platform: post.Twitter, ID: id}}
		if !read(r) || !validHandle(r.p.Author.Handle) || r.p.Text == "" && len(r.p.Media) == 0 {
			continue
		}
		r.finish()
		return r.b.parsed(r.p), nil
	}
	return extract.Parsed{}, fmt.Errorf("%w: a page that does not show the post %.20s", extract.ErrShape, id)
}

// pageReader reads one post from a page.
type pageReader struct {
	root *html.Node
	p    post.Post
	b    builder
	// stated is the time as the page has it.
	stated string
}

func (r *pageReader) finish() {
	p := &r.p
	p.Author.URL = "https://twitter.com/" + p.Author.Handle
	p.URL = PostURL(p.Author.Handle, p.ID)
	if p.Posted.IsZero() {
		setPosted(p, r.stated)
	}
	if looksCut(p.Text) {
		p.Incomplete = true
		r.b.note("the source cuts long posts")
	}
}

// is reports whether an address is that of the post, whatever its host.
func (r *pageReader) is(address string) (extract.Target, bool) {
	address = withoutArchive(address)
	if strings.HasPrefix(address, "/") {
		address = "https://twitter.com" + address
	}
	t, ok := parseString(address)
	return t, ok && t.Ref.ID == r.p.ID
}

// words sets the text from its element.
func (r *pageReader) words(n *html.Node) {
	r.p.Text, r.p.Links = readText(n)
	if r.p.Language == "" {
		r.p.Language = extract.Attr(n, "lang")
	}
}

// find returns the first element below n that is wanted and does not stand in
// one that is not.
func find(n *html.Node, not, want func(*html.Node) bool) *html.Node {
	for c := range n.ChildNodes() {
		if c.Type != html.ElementNode || not != nil && not(c) {
			continue
		}
		if want(c) {
			return c
		}
		if found := find(c, not, want); found != nil {
			return found
		}
	}
	return nil
}

func class(names ...string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		for _, name := range names {
			if extract.HasClass(n, name) {
				return true
			}
		}
		return false
	}
}

func testID(id string) func(*html.Node) bool {
	return func(n *html.Node) bool { return extract.Attr(n, "data-testid") == id }
}

// quoteCard reports whether an element shows the post that this one quotes.
func quoteCard(n *html.Node) bool { return extract.HasClass(n, "QuoteTweet") }

// permalink reads the pages of 2011 to 2020: the element of each post carries
// its id.
func (r *pageReader) permalink() bool {
	n := find(r.root, quoteCard, func(n *html.Node) bool {
		return extract.FirstAttr(n, "data-tweet-id", "data-item-id") == r.p.ID && find(n, quoteCard, class("tweet-text", "js-tweet-text")) != nil
	})
	if n == nil {
		return false
	}
	p := &r.p
	p.Author = post.Author{ID: extract.Attr(n, "data-user-id"), Name: extract.Attr(n, "data-name"), Handle: extract.Attr(n, "data-screen-name")}
	if p.Author.Handle == "" {
		t, _ := r.is(extract.Attr(n, "data-permalink-path"))
		p.Author.Handle = t.Handle
	}
	if avatar := find(n, quoteCard, class("avatar")); avatar != nil {
		p.Author.Avatar = withoutArchive(extract.Attr(avatar, "src"))
	}
	r.words(find(n, quoteCard, class("tweet-text", "js-tweet-text")))
	if at := find(n, quoteCard, class("_timestamp", "js-short-timestamp")); at != nil {
		r.unix(extract.Attr(at, "data-time-ms"), extract.Attr(at, "data-time"))
	}
	r.permalinkMedia(n)
	if q := find(n, nil, quoteCard); q != nil {
		if inner := find(q, nil, func(n *html.Node) bool { return extract.Attr(n, "data-item-id") != "" }); inner != nil {
			p.Quoted = Ref(extract.Attr(inner, "data-item-id"))
		}
	}
	if before := find(r.root, nil, class("permalink-in-reply-tos")); before != nil {
		for d := range extract.Elements(before) {
			if extract.HasClass(d, "tweet") && extract.Attr(d, "data-tweet-id") != "" {
				p.Parent = Ref(extract.Attr(d, "data-tweet-id")) // the last one is what is answered
			}
		}
	}
	return true
}

// permalinkMedia lists the pictures of a permalink page. Of videos it shows no
// file.
func (r *pageReader) permalinkMedia(n *html.Node) {
	seen := map[string]bool{}
	for d := range extract.Elements(n) {
		image := withoutArchive(extract.FirstAttr(d, "data-image-url", "data-url"))
		if !strings.Contains(image, "//pbs.twimg.com/media/") || within(d, n, quoteCard) {
			continue
		}
		m := post.Media{Kind: "photo"}
		if setPhoto(&m, strings.Replace(image, "http://", "https://", 1)); seen[m.URL] {
			continue
		}
		seen[m.URL] = true
		for img := range extract.Elements(d, atom.Img) {
			m.Alt = extract.Attr(img, "alt")
		}
		r.p.Media = append(r.p.Media, m)
	}
	if find(n, quoteCard, class("AdaptiveMedia-videoContainer", "PlayableMedia", "animated-gif")) != nil {
		r.b.note("the archived page shows a video and does not tell its file")
	}
}

// within reports whether an element between d and n, d included, is of a kind.
func within(d, n *html.Node, kind func(*html.Node) bool) bool {
	for ; d != nil && d != n; d = d.Parent {
		if d.Type == html.ElementNode && kind(d) {
			return true
		}
	}
	return false
}

// unix sets the time of publication from seconds or milliseconds since 1970.
func (r *pageReader) unix(ms, s string) {
	if v, err := strconv.ParseInt(ms, 10, 64); err == nil && v > 0 {
		r.p.Posted, r.p.PostedFrom = time.UnixMilli(v).UTC(), "stated"
	} else if v, err := strconv.ParseInt(s, 10, 64); err == nil && v > 0 {
		r.p.Posted, r.p.PostedFrom = time.Unix(v, 0).UTC(), "stated"
	}
}

// phone reads the pages for old phones.
func (r *pageReader) phone() bool {
	n := find(r.root, nil, func(n *html.Node) bool {
		return extract.HasClass(n, "tweet-text") && extract.Attr(n, "data-id") == r.p.ID
	})
	if n == nil {
		return false
	}
	box := n
	for box.Parent != nil && !extract.HasClass(box, "main-tweet") && !extract.HasClass(box, "main-tweet-container") && !extract.HasClass(box, "tweet") {
		box = box.Parent
	}
	r.words(n)
	if u := find(box, nil, class("username")); u != nil {
		r.p.Author.Handle = strings.TrimPrefix(strings.TrimSpace(extract.Text(u)), "@")
	}
	if f := find(box, nil, class("fullname")); f != nil {
		r.p.Author.Name = extract.Text(f)
	}
	return true
}

// oldest reads the pages of 2006 to 2011: the anchor around the time leads to
// the post.
func (r *pageReader) oldest() bool {
	var body *html.Node
	for d := range extract.Elements(r.root) {
		if !extract.HasClass(d, "status-body") && !extract.HasClass(d, "hentry") && !extract.HasClass(d, "desc") {
			continue
		}
		a := find(d, nil, func(n *html.Node) bool {
			_, ok := r.is(extract.Attr(n, "href"))
			return ok && n.DataAtom == atom.A && (extract.HasClass(n, "entry-date") || extract.Attr(n, "rel") == "bookmark")
		})
		if a != nil {
			t, _ := r.is(extract.Attr(a, "href"))
			body, r.p.Author.Handle = d, t.Handle
			if at := find(a, nil, class("published", "timestamp")); at != nil {
				// {time:'Thu Apr 02 21:22:17 +0000 2009'}
				r.stated = strings.Trim(strings.TrimPrefix(extract.FirstAttr(at, "data", "title"), "{time:"), "'}")
			}
		}
	}
	if body == nil {
		return false
	}
	words := find(body, nil, class("entry-content", "entry-title"))
	if words == nil {
		return false
	}
	r.words(words)
	if n := find(r.root, nil, class("full-name")); n != nil {
		r.p.Author.Name = extract.Text(n)
	}
	return true
}
