package web

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// outside asks the public listener, as somebody in the world does.
func (w *world) outside(path string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	r.Host, r.RemoteAddr = "stet.news.example", "192.0.2.9:5"
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	w.Public().ServeHTTP(rec, r)
	return rec
}

func (w *world) approved(a store.Approval) {
	a.Time = w.at
	w.add(&a)
}

func tweet(ref post.Ref) string { return "https://x.com/ada/status/" + ref.ID }

// TestPublicPolicy: nothing of what a post said is outside until it is gone and
// somebody approved it, and nothing of what is private or hidden ever.
func TestPublicPolicy(t *testing.T) {
	w := newWorld(t, nil)
	captures := map[post.Ref]string{}
	for _, ref := range []post.Ref{goneRef(), liveRef(), hiddenRef(), secretRef(), {Platform: post.Twitter, ID: "5"}} {
		captures[ref] = store.ID{1}.String()
		if h, err := w.archive.History(t.Context(), ref); err == nil {
			captures[ref] = h.Captures[0].ID.String()
		}
	}
	q := func(ref post.Ref) string { return url.QueryEscape(tweet(ref)) }
	paths := func(ref post.Ref) []string {
		r := url.PathEscape(ref.String())
		return []string{"/card/" + r, "/post/" + r, "/card/" + r + "/media/0", "/oembed?url=" + q(ref), "/repair?u=" + q(ref), "/timegate/" + tweet(ref), "/timemap/link/" + tweet(ref), "/timemap/json/" + tweet(ref),
			"/memento/20260228160000/" + tweet(ref), "/c/" + captures[ref]}
	}
	nothing := func(when string, ref post.Ref) {
		t.Helper()
		for _, path := range paths(ref) {
			rec := w.outside(path, nil)
			all := rec.Body.String() + rec.Header().Get("Link") + rec.Header().Get("Location")
			for _, secret := range []string{"alert", "edited", "secret", "friends", "Fenwick", "still there", "/memento/"} {
				if strings.Contains(all, secret) {
					t.Errorf("%s, %s tells %q: %d %s", when, path, secret, rec.Code, all)
				}
			}
		}
	}
	for _, ref := range []post.Ref{goneRef(), liveRef(), hiddenRef(), secretRef()} {
		nothing("before approval", ref)
	}
	if rec := w.outside("/card/"+url.PathEscape(goneRef().String()), nil); rec.Code != 200 || !strings.Contains(rec.Body.String(), "A post stood here") || !strings.Contains(rec.Body.String(), "deleted by its author") {
		t.Errorf("the neutral card: %d %s", rec.Code, rec.Body)
	}
	for _, ref := range []post.Ref{secretRef(), {Platform: post.Twitter, ID: "5"}} {
		for _, path := range paths(ref) {
			if rec := w.outside(path, nil); rec.Code != 404 && !strings.HasPrefix(path, "/repair") {
				t.Errorf("%s tells that it is kept: %d %s", path, rec.Code, rec.Body)
			}
		}
	}
	for _, ref := range []post.Ref{goneRef(), liveRef(), hiddenRef(), secretRef()} {
		w.approved(store.Approval{Ref: ref})
	}
	for _, ref := range []post.Ref{liveRef(), hiddenRef(), secretRef()} {
		nothing("approved, but not gone, hidden or private", ref)
	}
	shown := func() bool {
		rec := w.outside("/card/"+url.PathEscape(goneRef().String()), nil)
		return strings.Contains(rec.Body.String(), "edited")
	}
	if !shown() {
		t.Error("an approved post that is gone is not shown")
	}
	w.approved(store.Approval{Ref: goneRef(), Revoked: true})
	if shown() {
		t.Error("after it was taken back it is shown")
	}
	w.approved(store.Approval{Account: "twitter:#7"})
	if shown() {
		t.Error("an approval of the author stands above what was said of the post")
	}
	w.approved(store.Approval{Ref: goneRef()})
	// Somebody decides that it is private.
	told := func() bool {
		return strings.Contains(w.inside("/gone.atom", nil).Body.String(), goneRef().ID)
	}
	if !shown() || !told() {
		t.Error("an approved post is not shown, or not told of")
	}
	w.add(&store.Privacy{Time: w.at, Ref: goneRef(), Reason: "a witness"})
	nothing("decided to be private", goneRef())
	if told() {
		t.Error("a feed tells of it")
	}
	w.add(&store.Privacy{Time: w.at, Ref: goneRef(), Lifted: true, Reason: "settled"})
	if !shown() || !told() {
		t.Error("after the decision was taken back it is not shown")
	}
	// It comes back.
	w.at = w.at.Add(1)
	w.add(&store.Look{Time: w.at, Ref: goneRef(), Result: post.Live, Endpoint: "syndication"})
	nothing("after its return", goneRef())
}

