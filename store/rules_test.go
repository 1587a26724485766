package store_test

import (
	"testing"

	"stet/extract/post"
	"stet/store"
)

// Whose post it is, only those tell who saw it: a file or an article can write
// any name, and would have rules of one account fall on another.
func TestSubjectOf(t *testing.T) {
	b := newBench(t)
	ref := look(1).Ref
	for source, id := range map[post.Source]string{post.SourcePublic: "1", post.SourceArchive: "2", post.SourceArticle: "3", post.SourceImport: "4"} {
		b.derive(ref, source, func(d *store.Derivation) {
			d.Post.Platform, d.Post.ID, d.Post.Author = ref.Platform, ref.ID, post.Author{ID: id}
		})
	}
	h, err := b.History(t.Context(), ref)
	b.must(err)
	seen := map[string]bool{}
	for _, a := range store.SubjectOf(h).Authors {
		seen[a.ID] = true
	}
	if len(seen) != 2 || !seen["1"] || !seen["2"] {
		t.Errorf("it is taken for the post of %v", seen)
	}
}
