package source

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// bigSitemap is a sitemap of the greatest size that the protocol allows.
func bigSitemap(n int, now time.Time) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	for i := range n {
		at := now.Add(-time.Duration(i) * time.Hour)
		fmt.Fprintf(&b, "<url><loc>https://news.example/%s/the-harbour-story-of-the-day-number-%d</loc><lastmod>%s</lastmod><changefreq>daily</changefreq><priority>0.5</priority></url>\n",
			at.Format("2006/01/02"), i, at.Format(time.RFC3339))
	}
	b.WriteString("</urlset>")
	return []byte(b.String())
}

// BenchmarkSitemap reads a sitemap of 50,000 addresses, of which 720 are within
// the window: with everything known, as with most passes.
func BenchmarkSitemap(b *testing.B) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	body := bigSitemap(DefaultEntries, now)
	r := NewReader(nil, ReaderOptions{Now: func() time.Time { return now }})
	known := func(context.Context, Item) (time.Time, bool, error) { return now, true, nil }
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		out, err := r.ReadBody(b.Context(), Source{}, body, "https://news.example/sitemap.xml", State{}, Options{Known: known})
		if err != nil || out.Total != DefaultEntries || len(out.Items) != 0 {
			b.Fatal(err, out.Total, len(out.Items))
		}
	}
}

// BenchmarkFeed reads a feed of 50 entries with their whole texts.
func BenchmarkFeed(b *testing.B) {
	var s strings.Builder
	s.WriteString(`<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Quay</title>`)
	for i := range 50 {
		fmt.Fprintf(&s, `<item><title>Story %d</title><link>https://news.example/%d</link><pubDate>Mon, 02 Mar 2026 08:30:00 GMT</pubDate><content:encoded><![CDATA[%s]]></content:encoded></item>`,
			i, i, strings.Repeat("<p>The harbour opens its gates &amp; the boats go out.</p>\n", 100))
	}
	s.WriteString("</channel></rss>")
	body := []byte(s.String())
	r := NewReader(nil, ReaderOptions{})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if out, err := r.ReadBody(b.Context(), Source{}, body, "https://news.example/feed", State{}, Options{}); err != nil || len(out.Items) != 50 {
			b.Fatal(err, len(out.Items))
		}
	}
}

// TestSitemapMemory holds the memory that reading a sitemap takes below a bound
// that does not depend on its size.
func TestSitemapMemory(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	perEntry := func(n int) float64 {
		body := bigSitemap(n, now.Add(-1000*time.Hour)) // all before the window
		r := NewReader(nil, ReaderOptions{Now: func() time.Time { return now }})
		return testing.AllocsPerRun(1, func() {
			if out, err := r.ReadBody(context.Background(), Source{}, body, "https://news.example/sitemap.xml", State{}, Options{}); err != nil || out.Old != n {
				t.Fatal(err, out.Old)
			}
		}) / float64(n)
	}
	if a := perEntry(5000); a > 10 {
		t.Errorf("%.1f allocations for an entry", a)
	}
	x, err := openText(bigSitemap(5000, now), "", DefaultDocumentBytes)
	if err != nil {
		t.Fatal(err)
	}
	s := newScanner(x)
	s.keep = true
	for s.next() != tokenEnd {
		if cap(s.text) > maxText || cap(s.tag) > maxTag {
			t.Fatalf("the scanner holds %d and %d bytes", cap(s.text), cap(s.tag))
		}
	}
}
