package view

import (
	"time"

	"stet/extract/post"
	"stet/store"
)

// Policy is how what was recorded is weighed. All functions are needed, pure,
// and safe for concurrent use.
type Policy struct {
	// Status says what the history of a post amounts to, PageStatus that of a
	// page.
	Status     func(*store.History) Status
	PageStatus func(*store.PageHistory) PageStatus
	// Quote compares what an article quotes with what was captured, in the
	// words [QuoteMatch], [QuoteMismatch] and [QuoteNone].
	Quote func(store.Quotation, *post.Post) string
	// Private reports whether a post stays out of what is told and given away.
	Private func(*store.History) bool
}

// The results of comparing a quotation.
const (
	// QuoteMatch: the article quotes the words of the post.
	QuoteMatch = "match"
	// QuoteMismatch: a word differs, or the name of the author.
	QuoteMismatch = "mismatch"
	// QuoteNone: the article quotes nothing, or there is nothing to compare
	// with.
	QuoteNone = "none"
)

// Reader reads an archive. It is safe for concurrent use.
type Reader struct {
	archive *store.Archive
	policy  Policy
}

// New returns a reader. It starts nothing and owns nothing.
func New(a *store.Archive, p Policy) *Reader { return &Reader{archive: a, policy: p} }

// Archive returns the archive that is read.
func (r *Reader) Archive() *store.Archive { return r.archive }

// Moment returns nil for a time that is not known.
func Moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
