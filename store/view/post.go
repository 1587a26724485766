package view

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Post is what people are shown of a post. Its JSON form is what `stet show
// --json` prints.
type Post struct {
	Post     post.Post `json:"post"`
	Status   Status    `json:"status"`
	Captures []Capture `json:"captures"`
	Looks    []Look    `json:"looks"`
	Mentions []Mention `json:"mentions"`
	// Drawings are how the post looked in a browser.
	Drawings []Drawing `json:"drawings"`

	// Private is true where the post stays out of what is told and given away:
	// see [Policy].
	Private bool `json:"private,omitempty"`
	// Privacy is why it is private where somebody decided so, nil otherwise.
	Privacy *Ruling `json:"private_since,omitempty"`
	// Hold is why nothing of it may be removed, Refused why nothing more of it is
	// captured; nil where nobody decided so.
	Hold    *Ruling `json:"hold,omitempty"`
	Refused *Ruling `json:"refused,omitempty"`
	// Removed says that content of it was removed by the archive, and what is
	// left; nil where all is there.
	Removed *Removed `json:"removed,omitempty"`
	// Redacted are the parts of it that were taken out, the oldest first.
	Redacted []Redacted `json:"redacted,omitempty"`
	// Source is where the shown words come from, empty where none are kept.
	Source post.Source `json:"-"`
	// Notes are what the parser and the other sources had to say of it.
	Notes []string `json:"-"`
	// QuotedBy are the archived posts that quote, answer or repeat it.
	QuotedBy []post.Ref `json:"-"`
	// History is what the view was put together from.
	History *store.History `json:"-"`
}

// Status is the verdict over a post's history. Times that are not known are
// null in JSON.
type Status struct {
	Value     post.Status `json:"value"`
	Confirmed bool        `json:"confirmed"`
	// LastLive is when the post was last seen, FirstGone when it was first
	// missed after that, and ConfirmedAt when the loss was confirmed.
	LastLive    *time.Time `json:"last_live"`
	FirstGone   *time.Time `json:"first_gone"`
	ConfirmedAt *time.Time `json:"confirmed_at"`
	// Reason says why the value is what it is.
	Reason string `json:"-"`
}

// Capture is one snapshot of a post.
type Capture struct {
	ID     store.ID    `json:"id"`
	Time   time.Time   `json:"time"`
	Source post.Source `json:"source"`
	// Parser is name@version of what read it last.
	Parser string `json:"parser"`
	// Digest is that of the body that the words were read from: the answer of
	// the platform, or the article that quotes them. It is empty where that was
	// removed.
	Digest string `json:"digest"`
	// Private is true for what was fetched with an access of the operator's
	// own, found in what is private, or said to be.
	Private bool `json:"private,omitempty"`
	// Memento is the snapshot of a web archive that it was read from.
	Memento *store.Memento `json:"memento,omitempty"`
}

// Look is one answer to "is it still there?".
type Look struct {
	Time     time.Time   `json:"time"`
	Result   post.Status `json:"result"`
	Endpoint string      `json:"endpoint"`
	Exchange store.ID    `json:"exchange"`
	// Reason is a sentence.
	Reason string `json:"-"`
}

// Drawing is how a post looked in a browser once.
type Drawing struct {
	ID   store.ID  `json:"id"`
	Time time.Time `json:"time"`
	// URL is the address that was drawn.
	URL string `json:"url"`
	// Picture and Page are the digests of the PNG and of the one file of HTML;
	// empty where there is none.
	Picture string `json:"picture"`
	Page    string `json:"page"`
	Browser string `json:"browser"`
	// Notes are sentences about what is missing.
	Notes []string `json:"notes,omitempty"`
}

// Mention is one article that shows or links a post, in its latest version
// that does.
type Mention struct {
	Article   string `json:"article"`
	Title     string `json:"title"`
	Positions []int  `json:"positions"`
	// Markup is the form of the embed, or "link".
	Markup string `json:"markup"`
	// Quote is [QuoteMatch], [QuoteMismatch] or [QuoteNone].
	Quote string `json:"quote"`
	// Private is true where the article stays out of what is told and given
	// away.
	Private bool `json:"private,omitempty"`
	// Time is when that version was read.
	Time time.Time `json:"-"`
	// Said is what the article quotes where that differs from what was
	// captured.
	Said string `json:"-"`
}

