package browser

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// parts are what a page has loaded.
func parts(address string) ([]byte, string, bool) {
	body, ok := map[string]string{
		"https://news.example/a.png":   "A",
		"https://news.example/b/c.png": "C",
		"https://news.example/s.css":   `@import url("b/more.css"); p{background:url(a.png)}`,
		// Relative to itself.
		"https://news.example/b/more.css": `i{background:URL('c.png')}`,
		"https://news.example/loop.css":   `@import "loop.css"; b{}`,
		"https://news.example/end.css":    `p::before{content:"</style><script>steal()</script>"}`,
	}[address]
	mime := "image/png"
	if strings.HasSuffix(address, ".css") {
		mime = "text/css"
	}
	return []byte(body), mime, ok
}

func TestCSS(t *testing.T) {
	f := &file{get: parts}
	base, err := url.Parse("https://news.example/")
	if err != nil {
		t.Fatal(err)
	}
	const a, c = "data:image/png;base64,QQ==", "data:image/png;base64,Qw=="
	for in, want := range map[string]string{
		`p{background:url(a.png)}`:                   `p{background:url("` + a + `")}`,
		`p{background:URL( "a.png" ) red}`:           `p{background:url("` + a + `") red}`,
		`p{background:url(missing.png)}`:             `p{background:url("")}`,
		`p{background:url(data:,x)}`:                 `p{background:url("data:,x")}`,
		`p{fill:url(#pattern)}`:                      `p{fill:url(#pattern)}`,
		`p{content:"url(a.png)"}`:                    `p{content:"url(a.png)"}`,
		`/* url(a.png) */p{}`:                        `p{}`,
		`p{}/* never closed`:                         `p{}`,
		`@import "s.css";`:                           `i{background:url("` + c + `")} p{background:url("` + a + `")}`,
		`@import url(b/more.css) print;`:             `@media print{i{background:url("` + c + `")}}`,
		`@import url(b/more.css) layer(x);b{}`:       `i{background:url("` + c + `")}b{}`,
		`@import "missing.css";b{}`:                  `b{}`,
		`my-url(a.png)`:                              `my-url(a.png)`,
		`p{background:url(a\.png)}`:                  `p{background:url("` + a + `")}`,
		`p{background:url(a.png`:                     `p{background:url("` + a + `")`,
		`p{content:"never closed`:                    `p{content:"never closed`,
		`@import "loop.css";`:                        ` b{} b{} b{} b{}`,
		"p{content:'a\nb'}":                          "p{content:'a\nb'}",
		`@font-face{src:url(a.png)format("woff2")}`:  `@font-face{src:url("` + a + `")format("woff2")}`,
		`p{background:image-set(url(a.png)1x)}`:      `p{background:image-set(url("` + a + `")1x)}`,
		`@import url(https://other.example/x.css);b`: `b`,
	} {
		if got := f.css(in, base, 0); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestFile(t *testing.T) {
	f := &file{base: "https://news.example/story", get: parts, frames: []string{"<p>inside</p>"}}
	got := f.make(`<!doctype html><html lang=en><head><meta charset=latin1><meta http-equiv=refresh content="0;url=/x"><title>T</title>
<link rel=stylesheet href=end.css media=print><link rel=preload href=a.png><style>@import "b/more.css";</style></head>
<body onload=steal() background=a.png style="background:url(a.png)"><img src=a.png srcset="a.png 2x" alt=A><img src=gone.png>
<picture><source srcset=x.webp><img src=b/c.png></picture><iframe src=https://ads.example data-stet-frame=0 width=10></iframe><iframe src=https://ads.example></iframe>
<script>steal()</script><noscript><img src=https://track.example></noscript><form action=https://form.example><input type=image src=a.png></form>
<a href=next>n</a><a href=" javascript:steal()">j</a><a href=#top>t</a><svg><use href="#i"/><image href="a.png"/></svg><object data=x></object><video src=v.mp4 poster=a.png></video></body></html>`)
	for _, want := range []string{`<meta charset="utf-8"/>`, "Content-Security-Policy", `<img src="data:image/png;base64,QQ==" alt="A"/>`, `background="data:image/png;base64,QQ=="`,
		`srcdoc="&lt;p&gt;inside&lt;/p&gt;"`, `href="https://news.example/next"`, `href="#top"`, `href="#i"`, `<style media="print">`, `<video poster="data:`, "i{background:url"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	for _, bad := range []string{"steal()</script>", "onload", "srcset", "ads.example", "track.example", "form.example", "javascript:", "latin1", "refresh", "gone.png", "v.mp4", "<object", "preload", "<script"} {
		if strings.Contains(strings.ReplaceAll(got, `"<\/style><script>steal()<\/script>"`, ""), bad) {
			t.Errorf("%q stands in\n%s", bad, got)
		}
	}
}

// FuzzFile: whatever a page holds, the file loads nothing and runs nothing, and
// a file of the file is the same.
func FuzzFile(f *testing.F) {
	f.Add(`<img src=a.png><style>p{background:url(s.css)}</style><iframe data-stet-frame=0>`)
	f.Add(`<svg><style><![CDATA[</style><img src=x onerror=y>]]></style></svg>`)
	f.Add(`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`)
	f.Add(`<style>@import "</style><script>x</script>`)
	f.Fuzz(func(t *testing.T, text string) {
		one := &file{base: "https://news.example/", get: parts, frames: []string{"<p>inside"}}
		made := one.make(text)
		doc, err := html.Parse(strings.NewReader(made))
		if err != nil {
			return
		}
		for n := range doc.Descendants() {
			if n.Type == html.ElementNode && drops(n) && attr(n, "charset") != "utf-8" && attr(n, "content") != policy {
				t.Errorf("<%s> stands in %s", n.Data, made)
			}
			for _, a := range n.Attr {
				loads := a.Key == "src" || a.Key == "poster" || a.Key == "background"
				if strings.HasPrefix(a.Key, "on") || a.Key == "srcset" || loads && !strings.HasPrefix(strings.ToLower(a.Val), "data:") && !strings.HasPrefix(a.Val, "#") {
					t.Errorf("%s=%q stands in %s", a.Key, a.Val, made)
				}
			}
		}
	})
}
