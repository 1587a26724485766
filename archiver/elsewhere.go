package archiver

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"stet/extract/post"
	"stet/store"
)

// ElsewhereQuery asks a web archive for posts: for one by its reference, or for
// those of an account that were published between two moments, and of them for
// those that hold words.
type ElsewhereQuery struct {
	Ref      post.Ref
	Platform post.Platform
	Handle   string
	From     time.Time
	Until    time.Time
	Words    string
	// Limit is the most hits; 0 is [DefaultHits].
	Limit int
}

// ElsewhereHit is a post that a web archive holds. Its JSON form is what `stet
// lookup --elsewhere --json` prints.
type ElsewhereHit struct {
	Platform post.Platform `json:"platform"`
	ID       string        `json:"id"`
	URL      string        `json:"url"`
	Author   ResultAuthor  `json:"author"`
	// Text is what the post says; empty where no words were asked for, and the
	// snapshot was therefore not read.
	Text   string     `json:"text"`
	Posted *time.Time `json:"posted"`
	// Match is true where the words that were asked for are those of the post,
	// and Score says how alike they are, from 0 to 1.
	Match bool    `json:"match"`
	Score float64 `json:"score"`
	// Memento is the snapshot.
	Memento store.Memento `json:"memento"`
	// Kept is true where this archive keeps the post; it is the caller's to set.
	Kept bool `json:"kept"`
}

// Ref returns the post's identity.
func (h *ElsewhereHit) Ref() post.Ref { return post.Ref{Platform: h.Platform, ID: h.ID} }

// ElsewhereAnswer is what a web archive holds of what was asked for.
type ElsewhereAnswer struct {
	Hits []ElsewhereHit
	// Listed is how many posts of the account and the days the web archive
	// holds, and Read how many of them were read. Cut is true where it holds
	// more than it listed.
	Listed, Read int
	Cut          bool
	// Notes are sentences about what could not be read.
	Notes []string
}

// Elsewhere asks a web archive. It keeps nothing. It errors with the trouble on
// the way where nothing could be listed.
func Elsewhere(ctx context.Context, r Recovery, q ElsewhereQuery) (ElsewhereAnswer, error) {
	q.Limit = cmp.Or(q.Limit, DefaultHits)
	if !q.Ref.IsZero() {
		return elsewherePost(ctx, r, &q)
	}
	l := r.List(ctx, q.Platform, q.Handle, q.From, q.Until)
	out := ElsewhereAnswer{Listed: len(l.Posts), Cut: l.Cut}
	if l.Err != nil && len(l.Posts) == 0 {
		return out, fmt.Errorf("asking the web archive (%s) for posts of @%s: %w", r.Name(), q.Handle, l.Err)
	}
	if l.Err != nil {
		out.Notes, out.Cut = append(out.Notes, "not all could be listed: "+l.Err.Error()), true
	}
	if q.Words == "" {
		for i := range l.Posts[:min(len(l.Posts), q.Limit)] {
			out.Hits = append(out.Hits, unread(&l.Posts[i], q.Handle))
		}
		return out, nil
	}
	return out, readElsewhere(ctx, r, &q, l.Posts, &out)
}

// elsewherePost asks for one post.
func elsewherePost(ctx context.Context, r Recovery, q *ElsewhereQuery) (ElsewhereAnswer, error) {
	var handles []string
	if q.Handle != "" {
		handles = []string{q.Handle}
	}
	got := r.Recover(ctx, q.Ref, handles)
	if got.Err != nil {
		return ElsewhereAnswer{}, fmt.Errorf("asking the web archive (%s) for %s: %w", r.Name(), q.Ref, got.Err)
	}
	out := ElsewhereAnswer{Listed: 1, Read: 1}
	if !got.Missing.IsZero() {
		out.Notes = append(out.Notes, "the web archive found no such page on "+got.Missing.UTC().Format(time.DateOnly))
	}
	p := got.Shown()
	if p == nil {
		out.Listed, out.Notes = 0, append(out.Notes, got.Sentence())
		return out, nil
	}
	out.Hits = []ElsewhereHit{hitOf(&p.Post, got.Memento, q.Words)}
	return out, nil
}

// readElsewhere reads the posts that were listed and keeps those that are alike.
func readElsewhere(ctx context.Context, r Recovery, q *ElsewhereQuery, posts []Listed, out *ElsewhereAnswer) error {
	failed := 0
	for i := range posts[:min(len(posts), maxRead)] {
		got := r.Read(ctx, posts[i])
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading what the web archive (%s) holds: %w", r.Name(), err)
		}
		p := got.Shown()
		if p == nil {
			failed++
			continue
		}
		out.Read++
		if h := hitOf(&p.Post, got.Memento, q.Words); h.Match || h.Score >= alikeWords {
			out.Hits = append(out.Hits, h)
		}
	}
	if failed > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("%d of the snapshots could not be read", failed))
	}
	if len(posts) > maxRead {
		out.Cut = true
		out.Notes = append(out.Notes, fmt.Sprintf("only the first %d of %d posts were read: ask for fewer days", maxRead, len(posts)))
	}
	slices.SortStableFunc(out.Hits, func(a, b ElsewhereHit) int { return cmp.Compare(b.Score, a.Score) })
	out.Hits = out.Hits[:min(len(out.Hits), q.Limit)]
	return nil
}

// hitOf describes a post that was read.
func hitOf(p *post.Post, m store.Memento, asked string) ElsewhereHit {
	h := ElsewhereHit{Platform: p.Platform, ID: p.ID, URL: p.URL, Text: p.Text, Author: ResultAuthor{Name: p.Author.Name, Handle: p.Author.Handle}, Memento: m, Score: 1}
	if !p.Posted.IsZero() {
		h.Posted = &p.Posted
	}
	if asked == "" {
		return h
	}
	a, b := exactWords(asked), exactWords(p.Text)
	switch h.Match = CheckQuote(store.Quotation{Text: asked}, p) == QuoteMatch; {
	case h.Match:
	case utf8.RuneCountInString(a) >= leastWords && strings.Contains(b, a):
		h.Match = true // a part of it
	default:
		// One changed word is no match, however long the post.
		h.Score = min(alike(a, b), likeConfidence)
	}
	return h
}

// unread describes a post that was listed only.
func unread(l *Listed, handle string) ElsewhereHit {
	h := ElsewhereHit{Platform: l.Ref.Platform, ID: l.Ref.ID, Author: ResultAuthor{Handle: handle}, Score: 1}
	if len(l.Snapshots) > 0 {
		h.Memento = l.Snapshots[0]
		h.URL = h.Memento.Original
	}
	return h
}
