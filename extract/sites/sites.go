// Package sites lists the platforms that stet knows, in the order in which the
// finder asks them. The list is explicit: nothing registers itself.
package sites

import (
	"stet/extract"
	"stet/extract/twitter"
)

// All returns the sites of all platforms: those with domains of their own
// first, those whose hosts cannot be listed last. The values are stateless and
// may be shared.
func All() []extract.Site {
	return []extract.Site{
		twitter.Site{},
		twitter.Mirrors{},
	}
}
