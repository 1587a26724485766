package view

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Card is a post as lists show it.
type Card struct {
	Ref    post.Ref
	URL    string
	Author post.Author
	Text   string
	// Incomplete, Warning, Sensitive and Media are as in [post.Post].
	Incomplete bool
	Warning    string
	Sensitive  bool
	Media      []post.Media
	// Posted is zero where it is not known.
	Posted time.Time
	// Source is where the words come from, empty where none are kept.
	Source post.Source
	Status Status
	// Captured is when the post was captured first, zero where it never was.
	Captured time.Time
	Mentions []Mention
	Private  bool
}

// Card reads what lists show of a post. It errors with ErrNotFound where there
// is neither a capture nor a look.
func (r *Reader) Card(ctx context.Context, ref post.Ref) (*Card, error) {
	h, err := r.archive.History(ctx, ref)
	if err != nil {
		return nil, err
	}
	mentions, err := r.Mentions(ctx, h)
	if err != nil {
		return nil, err
	}
	if len(h.Captures) == 0 && len(h.Looks) == 0 {
		return nil, fmt.Errorf("%s: %w: it was never captured%s", ref, store.ErrNotFound, onlyKnownFrom(h, mentions))
	}
	c := &Card{Ref: h.Ref, URL: urlOf(h), Status: r.policy.Status(h), Mentions: mentions, Private: r.policy.Private(h)}
	if len(h.Captures) > 0 {
		c.Captured = h.Captures[0].Content.Time.UTC()
	}
	if best := h.Best(); best != nil {
		p := &best.Content.Post
		c.URL, c.Author, c.Text, c.Posted, c.Source = cmp.Or(p.URL, c.URL), p.Author, p.Text, p.Posted.UTC(), best.Content.Source
		c.Incomplete, c.Warning, c.Sensitive, c.Media = p.Incomplete, p.Warning, p.Sensitive, p.Media
	}
	return c, nil
}
