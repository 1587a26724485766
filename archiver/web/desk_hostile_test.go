package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	drawing "stet/archiver/browser"
	"stet/extract/post"
	"stet/store"
	"stet/store/storetest"
)

// bang is what a payload does where it runs: whoever notices.
const bang = `top.pwned=1;fetch('/pwned');alert(1)`

// payloads are words that would run where they were more than words.
func payloads() []string {
	return []string{
		`<script>` + bang + `</script>`, `</script><script>` + bang + `</script>`, `<img src=x onerror="` + bang + `">`, `"><img src=x onerror=` + bang + `>`,
		`' onmouseover='` + bang + `' x='`, `" autofocus onfocus="` + bang + `" x="`, `<svg onload="` + bang + `">`, `<svg><script>` + bang + `</script></svg>`,
		`<svg><animate onbegin="` + bang + `" attributeName=x dur=1s>`, `<iframe srcdoc="<script>` + bang + `</script>">`, `<iframe src="javascript:` + bang + `">`,
		`javascript:` + bang, `JaVaScRiPt:` + bang, "java\tscript:" + bang, " javascript:" + bang, `javascript://news.example/%0a` + bang, `data:text/html,<script>` + bang + `</script>`,
		`vbscript:` + bang, `<a href="javascript:` + bang + `">x</a>`, `<body onload="` + bang + `">`, `<details open ontoggle="` + bang + `">`, `<video src=x onerror="` + bang + `">`,
		`<math href="javascript:` + bang + `">x</math>`, `<form action="javascript:` + bang + `"><button autofocus>x</form>`, `<object data="javascript:` + bang + `">`,
		`<embed src="data:image/svg+xml,<svg onload='` + bang + `'>">`, `<link rel=stylesheet href="data:text/css,*{background:url(/pwned)}">`, `<style>@import '/pwned';*{background:url(/pwned)}</style>`,
		`<base href="https://evil.example/">`, `<meta http-equiv="refresh" content="0;url=/pwned">`, `{{.}}{{template "top"}}` + "${" + bang + "}", "`${" + bang + "}`",
		`</textarea><script>` + bang + `</script>`, `</title><script>` + bang + `</script>`, `--><script>` + bang + `</script>`, `]]><script>` + bang + `</script>`,
		"\u202e" + `gpj.exe<script>` + bang + `</script>` + "\u2066", "\x00<\x00script>" + bang, `+ADw-script+AD4-` + bang + `+ADw-/script+AD4-`, `<img src="/pwned"><input type=image src=/pwned>`,
		`\"><script>` + bang + `</script>`, `&lt;script&gt;` + bang + `&lt;/script&gt;`, `%3Cscript%3E` + bang + `%3C/script%3E`, `<noscript><p title="</noscript><img src=x onerror=` + bang + `>">`,
		`<x style="background:url(/pwned)" onclick=` + bang + `>`, `https://x.example/"onmouseover="` + bang,
	}
}

