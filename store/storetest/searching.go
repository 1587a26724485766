package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

// SearchConfig says how to reach the index under test.
type SearchConfig struct {
	// Open returns an empty index that follows a backend. It is closed by a
	// clean-up of t that Open registers.
	Open func(t *testing.T, backend store.Backend) store.Searcher
	// Store returns an empty archive for it; nil is one in memory.
	Store func(t *testing.T) Store
}

// RunSearch runs the suite of what an index of words must do.
func RunSearch(t *testing.T, c SearchConfig) {
	for _, tt := range []struct {
		name string
		run  func(s *searchEnv)
	}{
		{"Words", (*searchEnv).words},
		{"Scripts", (*searchEnv).scripts},
		{"NearSpellings", (*searchEnv).nearSpellings},
		{"Filters", (*searchEnv).filters},
		{"Facets", (*searchEnv).facets},
		{"SortAndCursor", (*searchEnv).sortAndCursor},
		{"ArticlesAndPages", (*searchEnv).articlesAndPages},
		{"Coverage", (*searchEnv).coverage},
		{"Purge", (*searchEnv).purge},
		{"Redactions", (*searchEnv).redactions},
		{"Aliases", (*searchEnv).aliases},
		{"Quality", (*searchEnv).quality},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &searchEnv{T: t, now: time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)}
			m := c.store(t)
			s.archive = store.NewArchive(store.Parts{Backend: m.Backend, Blobs: m.Blobs, Now: func() time.Time { return s.now }, Random: rand.NewChaCha8([32]byte{7})})
			s.index = c.Open(t, m.Backend)
			tt.run(s)
		})
	}
}

func (c *SearchConfig) store(t *testing.T) Store {
	if c.Store != nil {
		return c.Store(t)
	}
	m := mem.New(mem.Options{})
	return Store{Backend: m, Blobs: m}
}

// searchEnv is an archive with the index under test.
type searchEnv struct {
	*testing.T
	archive *store.Archive
	index   store.Searcher
	now     time.Time
}

func (s *searchEnv) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *searchEnv) add(contents ...store.Content) {
	s.Helper()
	b := s.archive.Begin()
	for _, c := range contents {
		_, err := b.Add(s.Context(), c)
		s.must(err)
	}
	_, err := b.Commit(s.Context())
	s.must(err)
}

// post keeps a post. Handles of one are its platform's: x posts are of Twitter.
func (s *searchEnv) post(id, text string, change ...func(d *store.Derivation)) {
	s.Helper()
	d := &store.Derivation{Time: s.now, Capture: store.ID{1}, Parser: "twitter@1", Source: post.SourcePublic, Ref: post.Ref{Platform: post.Twitter, ID: id},
		Post: post.Post{Platform: post.Twitter, ID: id, Text: text, Author: post.Author{Name: "Ada Fenwick", Handle: "ada"}, Posted: s.now.Add(-24 * time.Hour)}}
	for _, f := range change {
		f(d)
	}
	d.Post.Platform, d.Post.ID = d.Ref.Platform, d.Ref.ID
	s.add(d)
}

func onDay(day string) func(*store.Derivation) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return func(d *store.Derivation) { d.Post.Posted = t }
}

func by(platform post.Platform, handle string) func(*store.Derivation) {
	return func(d *store.Derivation) { d.Ref.Platform, d.Post.Author.Handle = platform, handle }
}

func withMedia(kind, alt string) func(*store.Derivation) {
	return func(d *store.Derivation) { d.Post.Media = append(d.Post.Media, post.Media{Kind: kind, Alt: alt}) }
}

// gone records that a post is gone since a day.
func (s *searchEnv) gone(ref post.Ref, status post.Status, day string) {
	s.Helper()
	t, err := time.Parse(time.DateOnly, day)
	s.must(err)
	s.add(&store.Verdict{Time: s.now, Ref: ref, Status: status, Confirmed: true, Event: "gone", FirstGone: t, Rules: 1})
}

// find returns what a query finds: ids of posts, addresses of the rest.
func (s *searchEnv) find(q store.SearchQuery) []string {
	s.Helper()
	r := s.search(q)
	return names(r.Hits)
}

func names(hits []store.Hit) []string {
	list := []string{}
	for _, h := range hits {
		_, id, _ := strings.Cut(h.Ref, ":")
		list = append(list, id+h.URL)
	}
	return list
}

func (s *searchEnv) search(q store.SearchQuery) store.SearchResult {
	s.Helper()
	r, err := s.index.Search(s.Context(), q)
	s.must(err)
	return r
}

