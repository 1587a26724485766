package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"stet/archiver"
	"stet/extract/box"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// resultsPage is what was found.
type resultsPage struct {
	Query string
	Found []found
	// Total is how many there are in all, -1 where nobody counted.
	Total int
	// Groups are the counts by which a search can be narrowed, Sorts its
	// orders, and Next continues it.
	Groups []facetGroup
	Sorts  []choice
	Next   string
	// Respelled are the words that were found in another spelling only.
	Respelled []store.Respelling
	// Behind is how many records the index of words has not read yet.
	Behind uint64
	// Capture is the address that can be captured; empty where there is none.
	Capture string
	// Why says what could not be looked up, empty mostly.
	Why string
	// Hold and Refused are what was decided about an account of which nothing is
	// kept.
	Hold, Refused *view.Ruling
	Coverage      coverage
	// Filters are what was chosen on the page, Wider leads to the same search
	// without it; empty where nothing was chosen.
	Filters url.Values
	Wider   string
	// Narrow is true where the index was asked, which can be asked for less.
	Narrow bool
	sought sought
}

// found is a post, an article or a page.
type found struct {
	Kind store.HitKind
	Card *view.Card
	// Title and URL are those of an article or page, Time when it was read
	// last, Page how a page stands.
	Title, URL string
	Time       time.Time
	Page       *view.PageStatus
	// Words are what it says, about what was looked for.
	Words []marked
}

// facetGroup is one way in which results are counted.
type facetGroup struct {
	Name   string
	Values []choice
}

// choice is a link that changes a search.
type choice struct {
	Words string
	N     int
	Href  string
	Taken bool
}

// results lists what was found.
func (s *Server) results(w http.ResponseWriter, r *http.Request, text string, q *box.Query) error {
	p := &resultsPage{Query: text, Total: -1}
	if err := s.find(r, p, text); err != nil {
		return err
	}
	if q.Kind == box.KindAccount || q.Kind == box.KindAddress && q.Handle != "" {
		if to := onlyAccount(p.Found); to != "" {
			http.Redirect(w, r, to, http.StatusSeeOther)
			return nil
		}
	}
	switch q.Kind {
	case box.KindShort:
		p.Capture, p.Why = q.URL, "This is a short link. Only the network can tell where it leads; capturing it follows it."
	case box.KindAddress, box.KindDomain:
		p.Capture = webOnly(q.URL)
	}
	var err error
	if p.Coverage, err = s.coverage(r.Context()); err != nil {
		return err
	}
	if f, err := chosen(p.Filters); err == nil && !f.IsZero() {
		p.Wider = "/search?" + url.Values{"q": {text}}.Encode()
	}
	status := http.StatusOK
	if len(p.Found) == 0 {
		status = http.StatusNotFound
	}
	return s.render(w, r, status, "results", frame{Title: short(60, text), Query: text, Body: p})
}

// onlyAccount returns the page of the account whose posts were found, empty
// where they are of several.
func onlyAccount(all []found) string {
	to := ""
	for _, f := range all {
		if f.Card == nil {
			continue
		}
		path := accountPath(f.Card.Ref.Platform, post.Author{Handle: f.Card.Author.Handle})
		if to != "" && to != path {
			return ""
		}
		to = path
	}
	return to
}

// find asks the archive, narrowed by what was chosen on the page.
func (s *Server) find(r *http.Request, p *resultsPage, text string) error {
	v := r.URL.Query()
	f, err := chosen(v)
	if err != nil {
		return err
	}
	sort := store.SearchSort(v.Get("sort"))
	p.Filters = v
	res, err := s.o.Reader.Find(r.Context(), &archiver.LookupQuery{Text: text, Filter: f, Sort: sort, Cursor: v.Get("cursor"),
		Facets: []store.Facet{store.FacetKind, store.FacetStatus, store.FacetPlatform, store.FacetAuthor, store.FacetDomain, store.FacetMedia, store.FacetYear}})
	if err != nil {
		return err
	}
	p.Total, p.Respelled, p.Behind = res.Total, res.Respelled, res.Behind
	var respelled []string
	for _, r := range res.Respelled {
		respelled = append(respelled, r.As...)
	}
	p.sought = soughtIn(res.Asked.Words, respelled...)
	for i := range res.Hits {
		hit := store.Hit{Kind: store.HitKind(cmp.Or(res.Hits[i].Kind, string(store.HitPost))), URL: res.Hits[i].URL}
		if hit.Kind == store.HitPost {
			hit.Ref = res.Hits[i].Ref().String()
		}
		if err := s.hit(r.Context(), p, &hit); err != nil {
			return err
		}
	}
	if res.Cursor != "" {
		p.Next = with(v, "cursor", res.Cursor)
	}
	p.Groups, p.Narrow = groups(v, res.Facets), res.Searched
	if !res.Searched || len(res.Hits) < 2 && sort == "" {
		return nil
	}
	for _, o := range []struct {
		sort  store.SearchSort
		words string
	}{{store.SortRelevance, "best first"}, {store.SortNewest, "newest"}, {store.SortOldest, "oldest"}, {store.SortGone, "lately gone"}} {
		p.Sorts = append(p.Sorts, choice{Words: o.words, Href: with(v, "sort", string(o.sort)), Taken: o.sort == cmp.Or(sort, store.SortRelevance)})
	}
	return nil
}

