package dailymotion

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Dailymotion.
func (Site) Platform() post.Platform { return post.Dailymotion }

// Domains lists the platform's domains.
func (Site) Domains() []string { return []string{"dailymotion.com", "dai.ly"} }

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	switch {
	case !ok:
		return extract.Target{}, false
	case a.Host == "dai.ly" || a.Host == "www.dai.ly":
		return target(a, extract.TargetPost, a.Seg(0)), true
	case !a.On("dailymotion.com"):
		return extract.Target{}, false
	}
	switch sub := a.Sub("dailymotion.com"); {
	case sub == "geo":
		return target(a, extract.TargetEmbed, a.Param("video")), true
	case sub == "" || sub == "www" || sub == "m" || sub == "touch" || len(sub) == 2:
		return s.parsePath(a), true
	}
	return extract.Target{}, false
}

// PostByID returns the video of an id.
func (Site) PostByID(id string) (extract.Target, bool) {
	if got, ok := videoID(id); !ok || got != id {
		return extract.Target{}, false
	}
	return target(extract.Address{}, extract.TargetPost, id), true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

// videoID returns the id that s is. The words of the title may follow behind an
// underscore. Ids begin with the letter x or k.
func videoID(s string) (string, bool) {
	s, _, _ = strings.Cut(s, "_")
	id, ok := extract.Token(s, "", 4, 24)
	if !ok || id[0] != 'x' && id[0] != 'k' {
		return "", false
	}
	return id, true
}

func target(a extract.Address, kind extract.TargetKind, raw string) extract.Target {
	id, ok := videoID(raw)
	if !ok {
		return other()
	}
	t := extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Dailymotion, ID: id}, URL: "https://www.dailymotion.com/video/" + id}
	for _, name := range []string{"start", "startTime"} {
		if start, ok := extract.Digits(a.Param(name)); ok && len(start) <= 6 {
			t.Part = start
		}
	}
	return t
}

// parsePath reads the path of an address on the site for people.
func (s Site) parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "video", "shorts"):
		return target(a, extract.TargetPost, a.Seg(1))
	case a.SegIs(0, "embed", "swf") && a.SegIs(1, "video"):
		return target(a, extract.TargetEmbed, a.Seg(2))
	case a.SegIs(0, "crawler") && a.SegIs(1, "video"):
		return target(a, extract.TargetPost, a.Seg(2))
	case a.SegIs(0, "swf"):
		return target(a, extract.TargetEmbed, a.Seg(1))
	case a.SegIs(0, "services") && a.Param("url") != "":
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	case a.SegIs(0, "playlist", "hub") && strings.HasPrefix(a.Fragment, "video="):
		return target(a, extract.TargetPost, strings.TrimPrefix(a.Fragment, "video="))
	case len(a.Segments) == 1 && !a.SegIs(0, "signin", "search", "partner", "about", "legal", "feedback", "upload", "settings", "library", "feed", "explore"):
		if name, ok := extract.Token(a.Seg(0), "-_.", 3, 60); ok && name == a.Seg(0) {
			return extract.Target{Kind: extract.TargetProfile, URL: "https://www.dailymotion.com/" + name, Handle: name}
		}
	}
	return other()
}

// Markup lists the ways in which the platform's videos are put into pages,
// beside the frame: the script of its player, and elements that load it.
func (s Site) Markup() []extract.Markup {
	list := []extract.Markup{
		extract.ByAttr(s, extract.Markup{Form: extract.FormAMP, Tag: "amp-dailymotion"}, "data-videoid", "videoid"),
		{Form: extract.FormScript, Tag: "script", Attr: "data-video", Read: s.readScript},
		extract.ByData(s, "data-dailymotion-id"),
		extract.ByData(s, "data-dailymotion-url"),
	}
	for _, tag := range []string{"lite-dailymotion", "dailymotion-video", "dailymotion-player"} {
		list = append(list, extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: tag}, "videoid", "video-id", "src", "url"))
	}
	for _, attr := range []string{"data-video-id", "data-videoid", "data-embed-id", "data-id", "data-video", "data-external-id", "videoid", "video-id"} {
		list = append(list, extract.ByData(s, attr, "dailymotion"))
	}
	return list
}

// readScript reads the script of the platform's own player.
func (s Site) readScript(n *html.Node) (extract.Reading, bool) {
	u, ok := extract.ParseLink(extract.Attr(n, "src"))
	if !ok || !extract.OnDomain(strings.ToLower(u.Hostname()), "dailymotion.com") {
		return extract.Reading{}, false
	}
	t, ok := s.PostByID(extract.Attr(n, "data-video"))
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok
}
