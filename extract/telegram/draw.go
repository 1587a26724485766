package telegram

import "stet/extract/post"

// DrawURL returns the page that the platform frames into articles.
func (Site) DrawURL(r post.Ref, _ string) string { return "https://t.me/" + r.ID + "?embed=1" }