func TestApprovedAuthors(t *testing.T) {
	for name, tt := range map[string]struct {
		a    store.Approval
		want bool
	}{"by id": {store.Approval{Account: "twitter:#7"}, true}, "by handle": {store.Approval{Account: "twitter:ada"}, true}, "another": {store.Approval{Account: "twitter:#8"}, false}, "elsewhere": {store.Approval{Account: "mastodon:ada"}, false}} {
		w := newWorld(t, nil)
		w.approved(tt.a)
		if got := strings.Contains(w.outside("/card/"+url.PathEscape(goneRef().String()), nil).Body.String(), "edited"); got != tt.want {
			t.Errorf("%s: shown is %t", name, got)
		}
		tt.a.Revoked = true
		w.approved(tt.a)
		if strings.Contains(w.outside("/card/"+url.PathEscape(goneRef().String()), nil).Body.String(), "edited") {
			t.Errorf("%s: shown after it was taken back", name)
		}
	}
	// An article can write any name.
	w := newWorld(t, nil)
	ref := post.Ref{Platform: post.Twitter, ID: "1990000000000000007"}
	c := w.add(&store.Capture{Time: w.at, Kind: store.CapturePost, Ref: ref, Source: post.SourceArticle})
	w.add(&store.Derivation{Time: w.at, Capture: c, Source: post.SourceArticle, Ref: ref, Post: post.Post{Platform: ref.Platform, ID: ref.ID, Text: "a forged quotation", Author: post.Author{Handle: "ada"}}})
	w.lost(ref, post.Deleted, "gone")
	w.approved(store.Approval{Account: "twitter:ada"})
	if strings.Contains(w.outside("/card/"+url.PathEscape(ref.String()), nil).Body.String(), "forged") {
		t.Error("an article's quotation passes for a post of an approved author")
	}
}

func TestPolicies(t *testing.T) {
	for name, tt := range map[string]struct {
		p                      Public
		gone, hidden, repaired bool
	}{
		"all":     {Public{Policy: view.PublicPolicy{Gone: "all"}}, true, false, true},
		"none":    {Public{Policy: view.PublicPolicy{Gone: "none"}}, false, false, false},
		"hidden":  {Public{Policy: view.PublicPolicy{Gone: "all", Hidden: true}}, true, true, true},
		"neutral": {Public{Policy: view.PublicPolicy{Gone: "none"}, Neutral: true}, false, false, true},
	} {
		w := newWorld(t, func(o *Options) { o.Public = tt.p })
		gone := strings.Contains(w.outside("/card/"+url.PathEscape(goneRef().String()), nil).Body.String(), "edited")
		hidden := strings.Contains(w.outside("/card/"+url.PathEscape(hiddenRef().String()), nil).Body.String(), "friends")
		repaired := strings.Contains(w.outside("/repair?u="+url.QueryEscape(tweet(goneRef())), nil).Body.String(), `"ref"`)
		if gone != tt.gone || hidden != tt.hidden || repaired != tt.repaired {
			t.Errorf("%s: gone %t, hidden %t, repaired %t", name, gone, hidden, repaired)
		}
		if strings.Contains(w.outside("/repair?u="+url.QueryEscape(tweet(secretRef())), nil).Body.String(), `"ref"`) {
			t.Errorf("%s: what is private is repaired", name)
		}
	}
}

// TestPublicOffersNothingElse: what is for the desk is not on the public
// listener, whoever asks.
func TestPublicOffersNothingElse(t *testing.T) {
	w := newWorld(t, nil)
	for _, path := range []string{"/gone.atom", "/metrics", "/login", "/readyz", "/media/" + w.ids["digest"], "/raw/" + w.ids["page"], apiPrefix + "/status", apiPrefix + "/openapi.json", apiPrefix + "/command", "/cdx?url=https://news.example/a",
		"/stet/cdx?url=x", "/timemap/link/https://news.example/a", "/timegate/https://ferry.example/times", "/memento/20260301000000/https://ferry.example/times", "/static/desk.css", "/debug/pprof/"} {
		for _, change := range []func(*http.Request){nil, func(r *http.Request) { r.Host, r.RemoteAddr = "localhost", "127.0.0.1:5" }, header("Authorization", "Bearer stet_c")} {
			if rec := w.outside(path, change); rec.Code != 404 || strings.Contains(rec.Body.String(), "paragraph") {
				t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
			}
		}
	}
	for path, want := range map[string]string{"/robots.txt": "Disallow: /", "/": "archive", "/healthz": "ok", "/stet.js": "use strict"} {
		rec := w.outside(path, nil)
		h := rec.Header()
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), want) || h.Get("X-Robots-Tag") == "" || len(h["Set-Cookie"]) > 0 || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, rec.Code, h)
		}
	}
	if rec := w.outside("/stet.js", nil); rec.Body.Len() >= 4096 || rec.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("the script has %d bytes, %v", rec.Body.Len(), rec.Header())
	}
}

