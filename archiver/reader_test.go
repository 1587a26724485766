package archiver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stet/archiver"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/mem"
	"stet/store/view"
)

// shelf is an archive that is filled by hand.
type shelf struct {
	t       *testing.T
	archive *store.Archive
	// plain is the same archive without an index of words.
	plain  *store.Archive
	reader *archiver.Reader
	search *fixedSearch
}

// fixedSearch answers every query with the same hits.
type fixedSearch struct {
	hits    []store.Hit
	queries []string
	covered store.SearchCoverage
}

func (f *fixedSearch) Search(_ context.Context, q store.SearchQuery) (store.SearchResult, error) {
	if q.Words == "" {
		return store.SearchResult{}, nil // it has no accounts and domains
	}
	f.queries = append(f.queries, q.Words)
	return store.SearchResult{Hits: f.hits, Total: len(f.hits)}, nil
}

func (f *fixedSearch) Coverage(context.Context, store.SearchFilter) (store.SearchCoverage, error) {
	return f.covered, nil
}

func (f *fixedSearch) Purge(context.Context, []post.Ref, []string) error { return nil }

func newShelf(t *testing.T) *shelf {
	t.Helper()
	now := func() time.Time { return begin().Add(48 * time.Hour) }
	m := mem.New(mem.Options{Now: now})
	s := &shelf{t: t, search: &fixedSearch{}}
	s.archive = store.NewArchive(store.Parts{Backend: m, Blobs: m, Search: s.search, Now: now, Random: &noise{}})
	s.plain = store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: now, Random: &noise{}})
	s.reader = archiver.NewReader(archiver.ReaderOptions{Archive: s.archive, Finder: extract.NewFinder(sites.All()),
		Platforms: []post.Platform{post.Twitter, post.Bluesky}})
	return s
}

