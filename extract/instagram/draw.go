package instagram

import (
	"stet/extract"
	"stet/extract/post"
)

// DrawURL returns the page that the platform frames into articles.
func (Site) DrawURL(r post.Ref, _ string) string {
	return "https://www.instagram.com/p/" + r.ID + "/embed/captioned/"
}

// EmbedURL returns the address of the embed page of a post.
func EmbedURL(t extract.Target) string { return Site{}.DrawURL(t.Ref, "") }