// TestCard: a card is data, whatever the data is.
func TestCard(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Public.Sites = []string{"https://news.example"} })
	w.approved(store.Approval{Ref: goneRef()})
	path := "/card/" + url.PathEscape(goneRef().String())
	rec := w.outside(path, nil)
	body, h := rec.Body.String(), rec.Header()
	for _, bad := range []string{"<script", "onmouseover=\"x\" ", "\u202e", `Ada <b>`, "</textarea>\"on"} {
		if strings.Contains(body, bad) {
			t.Errorf("the card holds %q", bad)
		}
	}
	csp := h.Get("Content-Security-Policy")
	if rec.Code != 200 || !strings.Contains(csp, "frame-ancestors https://news.example") || strings.Contains(csp, "script") || strings.Contains(csp, "unsafe") || h.Get("X-Frame-Options") != "" ||
		h.Get("Cache-Control") != publicTime || !strings.Contains(h.Get("Link"), "application/json+oembed") && !strings.Contains(strings.Join(h["Link"], ","), "application/json+oembed") {
		t.Errorf("%d %v", rec.Code, h)
	}
	for _, want := range []string{"@ada", "Last seen", "deleted by its author", `src="/card/twitter:` + goneRef().ID + `/media/0"`, `rel="noopener nofollow noreferrer"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the card lacks %q:\n%s", want, body)
		}
	}
	if rec := w.outside(path+"/media/0", nil); rec.Code != 200 || rec.Header().Get("Content-Type") != "image/png" || rec.Header().Get("Cache-Control") != publicTime {
		t.Errorf("its picture: %d %v", rec.Code, rec.Header())
	}
	for _, n := range []string{"1", "-1", "x", "99999999999999999999", "..%2F0"} {
		if rec := w.outside(path+"/media/"+n, nil); rec.Code != 404 {
			t.Errorf("file %s: %d", n, rec.Code)
		}
	}
	// Inside, everything that is kept is shown.
	if rec := w.call("GET", "/card/"+url.PathEscape(secretRef().String()), ""); rec.Code != 200 || !strings.Contains(rec.Body.String(), "secret") || !strings.Contains(rec.Header().Get("Content-Security-Policy"), "frame-ancestors 'self'") {
		t.Errorf("inside: %d %s", rec.Code, rec.Body)
	}
}

func TestOEmbed(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Public.URL = "https://stet.news.example" })
	w.approved(store.Approval{Ref: goneRef()})
	at := "/oembed?url=" + url.QueryEscape(tweet(goneRef()))
	var o oembedAnswer
	rec := w.outside(at, nil)
	if err := json.Unmarshal(rec.Body.Bytes(), &o); err != nil || o.Version != "1.0" || o.Type != "rich" || o.Width != 550 || o.Height < 200 || o.AuthorName != "Ada <b>Fenwick</b>" ||
		!strings.HasPrefix(o.HTML, `<iframe src="https://stet.news.example/card/twitter:`+goneRef().ID+`"`) || strings.Contains(o.HTML, "<b>") || !strings.Contains(o.HTML, `sandbox="allow-popups`) {
		t.Errorf("%v %+v", err, o)
	}
	if rec.Header().Get("Access-Control-Allow-Origin") != "*" || rec.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%v", rec.Header())
	}
	rec = w.outside(at+"&format=xml&maxwidth=300&maxheight=200", nil)
	var x oembedAnswer
	if err := xml.Unmarshal(rec.Body.Bytes(), &x); err != nil || x.Width != 300 || x.Height != 200 || !strings.Contains(x.HTML, `width="300" height="200"`) || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/xml") {
		t.Errorf("%v %+v", err, x)
	}
	for path, want := range map[string]int{at + "&format=yaml": 501, at + "&maxwidth=x": 400, at + "&maxheight=-1": 400, "/oembed": 400, "/oembed?url=https://evil.example/": 400, "/oembed?url=javascript:alert(1)": 404,
		"/oembed?url=https://stet.news.example/post/twitter:" + goneRef().ID: 200, "/oembed?url=https://stet.news.example/c/" + w.ids["capture"]: 200, "/oembed?url=https://stet.news.example/login": 404,
		"/oembed?url=" + url.QueryEscape(tweet(secretRef())): 404} {
		if rec := w.outside(path, nil); rec.Code != want {
			t.Errorf("%s: %d, want %d: %s", path, rec.Code, want, rec.Body)
		}
	}
}

