package instagram

import "stet/extract/post"

// DrawURL returns the page that the platform frames into articles.
func (Site) DrawURL(r post.Ref, _ string) string {
	return "https://www.instagram.com/p/" + r.ID + "/embed/captioned/"
}
