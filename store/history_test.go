package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stet/extract/post"
	"stet/store"
)

// derive adds a capture and a derivation of it, and returns the latter's id.
func (b *bench) derive(ref post.Ref, source post.Source, change func(*store.Derivation)) store.ID {
	b.Helper()
	build := b.Begin()
	capture, err := build.Add(b.Context(), &store.Capture{Time: noon(), Kind: store.CapturePost, Ref: ref, Source: source})
	b.must(err)
	d := &store.Derivation{Time: noon(), Capture: capture, Parser: "twitter@1", Source: source, Ref: ref, Post: post.Post{Text: "words"}}
	if change != nil {
		change(d)
	}
	id, err := build.Add(b.Context(), d)
	b.must(err)
	_, err = build.Commit(b.Context())
	b.must(err)
	return id
}

func TestHistory(t *testing.T) {
	b := newBench(t)
	ref, other := look(1).Ref, look(2).Ref
	if _, err := b.History(t.Context(), ref); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the history of nothing: %v", err)
	}
	d := b.derive(ref, post.SourcePublic, nil)
	b.derive(other, post.SourcePublic, func(d *store.Derivation) { d.Post.Quoted = ref })
	article := b.record(&store.ArticleVersion{Time: noon(), Key: "gazette.example/a", Mentions: []store.Mention{{Ref: ref}}})
	resolution := b.record(&store.Resolution{Time: noon(), Article: article.ID, Ref: ref})
	l := b.record(look(1))
	verdict := b.record(&store.Verdict{Time: noon(), Ref: ref, Status: post.NotFound, Looks: []store.ID{l.ID}})
	e := exchange("x")
	e.Refs = []post.Ref{ref}
	_, err := b.Append(t.Context(), store.Batch{Records: []store.Record{article, resolution, l, verdict, b.record(e)}})
	b.must(err)

	h, err := b.History(t.Context(), ref)
	b.must(err)
	if len(h.Captures) != 1 || len(h.Derivations) != 1 || len(h.Articles) != 1 || len(h.Resolutions) != 1 || len(h.Looks) != 1 || len(h.Verdicts) != 1 {
		t.Errorf("the history is %+v", h)
	}
	if d := cmp.Diff([]post.Ref{other}, h.QuotedBy); d != "" {
		t.Errorf("quoted by (- wanted, + got):\n%s", d)
	}
	if h.Looks[0].ID != l.ID || h.Looks[0].Seq == 0 || h.Looks[0].Content.Endpoint != "oembed" {
		t.Errorf("the look is %+v", h.Looks[0])
	}
	best := h.Best()
	if best == nil || best.ID != d || h.CaptureOf(best.Content) == nil || h.CaptureOf(best.Content).Content.Ref != ref {
		t.Errorf("the best derivation is %+v", best)
	}
	if c := h.CaptureOf(&store.Derivation{Capture: store.ID{7}}); c != nil {
		t.Errorf("an unknown capture is %+v", c)
	}
}

func TestBestDerivation(t *testing.T) {
	cut := func(d *store.Derivation) { d.Post.Incomplete = true }
	full := func(d *store.Derivation) { d.Post.Media = []post.Media{{Kind: "photo", URL: "https://pic.example/1"}} }
	type made struct {
		source post.Source
		change func(*store.Derivation)
	}
	cases := []struct {
		name string
		made []made
		want int
	}{
		{"the newest among equals", []made{{post.SourcePublic, nil}, {post.SourcePublic, nil}}, 1},
		{"a poorer source does not hide a richer one", []made{{post.SourceAPI, nil}, {post.SourceEmbed, nil}, {post.SourceArticle, nil}}, 0},
		{"a richer source is shown", []made{{post.SourceArticle, nil}, {post.SourceEmbed, nil}, {post.SourcePublic, nil}}, 2},
		{"whole before cut off", []made{{post.SourceEmbed, nil}, {post.SourcePublic, cut}}, 0},
		{"whole after cut off", []made{{post.SourcePublic, cut}, {post.SourceEmbed, nil}}, 1},
		{"an article's words are no match for cut ones", []made{{post.SourcePublic, cut}, {post.SourceArticle, nil}}, 0},
		{"of imported ones the fullest", []made{{post.SourceImport, full}, {post.SourceImport, nil}}, 0},
		{"of imported ones the newest among the full", []made{{post.SourceImport, full}, {post.SourceImport, nil}, {post.SourceImport, full}}, 2},
		{"what was redacted", []made{{post.SourceImport, full}, {post.SourceImport, func(d *store.Derivation) { d.Redacted = true }}}, 1},
		{"a source that this version does not know", []made{{post.SourceArticle, nil}, {"telepathy", nil}}, 0},
	}
	for _, c := range cases {
		b := newBench(t)
		var ids []store.ID
		for _, m := range c.made {
			ids = append(ids, b.derive(look(1).Ref, m.source, m.change))
		}
		h, err := b.History(t.Context(), look(1).Ref)
		b.must(err)
		if best := h.Best(); best == nil || best.ID != ids[c.want] {
			t.Errorf("%s: the best is %+v, want number %d", c.name, best, c.want)
		}
	}
	if best := (&store.History{}).Best(); best != nil {
		t.Errorf("the best of nothing is %+v", best)
	}
}