// Post reads what the archive keeps of a post. It errors with ErrNotFound where
// there is neither a capture nor a look, and with ErrCorrupt where what a
// record refers to is missing.
func (r *Reader) Post(ctx context.Context, ref post.Ref) (*Post, error) {
	h, err := r.archive.History(ctx, ref)
	if err != nil {
		return nil, err
	}
	mentions, err := r.Mentions(ctx, h)
	if err != nil {
		return nil, err
	}
	if len(h.Captures) == 0 && len(h.Looks) == 0 && len(h.Bare) == 0 {
		return nil, fmt.Errorf("%s: %w: it was never captured%s", ref, store.ErrNotFound, onlyKnownFrom(h, mentions))
	}
	v := &Post{Post: post.Post{Platform: h.Ref.Platform, ID: h.Ref.ID}, Status: r.policy.Status(h), Mentions: mentions, QuotedBy: h.QuotedBy,
		Private: r.policy.Private(h), Captures: []Capture{}, Looks: []Look{}, History: h}
	if err = r.rulings(ctx, v); err != nil {
		return nil, err
	}
	if v.Removed, v.Redacted, err = r.removed(ctx, h); err != nil {
		return nil, err
	}
	if v.Drawings, err = r.drawings(ctx, ref); err != nil {
		return nil, err
	}
	if best := h.Best(); best != nil {
		v.Post, v.Source, v.Notes = best.Content.Post, best.Content.Source, best.Content.Notes
	}
	if v.Post.URL == "" {
		v.Post.URL = urlOf(h)
	}
	for i := range h.Captures {
		c, err := r.capture(ctx, h, &h.Captures[i])
		if err != nil {
			return nil, err
		}
		v.Captures = append(v.Captures, c)
	}
	for _, l := range h.Looks {
		v.Looks = append(v.Looks, Look{Time: l.Content.Time.UTC(), Result: l.Content.Result, Endpoint: l.Content.Endpoint,
			Exchange: l.Content.Exchange, Reason: l.Content.Reason})
	}
	return v, nil
}

// onlyKnownFrom says what the archive knows of a post that it does not keep.
func onlyKnownFrom(h *store.History, mentions []Mention) string {
	switch {
	case len(mentions) > 0:
		return fmt.Sprintf(", but %s mentions it", mentions[0].Article)
	case len(h.QuotedBy) > 0:
		return fmt.Sprintf(", but %s refers to it", h.QuotedBy[0])
	}
	return ""
}

// urlOf returns the address under which a post without derivation is known.
func urlOf(h *store.History) string {
	for i := len(h.Captures) - 1; i >= 0; i-- {
		if u := h.Captures[i].Content.URL; u != "" {
			return u
		}
	}
	for i := len(h.Articles) - 1; i >= 0; i-- {
		for _, m := range h.Articles[i].Content.Mentions {
			if h.Is(m.Ref) && m.URL != "" {
				return m.URL
			}
		}
	}
	return ""
}

// capture describes one snapshot.
func (r *Reader) capture(ctx context.Context, h *store.History, c *store.Item[store.Capture]) (Capture, error) {
	v := Capture{ID: c.ID, Time: c.Content.Time.UTC(), Source: c.Content.Source, Private: c.Content.Private}
	if m := c.Content.Memento; !m.IsZero() {
		v.Memento = &m
	}
	for i := range h.Derivations {
		if h.Derivations[i].Content.Capture == c.ID {
			v.Parser = h.Derivations[i].Content.Parser
		}
	}
	var err error
	switch {
	case len(c.Content.Exchanges) > 0:
		v.Digest, err = r.bodyDigest(ctx, c.Content.Exchanges[0])
	case !c.Content.Article.IsZero():
		v.Digest, err = r.articleDigest(ctx, c.Content.Article)
	}
	if err != nil {
		return Capture{}, fmt.Errorf("reading capture %s: %w", c.ID, err)
	}
	return v, nil
}

// bodyDigest returns the digest of an exchange's body.
func (r *Reader) bodyDigest(ctx context.Context, id store.ID) (string, error) {
	x, err := referred[store.Exchange](ctx, r, id)
	if err != nil {
		return "", err
	}
	return x.Body.Digest.String(), nil
}

// articleDigest returns the digest of what an article version was read from.
func (r *Reader) articleDigest(ctx context.Context, id store.ID) (string, error) {
	a, err := referred[store.ArticleVersion](ctx, r, id)
	if err != nil {
		return "", err
	}
	if a.Exchange.IsZero() {
		return a.Content.String(), nil
	}
	return r.bodyDigest(ctx, a.Exchange)
}

