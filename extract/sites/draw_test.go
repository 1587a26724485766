package sites_test

import (
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
)

// TestDrawURL: the page that is drawn is one of the post, as the platform's own
// grammar reads it.
func TestDrawURL(t *testing.T) {
	for _, tt := range []struct {
		ref           post.Ref
		address, want string
	}{
		{post.Ref{Platform: post.Twitter, ID: "1990000000000000001"}, "", "https://platform.twitter.com/embed/Tweet.html?dnt=true&id=1990000000000000001&lang=en"},
		{post.Ref{Platform: post.Bluesky, ID: "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kaaaaaaaaa2a"}, "", "https://embed.bsky.app/embed/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kaaaaaaaaa2a"},
		{post.Ref{Platform: post.Telegram, ID: "harbournews/12"}, "https://t.me/harbournews/12", "https://t.me/harbournews/12?embed=1"},
		{post.Ref{Platform: post.Instagram, ID: "CabcDEF1234"}, "", "https://www.instagram.com/p/CabcDEF1234/embed/captioned/"},
		{post.Ref{Platform: post.Facebook, ID: "1234567890123"}, "https://www.facebook.com/oldharbour/posts/1234567890123", "https://www.facebook.com/plugins/post.php?show_text=true&href=https%3A%2F%2Fwww.facebook.com%2Foldharbour%2Fposts%2F1234567890123"},
		{post.Ref{Platform: post.Facebook, ID: "1234567890123"}, "https://www.facebook.com/reel/1234567890123", "https://www.facebook.com/plugins/video.php?show_text=true&href=https%3A%2F%2Fwww.facebook.com%2Freel%2F1234567890123"},
		{post.Ref{Platform: post.Threads, ID: "CabcDEF1234"}, "https://www.threads.com/@ada/post/CabcDEF1234", "https://www.threads.com/@ada/post/CabcDEF1234/embed"},
		{post.Ref{Platform: post.Threads, ID: "CabcDEF1234"}, "", "https://www.threads.com/t/CabcDEF1234/embed"},
		{post.Ref{Platform: post.LinkedIn, ID: "7170706170000000000"}, "https://www.linkedin.com/feed/update/urn:li:ugcPost:7170706170000000000/", "https://www.linkedin.com/embed/feed/update/urn:li:ugcPost:7170706170000000000"},
		{post.Ref{Platform: post.TikTok, ID: "7000000000000000001"}, "", "https://www.tiktok.com/embed/v2/7000000000000000001"},
		{post.Ref{Platform: post.Mastodon, ID: "social.example/109000000000000001"}, "https://social.example/@ada/109000000000000001", "https://social.example/@ada/109000000000000001/embed"},
		{post.Ref{Platform: post.YouTube, ID: "jNQXAC9IVRw"}, "", "https://www.youtube.com/watch?v=jNQXAC9IVRw"},
	} {
		got := sites.DrawURL(tt.ref, tt.address)
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.ref, got, tt.want)
		}
		u, ok := extract.ParseLink(got)
		if !ok {
			t.Errorf("%s is no address", got)
			continue
		}
		s, _ := sites.Of(tt.ref.Platform)
		if target, ok := s.ParseURL(u); !ok || target.Ref != tt.ref {
			t.Errorf("%s is read as %+v", got, target)
		}
	}
}