func (s *searchEnv) expect(q store.SearchQuery, want ...string) {
	s.Helper()
	if diff := cmp.Diff(append([]string{}, want...), s.find(q)); diff != "" {
		s.Errorf("%+v: -want +got:\n%s", q, diff)
	}
}

func (s *searchEnv) expectWords(words string, want ...string) {
	s.Helper()
	s.expect(store.SearchQuery{Words: words, Exact: true}, want...)
}

func (s *searchEnv) words() {
	s.post("1", "The harbour bridge stays open until Monday", onDay("2024-01-01"))
	s.post("2", "Until Monday the bridge is shut", onDay("2024-01-02"))
	s.post("3", "Nothing of the sort", withMedia("photo", "a heron on the bridge"), onDay("2024-01-03"))
	s.post("4", "edited", func(d *store.Derivation) { d.Post.Earlier = []post.Version{{Text: "a zeppelin"}} }, onDay("2024-01-04"))
	s.expectWords("bridge", "3", "2", "1")
	s.expectWords("BRIDGE monday", "2", "1")
	s.expectWords(`"bridge stays"`, "1")
	s.expectWords(`"bridge stays" monday`, "1")
	s.expectWords(`"stays bridge"`)
	s.expectWords("heron", "3")
	s.expectWords("zeppelin", "4")
	s.expectWords("@ada", "4", "3", "2", "1")
	s.expectWords("fenwick heron", "3")
	s.expectWords("moon")
	// A better capture takes the place of an older one.
	s.post("1", "Another text altogether", onDay("2024-01-01"))
	s.expectWords("harbour")
	s.expectWords("altogether", "1")
	s.post("1", "only an article's quotation", func(d *store.Derivation) { d.Source = post.SourceArticle })
	s.expectWords("quotation")
	if r := s.search(store.SearchQuery{Words: "bridge"}); r.Total != 2 || r.Cursor != "" || r.Hits[0].Kind != store.HitPost || r.Hits[0].Ref != "twitter:3" {
		s.Errorf("got %+v", r)
	}
	if _, err := s.index.Search(s.Context(), store.SearchQuery{Words: "bridge", Cursor: "nonsense"}); !errors.Is(err, store.ErrInvalid) {
		s.Errorf("a cursor that is none: %v", err)
	}
}

func (s *searchEnv) scripts() {
	texts := map[string]string{"fr": "L’été à Ærøskøbing", "de": "Die Straße ist gesperrt", "ar": "الجسرُ مفتـوح", "he": "הגשר פתוח", "ru": "Ёлка стоит", "ja": "東京で地震速報",
		"zh": "今天桥梁开放", "ko": "긴급 속보입니다", "th": "สะพานยังเปิดอยู่", "hi": "पुल खुला है", "emoji": "👋🏽 🇪🇺 👩🏽‍🚒", "tag": "#SaveTheBridge @bram", "url": "see https://news.example/a/b"}
	for _, id := range slices.Sorted(mapsKeys(texts)) {
		s.post(id, texts[id])
	}
	for words, want := range map[string]string{"ete": "fr", "aeroskobing": "fr", "STRASSE": "de", "الجسر": "ar", "مفتوح": "ar", "הגשר": "he", "елка": "ru", "地震": "ja", "速": "ja",
		"开放": "zh", "속보": "ko", "เปิด": "th", "पुल": "hi", "👋": "emoji", "🇪🇺": "emoji", "👩‍🚒": "emoji", "🚒": "emoji", "#savethebridge": "tag", "@bram": "tag", "news.example": "url"} {
		s.expectWords(words, want)
	}
}

func (s *searchEnv) nearSpellings() {
	s.post("1", "the government resigned over the harbour bridge")
	s.post("2", "the governor")
	s.post("3", "Мост открыт для пешеходов")
	for _, words := range []string{"governnent", "bridgr", "brigde", "ridge", "briidge", "harbuor", "governnent rexigned", "пешеходав"} {
		if got := s.find(store.SearchQuery{Words: words}); len(got) == 0 || got[0] != "1" && got[0] != "3" {
			s.Errorf("%s: %v", words, got)
		}
		s.expect(store.SearchQuery{Words: words, Exact: true})
	}
	r := s.search(store.SearchQuery{Words: "bridgr"})
	if diff := cmp.Diff([]store.Respelling{{Word: "bridgr", As: []string{"bridge"}}}, r.Respelled); diff != "" {
		s.Errorf("-want +got:\n%s", diff)
	}
	if r.Hits[0].Score >= 2 {
		s.Errorf("what is not there scores %v", r.Hits[0].Score)
	}
	for _, words := range []string{"xxx", "gov", "zzzzzzzzz", "地震"} {
		s.expect(store.SearchQuery{Words: words})
	}
}

