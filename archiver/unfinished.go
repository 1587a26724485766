package archiver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"stet/archiver/fetch"
	"stet/extract/post"
	"stet/store"
)

// finishDelays are the waits before the rest is tried of a capture that trouble
// left unfinished: that of the storage or of the way is over in minutes, and a
// post may be gone at the first regular look. After the last the schedule goes
// on as always.
func finishDelays() []time.Duration {
	return []time.Duration{30 * time.Second, 5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
}

// unfinished notes that trouble kept something of a post from the archive.
func (c *capturing) unfinished(ref post.Ref) {
	if c.lacking == nil {
		c.lacking = map[post.Ref]bool{}
	}
	c.lacking[ref] = true
}

// tried is how often the rest of an unfinished capture was tried: what the job
// of this look says.
func (c *capturing) tried() int {
	var in intent
	if c.w.job.Kind != JobLook || json.Unmarshal(c.w.job.Payload, &in) != nil {
		return 0
	}
	return in.Try
}

// stillUnfinished notes that a look that was there to get the rest of a capture
// met trouble too.
func (c *capturing) stillUnfinished() {
	if c.tried() == 0 {
		return
	}
	best := c.best()
	if best != nil && c.missedRicher(best) || best == nil && !slices.ContainsFunc(c.sightings, func(s sighting) bool { return s.answer.Status != post.Unknown }) {
		c.unfinished(c.w.ref)
	}
}

// finishSoon brings the next look forward where a capture is unfinished, and
// returns its time.
func (c *capturing) finishSoon(ref post.Ref, next, now time.Time) (time.Time, error) {
	delays := finishDelays()
	try := 0
	if ref == c.w.ref {
		try = c.tried()
	}
	if !c.lacking[ref] || try >= len(delays) {
		return next, nil
	}
	at := now.Add(delays[try])
	if !next.IsZero() && !at.Before(next) {
		at = next
	}
	payload, err := json.Marshal(intent{Target: ref.String(), Try: try + 1})
	if err != nil {
		return next, fmt.Errorf("writing the intent to finish the capture of %s: %w", ref, err)
	}
	return at, c.b.Enqueue(store.Enqueue{Replace: true,
		Job: store.Job{Kind: JobLook, Key: ref.String(), Payload: payload, Priority: store.PriorityLook, RunAt: at}})
}

// missedRicher reports whether a source that tells more than the one that shows
// the post could not be asked because of trouble on the way.
func (c *capturing) missedRicher(best *sighting) bool {
	return slices.ContainsFunc(c.sightings, func(s sighting) bool {
		return s.endpoint.Source().Rank() > best.endpoint.Source().Rank() && (s.answer.Err != nil || s.answer.Transport) &&
			!s.answer.Refused && !errors.Is(s.answer.Err, errBudget)
	})
}

// finishes reports whether a look that shows the post is there to fetch files
// that an earlier capture could not have.
func (c *capturing) finishes(s *sighting) bool {
	if c.tried() == 0 {
		return false
	}
	for i := len(c.before.Captures) - 1; i >= 0; i-- {
		last := c.before.Captures[i].Content
		if last.Source == s.endpoint.Source() {
			return slices.ContainsFunc(last.Media, func(f store.MediaFile) bool { return f.Error != "" && f.Role == "" })
		}
	}
	return false
}

// passes reports whether what kept a file away can pass: trouble on the way
// rather than an answer about the file.
func passes(trouble error, resp *fetch.Response) bool {
	if trouble != nil {
		return !errors.Is(trouble, store.ErrTooLarge) && !errors.Is(trouble, store.ErrRefused)
	}
	switch resp.Status {
	case http.StatusNotFound, http.StatusGone, http.StatusUnavailableForLegalReasons:
		return false
	}
	return true
}
