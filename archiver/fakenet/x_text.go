package fakenet

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"sync"
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
var entity = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`https?://[^\s<>"]+|#[\p{L}\p{N}_]+|@[A-Za-z0-9_]{1,15}`)
})

// composer writes a text and counts its code points.
type composer struct {
	strings.Builder
	n     int
	spans []span
}

// put appends what is escaped already.
func (c *composer) put(s string) {
	c.WriteString(s)
	c.n += utf8.RuneCountInString(s)
}

// entity appends a word that is an entity.
func (c *composer) entity(s span, word string) {
	s.start = c.n
	c.put(word)
	s.end = c.n
	c.spans = append(c.spans, s)
}

// compose writes out the text of a post. whole asks for the whole of a long
// one.
func (x *X) compose(p *Post, whole bool) composed {
	x.mu.Lock()
	defer x.mu.Unlock()
	var c composer
	text, cut := p.Text, false
	if !whole && utf8.RuneCountInString(text) > longText {
		text, cut = strings.TrimRight(string([]rune(text)[:longText-4]), " \n")+"…", true
	}
	last := 0
	for _, m := range entity().FindAllStringIndex(text, -1) {
		word := strings.TrimRight(text[m[0]:m[1]], ".,;:!?)…")
		c.put(html.EscapeString(text[last:m[0]]))
		last = m[0] + len(word)
		switch word[0] {
		case '#':
			c.entity(span{kind: "hashtag", text: word[1:]}, word)
		case '@':
			c.entity(span{kind: "mention", text: word[1:]}, word)
		default:
			short, expanded, display := x.link(word)
			c.entity(span{kind: "url", short: short, expanded: expanded, display: display}, short)
		}
	}
	c.put(html.EscapeString(text[last:]))
	if q := x.posts[p.Quotes]; q != nil {
		c.put(" ")
		short := x.shorten(q.url())
		c.entity(span{kind: "url", short: short, expanded: q.url(), display: "x.com/" + q.Author.Handle + "/st…"}, short)
	}
	shown := len(utf16.Encode([]rune(c.String())))
	if len(p.Media) > 0 {
		if c.n > 0 {
			c.put(" ")
		}
		page := x.mediaPage(p, 0)
		short := x.shorten(page)
		c.entity(span{kind: "media", short: short, expanded: page, display: "pic.x.com/" + short[strings.LastIndexByte(short, '/')+1:]}, short)
	}
	return composed{text: c.String(), spans: c.spans, shown: shown, cut: cut}
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
