package instagram

import (
	"net/url"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Instagram.
func (Site) Platform() post.Platform { return post.Instagram }

// Domains lists the platform's own domains and mirrors that make previews.
func (Site) Domains() []string { return append([]string{"instagram.com", "instagr.am"}, mirrors()...) }

func mirrors() []string {
	return []string{"ddinstagram.com", "kkinstagram.com", "67instagram.com", "vxinstagram.com", "eeinstagram.com"}
}

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	for _, d := range mirrors() {
		if a.On(d) {
			return s.parsePath(a), true
		}
	}
	var sub string
	switch {
	case a.On("instagram.com"):
		sub = a.Sub("instagram.com")
	case a.On("instagr.am"):
		sub = a.Sub("instagr.am")
	default:
		return extract.Target{}, false
	}
	switch sub {
	case "", "www", "m":
		return s.parsePath(a), true
	case "api", "graph":
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost), true
	case "l", "lm":
		// The page leads to another; the finder takes it off.
		return other(), true
	}
	return extract.Target{}, false
}

// PostByID returns the post of a shortcode.
func (Site) PostByID(id string) (extract.Target, bool) {
	code, ok := extract.Token(id, "-_", minCode, maxCode)
	if !ok || code != id {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, "p", "", id, ""), true
}

const (
	// minCode and maxCode are the bounds of a shortcode's length. Today's have
	// 11 characters, the first had 2.
	minCode, maxCode = 2, 64
	// privateTail is the length of what follows the number in the codes of
	// posts that were shared from private accounts.
	privateTail = 28
)

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

// parsePath reads the path of an address on the site for people.
func (s Site) parsePath(a extract.Address) extract.Target {
	if len(a.Segments) == 0 {
		return other()
	}
	if a.SegIs(0, "oembed", "publicapi") || a.SegIs(0, "api") && a.Param("url") != "" {
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	}
	if isKind(a.Seg(0)) {
		return code(a, 0, "")
	}
	switch {
	case a.SegIs(0, "share"):
		return short(a)
	case reserved(a.Seg(0)):
		return other()
	case isKind(a.Seg(1)) && a.Seg(2) != "":
		return code(a, 1, a.Seg(0))
	case len(a.Segments) > 1 && !a.SegIs(1, "tagged", "reels", "channel", "followers", "following", "feed", "embed"):
		return other()
	}
	handle, ok := extract.Token(strings.TrimPrefix(a.Seg(0), "@"), "._", 1, maxHandle)
	if handle = strings.TrimRight(handle, "."); !ok || handle == "" || reserved(handle) || isKind(handle) {
		return other()
	}
	return extract.Target{Kind: extract.TargetProfile, URL: "https://www.instagram.com/" + handle + "/", Handle: handle}
}

const maxHandle = 30

// isKind reports whether a segment is what comes before a shortcode.
func isKind(s string) bool {
	switch strings.ToLower(s) {
	case "p", "reel", "reels", "tv":
		return true
	}
	return false
}

func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "explore", "accounts", "about", "developer", "legal", "direct", "stories", "web", "api", "challenge", "directory",
		"graphql", "static", "embed.js", "session", "emails", "press", "terms", "privacy", "help", "oauth", "ads", "invites", "share":
		return true
	}
	return false
}

// code reads the shortcode that follows the i-th segment.
func code(a extract.Address, i int, handle string) extract.Target {
	id, ok := extract.Token(a.Seg(i+1), "-_", minCode, maxCode)
	if !ok || a.SegIs(i, "reels") && a.SegIs(i+1, "audio", "videos") {
		return other()
	}
	kind := extract.TargetPost
	if a.SegIs(i+2, "embed") {
		kind = extract.TargetEmbed
	}
	form := "p"
	switch {
	case a.SegIs(i, "reel", "reels"):
		form = "reel"
	case a.SegIs(i, "tv"):
		form = "tv"
	}
	index, ok := extract.Digits(a.Param("img_index"))
	if !ok || len(index) > 2 {
		index = ""
	}
	return target(kind, form, strings.TrimPrefix(handle, "@"), id, index)
}

// short returns the target of a share link, which has to be fetched.
func short(a extract.Address) extract.Target {
	last := a.Seg(len(a.Segments) - 1)
	key, ok := extract.Token(last, "-_", 4, 64)
	switch {
	case !ok || len(a.Segments) < 2 || len(a.Segments) > 3:
		return other()
	case len(a.Segments) == 3 && !isKind(a.Seg(1)):
		return other()
	case len(a.Segments) == 3:
		return extract.Target{Kind: extract.TargetShort, URL: "https://www.instagram.com/share/" + strings.ToLower(a.Seg(1)) + "/" + key + "/"}
	}
	return extract.Target{Kind: extract.TargetShort, URL: "https://www.instagram.com/share/" + key + "/"}
}

func target(kind extract.TargetKind, form, handle, id, part string) extract.Target {
	if h, ok := extract.Token(handle, "._", 1, maxHandle); !ok || h != handle {
		handle = ""
	}
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Instagram, ID: id}, URL: "https://www.instagram.com/" + form + "/" + id + "/",
		Handle: handle, Part: part, Posted: posted(id)}
}

const (
	alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	// epoch is the Unix time in milliseconds that ids count from.
	epoch     = 1314220021721
	timeShift = 23
)

// Number returns the number that a shortcode writes, which the platform calls
// the post's pk. It returns false where there is none of 63 bits.
func Number(code string) (int64, bool) {
	if len(code) > privateTail {
		code = code[:len(code)-privateTail]
	}
	if code == "" || len(code) > 11 {
		return 0, false
	}
	var n uint64
	for i := range len(code) {
		v := strings.IndexByte(alphabet, code[i])
		if v < 0 || n>>57 != 0 {
			return 0, false
		}
		n = n<<6 | uint64(v)
	}
	return int64(n), n < 1<<63
}

// Time returns the time of publication that a shortcode carries, in UTC. It
// returns false for codes that carry none: those from before August 2011, when
// ids were counted one by one.
func Time(code string) (time.Time, bool) {
	n, ok := Number(code)
	ms := n >> timeShift
	if !ok || ms < time.Minute.Milliseconds() {
		return time.Time{}, false
	}
	t := time.UnixMilli(ms + epoch).UTC()
	return t, t.Year() < 2100
}

func posted(code string) time.Time {
	t, ok := Time(code)
	if !ok {
		return time.Time{}
	}
	return t
}
