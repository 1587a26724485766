package extract

import "stet/extract/post"

// DrawSite is an optional ability of a [Site]: it tells where a browser without
// an account can see a post, on platforms that show a wall at the post's own
// address.
type DrawSite interface {
	// DrawURL returns the address of the platform's own embed page of a post;
	// address is the post's address for people, which may be empty. It returns
	// "" where there is no such page.
	DrawURL(r post.Ref, address string) string
}
