package oembed

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	exoembed "stet/extract/oembed"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
)

// Witness returns the endpoint of Meta that says whether a post of a platform
// (Facebook, Instagram, Threads) is there, asked with the token of an app. Meta's
// terms forbid to keep what it says beyond that: of the exchange the outcome is
// recorded, without its body. It is nil where there is no token.
func Witness(c archiver.Client, of post.Platform, token string) archiver.Endpoint {
	if token == "" {
		return nil
	}
	at := func(ref post.Ref, address string) (fetch.Request, error) {
		site, _ := sites.Of(of)
		known, ok := site.(extract.KnownSite)
		if !ok {
			return fetch.Request{}, fmt.Errorf("%w: nothing is known of the ids of %s", store.ErrInvalid, of)
		}
		t, ok := extract.TargetOf(known, ref, address)
		if !ok {
			return fetch.Request{}, fmt.Errorf("%w: the address of %s is not known from its id", store.ErrInvalid, ref)
		}
		return fetch.Request{URL: graph(of, t.URL) + "?url=" + url.QueryEscape(t.URL) + "&omitscript=true", Withhold: true,
			Header: http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + token}}}, nil
	}
	return &archiver.SingleAt{RequestAt: at, Single: archiver.Single{Client: c, Word: exoembed.EndpointWitness, From: post.SourceEmbed,
		Request: func(ref post.Ref) (fetch.Request, error) { return at(ref, "") },
		Read:    func(_ post.Ref, r extract.Response) extract.Answer { return exoembed.ReadWitness(r) }}}
}

// graph returns the interface that tells of what is at an address.
func graph(of post.Platform, address string) string {
	const facebook = "https://graph.facebook.com/v23.0/"
	switch {
	case of == post.Threads:
		return "https://graph.threads.net/v1.0/oembed"
	case of == post.Instagram:
		return facebook + "instagram_oembed"
	case strings.Contains(address, "/videos/"), strings.Contains(address, "/watch/"), strings.Contains(address, "/reel/"):
		return facebook + "oembed_video"
	}
	return facebook + "oembed_post"
}
