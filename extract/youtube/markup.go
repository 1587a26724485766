package youtube

import (
	"strings"

	"stet/extract"

	"golang.org/x/net/html"
)

// Markup lists the ways in which the platform's videos are put into pages,
// beside the frame: elements that load the player when the reader asks for it.
func (s Site) Markup() []extract.Markup {
	list := []extract.Markup{
		extract.ByAttr(s, extract.Markup{Form: extract.FormAMP, Tag: "amp-youtube"}, "data-videoid", "videoid"),
		{Form: extract.FormData, Attr: "data-recommend-id", Read: s.readInset},
		{Form: extract.FormData, Class: "lyte", Read: s.readLyte},
		{Form: extract.FormData, Class: "lyte-wrapper", Read: s.readLyte},
		{Form: extract.FormStatic, Attr: "data-attrs", Read: s.readNewsletter},
		{Form: extract.FormElement, Tag: "embetty-video", Read: s.readTyped},
		{Form: extract.FormScript, Tag: "script", Read: s.readCall},
	}
	for _, tag := range []string{"lite-youtube", "youtube-video", "youtube-embed", "lite-yt", "youtube-lite", "yt-lite"} {
		list = append(list, extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: tag},
			"videoid", "video-id", "video", "params", "src", "url", "data-videoid", "data-id", "playlistid"))
	}
	for _, attr := range []string{"youtubeid", "youtube-id"} {
		list = append(list, extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Attr: attr}, attr))
	}
	for _, attr := range []string{"data-youtube-id", "data-youtubeid", "data-youtube", "data-youtube-video-id", "data-youtube-url", "data-youtube-video",
		"data-youtube-code", "data-yt-id", "data-ytid", "data-yt", "data-yt-video-id", "data-yt-url"} {
		list = append(list, extract.ByData(s, attr))
	}
	for _, attr := range []string{"data-id", "data-video-id", "data-videoid", "data-video", "data-embed-id", "data-embed", "data-external-id", "data-media-id",
		"data-src-id", "data-plyr-embed-id", "data-code", "data-content-id", "data-source-id", "videoid", "video-id"} {
		list = append(list, plain(s, attr))
	}
	return list
}

// plain is the markup of an attribute that can hold anything: the element must
// say that it is a video of the platform, and a number is none.
func plain(s Site, attr string) extract.Markup {
	m := extract.ByData(s, attr, "youtube", "youtu", "yt")
	read := m.Read
	m.Read = func(n *html.Node) (extract.Reading, bool) {
		if strings.Trim(extract.Attr(n, attr), "0123456789") == "" {
			return extract.Reading{}, false
		}
		return read(n)
	}
	return m
}

// maxCall bounds a script that makes one player.
const maxCall = 4 << 10

// readCall reads a script that makes the platform's player of one video.
func (s Site) readCall(n *html.Node) (extract.Reading, bool) {
	if n.FirstChild == nil || len(n.FirstChild.Data) > maxCall || !strings.Contains(n.FirstChild.Data, "YT.Player") {
		return extract.Reading{}, false
	}
	_, rest, ok := strings.Cut(n.FirstChild.Data, "videoId")
	if !ok || strings.Contains(rest, "videoId") {
		return extract.Reading{}, false
	}
	rest = strings.TrimLeft(rest, "\"' :")
	id, ok := extract.Token(rest, "-_", idLength, idLength)
	if !ok {
		return extract.Reading{}, false
	}
	t, ok := s.PostByID(id)
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok
}

// readTyped reads an element of which an attribute says whose video it is.
func (s Site) readTyped(n *html.Node) (extract.Reading, bool) {
	t, ok := s.PostByID(extract.Attr(n, "video-id"))
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok && strings.EqualFold(extract.Attr(n, "type"), "youtube")
}

// readInset reads the frames of a group of magazines, which name the video as
// youtube://ID.
func (s Site) readInset(n *html.Node) (extract.Reading, bool) {
	id, ok := strings.CutPrefix(extract.Attr(n, "data-recommend-id"), "youtube://")
	if !ok {
		return extract.Reading{}, false
	}
	t, ok := s.PostByID(id)
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok
}

// readLyte reads the boxes of a WordPress extension, which have the id in their
// own: WYL_ID.
func (s Site) readLyte(n *html.Node) (extract.Reading, bool) {
	for d := range within(n) {
		for _, prefix := range []string{"WYL_", "lyte_"} {
			id, ok := strings.CutPrefix(extract.Attr(d, "id"), prefix)
			if !ok {
				continue
			}
			if t, ok := s.PostByID(id); ok {
				t.Kind = extract.TargetEmbed
				return extract.Reading{Target: t}, true
			}
		}
	}
	return extract.Reading{}, false
}

// within yields n and the elements near it.
func within(n *html.Node) func(yield func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		if !yield(n) {
			return
		}
		for d := range extract.Nearby(n) {
			if !yield(d) {
				return
			}
		}
	}
}

// readNewsletter reads a newsletter's player, whose data stand beside it.
func (s Site) readNewsletter(n *html.Node) (extract.Reading, bool) {
	raw := extract.Attr(n, "data-attrs")
	if !strings.Contains(raw, `"videoId"`) || !extract.Speaks(n, "youtube", "youtube2", "Youtube2ToDOM") {
		return extract.Reading{}, false
	}
	_, rest, _ := strings.Cut(raw, `"videoId"`)
	id, _, _ := strings.Cut(strings.TrimLeft(rest, `: "`), `"`)
	t, ok := s.PostByID(id)
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok
}
