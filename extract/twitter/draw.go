package twitter

import (
	"net/url"

	"stet/extract/post"
)

// DrawURL returns the page that the platform frames into articles.
func (Site) DrawURL(r post.Ref, _ string) string {
	return "https://platform.twitter.com/embed/Tweet.html?" + url.Values{"id": {r.ID}, "dnt": {"true"}, "lang": {"en"}}.Encode()
}
