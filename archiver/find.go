package archiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stet/extract/box"
	"stet/extract/post"
	"stet/store"
)

// LookupQuery is what a person asks the archive.
type LookupQuery struct {
	// Text is whatever she typed or pasted: see [box.Parse]. It may be empty
	// where the filter says what to list.
	Text string
	// Filter, Sort, Exact, Limit, Cursor and Facets are as in
	// [store.SearchQuery]; they take effect where words, an account or a domain
	// are looked for, not where a post or page is named.
	Filter store.SearchFilter
	Sort   store.SearchSort
	Exact  bool
	Limit  int
	Cursor string
	Facets []store.Facet
}

// LookupResult is what the archive has.
type LookupResult struct {
	// Asked is how the question was understood.
	Asked box.Query
	Hits  []LookupHit
	// Total is how many fit in all, -1 where that was not counted.
	Total     int
	Cursor    string
	Facets    map[store.Facet][]store.FacetCount
	Respelled []store.Respelling
	// Behind is as in [store.SearchResult].
	Behind uint64
	// Filter is the one that was searched with: the question's, and what stood
	// among its words. Searched is true where the index was asked: then
	// [store.Archive.SearchCoverage] says what was looked through.
	Filter   store.SearchFilter
	Searched bool
}

// Lookup finds posts by what a person has, in any form that [box.Parse] reads:
// see [Reader.Find]. It returns at most limit hits (0 is [DefaultHits]), the
// best first; none, without error, where nothing fits.
func (r *Reader) Lookup(ctx context.Context, query string, limit int) ([]LookupHit, error) {
	a, err := r.Find(ctx, &LookupQuery{Text: query, Limit: limit})
	if err != nil {
		return nil, err
	}
	return a.Hits, nil
}

// Find answers a question: the address of a post in any form, its id, a snippet
// to embed, an account, the address of an article or of a captured page, a
// domain, or words. Posts that are only mentioned, never captured or looked at,
// are no hits. What can be an id or a domain and is none in the archive is
// searched as words. It errors with ErrInvalid for a question that cannot be
// right: see [store.SearchQuery.Check].
func (r *Reader) Find(ctx context.Context, q *LookupQuery) (*LookupResult, error) {
	a := &LookupResult{Asked: box.Parse(r.o.Finder, q.Text), Total: -1}
	f, err := withFilters(q.Filter, &a.Asked.Filters)
	if err != nil {
		return nil, fmt.Errorf("looking up %.200q: %w", q.Text, err)
	}
	a.Filter = f
	if err := r.lookUp(ctx, q, a); err != nil {
		return nil, fmt.Errorf("looking up %.200q: %w", q.Text, err)
	}
	return a, nil
}

func (r *Reader) lookUp(ctx context.Context, q *LookupQuery, a *LookupResult) error {
	limit := cmp.Or(q.Limit, DefaultHits)
	asked := &a.Asked
	switch asked.Kind {
	case box.KindPost, box.KindID:
		refs, err := r.among(ctx, asked.Refs)
		if err != nil {
			return err
		}
		if len(refs) > 0 || asked.Kind == box.KindPost {
			return r.named(ctx, a, refs, limit)
		}
	case box.KindAccount:
		return r.account(ctx, q, a)
	case box.KindAddress, box.KindShort, box.KindDomain:
		refs, err := r.byAddress(ctx, asked)
		if err != nil {
			return err
		}
		if err := r.named(ctx, a, refs, limit); err != nil || len(a.Hits) > 0 {
			return err
		}
		if asked.Kind == box.KindDomain {
			if err := r.domain(ctx, q, a); err != nil || len(a.Hits) > 0 {
				return err
			}
		}
		if asked.Kind == box.KindAddress && asked.Handle != "" {
			// The page of an account, on a host that only its posts tell of.
			return r.ofHandle(ctx, q, a)
		}
		if asked.Words == "" {
			return nil
		}
	}
	return r.search(ctx, q, a, asked.Words)
}

