package archiver_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
)

func TestKeepCase(t *testing.T) {
	s := newShelf(t)
	id, err := archiver.KeepCase(t.Context(), s.archive, store.Case{Act: store.CaseOpen, Title: "  The   ferries ", Tags: []string{"#Sea, fares", "sea"}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := archiver.KeepCase(t.Context(), s.archive, store.Case{Act: store.CaseNote, Case: id, Text: " so "})
	if err != nil || again != id {
		t.Fatal(again, err)
	}
	c, err := s.reader.Case(t.Context(), id, "")
	if err != nil || c.Title != "The ferries" || cmp.Diff([]string{"fares", "sea"}, c.Tags) != "" || c.Notes[0].Text != "so" {
		t.Errorf("%+v, %v", c, err)
	}
	look := s.add(&store.Look{Time: begin(), Ref: post.Ref{Platform: post.Twitter, ID: "5"}, Result: post.NotFound, Endpoint: "oembed"})[0]
	for name, tt := range map[string]struct {
		c    store.Case
		want error
	}{
		"no title":           {store.Case{Act: store.CaseOpen, Title: " "}, store.ErrInvalid},
		"a second opening":   {store.Case{Act: store.CaseOpen, Case: id, Title: "x"}, store.ErrInvalid},
		"a note of no case":  {store.Case{Act: store.CaseNote, Text: "x"}, store.ErrInvalid},
		"an empty note":      {store.Case{Act: store.CaseNote, Case: id}, store.ErrInvalid},
		"nothing to add":     {store.Case{Act: store.CaseAdd, Case: id}, store.ErrInvalid},
		"two things to add":  {store.Case{Act: store.CaseAdd, Case: id, Member: store.CaseMember{Article: "https://a.example/", Page: "https://a.example/"}}, store.ErrInvalid},
		"a title too long":   {store.Case{Act: store.CaseEdit, Case: id, Title: strings.Repeat("x", 301)}, store.ErrTooLarge},
		"no such case":       {store.Case{Act: store.CaseNote, Case: store.ID{1}, Text: "x"}, store.ErrNotFound},
		"what is not a case": {store.Case{Act: store.CaseNote, Case: look, Text: "x"}, store.ErrNotFound},
	} {
		if _, err := archiver.KeepCase(t.Context(), s.archive, tt.c); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRequest: what a person asks for waits in the queue once.
func TestRequest(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		kinds := map[string]string{
			"https://x.com/someone/status/1990000000000000001?s=20": archiver.JobCapture + " twitter:1990000000000000001",
			"twitter:1990000000000000001":                           archiver.JobCapture + " twitter:1990000000000000001",
			"https://news.example/a":                                archiver.JobArticle + " https://news.example/a",
		}
		for target, want := range kinds {
			j, err := w.engine.Request(w.ctx, target, archiver.CaptureOptions{})
			if err != nil || j.Kind+" "+j.Key != want || j.Priority != store.PriorityDesk {
				w.t.Errorf("%s: %+v, %v", target, j, err)
			}
			again, err := w.engine.Request(w.ctx, target, archiver.CaptureOptions{})
			if err != nil || again.ID != j.ID {
				w.t.Errorf("%s: asked for twice: %v, %v", target, again.ID, err)
			}
		}
		for _, target := range []string{"", "nothing", "ftp://news.example/", "javascript:alert(1)", "https://x.com/someone", "file:///etc/passwd", "nowhere:1"} {
			if _, err := w.engine.Request(w.ctx, target, archiver.CaptureOptions{}); !errors.Is(err, store.ErrInvalid) {
				w.t.Errorf("%q: %v", target, err)
			}
		}
	})
}
