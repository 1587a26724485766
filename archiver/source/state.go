package source

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

// stateVersion is the version of [State] that is written. A state of another
// version is begun anew, which costs one full reading.
const stateVersion = 1

// The bounds of a [State]. Its JSON stays below 48 KB, whatever the source.
const (
	// maxChildren is how many sitemaps of an index are remembered. A site with
	// a sitemap a day has that many in four months.
	maxChildren = 128
	// maxValidator is the longest ETag that is sent back.
	maxValidator = 96
	// maxSentence bounds sentences that are remembered.
	maxSentence = 300
)

// State is what is remembered between two passes over a source. It is small,
// whatever the size of the source: which items are known is not in it, see
// [KnownFunc]. The zero value is the state of a source that was never read.
// Its JSON is the form in which it is kept.
type State struct {
	Version int `json:"version,omitempty"`
	// Source is a hash of the address of the source, which can hold a password,
	// Kind its kind; of another one, the state says nothing.
	Source string `json:"source,omitempty"`
	Kind   Kind   `json:"kind,omitempty"`
	// Format is what the source turned out to be, Title what it calls itself.
	Format Format `json:"format,omitempty"`
	Title  string `json:"title,omitempty"`
	// MovedTo is where it moved to for good.
	MovedTo string `json:"moved_to,omitempty"`
	// Via is the feed that a page advertises, which is read in its place; it
	// is "robots.txt" where the site's sitemaps are read.
	Via string `json:"via,omitempty"`

	// Root holds the validators of the document itself.
	Root Validators `json:"root,omitzero"`
	// Children are the sitemaps of an index, as far as they are remembered.
	Children []Child `json:"children,omitempty"`
	// Forgotten is the latest date of a sitemap that is not remembered any
	// more, Turn where the round over those without a date stands.
	Forgotten time.Time `json:"forgotten,omitzero"`
	Turn      string    `json:"turn,omitempty"`
	// Sweep is a reading that did not end in one pass, Swept when the last one
	// over everything began that did end.
	Sweep *Sweep    `json:"sweep,omitempty"`
	Swept time.Time `json:"swept,omitzero"`
	// Backfill is how far back the source was read on request.
	Backfill *Sweep `json:"backfill,omitempty"`

	// LastAttempt and LastSuccess are when a pass ended, LastNew when one
	// brought something new.
	LastAttempt time.Time `json:"last_attempt,omitzero"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	LastNew     time.Time `json:"last_new,omitzero"`
	// Failures counts the passes in a row that failed, the first of them at
	// FailingSince; Error is the last one's sentence, ErrorClass the name of
	// its class in store.
	Failures     int       `json:"failures,omitempty"`
	FailingSince time.Time `json:"failing_since,omitzero"`
	Error        string    `json:"error,omitempty"`
	ErrorClass   string    `json:"error_class,omitempty"`
	// Outage is the longest time of failures that ended by itself.
	Outage time.Duration `json:"outage,omitempty"`
	// NotBefore is when the host wants to be asked again at the earliest.
	NotBefore time.Time `json:"not_before,omitzero"`
	// GoneSince is when the source first said that it is gone for good (410).
	GoneSince time.Time `json:"gone_since,omitzero"`
	// Rhythm is how often there is something new.
	Rhythm Rhythm `json:"rhythm,omitzero"`
	// CrawlDelay is the pause between requests that robots.txt asks for.
	CrawlDelay time.Duration `json:"crawl_delay,omitempty"`
	// More is true where the last pass ended at one of its limits, WentBack
	// where it was a step back in time.
	More     bool `json:"more,omitempty"`
	WentBack bool `json:"went_back,omitempty"`
}

// Validators are what a request can be made conditional with, and the hash of
// the body for servers that send none.
type Validators struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
	Hash         string `json:"hash,omitempty"`
}

// Child is what is remembered of a sitemap of an index.
type Child struct {
	// Key is a hash of its address.
	Key string `json:"k"`
	Validators
	// Stated is the date that the index gives it, zero where that is none.
	Stated time.Time `json:"s,omitzero"`
	// Checked is when it was asked for last, Changed when it changed last:
	// the newest date in it, where it has one.
	Checked time.Time `json:"c,omitzero"`
	Changed time.Time `json:"n,omitzero"`
	// Nested is true for one that is an index itself.
	Nested bool `json:"i,omitempty"`
}

// Sweep is a reading of a whole source, in steps.
type Sweep struct {
	// Since is how far back it goes.
	Since time.Time `json:"since,omitzero"`
	// Began is when its first pass began, Done when the last one ended.
	Began time.Time `json:"began,omitzero"`
	Done  time.Time `json:"done,omitzero"`
	// Full is true where everything is read, also what has not changed.
	Full bool `json:"full,omitempty"`
	// Path is where it stands: the document that is read next, at each level
	// of nesting.
	Path []Mark `json:"path,omitempty"`
	// Next is the page of the feed that is read next.
	Next string `json:"next,omitempty"`
	// Pages counts the pages so far.
	Pages int `json:"pages,omitempty"`
}

// Mark is a place in the order of an index's sitemaps.
type Mark struct {
	At  time.Time `json:"at,omitzero"`
	Key string    `json:"key"`
}

// Rhythm is how often a source has something new.
type Rhythm struct {
	// Since and Last are the times of the first and the last new item.
	Since time.Time `json:"since,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Gaps counts the times between new items; Mean and Longest are what they
	// last, where older ones weigh less.
	Gaps    int           `json:"gaps,omitempty"`
	Mean    time.Duration `json:"mean,omitempty"`
	Longest time.Duration `json:"longest,omitempty"`
}

