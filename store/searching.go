package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
)

// HitKind says what was found.
type HitKind string

// The kinds of hits.
const (
	HitPost    HitKind = "post"
	HitArticle HitKind = "article"
	HitPage    HitKind = "page"
)

// HitKinds lists the kinds; the position of a kind is its number on disk.
func HitKinds() []HitKind { return []HitKind{HitPost, HitArticle, HitPage} }

// SearchSort is the order of hits.
type SearchSort string

// The orders. Hits without the time that they are sorted by come last.
const (
	// SortRelevance: the best first; of equal ones the latest.
	SortRelevance SearchSort = "relevance"
	// SortNewest and SortOldest: by the time of publication, of what does not
	// tell it by that of the capture.
	SortNewest SearchSort = "newest"
	SortOldest SearchSort = "oldest"
	// SortGone: those that disappeared last first.
	SortGone SearchSort = "gone"
)

// SearchSorts lists the orders.
func SearchSorts() []SearchSort {
	return []SearchSort{SortRelevance, SortNewest, SortOldest, SortGone}
}

// Facet names what hits are counted by.
type Facet string

// The facets.
const (
	FacetKind     Facet = "kind"
	FacetPlatform Facet = "platform"
	FacetAuthor   Facet = "author" // platform:@handle
	FacetStatus   Facet = "status"
	FacetDomain   Facet = "domain" // of the articles that show or link the post
	FacetMedia    Facet = "media"
	FacetSource   Facet = "source"
	FacetYear     Facet = "year" // of publication, in UTC
)

// Facets lists the facets.
func Facets() []Facet {
	return []Facet{FacetKind, FacetPlatform, FacetAuthor, FacetStatus, FacetDomain, FacetMedia, FacetSource, FacetYear}
}

// MediaNone is the value of [SearchFilter.Media] and of [FacetMedia] for posts
// without any.
const MediaNone = "none"

// SearchFilter narrows a search. The zero value narrows nothing. Of each list
// one value must fit; bounds of time are inclusive below and exclusive above,
// and what has no such time does not fit.
type SearchFilter struct {
	Kinds     []HitKind
	Platforms []post.Platform
	// Authors are handles, with or without @, whatever their case, and
	// platform:@handle for those of one platform.
	Authors  []string
	Statuses []post.Status
	// Domains are hosts of articles that show or link the post, without "www.";
	// for articles and pages their own.
	Domains []string
	// Media are kinds of media: photo, video, gif, audio, file, and [MediaNone].
	Media   []string
	Sources []post.Source
	// PostedFrom and PostedTo bound the time of publication, as it is stated,
	// GoneFrom and GoneTo that at which the post was first missed.
	PostedFrom, PostedTo time.Time
	GoneFrom, GoneTo     time.Time
}

// The bounds of a search.
const (
	// DefaultSearchHits and MaxSearchHits are the hits of one page where nobody
	// says otherwise, and at most.
	DefaultSearchHits = 20
	MaxSearchHits     = 1000
	// MaxSearchWords is the most bytes of a query's words.
	MaxSearchWords = 64 << 10
)

// SearchQuery asks for posts, articles and pages by words and by what is known
// of them.
type SearchQuery struct {
	// Words are what the person typed. What stands in quotation marks must
	// stand so in what is found; of the other words all should. Without any
	// word everything that passes the filter is found.
	Words  string
	Filter SearchFilter
	// Sort is the order; empty is [SortRelevance], without words [SortNewest].
	Sort SearchSort
	// Exact finds words as they are written only: see [SearchResult.Respelled].
	Exact bool
	// Limit is the most hits; 0 is [DefaultSearchHits].
	Limit int
	// Cursor is that of an earlier result of the same query: the hits after.
	Cursor string
	// Facets are what all that fits is counted by, FacetLimit the most values
	// of each, the most frequent first; 0 is 20.
	Facets     []Facet
	FacetLimit int
}

// Check errors with ErrInvalid where a query asks for what does not exist.
func (q *SearchQuery) Check() error {
	switch {
	case q.Limit < 0 || q.Limit > MaxSearchHits:
		return fmt.Errorf("%w: between 1 and %d hits can be asked for at once, not %d", ErrInvalid, MaxSearchHits, q.Limit)
	case len(q.Words) > MaxSearchWords:
		return fmt.Errorf("%w: the query has %d bytes, and %d are read", ErrInvalid, len(q.Words), MaxSearchWords)
	case q.Sort != "" && !slices.Contains(SearchSorts(), q.Sort):
		return fmt.Errorf("%w: hits cannot be sorted by %.40q; there is %v", ErrInvalid, q.Sort, SearchSorts())
	}
	for _, f := range q.Facets {
		if !slices.Contains(Facets(), f) {
			return fmt.Errorf("%w: hits cannot be counted by %.40q; there is %v", ErrInvalid, f, Facets())
		}
	}
	return nil
}

// Hit is one post, article or page that a search found.
type Hit struct {
	Kind HitKind
	// Ref is platform:id of a post, URL the address of an article or page.
	Ref string
	URL string
	// Score is larger for the better; scores of different queries cannot be
	// compared. It is 2 or more where all words of the query are there.
	Score float64
}

// FacetCount is how many of what was found have a value.
type FacetCount struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Respelling is a word that was found in another spelling only.
type Respelling struct {
	Word string   `json:"word"`
	As   []string `json:"as"`
}

// SearchResult is what a search found.
type SearchResult struct {
	Hits []Hit
	// Total is how many fit in all.
	Total int
	// Cursor leads to the hits after these; empty where there are none.
	Cursor string
	Facets map[Facet][]FacetCount
	// Respelled are the words for which others of nearly the same spelling were
	// taken, because hardly anything holds the words as they are written.
	Respelled []Respelling
	// Behind is how many records of the journal were not looked at, because the
	// index has not come so far yet; 0 where all were.
	Behind uint64
}

// SearchCoverage says what was searched.
type SearchCoverage struct {
	Posts    int `json:"posts"`
	Articles int `json:"articles"`
	Pages    int `json:"pages"`
	// First and Last are when the first and the last of them was published, as
	// far as they tell; zero where none does.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Reached is the last number of the journal that was read.
	Reached uint64 `json:"reached"`
	// Behind is as in [SearchResult].
	Behind uint64 `json:"behind,omitempty"`
}

// Searcher finds posts, articles and pages by words. The index is derived from
// the journal and follows it: what was committed before a call is found by it,
// unless the result says that the index is behind.
type Searcher interface {
	// Search returns hits in the order that was asked for. It errors with
	// ErrInvalid for a cursor that does not belong to the query.
	Search(ctx context.Context, q SearchQuery) (SearchResult, error)
	// Coverage says how much passes a filter: what a search with it looks
	// through.
	Coverage(ctx context.Context, f SearchFilter) (SearchCoverage, error)
	// Purge removes the words of posts, and of the articles and pages at
	// addresses, for certain: when it returns without an error no byte of the
	// index holds them any more. They come back where the journal still has
	// them and the index is built again, so that the archive removes them
	// there first.
	Purge(ctx context.Context, refs []post.Ref, addresses []string) error
}

// IsZero reports whether a filter narrows nothing.
func (f *SearchFilter) IsZero() bool {
	return len(f.Kinds)+len(f.Platforms)+len(f.Authors)+len(f.Statuses)+len(f.Domains)+len(f.Media)+len(f.Sources) == 0 &&
		f.PostedFrom.IsZero() && f.PostedTo.IsZero() && f.GoneFrom.IsZero() && f.GoneTo.IsZero()
}
