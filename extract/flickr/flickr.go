package flickr

import (
	"net/url"
	"strconv"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Flickr.
func (Site) Platform() post.Platform { return post.Flickr }

// Domains lists the platform's domains.
func (Site) Domains() []string { return []string{"flickr.com", "flic.kr"} }

// ParseURL says what an address of the platform leads to. Short links are the
// number of the photo in another notation, so that nothing has to be fetched.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	switch {
	case !ok:
		return extract.Target{}, false
	case a.Host == "flic.kr" || a.Host == "www.flic.kr":
		return shortHost(a), true
	case !a.On("flickr.com"):
		return extract.Target{}, false
	}
	switch a.Sub("flickr.com") {
	case "", "www", "m", "secure":
		return s.parsePath(a), true
	}
	return extract.Target{}, false
}

// PostByID returns the photo of a number.
func (Site) PostByID(id string) (extract.Target, bool) {
	n, err := strconv.ParseUint(id, 10, 64)
	if d, ok := extract.Digits(id); err != nil || !ok || d != id {
		return extract.Target{}, false
	}
	return bare(n), true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

// alphabet is that of the short links: without the characters that look alike.
const alphabet = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"

// decode58 reads the number of a short link.
func decode58(s string) (uint64, bool) {
	var n uint64
	if s == "" || len(s) > 10 {
		return 0, false
	}
	for i := range len(s) {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return 0, false
		}
		n = n*58 + uint64(v)
	}
	return n, n > 0 && s[0] != alphabet[0]
}

func encode58(n uint64) string {
	b := []byte{}
	for ; n > 0; n /= 58 {
		b = append([]byte{alphabet[n%58]}, b...)
	}
	return string(b)
}

// bare returns the target of a photo of which only the number is known.
func bare(n uint64) extract.Target {
	return extract.Target{Kind: extract.TargetPost, Ref: post.Ref{Platform: post.Flickr, ID: strconv.FormatUint(n, 10)}, URL: "https://flic.kr/p/" + encode58(n)}
}

func shortHost(a extract.Address) extract.Target {
	key, ok := extract.Token(a.Seg(1), "", 1, 10)
	n, isNumber := decode58(key)
	if !a.SegIs(0, "p") || !ok || !isNumber || n >= 1<<58 {
		return other()
	}
	return bare(n)
}

func (s Site) parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "services") && a.Param("url") != "":
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	case a.SegIs(0, "photo.gne") && a.Param("short") != "":
		return shortHost(extract.Address{Segments: []string{"p", a.Param("short")}})
	case a.SegIs(0, "share.gne"):
		return extract.Target{Kind: extract.TargetIntent}
	case a.SegIs(0, "photos", "people") && a.Seg(1) != "":
		return owned(a)
	}
	return other()
}

// owned reads /photos/user/number and the account's pages.
func owned(a extract.Address) extract.Target {
	user, ok := extract.Token(a.Seg(1), "-_@", 1, 80)
	if !ok || a.SegIs(1, "tags", "search", "upload", "organize") {
		return other()
	}
	if len(a.Segments) == 2 {
		return extract.Target{Kind: extract.TargetProfile, URL: "https://www.flickr.com/photos/" + user + "/", Handle: user}
	}
	n, ok := extract.Digits(a.Seg(2))
	if !ok || len(n) > 18 || !a.SegIs(0, "photos") {
		return other()
	}
	kind := extract.TargetPost
	if a.SegIs(3, "player") {
		kind = extract.TargetEmbed
	}
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Flickr, ID: n}, URL: "https://www.flickr.com/photos/" + user + "/" + n + "/", Handle: user}
}

// Markup lists the ways in which the platform's photos are put into pages: a
// picture in an anchor that a script completes.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		{Form: extract.FormBlockquote, Tag: "a", Attr: "data-flickr-embed", Read: s.readAnchor},
		{Form: extract.FormRendered, Class: "flickr-embed-frame", Read: s.readAnchor},
		extract.ByData(s, "data-flickr-url"),
	}
}

func (s Site) readAnchor(n *html.Node) (extract.Reading, bool) {
	t, ok := extract.PostAt(s, extract.FirstAttr(n, "href", "data-natural-url", "src"))
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok
}
