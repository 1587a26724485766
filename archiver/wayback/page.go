package wayback

import (
	"context"
	"net/http"
	"slices"

	"stet/extract"
	"stet/store"
)

// RecoverPage plays the snapshots of a page back, the oldest first, until show
// returns true: at most as many as of a post, each that is not as the one before.
func (a *Archive) RecoverPage(ctx context.Context, address string, show func(in extract.Input, m store.Memento) bool) (kept []store.Exchange, err error) {
	rows, _, err := a.indexOf(ctx, address, "exact", &kept)
	if err != nil {
		return kept, err
	}
	slices.SortStableFunc(rows, func(x, y row) int { return x.Time.Compare(y.Time) })
	played, seen := 0, map[string]bool{}
	for i := range rows {
		w := &rows[i]
		if w.Status != http.StatusOK && w.Status != 0 || w.Digest != "" && seen[w.Digest] {
			continue
		}
		if seen[w.Digest] = true; played == maxPlayed {
			break
		}
		played++
		p, err := a.play(ctx, w.memento(), w.address("id_"), &kept)
		if err != nil {
			return kept, err
		}
		if !p.content || p.response.StatusCode != http.StatusOK {
			continue
		}
		if show(extract.Input{URL: address, ContentType: p.response.ContentType, Body: p.response.Body}, p.memento) {
			return kept, nil
		}
	}
	return kept, nil
}