// with returns the address of the same search with one thing changed.
func with(v url.Values, name, value string) string {
	c := url.Values{}
	for k := range v {
		if k != "cursor" && v.Get(k) != "" {
			c[k] = v[k]
		}
	}
	if value == "" {
		c.Del(name)
	} else {
		c.Set(name, value)
	}
	return "/search?" + c.Encode()
}

// mostValues is how many values of a group are shown.
const mostValues = 6

// groups makes links of counts. A value that narrows the search already takes
// itself back.
func groups(v url.Values, counts map[store.Facet][]store.FacetCount) []facetGroup {
	var out []facetGroup
	for _, g := range []struct {
		facet store.Facet
		name  string
	}{{store.FacetKind, "What"}, {store.FacetStatus, "How it stands"}, {store.FacetPlatform, "Platform"}, {store.FacetAuthor, "Author"},
		{store.FacetDomain, "In stories of"}, {store.FacetMedia, "With"}, {store.FacetYear, "Posted in"}} {
		taken := v.Get(string(g.facet))
		group := facetGroup{Name: g.name}
		for _, c := range counts[g.facet][:min(len(counts[g.facet]), mostValues)] {
			ch := choice{Words: facetWords(g.facet, c.Value), N: c.Count, Href: with(v, string(g.facet), c.Value)}
			if taken == c.Value {
				ch.Taken, ch.Href = true, with(v, string(g.facet), "")
			}
			group.Values = append(group.Values, ch)
		}
		if len(group.Values) > 1 || taken != "" && len(group.Values) > 0 {
			out = append(out, group)
		}
	}
	return out
}

func facetWords(f store.Facet, value string) string {
	switch f {
	case store.FacetStatus:
		if words := post.Status(value).Words(); words != "" {
			return words
		}
	case store.FacetPlatform:
		return platformName(post.Platform(value))
	case store.FacetAuthor:
		// The platform is told by a group of its own.
		if _, handle, ok := strings.Cut(value, ":@"); ok {
			value = "@" + handle
		}
	case store.FacetMedia:
		if value == store.MediaNone {
			return "no files"
		}
	}
	return plain(value)
}

// chosen reads what was chosen on the page. What stands in the box itself is
// read with the question.
func chosen(v url.Values) (store.SearchFilter, error) {
	var out store.SearchFilter
	if c := v.Get(string(store.FacetKind)); c != "" {
		out.Kinds = []store.HitKind{store.HitKind(c)}
	}
	if c := v.Get(string(store.FacetStatus)); c != "" {
		out.Statuses = []post.Status{post.Status(c)}
	}
	if c := v.Get(string(store.FacetPlatform)); c != "" {
		out.Platforms = []post.Platform{post.Platform(c)}
	}
	for facet, list := range map[store.Facet]*[]string{store.FacetAuthor: &out.Authors, store.FacetDomain: &out.Domains, store.FacetMedia: &out.Media} {
		if c := v.Get(string(facet)); c != "" {
			*list = []string{c}
		}
	}
	if c := v.Get(string(store.FacetYear)); c != "" {
		year, err := time.Parse("2006", c)
		if err != nil {
			return out, fmt.Errorf("%w: year: %.40q is no year", store.ErrInvalid, c)
		}
		out.PostedFrom, out.PostedTo = year, year.AddDate(1, 0, 0)
	}
	for name, into := range map[string]*time.Time{"since": &out.PostedFrom, "until": &out.PostedTo, "gone_since": &out.GoneFrom, "gone_until": &out.GoneTo} {
		if c := v.Get(name); c != "" {
			day, err := time.Parse(time.DateOnly, c)
			if err != nil {
				return out, fmt.Errorf("%w: %s: %.40q is no date such as 2026-03-31", store.ErrInvalid, name, c)
			}
			if strings.HasSuffix(name, "until") {
				day = day.AddDate(0, 0, 1) // the day itself belongs to it
			}
			*into = day
		}
	}
	return out, nil
}

// hit adds what is known of a hit; what is no longer kept is left out.
func (s *Server) hit(ctx context.Context, p *resultsPage, h *store.Hit) error {
	f := found{Kind: h.Kind, URL: store.ShownAddress(h.URL)}
	var err error
	switch h.Kind {
	case store.HitArticle:
		var page store.Page
		page, err = s.o.Archive.List(ctx, store.Query{Term: store.ArticleTerm(h.URL), Kinds: []store.Kind{store.KindArticle}, Newest: true, Limit: 1})
		if err != nil || len(page.Records) == 0 {
			return err
		}
		v, err := store.Decode[store.ArticleVersion](&page.Records[0])
		if err != nil {
			return err
		}
		f.Title, f.Time, f.Words = v.Title, v.Time.UTC(), p.sought.marks(v.Text)
	case store.HitPage:
		v, err := s.o.Reader.Page(ctx, h.URL)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		f.Title, f.URL, f.Page, f.Words = v.Page.Title, v.Page.URL, &v.Status, p.sought.marks(v.Page.Text)
		if n := len(v.Captures); n > 0 {
			f.Time = v.Captures[n-1].Time
		}
	default:
		ref, err := post.ParseRef(h.Ref)
		if err != nil {
			return fmt.Errorf("%w: the index of words names %q", store.ErrCorrupt, h.Ref)
		}
		if f.Card, err = s.card(ctx, ref); err != nil || f.Card == nil {
			return err
		}
		f.Words = p.sought.marks(f.Card.Text)
	}
	p.Found = append(p.Found, f)
	return nil
}