func TestRepairAnswer(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Public.URL = "https://stet.news.example" })
	w.approved(store.Approval{Ref: goneRef()})
	asked := "https://twitter.com/ada/status/" + goneRef().ID + "?ref_src=twsrc"
	rec := w.outside("/repair?u="+url.QueryEscape(asked)+"&u="+url.QueryEscape(tweet(liveRef()))+"&u=%3Cscript%3E&u=at://x&u="+url.QueryEscape(asked), nil)
	var a struct{ Posts []repaired }
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil || len(a.Posts) != 1 {
		t.Fatalf("%v %s", err, rec.Body)
	}
	p := a.Posts[0]
	if p.Asked != asked || p.State != post.Deleted || p.Card != "https://stet.news.example/card/twitter:"+goneRef().ID || p.Date != "2026-02-28" ||
		p.Version != "https://stet.news.example/memento/20260228170000/"+tweet(goneRef()) || rec.Header().Get("Cache-Control") != publicTime || rec.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%+v %v", p, rec.Header())
	}
	if rec := w.outside("/repair?"+strings.Repeat("u=x&", maxAsked+1), nil); rec.Code != 413 {
		t.Errorf("too much: %d", rec.Code)
	}
}

func TestMemento(t *testing.T) {
	w := newWorld(t, nil)
	w.approved(store.Approval{Ref: goneRef()})
	for _, tt := range []struct {
		name, url, accept, want string
		ask                     func(string, func(*http.Request)) *httptest.ResponseRecorder
	}{
		{"a post, the latest", tweet(goneRef()), "", "20260228170000", w.outside},
		{"a post, before the first", tweet(goneRef()), "Mon, 02 Mar 2020 09:00:00 GMT", "20260228160000", w.outside},
		{"a post, after the last", tweet(goneRef()), "Mon, 02 Mar 2040 09:00:00 GMT", "20260228170000", w.outside},
		{"a page, inside", "https://ferry.example/times", "Sat, 28 Feb 2026 19:10:00 GMT", "20260228190000", w.inside},
		{"an article, inside", "https://news.example/a", "", "20260228180000", w.inside},
	} {
		rec := tt.ask("/timegate/"+tt.url, header("Accept-Datetime", tt.accept))
		h := rec.Header()
		if rec.Code != 302 || !strings.HasSuffix(h.Get("Location"), "/memento/"+tt.want+"/"+tt.url) || h.Get("Vary") != "Accept-Datetime" || h.Get("Memento-Datetime") != "" || !strings.Contains(h.Get("Link"), "<"+tt.url+`>; rel="original"`) {
			t.Errorf("%s: %d %v", tt.name, rec.Code, h)
			continue
		}
		u, err := url.Parse(h.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		m := tt.ask(u.RequestURI(), nil)
		if m.Code != 200 || m.Header().Get("Memento-Datetime") == "" || !strings.Contains(strings.Join(m.Header()["Link"], ", "), `memento"; datetime="`) || strings.Contains(m.Header().Get("Content-Security-Policy"), "script-src") {
			t.Errorf("%s: %d %v", tt.name, m.Code, m.Header())
		}
		for form, kind := range map[string]string{"link": "application/link-format", "json": "application/json", "cdxj": "application/cdxj+ors"} {
			if rec := tt.ask("/timemap/"+form+"/"+tt.url, nil); rec.Code != 200 || rec.Header().Get("Content-Type") != kind || !strings.Contains(rec.Body.String(), tt.want) {
				t.Errorf("%s as %s: %d %v %s", tt.name, form, rec.Code, rec.Header(), rec.Body)
			}
		}
	}
	// A capture is shown as it was then.
	if rec := w.outside("/memento/20260228160000/"+tweet(goneRef()), nil); strings.Contains(rec.Body.String(), "edited") || !strings.Contains(rec.Body.String(), "cmd()") {
		t.Errorf("the first capture: %s", rec.Body)
	}
	if rec := w.outside("/memento/2026/"+tweet(goneRef()), nil); rec.Code != 302 || !strings.Contains(rec.Header().Get("Location"), "/memento/20260228160000/") {
		t.Errorf("a time that is cut short: %d %v", rec.Code, rec.Header())
	}
	if rec := w.inside("/memento/20260228190000id_/https://ferry.example/times", nil); rec.Header().Get("Content-Type") != octets || !strings.HasPrefix(rec.Body.String(), "<p>The ferry") || rec.Header().Get("Memento-Datetime") == "" {
		t.Errorf("the bytes: %d %v", rec.Code, rec.Header())
	}
	for path, want := range map[string]int{"/timegate/javascript:alert(1)": 400, "/timegate/https://x.com/ada/status/5": 404, "/memento/yesterday/https://x.com/a": 400, "/memento/20261301000000/" + tweet(goneRef()): 400,
		"/timemap/html/" + tweet(goneRef()): 404, "/memento/20260228160000id_/" + tweet(goneRef()): 200} {
		if rec := w.outside(path, nil); rec.Code != want {
			t.Errorf("%s: %d, want %d", path, rec.Code, want)
		}
	}
	if rec := w.outside("/timegate/"+tweet(goneRef()), header("Accept-Datetime", "yesterday-ish")); rec.Code != 400 || rec.Header().Get("Vary") != "Accept-Datetime" {
		t.Errorf("a time that is none: %d %v", rec.Code, rec.Header())
	}
}

// inside asks the desk.
func (w *world) inside(path string, change func(*http.Request)) *httptest.ResponseRecorder {
	return ask(w, "GET", path, change)
}

func TestIndex(t *testing.T) {
	w := newWorld(t, nil)
	page := "https://ferry.example/times"
	lines := func(path string) []string {
		t.Helper()
		rec := w.inside(path, nil)
		if rec.Code != 200 {
			t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
		}
		return strings.Split(strings.TrimSuffix(rec.Body.String(), "\n"), "\n")
	}
	ofPosts := func(stamps ...string) []string {
		var out []string
		for i, s := range stamps {
			out = append(out, fmt.Sprintf("com,twitter)/ada/status/199000000000000000%d %s", max(i, 1), s))
		}
		return out
	}
	for path, want := range map[string][]string{
		"/cdx?url=" + page + "&fl=timestamp,original,statuscode":                                        {"20260228190000 " + page + " 200", "20260301030000 " + page + " 200"},
		"/cdx?url=" + page + "&fl=timestamp&limit=1":                                                    {"20260228190000"},
		"/cdx?url=" + page + "&fl=timestamp&limit=-1":                                                   {"20260301030000"},
		"/cdx?url=" + page + "&fl=timestamp&sort=reverse":                                               {"20260301030000", "20260228190000"},
		"/cdx?url=" + page + "&fl=timestamp&offset=1":                                                   {"20260301030000"},
		"/cdx?url=" + page + "&fl=timestamp&from=202603":                                                {"20260301030000"},
		"/cdx?url=" + page + "&fl=timestamp&to=20260228":                                                {"20260228190000"},
		"/cdx?url=" + page + "&fl=timestamp&to=2026":                                                    {"20260228190000", "20260301030000"},
		"/cdx?url=" + page + "&fl=timestamp&collapse=timestamp:6":                                       {"20260228190000", "20260301030000"},
		"/cdx?url=" + page + "&fl=timestamp&collapse=timestamp:4":                                       {"20260228190000"},
		"/cdx?url=" + page + "&fl=timestamp&closest=20260301000000&limit=1":                             {"20260301030000"},
		"/cdx?url=" + page + "&fl=timestamp&filter=statuscode:2..":                                      {"20260228190000", "20260301030000"},
		"/cdx?url=" + page + "&fl=timestamp&filter=!statuscode:200":                                     {""},
		"/cdx?url=ferry.example/*&fl=timestamp":                                                         {"20260228190000", "20260301030000"},
		"/cdx?url=ferry.example&matchType=host&fl=timestamp":                                            {"20260228190000", "20260301030000"},
		"/cdx?url=ferry.exampl&matchType=host&fl=timestamp":                                             {""},
		"/cdx?url=*.example&fl=timestamp,original&filter=original:.*times":                              {"20260228190000 " + page, "20260301030000 " + page},
		"/cdx?url=ferry.example&matchType=domain&fl=1":                                                  {"20260228190000", "20260301030000"},
		"/cdx?url=rry.example&matchType=domain&fl=timestamp":                                            {""},
		"/cdx?url=" + page + "&showNumPages=true":                                                       {"1"},
		"/cdx?url=" + page + "&fl=timestamp&page=0":                                                     {"20260228190000", "20260301030000"},
		"/cdx?url=" + page + "&fl=timestamp&page=1":                                                     {""},
		"/stet/cdx?url=" + page + "&showNumPages=true":                                                  {`{"blocks":1,"pageSize":1,"pages":1}`},
		"/stet/cdx?url=" + page + "&fields=timestamp&filter=~url:.*tim&limit=1":                         {"20260228190000"},
		"/cdx?url=" + page + "&fl=timestamp&filter=original:.*tim":                                      {""},
		"/stet/cdx?url=" + page + "&output=text&limit=1&filter=!=status:404":                            lines("/cdx?url=" + page + "&limit=1"),
		"/cdx?url=x.com/ada/*&fl=urlkey,timestamp":                                                      ofPosts("20260228160000", "20260228170000", "20260228170000", "20260228170000", "20260228170000"),
		"/cdx?url=twitter.com/AD*&fl=urlkey,timestamp&limit=2":                                          ofPosts("20260228160000", "20260228170000"),
		"/cdx?url=https://mobile.twitter.com/ada/status/19900000000000000*&fl=urlkey,timestamp&limit=1": ofPosts("20260228160000"),
		"/cdx?url=https://x.com/ada/status/21*&fl=timestamp":                                            {""},
		"/cdx?url=https://x.com/ad/*&fl=timestamp":                                                      {""},
		"/cdx?url=twitter.com&matchType=host&fl=timestamp&collapse=timestamp:4":                         {"20260228160000"},
		"/cdx?url=*.x.com&fl=timestamp&page=0&limit=1":                                                  {"20260228160000"},
		"/cdx?url=https://nothing.example/&output=json":                                                 {"[]"},
		"/stet/cdx?url=" + page + "&fields=timestamp,mime&output=json&limit=1":                          {`{"mime":"text/html","timestamp":"20260228190000"}`},
		"/stet/cdx?url=" + page + "&fields=timestamp&filter==status:200&limit=1":                        {"20260228190000"},
		"/stet/cdx?url=" + page + "&fields=timestamp&filter=mime:html&limit=1":                          {"20260228190000"},
	} {
		if got := lines(path); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if got := lines("/cdx?url=" + page)[0]; !strings.HasPrefix(got, "example,ferry)/times 20260228190000 "+page+" text/html 200 sha256:") {
		t.Errorf("%s", got)
	}
	if got := lines("/stet/cdx?url=" + page)[0]; !strings.HasPrefix(got, `example,ferry)/times 20260228190000 {"digest":"sha256:`) {
		t.Errorf("%s", got)
	}
	var rows [][]string
	if err := json.Unmarshal([]byte(lines("/cdx/search/cdx?url=" + page + "&output=json")[0]), &rows); err != nil || len(rows) != 3 || rows[0][0] != "urlkey" || len(rows[1]) != 7 {
		t.Errorf("%v %v", rows, err)
	}
	if got := lines("/cdx?url=" + url.QueryEscape(tweet(goneRef())) + "&fl=timestamp"); len(got) != 2 {
		t.Errorf("a post: %v", got)
	}
	for _, bad := range []string{"/cdx", "/cdx?url=x&matchType=all", "/cdx?url=x&from=yesterday", "/cdx?url=x&limit=many", "/cdx?url=x&offset=-1", "/cdx?url=x&fl=colour", "/cdx?url=x&filter=colour:red",
		"/cdx?url=x&page=one", "/cdx?url=x&pageSize=0", "/cdx?url=x&resumeKey=!", "/stet/cdx?url=x&page=1", "/stet/cdx?url=x&limit=-1", "/stet/cdx?url=x&output=link", "/cdx?url=x&sort=reverse&resumeKey=eA",
		"/cdx?url=x&filter=statuscode:(", "/cdx?url=x&collapse=timestamp:0", "/cdx?url=javascript:x", "/cdx?url=x&filter=original:" + strings.Repeat("a", 300)} {
		if rec := w.inside(bad, nil); rec.Code != 400 {
			t.Errorf("%.60s: %d", bad, rec.Code)
		}
	}
}

// TestIndexBelow: what begins with an address, is of a host, and is of a domain,
// where hosts of other domains stand between.
func TestIndexBelow(t *testing.T) {
	w := newWorld(t, nil)
	for _, u := range []string{"https://bay.example/", "https://bay.example/a/", "https://bay.example/a/b", "https://bay.example/ab", "https://bay.example/?q=1", "https://bay.example:8080/a", "https://bay.example.org/a",
		"https://news.bay.example/a", "https://www.bay.example/c", "https://deep.news.bay.example/", "https://elbay.example/a", "https://bay-example.example/a", "https://m.example/bay.example/a"} {
		x := w.exchanged(u, "text/html", "<p>"+u, w.at.Add(-time.Hour))
		w.add(&store.Capture{Time: w.at.Add(-time.Hour), Kind: store.CapturePage, URL: u, Source: post.SourcePublic, Exchanges: []store.ID{x}})
	}
	for path, want := range map[string]string{
		"url=bay.example/*":                            "https://bay.example/ https://bay.example/?q=1 https://bay.example/a/ https://bay.example/a/b https://bay.example/ab https://www.bay.example/c",
		"url=https://bay.example&matchType=prefix":     "https://bay.example/ https://bay.example/?q=1 https://bay.example/a/ https://bay.example/a/b https://bay.example/ab https://www.bay.example/c",
		"url=bay.example/a*":                           "https://bay.example/a/ https://bay.example/a/b https://bay.example/ab",
		"url=bay.example/a/*":                          "https://bay.example/a/b",
		"url=bay.example/a&matchType=host":             "https://bay.example/ https://bay.example/?q=1 https://bay.example/a/ https://bay.example/a/b https://bay.example/ab https://www.bay.example/c",
		"url=bay.example:8080&matchType=host":          "https://bay.example:8080/a",
		"url=*.bay.example":                            "https://bay.example/ https://bay.example/?q=1 https://bay.example/a/ https://bay.example/a/b https://bay.example/ab https://www.bay.example/c https://deep.news.bay.example/ https://news.bay.example/a",
		"url=news.bay.example/x&matchType=domain":      "https://deep.news.bay.example/ https://news.bay.example/a",
		"url=*.bay.example&filter=!original:.*/a.*":    "https://bay.example/ https://bay.example/?q=1 https://www.bay.example/c https://deep.news.bay.example/",
		"url=*.bay.example&collapse=urlkey:12&limit=2": "https://bay.example/ https://news.bay.example/a",
	} {
		got := strings.Fields(w.inside("/cdx?fl=original&"+path, nil).Body.String())
		slices.Sort(got)
		all := strings.Fields(want)
		if slices.Sort(all); !slices.Equal(got, all) {
			t.Errorf("%s:\n got %q\nwant %q", path, got, all)
		}
	}
	// Going on by key, in both forms, until nothing more is there.
	var all []string
	for key := ""; ; {
		body := w.inside("/cdx?url=*.bay.example&fl=original&limit=3&showResumeKey=true&resumeKey="+key, nil).Body.String()
		rows, next, more := strings.Cut(strings.TrimSuffix(body, "\n"), "\n\n")
		all = append(all, strings.Fields(rows)...)
		if key = next; !more {
			break
		}
	}
	whole := strings.Fields(w.inside("/cdx?url=*.bay.example&fl=original", nil).Body.String())
	if len(whole) != 8 || !slices.Equal(all, whole) {
		t.Errorf("in pieces %q, whole %q", all, whole)
	}
	var rows [][]string
	if err := json.Unmarshal(w.inside("/cdx?url=*.bay.example&fl=original&limit=3&showResumeKey=true&output=json", nil).Body.Bytes(), &rows); err != nil || len(rows) != 6 || len(rows[4]) != 0 || len(rows[5]) != 1 {
		t.Errorf("%v %q", err, rows)
	}
}

// TestArchivedErrors: what was archived as an error or a redirect is one, and
// leads nowhere outside.
func TestArchivedErrors(t *testing.T) {
	w := newWorld(t, nil)
	at := w.at.Add(-time.Hour).Truncate(time.Second)
	kept := func(u string, status int, location, body string) {
		head := fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: text/html\r\n", status)
		if location != "" {
			head += "Location: " + location + "\r\n"
		}
		x := w.add(&store.Exchange{Started: at, Method: "GET", URL: u, Status: status, Protocol: "http/1.1", RequestHead: []byte("GET / HTTP/1.1\r\n\r\n"), ResponseHead: []byte(head + "\r\n"),
			Body: store.Body{Inline: []byte(body), Size: int64(len(body)), Digest: store.DigestOf([]byte(body)), Type: "text/html"}})
		w.add(&store.Capture{Time: at, Kind: store.CapturePage, URL: u, Source: post.SourcePublic, Exchanges: []store.ID{x}})
	}
	kept("https://bay.example/missing", 404, "", "<h1>no such page</h1>")
	kept("https://bay.example/empty", 410, "", "")
	kept("https://bay.example/moved", 301, "/new?a=b", "")
	kept("https://bay.example/evil", 302, "javascript:alert(1)", "x")
	kept("https://bay.example/back", 404, "https://evil.example/", "x")
	stamp := at.Format(stamp14)
	for path, want := range map[string]string{"missing": "404 ", "empty": "410 ", "moved": "301 http://127.0.0.1:8484/memento/" + stamp + "/https://bay.example/new?a=b", "evil": "302 ", "back": "404 "} {
		for _, form := range []string{"", "id_"} {
			for _, method := range []string{"GET", "HEAD"} {
				rec := ask(w, method, "/memento/"+stamp+form+"/https://bay.example/"+path, nil)
				if got := fmt.Sprintf("%d %s", rec.Code, rec.Header().Get("Location")); got != want || rec.Header().Get("Memento-Datetime") == "" {
					t.Errorf("%s %s%s: %s, want %s; %v", method, path, form, got, want, rec.Header())
				}
			}
		}
	}
}

// TestEmptiedCaptures: the address of a capture whose content was removed says
// when and why.
func TestEmptiedCaptures(t *testing.T) {
	w := newWorld(t, nil)
	h, err := w.archive.History(t.Context(), goneRef())
	if err != nil {
		t.Fatal(err)
	}
	id := h.Captures[0].ID
	rec, err := w.archive.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := store.Without(&rec, "meta")
	if err != nil {
		t.Fatal(err)
	}
	b := w.archive.Begin()
	b.Replace(bare)
	if _, err := b.Add(t.Context(), &store.Redaction{Time: w.at, Act: store.RedactionSeal, Reason: "a court asks", Refs: []post.Ref{goneRef()},
		Records: []store.RedactedRecord{{ID: id, Fields: []string{"meta"}}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/c/" + id.String(), apiPrefix + "/captures/" + id.String()} {
		if rec := w.inside(path, nil); rec.Code != 404 || !strings.Contains(rec.Body.String(), "was sealed by the archive on 2026-03-02: a court asks") {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
}

// TestIndexInParts: the posts of a platform that are more than one question looks
// at are answered in parts, each of them once, and only where whoever asks can go
// on.
func TestIndexInParts(t *testing.T) {
	w := newWorld(t, nil)
	const posts = 23
	for i := range posts {
		ref := post.Ref{Platform: post.Twitter, ID: fmt.Sprint(100 + i)}
		for range 1 + i%3 {
			w.captured(ref, "words", w.at.Add(-time.Duration(i)*time.Hour), false)
		}
	}
	whole := strings.Fields(w.inside("/cdx?fl=original&url=x.com&matchType=host", nil).Body.String())
	w.mostIndex = 5
	for _, tt := range []string{"", "&page=0&showResumeKey=true", "&limit=-1&showResumeKey=true", "&sort=reverse&showResumeKey=true"} {
		if rec := w.inside("/cdx?fl=original&url=x.com&matchType=host"+tt, nil); rec.Code != 413 || !strings.Contains(rec.Body.String(), "showResumeKey=true") {
			t.Errorf("%s: %d %s", tt, rec.Code, rec.Body)
		}
	}
	for _, limit := range []string{"", "&limit=1", "&limit=4", "&limit=100"} {
		var all []string
		key := ""
		for parts := 0; ; parts++ {
			rec := w.inside("/cdx?fl=original&url=x.com&matchType=host&showResumeKey=true"+limit+"&resumeKey="+key, nil)
			rows, next, more := strings.Cut(strings.TrimSuffix(rec.Body.String(), "\n"), "\n\n")
			if !more && strings.HasPrefix(rows, "\n") {
				rows, next, more = "", strings.TrimSpace(rows), true // a part without rows
			}
			if all = append(all, strings.Fields(rows)...); rec.Code != 200 || parts > 100 {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			if key = next; !more {
				break
			}
		}
		slices.Sort(all)
		want := slices.Clone(whole)
		if slices.Sort(want); !slices.Equal(all, want) || len(all) < posts {
			t.Errorf("%s: %d rows in parts, %d as a whole", limit, len(all), len(want))
		}
		if key != "" {
			t.Errorf("%s: ended with key %s", limit, key)
		}
	}
	part := partKey("mastodon:x/1", "")
	for _, bad := range []string{part, part + "&sort=reverse", base64.RawURLEncoding.EncodeToString([]byte("\x00x"))} {
		if rec := w.inside("/cdx?url=x.com&matchType=host&showResumeKey=true&resumeKey="+bad, nil); rec.Code != 400 {
			t.Errorf("%s: %d %s", bad, rec.Code, rec.Body)
		}
	}
}