// hostile fills an archive with posts, articles, pages, cases and answers that
// are nothing but payloads, and returns the pages that show them.
func hostile(t *testing.T, w *world) []string {
	t.Helper()
	var paths []string
	var mentions []store.Mention
	at := w.at.Add(-20 * time.Hour)
	clean := func(s string) string { return strings.ToValidUTF8(s, "?") }
	for i, evil := range payloads() {
		evil = clean(evil)
		ref := post.Ref{Platform: post.Twitter, ID: fmt.Sprint(1991000000000000000 + i)}
		svg := w.blob(`<svg xmlns="http://www.w3.org/2000/svg"><script>` + bang + `</script><!--` + fmt.Sprint(i) + `--></svg>`)
		x := w.add(&store.Exchange{Started: at, Method: "GET", URL: "https://cdn.example/" + url.PathEscape(evil), Status: 200, Protocol: "http/1.1", Address: evil, Error: evil,
			RequestHead: []byte("GET / HTTP/1.1\r\nX: " + evil + "\r\n\r\n"), ResponseHead: []byte("HTTP/1.1 200 OK\r\nX-Evil: " + evil + "\r\nRefresh: 0;url=/pwned\r\nLink: </pwned>; rel=preload; as=script\r\n\r\n"),
			Body: store.Body{Inline: []byte(evil), Size: int64(len(evil)), Digest: store.DigestOf([]byte(evil)), Type: "text/html"}})
		p := post.Post{Platform: ref.Platform, ID: ref.ID, URL: evil, Text: evil, Warning: evil, Note: evil, Language: evil, Posted: at, Sensitive: i%2 == 0, Labels: []string{evil},
			Author: post.Author{ID: evil, Name: evil, Handle: evil, URL: evil, Avatar: evil, Verified: evil}, Counts: map[string]int64{evil: 3},
			Media: []post.Media{{Kind: "photo", URL: evil, Alt: evil, Digest: svg.String(), Type: "image/svg+xml"}, {Kind: evil, URL: evil, Alt: evil, Error: evil}, {Kind: "video", URL: evil, Digest: svg.String(), Poster: evil}},
			Links: []post.Link{{URL: evil, Expanded: evil, Display: evil}}, Card: &post.Card{URL: evil, Title: evil, Description: evil, Image: evil},
			Poll: &post.Poll{Options: []post.PollOption{{Label: evil, Votes: 1}}}, Earlier: []post.Version{{Time: at, Text: evil + " before", Warning: evil}}}
		c := w.add(&store.Capture{Time: at, Kind: store.CapturePost, Ref: ref, URL: evil, Source: post.SourcePublic, Exchanges: []store.ID{x}, Note: evil, Operator: evil,
			Memento: store.Memento{Archive: evil, URL: evil, Time: at}})
		w.add(&store.Derivation{Time: at, Capture: c, Parser: evil, Source: post.SourcePublic, Ref: ref, Post: p, Notes: []string{evil}})
		w.add(&store.Look{Time: at.Add(time.Hour), Ref: ref, Result: post.Deleted, Explicit: true, Endpoint: evil, Reason: evil, Exchange: x})
		w.add(&store.Verdict{Time: at.Add(2 * time.Hour), Ref: ref, Status: post.Deleted, Confirmed: true, Event: "gone", LastLive: at, FirstGone: at, ConfirmedAt: at, Reason: evil})
		mentions = append(mentions, store.Mention{Kind: "embed", Ref: ref, URL: evil, Markup: evil, Positions: []int{i}, Before: evil, Anchor: evil, Fragment: evil,
			Quoted: store.Quotation{Text: evil + " otherwise", Name: evil, Handle: evil, Date: evil, Links: []string{evil}}})
		paths = append(paths, postPath(ref), postPath(ref)+"?all="+url.QueryEscape(evil), "/exchange/"+x.String(), "/raw/"+x.String(), "/media/"+strings.TrimPrefix(svg.String(), "sha256:"),
			"/search?q="+url.QueryEscape(evil), "/quote?q="+url.QueryEscape(evil)+"&handle="+url.QueryEscape(evil), "/article?url="+url.QueryEscape(evil), "/page?url="+url.QueryEscape(evil))
	}
	evil := strings.Join(payloads()[:30], "\n")
	w.add(&store.ArticleVersion{Time: at, URL: "https://evil.example/a", Key: "evil.example/a", Title: evil, SiteName: evil, Authors: payloads(), Canonical: evil, Language: "en", Origin: "web",
		Finder: payloads()[0], Source: payloads()[1], Warnings: payloads(), Mentions: mentions, Text: evil, Links: []store.ArticleLink{{URL: "javascript:" + bang, Anchor: evil}, {URL: "https://evil.example/p", Anchor: evil}}})
	w.add(&store.ArticleVersion{Time: at.Add(time.Hour), URL: "https://evil.example/a", Key: "evil.example/a", Title: evil + "!", Origin: "web", Finder: "f", Mentions: mentions, Text: evil + " more"})
	pc := w.add(&store.Capture{Time: at, Kind: store.CapturePage, URL: "https://evil.example/p", Source: post.SourcePublic})
	w.add(&store.PageReading{Time: at, Capture: pc, Parser: evil, URL: "https://evil.example/p", Final: evil, Title: evil, SiteName: evil, Text: evil, Type: evil, Why: evil, Label: store.LabelLogin})
	w.add(&store.PageLook{Time: at, URL: "https://evil.example/p", Result: store.PageGone, Reason: evil, Capture: pc})
	folder := w.add(&store.Case{Time: at, Act: store.CaseOpen, Title: evil, Text: evil, Tags: payloads()[:5], By: evil})
	w.add(&store.Case{Time: at, Case: folder, Act: store.CaseAdd, Member: store.CaseMember{Ref: post.Ref{Platform: post.Twitter, ID: "1991000000000000000"}}, Text: evil, By: evil})
	w.add(&store.Case{Time: at, Case: folder, Act: store.CaseNote, Text: evil, By: evil})
	// What people decide and write is no more than words either.
	w.add(&store.Hold{Time: at, Ref: post.Ref{Platform: post.Twitter, ID: "1991000000000000000"}, Operator: evil, Reason: evil})
	w.add(&store.Takedown{Time: at, Accounts: []string{"twitter:" + payloads()[2]}, Act: store.TakedownRefuse, Operator: evil, Reason: evil, Basis: evil})
	w.add(&store.Approval{Time: at, Ref: post.Ref{Platform: post.Twitter, ID: "1991000000000000000"}, Operator: evil, Note: evil})
	return append(paths, "/", "/gone", "/decisions", "/search?q=script+alert&since=2026-01-01&kind="+url.QueryEscape(payloads()[3]), "/cases", casePath(folder), "/queue", "/health", "/article?url=https://evil.example/a", "/page?url=https://evil.example/p",
		"/post/"+url.PathEscape(payloads()[0]), "/account/"+url.PathEscape("twitter:"+payloads()[2]), "/case/"+url.PathEscape(payloads()[3]), "/gone?author="+url.QueryEscape(payloads()[3])+"&domain="+url.QueryEscape(payloads()[4]))
}

