package tiktok

import "stet/extract/post"

// DrawURL returns the page that the platform frames into articles.
func (Site) DrawURL(r post.Ref, _ string) string { return "https://www.tiktok.com/embed/v2/" + r.ID }
