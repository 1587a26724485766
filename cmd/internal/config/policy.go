package config

import "stet/archiver"

// Policy is what is done by itself about what is kept.
type Policy struct {
	// XAPIOnGone says what becomes of what X's API said of a post that is confirmed
	// gone.
	XAPIOnGone archiver.OnGone
}

func parseOnGone(s string) (archiver.OnGone, error) {
	switch o := archiver.OnGone(s); o {
	case archiver.OnGoneSeal, archiver.OnGoneDestroy, archiver.OnGoneKeep:
		return o, nil
	}
	return "", errValue(s, "seal, destroy or keep")
}
