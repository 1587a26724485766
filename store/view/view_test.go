package view_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
	"stet/store/view"
)

// random repeats from run to run.
type random struct{ n byte }

func (r *random) Read(p []byte) (int, error) {
	for i := range p {
		r.n++
		p[i] = r.n
	}
	return len(p), nil
}

func begin() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// shelf is an archive that is filled by hand.
type shelf struct {
	t *testing.T
	*view.Reader
	archive *store.Archive
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	now := func() time.Time { return begin().Add(1000 * time.Hour) }
	m := mem.New(mem.Options{Now: now})
	a := store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: now, Random: &random{}})
	return &shelf{t, view.New(a, view.Policy{
		Status: func(h *store.History) view.Status {
			if n := len(h.Verdicts); n > 0 {
				v := h.Verdicts[n-1].Content
				return view.Status{Value: v.Status, Confirmed: v.Confirmed}
			}
			return view.Status{Value: post.Live}
		},
		PageStatus: func(*store.PageHistory) view.PageStatus { return view.PageStatus{Value: store.PageAlive} },
		Quote: func(q store.Quotation, p *post.Post) string {
			switch {
			case q.Text == "":
				return view.QuoteNone
			case q.Text == p.Text:
				return view.QuoteMatch
			}
			return view.QuoteMismatch
		},
		Private: func(h *store.History) bool { return h.Captures[0].Content.Private },
	}), a}
}

