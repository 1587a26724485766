package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
)

// apiHit is what a search found: a post, or an article or page by its address.
type apiHit struct {
	Kind  store.HitKind `json:"kind"`
	Ref   string        `json:"ref"`
	URL   string        `json:"url"`
	Score float64       `json:"score"`
	// Post is null for articles and pages.
	Post *apiPost `json:"post"`
}

// apiSearch is a page of what a search found, with the counts of all of it.
type apiSearch struct {
	Items []apiHit `json:"items"`
	Next  string   `json:"next"`
	Total int      `json:"total"`
	// Facets count what was found; Respelled are words that were found in
	// another spelling only.
	Facets    map[store.Facet][]store.FacetCount `json:"facets"`
	Respelled []store.Respelling                 `json:"respelled"`
	// Coverage says what was searched.
	Coverage store.SearchCoverage `json:"coverage"`
}

// searchOperations are those that search words.
func (s *Server) searchOperations() []operation {
	return []operation{
		{method: "POST", path: "/pictures", id: "pictures", summary: "Posts with the same or a similar picture", need: RoleReader, body: pictureBody{}, answer: apiSimilar{}, most: mostPicture, do: s.similarTo},
		{method: "POST", path: "/screenshot", id: "screenshot", summary: "The words, the handle and the date in a screenshot of a post, read by a machine", need: RoleReader, body: screenshotBody{}, answer: apiScreenshot{}, most: mostPicture,
			longest: readTime, send: s.apiScreenshotRead},
		{method: "GET", path: "/search", id: "search", summary: "Search posts, articles and pages by words and by what is known of them, with counts", need: RoleReader, answer: apiSearch{}, example: "/search?q=words&facets=status",
			params: []param{{name: "q", words: "words; what stands in quotation marks must stand so"}, {name: "sort", words: "relevance, newest, oldest or gone"}, {name: "kind", words: "post, article or page; may be repeated, as all filters"},
				{name: "platform", words: "the platform"}, {name: "author", words: "@handle or platform:@handle"}, {name: "status", words: "the status"}, {name: "domain", words: "of an article"}, {name: "media", words: "photo, video, gif, audio, file or none"},
				{name: "since", words: "posted at this time or later"}, {name: "until", words: "posted before"}, {name: "gone_since", words: "first missed at this time or later"}, {name: "gone_until", words: "first missed before"},
				{name: "facets", words: "what to count by, divided by commas: kind, platform, author, status, domain, media, source, year"}, {name: "limit", words: "how many, 1 to 500", kind: "integer"}, {name: "cursor", words: "next of the page before"}},
			do: s.apiSearch},
		{method: "GET", path: "/quote", id: "quote", summary: "Did they really say that? The nearest posts, deleted ones included, compared word by word, and what was searched", need: RoleReader, answer: archiver.Said{}, example: "/quote?q=still+there&handle=ada",
			params: []param{{name: "q", words: "the words", needed: true}, {name: "handle", words: "who is said to have said them"}, {name: "date", words: "the day on which (YYYY-MM-DD)"}, {name: "limit", words: "how many, 1 to 500", kind: "integer"}}, do: s.apiQuote},
	}
}

// apiFilter reads the filters of a search.
func apiFilter(q url.Values) (store.SearchFilter, error) {
	f := store.SearchFilter{Authors: q["author"], Domains: q["domain"], Media: q["media"]}
	for _, v := range q["kind"] {
		f.Kinds = append(f.Kinds, store.HitKind(v))
	}
	for _, v := range q["platform"] {
		f.Platforms = append(f.Platforms, post.Platform(v))
	}
	for _, v := range q["status"] {
		f.Statuses = append(f.Statuses, post.Status(v))
	}
	var err error
	for name, into := range map[string]*time.Time{"since": &f.PostedFrom, "until": &f.PostedTo, "gone_since": &f.GoneFrom, "gone_until": &f.GoneTo} {
		if *into, err = momentOf(q.Get(name)); err != nil {
			return f, fmt.Errorf("%s: %w", name, err)
		}
	}
	return f, nil
}

func (s *Server) apiSearch(r *http.Request) (any, error) {
	v := r.URL.Query()
	limit, err := limitOf(v)
	if err != nil {
		return nil, err
	}
	f, err := apiFilter(v)
	if err != nil {
		return nil, err
	}
	q := store.SearchQuery{Words: v.Get("q"), Filter: f, Sort: store.SearchSort(v.Get("sort")), Limit: limit, Cursor: v.Get("cursor")}
	for word := range strings.SplitSeq(v.Get("facets"), ",") {
		if word = strings.TrimSpace(word); word != "" {
			q.Facets = append(q.Facets, store.Facet(word))
		}
	}
	found, err := s.o.Archive.Search(r.Context(), q)
	if err != nil {
		return nil, err
	}
	out := apiSearch{Items: []apiHit{}, Next: found.Cursor, Total: found.Total, Facets: found.Facets, Respelled: append([]store.Respelling{}, found.Respelled...)}
	if out.Facets == nil {
		out.Facets = map[store.Facet][]store.FacetCount{}
	}
	if out.Coverage, err = s.o.Archive.SearchCoverage(r.Context(), f); err != nil {
		return nil, err
	}
	for _, h := range found.Hits {
		hit := apiHit{Kind: h.Kind, Ref: h.Ref, URL: h.URL, Score: h.Score}
		if ref, err := post.ParseRef(h.Ref); h.Kind == store.HitPost && err == nil {
			c, err := s.o.Reader.Card(r.Context(), ref)
			if errors.Is(err, store.ErrNotFound) {
				continue // the index is ahead of a removal
			}
			if err != nil {
				return nil, err
			}
			p := apiPostOf(c)
			hit.Post, hit.URL = &p, c.URL
		}
		out.Items = append(out.Items, hit)
	}
	return out, nil
}

func (s *Server) apiQuote(r *http.Request) (any, error) {
	v := r.URL.Query()
	limit, err := limitOf(v)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(v.Get("q")) == "" {
		return nil, fmt.Errorf("%w: q is empty", store.ErrInvalid)
	}
	if v.Get("limit") == "" {
		limit = archiver.DefaultNear
	}
	return s.o.Reader.DidTheySay(r.Context(), &archiver.Quote{Text: v.Get("q"), Handle: v.Get("handle"), Date: v.Get("date"), Limit: limit})
}
