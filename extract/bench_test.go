package extract_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"stet/extract"
	"stet/extract/sites"

	"golang.org/x/net/html"
)

// genPage returns an invented page of about size bytes, in the proportions of
// real ones: a head with metadata, style and script, navigation, an article
// with links and embeds, related stories, comments, and the page's data.
func genPage(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Harbour bridge opens | The Gazette</title>
<link rel="canonical" href="https://gazette.example/2024/05/harbour-bridge-opens"><meta property="og:title" content="Harbour bridge opens"><meta property="og:site_name" content="The Gazette">
<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle","headline":"Harbour bridge opens","datePublished":"2024-05-01T10:00:00Z","author":[{"@type":"Person","name":"Ann Field"}],"url":"https://gazette.example/2024/05/harbour-bridge-opens"}</script>
<style>`)
	for i := range size / 4000 {
		fmt.Fprintf(&b, ".c%d{margin:0 auto;padding:%dpx}.c%d a:hover{color:#%06x}", i, i%30, i, i*7919%0xffffff)
	}
	b.WriteString("</style>\n<script>(function(){var w=window;w.dataLayer=w.dataLayer||[];")
	for i := range size / 2000 {
		fmt.Fprintf(&b, "w.dataLayer.push({event:\"e%d\",value:%d,url:\"https://stats.example/p?x=%d\"});", i, i, i)
	}
	b.WriteString("})();</script></head><body class=\"single post\"><header class=\"site-header\"><nav class=\"main-nav\"><ul>")
	for i := range 20 + size/20000 {
		fmt.Fprintf(&b, `<li class="menu-item menu-item-%d"><a href="/section/%d" data-track="nav">Section %d</a></li>`, i, i, i)
	}
	b.WriteString("</ul></nav></header>\n<main id=\"main\"><article class=\"post\"><h1 class=\"headline\">Harbour bridge opens</h1><div class=\"entry-content\">\n")
	for i := 0; b.Len() < size*6/10; i++ {
		fmt.Fprintf(&b, `<p class="text">The council met on day %d and heard the report of the <a href="https://harbour.example/report/%d" target="_blank" rel="noopener">harbour master</a>, who said that the bridge would carry <strong>%d carts</strong> a day. `, i, i, i*3)
		b.WriteString("Nobody had asked the ferrymen, and the ferrymen had not asked to be heard; the matter was put off until the tide.</p>\n")
		switch i % 12 {
		case 3:
			fmt.Fprintf(&b, `<figure class="wp-block-image size-large"><img loading="lazy" src="https://img.gazette.example/%d.jpg" srcset="https://img.gazette.example/%d.jpg 1x, https://img.gazette.example/%d-2.jpg 2x" alt="The bridge"><figcaption>The bridge, from the east.</figcaption></figure>`, i, i, i)
		case 7:
			fmt.Fprintf(&b, `<blockquote class="twitter-tweet" data-lang="en"><p lang="en" dir="ltr">We counted %d carts. <a href="https://t.co/abcdefgh%02d">https://t.co/abcdefgh%02d</a></p>&mdash; Harbour (@harbour) <a href="https://twitter.com/harbour/status/15%017d?ref_src=twsrc">May 1, 2024</a></blockquote>`, i, i%100, i%100, i)
		case 11:
			fmt.Fprintf(&b, `<iframe width="560" height="315" src="https://www.youtube.com/embed/abcd%07d" allowfullscreen></iframe>`, i)
		}
	}
	b.WriteString("</div></article><aside class=\"related\"><h2>More</h2><ul>")
	for i := 0; b.Len() < size*7/10; i++ {
		fmt.Fprintf(&b, `<li class="teaser teaser--%d"><a href="/2024/04/story-%d" class="teaser__link"><span class="teaser__title">Story number %d of the week</span></a></li>`, i%5, i, i)
	}
	b.WriteString("</ul></aside><section id=\"comments\" class=\"comments-area\"><ol>")
	for i := 0; b.Len() < size*8/10; i++ {
		fmt.Fprintf(&b, `<li class="comment depth-%d" id="comment-%d"><div class="comment-body"><p>I crossed it %d times, see <a href="https://twitter.com/r/status/14%017d">here</a>.</p></div></li>`, i%4, i, i, i)
	}
	b.WriteString("</ol></section></main><footer><p>© The Gazette</p></footer>\n<script id=\"__NEXT_DATA__\" type=\"application/json\">{\"props\":{\"posts\":[")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"id":%d,"title":"Story number %d of the week","url":"https:\/\/gazette.example\/2024\/04\/story-%d","body":"\u003cp\u003eOn the %dth day the ferrymen sang. \u003ca href=\"https:\/\/twitter.com\/f\/status\/13%017d\"\u003eSong\u003c\/a\u003e\u003c\/p\u003e","tags":["harbour","song"]},`, i, i, i, i, i)
	}
	b.WriteString("null]}}</script></body></html>")
	return b.Bytes()
}

func benchSizes() []int { return []int{20 << 10, 60 << 10, 200 << 10, 600 << 10, 2 << 20} }

// BenchmarkFind compares finding, its parse included, with parsing alone and
// with tokenizing alone, over a mix of generated pages.
func BenchmarkFind(b *testing.B) {
	f := extract.NewFinder(sites.All())
	for _, size := range benchSizes() {
		page := genPage(size)
		b.Run(fmt.Sprintf("find/%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				f.Find(extract.Input{URL: "https://gazette.example/2024/05/harbour-bridge-opens", ContentType: "text/html; charset=utf-8", Body: page})
			}
		})
		b.Run(fmt.Sprintf("parse/%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				parse(b, page)
			}
		})
		b.Run(fmt.Sprintf("tokenize/%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			for b.Loop() {
				tokenize(page)
			}
		})
	}
}

func parse(tb testing.TB, page []byte) {
	if _, err := html.Parse(bytes.NewReader(page)); err != nil {
		tb.Fatal(err)
	}
}

func tokenize(page []byte) int {
	z := html.NewTokenizer(bytes.NewReader(page))
	n := 0
	for z.Next() != html.ErrorToken {
		z.Token()
		n++
	}
	return n
}

// adversarialPages are pages made to be slow. Finding in them is measured
// against the tokenizer.
func adversarialPages() map[string][]byte {
	const mega = 1 << 20
	quote := `{"a":"<blockquote class=\"twitter-tweet\"><a href=\"https:\/\/twitter.com\/a\/status\/20\">x<\/a><\/blockquote>","t":"long text that goes on and on and on"},`
	deep := `"https://twitter.com/a/status/20"`
	for range 12 {
		deep = `"` + strings.ReplaceAll(strings.ReplaceAll(deep, `\`, `\\`), `"`, `\"`) + `"`
		if len(deep) > mega {
			break
		}
	}
	pages := map[string]string{
		"nested tags":      strings.Repeat("<div>", 100000),
		"nested quotes":    strings.Repeat(`<blockquote class="embed">`, 100000),
		"anchors":          strings.Repeat(`<a href="https://example.org/a">x</a> `, 100000),
		"post anchors":     strings.Repeat(`<a href="https://twitter.com/a/status/20">x</a> `, 100000),
		"open anchors":     strings.Repeat(`<a href="https://twitter.com/a/status/20">x`, 100000),
		"long attribute":   `<p data-x="` + strings.Repeat("https://twitter.com/ &lt;", 10*mega/25) + `">x</p>`,
		"plain attribute":  `<p data-x="` + strings.Repeat("a", 10*mega) + `">x</p>`,
		"json state":       `<script type="application/json">{"x":[` + strings.Repeat(quote, 10*mega/len(quote)) + `0]}</script>`,
		"plain json state": `<script>window.a={"x":[` + strings.Repeat(`{"a":"b","c":[1,2,3],"u":"https://example.org/x"},`, 10*mega/50) + `0]}</script>`,
		"deep escapes":     `<script>var a=` + deep + `;</script><div data-a='` + deep + `'></div>`,
		"formatting":       strings.Repeat("<b><i><font color=a>", 300) + strings.Repeat("<p>x", 20000),
		"formatting low":   strings.Repeat("<b><i><font color=a>", 150) + strings.Repeat("<p>x", 20000),
		"many tags":        strings.Repeat("<i>x</i>", 1200000),
		"deep embed":       strings.Repeat("<div>", 600) + `<blockquote class="twitter-tweet"><p>x</p>&mdash; A (@a) <a href="https://twitter.com/a/status/20">May 1, 2020</a></blockquote>` + strings.Repeat("</div>", 600),
		"table":            strings.Repeat("<table><tr><td>", 2000) + strings.Repeat("x</td></tr></table>", 2000),
		"attributes":       "<p " + strings.Repeat(`data-a="https://twitter.com/a" `, 100000) + ">x</p>",
		"comments":         strings.Repeat("<!-- wp:embed {\"url\":\"https://twitter.com/a/status/20\"} -->", 50000),
		"quotes":           strings.Repeat(`<blockquote><a href="https://twitter.com/a/status/20">https://twitter.com/a/status/20</a></blockquote>`, 20000),
		"noscripts":        strings.Repeat(`<noscript><iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe></noscript>`, 20000),
		"classes":          `<div class="` + strings.Repeat("related comment embed ", 100000) + `">x</div>`,
		"signoffs":         "<p>" + strings.Repeat("a — N (@n) May 5, 2022 ", 100000) + "</p>",
		"addresses":        "<p>" + strings.Repeat("https://twitter.com/a/status/20 ", 100000) + "</p>",
		"lines":            "<p>" + strings.Repeat("https://twitter.com/a/status/20<br>", 50000) + "</p>",
		"unclosed script":  "<script>" + strings.Repeat(`"`, mega) + strings.Repeat("{", mega),
		"templates":        strings.Repeat("<template>", 400) + strings.Repeat("<p>x</p>", 20000),
		"strong":           strings.Repeat(`<div class="comments"><h1>x</h1>`, 200) + strings.Repeat("<p>long enough to be counted as a paragraph of the page</p>", 5000),
	}
	out := map[string][]byte{}
	for name, page := range pages {
		out[name] = []byte(page)
	}
	return out
}

