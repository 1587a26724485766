package archiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract/box"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// DefaultHits is how many hits a look-up returns where nobody says otherwise:
// what a person reads.
const DefaultHits = 20

// LookupHit is one post that a look-up found. Its JSON form is what `stet
// lookup --json` prints.
type LookupHit struct {
	// Kind is "page" for a captured page and "article" for an article, which
	// have an address and their title as text, and empty for a post.
	Kind     string        `json:"kind,omitempty"`
	Platform post.Platform `json:"platform"`
	ID       string        `json:"id"`
	URL      string        `json:"url"`
	Author   ResultAuthor  `json:"author"`
	Text     string        `json:"text"`
	// Posted is null in JSON where it is not known.
	Posted    *time.Time  `json:"posted"`
	Status    post.Status `json:"status"`
	Confirmed bool        `json:"confirmed"`
	// Score is larger for the better; it is 1 for what was named exactly.
	Score float64 `json:"score"`
	// Mentions counts the articles that show or link the post; of an article it
	// is how many posts that shows and links.
	Mentions int `json:"mentions"`
	// Total and Cursor stand with the last hit of a page after which there are
	// more: how many there are in all, and where the next page begins.
	Total  int    `json:"total,omitempty"`
	Cursor string `json:"cursor,omitempty"`
}

// Ref returns the post's identity.
func (h *LookupHit) Ref() post.Ref { return post.Ref{Platform: h.Platform, ID: h.ID} }

// among returns those of the posts that the archive knows. A bare number is an
// id of X where X has such a post, whoever else has.
func (r *Reader) among(ctx context.Context, refs []post.Ref) ([]post.Ref, error) {
	var found []post.Ref
	for _, ref := range refs {
		known, err := r.known(ctx, ref)
		if err != nil {
			return nil, err
		}
		if known {
			found = append(found, ref)
		}
	}
	return found, nil
}

func (r *Reader) known(ctx context.Context, ref post.Ref) (bool, error) {
	p, err := r.o.Archive.List(ctx, store.Query{Term: store.RefTerm(ref), Limit: 1})
	return len(p.Records) > 0, err
}

// platformsOf returns the platforms on which an account is looked for.
func (r *Reader) platformsOf(q *box.Query) []post.Platform {
	if q.Platform != "" {
		return []post.Platform{q.Platform}
	}
	return r.o.Platforms
}

// byAddress lists the posts of an article, under any of its addresses.
func (r *Reader) byAddress(ctx context.Context, q *box.Query) ([]post.Ref, error) {
	for _, u := range append([]string{q.URL}, q.Also...) {
		if refs, err := r.byArticle(ctx, u); err != nil || len(refs) > 0 {
			return refs, err
		}
	}
	return nil, nil
}

// byHandle lists the posts of an account, the latest captured first.
func (r *Reader) byHandle(ctx context.Context, platforms []post.Platform, handle string, limit int) ([]post.Ref, error) {
	var refs []post.Ref
	for _, p := range platforms {
		q := store.Query{Term: store.HandleTerm(p, handle), Kinds: []store.Kind{store.KindDerivation}, Newest: true}
		for n := 0; n < limit; {
			page, err := r.o.Archive.List(ctx, q)
			if err != nil {
				return nil, err
			}
			for i := range page.Records {
				d, err := store.Decode[store.Derivation](&page.Records[i])
				if err != nil {
					return nil, err
				}
				if !slices.Contains(refs, d.Ref) && n < limit {
					refs, n = append(refs, d.Ref), n+1
				}
				q.Before = page.Records[i].Seq
			}
			if !page.More || len(page.Records) == 0 {
				break
			}
		}
	}
	return refs, nil
}

