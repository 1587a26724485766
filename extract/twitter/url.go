package twitter

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// onion is the platform's own address in the Tor network.
const onion = "twitter3e4tixl4xyajtrzo62zg5vztmjuricljdp2c5kshju4avyoid.onion"

// maxHandle is the longest handle. New ones have at most 15 characters, but
// accounts of the first years kept up to 20.
const maxHandle = 20

// maxWrappers bounds how often an address is unwrapped from another.
const maxWrappers = 3

// ErrNotPost is returned for an address of the platform that leads to no post.
var ErrNotPost = errors.New("not the address of a post on X")

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Twitter.
func (Site) Platform() post.Platform { return post.Twitter }

// Domains lists the platform's own domains and the mirrors that show a post
// under the same id.
func (Site) Domains() []string {
	return append([]string{"x.com", "twitter.com", onion, "t.co", "twitframe.com"}, mirrors()...)
}

// mirrors lists front ends whose addresses differ from the platform's in the
// host only. There are more: see [Mirrors].
func mirrors() []string {
	return []string{"fxtwitter.com", "vxtwitter.com", "fixupx.com", "xfixup.com", "fixvx.com", "twittpr.com",
		"xcancel.com", "nitter.net", "lightbrd.com", "twiiit.com", "twstalker.com", "sotwe.com"}
}

// ParseURL says what an address of the platform leads to. An address with an
// impossible id is [extract.TargetOther]; [PostID] says why.
func (Site) ParseURL(u *url.URL) (extract.Target, bool) { return parse(u, maxWrappers) }

// PostByID returns the post of a number.
func (Site) PostByID(id string) (extract.Target, bool) {
	if !validID(id) {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, "", id, ""), true
}

// PostURL returns the canonical address of a post for people. The handle may
// be empty.
func PostURL(handle, id string) string {
	if !validHandle(handle) {
		handle = "i"
	}
	return "https://twitter.com/" + handle + "/status/" + id
}

// PostID returns the id of the post that an address leads to, in any form. It
// errors with [ErrID] where the address has the form of a post's but the id is
// impossible, and with [ErrNotPost] where it leads elsewhere.
func PostID(u *url.URL) (string, error) {
	t, ok := parse(u, maxWrappers)
	if !ok {
		t, ok = Mirrors{}.ParseURL(u)
	}
	switch {
	case !ok:
		return "", fmt.Errorf("%w: %.200q", ErrNotPost, u)
	case t.Ref.ID != "":
		return t.Ref.ID, nil
	case t.Part != "":
		return "", fmt.Errorf("%w: %.40q in %.200q", ErrID, t.Part, u)
	}
	return "", fmt.Errorf("%w: %.200q", ErrNotPost, u)
}

func parse(u *url.URL, depth int) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok || depth == 0 {
		return extract.Target{}, false
	}
	switch {
	case a.Host == "t.co":
		return short(a, "t.co"), true
	case a.On("twitframe.com"):
		return wrapped(a.Param("url"), extract.TargetEmbed, depth), true
	}
	for _, m := range mirrors() {
		if a.On(m) {
			return mirrored(a, a.Sub(m)), true
		}
	}
	for _, own := range []string{"x.com", "twitter.com", onion} {
		if a.On(own) {
			return parseOwn(a, a.Sub(own), depth)
		}
	}
	return extract.Target{}, false
}

// parseOwn reads an address on the platform's own domains.
func parseOwn(a extract.Address, sub string, depth int) (extract.Target, bool) {
	switch sub {
	case "", "www", "m", "mobile", "web":
		return parsePath(a, depth), true
	case "pic":
		return short(a, "pic.twitter.com"), true
	case "platform", "syndication":
		return parsePlatform(a), true
	case "publish":
		return wrapped(cmp.Or(a.Param("url"), a.Param("query")), extract.TargetPost, depth), true
	case "api":
		return parseAPI(a, depth), true
	}
	// What is left are pages about the platform (help., blog., …), which an
	// article links like any other page.
	return extract.Target{}, false
}

// short returns the target of a short link.
func short(a extract.Address, host string) extract.Target {
	key, ok := extract.Token(a.Seg(0), "", 1, 24)
	if !ok {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: "https://" + host + "/" + key}
}

