// Package sites lists the platforms that stet knows, in the order in which the
// finder asks them. The list is explicit: nothing registers itself.
package sites

import (
	"stet/extract"
	"stet/extract/bluesky"
	"stet/extract/dailymotion"
	"stet/extract/facebook"
	"stet/extract/flickr"
	"stet/extract/imgur"
	"stet/extract/instagram"
	"stet/extract/linkedin"
	"stet/extract/mastodon"
	"stet/extract/oembed"
	"stet/extract/pinterest"
	"stet/extract/post"
	"stet/extract/reddit"
	"stet/extract/soundcloud"
	"stet/extract/spotify"
	"stet/extract/telegram"
	"stet/extract/threads"
	"stet/extract/tiktok"
	"stet/extract/tumblr"
	"stet/extract/twitch"
	"stet/extract/twitter"
	"stet/extract/vimeo"
	"stet/extract/vine"
	"stet/extract/youtube"
)

// All returns the sites of all platforms: those with domains of their own
// first, then the other oEmbed providers, last those whose hosts cannot be
// listed. The values are stateless and
// may be shared.
func All() []extract.Site {
	return []extract.Site{
		twitter.Site{},
		bluesky.Site{},
		threads.Site{},
		instagram.Site{},
		facebook.Site{},
		tiktok.Site{},
		youtube.Site{},
		reddit.Site{},
		telegram.Site{},
		vimeo.Site{},
		dailymotion.Site{},
		linkedin.Site{},
		tumblr.Site{},
		pinterest.Site{},
		spotify.Site{},
		soundcloud.Site{},
		flickr.Site{},
		vine.Site{},
		twitch.Site{},
		imgur.Site{},
		mastodon.TruthSocial{},
		mastodon.GabSite{},
		oembed.Site{},
		twitter.Mirrors{},
		mastodon.Site{},
	}
}

// Of returns the site of a platform. It returns false for a platform that this
// version does not know, and for those that are known only as oEmbed providers.
func Of(p post.Platform) (extract.Site, bool) {
	for _, s := range All() {
		if s.Platform() == p {
			return s, true
		}
	}
	return nil, false
}

// Target returns what a reference leads to, as far as the id alone tells: its
// address may lack the account's name. It returns false for what is no id of
// the platform, and for platforms on which the id does not tell the address.
func Target(r post.Ref) (extract.Target, bool) {
	s, ok := Of(r.Platform)
	if !ok {
		// One of the many providers, whose references name them.
		s = oembed.Site{}
	}
	ids, ok := s.(extract.IDSite)
	if !ok {
		return extract.Target{}, false
	}
	t, ok := ids.PostByID(r.ID)
	if !ok || t.Ref != r {
		return extract.Target{}, false
	}
	return t, true
}

// DrawURL returns where a browser without an account can see a post: the
// platform's embed page, else the post's own address.
func DrawURL(r post.Ref, address string) string {
	if s, ok := Of(r.Platform); ok {
		if d, ok := s.(extract.DrawSite); ok {
			if u := d.DrawURL(r, address); u != "" {
				return u
			}
		}
	}
	if address != "" {
		return address
	}
	t, _ := Target(r)
	return t.URL
}
