package source

import (
	"context"
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/tools/txtar"
)

// seeds adds the documents of the golden files.
func seeds(f *testing.F) {
	files, err := filepath.Glob("testdata/golden/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data, "")
	}
	f.Add([]byte("\xff\xfe<\x00a\x00"), "text/xml; charset=utf-16")
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), "application/gzip")
}

// FuzzRead reads any document with every reader. Whatever it is: no panic, the
// items are web addresses that stay what they are when they are read again, the
// words are valid and bounded, and what is known is not handed out again.
func FuzzRead(f *testing.F) {
	seeds(f)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const limit = 50
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		const address = "https://news.example/dir/document"
		all := everyItem(t, body, contentType, address, limit)
		for _, it := range all {
			checkItem(t, it)
		}
		r := NewReader(nil, ReaderOptions{Now: func() time.Time { return now }, Limits: Limits{Items: limit, Entries: limit, Undated: limit}})
		s := Source{URL: address}
		reading, err := r.ReadBody(context.Background(), s, body, address, State{}, Options{})
		known := map[string]bool{}
		for _, it := range reading.Items {
			checkItem(t, it)
			if known[it.Key()] {
				t.Errorf("%s comes twice", it.URL)
			}
			known[it.Key()] = true
		}
		if len(reading.Items) > limit {
			t.Errorf("%d items", len(reading.Items))
		}
		b, jerr := json.Marshal(reading.State)
		if jerr != nil || len(b) > 48<<10 {
			t.Errorf("a state of %d bytes, %v", len(b), jerr)
		}
		if err != nil {
			return
		}
		// What had no place comes next; what was handed out does not.
		has := func(_ context.Context, it Item) (time.Time, bool, error) { return now, known[it.Key()], nil }
		next, err := r.ReadBody(context.Background(), s, body, address, reading.State, Options{Known: has})
		if err != nil || !reading.More && len(next.Items) > 0 && next.NotModified {
			t.Errorf("read again: %v, %d items", err, len(next.Items))
		}
		for _, it := range next.Items {
			if known[it.Key()] {
				t.Errorf("%s was known", it.URL)
			}
		}
	})
}

// everyItem reads a document as each of the things that it could be.
func everyItem(t *testing.T, body []byte, contentType, address string, limit int) (all []Item) {
	open := func() *text {
		x, err := openText(body, contentType, 1<<20)
		if err != nil {
			return nil
		}
		return x
	}
	if x := open(); x != nil {
		d := &document{url: address, contentType: contentType, body: body, text: x, format: detect(x.head, contentType)}
		if d.describe() == "" {
			t.Error("no description")
		}
		all = append(all, readFeed(x, address, limit).items...)
	}
	if x := open(); x != nil {
		f, _ := readJSONFeed(x, address, limit)
		all = append(all, f.items...)
	}
	if x := open(); x != nil {
		end, err := readSitemap(x, limit, func(e sitemapEntry) error {
			if link, ok := webLink(e.loc, parseBase(address)); ok {
				all = append(all, Item{URL: link, Title: e.title, Published: e.published, Modified: e.modified})
			}
			return nil
		})
		if err != nil || end.entries > limit {
			t.Errorf("%+v, %v", end, err)
		}
	}
	if x := open(); x != nil {
		all = append(all, readList(x, limit).items...)
	}
	if x := open(); x != nil {
		p := readPage(x, address)
		all = append(all, p.items...)
		if len(p.items) > maxPageLinks || len(p.feeds) > maxFeeds {
			t.Errorf("%d links, %d feeds", len(p.items), len(p.feeds))
		}
	}
	sources, _, _ := ParseOPML(body) // no OPML is no error here
	for _, s := range sources {
		all = append(all, Item{URL: s.URL, Title: s.Name})
	}
	return all
}

func checkItem(t *testing.T, it Item) {
	u, err := url.Parse(it.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(it.URL) > maxURL {
		t.Errorf("address %q: %v", it.URL, err)
	}
	if again, ok := webLink(it.URL, nil); !ok || again != it.URL {
		t.Errorf("%q becomes %q", it.URL, again)
	}
	if !utf8.ValidString(it.Title) || !utf8.ValidString(it.ID) || len(it.Title) > maxTitle || len(it.ID) > maxID || strings.ContainsAny(it.Title, "\n\x00") {
		t.Errorf("words %q, %q", it.Title, it.ID)
	}
	for _, d := range []time.Time{it.Published, it.Modified} {
		if !d.IsZero() && (d.Year() < firstYear-1 || d.Year() > lastYear+1) {
			t.Errorf("date %v", d)
		}
	}
}
