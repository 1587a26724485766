package fakenet

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// span is an entity in the text of a post. Start and end count code points of
// the escaped text, as the platform does.
type span struct {
	start, end int
	// kind is url, hashtag, mention or media.
	kind string
	// text is the tag or the handle; short, expanded and display belong to
	// links.
	text, short, expanded, display string
}

// composed is the text of a post as the platform's interfaces send it.
type composed struct {
	text  string // escaped, with short links
	spans []span
	// shown is the end of what is displayed, in UTF-16 units of the escaped
	// text: the link to the post's own media comes after it.
	shown int
	// cut is true where the text is not whole.
	cut bool
}

// longText is the length in characters from which on a post is a long one, of
// which most interfaces send the beginning only.
const longText = 280

// entity finds addresses, hashtags and mentions.
func entity() *regexp.Regexp {
	return regexp.MustCompile(`https?://[^\s<>"]+|#[\p{L}\p{N}_]+|@[A-Za-z0-9_]{1,15}`)
}

// compose writes out the text of a post. whole asks for the whole of a long
// one.
func (x *X) compose(p *Post, whole bool) composed {
	x.mu.Lock()
	defer x.mu.Unlock()
	var c composed
	var b strings.Builder
	n := 0 // code points so far
	put := func(s string) { b.WriteString(s); n += utf8.RuneCountInString(s) }
	text := p.Text
	if !whole && utf8.RuneCountInString(text) > longText {
		text = strings.TrimRight(string([]rune(text)[:longText-4]), " \n") + "…"
		c.cut = true
	}
	last := 0
	for _, m := range entity().FindAllStringIndex(text, -1) {
		word := strings.TrimRight(text[m[0]:m[1]], ".,;:!?)…")
		put(html.EscapeString(text[last:m[0]]))
		last = m[0] + len(word)
		s := span{start: n}
		switch word[0] {
		case '#':
			s.kind, s.text = "hashtag", word[1:]
		case '@':
			s.kind, s.text = "mention", word[1:]
		default:
			s.kind = "url"
			s.short, s.expanded, s.display = x.link(word)
			word = s.short
		}
		put(word)
		s.end = n
		c.spans = append(c.spans, s)
	}
	put(html.EscapeString(text[last:]))
	if q := x.posts[p.Quotes]; q != nil {
		put(" ")
		s := span{start: n, kind: "url", expanded: q.url(), display: "x.com/" + q.Author.Handle + "/st…"}
		s.short = x.shorten(s.expanded)
		put(s.short)
		s.end = n
		c.spans = append(c.spans, s)
	}
	c.shown = len(utf16.Encode([]rune(b.String())))
	if len(p.Media) > 0 {
		if n > 0 {
			put(" ")
		}
		s := span{start: n, kind: "media", short: x.shorten(x.mediaPage(p, 0)), expanded: x.mediaPage(p, 0)}
		s.display = "pic.x.com/" + s.short[strings.LastIndexByte(s.short, '/')+1:]
		put(s.short)
		s.end = n
		c.spans = append(c.spans, s)
	}
	c.text = b.String()
	return c
}

// link returns the short, the long and the displayed form of an address in a
// text; x.mu is held.
func (x *X) link(address string) (short, expanded, display string) {
	short, expanded = address, address
	if c, ok := strings.CutPrefix(address, "https://t.co/"); ok {
		expanded = or(x.short[c], address)
	} else {
		short = x.shorten(address)
	}
	display = expanded
	if u, err := url.Parse(expanded); err == nil {
		display = strings.TrimPrefix(u.Host, "www.") + u.RequestURI()
	}
	display = strings.TrimSuffix(display, "/")
	if r := []rune(display); len(r) > 27 {
		display = string(r[:26]) + "…"
	}
	return short, expanded, display
}

// mediaPage is the address of the page of a post's i-th medium.
func (x *X) mediaPage(p *Post, i int) string {
	kind := "photo"
	if p.Media[i].Kind != "photo" {
		kind = "video"
	}
	owner := p
	if from := x.posts[p.Media[i].From]; from != nil {
		owner = &from.Post
	}
	return owner.url() + "/" + kind + "/1"
}
