package mastodon

import "strings"

// MayBe reports whether a path can be that of a post on an instance: it names a
// user by a sign, or a status by its word.
func (Site) MayBe(_, path string) bool {
	return strings.ContainsRune(path, '@') || strings.Contains(path, "%40") || strings.Contains(strings.ToLower(path), "statuses")
}
