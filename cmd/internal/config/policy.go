package config

import (
	"time"

	"stet/archiver"
)

// Policy is what is done by itself about what is kept.
type Policy struct {
	// XAPIOnGone says what becomes of what X's API said of a post that is confirmed
	// gone.
	XAPIOnGone archiver.OnGone
	// Keep is how long what sources named is kept that say nothing else; 0 is for
	// ever. KeepGrace is how long what a rule removed can be put back; 0 destroys
	// it at once.
	Keep, KeepGrace time.Duration
}

// forever is how it is written that something is kept for ever.
const forever = "forever"

// ParseKeep reads how long a source's articles are kept: a duration, or forever.
func ParseKeep(s string) (time.Duration, error) {
	if s == forever {
		return archiver.KeepForever, nil
	}
	d, err := ParseDuration(s)
	if err != nil {
		err = errValue(s, "forever, or a positive duration such as 90d or 365d")
	}
	return d, err
}

// FormatKeep writes it; empty where nothing is said.
func FormatKeep(d time.Duration) string {
	switch {
	case d < 0:
		return forever
	case d == 0:
		return ""
	}
	return FormatDuration(d)
}

// parseKeepAll reads the rule for all sources, for which forever is no rule.
func parseKeepAll(s string) (time.Duration, error) {
	d, err := ParseKeep(s)
	return max(d, 0), err
}

func formatKeepAll(d time.Duration) string {
	if d == 0 {
		return forever
	}
	return FormatDuration(d)
}

func parseOnGone(s string) (archiver.OnGone, error) {
	switch o := archiver.OnGone(s); o {
	case archiver.OnGoneSeal, archiver.OnGoneDestroy, archiver.OnGoneKeep:
		return o, nil
	}
	return "", errValue(s, "seal, destroy or keep")
}
