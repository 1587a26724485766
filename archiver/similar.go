package archiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"stet/store"
)

// SimilarHit is a post with a picture that looks like one that was asked for.
// Its JSON form is what `stet lookup --similar --json` prints.
type SimilarHit struct {
	LookupHit
	// Digest is that of the kept picture, Same true where the file is the same,
	// Distance how far apart they look, from 0 to 64.
	Digest   string `json:"digest"`
	Same     bool   `json:"same"`
	Distance int    `json:"distance"`
	// Mirrored is true where the kept picture is alike in a mirror, Part where it
	// is alike a part of the one that was asked for, Cropped where that is alike a
	// part of it.
	Mirrored bool `json:"mirrored,omitempty"`
	Part     bool `json:"part,omitempty"`
	Cropped  bool `json:"cropped,omitempty"`
}

// Similar finds the posts with the same or a similar picture, the most alike
// first, and says what was compared. It errors with ErrInvalid for what is no
// picture, with ErrNotFound where the archive has no index of pictures.
func (r *Reader) Similar(ctx context.Context, picture []byte, limit int) ([]SimilarHit, store.PictureCoverage, error) {
	if r.o.Pictures == nil {
		return nil, store.PictureCoverage{}, fmt.Errorf("looking for pictures: %w: this archive has no index of them", store.ErrNotFound)
	}
	limit = cmp.Or(limit, DefaultHits)
	matches, coverage, err := r.o.Pictures.Similar(ctx, picture, limit)
	if err != nil {
		return nil, coverage, fmt.Errorf("looking for pictures: %w", err)
	}
	var hits []SimilarHit
	for _, m := range matches {
		found, err := r.postsWith(ctx, m)
		if err != nil {
			return nil, coverage, fmt.Errorf("looking for the posts with the picture %s: %w", m.Digest, err)
		}
		hits = append(hits, found...)
	}
	return hits[:min(len(hits), limit)], coverage, nil
}

// postsWith returns the posts that a picture is kept of.
func (r *Reader) postsWith(ctx context.Context, m store.PictureMatch) ([]SimilarHit, error) {
	records, err := r.o.Archive.ListAll(ctx, store.BlobTerm(m.Digest), store.MaxHistory, store.KindCapture)
	if err != nil {
		return nil, err
	}
	var hits []SimilarHit
	seen := map[string]bool{}
	for i := range records {
		c, err := store.Decode[store.Capture](&records[i])
		if err != nil {
			return nil, err
		}
		if c.Ref.IsZero() || seen[c.Ref.String()] {
			continue
		}
		seen[c.Ref.String()] = true
		hit, err := r.hit(ctx, c.Ref)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		hit.Score = 1 - float64(m.Distance)/64
		hits = append(hits, SimilarHit{LookupHit: hit, Digest: m.Digest.String(), Same: m.Same, Distance: m.Distance, Mirrored: m.Mirrored, Part: m.Part, Cropped: m.Cropped})
	}
	return hits, nil
}