// filterable keeps posts that differ in everything.
func (s *searchEnv) filterable() {
	s.post("1", "open one", onDay("2023-12-31"), withMedia("photo", ""))
	s.post("2", "open two", onDay("2024-01-01"), withMedia("video", ""), withMedia("photo", ""))
	s.post("3", "open three", onDay("2024-02-01"), by(post.Bluesky, "ada"))
	s.post("4", "open four", onDay("2024-03-01"), by(post.Bluesky, "Bram.example"), func(d *store.Derivation) { d.Source = post.SourceEmbed })
	s.post("5", "open five", func(d *store.Derivation) { d.Post.Posted, d.Source = time.Time{}, post.SourceArticle })
	s.gone(post.Ref{Platform: post.Twitter, ID: "1"}, post.Deleted, "2024-02-10")
	s.gone(post.Ref{Platform: post.Bluesky, ID: "4"}, post.NotFound, "2024-04-10")
	// Before the post is kept, and after.
	s.add(&store.ArticleVersion{Time: s.now, URL: "https://www.news.example/a", Key: "news.example/a", Origin: "web", Finder: "1", Title: "closed",
		Mentions: []store.Mention{{Kind: "embed", Ref: post.Ref{Platform: post.Twitter, ID: "1"}}, {Kind: "link", Ref: post.Ref{Platform: post.Twitter, ID: "6"}}}})
	s.add(&store.ArticleVersion{Time: s.now, URL: "https://blog.news.example/b", Key: "blog.news.example/b", Origin: "web", Finder: "1", Title: "closed",
		Mentions: []store.Mention{{Kind: "embed", Ref: post.Ref{Platform: post.Bluesky, ID: "3"}}}})
	s.post("6", "open six", onDay("2024-04-01"))
}

func dayOf(d string) time.Time {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		panic(err)
	}
	return t
}

func (s *searchEnv) filters() {
	s.filterable()
	for _, tt := range []struct {
		f    store.SearchFilter
		want []string
	}{
		{store.SearchFilter{Platforms: []post.Platform{post.Bluesky}}, []string{"4", "3"}},
		{store.SearchFilter{Platforms: []post.Platform{"nowhere"}}, nil},
		{store.SearchFilter{Authors: []string{"@ADA"}, Kinds: []store.HitKind{store.HitPost}}, []string{"5", "6", "3", "2", "1"}},
		{store.SearchFilter{Authors: []string{"bluesky:@ada", "bram.example"}}, []string{"4", "3"}},
		{store.SearchFilter{Authors: []string{"ad"}}, nil},
		{store.SearchFilter{Statuses: []post.Status{post.Deleted, post.NotFound}}, []string{"4", "1"}},
		{store.SearchFilter{Statuses: []post.Status{post.Live}}, []string{"6", "3", "2"}},
		{store.SearchFilter{Statuses: []post.Status{post.Unknown}}, []string{"5"}},
		{store.SearchFilter{Sources: []post.Source{post.SourceEmbed, post.SourceArticle}}, []string{"5", "4"}},
		{store.SearchFilter{Media: []string{"video"}}, []string{"2"}},
		{store.SearchFilter{Media: []string{"photo"}}, []string{"2", "1"}},
		{store.SearchFilter{Media: []string{store.MediaNone}, Platforms: []post.Platform{post.Twitter}}, []string{"5", "6"}},
		{store.SearchFilter{PostedFrom: dayOf("2024-01-01"), PostedTo: dayOf("2024-03-01")}, []string{"3", "2"}},
		{store.SearchFilter{PostedTo: dayOf("2024-01-01")}, []string{"1"}},
		{store.SearchFilter{GoneFrom: dayOf("2024-02-10")}, []string{"4", "1"}},
		{store.SearchFilter{GoneTo: dayOf("2024-02-10")}, nil},
		{store.SearchFilter{Domains: []string{"www.News.example"}, Kinds: []store.HitKind{store.HitPost}}, []string{"6", "3", "1"}},
		{store.SearchFilter{Domains: []string{"blog.news.example"}, Kinds: []store.HitKind{store.HitPost}}, []string{"3"}},
		{store.SearchFilter{Domains: []string{"ews.example"}}, nil},
		{store.SearchFilter{Domains: []string{"news.example"}, Statuses: []post.Status{post.Deleted}, Media: []string{"photo"}}, []string{"1"}},
	} {
		if tt.f.Domains == nil || len(tt.f.Kinds) > 0 {
			s.expect(store.SearchQuery{Filter: tt.f}, tt.want...)
		}
		got := s.find(store.SearchQuery{Words: "open", Filter: tt.f})
		slices.Sort(got)
		want := append([]string{}, tt.want...)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("open with %+v: -want +got:\n%s", tt.f, diff)
		}
	}
	// A return is one, too.
	s.add(&store.Verdict{Time: s.now, Ref: post.Ref{Platform: post.Twitter, ID: "1"}, Status: post.Live, Confirmed: true, Event: "restored", Rules: 1})
	s.expect(store.SearchQuery{Filter: store.SearchFilter{Statuses: []post.Status{post.Deleted, post.NotFound}}}, "4")
	s.expect(store.SearchQuery{Filter: store.SearchFilter{GoneFrom: dayOf("2024-01-01")}}, "4")
}

