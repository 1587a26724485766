package main

import (
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stet/archiver/fakenet"
	"stet/store"
	"stet/store/disktest"
	"stet/store/storetest"
)

// TestRetentionAtEachStep kills what a rule removes just before something that it
// does to the disk. The next run finishes it: it is decided once, nothing of the
// post is shown or found, what a person captured stays, and without a grace no
// file holds its words where no page of the database is free.
func TestRetentionAtEachStep(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	base := retiring(t)
	for name, grace := range map[string]string{"sealed": "30d", "destroyed": "0"} {
		r := base
		r.name, r.env = name, append(slices.Clone(base.env), "STET_POLICY_KEEP_GRACE="+grace)
		t.Run(name, func(t *testing.T) { r.retireAtEachStep(t, rng) })
	}
}

// retiring lets a source name a story with a post, and returns the command that
// removes it.
func retiring(t *testing.T) removing {
	t.Helper()
	n, dir, r := removingWorld(t, fakenet.Media{Key: "Small"})
	n.HandleFunc("agency.example", func(w http.ResponseWriter, asked *http.Request) {
		switch asked.URL.Path {
		case "/list.txt":
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "https://agency.example/gate\n")
		case "/gate":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<html><body><article><p>The gate again.</p><blockquote class="twitter-tweet"><p>`+removedWords+
				`</p>&mdash; Ada (@`+ada.Handle+`) <a href="https://twitter.com/`+ada.Handle+`/status/`+r.taken.ID+`">March 1, 2026</a></blockquote></article></body></html>`)
		default:
			http.NotFound(w, asked)
		}
	})
	captured := filepath.Join(dir, "captured")
	for _, args := range [][]string{{"capture", r.kept.String()}, {"source", "add", "https://agency.example/list.txt", "--name", "agency"},
		{"serve", "--once"}, {"source", "add", "https://agency.example/list.txt", "--name", "agency", "--keep", "1ms"}} {
		killing{env: r.env, args: args}.watch(t, captured, nil)
	}
	r.args, r.gone = []string{"source", "due", "--now"}, true
	if found := r.anywhere(t, captured); len(found) == 0 {
		t.Fatal("it stands nowhere, so that the test proves little")
	}
	r.prepare = func(t *testing.T, data string) {
		if err := os.CopyFS(data, os.DirFS(captured)); err != nil {
			t.Fatal(err)
		}
		private(t, data)
	}
	return r
}

// retireAtEachStep kills the command at some of its steps.
func (r *removing) retireAtEachStep(t *testing.T, rng *rand.Rand) {
	data := filepath.Join(t.TempDir(), "archive")
	r.begin(t, data)
	places := 0
	r.watch(t, data, func(n int, _ string) disktest.Verdict {
		places = n
		return disktest.Verdict{}
	})
	r.proveRetired(t, data)
	kills := 1
	if storetest.Thorough() {
		kills = 12
	}
	for range kills {
		at := 1 + rng.IntN(places)
		r.begin(t, data)
		if _, killed := r.watch(t, data, func(n int, _ string) disktest.Verdict { return disktest.Verdict{Kill: n == at} }); !killed {
			t.Logf("step %d of %d was not reached", at, places)
		}
		proveArchive(t, data, nil)
		r.watch(t, data, nil)
		r.proveRetired(t, data)
		if t.Failed() {
			t.Fatalf("that was after step %d of %d", at, places)
		}
	}
}

// proveRetired fails the test where the rule was not carried out, whole and once.
func (r *removing) proveRetired(t *testing.T, data string) {
	t.Helper()
	proveArchive(t, data, nil)
	w := r.open(t, data)
	ctx := t.Context()
	if h, err := w.Archive.History(ctx, r.taken); err != nil || len(h.Captures) > 0 || h.Best() != nil {
		t.Errorf("something of it is shown: %+v, %v", h, err)
	}
	if h, err := w.Archive.History(ctx, r.kept); err != nil || h.Best() == nil {
		t.Errorf("what a person captured: %v", err)
	}
	records, err := w.Archive.ListAll(ctx, store.RetentionsTerm(), 10)
	if err != nil || len(records) != 1 {
		t.Errorf("%d decisions, %v", len(records), err)
	}
	if left, err := w.Removals.Unfinished(ctx); err != nil || len(left) > 0 {
		t.Errorf("%d takedowns are not done, %v", len(left), err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	hits, _ := killing{env: r.env, args: []string{"lookup", "--json", removedWord}}.tryOut(t, data)
	if strings.Contains(string(hits), r.taken.ID) {
		t.Errorf("its words lead to %s", hits)
	}
	killing{env: r.env, args: []string{"compact"}}.watch(t, data, nil)
	if found := r.anywhere(t, data); len(found) > 0 {
		t.Errorf("it is left in %q", found)
	}
}
