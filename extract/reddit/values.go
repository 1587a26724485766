package reddit

import (
	"strings"
	"time"

	"stet/extract"
)

// webAddress returns an address that can be fetched, empty for what is none.
func webAddress(s string) string {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return ""
	}
	return s
}

// size returns a number that can be a size or a length in seconds.
func size(v extract.Value) int {
	n := v.Int()
	if n < 0 || n > 1<<24 {
		return 0
	}
	return int(n)
}

// millis returns the time that a number of milliseconds is.
func millis(v extract.Value) time.Time {
	n := v.Int()
	if n <= 0 || n > 1<<43 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
