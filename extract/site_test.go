package extract

import (
	"net/url"
	"strings"
	"time"

	"stet/extract/post"

	"golang.org/x/net/html"
)

// chirpSite is an invented platform: posts at chirp.example/{user}/status/{id},
// pages to frame at embed.chirp.example/frame?id={id}, short links at
// chp.example/{code}, a snippet blockquote.chirp-post.
type chirpSite struct{}

func (chirpSite) Platform() post.Platform { return "chirp" }
func (chirpSite) Domains() []string       { return []string{"chirp.example", "chp.example"} }

func (s chirpSite) ParseURL(u *url.URL) (Target, bool) {
	a, ok := NewAddress(u)
	switch {
	case !ok:
		return Target{}, false
	case a.On("chp.example") && len(a.Segments) == 1:
		return Target{Kind: TargetShort, URL: "https://chp.example/" + a.Seg(0)}, true
	case a.Sub("chirp.example") == "embed" && a.SegIs(0, "frame"):
		return s.post(TargetEmbed, "", a.Param("id"))
	case a.SegIs(0, "share"):
		return Target{Kind: TargetIntent}, true
	case a.SegIs(1, "status"):
		return s.post(TargetPost, a.Seg(0), a.Seg(2))
	case len(a.Segments) == 1:
		return Target{Kind: TargetProfile, Handle: a.Seg(0)}, true
	}
	return Target{Kind: TargetOther}, true
}

func (chirpSite) post(kind TargetKind, handle, raw string) (Target, bool) {
	id, ok := Digits(raw)
	if !ok {
		return Target{}, false
	}
	return Target{Kind: kind, Ref: post.Ref{Platform: "chirp", ID: id}, URL: "https://chirp.example/i/status/" + id, Handle: handle, Posted: time.Unix(1700000000, 0).UTC()}, true
}

func (s chirpSite) Markup() []Markup {
	return []Markup{
		{Form: FormBlockquote, Tag: "blockquote", Class: "chirp-post", Read: s.blockquote},
		{Form: FormData, Attr: "data-chirp-id", Read: func(n *html.Node) (Reading, bool) {
			t, ok := s.post(TargetPost, "", Attr(n, "data-chirp-id"))
			return Reading{Target: t}, ok
		}},
	}
}

func (s chirpSite) blockquote(n *html.Node) (Reading, bool) {
	r := Reading{Quoted: Quoted{Text: strings.TrimSpace(Text(n))}}
	for a := range Elements(n) {
		if u, ok := ParseLink(Attr(a, "href")); ok {
			if t, ok := s.ParseURL(u); ok && t.Kind == TargetPost {
				r.Target = t
			}
		}
	}
	return r, r.Target.Kind == TargetPost
}

// mooseSite is an invented federated platform: posts at any host under
// /@user/{number of ten digits or more}.
type mooseSite struct{}

func (mooseSite) Platform() post.Platform { return "moose" }
func (mooseSite) Domains() []string       { return nil }
func (mooseSite) Markup() []Markup        { return nil }

func (mooseSite) ParseURL(u *url.URL) (Target, bool) {
	a, ok := NewAddress(u)
	id, digits := Digits(a.Seg(1))
	if !ok || !strings.HasPrefix(a.Seg(0), "@") || !digits || len(id) < 10 {
		return Target{}, false
	}
	return Target{Kind: TargetPost, Ref: post.Ref{Platform: "moose", ID: a.Host + "/" + id}, URL: "https://" + a.Host + "/" + a.Seg(0) + "/" + id}, true
}

func testFinder() *Finder { return NewFinder([]Site{chirpSite{}, mooseSite{}}) }
