package bluesky

import (
	"strings"

	"stet/extract/post"
)

// DrawURL returns the page that the platform frames into articles.
func (Site) DrawURL(r post.Ref, _ string) string {
	return "https://embed.bsky.app/embed/" + strings.TrimPrefix(r.ID, "at://")
}