// TestHostileMarkup reads every page as a parser does: there is no script, style,
// handler, frame or refresh but the desk's own, and every link is one of ours or
// of the web, without a referrer.
func TestHostileMarkup(t *testing.T) {
	w := newWorld(t, nil)
	for _, path := range hostile(t, w) {
		rec := ask(w.Server, "GET", path, header("Accept", "text/html"))
		if strings.HasPrefix(path, "/raw/") || strings.HasPrefix(path, "/media/") {
			if policy := rec.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox; default-src 'none'") {
				t.Errorf("%s: %s", path, policy)
			}
			continue
		}
		if policy := rec.Header().Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'") {
			t.Errorf("%s: %s", path, policy)
		}
		if rec.Code >= 500 || len(rec.Header()["Refresh"])+len(rec.Header()["Link"]) > 0 {
			t.Errorf("%s: %d %v %.500s", path, rec.Code, rec.Header(), rec.Body)
		}
		if rec.Code >= 300 && rec.Code < 400 {
			if to := rec.Header().Get("Location"); !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
				t.Errorf("%s leads to %s", path, to)
			}
			continue
		}
		for _, fault := range markupFaults(t, rec.Body.String()) {
			t.Errorf("%.200s: %.300s", path, fault)
		}
	}
}

// markupFaults lists what may not stand in a page.
func markupFaults(t *testing.T, body string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	unseen := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0 })
	}
	for n := range root.Descendants() {
		// What somebody typed into a field stays as it is there.
		if n.Type == html.TextNode && n.Parent.Data != "textarea" && unseen(n.Data) {
			faults = append(faults, "a control is not made visible: "+n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
			if a.Key != "value" && unseen(a.Val) {
				faults = append(faults, "a control is not made visible in "+a.Key)
			}
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" {
				faults = append(faults, n.Data+" has "+a.Key)
			}
		}
		switch n.Data {
		case "script":
			if !strings.HasPrefix(attr["src"], "/static/desk-") || n.FirstChild != nil {
				faults = append(faults, "a script")
			}
		case "style", "iframe", "object", "embed", "base", "frame", "math", "animate":
			faults = append(faults, "there is "+n.Data)
		case "meta":
			if attr["http-equiv"] != "" && (n.Parent == nil || n.Parent.Data != "noscript") {
				faults = append(faults, "a refresh")
			}
		case "form":
			if !strings.HasPrefix(attr["action"], "/") {
				faults = append(faults, "a form leads to "+attr["action"])
			}
		case "img", "video", "audio", "link":
			for _, key := range []string{"src", "href", "poster"} {
				if v := attr[key]; v != "" && (!strings.HasPrefix(v, "/") || strings.HasPrefix(v, "/pwned")) {
					faults = append(faults, n.Data+" loads "+v)
				}
			}
		case "a":
			switch v := attr["href"]; {
			case strings.HasPrefix(v, "/") && !strings.HasPrefix(v, "//"), strings.HasPrefix(v, "#"), strings.HasPrefix(v, "http://127.0.0.1:8484/"):
			case strings.HasPrefix(v, "https://") || strings.HasPrefix(v, "http://"):
				if !strings.Contains(attr["rel"], "noreferrer") || !strings.Contains(attr["title"], "is told of the visit") {
					faults = append(faults, "a link out says nothing of it: "+v)
				}
			default:
				faults = append(faults, "a link leads to "+v)
			}
		}
	}
	return faults
}

