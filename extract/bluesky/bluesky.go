package bluesky

import (
	"net/url"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// collection is the type of record that posts are.
const collection = "app.bsky.feed.post"

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Bluesky.
func (Site) Platform() post.Platform { return post.Bluesky }

// Domains lists the platform's own domain, other clients whose addresses have
// the same paths, and mirrors that make previews.
func (Site) Domains() []string { return append([]string{"bsky.app"}, others()...) }

func others() []string {
	return []string{"fxbsky.app", "vxbsky.app", "bskx.app", "bskyx.app", "bsyy.app", "xbsky.app", "deer.social", "blacksky.community", "witchsky.app", "bsky.dev"}
}

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	for _, d := range others() {
		if a.On(d) {
			return parsePath(a), true
		}
	}
	if !a.On("bsky.app") {
		return extract.Target{}, false
	}
	switch a.Sub("bsky.app") {
	case "", "www", "main", "staging":
		return parsePath(a), true
	case "embed":
		return s.parseEmbed(a), true
	case "go":
		return extract.Target{Kind: extract.TargetOther}, true
	}
	return extract.Target{}, false
}

// PostByID returns the post of an at:// URI, with or without the scheme.
func (Site) PostByID(id string) (extract.Target, bool) {
	parts := strings.Split(strings.TrimPrefix(id, "at://"), "/")
	if len(parts) != 3 || parts[1] != collection {
		return extract.Target{}, false
	}
	t := target(extract.TargetPost, parts[0], parts[2])
	return t, !t.Ref.IsZero()
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

func parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "intent"):
		return extract.Target{Kind: extract.TargetIntent}
	case !a.SegIs(0, "profile") || a.Seg(1) == "":
		return other()
	case a.SegIs(2, "post") && a.Seg(3) != "":
		return target(extract.TargetPost, a.Seg(1), a.Seg(3))
	case len(a.Segments) > 2:
		return other()
	}
	actor, ok := authority(a.Seg(1))
	if !ok {
		return other()
	}
	t := extract.Target{Kind: extract.TargetProfile, URL: "https://bsky.app/profile/" + actor}
	if !isDID(actor) {
		t.Handle = actor
	}
	return t
}

// parseEmbed reads the page that is framed, and the oEmbed call.
func (s Site) parseEmbed(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "embed") && a.Seg(2) == collection:
		return target(extract.TargetEmbed, a.Seg(1), a.Seg(3))
	case a.SegIs(0, "oembed"):
		return wrapped(s, a.Param("url"))
	}
	return other()
}

// wrapped reads the address of an oEmbed call, which may be an at:// URI.
func wrapped(s Site, inner string) extract.Target {
	if strings.HasPrefix(inner, "at://") {
		if t, ok := s.PostByID(inner); ok {
			return t
		}
	}
	return extract.Wrapped(s, inner, extract.TargetPost)
}

// target returns the target for a post's authority and record key as they stand
// in an address.
func target(kind extract.TargetKind, actor, rkey string) extract.Target {
	actor, ok := authority(actor)
	if !ok {
		return other()
	}
	key, ok := recordKey(rkey)
	ref := post.Ref{Platform: post.Bluesky, ID: "at://" + actor + "/" + collection + "/" + key}
	if !ok || !ref.Valid() {
		return other()
	}
	t := extract.Target{Kind: kind, Ref: ref, URL: "https://bsky.app/profile/" + actor + "/post/" + key, Posted: posted(key)}
	if !isDID(actor) {
		t.Handle = actor
	}
	return t
}

// authority returns a DID or a handle in the form in which it is compared:
// handles are domain names, in which case does not count.
func authority(s string) (string, bool) {
	s = strings.TrimPrefix(s, "@")
	if isDID(s) {
		return s, validDID(s)
	}
	s = strings.ToLower(strings.TrimRight(s, "."))
	return s, validHandle(s)
}

func isDID(s string) bool { return strings.HasPrefix(s, "did:") }

// validDID reports whether s is a DID of a method that the protocol uses.
func validDID(s string) bool {
	if key, ok := strings.CutPrefix(s, "did:plc:"); ok {
		return len(key) == 24 && within(key, alphabet)
	}
	host, ok := strings.CutPrefix(s, "did:web:")
	return ok && validHandle(strings.ToLower(host))
}

// validHandle reports whether s is a domain name with at least two labels.
func validHandle(s string) bool {
	if len(s) > 253 || strings.Count(s, ".") == 0 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			!within(label, "abcdefghijklmnopqrstuvwxyz0123456789-") {
			return false
		}
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	return last[0] < '0' || last[0] > '9'
}

// within reports whether s consists of the characters of set.
func within(s, set string) bool { return strings.Trim(s, set) == "" }

// tidLength is the length of the record keys that clients make from the time.
const tidLength = 13

// recordKey returns a record key as it stands in an address. Punctuation is
// legal in keys and clings to pasted addresses, so that after a key made from
// the time nothing else counts.
func recordKey(s string) (string, bool) {
	if len(s) > tidLength && within(s[:tidLength], alphabet) && !within(s[tidLength:tidLength+1], keyLetters) {
		return extract.Token(s, "", tidLength, tidLength)
	}
	key, ok := extract.Token(s, "._~:-", 1, 512)
	if key = strings.TrimRight(key, ".:"); key == "" {
		return "", false
	}
	return key, ok
}

const (
	// alphabet is that of base 32 in which the order of the characters is that
	// of the values.
	alphabet   = "234567abcdefghijklmnopqrstuvwxyz"
	keyLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
)

// Time returns the time that a record key carries, to the microsecond, in UTC.
// The author's client wrote it and could have written another. It returns false
// for keys that carry none.
func Time(rkey string) (time.Time, bool) {
	if len(rkey) != tidLength {
		return time.Time{}, false
	}
	var n uint64
	for i := range len(rkey) {
		v := strings.IndexByte(alphabet, rkey[i])
		if v < 0 || i == 0 && v > 15 {
			return time.Time{}, false
		}
		n = n<<5 | uint64(v)
	}
	t := time.UnixMicro(int64(n >> 10)).UTC()
	// The network began in 2022; records can be imported, but hardly from
	// before the web.
	return t, t.Year() >= 1995 && t.Year() < 2100
}

func posted(rkey string) time.Time {
	t, ok := Time(rkey)
	if !ok {
		return time.Time{}
	}
	return t
}