// referred reads a record that another refers to: where it is missing, the
// archive is damaged.
func referred[T any, P interface {
	*T
	store.Content
}](ctx context.Context, r *Reader, id store.ID) (*T, error) {
	rec, err := r.archive.Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: record %s is missing; run `stet check`", store.ErrCorrupt, id)
	}
	if err != nil {
		return nil, err
	}
	return store.Decode[T, P](&rec)
}

// Mentions lists the articles that show or link a post, the latest first.
func (r *Reader) Mentions(ctx context.Context, h *store.History) ([]Mention, error) {
	found := []Mention{}
	seen := map[string]bool{}
	add := func(a *store.ArticleVersion, of []store.Mention) {
		if len(of) > 0 && !seen[a.Key] {
			seen[a.Key] = true
			found = append(found, r.mention(h, a, of))
		}
	}
	for i := len(h.Articles) - 1; i >= 0; i-- {
		a := h.Articles[i].Content
		add(a, slices.DeleteFunc(slices.Clone(a.Mentions), func(m store.Mention) bool { return !h.Is(m.Ref) }))
	}
	for i := len(h.Resolutions) - 1; i >= 0; i-- {
		res := h.Resolutions[i].Content
		a, err := referred[store.ArticleVersion](ctx, r, res.Article)
		if err != nil {
			return nil, err
		}
		if res.Mention >= 0 && res.Mention < len(a.Mentions) {
			add(a, a.Mentions[res.Mention:res.Mention+1])
		}
	}
	slices.SortStableFunc(found, func(a, b Mention) int { return b.Time.Compare(a.Time) })
	return found, nil
}

// mention describes the mentions of one post in one article version.
func (r *Reader) mention(h *store.History, a *store.ArticleVersion, of []store.Mention) Mention {
	v := Mention{Article: articleName(a), Title: a.Title, Positions: []int{}, Quote: QuoteNone, Private: a.Private, Time: a.Time.UTC()}
	for i := range of {
		m := &of[i]
		if m.Kind == "embed" || v.Markup == "" {
			v.Markup = m.Markup
		}
		if v.Markup == "" {
			v.Markup = m.Kind
		}
		v.Positions = append(v.Positions, m.Positions...)
		result := r.quoteResult(h, m.Quoted)
		if v.Quote = worse(v.Quote, result); result == QuoteMismatch {
			v.Said = m.Quoted.Text
		}
	}
	slices.Sort(v.Positions)
	v.Positions = slices.Compact(v.Positions)
	return v
}

// articleName is how people are told of an article.
func articleName(a *store.ArticleVersion) string {
	switch {
	case a.URL != "":
		return store.ShownAddress(a.URL)
	case a.Canonical != "":
		return store.ShownAddress(a.Canonical)
	}
	return "-"
}

// quoteResult compares a quotation with everything that was captured of the
// post: an edited post may have been quoted in any of its versions.
func (r *Reader) quoteResult(h *store.History, q store.Quotation) string {
	result := QuoteNone
	for i := range h.Derivations {
		d := h.Derivations[i].Content
		if d.Source.Secondhand() {
			continue
		}
		switch r.policy.Quote(q, &d.Post) {
		case QuoteMatch:
			return QuoteMatch
		case QuoteMismatch:
			result = QuoteMismatch
		}
	}
	return result
}

// worse returns the result that people must be told of.
func worse(a, b string) string {
	for _, s := range []string{QuoteMismatch, QuoteMatch} {
		if a == s || b == s {
			return s
		}
	}
	return QuoteNone
}

// drawings reads how a post looked, oldest first: the latest hundred.
func (r *Reader) drawings(ctx context.Context, ref post.Ref) ([]Drawing, error) {
	page, err := r.archive.List(ctx, store.Query{Term: store.RefTerm(ref), Kinds: []store.Kind{store.KindDrawing}, Newest: true, Limit: 100})
	if err != nil {
		return nil, err
	}
	out := make([]Drawing, 0, len(page.Records))
	for i := range page.Records {
		d, err := store.Decode[store.Drawing](&page.Records[i])
		if err != nil {
			return nil, err
		}
		out = append(out, Drawing{ID: page.Records[i].ID, Time: d.Time.UTC(), URL: d.URL, Picture: digestWord(d.Picture), Page: digestWord(d.Page),
			Browser: d.Browser, Notes: d.Notes})
	}
	slices.Reverse(out)
	return out, nil
}

// digestWord writes a digest, "" for none.
func digestWord(d store.Digest) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
