package archiver_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stet/archiver"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/extract/words"
	"stet/store"
	"stet/store/mem"
	"stet/store/pictures"
	"stet/store/search"
)

// newSearched is a shelf whose archive has the real indexes.
func newSearched(t *testing.T) *shelf {
	t.Helper()
	now := func() time.Time { return begin().Add(48 * time.Hour) }
	m := mem.New(mem.Options{Now: now})
	index, err := search.Open(t.Context(), filepath.Join(t.TempDir(), search.FileName), m, search.Options{})
	if err != nil {
		t.Fatal(err)
	}
	looks, err := pictures.Open(t.Context(), filepath.Join(t.TempDir(), pictures.FileName), m, m, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(index.Close(), looks.Close()); err != nil {
			t.Error(err)
		}
	})
	s := &shelf{t: t}
	s.archive = store.NewArchive(store.Parts{Backend: m, Blobs: m, Search: index, Now: now, Random: &noise{}})
	s.reader = archiver.NewReader(archiver.ReaderOptions{Archive: s.archive, Finder: extract.NewFinder(sites.All()), Platforms: []post.Platform{post.Twitter, post.Bluesky}, Pictures: looks})
	return s
}

func (s *shelf) said(q archiver.Quote) *archiver.Said {
	s.t.Helper()
	said, err := s.reader.DidTheySay(s.t.Context(), &q)
	if err != nil {
		s.t.Fatal(err)
	}
	return said
}

