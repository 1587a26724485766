package youtube

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.YouTube.
func (Site) Platform() post.Platform { return post.YouTube }

// Domains lists the platform's domains and mirrors whose addresses differ in
// the host only.
func (Site) Domains() []string { return append([]string{"youtu.be"}, long()...) }

// long lists the domains on which a video's address is not the short one.
func long() []string {
	return []string{"youtube.com", "youtube-nocookie.com", "youtubekids.com", "youtube.googleapis.com", "yewtu.be", "piped.video"}
}

// ParseURL says what an address of the platform leads to. A list of videos is
// told like a video; its id is longer.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	if a.Host == "youtu.be" || a.Host == "www.youtu.be" {
		if a.Seg(0) == "" {
			return other(), true
		}
		return video(a, extract.TargetPost, a.Seg(0)), true
	}
	for _, d := range long() {
		if !a.On(d) {
			continue
		}
		switch sub := a.Sub(d); sub {
		case "", "www", "m", "music", "gaming", "web", "tv", "br", "de", "es", "fr", "it", "jp", "uk", "nl", "pl", "ru":
			return s.parsePath(a), true
		}
		return extract.Target{}, false
	}
	return extract.Target{}, false
}

// PostByID returns the video, or the list of videos, of an id.
func (Site) PostByID(id string) (extract.Target, bool) {
	if got, ok := videoID(id); ok && got == id {
		return target(extract.TargetPost, id, ""), true
	}
	if got, ok := listID(id); ok && got == id {
		return list(extract.TargetPost, id), true
	}
	return extract.Target{}, false
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

// idLength is the length of a video's id.
const idLength = 11

// videoID returns the id that s is, or begins with where only punctuation
// follows. Two words of the platform's player have the same length.
func videoID(s string) (string, bool) {
	id, ok := extract.Token(s, "-_", idLength, idLength)
	if !ok || id == "videoseries" || id == "live_stream" {
		return "", false
	}
	return id, true
}

// listID returns the id of a list of videos. The two letters it begins with say
// what is listed; those of a mix or of the reader's own lists lead nowhere for
// others.
func listID(s string) (string, bool) {
	id, ok := extract.Token(s, "-_", 13, 64)
	if !ok {
		return "", false
	}
	switch id[:2] {
	case "PL", "UU", "FL", "OL", "SP", "EC":
		return id, true
	}
	return "", false
}

// video returns the target of a video's id as it stands in an address.
func video(a extract.Address, kind extract.TargetKind, raw string) extract.Target {
	id, ok := videoID(raw)
	if !ok {
		return other()
	}
	return target(kind, id, startTime(a))
}

func target(kind extract.TargetKind, id, part string) extract.Target {
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.YouTube, ID: id}, URL: "https://www.youtube.com/watch?v=" + id, Part: part}
}

func list(kind extract.TargetKind, id string) extract.Target {
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.YouTube, ID: id}, URL: "https://www.youtube.com/playlist?list=" + id}
}

// startTime returns the time from which a video is to be shown, as it stands in
// an address: 90, 90s or 1m30s.
func startTime(a extract.Address) string {
	v := ""
	for _, name := range []string{"t", "start", "time_continue"} {
		if v = a.Param(name); v != "" {
			break
		}
	}
	if v == "" {
		v = strings.TrimPrefix(a.Fragment, "t=")
		if v == a.Fragment {
			return ""
		}
	}
	v, ok := extract.Token(v, "", 1, 12)
	if !ok || v == "0" || v == "0s" || v[0] < '0' || v[0] > '9' {
		return ""
	}
	return v
}

// parsePath reads the path of an address on the site for people.
func (s Site) parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "watch", "watch_popup", "movie"):
		return watch(a)
	case a.SegIs(0, "shorts", "live", "vi") && a.Seg(1) != "":
		return video(a, extract.TargetPost, a.Seg(1))
	case a.SegIs(0, "embed", "v", "e", "swf"):
		return framed(a)
	case a.SegIs(0, "playlist", "view_play_list", "p") || a.SegIs(0, "play_list"):
		return listed(a)
	case a.SegIs(0, "oembed"):
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	case a.SegIs(0, "attribution_link"):
		return s.within(a.Param("u"))
	case a.SegIs(0, "clip") && a.Seg(1) != "":
		// A clip is a part of a video that only the page names.
		return clip(a)
	case a.SegIs(0, "share", "sharing_services", "subscribe_widget"):
		return extract.Target{Kind: extract.TargetIntent}
	case a.Param("v") != "" && (len(a.Segments) == 0 || a.SegIs(0, "index")):
		return video(a, extract.TargetPost, a.Param("v"))
	}
	return channel(a)
}

func watch(a extract.Address) extract.Target {
	raw := a.Param("v")
	if raw == "" {
		raw = a.Seg(1)
	}
	if raw == "" {
		// Addresses of 2009 and 2010: /watch#!v=ID.
		raw = extract.Address{Query: strings.TrimPrefix(a.Fragment, "!")}.Param("v")
	}
	if raw == "" && a.Param("list") != "" {
		return listed(a)
	}
	return video(a, extract.TargetPost, raw)
}

// framed reads the pages that are made to be framed.
func framed(a extract.Address) extract.Target {
	if t := video(a, extract.TargetEmbed, a.Seg(1)); !t.Ref.IsZero() {
		return t
	}
	if v := a.Param("v"); v != "" {
		return video(a, extract.TargetEmbed, v)
	}
	if id, ok := listID(a.Param("list")); ok {
		return list(extract.TargetEmbed, id)
	}
	return other()
}

func listed(a extract.Address) extract.Target {
	raw := a.Param("list")
	if raw == "" {
		raw = a.Param("p")
	}
	if raw == "" && a.SegIs(0, "p") {
		raw = "PL" + a.Seg(1)
	}
	id, ok := listID(raw)
	if !ok {
		return other()
	}
	return list(extract.TargetPost, id)
}

func clip(a extract.Address) extract.Target {
	key, ok := extract.Token(a.Seg(1), "-_", 10, 80)
	if !ok {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: "https://www.youtube.com/clip/" + key}
}

// within reads a path of the platform that stands in a parameter.
func (s Site) within(path string) extract.Target {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return extract.Wrapped(s, path, extract.TargetPost)
	}
	return extract.Wrapped(s, "https://www.youtube.com"+path, extract.TargetPost)
}

// channel reads the addresses of accounts.
func channel(a extract.Address) extract.Target {
	handle, isHandle := strings.CutPrefix(a.Seg(0), "@")
	switch {
	case isHandle && handle != "":
		return extract.Target{Kind: extract.TargetProfile, Handle: handle}
	case a.SegIs(0, "user", "c", "channel") && a.Seg(1) != "":
		// A video could be chosen in the fragment: /user/name#p/u/1/ID.
		if parts := strings.Split(a.Fragment, "/"); len(parts) > 2 && parts[0] == "p" {
			if t := video(a, extract.TargetPost, parts[len(parts)-1]); !t.Ref.IsZero() {
				return t
			}
		}
		return extract.Target{Kind: extract.TargetProfile, Handle: handleOf(a)}
	}
	return other()
}

func handleOf(a extract.Address) string {
	if a.SegIs(0, "channel") {
		return ""
	}
	return a.Seg(1)
}