// named answers with posts that were named, and the page at the address.
func (r *Reader) named(ctx context.Context, a *LookupResult, refs []post.Ref, limit int) error {
	for _, ref := range refs {
		if len(a.Hits) == limit {
			return nil
		}
		if err := r.addPost(ctx, a, ref, 1); err != nil {
			return err
		}
	}
	if a.Asked.Kind == box.KindPost {
		return nil
	}
	for _, u := range append([]string{a.Asked.URL}, a.Asked.Also...) {
		if u == "" || len(a.Hits) == limit {
			continue
		}
		hit, ok, err := r.pageHit(ctx, u)
		if err != nil {
			return err
		}
		if ok {
			a.Hits = append(a.Hits, hit)
		}
	}
	return nil
}

// addPost adds a post, unless it is only mentioned, or there under another
// name.
func (r *Reader) addPost(ctx context.Context, a *LookupResult, ref post.Ref, score float64) error {
	hit, err := r.hit(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil // only mentioned, or the index of words is ahead of a removal
	}
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(a.Hits, func(h LookupHit) bool { return h.Kind == "" && h.Ref() == hit.Ref() }) {
		hit.Score = score
		a.Hits = append(a.Hits, hit)
	}
	return nil
}

// account lists the posts of an account: by the index, which knows the handle
// that each post shows, else by all handles that it ever showed.
func (r *Reader) account(ctx context.Context, q *LookupQuery, a *LookupResult) error {
	narrowed := *q
	filter := a.Filter
	handle := a.Asked.Handle
	if a.Asked.Platform != "" {
		handle = string(a.Asked.Platform) + ":@" + handle
	}
	a.Filter.Authors = []string{handle}
	narrowed.Filter = a.Filter
	err := r.search(ctx, &narrowed, a, "")
	if err != nil && !errors.Is(err, store.ErrNotFound) || len(a.Hits) > 0 || q.Cursor != "" || !filter.IsZero() {
		return err
	}
	refs, err := r.byHandle(ctx, r.platformsOf(&a.Asked), a.Asked.Handle, cmp.Or(q.Limit, DefaultHits))
	if err != nil {
		return err
	}
	if len(refs) > 0 {
		a.Total, a.Cursor, a.Searched = -1, "", false
	}
	return r.named(ctx, a, refs, cmp.Or(q.Limit, DefaultHits))
}

// domain lists what articles of a domain show and link, and these articles.
func (r *Reader) domain(ctx context.Context, q *LookupQuery, a *LookupResult) error {
	filter := a.Filter
	a.Filter.Domains = []string{a.Asked.Domain}
	err := r.search(ctx, q, a, "")
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	if err != nil || len(a.Hits) > 0 || a.Asked.Handle == "" {
		return err
	}
	a.Filter = filter
	return r.ofHandle(ctx, q, a)
}

// ofHandle lists posts of the account whose handle stands in the question.
func (r *Reader) ofHandle(ctx context.Context, q *LookupQuery, a *LookupResult) error {
	limit := cmp.Or(q.Limit, DefaultHits)
	refs, err := r.byHandle(ctx, r.platformsOf(&a.Asked), a.Asked.Handle, limit)
	if err != nil {
		return err
	}
	return r.named(ctx, a, refs, limit)
}

// search asks the index, or, where the archive has none, reads what the posts
// said.
func (r *Reader) search(ctx context.Context, q *LookupQuery, a *LookupResult, words string) error {
	if strings.TrimSpace(words) == "" && a.Filter.IsZero() {
		return nil
	}
	found, err := r.o.Archive.Search(ctx, store.SearchQuery{Words: words, Filter: a.Filter, Sort: q.Sort, Exact: q.Exact,
		Limit: cmp.Or(q.Limit, DefaultHits), Cursor: q.Cursor, Facets: q.Facets})
	if errors.Is(err, store.ErrNotFound) && words != "" && a.Filter.IsZero() {
		refs, scores, err := r.scanWords(ctx, words, cmp.Or(q.Limit, DefaultHits))
		for i := 0; err == nil && i < len(refs); i++ {
			err = r.addPost(ctx, a, refs[i], scores[refs[i]])
		}
		return err
	}
	if err != nil {
		return err
	}
	a.Total, a.Cursor, a.Facets, a.Respelled, a.Searched = found.Total, found.Cursor, found.Facets, found.Respelled, true
	a.Behind = found.Behind
	for i := range found.Hits[:min(len(found.Hits), cmp.Or(q.Limit, DefaultHits))] {
		if err := r.addHit(ctx, a, &found.Hits[i]); err != nil {
			return err
		}
	}
	return nil
}

