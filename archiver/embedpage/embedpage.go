// Package embedpage asks Instagram, Facebook, Threads and LinkedIn for posts: the
// page that their own embeds show, as far as it shows them without an account.
// None of these pages tells that a post is gone: removed posts, private ones and
// visitors that are not served get the same words. What the pages mean is in the
// packages of extract.
//
// Where a token is configured, an endpoint of Meta is asked as a witness that a
// post is there.
package embedpage

import (
	"fmt"
	"net/http"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/facebook"
	"stet/extract/instagram"
	"stet/extract/linkedin"
	exoembed "stet/extract/oembed"
	"stet/extract/post"
	"stet/extract/threads"
	"stet/store"
)

// page is the embed page of a platform.
type page struct {
	site         extract.KnownSite
	word, parser string
	// address is that of the page for a post's.
	address func(extract.Target) string
	read    func(id string, r extract.Response) extract.Answer
	rules   []extract.Rule
}

func pages() []page {
	return []page{
		{instagram.Site{}, instagram.EndpointEmbed, instagram.EmbedParser, instagram.EmbedURL, instagram.ReadEmbed, instagram.Rules()},
		{facebook.Site{}, facebook.EndpointEmbed, facebook.EmbedParser, facebook.EmbedURL, facebook.ReadEmbed, facebook.Rules()},
		{threads.Site{}, threads.EndpointEmbed, threads.EmbedParser, threads.EmbedURL, threads.ReadEmbed, threads.Rules()},
		{linkedin.Site{}, linkedin.EndpointEmbed, linkedin.EmbedParser, linkedin.EmbedURL, linkedin.ReadEmbed, linkedin.Rules()},
	}
}

// New returns the platforms, asked through c. witness returns the witness of a
// platform, nil for none.
func New(c archiver.Client, witness func(post.Platform) archiver.Endpoint) []archiver.Platform {
	var all []archiver.Platform
	for _, p := range pages() {
		shown := &archiver.SingleAt{RequestAt: p.request, Single: archiver.Single{Client: c, Word: p.word, From: post.SourceEmbed, Parser: p.parser,
			Request: func(ref post.Ref) (fetch.Request, error) { return p.request(ref, "") },
			Read:    func(ref post.Ref, r extract.Response) extract.Answer { return p.read(ref.ID, r) }}}
		platform := &archiver.Fixed{Of: p.site.Platform(), List: []archiver.Endpoint{shown}, Table: p.rules}
		if w := witness(p.site.Platform()); w != nil {
			platform.List, platform.Table = append(platform.List, w), append(platform.Table, exoembed.WitnessRules()...)
		}
		all = append(all, platform)
	}
	return all
}

// request makes the request for a post at the address under which it is known,
// which tells more than the id: the account, or what kind of thing it is.
func (p page) request(ref post.Ref, address string) (fetch.Request, error) {
	t, ok := extract.TargetOf(p.site, ref, address)
	if !ok {
		return fetch.Request{}, fmt.Errorf("%w: %s is no post", store.ErrInvalid, ref)
	}
	return fetch.Request{URL: p.address(t), Header: http.Header{"Accept": {"text/html"}, "Accept-Language": {"en"}}}, nil
}
