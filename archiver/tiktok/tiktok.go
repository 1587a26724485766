// Package tiktok asks TikTok for posts: the page for people, with oEmbed as
// second witness. No account is needed. What the page means is in
// extract/tiktok. Videos themselves are not fetched: their addresses are bound
// to a session of the page.
package tiktok

import (
	"fmt"
	"net/http"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	exoembed "stet/extract/oembed"
	"stet/extract/post"
	extiktok "stet/extract/tiktok"
	"stet/store"
)

// DefaultControls returns a post that is known to live: the one by which the
// platform's own documentation explains embeds.
func DefaultControls() []post.Ref {
	return []post.Ref{{Platform: post.TikTok, ID: "6718335390845095173"}}
}

// New returns the platform, asked through c, with oEmbed as second witness.
// Where live is nil, the control posts are [DefaultControls].
func New(c archiver.Client, oembed archiver.Endpoint, live, gone []post.Ref) archiver.Platform {
	if live == nil {
		live = DefaultControls()
	}
	page := &archiver.Single{Client: c, Word: extiktok.EndpointPage, From: post.SourcePublic, Parser: extiktok.PageParser, Request: request,
		Read: func(ref post.Ref, r extract.Response) extract.Answer { return extiktok.ReadPage(ref.ID, r) }}
	return &archiver.Fixed{Of: post.TikTok, Known: archiver.Controls{Live: live, Gone: gone},
		List: []archiver.Endpoint{page, oembed}, Table: append(extiktok.Rules(), exoembed.Rules()...)}
}

// request asks for the page by the id alone, which is as good as with the
// account's name.
func request(ref post.Ref) (fetch.Request, error) {
	if t, ok := (extiktok.Site{}).PostByID(ref.ID); !ok || t.Ref != ref {
		return fetch.Request{}, fmt.Errorf("%w: %s is no post", store.ErrInvalid, ref)
	}
	return fetch.Request{URL: "https://www.tiktok.com/@i/video/" + ref.ID, Header: http.Header{"Accept": {"text/html"}, "Accept-Language": {"en"}}}, nil
}
