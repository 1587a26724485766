package extract_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/sites"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what was found into testdata/pages")

// TestGoldenPages: one invented page for each form of markup and each trap. The
// comment of a file says what it is about; its last part is what is found.
func TestGoldenPages(t *testing.T) {
	files, err := filepath.Glob("testdata/pages/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	f := extract.NewFinder(sites.All())
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := extract.Input{URL: "https://gazette.example/2021/05/bridge-put-off/", Body: ar.Files[0].Data}
			got := describe(f.Find(in))
			if *update {
				ar.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(ar.Files[1].Data), got); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// describe writes findings one on a line.
func describe(r extract.Result) string {
	var b strings.Builder
	for _, e := range r.Embeds {
		fmt.Fprintf(&b, "embed %s %s %v", e.Markup, ref(string(e.Platform), e.ID, e.URL), e.Positions)
		if !e.Quoted.IsZero() {
			q, _ := json.Marshal(e.Quoted)
			fmt.Fprintf(&b, " %s", q)
		}
		for _, more := range []string{e.Part, e.Archived} {
			if more != "" {
				fmt.Fprintf(&b, " %s", more)
			}
		}
		b.WriteByte('\n')
	}
	for _, l := range r.PostLinks {
		fmt.Fprintf(&b, "link %s %v %q\n", ref(string(l.Platform), l.ID, l.URL), l.Positions, l.Anchor)
	}
	for _, l := range r.Links {
		fmt.Fprintf(&b, "other %s %v %q\n", l.URL, l.Positions, l.Anchor)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "warning %s\n", w)
	}
	return b.String()
}

func ref(platform, id, url string) string {
	if id == "" {
		return platform + " unresolved " + url
	}
	return platform + ":" + id
}
