package spotify

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Spotify.
func (Site) Platform() post.Platform { return post.Spotify }

// Domains lists the platform's domains.
func (Site) Domains() []string { return []string{"spotify.com", "spotify.link", "spoti.fi"} }

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	for _, d := range []string{"spotify.link", "spoti.fi"} {
		if a.Host == d || a.Host == "www."+d {
			return short(d, a), true
		}
	}
	if !a.On("spotify.com") {
		return extract.Target{}, false
	}
	switch a.Sub("spotify.com") {
	case "open", "play", "embed":
		return s.parsePath(a), true
	}
	return extract.Target{}, false
}

// PostByID returns what an id type:id, or a URI spotify:type:id, names.
func (Site) PostByID(id string) (extract.Target, bool) {
	kind, raw, ok := strings.Cut(strings.TrimPrefix(id, "spotify:"), ":")
	if !ok || !listed(kind) || !validID(raw) {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, kind, raw, ""), true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

func short(domain string, a extract.Address) extract.Target {
	key, ok := extract.Token(a.Seg(0), "-_", 4, 40)
	if !ok || len(a.Segments) != 1 {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: "https://" + domain + "/" + key}
}

// listed reports whether s is a type of what can be played.
func listed(s string) bool {
	switch s {
	case "track", "album", "playlist", "episode", "show", "artist", "audiobook", "chapter":
		return true
	}
	return false
}

// idLength is the length of an id: a number of 128 bits in base 62.
const idLength = 22

func validID(s string) bool {
	id, ok := extract.Token(s, "", idLength, idLength)
	return ok && id == s
}

// target returns the target of what can be played. An artist's page is a profile;
// the player of the artist's best tracks is not.
func target(kind extract.TargetKind, of, id, part string) extract.Target {
	path := of + "/" + id
	if of == "artist" {
		path = "embed/" + path
	}
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Spotify, ID: of + ":" + id}, URL: "https://open.spotify.com/" + path, Part: part}
}

func (s Site) parsePath(a extract.Address) extract.Target {
	if uri := a.Param("uri"); uri != "" && (a.SegIs(0, "embed") || len(a.Segments) == 0) {
		return framed(s.byURI(uri))
	}
	if a.SegIs(0, "oembed") {
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	}
	kind := extract.TargetPost
	for len(a.Segments) > 0 {
		switch {
		case strings.HasPrefix(a.Seg(0), "intl-"):
		case a.SegIs(0, "embed", "embed-podcast"):
			kind = extract.TargetEmbed
		case a.SegIs(0, "user") && a.SegIs(2, "playlist"):
			a.Segments = a.Segments[1:]
		default:
			return byPath(a, kind)
		}
		a.Segments = a.Segments[1:]
	}
	return other()
}

func framed(t extract.Target) extract.Target {
	if t.Kind == extract.TargetPost {
		t.Kind = extract.TargetEmbed
	}
	return t
}

// byURI reads spotify:type:id and spotify:user:name:playlist:id.
func (s Site) byURI(uri string) extract.Target {
	parts := strings.Split(uri, ":")
	if len(parts) < 3 || parts[0] != "spotify" {
		return extract.Wrapped(s, uri, extract.TargetPost)
	}
	of, id := parts[len(parts)-2], parts[len(parts)-1]
	if !listed(of) || !validID(id) {
		return other()
	}
	return target(extract.TargetPost, of, id, "")
}

func byPath(a extract.Address, kind extract.TargetKind) extract.Target {
	of := strings.ToLower(a.Seg(0))
	id, ok := extract.Token(a.Seg(1), "", idLength, idLength)
	switch {
	case of == "user" && a.Seg(1) != "":
		return extract.Target{Kind: extract.TargetProfile}
	case !listed(of) || !ok:
		return other()
	case of == "artist" && kind == extract.TargetPost:
		return extract.Target{Kind: extract.TargetProfile, URL: "https://open.spotify.com/artist/" + id}
	}
	part, ok := extract.Digits(a.Param("t"))
	if !ok || len(part) > 6 {
		part = ""
	}
	return target(kind, of, id, part)
}

// Markup lists the ways in which the platform's players are put into pages,
// beside the frame.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: "spotify-player"}, "uri", "src", "url"),
		extract.ByData(s, "data-spotify-uri"),
		extract.ByData(s, "data-spotify-url"),
		extract.ByData(s, "data-spotify-id"),
	}
}
