package mastodon

import (
	"strings"

	"stet/extract/post"
)

// DrawURL returns the page that the instance frames into articles; "" where the
// post's address is not known, which that page's is made of.
func (Site) DrawURL(_ post.Ref, address string) string {
	if address == "" || !strings.Contains(address, "/@") {
		return ""
	}
	return strings.TrimSuffix(address, "/") + "/embed"
}
