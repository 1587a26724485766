package vine

import (
	"net/url"

	"stet/extract"
	"stet/extract/post"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Vine.
func (Site) Platform() post.Platform { return post.Vine }

// Domains lists the platform's domain.
func (Site) Domains() []string { return []string{"vine.co"} }

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok || a.Host != "vine.co" && a.Host != "www.vine.co" {
		return extract.Target{}, false
	}
	switch {
	case a.SegIs(0, "v") && a.Seg(1) != "":
		kind := extract.TargetPost
		if a.SegIs(2, "embed", "card") {
			kind = extract.TargetEmbed
		}
		if id, ok := extract.Token(a.Seg(1), "", 4, 20); ok {
			return target(kind, id), true
		}
	case a.SegIs(0, "oembed.json", "oembed"):
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost), true
	case a.SegIs(0, "u") && a.Seg(1) != "", len(a.Segments) == 1 && !a.SegIs(0, "v", "explore", "tags", "popular-now", "static"):
		return extract.Target{Kind: extract.TargetProfile}, true
	}
	return extract.Target{Kind: extract.TargetOther}, true
}

// PostByID returns the video of an id.
func (Site) PostByID(id string) (extract.Target, bool) {
	if got, ok := extract.Token(id, "", 4, 20); !ok || got != id {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, id), true
}

func target(kind extract.TargetKind, id string) extract.Target {
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Vine, ID: id}, URL: "https://vine.co/v/" + id}
}

// Markup lists the ways in which the platform's videos are put into pages,
// beside the frame.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		extract.ByAttr(s, extract.Markup{Form: extract.FormAMP, Tag: "amp-vine"}, "data-vineid"),
		extract.ByData(s, "data-vine-id"),
		extract.ByData(s, "data-embed-id", "vine"),
	}
}
