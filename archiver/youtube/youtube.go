// Package youtube asks YouTube for videos: the page for people, which says why
// a video is not played, and beside it other endpoints that wire gives (oEmbed).
// No account is needed. What the page means is in extract/youtube. Videos
// themselves are not fetched.
package youtube

import (
	"fmt"
	"net/http"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	exoembed "stet/extract/oembed"
	"stet/extract/post"
	exyoutube "stet/extract/youtube"
	"stet/store"
)

// DefaultControls returns the video that is known to live: the first one.
func DefaultControls() []post.Ref { return []post.Ref{{Platform: post.YouTube, ID: "jNQXAC9IVRw"}} }

// New returns the platform, asked through c, with oEmbed as second witness.
// Where live is nil, the control posts are [DefaultControls].
func New(c archiver.Client, oembed archiver.Endpoint, live, gone []post.Ref) archiver.Platform {
	if live == nil {
		live = DefaultControls()
	}
	watch := &archiver.Single{Client: c, Word: exyoutube.EndpointWatch, From: post.SourcePublic, Parser: exyoutube.WatchParser,
		Request: request, Read: func(ref post.Ref, r extract.Response) extract.Answer { return exyoutube.ReadWatch(ref.ID, r) }}
	return &archiver.Fixed{Of: post.YouTube, Known: archiver.Controls{Live: live, Gone: gone},
		List: []archiver.Endpoint{watch, oembed}, Table: append(exyoutube.Rules(), exoembed.Rules()...)}
}

// request asks for the page in English, in which reasons are understood.
func request(ref post.Ref) (fetch.Request, error) {
	t, ok := exyoutube.Site{}.PostByID(ref.ID)
	if !ok || t.Ref != ref || t.URL != "https://www.youtube.com/watch?v="+ref.ID {
		return fetch.Request{}, fmt.Errorf("%w: %s is no single video", store.ErrInvalid, ref)
	}
	return fetch.Request{URL: t.URL + "&hl=en", Header: http.Header{"Accept": {"text/html"}, "Accept-Language": {"en"}}}, nil
}
