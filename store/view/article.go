package view

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Article is what an archive knows of an article.
type Article struct {
	// Latest is the newest version, Versions all of them, oldest first.
	Latest   *ArticleVersion
	Versions []ArticleVersion
	// Embeds are the posts that the newest version shows and links, in its
	// order, and after them those that only earlier versions did.
	Embeds []Embed
	// Links are the pages that the newest version links.
	Links []LinkedPage
	// Submissions say what became of handing it to web archives.
	Submissions []Submission
	// Private is true where every version is.
	Private bool
}

// ArticleVersion is an article as it was read once.
type ArticleVersion struct {
	ID  store.ID
	Seq uint64
	*store.ArticleVersion
}

// Name is how people are told of the article.
func (a *Article) Name() string { return articleName(a.Latest.ArticleVersion) }

// Embed is a post in an article.
type Embed struct {
	Mention store.Mention
	// Ref is the post, also where the article does not tell which it is and it
	// was found; zero where it was not.
	Ref post.Ref
	// Card is what is kept of the post; nil where it was never archived.
	Card *Card
	// Quote is [QuoteMatch], [QuoteMismatch] or [QuoteNone]; for a mismatch
	// Words compares what was captured with what the article quotes.
	Quote string
	Words []Part
	// ResolvedBy and Confidence say how a post was found that the article does
	// not name.
	ResolvedBy string
	Confidence float64
	// Left is true where the newest version no longer has it, and Last when
	// one did.
	Left bool
	Last time.Time
}

// LinkedPage is a page that an article links.
type LinkedPage struct {
	URL, Anchor string
	Positions   []int
	// Status is what became of it; nil where it was never archived.
	Status *PageStatus
	// Label says that what was captured only stands in its place.
	Label store.PageLabel
}

// maxArticleVersions is the most versions of one article that are read.
const maxArticleVersions = 1000

// maxArticleLinks is the most links of an article whose state is looked up.
const maxArticleLinks = 150

// Article reads what an archive knows of the article at an address. It errors
// with ErrNotFound where it was never read.
func (r *Reader) Article(ctx context.Context, address string) (*Article, error) {
	a, err := r.articleVersions(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := r.embeds(ctx, a); err != nil {
		return nil, err
	}
	if a.Submissions, err = r.submissions(ctx, a.Latest.URL); err != nil {
		return nil, err
	}
	for i, l := range a.Latest.Links {
		p := LinkedPage{URL: l.URL, Anchor: l.Anchor, Positions: l.Positions}
		if i < maxArticleLinks {
			h, err := r.archive.PageHistory(ctx, l.URL)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			if err == nil {
				s := r.policy.PageStatus(h)
				p.Status = &s
				if best := h.Best(); best != nil {
					p.Label = best.Content.Label
				}
			}
		}
		a.Links = append(a.Links, p)
	}
	return a, nil
}

func (r *Reader) articleVersions(ctx context.Context, address string) (*Article, error) {
	records, err := r.archive.ListAll(ctx, store.ArticleTerm(address), maxArticleVersions, store.KindArticle)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		if retired, err := r.archive.RetiredBy(ctx, store.ArticleTerm(address), address); err != nil {
			return nil, err
		} else if retired != nil {
			return nil, retired
		}
		return nil, fmt.Errorf("the article %s: %w", address, store.ErrNotFound)
	}
	a := &Article{Private: true}
	for i := range records {
		v, err := store.Decode[store.ArticleVersion](&records[i])
		if err != nil {
			return nil, err
		}
		a.Private = a.Private && v.Private
		a.Versions = append(a.Versions, ArticleVersion{records[i].ID, records[i].Seq, v})
	}
	a.Latest = &a.Versions[len(a.Versions)-1]
	return a, nil
}

