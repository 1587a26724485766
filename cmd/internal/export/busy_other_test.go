//go:build !unix

package export

import "time"

// busy returns the time of a clock, where no other can be asked.
func busy() time.Duration { return time.Since(time.Time{}.AddDate(2000, 0, 0)) }
