package twitch

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Twitch.
func (Site) Platform() post.Platform { return post.Twitch }

// Domains lists the platform's domain.
func (Site) Domains() []string { return []string{"twitch.tv"} }

// ParseURL says what an address of the platform leads to. A video's id is a
// number, a clip's a word.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok || !a.On("twitch.tv") {
		return extract.Target{}, false
	}
	switch a.Sub("twitch.tv") {
	case "", "www", "m", "go":
		return parsePath(a), true
	case "clips":
		return parseClips(a), true
	case "player":
		return parsePlayer(a), true
	}
	return extract.Target{}, false
}

// PostByID returns the video of a number, v before it or not, or the clip of a
// word.
func (Site) PostByID(id string) (extract.Target, bool) {
	if n, ok := number(id); ok {
		t := video(extract.Address{}, extract.TargetPost, n)
		return t, n == strings.TrimPrefix(id, "v")
	}
	t := clip(extract.TargetPost, "", id)
	if t.Ref.ID != id || id == "" {
		return extract.Target{}, false
	}
	return t, true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

// number returns a video's number. Players write a v before it.
func number(raw string) (string, bool) {
	n, ok := extract.Digits(strings.TrimPrefix(raw, "v"))
	return n, ok && len(n) >= 5 && len(n) <= 15
}

func video(a extract.Address, kind extract.TargetKind, raw string) extract.Target {
	n, ok := number(raw)
	if !ok {
		return other()
	}
	part, ok := extract.Token(a.Param("t")+a.Param("time"), "", 2, 12)
	if !ok || part == "0s" || part[0] < '0' || part[0] > '9' {
		part = ""
	}
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Twitch, ID: n}, URL: "https://www.twitch.tv/videos/" + n, Part: part}
}

func clip(kind extract.TargetKind, channel, raw string) extract.Target {
	slug, ok := extract.Token(raw, "-_", 5, 100)
	if !ok || strings.Trim(slug, "0123456789") == "" || strings.TrimLeft(slug, "v0123456789") == "" {
		return other()
	}
	if !validChannel(channel) {
		channel = ""
	}
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Twitch, ID: slug}, URL: "https://clips.twitch.tv/" + slug, Handle: channel}
}

func validChannel(s string) bool {
	name, ok := extract.Token(s, "_", 2, 30)
	return ok && name == s
}

func parseClips(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "embed"):
		return clip(extract.TargetEmbed, "", a.Param("clip"))
	case len(a.Segments) == 2:
		return clip(extract.TargetPost, a.Seg(0), a.Seg(1))
	}
	return clip(extract.TargetPost, "", a.Seg(0))
}

func parsePlayer(a extract.Address) extract.Target {
	switch {
	case a.Param("video") != "":
		return video(a, extract.TargetEmbed, a.Param("video"))
	case a.Param("clip") != "":
		return clip(extract.TargetEmbed, "", a.Param("clip"))
	case validChannel(a.Param("channel")):
		return channel(a.Param("channel"))
	}
	return other()
}

// channel returns the target of an account, whose page is its live stream.
func channel(name string) extract.Target {
	return extract.Target{Kind: extract.TargetProfile, URL: "https://www.twitch.tv/" + name, Handle: name}
}

func parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "videos") && a.Seg(1) != "":
		return video(a, extract.TargetPost, a.Seg(1))
	case a.SegIs(1, "v", "video", "b", "c") && a.Seg(2) != "":
		return video(a, extract.TargetPost, a.Seg(2))
	case a.SegIs(1, "clip") && a.Seg(2) != "":
		return clip(extract.TargetPost, a.Seg(0), a.Seg(2))
	case a.SegIs(0, "directory", "downloads", "jobs", "p", "search", "settings", "turbo", "store", "subscriptions", "login", "signup", "videos", "prime", "popout"):
		return other()
	case validChannel(a.Seg(0)) && (len(a.Segments) == 1 || a.SegIs(1, "about", "videos", "clips", "schedule", "profile", "embed")):
		return channel(a.Seg(0))
	}
	return other()
}

// Markup lists the ways in which the platform's videos are put into pages,
// beside the frame.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		extract.ByData(s, "data-twitch-video"),
		extract.ByData(s, "data-twitch-clip"),
		extract.ByData(s, "data-twitch-url"),
	}
}
