// Package sitetest holds the checks that every [extract.Site] passes: tables of
// addresses, golden pages for its markup, and the properties of its URL
// grammar. It is for tests only.
package sitetest

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/extract"
	"stet/extract/post"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/tools/txtar"
)

// URL is one row of a table of addresses.
type URL struct {
	// In is the address.
	In string
	// Kind is what it leads to; empty means that the site does not take it.
	Kind extract.TargetKind
	// ID, URL, Handle and Part are those of the target; Platform is the
	// site's own unless it is set.
	ID, URL, Handle, Part string
	Platform              post.Platform
	// Posted is in RFC 3339, or empty for a target that carries no time.
	Posted string
}

// Parse parses an address as it stands in a table.
func Parse(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// URLs checks that the site reads the addresses as the table says.
func URLs(t *testing.T, site extract.Site, table []URL) {
	t.Helper()
	for _, c := range table {
		got, ok := site.ParseURL(Parse(t, c.In))
		if c.Kind == "" {
			if ok {
				t.Errorf("%s\n got %+v, want nothing", c.In, got)
			}
			continue
		}
		want := extract.Target{Kind: c.Kind, URL: c.URL, Handle: c.Handle, Part: c.Part}
		if c.ID != "" {
			want.Ref = post.Ref{Platform: site.Platform(), ID: c.ID}
			if c.Platform != "" {
				want.Ref.Platform = c.Platform
			}
		}
		if c.Posted != "" {
			at, err := time.Parse(time.RFC3339Nano, c.Posted)
			if err != nil {
				t.Fatal(err)
			}
			want.Posted = at
		}
		if !ok || !got.Posted.Equal(want.Posted) {
			t.Errorf("%s\n got %+v, %v\nwant %+v", c.In, got, ok, want)
			continue
		}
		got.Posted, want.Posted = time.Time{}, time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.In, diff)
		}
		if c.URL != "" && c.ID != "" {
			checkOnDomain(t, site, c.In)
		}
	}
}

// checkOnDomain checks that an address that the site takes is offered to it:
// that its host is on one of the domains that the site lists.
func checkOnDomain(t *testing.T, site extract.Site, in string) {
	t.Helper()
	domains := site.Domains()
	a, ok := extract.NewAddress(Parse(t, in))
	for _, d := range domains {
		if ok && a.On(d) {
			return
		}
	}
	if domains != nil {
		t.Errorf("%s is on none of the domains that the site lists", in)
	}
}

// Fuzz checks the properties of the site's URL grammar: no panic, a reference
// where and only where there is a post, and a canonical address that leads to
// the same post again.
func Fuzz(f *testing.F, site extract.Site, seeds ...string) {
	f.Helper()
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil {
			return
		}
		got, ok := site.ParseURL(u)
		if !ok {
			if got != (extract.Target{}) {
				t.Errorf("%q is not taken and is %+v", s, got)
			}
			return
		}
		isPost := got.Kind == extract.TargetPost || got.Kind == extract.TargetEmbed
		if got.Kind == "" || isPost != got.Ref.Valid() || isPost && got.URL == "" {
			t.Fatalf("%q: %+v", s, got)
		}
		if got.URL == "" {
			return
		}
		canonical, err := url.Parse(got.URL)
		if err != nil {
			t.Fatalf("%q → %q: %v", s, got.URL, err)
		}
		again, ok := site.ParseURL(canonical)
		if !ok || again.Ref != got.Ref || again.URL != got.URL {
			t.Fatalf("%q → %+v → %+v, %v", s, got, again, ok)
		}
	})
}

// finding is a reading as the golden pages have it.
type finding struct {
	Form     string         `json:"form"`
	Platform post.Platform  `json:"platform,omitempty"`
	ID       string         `json:"id"`
	URL      string         `json:"url,omitempty"`
	Handle   string         `json:"handle,omitempty"`
	Part     string         `json:"part,omitempty"`
	Quoted   extract.Quoted `json:"quoted,omitzero"`
}

// Pages checks the site's markup against the golden pages dir/*.txtar: the
// files named *.html are pages, each followed by the findings in it, in the
// order of the document. Nothing is looked for below an element that was read.
// With update the findings are written anew.
func Pages(t *testing.T, site extract.Site, dir string, update bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden pages in %s: %v", dir, err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out []txtar.File
		for i, page := range a.Files {
			if !strings.HasSuffix(page.Name, ".html") {
				continue
			}
			got := read(t, site, string(page.Data))
			out = append(out, page, txtar.File{Name: "want", Data: []byte(got)})
			if update {
				continue
			}
			if i+1 >= len(a.Files) || a.Files[i+1].Name != "want" {
				t.Fatalf("%s: nothing is wanted of %s", file, page.Name)
			}
			if diff := cmp.Diff(string(a.Files[i+1].Data), got); diff != "" {
				t.Errorf("%s: %s: -want +got\n%s", file, page.Name, diff)
			}
		}
		if update {
			a.Files = out
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// read returns the findings in a page, one per line.
func read(t *testing.T, site extract.Site, page string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	walk(doc, site.Markup(), func(form string, r extract.Reading) {
		got := finding{Form: form, ID: r.Target.Ref.ID, URL: r.Target.URL, Handle: r.Target.Handle, Part: r.Target.Part, Quoted: r.Quoted}
		if r.Target.Ref.Platform != site.Platform() {
			got.Platform = r.Target.Ref.Platform
		}
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(got); err != nil {
			t.Fatal(err)
		}
	})
	return b.String()
}

// walk offers the elements of a page to the markups in order.
func walk(n *html.Node, list []extract.Markup, found func(string, extract.Reading)) {
	if n.Type == html.ElementNode {
		for _, m := range list {
			if !fits(n, m) {
				continue
			}
			if r, ok := m.Read(n); ok {
				found(m.Form, r)
				return
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, list, found)
	}
}

func fits(n *html.Node, m extract.Markup) bool {
	if m.Tag != "" && m.Tag != n.Data || m.Class != "" && !extract.HasClass(n, m.Class) {
		return false
	}
	_, has := extract.LookupAttr(n, m.Attr)
	return m.Attr == "" || has
}