// begin returns the state with which a pass over s begins.
func (st State) begin(s Source) State {
	name := hashOf(s.URL)
	if st.Version != stateVersion || st.Source != name || st.Kind != s.Kind {
		return State{Version: stateVersion, Source: name, Kind: s.Kind}
	}
	// What the pass changes must not be the caller's.
	st.Children = slices.Clone(st.Children)
	st.Sweep, st.Backfill = st.Sweep.clone(), st.Backfill.clone()
	return st
}

// StepsBack reports whether the next pass is to be a step back in time, where the
// source is to be read back to since: once what is new has been read, and then
// in turns with that, until the day is reached.
func (st *State) StepsBack(since time.Time) bool {
	if since.IsZero() || st.Swept.IsZero() || st.WentBack {
		return false
	}
	b := st.Backfill
	return b == nil || b.Done.IsZero() || b.Since.After(since)
}

// pending reports whether a going back that was begun is not at its end.
func (st *State) pending() bool { return st.Backfill != nil && st.Backfill.Done.IsZero() }

func (s *Sweep) clone() *Sweep {
	if s == nil {
		return nil
	}
	c := *s
	c.Path = slices.Clone(s.Path)
	return &c
}

// succeed notes a pass that went well. dates are those of the new items, zero
// for the ones without.
func (st *State) succeed(now time.Time, dates []time.Time) {
	if st.Failures > 0 {
		st.Outage = max(now.Sub(st.FailingSince), st.Outage*7/8)
	}
	st.LastAttempt, st.LastSuccess = now, now
	st.Failures, st.FailingSince, st.Error, st.ErrorClass = 0, time.Time{}, "", ""
	st.NotBefore, st.GoneSince = time.Time{}, time.Time{}
	if len(dates) > 0 {
		st.LastNew = now
		st.Rhythm.note(now, dates)
	}
}

// fail notes a pass that did not. A pass that was ended from outside says
// nothing about the source.
func (st *State) fail(now time.Time, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	st.LastAttempt, st.More = now, false
	if st.Failures == 0 {
		st.FailingSince = now
	}
	st.Failures++
	st.Error, st.ErrorClass = cut(err.Error(), maxSentence), store.ClassOf(err).Name
	st.NotBefore = time.Time{}
	var limited *fetch.RateLimitError
	var closed *RobotsError
	switch {
	case errors.As(err, &limited):
		st.NotBefore = limited.Until
	case errors.As(err, &closed):
		st.NotBefore = closed.Until
	}
}

// note learns from the dates of new items.
func (r *Rhythm) note(now time.Time, dates []time.Time) {
	times := make([]time.Time, 0, len(dates))
	for _, d := range dates {
		// What has no date is new now, and so is what claims the future.
		if d.IsZero() || d.After(now) {
			d = now
		}
		times = append(times, d)
	}
	slices.SortFunc(times, time.Time.Compare)
	for _, t := range times {
		switch {
		case r.Last.IsZero():
			r.Since, r.Last = t, t
		case t.After(r.Last):
			r.gap(t.Sub(r.Last))
			r.Last = t
		}
	}
}

func (r *Rhythm) gap(d time.Duration) {
	// Half of the longest gap is forgotten after about 350 others: a weekend
	// counts for weeks, a summer's break not for ever.
	r.Longest = max(d, r.Longest-r.Longest/512)
	if r.Gaps++; r.Gaps == 1 {
		r.Mean = d
		return
	}
	r.Mean += (d - r.Mean) / time.Duration(min(r.Gaps, 64))
}

// child returns what is remembered of a sitemap, nil where that is nothing.
func (st *State) child(key string) *Child {
	for i := range st.Children {
		if st.Children[i].Key == key {
			return &st.Children[i]
		}
	}
	return nil
}

// remember keeps c in place of what was known of it. Where that is too much,
// the one is forgotten whose contents are oldest.
func (st *State) remember(c Child) {
	if old := st.child(c.Key); old != nil {
		*old = c
		return
	}
	st.Children = append(st.Children, c)
	if len(st.Children) <= maxChildren {
		return
	}
	oldest := 0
	for i := range st.Children {
		if st.Children[i].age().Before(st.Children[oldest].age()) {
			oldest = i
		}
	}
	if s := st.Children[oldest].Stated; s.After(st.Forgotten) {
		st.Forgotten = s
	}
	st.Children = slices.Delete(st.Children, oldest, oldest+1)
}

func (c *Child) age() time.Time {
	if c.Stated.After(c.Changed) {
		return c.Stated
	}
	return c.Changed
}

// maxCheck is the longest time until a sitemap without a date is asked for
// again.
const maxCheck = 7 * 24 * time.Hour

// due reports whether a sitemap without a stated date is to be asked for. What
// has not changed for a year will hardly change today: the pause grows with the
// time since the last change.
func (c *Child) due(now time.Time) bool {
	pause := min(max(c.Checked.Sub(c.Changed)/5, 0), maxCheck)
	return !now.Before(c.Checked.Add(pause))
}

// hashOf returns a short hash for telling things of one source apart. It is no
// evidence; that is the digest in the exchange.
func hashOf[T string | []byte](b T) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(b)) // never errors
	var sum [8]byte
	binary.BigEndian.PutUint64(sum[:], h.Sum64())
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