func (s *searchEnv) facets() {
	s.filterable()
	r := s.search(store.SearchQuery{Words: "open", Facets: store.Facets(), Limit: 1})
	want := map[store.Facet][]store.FacetCount{
		store.FacetKind:     {{Value: "post", Count: 6}},
		store.FacetPlatform: {{Value: "twitter", Count: 4}, {Value: "bluesky", Count: 2}},
		store.FacetAuthor:   {{Value: "twitter:@ada", Count: 4}, {Value: "bluesky:@ada", Count: 1}, {Value: "bluesky:@bram.example", Count: 1}},
		store.FacetStatus:   {{Value: "live", Count: 3}, {Value: "deleted", Count: 1}, {Value: "not-found", Count: 1}, {Value: "unknown", Count: 1}},
		store.FacetDomain:   {{Value: "news.example", Count: 2}, {Value: "blog.news.example", Count: 1}},
		store.FacetMedia:    {{Value: "none", Count: 4}, {Value: "photo", Count: 2}, {Value: "video", Count: 1}},
		store.FacetSource:   {{Value: "public", Count: 4}, {Value: "article", Count: 1}, {Value: "embed", Count: 1}},
		store.FacetYear:     {{Value: "2024", Count: 4}, {Value: "2023", Count: 1}},
	}
	if diff := cmp.Diff(want, r.Facets); diff != "" || r.Total != 6 {
		s.Errorf("%d in all: -want +got:\n%s", r.Total, diff)
	}
	r = s.search(store.SearchQuery{Words: "open", Facets: []store.Facet{store.FacetAuthor}, FacetLimit: 1, Filter: store.SearchFilter{Platforms: []post.Platform{post.Twitter}}})
	if diff := cmp.Diff(map[store.Facet][]store.FacetCount{store.FacetAuthor: {{Value: "twitter:@ada", Count: 4}}}, r.Facets); diff != "" {
		s.Errorf("narrowed: -want +got:\n%s", diff)
	}
}

