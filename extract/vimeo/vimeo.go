package vimeo

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Vimeo.
func (Site) Platform() post.Platform { return post.Vimeo }

// Domains lists the platform's domain.
func (Site) Domains() []string { return []string{"vimeo.com"} }

// ParseURL says what an address of the platform leads to. The address of an
// unlisted video keeps the key without which it is not shown.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok || !a.On("vimeo.com") {
		return extract.Target{}, false
	}
	switch a.Sub("vimeo.com") {
	case "player":
		return parsePlayer(a), true
	case "", "www":
		return s.parsePath(a), true
	}
	return extract.Target{}, false
}

// PostByID returns the video of a number.
func (Site) PostByID(id string) (extract.Target, bool) {
	n, ok := number(id)
	if !ok || n != id {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, id, "", ""), true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

func number(raw string) (string, bool) {
	id, ok := extract.Digits(raw)
	return id, ok && len(id) <= 18
}

// key returns the key of an unlisted video.
func key(raw string) string {
	k, ok := extract.Token(raw, "", 8, 12)
	if !ok || strings.Trim(k, "0123456789abcdef") != "" {
		return ""
	}
	return k
}

func target(kind extract.TargetKind, id, key, part string) extract.Target {
	t := extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Vimeo, ID: id}, URL: "https://vimeo.com/" + id, Part: part}
	if key != "" {
		t.URL += "/" + key
	}
	return t
}

// startTime returns the time from which a video is to be shown: #t=90s.
func startTime(a extract.Address) string {
	v, ok := strings.CutPrefix(a.Fragment, "t=")
	if !ok {
		return ""
	}
	if v, ok = extract.Token(v, "", 1, 12); !ok || v == "0" || v == "0s" {
		return ""
	}
	return v
}

// parsePlayer reads the page that is made to be framed.
func parsePlayer(a extract.Address) extract.Target {
	id, ok := number(a.Seg(1))
	if !a.SegIs(0, "video") || !ok {
		return other()
	}
	return target(extract.TargetEmbed, id, key(a.Param("h")), startTime(a))
}

// parsePath reads the path of an address on the site for people.
func (s Site) parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "api") && a.Param("url") != "":
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	case a.SegIs(0, "moogaloop.swf"):
		id, ok := number(a.Param("clip_id"))
		if !ok {
			return other()
		}
		return target(extract.TargetEmbed, id, "", "")
	case a.SegIs(0, "event", "user"):
		return other()
	}
	for i, segment := range a.Segments {
		id, ok := number(segment)
		if !ok || !leadsToVideo(a.Segments[:i]) {
			continue
		}
		kind := extract.TargetPost
		if a.SegIs(i+1, "embed") {
			kind = extract.TargetEmbed
		}
		return target(kind, id, key(a.Seg(i+1)), startTime(a))
	}
	return profile(a)
}

// leadsToVideo reports whether a number after these segments is a video's.
func leadsToVideo(before []string) bool {
	a := extract.Address{Segments: before}
	switch len(before) {
	case 0:
		return true
	case 1:
		return a.SegIs(0, "m", "video", "videos", "manage")
	case 2:
		return a.SegIs(0, "channels", "ondemand") || a.SegIs(1, "review", "videos") || a.SegIs(0, "manage")
	case 3:
		return a.SegIs(2, "video", "videos")
	}
	return false
}

func profile(a extract.Address) extract.Target {
	name, ok := extract.Token(a.Seg(0), "-_", 1, 60)
	if !ok || len(a.Segments) != 1 {
		return other()
	}
	switch strings.ToLower(name) {
	case "about", "blog", "categories", "channels", "groups", "features", "help", "join", "log_in", "upgrade", "watch", "search", "upload",
		"settings", "stock", "jobs", "terms", "privacy", "create", "enterprise", "ondemand", "solutions", "share", "m", "event", "album", "showcase":
		return other()
	}
	return extract.Target{Kind: extract.TargetProfile, URL: "https://vimeo.com/" + name, Handle: name}
}

// Markup lists the ways in which the platform's videos are put into pages,
// beside the frame.
func (s Site) Markup() []extract.Markup {
	list := []extract.Markup{
		extract.ByAttr(s, extract.Markup{Form: extract.FormAMP, Tag: "amp-vimeo"}, "data-videoid", "videoid"),
		extract.ByData(s, "data-vimeo-url"),
	}
	for _, tag := range []string{"lite-vimeo", "vimeo-video", "vimeo-embed"} {
		list = append(list, extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: tag}, "videoid", "video-id", "src", "url", "data-id"))
	}
	for _, attr := range []string{"data-vimeo-id", "data-vimeo-video-id", "data-vimeo"} {
		list = append(list, named(s, attr))
	}
	for _, attr := range []string{"data-video-id", "data-videoid", "data-embed-id", "data-id", "data-external-id", "data-plyr-embed-id", "videoid", "video-id"} {
		list = append(list, named(s, attr, "vimeo"))
	}
	return list
}

// named is the markup of an attribute with a video's number. Those that are too
// short are the publisher's own.
func named(s Site, attr string, words ...string) extract.Markup {
	m := extract.ByData(s, attr, words...)
	read := m.Read
	m.Read = func(n *html.Node) (extract.Reading, bool) {
		if v := strings.TrimSpace(extract.Attr(n, attr)); len(v) < 6 {
			return extract.Reading{}, false
		}
		return read(n)
	}
	return m
}