// wrapped returns the target of an address within an address.
func wrapped(inner string, kind extract.TargetKind, depth int) extract.Target {
	u, ok := extract.ParseLink(inner)
	if !ok {
		return other()
	}
	t, ok := parse(u, depth-1)
	if !ok {
		return other()
	}
	if t.Kind == extract.TargetPost {
		t.Kind = kind
	}
	return t
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

// target returns the target for a post's id as it stands in an address. An
// impossible id is kept in Part for [PostID].
func target(kind extract.TargetKind, handle, raw, part string) extract.Target {
	raw = strings.TrimLeft(raw, " \u00a0\u200b\u200e\u200f\ufeff")
	if !validHandle(handle) {
		handle = ""
	}
	id, ok := extract.Digits(raw)
	if !ok || !validID(id) {
		t := other()
		t.Handle = handle
		if raw != "" && digits(raw[:1]) {
			t.Part = raw
		}
		return t
	}
	return extract.Target{Kind: kind, Ref: Ref(id), URL: PostURL(handle, id), Handle: handle, Part: part, Posted: posted(id)}
}

// validHandle reports whether s can be an account's handle.
func validHandle(s string) bool {
	if s == "" || len(s) > maxHandle || reserved(s) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// reserved reports whether the first segment of a path is the platform's own
// and no account.
func reserved(s string) bool {
	return slices.Contains([]string{"i", "intent", "share", "search", "hashtag", "home", "settings", "login", "logout",
		"explore", "tos", "privacy", "about", "messages", "notifications", "compose", "download", "jobs", "account", "oauth",
		"signup", "who_to_follow", "widgets", "statuses", "status", "following", "followers", "favorites", "mentions",
		"personalization", "sessions", "invitations", "directory", "language", "similar_to", "safety", "goodies",
		"search-advanced", "search-home", "logged_out", "embed", "lists", "bookmarks", "connect_people", "teams"}, strings.ToLower(s))
}

// parsePath reads the path of an address on the site for people.
func parsePath(a extract.Address, depth int) extract.Target {
	if bang, ok := a.HashBang(); ok {
		a = bang
	}
	switch {
	case a.SegIs(0, "i"):
		return parseInternal(a)
	case a.SegIs(0, "intent", "share"), a.SegIs(0, "home") && a.Param("status") != "":
		return extract.Target{Kind: extract.TargetIntent}
	case a.SegIs(0, "status", "statuses") && a.Seg(1) != "":
		return target(extract.TargetPost, "", a.Seg(1), part(a, 2))
	case a.SegIs(0, "safety") && a.SegIs(1, "unsafe_link_warning"):
		return wrapped(a.Param("unsafe_link"), extract.TargetPost, depth)
	}
	handle := strings.TrimPrefix(a.Seg(0), "@")
	switch {
	case handle == "" || reserved(handle):
		return other()
	case a.SegIs(1, "status", "statuses", "article") && a.Seg(2) != "":
		return target(extract.TargetPost, handle, a.Seg(2), part(a, 3))
	}
	return profile(a, handle)
}

// profile returns the target of an account's pages.
func profile(a extract.Address, handle string) extract.Target {
	handle, ok := extract.Token(handle, "_", 1, maxHandle)
	if !ok || !validHandle(handle) {
		return other()
	}
	if len(a.Segments) > 1 && !a.SegIs(1, "with_replies", "media", "likes", "favorites", "followers", "following", "highlights",
		"articles", "photo", "header_photo", "about", "verified_followers", "superfollows", "affiliates") {
		return other()
	}
	return extract.Target{Kind: extract.TargetProfile, URL: "https://twitter.com/" + handle, Handle: handle}
}

// part returns the number of the picture or video that the segments from i on
// point to.
func part(a extract.Address, i int) string {
	if !a.SegIs(i, "photo", "photos", "video") {
		return ""
	}
	n, ok := extract.Digits(a.Seg(i + 1))
	if !ok || len(n) > 2 {
		return ""
	}
	return n
}

// parseInternal reads the paths below /i/, which name no account.
func parseInternal(a extract.Address) extract.Target {
	switch {
	case a.SegIs(1, "status", "statuses") && a.Seg(2) != "":
		return target(extract.TargetPost, "", a.Seg(2), part(a, 3))
	case a.SegIs(1, "web") && a.SegIs(2, "status", "statuses") && a.Seg(3) != "":
		return target(extract.TargetPost, "", a.Seg(3), part(a, 4))
	case a.SegIs(1, "videos") && a.SegIs(2, "tweet") && a.Seg(3) != "":
		return target(extract.TargetEmbed, "", a.Seg(3), "")
	case a.SegIs(1, "videos") && a.Seg(2) != "":
		return target(extract.TargetEmbed, "", a.Seg(2), "")
	case a.SegIs(1, "cards") && a.SegIs(2, "tfw") && a.SegIs(3, "v1") && a.Seg(4) != "":
		return target(extract.TargetEmbed, "", a.Seg(4), "")
	case a.SegIs(1, "user") && a.Seg(2) != "":
		return extract.Target{Kind: extract.TargetProfile}
	case a.SegIs(1, "intent", "redirect"):
		return extract.Target{Kind: extract.TargetIntent}
	}
	return other()
}

// parsePlatform reads the addresses that the platform's embed script frames.
func parsePlatform(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "embed"):
		if id := cmp.Or(a.Param("id"), a.Param("tweetId"), a.Param("tweet_id")); id != "" {
			return target(extract.TargetEmbed, "", id, "")
		}
	case a.SegIs(0, "widgets") && len(a.Segments) > 1:
		return extract.Target{Kind: extract.TargetIntent}
	case a.SegIs(0, "srv") && a.SegIs(1, "timeline-profile") && a.SegIs(2, "screen-name"):
		return profile(extract.Address{Segments: a.Segments[3:]}, a.Seg(3))
	}
	return other()
}