func TestDidTheySay(t *testing.T) {
	s := newSearched(t)
	opens := tweet("1", "ada", "The bridge opens on Monday, and everybody is welcome. See you there!")
	edited := tweet("2", "ada", "The tunnel stays shut for the rest of the year.")
	edited.Earlier = []post.Version{{Text: "The tunnel will open again in the spring, I promise."}}
	other := tweet("3", "bram", "Nobody has ever seen a heron on the pier at noon.")
	for i, p := range []post.Post{opens, edited, other} {
		s.captured(p, post.SourcePublic, begin().Add(time.Duration(i)*time.Minute))
	}
	for i := range 30 {
		s.captured(tweet(fmt.Sprint(100+i), "cleo", fmt.Sprintf("Weather of the day number %d on the bridge", i)), post.SourcePublic, begin())
	}
	for _, tt := range []struct {
		name   string
		q      archiver.Quote
		answer string
		near   string // ref of the nearest
	}{
		{"word for word", archiver.Quote{Text: "“The bridge opens on Monday and everybody is welcome — see you there”", Handle: "ada"}, archiver.SaidSame, "twitter:1"},
		{"a part", archiver.Quote{Text: "everybody is welcome", Handle: "@ADA"}, archiver.SaidPart, "twitter:1"},
		{"changed", archiver.Quote{Text: "The bridge never opens on Monday, and nobody is welcome."}, archiver.SaidNear, "twitter:1"},
		{"its rarest words changed", archiver.Quote{Text: "The tunnel stays closed until the end of the year."}, archiver.SaidNear, "twitter:2"},
		{"an earlier version", archiver.Quote{Text: "The tunnel will open again in the spring, I promise.", Handle: "ada"}, archiver.SaidSame, "twitter:2"},
		{"of another", archiver.Quote{Text: "Nobody has ever seen a heron on the pier at noon.", Handle: "ada"}, archiver.SaidNone, "twitter:3"},
		{"a pasted embed", archiver.Quote{Text: "Nobody has ever seen a heron on the pier at noon. — Bram (@bram) " + other.Posted.Format("January 2, 2006")}, archiver.SaidSame, "twitter:3"},
		{"nothing near", archiver.Quote{Text: "Zeppelins are the future of travel", Handle: "ada"}, archiver.SaidNone, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := s.said(tt.q)
			near := ""
			if len(got.Near) > 0 {
				near = got.Near[0].Ref().String()
			}
			if got.Answer != tt.answer || near != tt.near {
				t.Errorf("got %s, nearest %s; want %s, %s\n%+v", got.Answer, near, tt.answer, tt.near, got)
			}
			if got.Answer == archiver.SaidNone && !strings.Contains(got.Sentence, "does not tell whether") {
				t.Errorf("the sentence can be mistaken: %s", got.Sentence)
			}
		})
	}
	got := s.said(archiver.Quote{Text: "The bridge opens on Tuesday, and everybody is welcome.", Handle: "ada", Date: "2001-01-01"})
	if n := got.Near[0]; n.Answer != archiver.SaidNear || !n.OffDay || got.Searched.Day != 0 || got.Searched.Account != 2 || got.Searched.Posts != 33 {
		t.Errorf("got %+v", got)
	}
	want := []words.Edit{{Op: words.Both, Text: "The bridge opens on "}, {Op: words.First, Text: "Tuesday, "}, {Op: words.Second, Text: "Monday, "},
		{Op: words.Both, Text: "and everybody is welcome."}, {Op: words.Second, Text: "See you there!"}}
	if diff := cmp.Diff(want, got.Near[0].Diff); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, q := range map[string]archiver.Quote{"one word": {Text: "bridge"}, "no day": {Text: "the bridge", Date: "soon"}, "nothing": {}} {
		if _, err := s.reader.DidTheySay(t.Context(), &q); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFind(t *testing.T) {
	s := newSearched(t)
	for i := range 5 {
		s.captured(tweet(fmt.Sprint(1000+i), "ada", fmt.Sprintf("bridge number%d", i)), post.SourcePublic, begin().Add(time.Duration(i)*time.Minute))
	}
	s.article("https://news.example/story", "The bridge", begin(), mention(post.Ref{Platform: post.Twitter, ID: "1002"}, "", 1))
	find := func(q archiver.LookupQuery) *archiver.LookupResult {
		t.Helper()
		got, err := s.reader.Find(t.Context(), &q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := find(archiver.LookupQuery{Text: "@ada", Limit: 2}); got.Total != 5 || len(got.Hits) != 2 || got.Cursor == "" || len(find(archiver.LookupQuery{Text: "@ada", Limit: 9, Cursor: got.Cursor}).Hits) != 3 {
		t.Errorf("an account: %+v", got)
	}
	if got := find(archiver.LookupQuery{Text: "bridge domain:news.example", Facets: []store.Facet{store.FacetKind}}); len(got.Hits) != 2 || got.Hits[0].ID != "1002" || got.Hits[1].Kind != "article" ||
		len(got.Facets[store.FacetKind]) != 2 {
		t.Errorf("by domain: %+v", got)
	}
	if got := find(archiver.LookupQuery{Text: "news.example"}); len(got.Hits) != 2 {
		t.Errorf("a domain: %+v", got)
	}
	if got := find(archiver.LookupQuery{Text: "number3.example"}); len(got.Hits) != 0 {
		t.Errorf("a domain that is not there: %+v", got)
	}
	if _, err := s.reader.Find(t.Context(), &archiver.LookupQuery{Text: "bridge", Cursor: "x"}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("a cursor that is none: %v", err)
	}
}

func TestSimilarPictures(t *testing.T) {
	s := newSearched(t)
	m := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		m.Set(i%64, i/64, color.Gray{uint8(i * i % 251 / (1 + i%3))})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	info, err := s.archive.PutBlob(t.Context(), bytes.NewReader(b.Bytes()), 0)
	if err != nil {
		t.Fatal(err)
	}
	s.captured(tweet("7", "ada", "A picture"), post.SourcePublic, begin())
	s.add(&store.Capture{Time: begin(), Kind: store.CapturePost, Ref: post.Ref{Platform: post.Twitter, ID: "7"}, Source: post.SourcePublic,
		Media: []store.MediaFile{{URL: "https://pic.example/1", Digest: info.Digest, Type: "image/png"}}})
	hits, c, err := s.reader.Similar(t.Context(), b.Bytes(), 0)
	if err != nil || len(hits) != 1 || hits[0].ID != "7" || !hits[0].Same || hits[0].Digest != info.Digest.String() || c.Pictures != 1 {
		t.Errorf("got %+v, %+v, %v", hits, c, err)
	}
}