func (s *searchEnv) sortAndCursor() {
	for i := range 57 {
		s.post(fmt.Sprintf("%02d", i), fmt.Sprintf("bridge number%d", i%3), func(d *store.Derivation) { d.Post.Posted = s.now.Add(time.Duration(i*31%57) * time.Hour) })
		if i%5 == 0 {
			s.gone(post.Ref{Platform: post.Twitter, ID: fmt.Sprintf("%02d", i)}, post.Deleted, fmt.Sprintf("2024-02-%02d", 1+i/5))
		}
	}
	for _, words := range []string{"", "bridge", "bridge number1", `"bridge number1"`} {
		for _, sort := range store.SearchSorts() {
			whole := s.find(store.SearchQuery{Words: words, Sort: sort, Limit: 1000})
			for _, n := range []int{1, 7, 19, 56} {
				var paged []string
				q := store.SearchQuery{Words: words, Sort: sort, Limit: n}
				for range 60 {
					r := s.search(q)
					paged = append(paged, names(r.Hits)...)
					if r.Total != len(whole) {
						s.Fatalf("%q by %s: %d in all, want %d", words, sort, r.Total, len(whole))
					}
					if q.Cursor = r.Cursor; q.Cursor == "" {
						break
					}
				}
				if diff := cmp.Diff(whole, paged); diff != "" {
					s.Errorf("%q by %s, %d at a time: -whole +paged:\n%s", words, sort, n, diff)
				}
			}
		}
	}
	newest, oldest := s.find(store.SearchQuery{Words: "bridge", Sort: store.SortNewest, Limit: 100}), s.find(store.SearchQuery{Words: "bridge", Sort: store.SortOldest, Limit: 100})
	slices.Reverse(oldest)
	if diff := cmp.Diff(newest, oldest); diff != "" {
		s.Errorf("-newest +oldest, reversed:\n%s", diff)
	}
	if got := s.find(store.SearchQuery{Words: "bridge", Sort: store.SortGone, Limit: 3}); !slices.Equal(got, []string{"55", "50", "45"}) {
		s.Errorf("by disappearance: %v", got)
	}
	// What is added does not move what comes next, and a cursor is of its query.
	r := s.search(store.SearchQuery{Words: "bridge", Limit: 10})
	rest := s.find(store.SearchQuery{Words: "bridge", Limit: 100, Cursor: r.Cursor})
	s.post("new", "bridge", func(d *store.Derivation) { d.Post.Posted = s.now.Add(1000 * time.Hour) })
	if diff := cmp.Diff(rest, s.find(store.SearchQuery{Words: "bridge", Limit: 100, Cursor: r.Cursor})); diff != "" {
		s.Errorf("after an addition: -before +after:\n%s", diff)
	}
	if _, err := s.index.Search(s.Context(), store.SearchQuery{Words: "other", Cursor: r.Cursor}); !errors.Is(err, store.ErrInvalid) {
		s.Errorf("the cursor of another query: %v", err)
	}
}

func (s *searchEnv) articlesAndPages() {
	s.post("1", "the heron")
	s.add(&store.ArticleVersion{Time: s.now, URL: "https://news.example/a", Key: "news.example/a", Origin: "web", Finder: "1", Title: "Heron seen", Text: "It sat on the pier.", Authors: []string{"Bram Okoye"}})
	s.add(&store.PageReading{Time: s.now, Capture: store.ID{3}, Parser: "page@1", URL: "https://report.example/r", Final: "https://report.example/r", Status: 200, Title: "Herons of the pier", Text: "A report."})
	s.expectWords("pier", "https://report.example/r", "https://news.example/a")
	s.expectWords("okoye", "https://news.example/a")
	s.expect(store.SearchQuery{Words: "heron", Filter: store.SearchFilter{Kinds: []store.HitKind{store.HitArticle}}}, "https://news.example/a")
	s.expect(store.SearchQuery{Filter: store.SearchFilter{Domains: []string{"report.example"}}}, "https://report.example/r")
	// Another version; a page that stands in the place of the one that was.
	s.add(&store.ArticleVersion{Time: s.now, URL: "https://news.example/a", Key: "news.example/a", Origin: "web", Finder: "1", Title: "Egret seen"})
	s.expectWords("pier", "https://report.example/r")
	s.expectWords("egret", "https://news.example/a")
	s.add(&store.PageReading{Time: s.now, Capture: store.ID{4}, Parser: "page@1", URL: "https://report.example/r", Final: "https://report.example/r", Status: 404, Label: store.LabelSoft404, Title: "Nothing here"})
	s.add(&store.PageLook{Time: s.now, URL: "https://report.example/r", Result: store.PageGone, Status: 404})
	s.expectWords("herons pier", "https://report.example/r")
	s.expectWords("nothing")
	s.expect(store.SearchQuery{Filter: store.SearchFilter{Statuses: []post.Status{post.Status(store.PageGone)}}}, "https://report.example/r")
}

func (s *searchEnv) coverage() {
	got, err := s.index.Coverage(s.Context(), store.SearchFilter{})
	s.must(err)
	if got.Posts != 0 || !got.First.IsZero() {
		s.Errorf("of nothing: %+v", got)
	}
	s.filterable()
	for _, tt := range []struct {
		f               store.SearchFilter
		posts, articles int
		first, last     string
	}{
		{store.SearchFilter{}, 6, 2, "2023-12-31", "2024-04-01"},
		{store.SearchFilter{Authors: []string{"bluesky:@ada"}}, 1, 0, "2024-02-01", "2024-02-01"},
		{store.SearchFilter{Authors: []string{"nobody"}}, 0, 0, "", ""},
		{store.SearchFilter{Kinds: []store.HitKind{store.HitArticle}}, 0, 2, "", ""},
	} {
		c, err := s.index.Coverage(s.Context(), tt.f)
		s.must(err)
		date := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.Format(time.DateOnly)
		}
		if c.Posts != tt.posts || c.Articles != tt.articles || date(c.First) != tt.first || date(c.Last) != tt.last || c.Reached == 0 {
			s.Errorf("%+v: %+v", tt.f, c)
		}
	}
}

