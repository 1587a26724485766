package sites

import (
	"net/url"
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/post"
)

// examples has one canonical address for every site that has domains.
func examples() map[post.Platform]string {
	return map[post.Platform]string{
		post.Twitter:     "https://twitter.com/i/status/20",
		post.Bluesky:     "https://bsky.app/profile/ada.example.org/post/3kmxyzabcde2k",
		post.Threads:     "https://www.threads.com/t/C4IabcdeFGH",
		post.Instagram:   "https://www.instagram.com/p/C4IabcdeFGH/",
		post.Facebook:    "https://www.facebook.com/permalink.php?story_fbid=10160123456789012",
		post.TikTok:      "https://www.tiktok.com/@i/video/7342715830000000000",
		post.YouTube:     "https://www.youtube.com/watch?v=aB3-_dEfGhI",
		post.Reddit:      "https://www.reddit.com/comments/1ab2cd/",
		post.Telegram:    "https://t.me/port_news/123",
		post.Vimeo:       "https://vimeo.com/123456789",
		post.Dailymotion: "https://www.dailymotion.com/video/x8abcde",
		post.LinkedIn:    "https://www.linkedin.com/feed/update/urn:li:activity:7170706170000000000/",
		post.Tumblr:      "https://www.tumblr.com/ada/743912345678901248",
		post.Pinterest:   "https://www.pinterest.com/pin/123456789012345678/",
		post.Spotify:     "https://open.spotify.com/track/0aBcDeFgHiJkLmNoPqRsTu",
		post.SoundCloud:  "https://soundcloud.com/ada/low-tide",
		post.Flickr:      "https://flic.kr/p/2kLmNoP",
		post.Vine:        "https://vine.co/v/aB1cD2eF3gH",
		post.Twitch:      "https://www.twitch.tv/videos/1234567890",
		post.Imgur:       "https://imgur.com/a/aBcD1",
		post.TruthSocial: "https://truthsocial.com/@ada/112042318430273537",
		post.Mastodon:    "https://harbour.example/web/statuses/112042318430273537",
		"gab":            "https://gab.com/ada/posts/112042318430273537",
		"oembed":         "https://embed.ted.com/talks/ada_low_tide",
	}
}

// TestEveryPlatformIsListed: every platform that post names has its site, and
// exactly one site takes its addresses.
func TestEveryPlatformIsListed(t *testing.T) {
	for p, address := range examples() {
		if _, ok := Of(p); !ok {
			t.Errorf("%s has no site", p)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range All() {
			got, ok := s.ParseURL(u)
			if ok != (s.Platform() == p) && s.Domains() != nil {
				t.Errorf("%T takes %s: %v", s, address, ok)
			}
			if p == "oembed" && got.Ref.Platform == "ted" {
				got.Ref.Platform = p
			}
			if ok && s.Platform() == p && (got.Ref.Platform != p || got.URL != address) {
				t.Errorf("%s: got %+v", address, got)
			}
		}
	}
	for _, s := range All() {
		if !s.Platform().Valid() {
			t.Errorf("%T: platform %q", s, s.Platform())
		}
		if _, ok := examples()[s.Platform()]; !ok {
			t.Errorf("%s has no example", s.Platform())
		}
	}
}

// TestDomains: domains are in lower case, without sub-domains that only look
// like them, and listed once.
func TestDomains(t *testing.T) {
	owner := map[string]post.Platform{}
	for _, s := range All() {
		for _, d := range s.Domains() {
			if d != strings.ToLower(d) || strings.HasPrefix(d, "www.") || !strings.Contains(d, ".") {
				t.Errorf("%s: domain %q", s.Platform(), d)
			}
			if p, ok := owner[d]; ok {
				t.Errorf("%s is listed by %s and %s", d, p, s.Platform())
			}
			owner[d] = s.Platform()
		}
	}
}

// TestMarkups: every markup can match, has a form and a reader.
func TestMarkups(t *testing.T) {
	for _, s := range All() {
		for i, m := range s.Markup() {
			if m.Form == "" || m.Read == nil || m.Tag == "" && m.Class == "" && m.Attr == "" {
				t.Errorf("%s: markup %d is not complete: %+v", s.Platform(), i, m)
			}
			if m.Tag != strings.ToLower(m.Tag) || m.Attr != strings.ToLower(m.Attr) || strings.ContainsAny(m.Class, " .") {
				t.Errorf("%s: markup %d can never match: %+v", s.Platform(), i, m)
			}
		}
	}
}

// TestTarget: a reference leads to an address that leads back to it.
func TestTarget(t *testing.T) {
	finder := extract.NewFinder(All())
	for p, address := range examples() {
		got, platform, ok := finder.Parse(address)
		if !ok || platform != p && p != "oembed" {
			t.Errorf("%s: got %+v, %s, %v", address, got, platform, ok)
			continue
		}
		back, ok := Target(got.Ref)
		if !ok {
			if p != post.Tumblr {
				t.Errorf("%s has no address", got.Ref)
			}
			continue
		}
		again, _, _ := finder.Parse(back.URL)
		if back.Ref != got.Ref || again.Ref != got.Ref {
			t.Errorf("%s → %s → %s", got.Ref, back.URL, again.Ref)
		}
	}
	for _, r := range []post.Ref{{}, {Platform: "nowhere", ID: "1"}, {Platform: post.Twitter, ID: "x"}, {Platform: post.Twitter, ID: "020"}} {
		if got, ok := Target(r); ok {
			t.Errorf("%v: got %+v", r, got)
		}
	}
}