func (s *shelf) add(contents ...store.Content) (ids []store.ID) {
	s.t.Helper()
	b := s.archive.Begin()
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

func tweet(id, handle, text string) post.Post {
	return post.Post{Platform: post.Twitter, ID: id, Text: text, Author: post.Author{ID: "7", Name: "Ada", Handle: handle}, Posted: begin().Add(-time.Hour)}
}

func (s *shelf) captured(p post.Post, source post.Source, at time.Time) store.ID {
	s.t.Helper()
	id := s.add(&store.Capture{Time: at, Kind: store.CapturePost, Ref: p.Ref(), Source: source})[0]
	s.add(&store.Derivation{Time: at, Capture: id, Parser: "test@1", Source: source, Ref: p.Ref(), Post: p})
	return id
}

func (s *shelf) history(ref post.Ref) *store.History {
	s.t.Helper()
	h, err := s.archive.History(s.t.Context(), ref)
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

func (s *shelf) gone(ref post.Ref, status post.Status, at time.Time) {
	s.add(&store.Verdict{Time: at, Ref: ref, Status: status, Confirmed: true, Event: "gone", LastLive: at.Add(-2 * time.Hour), FirstGone: at.Add(-time.Hour), ConfirmedAt: at})
}

func TestVersions(t *testing.T) {
	s := newShelf(t)
	p := tweet("1", "ada", "It opens on Monday.")
	p.Media = []post.Media{{Kind: "photo", URL: "https://x/1", Digest: "sha256:aa"}}
	first := s.captured(p, post.SourcePublic, begin())
	s.captured(p, post.SourcePublic, begin().Add(time.Hour))
	// Another source writes the link otherwise: nothing was edited.
	cut := p
	cut.Text, cut.Incomplete, cut.Media = "It opens …", true, nil
	s.captured(cut, post.SourceEmbed, begin().Add(90*time.Minute))
	quoted := p
	quoted.Text = "It opens on Sunday."
	s.captured(quoted, post.SourceArticle, begin().Add(95*time.Minute))
	edited := p
	edited.Text, edited.Author.Name, edited.Media = "It opens on Friday.", "Ada L.", []post.Media{{Kind: "photo", URL: "https://x/2", Digest: "sha256:bb"}}
	second := s.captured(edited, post.SourcePublic, begin().Add(2*time.Hour))
	got := view.Versions(s.history(p.Ref()))
	if len(got) != 2 || got[0].Capture != first || got[1].Capture != second || !got[0].From.Equal(begin()) || !got[0].Until.Equal(begin().Add(90*time.Minute)) {
		t.Fatalf("%+v", got)
	}
	want := []view.Part{{Kind: view.PartSame, Text: "It opens on "}, {Kind: view.PartGone, Text: "Monday"}, {Kind: view.PartNew, Text: "Friday"}, {Kind: view.PartSame, Text: "."}}
	if diff := cmp.Diff(want, got[1].Words); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(got[1].Media) != 2 || got[1].Media[0].Kind != view.PartGone || got[1].Media[1].Media.Digest != "sha256:bb" {
		t.Errorf("media: %+v", got[1].Media)
	}
	if diff := cmp.Diff([]string{"The author's name was “Ada” and is “Ada L.”."}, got[1].Other); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What a platform tells of a post's past is a version too, once.
func TestVersionsThatThePlatformTells(t *testing.T) {
	s := newShelf(t)
	p := tweet("1", "ada", "Now.")
	p.Earlier = []post.Version{{Time: begin().Add(-2 * time.Hour), Text: "First."}, {Time: begin().Add(-time.Hour), Text: "Then."}}
	s.captured(p, post.SourcePublic, begin())
	got := view.Versions(s.history(p.Ref()))
	if len(got) != 3 || !got[0].Told || got[0].Post.Text != "First." || got[2].Told || !view.Changed(got[2].Words) {
		t.Fatalf("%+v", got)
	}
}

func TestHowKnown(t *testing.T) {
	s := newShelf(t)
	p := tweet("1", "ada", "It opens on Monday.")
	c := s.captured(p, post.SourcePublic, begin())
	s.captured(p, post.SourceEmbed, begin())
	other := p
	other.Text = "It opens on Sunday."
	s.captured(other, post.SourceArticle, begin())
	known := view.HowKnown(s.history(p.Ref()))
	words := known[0]
	if words.What != "The words" || words.Source != post.SourcePublic || words.Capture != c || len(words.Agree) != 1 || words.Agree[0].Source != post.SourceEmbed ||
		len(words.Differ) != 1 || words.Differ[0].Value != "It opens on Sunday." {
		t.Errorf("%+v", words)
	}
}

func TestGone(t *testing.T) {
	s := newShelf(t)
	for i, handle := range []string{"ada", "bram", "Ada"} {
		p := tweet(string(rune('1'+i)), handle, "Words.")
		s.captured(p, post.SourcePublic, begin())
		s.gone(p.Ref(), []post.Status{post.Deleted, post.NotFound, post.Deleted}[i], begin().Add(time.Duration(i+3)*time.Hour))
	}
	s.add(&store.ArticleVersion{Time: begin(), URL: "https://www.news.example/a", Key: "news.example/a", Title: "A", Origin: "web", Finder: "f",
		Mentions: []store.Mention{{Kind: "embed", Ref: post.Ref{Platform: post.Twitter, ID: "2"}, Positions: []int{3}}}})
	for name, tt := range map[string]struct {
		q    view.GoneQuery
		want string
	}{
		"all": {view.GoneQuery{}, "321"}, "author": {view.GoneQuery{Handle: "@ADA"}, "31"}, "status": {view.GoneQuery{Status: post.NotFound}, "2"},
		"domain": {view.GoneQuery{Domain: "news.example"}, "2"}, "another domain": {view.GoneQuery{Domain: "ews.example"}, ""},
		"since": {view.GoneQuery{Since: begin().Add(4 * time.Hour)}, "32"}, "until": {view.GoneQuery{Until: begin().Add(4 * time.Hour)}, "1"},
		"platform": {view.GoneQuery{Platform: post.Bluesky}, ""},
	} {
		got := ""
		for tt.q.Limit = 1; ; {
			page, err := s.Gone(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range page.Items {
				got += g.Card.Ref.ID
				if g.AtLeast != g.Verdict.LastLive.Sub(begin().Add(-time.Hour)) || g.AtMost < g.AtLeast {
					t.Errorf("%s: it stood %s to %s", name, g.AtLeast, g.AtMost)
				}
			}
			if tt.q.Before = page.Next; page.Next == 0 {
				break
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestAccount(t *testing.T) {
	s := newShelf(t)
	for i := range 5 {
		p := tweet(string(rune('1'+i)), "ada", "Words.")
		if i > 2 {
			p.Author.Handle = "ada_new"
		}
		s.captured(p, post.SourcePublic, begin().Add(time.Duration(i)*time.Hour))
	}
	again := tweet("1", "ada_new", "Words.")
	s.captured(again, post.SourcePublic, begin().Add(9*time.Hour))
	got, before := "", uint64(0)
	for {
		a, err := s.Account(t.Context(), post.Twitter, "ADA", before, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range a.Posts {
			got += c.Ref.ID
		}
		if a.Latest.Handle != "ada_new" || a.ID != "7" || len(a.Handles) != 2 || a.Handles[1].Word != "ada" || !a.Handles[1].Last.Equal(begin().Add(2*time.Hour)) {
			t.Errorf("%+v", a)
		}
		if before = a.Next; before == 0 {
			break
		}
	}
	if got != "15432" {
		t.Errorf("posts %s", got)
	}
	if _, err := s.Account(t.Context(), post.Twitter, "nobody", 0, 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func TestArticle(t *testing.T) {
	s := newShelf(t)
	p := tweet("1", "ada", "It opens on Monday.")
	s.captured(p, post.SourcePublic, begin())
	mention := func(id, text string) store.Mention {
		return store.Mention{Kind: "embed", Ref: post.Ref{Platform: post.Twitter, ID: id}, Positions: []int{2}, Quoted: store.Quotation{Text: text}}
	}
	version := func(at time.Time, text string, m ...store.Mention) *store.ArticleVersion {
		return &store.ArticleVersion{Time: at, URL: "https://news.example/a", Key: "news.example/a", Title: "A", Text: text, Origin: "web", Finder: "f", Mentions: m,
			Links: []store.ArticleLink{{URL: "https://other.example/"}}}
	}
	s.add(version(begin(), "One two.", mention("1", "It opens on Sunday."), mention("9", "")))
	flat := store.Mention{Kind: "embed", Platform: post.Twitter, Quoted: store.Quotation{Text: "It opens on Monday."}}
	id := s.add(version(begin().Add(time.Hour), "One three.", mention("1", "It opens on Sunday."), flat))[0]
	s.add(&store.Resolution{Time: begin().Add(time.Hour), Article: id, Mention: 1, Ref: p.Ref(), Method: "archive", Confidence: 0.9})
	a, err := s.Article(t.Context(), "http://www.news.example/a?utm_source=x")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range a.Embeds {
		line := e.Ref.ID + " " + e.Quote + " " + e.ResolvedBy
		if e.Left {
			line += " left"
		}
		if e.Card == nil {
			line += " never archived"
		}
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	if diff := cmp.Diff([]string{"1 mismatch", "1 match archive", "9 none left never archived"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !view.Changed(a.Embeds[0].Words) || len(a.Links) != 1 || a.Links[0].Status != nil {
		t.Errorf("%+v", a)
	}
	c := view.Changes(a.Versions[0].ArticleVersion, a.Versions[1].ArticleVersion)
	if c.IsZero() || len(c.Left) != 1 || c.Left[0].ID != "9" || view.Changed(c.Title) {
		t.Errorf("%+v", c)
	}
}