// embeds reads the posts of the newest version, and those that earlier ones
// showed.
func (r *Reader) embeds(ctx context.Context, a *Article) error {
	seen := map[post.Ref]bool{}
	for i := len(a.Versions) - 1; i >= 0; i-- {
		v := &a.Versions[i]
		resolved, err := r.resolved(ctx, v.ID)
		if err != nil {
			return err
		}
		for n := range v.Mentions {
			e := Embed{Mention: v.Mentions[n], Ref: v.Mentions[n].Ref, Quote: QuoteNone, Left: i < len(a.Versions)-1, Last: v.Time.UTC()}
			if res := resolved[n]; e.Ref.IsZero() && res != nil {
				e.Ref, e.ResolvedBy, e.Confidence = res.Ref, res.Method, res.Confidence
			}
			if e.Left && (e.Ref.IsZero() || seen[e.Ref]) {
				continue
			}
			seen[e.Ref] = true
			if err := r.embed(ctx, &e); err != nil {
				return err
			}
			a.Embeds = append(a.Embeds, e)
		}
	}
	return nil
}

// embed reads what is kept of the post of an embed.
func (r *Reader) embed(ctx context.Context, e *Embed) error {
	if e.Ref.IsZero() {
		return nil
	}
	c, err := r.Card(ctx, e.Ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	e.Card = c
	h, err := r.archive.History(ctx, e.Ref)
	if err != nil {
		return err
	}
	e.Quote = r.quoteResult(h, e.Mention.Quoted)
	if e.Quote == QuoteMismatch {
		e.Words = Diff(c.Text, e.Mention.Quoted.Text)
	}
	return nil
}

// resolved returns how the mentions without id of an article version were
// found, by the number of the mention.
func (r *Reader) resolved(ctx context.Context, article store.ID) (map[int]*store.Resolution, error) {
	records, err := r.archive.ListAll(ctx, store.RecordTerm(article), store.MaxHistory, store.KindResolution)
	if err != nil {
		return nil, err
	}
	found := map[int]*store.Resolution{}
	for i := range records {
		res, err := store.Decode[store.Resolution](&records[i])
		if err != nil {
			return nil, err
		}
		if !res.Ref.IsZero() {
			found[res.Mention] = res
		}
	}
	return found, nil
}

// ArticleChange is what changed between two versions of an article.
type ArticleChange struct {
	Title, Text []Part
	// Came and Left are the posts that are shown or linked now, and no longer.
	Came, Left []post.Ref
}

// IsZero reports whether nothing changed.
func (c *ArticleChange) IsZero() bool {
	return !Changed(c.Title) && !Changed(c.Text) && len(c.Came) == 0 && len(c.Left) == 0
}

// Changes compares two versions of an article.
func Changes(old, now *store.ArticleVersion) *ArticleChange {
	c := &ArticleChange{Title: Diff(old.Title, now.Title), Text: Diff(old.Text, now.Text)}
	refs := func(v *store.ArticleVersion) []post.Ref {
		var out []post.Ref
		for _, m := range v.Mentions {
			if !m.Ref.IsZero() && !slices.Contains(out, m.Ref) {
				out = append(out, m.Ref)
			}
		}
		return out
	}
	before, after := refs(old), refs(now)
	for _, ref := range after {
		if !slices.Contains(before, ref) {
			c.Came = append(c.Came, ref)
		}
	}
	for _, ref := range before {
		if !slices.Contains(after, ref) {
			c.Left = append(c.Left, ref)
		}
	}
	return c
}

// Mentioned is what an archive knows of a post that it never captured.
type Mentioned struct {
	Ref      post.Ref
	URL      string
	Mentions []Mention
	QuotedBy []post.Ref
}

// Mentioned reads what is known of a post that was never captured. It errors
// with ErrNotFound where nothing is.
func (r *Reader) Mentioned(ctx context.Context, ref post.Ref) (*Mentioned, error) {
	h, err := r.archive.History(ctx, ref)
	if err != nil {
		return nil, err
	}
	m, err := r.Mentions(ctx, h)
	if err != nil {
		return nil, err
	}
	return &Mentioned{Ref: h.Ref, URL: cmp.Or(urlOf(h), ""), Mentions: m, QuotedBy: h.QuotedBy}, nil
}