// parseAPI reads the addresses of API look-ups, which pages carry as oEmbed
// discovery links.
func parseAPI(a extract.Address, depth int) extract.Target {
	if a.SegIs(1, "statuses") {
		switch {
		case a.SegIs(2, "oembed.json", "oembed") && a.Param("url") != "":
			return wrapped(a.Param("url"), extract.TargetPost, depth)
		case a.SegIs(2, "oembed.json", "oembed", "show.json"):
			return target(extract.TargetPost, "", a.Param("id"), "")
		case a.SegIs(2, "show"):
			return target(extract.TargetPost, "", a.Seg(3), "")
		}
	}
	if a.SegIs(1, "tweets") && a.Seg(2) != "" {
		return target(extract.TargetPost, "", a.Seg(2), "")
	}
	return other()
}

// mirrored reads an address on a mirror. Their APIs and players have paths of
// their own.
func mirrored(a extract.Address, sub string) extract.Target {
	i := 0
	for i < len(a.Segments) && !a.SegIs(i, "status", "statuses", "tweet") {
		i++
	}
	if i > 2 || a.Seg(i+1) == "" {
		if sub == "" || sub == "www" {
			return parsePath(a, 1)
		}
		return other()
	}
	handle := ""
	if i == 1 && sub != "api" {
		handle = strings.TrimPrefix(a.Seg(0), "@")
	}
	kind := extract.TargetPost
	if a.SegIs(i+2, "embed") {
		kind = extract.TargetEmbed
	}
	return target(kind, handle, a.Seg(i+1), part(a, i+2))
}

// Mirrors is the site of the mirrors whose hosts cannot be listed: instances of
// Nitter, whose hosts begin with that name. It is to stand late in a list of
// sites, since it is offered every address that no other site took.
type Mirrors struct{}

// Platform returns post.Twitter.
func (Mirrors) Platform() post.Platform { return post.Twitter }

// Domains returns nil: the hosts are not known.
func (Mirrors) Domains() []string { return nil }

// ParseURL takes the posts on hosts whose first label is nitter.
func (Mirrors) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	label, rest, _ := strings.Cut(a.Host, ".")
	if label != "nitter" || !strings.Contains(rest, ".") {
		return extract.Target{}, false
	}
	t := mirrored(a, "")
	return t, t.Kind == extract.TargetPost || t.Kind == extract.TargetEmbed
}

// PostByID is [Site.PostByID].
func (Mirrors) PostByID(id string) (extract.Target, bool) { return Site{}.PostByID(id) }

// Markup returns nil: mirrors have no markup of their own.
func (Mirrors) Markup() []extract.Markup { return nil }