// byArticle lists the posts that the latest version of an article shows and
// links, in their order.
func (r *Reader) byArticle(ctx context.Context, address string) ([]post.Ref, error) {
	page, err := r.o.Archive.List(ctx, store.Query{Term: store.ArticleTerm(address), Kinds: []store.Kind{store.KindArticle}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return nil, err
	}
	rec := &page.Records[0]
	a, err := store.Decode[store.ArticleVersion](rec)
	if err != nil {
		return nil, err
	}
	resolved, err := r.resolved(ctx, rec.ID)
	if err != nil {
		return nil, err
	}
	var refs []post.Ref
	for i, m := range a.Mentions {
		ref := m.Ref
		if ref.IsZero() {
			ref = resolved[i]
		}
		if !ref.IsZero() && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// resolved returns the posts that the mentions without id of an article
// version were found to show, by the number of the mention.
func (r *Reader) resolved(ctx context.Context, article store.ID) (map[int]post.Ref, error) {
	records, err := r.o.Archive.ListAll(ctx, store.Term{Index: store.IndexRecord, Value: string(article[:])}, store.MaxHistory, store.KindResolution)
	if err != nil {
		return nil, err
	}
	found := map[int]post.Ref{}
	for i := range records {
		res, err := store.Decode[store.Resolution](&records[i])
		if err != nil {
			return nil, err
		}
		if !res.Ref.IsZero() {
			found[res.Mention] = res.Ref
		}
	}
	return found, nil
}

// hit describes a post for a list of hits.
func (r *Reader) hit(ctx context.Context, ref post.Ref) (LookupHit, error) {
	c, err := r.Card(ctx, ref)
	if err != nil {
		return LookupHit{}, err
	}
	return LookupHit{Platform: c.Ref.Platform, ID: c.Ref.ID, URL: c.URL, Text: c.Text, Posted: view.Moment(c.Posted),
		Author: ResultAuthor{Name: c.Author.Name, Handle: c.Author.Handle}, Status: c.Status.Value, Confirmed: c.Status.Confirmed,
		Mentions: len(c.Mentions)}, nil
}

// Coverage says what a negative answer searched.
type Coverage struct {
	// Posts is how many posts were captured. About is true where the archive is
	// so large that they are not counted one by one: Posts is then how many it
	// knows of, those included that are only mentioned.
	Posts int64
	About bool
	// First and Last are the times of its first and last record, zero where it
	// is empty.
	First time.Time
	Last  time.Time
}

// maxCounted is how many posts are counted one by one: that takes about a tenth
// of a second.
const maxCounted = 10_000

// Coverage measures what the archive holds.
func (r *Reader) Coverage(ctx context.Context) (Coverage, error) {
	c, err := r.countPosts(ctx)
	if err != nil {
		return Coverage{}, err
	}
	journal := r.o.Archive.Backend()
	head, err := journal.Head(ctx)
	if err != nil || head == 0 {
		return c, err
	}
	for _, end := range []struct {
		after uint64
		time  *time.Time
	}{{0, &c.First}, {head - 1, &c.Last}} {
		records, err := journal.Read(ctx, end.after, 1)
		if err != nil {
			return Coverage{}, fmt.Errorf("reading the journal: %w", err)
		}
		if len(records) > 0 {
			*end.time = records[0].Time.UTC()
		}
	}
	return c, nil
}

// countPosts counts the posts that were captured, or, where there are many,
// those that are known.
func (r *Reader) countPosts(ctx context.Context) (Coverage, error) {
	var c Coverage
	captured := int64(0)
	for after := ""; ; {
		// One more is asked for than is counted: whether there are more is then
		// known before any of them is read.
		page, err := r.o.Archive.Values(ctx, store.IndexRef, "", after, maxCounted+1)
		if err != nil {
			return Coverage{}, err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1]
		if c.Posts += int64(len(page)); c.Posts > maxCounted {
			// Naming all of them takes seconds for each million; the index counts
			// its own in milliseconds.
			if !c.About {
				s, err := r.o.Archive.SearchCoverage(ctx, store.SearchFilter{Kinds: []store.HitKind{store.HitPost}})
				if err == nil {
					return Coverage{Posts: max(int64(s.Posts), c.Posts), About: true}, nil
				}
				if !errors.Is(err, store.ErrNotFound) {
					return Coverage{}, err
				}
			}
			c.About = true
			continue
		}
		for _, value := range page {
			p, err := r.o.Archive.List(ctx, store.Query{Term: store.Term{Index: store.IndexRef, Value: value}, Kinds: []store.Kind{store.KindCapture}, Limit: 1})
			if err != nil {
				return Coverage{}, err
			}
			captured += int64(len(p.Records))
		}
	}
	if !c.About {
		c.Posts = captured
	}
	return c, nil
}
