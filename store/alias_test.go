package store_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

// The history of a post is the same under its reference and its aliases, and
// holds what is kept under each; another post with such an alias is not it.
func TestHistoryUnderAliases(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	m := mem.New(mem.Options{Now: now})
	a := store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: now, Random: rand.Reader})
	lasting, alias, other := post.Ref{Platform: "bluesky", ID: "lasting"}, post.Ref{Platform: "bluesky", ID: "alias"}, post.Ref{Platform: "bluesky", ID: "other"}
	b := a.Begin()
	derive := func(p post.Post) {
		t.Helper()
		id, err := b.Add(t.Context(), &store.Capture{Time: now(), Kind: store.CapturePost, Ref: p.Ref(), Source: post.SourcePublic})
		if err == nil {
			_, err = b.Add(t.Context(), &store.Derivation{Time: now(), Capture: id, Parser: "test@1", Source: post.SourcePublic, Ref: p.Ref(), Post: p})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	derive(post.Post{Platform: "bluesky", ID: "lasting", Text: "words", Aliases: []post.Ref{alias}})
	derive(post.Post{Platform: "bluesky", ID: "other", Text: "quotes it by its alias", Quoted: alias})
	for _, ref := range []post.Ref{alias, lasting} {
		if _, err := b.Add(t.Context(), &store.Look{Time: now(), Ref: ref, Result: post.Live, Endpoint: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []post.Ref{lasting, alias} {
		h, err := a.History(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		if h.Ref != lasting || len(h.Captures) != 1 || len(h.Derivations) != 1 || len(h.Looks) != 2 || len(h.QuotedBy) != 1 || !h.Is(alias) || h.Is(other) {
			t.Errorf("%s: %+v", ref, h)
		}
		for i := 1; i < len(h.Looks); i++ {
			if h.Looks[i].Seq <= h.Looks[i-1].Seq {
				t.Error("the looks are not in their order")
			}
		}
	}
	if _, err := a.History(t.Context(), post.Ref{Platform: "bluesky", ID: "nobody"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nothing is known: %v", err)
	}
}
