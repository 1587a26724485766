package archiver

import (
	"context"
	"fmt"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

// PageReader reads single pages of the web: package page.
type PageReader interface {
	// ReadPage fetches a page, over all its redirects, and reads it. It never
	// fails: trouble is an answer, and the exchanges come with it.
	ReadPage(ctx context.Context, r PageRequest) PageAnswer
	// Describe reads a page that was fetched already.
	Describe(address string, resp *fetch.Response) PageAnswer
}

// PageRequest asks for a page.
type PageRequest struct {
	URL string
	// Purpose is recorded: page or look.
	Purpose string
	// ETag and Modified are the validators of what the archive holds: where
	// they still hold, the server need not send the page again.
	ETag     string
	Modified string
	// Anonymous leaves out the operator's access to the host, for addresses
	// that stand in what others wrote.
	Anonymous bool
}

// PageAnswer is what came of it.
type PageAnswer struct {
	// Exchanges are all hops, in order; the last is the one that decided.
	Exchanges []store.Exchange
	// Reading is what was read. Final, Status and Label are set where anything
	// answered, the rest where that was a page.
	Reading store.PageReading
	// NotModified is true where the server said that the validators hold.
	NotModified bool
	// Err is the trouble on the way, nil where the server answered.
	Err error
}

// shown reports whether the answer is content, be it that of a wall.
func (a *PageAnswer) shown() bool {
	return a.Err == nil && !a.NotModified && a.Reading.Status/100 == 2
}

// lookOf says what an answer means for a page, beside what the archive holds
// of it. It is a pure function; the records' names are the caller's to set.
func lookOf(address string, before *store.PageHistory, a *PageAnswer, at time.Time) store.PageLook {
	r := &a.Reading
	l := store.PageLook{Time: at, URL: address, Final: r.Final, Status: r.Status, Label: r.Label}
	switch {
	case a.Err != nil:
		l.Result, l.Reason = store.PageUnknown, a.Err.Error()
	case a.NotModified:
		l.Result, l.Unchanged, l.Reason = store.PageAlive, true, "the server says that it has not changed"
		if n := len(before.Readings); n > 0 {
			last := before.Readings[n-1].Content
			l.Final, l.Label, l.Drift = last.Final, last.Label, last.Drift
			if l.Result, l.Reason = resultOfPage(before, last, last.Drift); wordless(before, last) {
				l.Result, l.Reason = store.PageUnknown, "the server says that the page without text has not changed"
			}
		}
	case r.Label.Wall():
		l.Result, l.Reason = store.PageWalled, r.Why
	case r.Status == 404 || r.Status == 410:
		l.Result, l.Reason = missingPage(before, r)
	case r.Status == 401 || r.Status == 402 || r.Status == 403:
		l.Result, l.Reason = store.PageWalled, fmt.Sprintf("%s answered %d: it is not shown to everybody", r.Final, r.Status)
	case r.Status/100 != 2:
		l.Result, l.Reason = store.PageUnknown, fmt.Sprintf("%s answered %d", r.Final, r.Status)
	case wordless(before, r):
		l.Result, l.Reason = store.PageUnknown, "no text could be read of "+r.Final+", of which there was some before"
	default:
		l.Drift = driftFrom(before, r)
		l.Result, l.Reason = resultOfPage(before, r, l.Drift)
		l.Unchanged = sameAs(before, r) != nil
	}
	return l
}

// missingPage says what it means that a server knows no such page: less where it
// is another than the one that was asked, and nothing where it shows the page all
// the same.
func missingPage(before *store.PageHistory, r *store.PageReading) (store.PageResult, string) {
	first := before.First()
	switch {
	case first != nil && r.Label == "" && r.Text != "" && first.Content.Text != "" && driftFrom(before, r) <= store.MaxDrift:
		return store.PageAlive, fmt.Sprintf("%s answered %d and shows the page all the same", r.Final, r.Status)
	case LedAway(r.URL, r.Final):
		return store.PageSoftGone, fmt.Sprintf("it led to %s, which answered %d", r.Final, r.Status)
	}
	return store.PageGone, fmt.Sprintf("%s answered %d", r.Final, r.Status)
}

// resultOfPage says what a reading means beside the first good one.
func resultOfPage(before *store.PageHistory, r *store.PageReading, drift float64) (store.PageResult, string) {
	first := before.First()
	switch {
	case r.Label.Wall():
		return store.PageWalled, r.Why
	case r.Label != "":
		return store.PageSoftGone, r.Why
	case drift <= store.MaxDrift:
		return store.PageAlive, ""
	case store.ArticleKey(first.Content.Final) != store.ArticleKey(r.Final):
		return store.PageRedirected, fmt.Sprintf("it leads to %s now, where it led to %s", r.Final, first.Content.Final)
	}
	return store.PageDrifted, fmt.Sprintf("%.0f %% of its text changed", 100*drift)
}

// wordless reports whether a page that had a text shows none, which may be that
// of a script: how much of it changed cannot be told.
func wordless(before *store.PageHistory, r *store.PageReading) bool {
	first := before.First()
	return first != nil && r.Label == "" && r.Text == "" && first.Content.Text != "" && r.Type == first.Content.Type
}

// driftFrom measures how far a reading is from the first good one.
func driftFrom(before *store.PageHistory, r *store.PageReading) float64 {
	first := before.First()
	switch {
	case first == nil || r.Label != "" || r.Digest == first.Content.Digest:
		return 0
	case first.Content.Text == "" && r.Text == "":
		// Pictures and documents have no text to compare; a file that was
		// stored anew, such as a PDF with another date, is not another file.
		if first.Content.Type == r.Type {
			return 0
		}
		return 1
	}
	return Drift(first.Content.Text, r.Text)
}

// sameAs returns the capture that already holds what a reading shows, nil where
// the page has changed since.
func sameAs(before *store.PageHistory, r *store.PageReading) *store.Item[store.PageReading] {
	n := len(before.Readings)
	if n == 0 || r.Digest.IsZero() {
		return nil
	}
	last := &before.Readings[n-1]
	if last.Content.Digest != r.Digest || store.ArticleKey(last.Content.Final) != store.ArticleKey(r.Final) {
		return nil
	}
	return last
}
