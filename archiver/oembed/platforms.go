package oembed

import (
	"fmt"
	"net/http"
	"strings"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/dailymotion"
	"stet/extract/flickr"
	exoembed "stet/extract/oembed"
	"stet/extract/pinterest"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/extract/soundcloud"
	"stet/extract/spotify"
	"stet/extract/vimeo"
	"stet/store"
)

// second is the source of a platform beside its oEmbed endpoint.
type second struct {
	platform     post.Platform
	word, parser string
	from         post.Source
	// accept is the type of content that is asked for.
	accept string
	// address is where an id is asked for, and read what the response means.
	address func(id string) string
	read    func(id string, r extract.Response) extract.Answer
	rules   []extract.Rule
	// control is the id of a post that is known to live: one that the
	// platform's own documentation, or that of oEmbed, shows as an example.
	control string
}

// seconds lists them.
func seconds() []second {
	const page, data = "text/html", "application/json"
	return []second{
		{post.Vimeo, vimeo.EndpointPlayer, vimeo.PlayerParser, post.SourcePublic, data,
			func(id string) string { return "https://player.vimeo.com/video/" + id + "/config" }, vimeo.ReadPlayer, vimeo.Rules(), "76979871"},
		{post.Dailymotion, dailymotion.EndpointAPI, dailymotion.APIParser, post.SourcePublic, data,
			dailymotion.APIURL, dailymotion.ReadAPI, dailymotion.Rules(), "x84sh87"},
		{post.Pinterest, pinterest.EndpointWidget, pinterest.WidgetParser, post.SourcePublic, data,
			func(id string) string { return "https://widgets.pinterest.com/v3/pidgets/pins/info/?pin_ids=" + id }, pinterest.ReadWidget, pinterest.Rules(), "99360735500167749"},
		{post.Spotify, spotify.EndpointEmbed, spotify.EmbedParser, post.SourceEmbed, page,
			spotify.EmbedURL, spotify.ReadEmbed, spotify.Rules(), "track:11dFghVXANMlKmJXsNCbNl"},
		{post.SoundCloud, soundcloud.EndpointPage, soundcloud.PageParser, post.SourcePublic, page,
			func(id string) string { return "https://soundcloud.com/" + id }, soundcloud.ReadPage, soundcloud.Rules(), "forss/flickermood"},
		{post.Flickr, flickr.EndpointPage, flickr.PageParser, post.SourcePublic, page,
			func(id string) string { return "https://www.flickr.com/photo.gne?id=" + id }, flickr.ReadPage, flickr.Rules(), "2341623661"},
	}
}

// New returns the platforms that have oEmbed and one more public source, asked
// through c. live and gone return the control posts of a platform; where live
// returns none, those that are built in are used.
func New(c archiver.Client, live, gone func(post.Platform) []post.Ref) []archiver.Platform {
	e := newEndpoint(c)
	all := []archiver.Platform{newTumblr(c, e, archiver.Controls{Live: live(post.Tumblr), Gone: gone(post.Tumblr)})}
	for _, s := range seconds() {
		known := archiver.Controls{Live: live(s.platform), Gone: gone(s.platform)}
		if known.Live == nil {
			known.Live = []post.Ref{{Platform: s.platform, ID: s.control}}
		}
		all = append(all, &archiver.Fixed{Of: s.platform, Known: known, Table: append(s.rules, exoembed.Rules()...), List: []archiver.Endpoint{
			&archiver.Single{Client: c, Word: s.word, From: s.from, Parser: s.parser, Request: s.request,
				Read: func(ref post.Ref, r extract.Response) extract.Answer { return s.read(ref.ID, r) }},
			e,
		}})
	}
	return all
}

// request makes the request for a post.
func (s second) request(ref post.Ref) (fetch.Request, error) {
	t, ok := sites.Target(ref)
	if !ok || ref.Platform != s.platform {
		return fetch.Request{}, fmt.Errorf("%w: %s is no post of %s", store.ErrInvalid, ref, s.platform)
	}
	if strings.HasPrefix(t.URL, "https://api.soundcloud.com/") {
		return fetch.Request{}, fmt.Errorf("%w: the page of %s is not known from its number", store.ErrInvalid, ref)
	}
	return fetch.Request{URL: s.address(ref.ID), Header: http.Header{"Accept": {s.accept}, "Accept-Language": {"en"}}}, nil
}
