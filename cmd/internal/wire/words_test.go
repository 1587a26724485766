package wire

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract/post"
	"stet/store"
	"stet/store/search"
)

// Words are found by the index; and all the same where it is missing, damaged,
// or not at the end of the journal.
func TestWordsAreFoundWhateverTheIndex(t *testing.T) {
	n, c, o := inside(t)
	ada := fakenet.Person{Name: "Ada", Handle: "ada"}
	capture := func(id, text string) {
		t.Helper()
		n.X().Add(fakenet.Post{ID: id, Text: text, Author: ada})
		w, err := Open(t.Context(), c, o)
		if err != nil {
			t.Fatal(err)
		}
		res, err := w.Engine.CapturePosts(t.Context(), []post.Ref{{Platform: post.Twitter, ID: id}}, []string{""}, archiver.CaptureOptions{})
		if err := errors.Join(err, res[0].Err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(c.Data, search.FileName)
	look := func(query string, indexed bool, want ...string) {
		t.Helper()
		w, err := OpenReadOnly(t.Context(), c, o)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if _, err := w.Archive.Search(t.Context(), store.SearchQuery{Words: query}); (err == nil) != indexed || err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: the index says %v", query, err)
		}
		hits, err := w.Reader.Lookup(t.Context(), query, 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range hits {
			got = append(got, hits[i].ID)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	capture("1229700000000000001", "The heron came back.")
	look("heron", true, "1229700000000000001")
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	capture("1229700000000000002", "Another heron.")
	both := []string{"1229700000000000002", "1229700000000000001"}
	look("heron", true, both...)
	for name, damage := range map[string]func() error{
		"behind":  func() error { return os.WriteFile(file, old, 0o600) },
		"damaged": func() error { return os.WriteFile(file, []byte("nonsense"), 0o600) },
		"missing": func() error { return os.Remove(file) },
	} {
		if err := damage(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		look("heron", false, both...)
	}
	// The next command that writes mends it.
	capture("1229700000000000003", "A third one.")
	look("heron", true, both...)
}
