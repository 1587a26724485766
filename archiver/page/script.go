package page

import (
	"regexp"
	"strings"
)

const (
	// maxMoved is the largest page that is taken for one that only leads on.
	maxMoved = 16 << 10
	// maxMovedText is the most visible text of such a page, in bytes: "You are
	// being redirected", and the address.
	maxMovedText = 300
)

// scriptTarget returns the address that a script of a page sets as soon as it
// runs, as pages of short links do; empty where the page shows anything else.
// A script is not run: only an address that is written out counts.
func scriptTarget(body []byte) string {
	d := scan(body)
	if len(d.text) > maxMovedText || d.password || len(d.frames) > 0 {
		return ""
	}
	sets := setsLocation()
	for _, script := range d.scripts {
		m := sets.FindStringSubmatch(script)
		if m == nil {
			continue
		}
		target := strings.ReplaceAll(strings.Join(m[1:], ""), `\/`, "/")
		if !strings.ContainsAny(target, "\\<>\"'` ") {
			return target
		}
	}
	return ""
}

// setsLocation matches location = "…", location.href = "…" and
// location.replace("…") at the beginning of a statement.
func setsLocation() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[;{}\s])(?:(?:window|document|top|self|parent)\.)*location(?:\.href)?\s*=\s*["']([^"']+)["']` +
		`|(?:^|[;{}\s])(?:(?:window|document|top|self|parent)\.)*location\.(?:replace|assign)\(\s*["']([^"']+)["']\s*\)`)
}