// fastest returns the shortest of n runs of f.
func fastest(n int, f func()) time.Duration {
	best := time.Duration(1 << 62)
	for range n {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}

// TestFindIsLinear: ten times the page takes about ten times as much memory,
// whatever the page repeats. No clock is read, since other work on the machine
// would be measured with it: a search that grew with the square of the page would not end
// before the test does.
func TestFindIsLinear(t *testing.T) {
	f := extract.NewFinder(sites.All())
	find := func(page string) uint64 {
		return allocated(func() { f.Find(extract.Input{ContentType: "text/html", Body: []byte(page)}) })
	}
	for name, piece := range repeatedPieces() {
		small := find(strings.Repeat(piece, (48<<10)/len(piece)+1))
		large := find(strings.Repeat(piece, (480<<10)/len(piece)+10))
		if large > 20*small+1<<20 {
			t.Errorf("%s: %d bytes for 48 KB, %d for ten times as much", name, small, large)
		}
	}
}

// allocated returns how many bytes f asked for, those that it gave back included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// BenchmarkFindGrowth says how much longer ten times the page takes.
func BenchmarkFindGrowth(b *testing.B) {
	f := extract.NewFinder(sites.All())
	for name, piece := range repeatedPieces() {
		small := []byte(strings.Repeat(piece, (1<<15)/len(piece)+1))
		large := []byte(strings.Repeat(piece, (10<<15)/len(piece)+10))
		b.Run(name, func(b *testing.B) {
			var least, most time.Duration
			for b.Loop() {
				least += fastest(3, func() { f.Find(extract.Input{ContentType: "text/html", Body: small}) })
				most += fastest(2, func() { f.Find(extract.Input{ContentType: "text/html", Body: large}) })
			}
			b.ReportMetric(float64(most)/float64(least), "times/tenfold")
		})
	}
}

func repeatedPieces() map[string]string {
	return map[string]string{
		"links":     `<p>x <a href="https://example.org/a?b=1">y</a> `,
		"posts":     `<blockquote class="twitter-tweet"><p>x</p>&mdash; A (@a) <a href="https://twitter.com/a/status/20">May 1, 2020</a></blockquote>`,
		"embeds":    `<div class="embed"><p>x</p><a href="https://twitter.com/a/status/20">y</a></div>`,
		"open":      `<div class="embed"><blockquote>x`,
		"strong":    `<div class="comments"><div class="sidebar"><h1>x</h1>`,
		"columns":   `<div class="col-md-4"><p>Words that are enough to make a paragraph of it all.</p></div>`,
		"states":    `<script>var a={"title":"x","url":"/a/b/c","u":"https://twitter.com/a/status/20","t":"long text that goes on and on and on and on and on"};</script>`,
		"flight":    `<script>self.__next_f.push([1,"{\"u\":\"https://twitter.com/a/status/20\"}"])</script>`,
		"templates": `<template><iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe></template>`,
		"ld":        `<script type="application/ld+json">{"@type":"NewsArticle","headline":"x","author":[{"@id":"#a"}]}</script>`,
		"lines":     `https://twitter.com/a/status/20<br>[embed]https://twitter.com/a/status/20[/embed]<br>`,
		"headings":  `<div><h1>Some title</h1><p>Words that are enough to make a paragraph of it all, and then some.</p></div>`,
	}
}

// BenchmarkAdversarial reports how many times the tokenizer's time finding
// takes on pages made to be slow.
func BenchmarkAdversarial(b *testing.B) {
	f := extract.NewFinder(sites.All())
	for name, page := range adversarialPages() {
		b.Run(name, func(b *testing.B) {
			tok := fastest(3, func() { tokenize(page) })
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				f.Find(extract.Input{ContentType: "text/html; charset=utf-8", Body: page})
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(tok), "x-tokenizer")
			b.ReportMetric(float64(fastest(2, func() { html.Parse(bytes.NewReader(page)) }))/float64(tok), "parse-x-tokenizer")
		})
	}
}
