// Package instagram asks Instagram for posts: the page that its own embeds show,
// as far as it shows them without an account. It never tells that a post is
// gone; what the page means is in extract/instagram.
package instagram

import (
	"fmt"
	"net/http"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	exinstagram "stet/extract/instagram"
	"stet/extract/post"
	"stet/store"
)

// New returns the platform, asked through c.
func New(c archiver.Client) archiver.Platform {
	return &archiver.Fixed{Of: post.Instagram, Table: exinstagram.Rules(), List: []archiver.Endpoint{
		&archiver.Single{Client: c, Word: exinstagram.EndpointEmbed, From: post.SourceEmbed, Parser: exinstagram.EmbedParser, Request: request,
			Read: func(ref post.Ref, r extract.Response) extract.Answer { return exinstagram.ReadEmbed(ref.ID, r) }},
	}}
}

func request(ref post.Ref) (fetch.Request, error) {
	if t, ok := (exinstagram.Site{}).PostByID(ref.ID); !ok || t.Ref != ref {
		return fetch.Request{}, fmt.Errorf("%w: %s is no post", store.ErrInvalid, ref)
	}
	return fetch.Request{URL: "https://www.instagram.com/p/" + ref.ID + "/embed/captioned/", Header: http.Header{"Accept": {"text/html"}, "Accept-Language": {"en"}}}, nil
}