// addHit adds what the index found.
func (r *Reader) addHit(ctx context.Context, a *LookupResult, h *store.Hit) error {
	switch h.Kind {
	case store.HitArticle:
		hit, ok, err := r.articleHit(ctx, h.URL)
		if ok {
			hit.Score = h.Score
			a.Hits = append(a.Hits, hit)
		}
		return err
	case store.HitPage:
		hit, ok, err := r.pageHit(ctx, h.URL)
		if ok {
			hit.Score = h.Score
			a.Hits = append(a.Hits, hit)
		}
		return err
	}
	ref, err := post.ParseRef(h.Ref)
	if err != nil {
		return fmt.Errorf("%w: the index of words names %q: %w", store.ErrCorrupt, h.Ref, err)
	}
	return r.addPost(ctx, a, ref, h.Score)
}

// articleHit describes the latest version of an article; false where there is
// none.
func (r *Reader) articleHit(ctx context.Context, address string) (LookupHit, bool, error) {
	page, err := r.o.Archive.List(ctx, store.Query{Term: store.ArticleTerm(address), Kinds: []store.Kind{store.KindArticle}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return LookupHit{}, false, err
	}
	v, err := store.Decode[store.ArticleVersion](&page.Records[0])
	if err != nil {
		return LookupHit{}, false, err
	}
	hit := LookupHit{Kind: "article", URL: store.ShownAddress(v.URL), Text: v.Title, Mentions: len(v.Mentions)}
	if !v.Published.IsZero() {
		at := v.Published.UTC()
		hit.Posted = &at
	}
	if len(v.Authors) > 0 {
		hit.Author.Name = strings.Join(v.Authors, ", ")
	}
	return hit, true, nil
}

// The words of filters that stand for several statuses.
const (
	statusesGone   = "gone"
	statusesHidden = "hidden"
)

// withFilters adds the filters that stood among the words.
func withFilters(f store.SearchFilter, typed *box.Filters) (store.SearchFilter, error) {
	for _, p := range typed.Platforms {
		f.Platforms = append(f.Platforms, post.Platform(p))
	}
	f.Authors = append(slices.Clip(f.Authors), typed.Authors...)
	f.Domains = append(slices.Clip(f.Domains), typed.Domains...)
	f.Media = append(slices.Clip(f.Media), typed.Media...)
	for _, s := range typed.Sources {
		f.Sources = append(f.Sources, post.Source(s))
	}
	f.Statuses = append(slices.Clip(f.Statuses), Statuses(typed.Statuses...)...)
	for _, d := range []struct {
		day  string
		into *time.Time
		next bool
	}{{typed.Since, &f.PostedFrom, false}, {typed.Until, &f.PostedTo, true}, {typed.GoneSince, &f.GoneFrom, false}, {typed.GoneUntil, &f.GoneTo, true}} {
		if d.day == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, d.day)
		if err != nil {
			return f, fmt.Errorf("%w: %.40q is no day; write it as 2024-03-05", store.ErrInvalid, d.day)
		}
		if d.next {
			t = t.AddDate(0, 0, 1)
		}
		*d.into = t
	}
	return f, nil
}

// Statuses returns the statuses that words name: their own, and "gone" and
// "hidden" for all that mean this.
func Statuses(words ...string) []post.Status {
	var list []post.Status
	for _, w := range words {
		switch w {
		case statusesGone, statusesHidden:
			for _, s := range post.Statuses() {
				if w == statusesGone && s.Gone() || w == statusesHidden && s.Hidden() {
					list = append(list, s)
				}
			}
			if w == statusesGone { // and what pages are called
				list = append(list, post.Status(store.PageGone), post.Status(store.PageSoftGone))
			}
		default:
			list = append(list, post.Status(w))
		}
	}
	return list
}
