package archiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"stet/extract"
	"stet/extract/box"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// ReaderOptions configure a [Reader]. Archive and Finder are needed.
type ReaderOptions struct {
	Archive *store.Archive
	Finder  *extract.Finder
	// Rules are those by which verdicts are reached.
	Rules     Rules
	PageRules PageRules
	// Platforms are those whose handles are looked up.
	Platforms []post.Platform
	// Pictures is the index of pictures; nil where there is none.
	Pictures store.Pictures
}

// Reader answers questions from the archive alone: it touches nothing outside
// and changes nothing. It is safe for concurrent use.
type Reader struct {
	*view.Reader
	o ReaderOptions
}

// NewReader returns a reader. It starts nothing and owns nothing.
func NewReader(o ReaderOptions) *Reader {
	return &Reader{view.New(o.Archive, ViewPolicy(o.Rules, o.PageRules)), o}
}

// Parse says what a text asks for: see [box.Parse].
func (r *Reader) Parse(text string) box.Query { return box.Parse(r.o.Finder, text) }

// Platforms lists the platforms whose handles are looked up.
func (r *Reader) Platforms() []post.Platform { return slices.Clone(r.o.Platforms) }

// At returns what shows an archive to people by the rules of this reader: that
// of another time, say.
func (r *Reader) At(a *store.Archive) *view.Reader {
	return view.New(a, ViewPolicy(r.o.Rules, r.o.PageRules))
}

// ViewPolicy returns how views weigh what was recorded: by the rules of verdicts.
func ViewPolicy(rules Rules, pages PageRules) view.Policy {
	return view.Policy{
		Status: func(h *store.History) view.Status {
			s := Judge(Observations(h), rules)
			return view.Status{Value: s.Value, Confirmed: s.Confirmed, LastLive: view.Moment(s.LastLive), FirstGone: view.Moment(s.FirstGone),
				ConfirmedAt: view.Moment(s.ConfirmedAt), Reason: s.Reason}
		},
		PageStatus: func(h *store.PageHistory) view.PageStatus {
			looks := make([]store.PageLook, len(h.Looks))
			for i := range h.Looks {
				looks[i] = *h.Looks[i].Content
			}
			s := JudgePage(looks, pages)
			return view.PageStatus{Value: s.Value, Confirmed: s.Confirmed, LastAlive: view.Moment(s.LastAlive), FirstMissed: view.Moment(s.FirstMissed),
				ConfirmedAt: view.Moment(s.ConfirmedAt), Drift: s.Drift, Reason: s.Reason}
		},
		Quote:   CheckQuote,
		Private: IsPrivate,
	}
}

// pageHit describes the captured page at an address for a list of hits; false
// where there is none.
func (r *Reader) pageHit(ctx context.Context, address string) (LookupHit, bool, error) {
	v, err := r.Page(ctx, address)
	if errors.Is(err, store.ErrNotFound) || err == nil && len(v.Captures) == 0 {
		return LookupHit{}, false, nil
	}
	if err != nil {
		return LookupHit{}, false, fmt.Errorf("looking up the page %s: %w", address, err)
	}
	return LookupHit{Kind: "page", URL: v.Page.URL, Text: cmp.Or(v.Page.Title, v.Page.Final), Status: post.Status(v.Status.Value),
		Confirmed: v.Status.Confirmed, Score: 1, Mentions: len(v.LinkedBy)}, true, nil
}
