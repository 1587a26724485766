package source

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what was read into the golden files")

// TestGolden reads each document of testdata/golden and compares what is said
// of it. The name of the document's section is its address and media type.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			words := strings.SplitN(a.Files[0].Name, " ", 3)
			got := told(a.Files[0].Data, words[1], words[2])
			if *update {
				a.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(a.Files[1].Data), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// told writes what a document says.
func told(body []byte, address, contentType string) string {
	var b strings.Builder
	t, err := openText(body, contentType, DefaultDocumentBytes)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	d := &document{url: address, contentType: contentType, body: body, text: t, format: detect(t.head, contentType)}
	fmt.Fprintf(&b, "format: %s\nwhat: %s\n", d.format, d.describe())
	switch d.format {
	case FormatRSS, FormatRDF, FormatAtom:
		tellFeed(&b, readFeed(t, address, DefaultEntries))
	case FormatJSON:
		f, ok := readJSONFeed(t, address, DefaultEntries)
		if !ok {
			fmt.Fprintf(&b, "no feed\n")
		}
		tellFeed(&b, f)
	case FormatSitemap, FormatIndex:
		end, err := readSitemap(t, DefaultEntries, func(e sitemapEntry) error {
			link, ok := webLink(e.loc, parseBase(address))
			if !ok {
				fmt.Fprintf(&b, "no address: %q\n", e.loc)
				return nil
			}
			tellItem(&b, Item{URL: link, Title: e.title, Published: e.published, Modified: e.modified})
			return nil
		})
		fmt.Fprintf(&b, "entries: %d, error: %v\n", end.entries, err)
		tellWarnings(&b, end.warnings)
	case FormatText:
		l := readList(t, DefaultEntries)
		tellItems(&b, l.items)
		tellWarnings(&b, l.warnings)
	case FormatPage:
		p := readPage(t, address)
		fmt.Fprintf(&b, "title: %s\npassword: %v\nanchors: %d\n", p.title, p.password, p.anchors)
		for _, f := range p.feeds {
			fmt.Fprintf(&b, "feed: %s %q\n", f.url, f.title)
		}
		fmt.Fprintf(&b, "best feed: %s\n", bestFeed(p.feeds, address))
		tellItems(&b, p.items)
	}
	return b.String()
}

func tellFeed(b *strings.Builder, f feed) {
	fmt.Fprintf(b, "title: %s\nnext: %s\nentries: %d\n", f.title, f.next, f.entries)
	tellItems(b, f.items)
	tellWarnings(b, f.warnings)
}

func tellItems(b *strings.Builder, items []Item) {
	for _, it := range items {
		tellItem(b, it)
	}
}

func tellItem(b *strings.Builder, it Item) {
	fmt.Fprintf(b, "item: %s\n", it.URL)
	for _, f := range [][2]string{{"title", it.Title}, {"id", it.ID}, {"published", when(it.Published)}, {"modified", when(it.Modified)}} {
		if f[1] != "" {
			fmt.Fprintf(b, "  %s: %s\n", f[0], f[1])
		}
	}
}

func tellWarnings(b *strings.Builder, warnings []string) {
	for _, w := range warnings {
		fmt.Fprintf(b, "warning: %s\n", w)
	}
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
