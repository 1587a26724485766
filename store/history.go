package store

import (
	"context"
	"fmt"
	"slices"

	"stet/extract/post"
)

// MaxHistory is the most records that [Archive.History] reads of one post.
const MaxHistory = 100_000

// Item is the content of a stored record with its name and number.
type Item[T any] struct {
	Seq     uint64
	ID      ID
	Content *T
}

// History is what the archive knows of one post, each list oldest first.
type History struct {
	Ref         post.Ref
	Captures    []Item[Capture]
	Derivations []Item[Derivation]
	Looks       []Item[Look]
	Verdicts    []Item[Verdict]
	// Articles are the article versions that mention the post.
	Articles []Item[ArticleVersion]
	// Resolutions are the mentions without id that were found to show it.
	Resolutions []Item[Resolution]
	// Watches ask for closer looks at the post itself.
	Watches []Item[Watch]
	// QuotedBy are the posts that quote, answer or repeat it, each once.
	QuotedBy []post.Ref
}

// History reads what the archive knows of a post. It errors with ErrNotFound
// where that is nothing.
func (a *Archive) History(ctx context.Context, ref post.Ref) (*History, error) {
	records, err := a.ListAll(ctx, RefTerm(ref), MaxHistory, KindCapture, KindDerivation, KindLook, KindVerdict, KindArticle, KindResolution, KindWatch)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%s: %w", ref, ErrNotFound)
	}
	h := &History{Ref: ref}
	for i := range records {
		if err := h.add(&records[i]); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *History) add(r *Record) error {
	c, err := DecodeAny(r)
	if err != nil {
		return err
	}
	switch c := c.(type) {
	case *Capture:
		h.Captures = append(h.Captures, Item[Capture]{r.Seq, r.ID, c})
	case *Derivation:
		if c.Ref != h.Ref {
			if !slices.Contains(h.QuotedBy, c.Ref) {
				h.QuotedBy = append(h.QuotedBy, c.Ref)
			}
			return nil
		}
		h.Derivations = append(h.Derivations, Item[Derivation]{r.Seq, r.ID, c})
	case *Look:
		h.Looks = append(h.Looks, Item[Look]{r.Seq, r.ID, c})
	case *Verdict:
		h.Verdicts = append(h.Verdicts, Item[Verdict]{r.Seq, r.ID, c})
	case *ArticleVersion:
		h.Articles = append(h.Articles, Item[ArticleVersion]{r.Seq, r.ID, c})
	case *Watch:
		h.Watches = append(h.Watches, Item[Watch]{r.Seq, r.ID, c})
	case *Resolution:
		h.Resolutions = append(h.Resolutions, Item[Resolution]{r.Seq, r.ID, c})
	}
	return nil
}

// Best returns the derivation that people are shown, nil where there is none:
// the one of the richest source, whole before cut off, the newest among
// equals. A poorer source never hides a richer one.
func (h *History) Best() *Item[Derivation] {
	var best *Item[Derivation]
	for i := range h.Derivations {
		d := &h.Derivations[i]
		if best == nil || better(d.Content, best.Content) {
			best = d
		}
	}
	return best
}

// better reports whether d is to be shown rather than the older o.
func better(d, o *Derivation) bool {
	if d.Post.Incomplete != o.Post.Incomplete && d.Source.Rank() > post.SourceArticle.Rank() && o.Source.Rank() > post.SourceArticle.Rank() {
		return o.Post.Incomplete
	}
	return d.Source.Rank() >= o.Source.Rank()
}

// CaptureOf returns the capture that a derivation was made of, nil where the
// history does not hold it.
func (h *History) CaptureOf(d *Derivation) *Item[Capture] {
	for i := range h.Captures {
		if h.Captures[i].ID == d.Capture {
			return &h.Captures[i]
		}
	}
	return nil
}
