package store

import (
	"cmp"
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
	Ref post.Ref
	// Aliases are other references under which it is known.
	Aliases     []post.Ref
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
	// Bare are its captures, derivations and article versions whose content was
	// removed.
	Bare []Bare
	// Privacy is the decision by which the post is private, nil where there is
	// none.
	Privacy *Privacy
	// QuotedBy are the posts that quote, answer or repeat it, each once.
	QuotedBy []post.Ref

	// itself is the post that says Ref is an alias of its own.
	itself post.Ref
}

// History reads what the archive knows of a post, under its reference and its
// aliases. Asked by an alias it returns the history of the post itself, whose
// Ref differs then. It errors with ErrNotFound where nothing is known.
func (a *Archive) History(ctx context.Context, ref post.Ref) (*History, error) {
	h, err := a.history(ctx, ref)
	if err != nil {
		return nil, err
	}
	if any, err := a.decided(ctx); err != nil || !any {
		return h, err
	}
	h.Privacy = a.privacies.named(append([]post.Ref{ref, h.Ref}, h.Aliases...), nil, "")
	return h, nil
}

func (a *Archive) history(ctx context.Context, ref post.Ref) (*History, error) {
	records, err := a.about(ctx, ref)
	if err != nil {
		return nil, err
	}
	h, err := historyOf(ref, nil, records)
	if err != nil {
		return nil, err
	}
	if !h.itself.IsZero() {
		more, err := a.about(ctx, h.itself)
		if err != nil {
			return nil, err
		}
		records = append(records, more...)
		if h, err = historyOf(h.itself, nil, more); err != nil {
			return nil, err
		}
	}
	for _, alias := range h.Aliases[:min(len(h.Aliases), maxAliases)] {
		if alias == ref {
			continue
		}
		more, err := a.about(ctx, alias)
		if err != nil {
			return nil, err
		}
		records = append(records, more...)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%s: %w", ref, ErrNotFound)
	}
	if len(h.Aliases) == 0 {
		return h, nil
	}
	slices.SortFunc(records, func(a, b Record) int { return cmp.Compare(a.Seq, b.Seq) })
	records = slices.CompactFunc(records, func(a, b Record) bool { return a.Seq == b.Seq })
	return historyOf(h.Ref, h.Aliases, records)
}

// historyOf makes a history of records. The aliases that it tells are those
// given and those that the post's derivations name.
func historyOf(ref post.Ref, aliases []post.Ref, records []Record) (*History, error) {
	h := &History{Ref: ref, Aliases: aliases}
	for i := range records {
		if err := h.add(&records[i]); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// maxAliases is the most aliases of one post that are followed: accounts change
// their handles, and rarely.
const maxAliases = 16

// about reads the records about a post under one reference.
func (a *Archive) about(ctx context.Context, ref post.Ref) ([]Record, error) {
	return a.ListAll(ctx, RefTerm(ref), MaxHistory, KindCapture, KindDerivation, KindLook, KindVerdict, KindArticle, KindResolution, KindWatch)
}

// Is reports whether ref names the post: by its reference or an alias.
func (h *History) Is(ref post.Ref) bool { return ref == h.Ref || slices.Contains(h.Aliases, ref) }

func (h *History) add(r *Record) error {
	if b, ok := bare(r); ok {
		h.Bare = append(h.Bare, b)
		return nil
	}
	c, err := DecodeAny(r)
	if err != nil {
		return err
	}
	switch c := c.(type) {
	case *Capture:
		h.Captures = append(h.Captures, Item[Capture]{r.Seq, r.ID, c})
	case *Derivation:
		if c.Ref == h.Ref {
			for _, alias := range c.Post.Aliases {
				if !h.Is(alias) {
					h.Aliases = append(h.Aliases, alias)
				}
			}
		} else if slices.Contains(c.Post.Aliases, h.Ref) {
			h.itself = c.Ref
		}
		if !h.Is(c.Ref) {
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
// equals, of what was imported the fullest. A poorer source never hides a richer one.
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
	if d.Post.Incomplete != o.Post.Incomplete && !d.Source.Secondhand() && !o.Source.Secondhand() {
		return o.Post.Incomplete
	}
	if d.Source == post.SourceImport && o.Source == d.Source && !d.Redacted && !o.Redacted {
		// A file tells of one post in several ways, and which it tells last means
		// nothing.
		return d.told() >= o.told()
	}
	return d.Source.Rank() >= o.Source.Rank()
}

// told counts what a reading tells beside words.
func (d *Derivation) told() int {
	n := len(d.Post.Media)
	for i := range d.Post.Media {
		if d.Post.Media[i].Digest != "" {
			n++
		}
	}
	if d.Post.PostedFrom != "derived" && !d.Post.Posted.IsZero() {
		n++
	}
	if d.Post.Author.ID != "" {
		n++
	}
	return n
}

// Captured reports whether this archive captured the post itself: what was
// imported does not stand in the way of that.
func (h *History) Captured() bool {
	return slices.ContainsFunc(h.Captures, func(c Item[Capture]) bool { return c.Content.Source != post.SourceImport })
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
