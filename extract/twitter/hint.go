package twitter

import "strings"

// MayBe reports whether a host can be that of a mirror.
func (Mirrors) MayBe(host, _ string) bool { return strings.Contains(host, "nitter") }
