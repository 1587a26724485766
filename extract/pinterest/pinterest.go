package pinterest

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Pinterest.
func (Site) Platform() post.Platform { return post.Pinterest }

// Domains lists the platform's domains: one for each of many countries.
func (Site) Domains() []string {
	list := []string{"pin.it", "pinterest.com", "pinterest.com.au", "pinterest.com.mx", "pinterest.co.uk", "pinterest.co.kr", "pinterest.co.at",
		"pinterest.co.nz", "pinterest.com.bo", "pinterest.com.ec", "pinterest.com.pe", "pinterest.com.py", "pinterest.com.uy", "pinterest.com.vn"}
	for _, country := range []string{"at", "be", "ca", "ch", "cl", "de", "dk", "ec", "es", "fr", "hu", "id", "ie", "in", "info", "it", "jp", "kr",
		"mx", "nl", "nz", "pe", "ph", "pt", "ru", "se", "th", "tw", "uk", "vn"} {
		list = append(list, "pinterest."+country)
	}
	return list
}

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	if a.Host == "pin.it" || a.Host == "www.pin.it" {
		return short(a), true
	}
	for _, d := range s.Domains()[1:] {
		if !a.On(d) {
			continue
		}
		switch sub := a.Sub(d); {
		case sub == "assets" || sub == "widgets":
			return parseWidget(a), true
		case sub == "" || sub == "www" || sub == "m" || len(sub) == 2 || sub == "api":
			return s.parsePath(a), true
		}
		return extract.Target{}, false
	}
	return extract.Target{}, false
}

// PostByID returns the pin of a number.
func (Site) PostByID(id string) (extract.Target, bool) {
	if n, ok := number(id); !ok || n != id {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, id), true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

func short(a extract.Address) extract.Target {
	key, ok := extract.Token(a.Seg(0), "-_", 4, 40)
	if !ok || len(a.Segments) != 1 {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: "https://pin.it/" + key}
}

func number(raw string) (string, bool) {
	id, ok := extract.Digits(raw)
	return id, ok && len(id) >= 8 && len(id) <= 20
}

func target(kind extract.TargetKind, raw string) extract.Target {
	id, ok := number(raw)
	if !ok {
		return other()
	}
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Pinterest, ID: id}, URL: "https://www.pinterest.com/pin/" + id + "/"}
}

// parseWidget reads the page that is made to be framed, and the call that its
// script makes.
func parseWidget(a extract.Address) extract.Target {
	if a.SegIs(0, "ext") && a.SegIs(1, "embed.html") {
		return target(extract.TargetEmbed, a.Param("id"))
	}
	return target(extract.TargetPost, a.Param("pin_ids"))
}

func (s Site) parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "pin") && a.SegIs(1, "create", "find"):
		return extract.Target{Kind: extract.TargetIntent}
	case a.SegIs(0, "pin") && a.Seg(1) != "":
		// The words of the title may stand before the number: words--number.
		raw := a.Seg(1)
		if i := strings.LastIndex(raw, "--"); i >= 0 {
			raw = raw[i+2:]
		}
		return target(extract.TargetPost, raw)
	case a.SegIs(0, "oembed.json", "oembed"):
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	case len(a.Segments) == 1 && !a.SegIs(0, "search", "ideas", "today", "login", "settings", "business", "about", "categories", "explore", "videos", "pin"):
		if name, ok := extract.Token(a.Seg(0), "_-", 3, 40); ok && name == a.Seg(0) {
			return extract.Target{Kind: extract.TargetProfile, URL: "https://www.pinterest.com/" + name + "/", Handle: name}
		}
	}
	return other()
}

// Markup lists the ways in which the platform's pins are put into pages. The
// buttons that save a picture have attributes like those of a pin.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		{Form: extract.FormBlockquote, Tag: "a", Attr: "data-pin-do", Read: s.readAnchor},
		{Form: extract.FormRendered, Attr: "data-pin-log", Read: s.readRendered},
		{Form: extract.FormAMP, Tag: "amp-pinterest", Read: s.readAMP},
		extract.ByData(s, "data-pinterest-url"),
		extract.ByData(s, "data-embed-id", "pinterest"),
	}
}

func (s Site) readAnchor(n *html.Node) (extract.Reading, bool) {
	if extract.Attr(n, "data-pin-do") != "embedPin" {
		return extract.Reading{}, false
	}
	return reading(extract.PostAt(s, extract.Attr(n, "href")))
}

func (s Site) readRendered(n *html.Node) (extract.Reading, bool) {
	if !strings.HasPrefix(extract.Attr(n, "data-pin-log"), "embed_pin") {
		return extract.Reading{}, false
	}
	return reading(extract.PostIn(s, extract.FirstAttr(n, "data-pin-id", "data-pin-href")))
}

func (s Site) readAMP(n *html.Node) (extract.Reading, bool) {
	if extract.Attr(n, "data-do") != "embedPin" {
		return extract.Reading{}, false
	}
	return reading(extract.PostAt(s, extract.Attr(n, "data-url")))
}

func reading(t extract.Target, ok bool) (extract.Reading, bool) {
	t.Kind = extract.TargetEmbed
	return extract.Reading{Target: t}, ok
}