// TestHostileInBrowser opens every page in a real browser: nothing runs.
func TestHostileInBrowser(t *testing.T) {
	path, err := drawing.Find("")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Need(t, path != "", "a Chromium (on Debian the package chromium)")
	w := newWorld(t, nil)
	paths := hostile(t, w)
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/pwned" {
			mu.Lock()
			asked = append(asked, "/pwned was asked for")
			mu.Unlock()
		}
		w.Server.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.Flag("no-sandbox", os.Getuid() == 0),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"), chromedp.DisableGPU)
	allocator, end := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(end)
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}), chromedp.WithLogf(func(string, ...any) {}))
	t.Cleanup(closeTab)
	if err := chromedp.Do(tab); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(tab, func(ev any) {
		if d, ok := ev.(*page.EventJavascriptDialogOpening); ok {
			mu.Lock()
			asked = append(asked, "a dialog says "+d.Message)
			mu.Unlock()
		}
	}); err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, p := range paths {
		// Files are saved, not shown; the markup of the others is that of pages
		// that are opened.
		if strings.HasPrefix(p, "/media/") || strings.Contains(p, "?all=") || strings.HasPrefix(p, "/quote") || strings.HasPrefix(p, "/page?url=%") || strings.HasPrefix(p, "/article?url=%") ||
			strings.HasPrefix(p, "/search") && len(p)%4 > 0 {
			continue
		}
		ctx, cancel := context.WithTimeout(tab, 20*time.Second)
		err := chromedp.Do(ctx, chromedp.Navigate(server.URL+p))
		if err != nil {
			cancel()
			t.Fatalf("%.200s: %v", p, err)
		}
		// What is folded is opened, what can be pointed at is pointed at.
		ran, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(() => { for (const d of document.querySelectorAll("details")) d.open = true;
			for (const e of document.querySelectorAll("main *")) { e.dispatchEvent(new Event("mouseover")); e.dispatchEvent(new Event("focus")); e.dispatchEvent(new Event("toggle")); }
			return !!(window.pwned || top.pwned) })()`))
		cancel()
		if err != nil {
			t.Fatalf("%.200s: %v", p, err)
		}
		shown++
		mu.Lock()
		if ran || len(asked) > 0 {
			t.Errorf("%.200s: something ran: %v", p, asked)
			asked = nil
		}
		mu.Unlock()
	}
	if shown < 150 {
		t.Errorf("only %d pages were opened", shown)
	}
}