// add adds contents in one commit and returns their ids.
func (s *shelf) add(contents ...store.Content) []store.ID {
	s.t.Helper()
	b := s.archive.Begin()
	var ids []store.ID
	for _, c := range contents {
		id, err := b.Add(s.t.Context(), c)
		if err != nil {
			s.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if _, err := b.Commit(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return ids
}

// captured adds an exchange, a capture and its derivation.
func (s *shelf) captured(p post.Post, source post.Source, at time.Time) {
	s.t.Helper()
	body := []byte(p.Text)
	x := s.add(&store.Exchange{Started: at, Method: "GET", URL: "https://api.example/" + p.ID, Purpose: "post", Status: 200,
		Body: store.Body{Size: int64(len(body)), Digest: store.DigestOf(body), Inline: body}, Refs: []post.Ref{p.Ref()}})[0]
	c := s.add(&store.Capture{Time: at, Kind: store.CapturePost, Ref: p.Ref(), URL: p.URL, Source: source, Exchanges: []store.ID{x}})[0]
	s.add(&store.Derivation{Time: at, Capture: c, Parser: "test@1", Source: source, Ref: p.Ref(), Post: p})
}

func (s *shelf) view(ref post.Ref) *view.Post {
	s.t.Helper()
	v, err := s.reader.Post(s.t.Context(), ref)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *shelf) lookup(query string) []string {
	s.t.Helper()
	hits, err := s.reader.Lookup(s.t.Context(), query, 0)
	if err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	var refs []string
	for i := range hits {
		refs = append(refs, hits[i].Ref().String())
	}
	return refs
}

func tweet(id, handle, text string) post.Post {
	return post.Post{Platform: post.Twitter, ID: id, URL: "https://twitter.com/" + handle + "/status/" + id, Text: text,
		Author: post.Author{Name: strings.ToUpper(handle), Handle: handle}, Posted: begin().Add(-time.Hour)}
}

func (s *shelf) article(url, title string, at time.Time, mentions ...store.Mention) store.ID {
	return s.add(&store.ArticleVersion{Time: at, URL: url, Key: store.ArticleKey(url), Title: title, Origin: "web", Finder: "test@1", Mentions: mentions})[0]
}

func mention(ref post.Ref, text string, positions ...int) store.Mention {
	return store.Mention{Kind: "embed", Ref: ref, Platform: ref.Platform, Markup: "blockquote", Positions: positions, Quoted: store.Quotation{Text: text}}
}

func TestView(t *testing.T) {
	s := newShelf(t)
	at := begin()
	p := tweet("101", "ada", "The bridge opens on Monday.")
	ref := p.Ref()
	s.captured(p, post.SourcePublic, at)
	// The article was read twice: the latest version counts.
	s.article("https://news.example/one", "Old title", at, mention(ref, "The bridge opens on Monday.", 2))
	s.article("https://www.news.example/one?utm_source=x", "New title", at.Add(time.Hour), mention(ref, "The bridge opens on Sunday.", 3, 5))
	s.article("https://news.example/two", "Link only", at.Add(2*time.Hour), store.Mention{Kind: "link", Ref: ref, Platform: post.Twitter, Positions: []int{1}})
	unresolved := s.article("https://news.example/three", "No id", at.Add(-time.Hour), store.Mention{Kind: "embed", Platform: post.Twitter, Markup: "flattened",
		Positions: []int{7}, Quoted: store.Quotation{Text: "The bridge opens on Monday."}})
	s.add(&store.Resolution{Time: at, Article: unresolved, Mention: 0, Ref: ref, Method: "short-link", Confidence: 1})
	s.add(&store.Look{Time: at.Add(3 * time.Hour), Ref: ref, Result: post.Deleted, Explicit: true, Endpoint: "syndication"})

	v := s.view(ref)
	want := []view.Mention{
		{Article: "https://news.example/two", Title: "Link only", Positions: []int{1}, Markup: "link", Quote: "none", Time: at.Add(2 * time.Hour)},
		{Article: "https://www.news.example/one", Title: "New title", Positions: []int{3, 5}, Markup: "blockquote", Quote: "mismatch", Time: at.Add(time.Hour), Said: "The bridge opens on Sunday."},
		{Article: "https://news.example/three", Title: "No id", Positions: []int{7}, Markup: "flattened", Quote: "match", Time: at.Add(-time.Hour)},
	}
	if diff := cmp.Diff(want, v.Mentions); diff != "" {
		t.Errorf("mentions: -want +got:\n%s", diff)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var shape map[string]any
	if err := json.Unmarshal(out, &shape); err != nil {
		t.Fatal(err)
	}
	status := shape["status"].(map[string]any)
	wantStatus := map[string]any{"value": "deleted", "confirmed": false, "last_live": "2026-03-02T09:00:00Z", "first_gone": "2026-03-02T12:00:00Z", "confirmed_at": nil}
	if diff := cmp.Diff(wantStatus, status); diff != "" {
		t.Errorf("status: -want +got:\n%s", diff)
	}
	capture := shape["captures"].([]any)[0].(map[string]any)
	if capture["digest"] != store.DigestOf([]byte(p.Text)).String() || capture["parser"] != "test@1" || capture["source"] != "public" {
		t.Errorf("capture: %v", capture)
	}
	look := shape["looks"].([]any)[0].(map[string]any)
	if look["result"] != "deleted" || look["endpoint"] != "syndication" {
		t.Errorf("look: %v", look)
	}
}

// Nothing is null that scripts go through.
func TestViewHasNoNullLists(t *testing.T) {
	s := newShelf(t)
	s.add(&store.Look{Time: begin(), Ref: post.Ref{Platform: post.Twitter, ID: "5"}, Result: post.NotFound, Endpoint: "oembed"})
	out, err := json.Marshal(s.view(post.Ref{Platform: post.Twitter, ID: "5"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"captures":[]`, `"mentions":[]`, `"media":[]`, `"first_gone":"2026-03-02T09:00:00Z"`, `"last_live":null`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
}

func TestViewOfWhatIsNotKept(t *testing.T) {
	s := newShelf(t)
	ref := post.Ref{Platform: post.Twitter, ID: "404"}
	if _, err := s.reader.Post(t.Context(), ref); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nothing: %v", err)
	}
	s.article("https://news.example/one", "", begin(), mention(ref, "words", 1))
	if _, err := s.reader.Post(t.Context(), ref); !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "https://news.example/one mentions it") {
		t.Errorf("only mentioned: %v", err)
	}
	quoting := tweet("405", "bram", "Look at this")
	quoting.Quoted = post.Ref{Platform: post.Twitter, ID: "406"}
	s.captured(quoting, post.SourcePublic, begin())
	if _, err := s.reader.Post(t.Context(), quoting.Quoted); !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "twitter:405 refers to it") {
		t.Errorf("only quoted: %v", err)
	}
	// A record that refers to one that is not there.
	s.add(&store.Capture{Time: begin(), Kind: store.CapturePost, Ref: ref, Source: post.SourcePublic, Exchanges: []store.ID{{1, 2, 3}}})
	if _, err := s.reader.Post(t.Context(), ref); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a missing exchange: %v", err)
	}
}

// A poorer source does not hide a richer one, and an edited post is quoted
// rightly in any of its versions.
func TestViewShowsTheRichest(t *testing.T) {
	s := newShelf(t)
	old, edited := tweet("7", "ada", "Opens on Monday."), tweet("7", "ada", "Opens on Tuesday.")
	s.captured(old, post.SourceAPI, begin())
	s.captured(edited, post.SourceEmbed, begin().Add(time.Hour))
	s.article("https://news.example/one", "", begin(), mention(old.Ref(), "Opens on Tuesday.", 1))
	v := s.view(old.Ref())
	if v.Post.Text != old.Text || v.Source != post.SourceAPI {
		t.Errorf("%q from %s", v.Post.Text, v.Source)
	}
	if v.Mentions[0].Quote != archiver.QuoteMatch {
		t.Errorf("the quote is a %s", v.Mentions[0].Quote)
	}
}

func TestLookup(t *testing.T) {
	s := newShelf(t)
	one, two, three := tweet("1001", "ada", "First."), tweet("1002", "Ada", "Second."), tweet("1003", "bram", "Third.")
	sky := post.Post{Platform: post.Bluesky, ID: "at://did:plc:abc/app.bsky.feed.post/3k", Text: "Blue.", Author: post.Author{Handle: "ada"}}
	for i, p := range []post.Post{one, two, three, sky} {
		s.captured(p, post.SourcePublic, begin().Add(time.Duration(i)*time.Minute))
	}
	id := s.article("https://news.example/story", "Story", begin(), mention(two.Ref(), "", 1), store.Mention{Kind: "embed", Platform: post.Twitter, Markup: "flattened"},
		mention(one.Ref(), "", 2), mention(two.Ref(), "", 3))
	s.add(&store.Resolution{Time: begin(), Article: id, Mention: 1, Ref: three.Ref(), Method: "short-link", Confidence: 1})
	for query, want := range map[string][]string{
		"twitter:1001":                         {"twitter:1001"},
		"1002":                                 {"twitter:1002"},
		"https://x.com/whoever/status/1003":    {"twitter:1003"},
		"mobile.twitter.com/a/status/1003?s=2": {"twitter:1003"},
		"@ADA":                                 {"twitter:1002", "twitter:1001", "bluesky:at://did:plc:abc/app.bsky.feed.post/3k"},
		"https://x.com/ada":                    {"twitter:1002", "twitter:1001"},
		"bluesky:@ada":                         {"bluesky:at://did:plc:abc/app.bsky.feed.post/3k"},
		"news.example/story":                   {"twitter:1002", "twitter:1003", "twitter:1001"},
		"http://www.news.example/story/?fbclid=x#top": {"twitter:1002", "twitter:1003", "twitter:1001"},
		"twitter:999":                 nil,
		"https://x.com/a/status/999":  nil,
		"@nobody":                     nil,
		"https://news.example/nobody": nil,
	} {
		if diff := cmp.Diff(want, s.lookup(query)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", query, diff)
		}
	}
	if len(s.search.queries) > 0 {
		t.Errorf("these were searched as words: %q", s.search.queries)
	}
	// Words, and numbers that are no post; what the index names but the archive
	// does not hold is left out.
	s.search.hits = []store.Hit{{Ref: "twitter:1003", Score: 7}, {Ref: "twitter:9", Score: 5}, {Ref: "twitter:1001", Score: 2}}
	for _, query := range []string{"third time", "2020", "word"} {
		if diff := cmp.Diff([]string{"twitter:1003", "twitter:1001"}, s.lookup(query)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", query, diff)
		}
	}
	hits, err := s.reader.Lookup(t.Context(), "third", 1)
	if err != nil || len(hits) != 1 {
		t.Fatalf("%d hits, %v", len(hits), err)
	}
	posted := three.Posted
	want := archiver.LookupHit{Platform: "twitter", ID: "1003", URL: three.URL, Author: archiver.ResultAuthor{Name: "BRAM", Handle: "bram"}, Text: "Third.",
		Posted: &posted, Status: post.Live, Score: 7, Mentions: 1}
	if diff := cmp.Diff(want, hits[0]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Without an index of words, the posts themselves are read.
func TestLookupWithoutIndex(t *testing.T) {
	s := newShelf(t)
	photo := tweet("4", "cleo", "Look!")
	photo.Media = []post.Media{{Kind: "photo", Alt: "A heron on the pier"}}
	quoting := tweet("5", "dan", "Nonsense.")
	quoting.Quoted = post.Ref{Platform: post.Twitter, ID: "1"}
	for i, p := range []post.Post{tweet("1", "ada", "The BRIDGE opens on Monday — everybody is welcome."), tweet("2", "bram", "Monday: the new bridge"),
		tweet("3", "bram", "Das Café an der Brücke öffnet. 橋が開く 🌉"), photo, quoting} {
		s.captured(p, post.SourcePublic, begin().Add(time.Duration(i)*time.Minute))
	}
	r := archiver.NewReader(archiver.ReaderOptions{Archive: s.plain, Finder: extract.NewFinder(sites.All())})
	for query, want := range map[string][]string{
		"bridge opens":       {"twitter:1"},
		"monday bridge":      {"twitter:2", "twitter:1"},
		"“the bridge opens”": {"twitter:1"},
		"opens the bridge":   {"twitter:1"},
		"cafe brucke":        {"twitter:3"},
		"橋":                  {"twitter:3"},
		"🌉":                  {"twitter:3"},
		"heron":              {"twitter:4"},
		"Dan":                {"twitter:5"},
		"bridge nonsense":    nil,
		"…":                  nil,
	} {
		hits, err := r.Lookup(t.Context(), query, 0)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var got []string
		for i := range hits {
			got = append(got, hits[i].Ref().String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", query, diff)
		}
	}
	if hits, err := r.Lookup(t.Context(), "the", 1); err != nil || len(hits) != 1 {
		t.Errorf("%d hits, %v", len(hits), err)
	}
}

func TestLookupOfManyPostsOfAnAccount(t *testing.T) {
	s := newShelf(t)
	for i := range 130 {
		id := string(rune('1'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
		s.captured(tweet(id, "ada", "Post "+id), post.SourcePublic, begin().Add(time.Duration(i)*time.Second))
		s.captured(tweet(id, "ada", "Post "+id), post.SourcePublic, begin().Add(time.Duration(i)*time.Second))
	}
	hits, err := s.reader.Lookup(t.Context(), "@ada", 120)
	if err != nil || len(hits) != 120 {
		t.Fatalf("%d hits, %v", len(hits), err)
	}
	seen := map[post.Ref]bool{}
	for i := range hits {
		seen[hits[i].Ref()] = true
	}
	if len(seen) != 120 || hits[0].ID != "229" {
		t.Errorf("%d posts, the first is %s", len(seen), hits[0].ID)
	}
}

func TestCoverage(t *testing.T) {
	s := newShelf(t)
	c, err := s.reader.Coverage(t.Context())
	if err != nil || c.Posts != 0 || !c.First.IsZero() {
		t.Errorf("empty: %+v, %v", c, err)
	}
	s.captured(tweet("1", "ada", "a"), post.SourcePublic, begin())
	s.captured(tweet("1", "ada", "a"), post.SourcePublic, begin().Add(time.Hour))
	s.captured(tweet("2", "ada", "b"), post.SourcePublic, begin().Add(2*time.Hour))
	s.article("https://news.example/one", "", begin().Add(3*time.Hour), mention(post.Ref{Platform: post.Twitter, ID: "3"}, "only mentioned", 1))
	c, err = s.reader.Coverage(t.Context())
	if err != nil || c.Posts != 2 || c.About || !c.First.Equal(begin()) || !c.Last.Equal(begin().Add(3*time.Hour)) {
		t.Errorf("%+v, %v", c, err)
	}
	// Where there are many, the index of words counts, and what it lacks yet does
	// not make fewer of them; without one they are counted.
	for at := 0; at < 20_500; at += 2050 {
		b := s.archive.Begin()
		for i := range 2050 {
			if _, err := b.Add(t.Context(), &store.Look{Time: begin(), Ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(1000 + at + i)}, Result: post.Live, Endpoint: "e"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for covered, want := range map[int]int64{20_400: 20_400, 5: 10_001} {
		s.search.covered.Posts = covered
		if c, err := s.reader.Coverage(t.Context()); err != nil || c.Posts != want || !c.About || c.First.IsZero() {
			t.Errorf("%+v, %v, want about %d", c, err, want)
		}
	}
	plain := archiver.NewReader(archiver.ReaderOptions{Archive: s.plain, Finder: extract.NewFinder(sites.All())})
	if c, err := plain.Coverage(t.Context()); err != nil || c.Posts != 20_503 || !c.About {
		t.Errorf("without an index: %+v, %v", c, err)
	}
}
