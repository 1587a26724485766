package extract_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/net/html"
)

func seeds(f *testing.F) [][]byte {
	files, err := filepath.Glob("testdata/pages/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	var list [][]byte
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, ar.Files[0].Data)
	}
	for _, page := range adversarialPages() {
		list = append(list, page[:min(len(page), 2000)])
	}
	return list
}

// checkResult checks what holds for every result: references are canonical,
// everything is valid text, and there is not more of it than the input allows.
func checkResult(t *testing.T, f *extract.Finder, input []byte, r extract.Result) {
	t.Helper()
	seen := map[post.Ref]bool{}
	for _, e := range r.Embeds {
		if e.Resolved != (e.ID != "") {
			t.Fatalf("resolved %v with id %q", e.Resolved, e.ID)
		}
		if e.ID != "" {
			checkRef(t, f, e.Ref(), e.URL)
			if seen[e.Ref()] {
				t.Fatalf("%s is listed twice", e.Ref())
			}
			seen[e.Ref()] = true
		}
		if !e.Platform.Valid() || e.Markup == "" || !utf8.ValidString(e.Quoted.Text+e.Before+e.Fragment+e.Quoted.Name) {
			t.Fatalf("embed %+v", e)
		}
		checkPositions(t, e.Positions)
	}
	for _, l := range r.PostLinks {
		checkRef(t, f, post.Ref{Platform: l.Platform, ID: l.ID}, l.URL)
		checkPositions(t, l.Positions)
	}
	for _, l := range r.Links {
		if !strings.HasPrefix(strings.ToLower(l.URL), "http") || !utf8.ValidString(l.Anchor) {
			t.Fatalf("link %+v", l)
		}
	}
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) > 64*len(input)+1<<16 {
		t.Fatalf("%d bytes found in %d", len(out), len(input))
	}
}

func checkRef(t *testing.T, f *extract.Finder, r post.Ref, url string) {
	t.Helper()
	if !r.Valid() {
		t.Fatalf("reference %+v", r)
	}
	if url == "" {
		return
	}
	again, _, ok := f.Parse(url)
	if !ok || again.Ref != r {
		t.Fatalf("%s has the address %s, which leads to %s", r, url, again.Ref)
	}
	if again.URL != "" {
		if third, _, ok := f.Parse(again.URL); !ok || third.Ref != r || third.URL != again.URL {
			t.Fatalf("%s: the canonical address %s leads to %s at %s", r, again.URL, third.Ref, third.URL)
		}
	}
}

func checkPositions(t *testing.T, list []int) {
	t.Helper()
	for i, p := range list {
		if p < 1 || i > 0 && p <= list[i-1] {
			t.Fatalf("positions %v", list)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, page := range seeds(f) {
		f.Add(page)
	}
	finder := extract.NewFinder(sites.All())
	f.Fuzz(func(t *testing.T, page []byte) {
		in := extract.Input{URL: "https://gazette.example/a/b", ContentType: "text/html; charset=utf-8", Body: page}
		r := finder.Find(in)
		checkResult(t, finder, page, r)
		if diff := cmp.Diff(r, finder.Find(in)); diff != "" {
			t.Fatalf("the second time (-first +second):\n%s", diff)
		}
		again, ok := serialised(page)
		if !ok {
			return
		}
		in.Body = again
		loose := cmpopts.IgnoreFields(extract.Embed{}, "Fragment")
		if diff := cmp.Diff(r, finder.Find(in), loose); diff != "" {
			t.Fatalf("serialised again (-as it was +serialised):\n%s", diff)
		}
	})
}

// serialised parses a page and writes it again. It returns false where that is
// known to change the page: where writing and parsing once more gives another
// tree.
func serialised(page []byte) ([]byte, bool) {
	if !utf8.Valid(page) {
		return nil, false
	}
	once, ok := rewrite(page)
	if !ok {
		return nil, false
	}
	twice, ok := rewrite(once)
	return once, ok && bytes.Equal(once, twice) && sameTree(page, once)
}

func rewrite(page []byte) ([]byte, bool) {
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return nil, false
	}
	var b bytes.Buffer
	if err := html.Render(&b, doc); err != nil {
		return nil, false
	}
	return b.Bytes(), true
}

// sameTree reports whether two pages have the same elements and texts.
func sameTree(a, b []byte) bool {
	x, errX := html.Parse(bytes.NewReader(a))
	y, errY := html.Parse(bytes.NewReader(b))
	if errX != nil || errY != nil {
		return false
	}
	return sameNode(x, y)
}

func sameNode(x, y *html.Node) bool {
	if x.Type != y.Type || x.Data != y.Data || x.Namespace != y.Namespace || len(x.Attr) != len(y.Attr) {
		return false
	}
	for i := range x.Attr {
		if x.Attr[i] != y.Attr[i] {
			return false
		}
	}
	c, d := x.FirstChild, y.FirstChild
	for c != nil && d != nil {
		if !sameNode(c, d) {
			return false
		}
		c, d = c.NextSibling, d.NextSibling
	}
	return c == nil && d == nil
}

func FuzzFindText(f *testing.F) {
	for _, page := range seeds(f) {
		f.Add(string(page))
	}
	f.Add("Words. — Oda Lind (@odalind) May 4, 2021\n\nhttps://x.com/a/status/20\n")
	finder := extract.NewFinder(sites.All())
	f.Fuzz(func(t *testing.T, text string) {
		r := finder.FindText(text)
		checkResult(t, finder, []byte(text), r)
		valid := strings.ToValidUTF8(text, "\ufffd")
		for _, e := range r.Embeds {
			if !strings.Contains(valid, e.Quoted.Text) {
				t.Fatalf("the words %q are not verbatim", e.Quoted.Text)
			}
			for _, l := range e.Quoted.Links {
				if !strings.Contains(e.Quoted.Text, l) {
					t.Fatalf("the link %q is not in the words %q", l, e.Quoted.Text)
				}
			}
		}
		if diff := cmp.Diff(r, finder.FindText(text)); diff != "" {
			t.Fatalf("the second time (-first +second):\n%s", diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"https://twitter.com/a/status/20", "x.com/a/status/20?s=1", "https://web.archive.org/web/2020/https://twitter.com/a/status/20",
		"https%3A%2F%2Fyoutu.be%2Fabcdefghijk", "https://l.facebook.com/l.php?u=https%3A%2F%2Fx.com%2Fa%2Fstatus%2F20", "//moose.example/@a/109876543210987654",
		"https://www.google.com/amp/s/x.com/a/status/20", "https://bsky.app/profile/a.example/post/3kabcdefgh2a2", "https://t.co/x", "https://href.li/?https://x.com/a/status/20"} {
		f.Add(s)
	}
	finder := extract.NewFinder(sites.All())
	f.Fuzz(func(t *testing.T, raw string) {
		got, platform, ok := finder.Parse(raw)
		if !ok || got.Ref.IsZero() {
			return
		}
		if !platform.Valid() {
			t.Fatalf("platform %q", platform)
		}
		checkRef(t, finder, got.Ref, got.URL)
	})
}
