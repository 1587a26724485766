// Package twitch asks Twitch for videos and clips: the data that the platform's
// own pages ask for, and beside it the page for people. No account is needed.
// Videos themselves are not fetched. What the answers mean is in extract/twitch.
//
// Only one of the two sources can miss a video, which most lose by themselves
// after some weeks: a loss is suspected, and never confirmed.
package twitch

import (
	"fmt"
	"net/http"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	extwitch "stet/extract/twitch"
	"stet/store"
)

// DefaultControls returns a clip that is known to live: the one by which the
// platform's own documentation explains clips.
func DefaultControls() []post.Ref {
	return []post.Ref{{Platform: post.Twitch, ID: "AwkwardHelplessSalamanderSwiftRage"}}
}

// Platform is Twitch.
type Platform struct{ archiver.Fixed }

// New returns the platform, asked through c. Where live is nil, the control posts
// are [DefaultControls].
func New(c archiver.Client, live, gone []post.Ref) *Platform {
	if live == nil {
		live = DefaultControls()
	}
	return &Platform{archiver.Fixed{Of: post.Twitch, Known: archiver.Controls{Live: live, Gone: gone}, Table: extwitch.Rules(), List: []archiver.Endpoint{
		&archiver.Single{Client: c, Word: extwitch.EndpointData, From: post.SourcePublic, Parser: extwitch.DataParser, Request: data,
			Read: func(ref post.Ref, r extract.Response) extract.Answer { return extwitch.ReadData(ref.ID, r) }},
		&archiver.Single{Client: c, Word: extwitch.EndpointPage, From: post.SourceEmbed, Parser: extwitch.PageParser, Request: page,
			Read: func(ref post.Ref, r extract.Response) extract.Answer { return extwitch.ReadPage(ref.ID, r) }},
	}}}
}

// data makes the request for what the platform's own pages ask for.
func data(ref post.Ref) (fetch.Request, error) {
	body, ok := extwitch.Query(ref.ID)
	if !ok {
		return fetch.Request{}, noPost(ref)
	}
	return fetch.Request{Method: http.MethodPost, URL: extwitch.DataURL, Body: body,
		Header: http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}, "Client-Id": {extwitch.ClientID}}}, nil
}

// page makes the request for the page for people.
func page(ref post.Ref) (fetch.Request, error) {
	t, ok := extwitch.Site{}.PostByID(ref.ID)
	if !ok || t.Ref != ref {
		return fetch.Request{}, noPost(ref)
	}
	return fetch.Request{URL: t.URL, Header: http.Header{"Accept": {"text/html"}, "Accept-Language": {"en"}}}, nil
}

func noPost(ref post.Ref) error {
	return fmt.Errorf("%w: %s is no video or clip of twitch", store.ErrInvalid, ref)
}

// Placeholder reports whether a file is a picture that the platform shows where
// there is none: an [archiver.PlaceholderPlatform].
func (*Platform) Placeholder(address string, _ http.Header) bool {
	return extwitch.Placeholder(address)
}
