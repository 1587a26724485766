package telegram

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Telegram.
func (Site) Platform() post.Platform { return post.Telegram }

// Domains lists the platform's domains.
func (Site) Domains() []string { return []string{"t.me", "telegram.me", "telegram.dog"} }

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	for _, d := range s.Domains() {
		if !a.On(d) {
			continue
		}
		sub := a.Sub(d)
		if sub != "" && sub != "www" {
			// A channel can be a sub-domain: channel.t.me/12.
			if d != "t.me" {
				return extract.Target{}, false
			}
			a.Segments = append([]string{sub}, a.Segments...)
		}
		return parsePath(a), true
	}
	return extract.Target{}, false
}

// PostByID returns the post of an id channel/number.
func (Site) PostByID(id string) (extract.Target, bool) {
	channel, number, ok := strings.Cut(id, "/")
	n, isNumber := messageID(number)
	if !ok || !isNumber || n != number {
		return extract.Target{}, false
	}
	name, ok := channelName(channel)
	if !ok {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, name, n), true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

// channelName returns the name of a public channel or group. Case does not
// count, so that a post has one reference.
func channelName(s string) (string, bool) {
	name, ok := extract.Token(strings.TrimPrefix(s, "@"), "_", 4, 32)
	if !ok || name[0] >= '0' && name[0] <= '9' || name[0] == '_' {
		return "", false
	}
	return strings.ToLower(name), true
}

// messageID returns the number of a post in its channel.
func messageID(raw string) (string, bool) {
	n, ok := extract.Digits(raw)
	return n, ok && len(n) <= 10
}

func target(kind extract.TargetKind, channel, number string) extract.Target {
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Telegram, ID: channel + "/" + number}, URL: "https://t.me/" + channel + "/" + number, Handle: channel}
}

// parsePath reads the path of an address.
func parsePath(a extract.Address) extract.Target {
	if a.SegIs(0, "s") && len(a.Segments) > 1 {
		a.Segments = a.Segments[1:]
	}
	switch {
	case a.SegIs(0, "share", "msg"):
		return extract.Target{Kind: extract.TargetIntent}
	case reserved(a.Seg(0)) || strings.HasPrefix(a.Seg(0), "+"):
		return other()
	}
	channel, ok := channelName(a.Seg(0))
	if !ok {
		return other()
	}
	kind := extract.TargetPost
	if a.Param("embed") != "" {
		kind = extract.TargetEmbed
	}
	// In a group with topics the topic's number comes first.
	last := a.Seg(len(a.Segments) - 1)
	switch n, isNumber := messageID(last); {
	case len(a.Segments) == 1:
		return extract.Target{Kind: extract.TargetProfile, URL: "https://t.me/" + channel, Handle: channel}
	case isNumber && (len(a.Segments) == 2 || len(a.Segments) == 3 && topic(a.Seg(1))):
		return target(kind, channel, n)
	}
	return other()
}

func topic(s string) bool {
	_, ok := messageID(s)
	return ok
}

// reserved reports whether the first segment of a path is the platform's own.
// Below /c/ are private channels, which nobody else can see.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "c", "joinchat", "addstickers", "addemoji", "addtheme", "addlist", "setlanguage", "proxy", "socks", "iv", "login", "confirmphone", "invoice",
		"bg", "contact", "boost", "giftcode", "stickers", "nft", "video", "call", "m":
		return true
	}
	return false
}

// Markup lists the ways in which the platform's posts are put into pages, beside
// the frame: the script that makes it, and copies of the frame's content.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		{Form: extract.FormScript, Tag: "script", Attr: "data-telegram-post", Read: s.readWidget},
		{Form: extract.FormData, Attr: "data-telegram-post", Read: s.readWidget},
		{Form: extract.FormStatic, Class: "tgme_widget_message", Read: s.readStatic},
		extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: "telegram-post"}, "src", "url", "post", "href"),
		extract.ByData(s, "data-telegram-url"),
	}
}

// readWidget reads the platform's own snippet, which names the post in an
// attribute, perhaps with the parameters of an address: channel/12?single.
func (s Site) readWidget(n *html.Node) (extract.Reading, bool) {
	name, _, _ := strings.Cut(extract.Attr(n, "data-telegram-post"), "?")
	t, ok := extract.PostIn(s, name)
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok
}

// readStatic reads a copy of the content of the platform's frame.
func (s Site) readStatic(n *html.Node) (extract.Reading, bool) {
	t, ok := s.PostByID(extract.Attr(n, "data-post"))
	if !ok {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	r := extract.Reading{Target: t}
	for d := range extract.Nearby(n) {
		switch {
		case extract.HasClass(d, "tgme_widget_message_text"):
			r.Quoted.Text = extract.Text(d)
			r.Quoted.Links = extract.TextLinks(r.Quoted.Text)
		case extract.HasClass(d, "tgme_widget_message_owner_name"):
			r.Quoted.Name = extract.Text(d)
		case d.Data == "time" && len(extract.Attr(d, "datetime")) >= 10:
			if day, ok := extract.ParseDate(extract.Attr(d, "datetime")[:10]); ok {
				r.Quoted.Date = day
			}
		}
	}
	return r, true
}
