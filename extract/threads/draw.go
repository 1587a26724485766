package threads

import (
	"stet/extract"
	"stet/extract/post"
)

// DrawURL returns the page that the platform frames into articles.
func (s Site) DrawURL(r post.Ref, address string) string {
	t, ok := extract.TargetOf(s, r, address)
	if !ok {
		return ""
	}
	return EmbedURL(t)
}
