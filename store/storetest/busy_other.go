//go:build !unix

package storetest

import "time"

// Busy returns the time of a clock, where no other can be asked.
func Busy() time.Duration { return time.Since(time.Time{}.AddDate(2000, 0, 0)) }
