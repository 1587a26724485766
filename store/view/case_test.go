package view_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

func TestCase(t *testing.T) {
	s := newShelf(t)
	p := tweet("1", "ada", "It opens on Monday.")
	s.captured(p, post.SourcePublic, begin())
	article := &store.ArticleVersion{Time: begin(), URL: "https://news.example/a", Key: "news.example/a", Title: "A", Text: "One.", Origin: "web", Finder: "f"}
	s.add(article)
	id := s.add(&store.Case{Time: begin(), Act: store.CaseOpen, Title: "Ferries", Tags: []string{"sea"}})[0]
	step := func(c store.Case) uint64 {
		c.Case, c.Time = id, begin().Add(time.Hour)
		s.add(&c)
		head, err := s.archive.Backend().Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return head
	}
	step(store.Case{Act: store.CaseAdd, Member: view.Member{Ref: p.Ref()}, Text: "the promise", By: "ada"})
	step(store.Case{Act: store.CaseAdd, Member: view.Member{Article: "https://www.news.example/a?utm_source=x"}})
	step(store.Case{Act: store.CaseAdd, Member: view.Member{Ref: post.Ref{Platform: post.Twitter, ID: "9"}}})
	step(store.Case{Act: store.CaseRemove, Member: view.Member{Ref: post.Ref{Platform: post.Twitter, ID: "9"}}})
	step(store.Case{Act: store.CaseAdd, Member: view.Member{Page: "https://other.example/"}})
	step(store.Case{Act: store.CaseNote, Text: "ask the harbour", By: "bram"})
	seen := step(store.Case{Act: store.CaseTag, Tags: []string{"fares", "sea"}})
	step(store.Case{Act: store.CaseVisit, By: "ada", Seen: seen})

	// Meanwhile.
	edited := p
	edited.Text = "It opens on Friday."
	s.captured(edited, post.SourcePublic, begin().Add(2*time.Hour))
	s.gone(p.Ref(), post.Deleted, begin().Add(4*time.Hour))
	changed := *article
	changed.Time, changed.Text = begin().Add(3*time.Hour), "Two."
	s.add(&changed)
	step(store.Case{Act: store.CaseNote, Member: view.Member{Ref: p.Ref()}, Text: "gone!", By: "bram"})

	c, err := s.Case(t.Context(), id, "ada")
	if err != nil {
		t.Fatal(err)
	}
	var news []string
	for _, it := range c.Items {
		for _, n := range it.News {
			news = append(news, n.Words)
		}
	}
	if diff := cmp.Diff([]string{"Its words were changed.", "It is deleted by its author.", "It was changed."}, news); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c.Title != "Ferries" || len(c.Items) != 3 || c.Items[0].Text != "the promise" || !c.Items[0].Notes[0].New || c.Notes[0].New ||
		cmp.Diff([]string{"fares", "sea"}, c.Tags) != "" || c.Items[0].Status != post.Deleted || c.Items[1].Title != "A" {
		t.Errorf("%+v", c)
	}
	stranger, err := s.Case(t.Context(), id, "cleo")
	if err != nil || stranger.Visited != nil || len(stranger.Items[0].News) != 0 {
		t.Errorf("who was never here is told news: %+v, %v", stranger, err)
	}
	all, err := s.Cases(t.Context())
	if err != nil || len(all) != 1 || all[0].Members != 3 || all[0].Closed {
		t.Errorf("%+v, %v", all, err)
	}
	in, err := s.CasesOf(t.Context(), view.Member{Article: "http://news.example/a/"})
	if err != nil || len(in) != 1 || in[0].ID != id {
		t.Errorf("%+v, %v", in, err)
	}
	if in, err = s.CasesOf(t.Context(), view.Member{Ref: post.Ref{Platform: post.Twitter, ID: "9"}}); err != nil || len(in) != 0 {
		t.Errorf("what was taken out is still in: %+v, %v", in, err)
	}
	if _, err := s.Case(t.Context(), store.ID{9, 9}, ""); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no such case: %v", err)
	}
}