func (s *searchEnv) purge() {
	s.filterable()
	s.post("7", "a secretword about open", by(post.Twitter, "secrethandle"))
	s.post("7", "a moresecretword about open", by(post.Twitter, "secrethandle"))
	s.expectWords("moresecretword", "7")
	s.must(s.index.Purge(s.Context(), []post.Ref{{Platform: post.Twitter, ID: "7"}, {Platform: post.Twitter, ID: "404"}}, []string{"https://news.example/a"}))
	s.expectWords("moresecretword")
	s.expectWords("secretword")
	s.expect(store.SearchQuery{Filter: store.SearchFilter{Kinds: []store.HitKind{store.HitArticle}}}, "https://blog.news.example/b")
	if got := s.find(store.SearchQuery{Words: "open"}); len(got) != 6 {
		s.Errorf("what is left: %v", got)
	}
	c, err := s.index.Coverage(s.Context(), store.SearchFilter{})
	s.must(err)
	if c.Posts != 6 || c.Articles != 1 {
		s.Errorf("what is left: %+v", c)
	}
	s.post("8", "later and open")
	s.expectWords("later", "8")
	s.expect(store.SearchQuery{Words: "open", Filter: store.SearchFilter{Statuses: []post.Status{post.Deleted}}}, "1")
}

// redactions: an index that follows the journal forgets what was taken out of
// records, keeps what is left of the post, and has it again once it is put back.
func (s *searchEnv) redactions() {
	s.filterable()
	seven := post.Ref{Platform: post.Twitter, ID: "7"}
	s.post("7", "a plainword about open")
	s.post("7", "a secretword about open", by(post.Twitter, "ada"))
	s.gone(seven, post.Deleted, "2024-02-02")
	s.expectWords("secretword", "7")
	records, err := s.archive.ListAll(s.Context(), store.RefTerm(seven), 10, store.KindDerivation)
	s.must(err)
	whole := records[len(records)-1]
	whole.Terms, err = store.StoredTerms(&whole)
	s.must(err)
	change := func(to store.Record, act store.RedactionAct) {
		s.Helper()
		b := s.archive.Begin()
		b.Replace(to)
		_, err := b.Add(s.Context(), &store.Redaction{Time: s.now, Act: act, Refs: []post.Ref{seven}, Records: []store.RedactedRecord{{ID: to.ID, Fields: []string{"post"}}}})
		s.must(err)
		_, err = b.Commit(s.Context())
		s.must(err)
	}
	part, err := store.Without(&whole, "post")
	s.must(err)
	before, err := s.index.Coverage(s.Context(), store.SearchFilter{})
	s.must(err)
	change(part, store.RedactionSeal)
	s.expectWords("secretword")
	s.expectWords("plainword", "7")
	deleted := store.SearchQuery{Words: "plainword", Filter: store.SearchFilter{Statuses: []post.Status{post.Deleted}}}
	s.expect(deleted, "7")
	change(whole, store.RedactionUnseal)
	s.expectWords("secretword", "7")
	s.expectWords("plainword")
	after, err := s.index.Coverage(s.Context(), store.SearchFilter{})
	s.must(err)
	if after.Posts != before.Posts || after.Articles != before.Articles {
		s.Errorf("%+v, before it %+v", after, before)
	}
}

func (s *searchEnv) aliases() {
	did, handle := post.Ref{Platform: post.Bluesky, ID: "did/1"}, post.Ref{Platform: post.Bluesky, ID: "handle/1"}
	s.add(&store.ArticleVersion{Time: s.now, URL: "https://news.example/a", Key: "news.example/a", Origin: "web", Finder: "1", Mentions: []store.Mention{{Kind: "embed", Ref: handle}}})
	s.post("did/1", "open", by(post.Bluesky, "ada"), func(d *store.Derivation) { d.Post.Aliases = []post.Ref{handle} })
	s.gone(handle, post.Deleted, "2024-02-02")
	s.expect(store.SearchQuery{Words: "open", Filter: store.SearchFilter{Domains: []string{"news.example"}, Statuses: []post.Status{post.Deleted}}}, did.ID)
}

// mapsKeys returns the keys of a map.
func mapsKeys(m map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
