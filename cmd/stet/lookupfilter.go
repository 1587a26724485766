package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
)

// lookupFilter are the flags that narrow, sort, count and page.
type lookupFilter struct {
	limit     int
	kinds     []string
	platforms []string
	authors   []string
	statuses  []string
	domains   []string
	media     []string
	sources   []string
	since     string
	until     string
	goneSince string
	goneUntil string
	sort      string
	cursor    string
	count     []string
	exact     bool
}

func (f *lookupFilter) flags(cmd *cobra.Command) {
	s := cmd.Flags()
	s.IntVar(&f.limit, "limit", f.limit, "the most hits")
	s.StringSliceVar(&f.kinds, "kind", nil, "only these: post, article, page")
	s.StringSliceVar(&f.platforms, "platform", nil, "only posts of these platforms")
	s.StringSliceVar(&f.authors, "from", nil, "only posts of these accounts: @handle or platform:@handle")
	s.StringSliceVar(&f.statuses, "status", nil, "only with these statuses: live, deleted, …, and gone or hidden for all of those")
	s.StringSliceVar(&f.domains, "domain", nil, "only posts that articles of these domains show or link, and these articles")
	s.StringSliceVar(&f.media, "media", nil, "only posts with photo, video, gif, audio, file, or none")
	s.StringSliceVar(&f.sources, "source", nil, "only posts whose words come from api, public, embed, archive, import, or article")
	s.StringVar(&f.since, "since", "", "published on this day or later: 2024-03-05")
	s.StringVar(&f.until, "until", "", "published on this day or earlier")
	s.StringVar(&f.goneSince, "gone-since", "", "first missed on this day or later")
	s.StringVar(&f.goneUntil, "gone-until", "", "first missed on this day or earlier")
	s.StringVar(&f.sort, "sort", "", "relevance, newest, oldest, or gone: the last that disappeared first")
	s.StringVar(&f.cursor, "cursor", "", "the page after: what the one before told")
	s.StringSliceVar(&f.count, "count", nil, "count what fits instead, by all or, as in --count=author,year, some of "+strings.Join(facetNames(), ", "))
	s.BoolVar(&f.exact, "exact", false, "find words as they are written only")
	s.Lookup("count").NoOptDefVal = strings.Join(facetNames(), ",")
}

func facetNames() []string {
	var names []string
	for _, f := range store.Facets() {
		names = append(names, string(f))
	}
	return names
}

// counts reports whether what fits is to be counted.
func (f *lookupFilter) counts() bool { return len(f.count) > 0 }

// query makes the question.
func (f *lookupFilter) query(text string) (*archiver.LookupQuery, error) {
	if f.limit < 1 || f.limit > store.MaxSearchHits {
		return nil, fmt.Errorf("%w: --limit takes a number from 1 to %d", store.ErrUsage, store.MaxSearchHits)
	}
	q := &archiver.LookupQuery{Text: text, Sort: store.SearchSort(f.sort), Exact: f.exact, Limit: f.limit, Cursor: f.cursor}
	if f.sort != "" && !slices.Contains(store.SearchSorts(), q.Sort) {
		return nil, fmt.Errorf("%w: --sort takes relevance, newest, oldest or gone, not %.40q", store.ErrUsage, f.sort)
	}
	for _, name := range f.count {
		if !slices.Contains(store.Facets(), store.Facet(name)) {
			return nil, fmt.Errorf("%w: --count takes %s, not %.40q", store.ErrUsage, strings.Join(facetNames(), ", "), name)
		}
		q.Facets = append(q.Facets, store.Facet(name))
	}
	if err := f.lists(&q.Filter); err != nil {
		return nil, err
	}
	return q, f.days(&q.Filter)
}

func lowered(words []string) []string {
	list := make([]string, 0, len(words))
	for _, w := range words {
		list = append(list, strings.ToLower(w))
	}
	return list
}

func platformNames() []string {
	var names []string
	for _, p := range wire.Platforms() {
		names = append(names, string(p))
	}
	return names
}

// lists reads the lists of words.
func (f *lookupFilter) lists(into *store.SearchFilter) error {
	for _, l := range []struct {
		flag  string
		given []string
		known []string
	}{
		{"kind", f.kinds, []string{"post", "article", "page"}},
		{"media", f.media, []string{"photo", "video", "gif", "audio", "file", "none"}},
		{"source", f.sources, []string{"api", "public", "embed", "archive", "import", "article"}},
		{"status", f.statuses, statusFilters()},
		{"platform", lowered(f.platforms), platformNames()},
	} {
		for _, v := range l.given {
			if !slices.Contains(l.known, v) {
				return fmt.Errorf("%w: --%s takes %s, not %.40q", store.ErrUsage, l.flag, strings.Join(l.known, ", "), v)
			}
		}
	}
	for _, k := range f.kinds {
		into.Kinds = append(into.Kinds, store.HitKind(k))
	}
	for _, p := range lowered(f.platforms) {
		into.Platforms = append(into.Platforms, post.Platform(p))
	}
	for _, s := range f.sources {
		into.Sources = append(into.Sources, post.Source(s))
	}
	into.Statuses = archiver.Statuses(f.statuses...)
	into.Authors, into.Domains, into.Media = f.authors, f.domains, f.media
	return nil
}

// statusFilters lists what --status takes.
func statusFilters() []string {
	list := []string{"gone", "hidden"}
	for _, s := range post.Statuses() {
		list = append(list, string(s))
	}
	return list
}

// days reads the bounds of time. Days are those of universal time.
func (f *lookupFilter) days(into *store.SearchFilter) error {
	for _, d := range []struct {
		flag, value string
		at          *time.Time
		next        bool
	}{
		{"since", f.since, &into.PostedFrom, false}, {"until", f.until, &into.PostedTo, true},
		{"gone-since", f.goneSince, &into.GoneFrom, false}, {"gone-until", f.goneUntil, &into.GoneTo, true},
	} {
		if d.value == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, d.value)
		if err != nil {
			return fmt.Errorf("%w: --%s takes a day such as 2024-03-05, not %.40q", store.ErrUsage, d.flag, d.value)
		}
		if d.next {
			t = t.AddDate(0, 0, 1)
		}
		*d.at = t
	}
	return nil
}

// counted is what `stet lookup --count --json` prints.
type counted struct {
	Total  int                                `json:"total"`
	Counts map[store.Facet][]store.FacetCount `json:"counts"`
}

// showCounts prints how much fits, by the values of what was asked for.
func (a *app) showCounts(found *archiver.LookupResult) {
	if a.json {
		a.out.json(counted{found.Total, found.Facets})
		return
	}
	a.out.line("%d in all", found.Total)
	for _, f := range store.Facets() {
		list := found.Facets[f]
		if len(list) == 0 {
			continue
		}
		a.out.line("")
		a.out.line("by %s", f)
		for _, c := range list {
			a.out.line("%8d  %s", c.Count, c.Value)
		}
	}
}
