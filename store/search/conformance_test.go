package search_test

import (
	"path/filepath"
	"testing"

	"stet/store"
	"stet/store/search"
	"stet/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.RunSearch(t, storetest.SearchConfig{Open: func(t *testing.T, backend store.Backend) store.Searcher {
		x, err := search.Open(t.Context(), filepath.Join(t.TempDir(), search.FileName), backend, search.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := x.Close(); err != nil {
				t.Error(err)
			}
		})
		return x
	}})
}
