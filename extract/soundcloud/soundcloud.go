package soundcloud

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.SoundCloud.
func (Site) Platform() post.Platform { return post.SoundCloud }

// Domains lists the platform's domains.
func (Site) Domains() []string { return []string{"soundcloud.com", "snd.sc"} }

// ParseURL says what an address of the platform leads to. The id is the path of
// the sound's page (user/title, user/sets/title), or tracks/number and
// playlists/number where only those are known.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	switch {
	case !ok:
		return extract.Target{}, false
	case a.Host == "snd.sc" || a.Host == "www.snd.sc":
		return short("snd.sc", a), true
	case !a.On("soundcloud.com"):
		return extract.Target{}, false
	}
	switch a.Sub("soundcloud.com") {
	case "", "www", "m":
		return s.parsePath(a), true
	case "on":
		return short("on.soundcloud.com", a), true
	case "w", "player":
		return extract.Wrapped(s, a.Param("url"), extract.TargetEmbed), true
	case "api", "api-v2":
		return parseAPI(a), true
	}
	return extract.Target{}, false
}

// PostByID returns the sound of an id.
func (s Site) PostByID(id string) (extract.Target, bool) {
	parts := strings.Split(id, "/")
	a := extract.Address{Segments: parts}
	var t extract.Target
	if len(parts) == 2 && numbered(parts[0]) {
		t = parseAPI(a)
	} else {
		t = s.parsePath(a)
	}
	if t.Ref.IsZero() || t.Ref.ID != id {
		return extract.Target{}, false
	}
	return t, true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

func short(host string, a extract.Address) extract.Target {
	key, ok := extract.Token(a.Seg(0), "-_", 4, 40)
	if !ok || len(a.Segments) != 1 {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: "https://" + host + "/" + key}
}

// numbered reports whether what s names is known by a number.
func numbered(s string) bool { return s == "tracks" || s == "playlists" }

// parseAPI reads /tracks/number, in which the number can be the end of an URN.
func parseAPI(a extract.Address) extract.Target {
	kind := strings.ToLower(a.Seg(0))
	raw := a.Seg(1)
	if i := strings.LastIndexByte(raw, ':'); i >= 0 {
		raw = raw[i+1:]
	}
	n, ok := extract.Digits(raw)
	if !ok || !numbered(kind) || len(n) > 18 {
		return other()
	}
	id := kind + "/" + n
	return extract.Target{Kind: extract.TargetPost, Ref: post.Ref{Platform: post.SoundCloud, ID: id}, URL: "https://api.soundcloud.com/" + id}
}

// slug returns a part of a path. Case does not count.
func slug(s string) (string, bool) {
	v, ok := extract.Token(s, "-_", 1, 120)
	return strings.ToLower(v), ok
}

func (s Site) parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "oembed", "player") && a.Param("url") != "":
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	case a.SegIs(0, "share"):
		return extract.Target{Kind: extract.TargetIntent}
	case reserved(a.Seg(0)):
		return other()
	}
	user, ok := slug(a.Seg(0))
	if !ok {
		return other()
	}
	switch {
	case len(a.Segments) == 1:
		return extract.Target{Kind: extract.TargetProfile, URL: "https://soundcloud.com/" + user, Handle: user}
	case a.SegIs(1, "sets") && len(a.Segments) > 2:
		return sound(a, user, "sets/", a.Seg(2), a.Seg(3))
	case a.SegIs(1, "sets", "tracks", "albums", "reposts", "likes", "followers", "following", "popular-tracks", "comments", "spotlight", "toptracks"):
		return extract.Target{Kind: extract.TargetProfile, URL: "https://soundcloud.com/" + user, Handle: user}
	}
	return sound(a, user, "", a.Seg(1), a.Seg(2))
}

// sound returns the target of a sound. The key without which a private one is
// not heard stays in the address.
func sound(a extract.Address, user, dir, raw, key string) extract.Target {
	title, ok := slug(raw)
	if !ok {
		return other()
	}
	id := user + "/" + dir + title
	t := extract.Target{Kind: extract.TargetPost, Ref: post.Ref{Platform: post.SoundCloud, ID: id}, URL: "https://soundcloud.com/" + id, Handle: user}
	if k, ok := extract.Token(key, "-", 5, 24); ok && strings.HasPrefix(k, "s-") {
		t.URL += "/" + k
	}
	if start, ok := strings.CutPrefix(a.Fragment, "t="); ok {
		if start, ok = extract.Token(start, ":", 1, 12); ok {
			t.Part = start
		}
	}
	return t
}

// reserved reports whether the first segment of a path is the platform's own.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "", "discover", "search", "you", "pages", "upload", "stream", "charts", "tags", "groups", "jobs", "explore", "signin", "login", "logout",
		"settings", "messages", "notifications", "terms-of-use", "imprint", "mobile", "pro", "go", "people", "community-guidelines", "feed", "tracks", "playlists", "oembed", "player":
		return true
	}
	return false
}

// Markup lists the ways in which the platform's sounds are put into pages,
// beside the frame.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		{Form: extract.FormAMP, Tag: "amp-soundcloud", Read: s.readAMP},
		extract.ByData(s, "data-soundcloud-url"),
		numberIn(s, "data-soundcloud-id"),
		numberIn(s, "data-soundcloud-track"),
	}
}

func (s Site) readAMP(n *html.Node) (extract.Reading, bool) {
	id := "tracks/" + extract.Attr(n, "data-trackid")
	if list := extract.Attr(n, "data-playlistid"); list != "" {
		id = "playlists/" + list
	}
	t, ok := s.PostByID(id)
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok
}

// numberIn is the markup of an attribute with a track's number.
func numberIn(s Site, attr string) extract.Markup {
	return extract.Markup{Form: extract.FormData, Attr: attr, Read: func(n *html.Node) (extract.Reading, bool) {
		t, ok := s.PostByID("tracks/" + strings.TrimSpace(extract.Attr(n, attr)))
		t.Kind = extract.TargetEmbed
		return extract.Reading{Target: t}, ok && !extract.Decoy(n)
	}}
}
