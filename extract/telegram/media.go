package telegram

import (
	"strconv"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// media reads a file of the post. It reports whether the element is one.
func (m *message) media(n *html.Node, name string) bool {
	switch name {
	case "photo_wrap":
		m.add(post.Media{Kind: "photo", URL: background(n)})
	case "video_player", "roundvideo_player":
		m.video(n)
	case "voice_player":
		m.sound(n)
	case "sticker":
		m.add(post.Media{Kind: "photo", URL: webAddress(extract.FirstAttr(n, "data-webp")), Alt: "sticker"})
	case "sticker_wrap":
		return false
	case "document_wrap", "document":
		m.document(n)
	default:
		return false
	}
	return true
}

// add adds a file. One of which the page tells no address is added as well, so
// that a reader knows of it.
func (m *message) add(f post.Media) { m.post.Media = append(m.post.Media, f) }

// video reads a video with its still picture. A large one has no address.
func (m *message) video(n *html.Node) {
	f := post.Media{Kind: "video"}
	for d := range extract.Elements(n) {
		switch {
		case d.DataAtom == atom.Video:
			f.URL = webAddress(extract.Attr(d, "src"))
		case extract.HasClass(d, "tgme_widget_message_video_thumb"), extract.HasClass(d, "tgme_widget_message_roundvideo_thumb"):
			f.Poster = background(d)
		case d.DataAtom == atom.Time:
			f.DurationMS = duration(extract.Text(d))
		}
	}
	if f.URL == "" {
		m.note("the page does not offer the video, because it is large")
	}
	m.add(f)
}

// sound reads a voice message.
func (m *message) sound(n *html.Node) {
	f := post.Media{Kind: "audio"}
	for d := range extract.Elements(n) {
		switch d.DataAtom {
		case atom.Audio:
			f.URL = webAddress(extract.Attr(d, "src"))
		case atom.Time:
			f.DurationMS = duration(extract.Text(d))
		}
	}
	m.add(f)
}

// document reads a file, of which the page tells the name only.
func (m *message) document(n *html.Node) {
	f := post.Media{Kind: "file"}
	for d := range extract.Elements(n) {
		if extract.HasClass(d, "tgme_widget_message_document_title") {
			f.Alt = extract.Text(d)
		}
	}
	m.add(f)
}

// background returns the address of the picture behind an element.
func background(n *html.Node) string {
	_, rest, ok := strings.Cut(extract.Attr(n, "style"), "background-image:")
	if !ok {
		return ""
	}
	rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "url(")
	if !ok {
		return ""
	}
	value, _, ok := strings.Cut(rest, ")")
	if !ok {
		return ""
	}
	return webAddress(strings.Trim(strings.TrimSpace(value), `'"`))
}

// webAddress returns an address as it can be fetched, empty for what is none.
func webAddress(s string) string {
	if strings.HasPrefix(s, "//") {
		s = "https:" + s
	}
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return ""
	}
	return s
}

// duration reads minutes and seconds, with or without hours.
func duration(s string) int64 {
	var total int64
	for part := range strings.SplitSeq(strings.TrimSpace(s), ":") {
		n, err := strconv.ParseInt(part, 10, 32)
		if err != nil || n < 0 || n > 99999 {
			return 0
		}
		total = total*60 + n
	}
	if total > 1<<32 {
		return 0
	}
	return total * 1000
}

// stamp reads the time of a post, which must tell its zone.
func stamp(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
