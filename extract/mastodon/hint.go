package mastodon

import "strings"

// MayBe reports whether a path can be that of a post on an instance: it names a
// user by a sign, or a status by its word.
func (Site) MayBe(_, path string) bool {
	if strings.ContainsRune(path, '@') || strings.Contains(path, "%40") {
		return true
	}
	path = strings.ToLower(path)
	return strings.Contains(path, "statuses") || strings.Contains(path, "notice")
}
