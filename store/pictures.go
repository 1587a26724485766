package store

import "context"

// PictureMatch is one kept picture that looks like another.
type PictureMatch struct {
	// Digest is that of the kept file.
	Digest Digest `json:"digest"`
	// Same is true where the file itself is the same. Distance is how far apart
	// the pictures look, from 0 (alike) to 64.
	Same     bool `json:"same"`
	Distance int  `json:"distance"`
	// Mirrored is true where it is alike in a mirror, Part where it is alike a
	// part of the picture that was looked up, Cropped where that is alike a part
	// of it.
	Mirrored bool `json:"mirrored,omitempty"`
	Part     bool `json:"part,omitempty"`
	Cropped  bool `json:"cropped,omitempty"`
}

// PictureCoverage says what was compared.
type PictureCoverage struct {
	// Pictures is how many pictures were compared, Unreadable how many files
	// that call themselves pictures could not be.
	Pictures   int `json:"pictures"`
	Unreadable int `json:"unreadable"`
}

// Pictures finds kept pictures by what they look like. The index is derived
// from the journal and the blobs, and follows them.
type Pictures interface {
	// Similar returns the kept pictures that look like one, the most alike
	// first, and what was compared. It errors with ErrInvalid for what is no
	// picture, or one that is too large to be looked at.
	Similar(ctx context.Context, picture []byte, limit int) ([]PictureMatch, PictureCoverage, error)
	// Purge removes what is known of files.
	Purge(ctx context.Context, digests []Digest) error
}
