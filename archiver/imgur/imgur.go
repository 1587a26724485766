// Package imgur asks Imgur for pictures and albums: what the platform's own pages
// ask, its oEmbed endpoint, and of a single picture its smallest copy, which is
// replaced by a placeholder where the picture is gone. No account is needed. What
// the answers mean is in extract/imgur.
package imgur

import (
	"fmt"
	"net/http"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	eximgur "stet/extract/imgur"
	"stet/extract/post"
	"stet/store"
)

// DefaultControls returns a post that is known to live: the one with which the
// platform announced its format for moving pictures.
func DefaultControls() []post.Ref { return []post.Ref{{Platform: post.Imgur, ID: "A61SaA1"}} }

// Platform is Imgur.
type Platform struct{ archiver.Fixed }

// New returns the platform, asked through c. Where live is nil, the control posts
// are [DefaultControls].
func New(c archiver.Client, live, gone []post.Ref) *Platform {
	if live == nil {
		live = DefaultControls()
	}
	single := func(word string, from post.Source, parser, accept string, address func(t extract.Target) (string, bool), read func(string, extract.Response) extract.Answer) archiver.Endpoint {
		return &archiver.Single{Client: c, Word: word, From: from, Parser: parser, Request: request(accept, address),
			Read: func(ref post.Ref, r extract.Response) extract.Answer { return read(ref.ID, r) }}
	}
	return &Platform{archiver.Fixed{Of: post.Imgur, Known: archiver.Controls{Live: live, Gone: gone}, Table: eximgur.Rules(), List: []archiver.Endpoint{
		single(eximgur.EndpointPost, post.SourcePublic, eximgur.PostParser, "application/json",
			func(t extract.Target) (string, bool) { return eximgur.PostURL(t.Ref.ID), true }, eximgur.ReadPost),
		single(eximgur.EndpointOEmbed, post.SourceEmbed, eximgur.OEmbedParser, "application/json",
			func(t extract.Target) (string, bool) { return eximgur.OEmbedURL(t.URL), true }, eximgur.ReadOEmbed),
		single(eximgur.EndpointPicture, post.SourceEmbed, "", "image/*",
			func(t extract.Target) (string, bool) { return eximgur.PictureURL(t.Ref.ID) }, eximgur.ReadPicture),
	}}}
}

// request returns what makes the request for a post at an address.
func request(accept string, address func(extract.Target) (string, bool)) func(post.Ref) (fetch.Request, error) {
	return func(ref post.Ref) (fetch.Request, error) {
		t, ok := eximgur.Site{}.PostByID(ref.ID)
		if !ok || t.Ref != ref {
			return fetch.Request{}, fmt.Errorf("%w: %s is no post of imgur", store.ErrInvalid, ref)
		}
		where, ok := address(t)
		if !ok {
			return fetch.Request{}, fmt.Errorf("%w: no single picture is known of %s", store.ErrInvalid, ref)
		}
		return fetch.Request{URL: where, Header: http.Header{"Accept": {accept}}}, nil
	}
}

// Placeholder reports whether a file is the picture that the platform shows in
// the place of those that are gone: an [archiver.PlaceholderPlatform].
func (*Platform) Placeholder(address string, head http.Header) bool {
	return eximgur.Placeholder(address, head.Get("ETag"))
}
