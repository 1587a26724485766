package web

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// person is somebody at the machine with a browser that keeps cookies.
type person struct {
	*world
	jar []*http.Cookie
}

func (p *person) send(method, path string, form url.Values) *httptest.ResponseRecorder {
	p.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host, r.RemoteAddr = "127.0.0.1:8484", "127.0.0.1:50000"
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range p.jar {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	p.jar = append(p.jar, w.Result().Cookies()...)
	return w
}

// page gets a page, which must be there.
func (p *person) page(path string) string {
	p.t.Helper()
	w := p.send(http.MethodGet, path, nil)
	if w.Code != http.StatusOK {
		p.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// fill sends a form of a page with its token, and returns where that leads.
func (p *person) fill(page, action string, form url.Values) string {
	p.t.Helper()
	m := regexp.MustCompile(`name="csrf" value="([0-9a-f]{64})"`).FindStringSubmatch(p.page(page))
	if m == nil {
		p.t.Fatalf("%s has no form", page)
	}
	form.Set("csrf", m[1])
	w := p.send(http.MethodPost, action, form)
	if w.Code != http.StatusSeeOther {
		p.t.Fatalf("%s %v: %d %s", action, form, w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func (p *person) wants(path string, words ...string) {
	p.t.Helper()
	body := p.page(path)
	for _, w := range words {
		if !strings.Contains(body, w) {
			p.t.Errorf("%s lacks %q:\n%s", path, w, body)
		}
	}
}

func TestForms(t *testing.T) {
	p := &person{world: newWorld(t, func(o *Options) { o.Sources = feeds{} })}
	here := postPath(goneRef())
	// Approving, and taking it back.
	p.wants(here, "Nobody approved")
	p.fill(here, "/approve", url.Values{"ref": {goneRef().String()}, "note": {"of interest"}})
	p.wants(here, "may be shown what it said", "of interest")
	p.at = p.at.Add(time.Minute)
	p.fill(here, "/approve", url.Values{"ref": {goneRef().String()}, "act": {"revoke"}})
	p.wants(here, "the approval was taken back")
	// A case.
	folder := p.fill(here, "/case", url.Values{"target": {goneRef().String()}, "case": {"Ferries"}, "text": {"why"}})
	if again := p.fill(here, "/case", url.Values{"target": {"https://news.example/a"}, "case": {"ferries"}}); again != folder {
		t.Errorf("a second case of one name: %s, %s", folder, again)
	}
	for _, step := range []url.Values{{"act": {"note"}, "text": {"a note"}}, {"act": {"tag"}, "tags": {"Sea, fares"}}, {"act": {"edit"}, "title": {"Ferries and fares"}, "text": {"about"}},
		{"act": {"add"}, "target": {"https://ferry.example/times"}}, {"act": {"note"}, "target": {goneRef().String()}, "text": {"on the post"}}, {"act": {"visit"}}, {"act": {"close"}}} {
		p.fill(folder, folder, step)
	}
	p.wants(folder, "Ferries and fares", "about", "a note", "on the post", "fares", "put away", "why", "Nothing changed since you were here", "/page?url=https%3a%2f%2fferry.example%2ftimes")
	p.wants("/cases", "Ferries and fares", "Put away")
	p.wants(here, "Ferries and fares")
	p.fill(folder, folder, url.Values{"act": {"remove"}, "target": {"https://ferry.example/times"}})
	rows := p.page(folder + "/export?format=csv")
	if !strings.Contains(rows, "post,"+goneRef().String()) || strings.Contains(rows, "ferry.example") || strings.Contains(rows, "\n=") || strings.Contains(rows, ",=cmd") {
		t.Errorf("the table: %s", rows)
	}
	// What cannot be.
	for _, bad := range []url.Values{{"act": {"burn"}}, {"act": {"note"}, "text": {" "}}, {"act": {"add"}, "target": {"nothing at all"}}, {"act": {"open"}, "title": {"x"}}} {
		m := regexp.MustCompile(`name="csrf" value="([0-9a-f]{64})"`).FindStringSubmatch(p.page(folder))
		bad.Set("csrf", m[1])
		if w := p.send(http.MethodPost, folder, bad); w.Code != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, w.Code)
		}
	}
	if w := p.send(http.MethodPost, folder, url.Values{"act": {"reopen"}}); w.Code != http.StatusForbidden {
		t.Errorf("a form without its token: %d", w.Code)
	}
	// Capturing and looking are asked for, and told of.
	asked := p.fill("/queue", "/capture", url.Values{"target": {"https://x.com/ada/status/1990000000000000099"}})
	p.wants(asked, "Waiting", `data-poll="/api/v1/capture-jobs/`, "1990000000000000099", `<noscript><meta http-equiv="refresh"`)
	looked := p.fill(postPath(liveRef()), "/look", url.Values{"ref": {liveRef().String()}})
	p.wants(looked, "A look", "Waiting")
	job := regexp.MustCompile(`/job/[0-9a-f-]{36}`).FindString(p.page("/queue"))
	p.wants(job, "Attempts")
	p.fill(job, "/queue", url.Values{"act": {"drop"}, "job": {strings.TrimPrefix(job, "/job/")}})
	p.fill("/queue", "/feeds", url.Values{"act": {"pause"}, "name": {"courier"}})
	if done := p.call("GET", apiPrefix+"/audit", "").Body.String(); !strings.Contains(done, `"action":"job-drop"`) || !strings.Contains(done, `"action":"source-pause","targets":["courier"]`) {
		t.Errorf("who changed the work is not kept: %s", done)
	}
	if w := p.send(http.MethodGet, job, nil); w.Code != http.StatusNotFound {
		t.Errorf("a job that was dropped: %d", w.Code)
	}
}

// TestPicture: what is no picture, or cannot be compared, is said to be so.
func TestPicture(t *testing.T) {
	p := &person{world: newWorld(t, nil)}
	m := regexp.MustCompile(`name="csrf" value="([0-9a-f]{64})"`).FindStringSubmatch(p.page("/picture"))
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := errors.Join(form.WriteField("csrf", m[1]), func() error {
		f, err := form.CreateFormFile("picture", "<script>.png")
		if err == nil {
			_, err = f.Write([]byte(png))
		}
		return err
	}(), form.Close()); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/picture", &body)
	r.Host, r.RemoteAddr = "127.0.0.1:8484", "127.0.0.1:50000"
	r.Header.Set("Content-Type", form.FormDataContentType())
	for _, c := range p.jar {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "has no index of them") || strings.Contains(w.Body.String(), "<script>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if rec := p.send(http.MethodPost, "/picture", url.Values{"csrf": {m[1]}}); rec.Code != http.StatusBadRequest {
		t.Errorf("no picture: %d", rec.Code)
	}
}

// TestPostPage: what the page of a post must say, and how large it may be.
func TestPostPage(t *testing.T) {
	w := newWorld(t, nil)
	for i := range 300 {
		w.add(&store.Look{Time: w.at.Add(time.Duration(i-400) * time.Minute), Ref: liveRef(), Result: post.Live, Endpoint: "syndication"})
	}
	p := &person{world: w}
	p.wants(postPath(goneRef()), "Deleted by its author", "Last seen alive", "first seen gone", "Confirmed", "paragraph 12", "How we know", "raw answer", "‹U&#43;202E›",
		"cite tweet", "data-versionurl", "wrote on X", "stet verify", "ld.json", w.ids["capture"], "Captures and looks", "What changed")
	body := p.page(postPath(liveRef()))
	if len(body) > 40<<10 {
		t.Errorf("the page has %d bytes", len(body))
	}
	if !strings.Contains(body, "295 looks more") && !strings.Contains(body, "looks more, in between") {
		t.Errorf("it does not say how many looks it leaves out:\n%s", body)
	}
	// What readers added is shown, what is sensitive is blurred, and a citation
	// leads to where its readers can go.
	ref := post.Ref{Platform: post.Twitter, ID: "1990000000000000077"}
	at := w.at.Add(-9 * time.Hour)
	c := w.add(&store.Capture{Time: at, Kind: store.CapturePost, Ref: ref, Source: post.SourcePublic})
	w.add(&store.Derivation{Time: at, Capture: c, Parser: "twitter/syndication@1", Source: post.SourcePublic, Ref: ref, Post: post.Post{Platform: ref.Platform, ID: ref.ID, Text: `Is this "the" ferry?`,
		Note: "It is a bus.", Sensitive: true, Counts: map[string]int64{"replies": 1}, Media: []post.Media{{Kind: "photo", Digest: w.ids["digest"], Type: "image/png"}}, Author: post.Author{Name: "Ada", Handle: "ada"}}})
	w.o.Public.URL = "https://stet.news.example"
	p.wants(postPath(ref), "Readers added", "It is a bus.", `<img class="blur"`, "1 reply", "“Is this ‘the’ ferry?” Ada (@ada) wrote on X", "https://stet.news.example/post/twitter:1990000000000000077",
		"The words, the author&#39;s name, the handle, what people added below it, the pictures and other files, the numbers beside it")
	// A capture's own page is that capture's.
	p.wants("/c/"+w.ids["capture"], "as it was captured", "an address that never changes")
	ld := p.page(postPath(goneRef()) + "/ld.json")
	for _, want := range []string{`"@type": "SocialMediaPosting"`, `"archivedAt": "http://127.0.0.1:8484/post/twitter:`, `"@context": "https://schema.org"`} {
		if !strings.Contains(ld, want) {
			t.Errorf("%q is missing in %s", want, ld)
		}
	}
}

// TestGonePages: the list by filters, and as a table that no spreadsheet runs.
func TestGonePages(t *testing.T) {
	p := &person{world: newWorld(t, nil)}
	p.wants("/gone", "deleted by its author", "it stood")
	p.wants("/gone?author=nobody", "Nothing that fits is known to be gone")
	p.wants("/gone?domain=news.example&since=2026-01-01&until=2026-12-31", "deleted by its author")
	if w := p.send(http.MethodGet, "/gone?since=yesterday", nil); w.Code != http.StatusBadRequest {
		t.Errorf("a date that is none: %d", w.Code)
	}
	table := p.page("/gone.csv")
	if !strings.Contains(table, "'=cmd()") || strings.Contains(table, ",=cmd") || !strings.Contains(table, "https://news.example/a") {
		t.Errorf("the table: %s", table)
	}
}

// TestReadersMayRead: a reader sees no form that changes something, and may use
// none.
func TestReadersMayRead(t *testing.T) {
	w := newWorld(t, nil)
	for _, path := range []string{"/", postPath(goneRef()), "/cases", "/feeds", "/queue", "/article?url=https://news.example/a"} {
		rec := ask(w.Server, "GET", path, func(r *http.Request) { r.RemoteAddr = "192.0.2.7:5"; r.Header.Set("Accept", "text/html") })
		if rec.Code != http.StatusSeeOther || strings.Contains(rec.Body.String(), `method="post"`) || strings.Contains(rec.Body.String(), "Ada") {
			t.Errorf("%s is shown to everybody: %d %s", path, rec.Code, rec.Body)
		}
	}
	f := frame{Role: RoleReader, Token: "secret"}
	if f.May("archivist") || f.TokenFor("archivist") != "" || !(frame{Role: RoleAdmin}).May("archivist") {
		t.Error("the roles of the pages are wrong")
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x?y=1#z": "https://a.example/x?y=1#z", "http://u:p@a.example/": "http://a.example/", "javascript:alert(1)": "", "data:text/html,x": "", "//a.example": "",
		"ftp://a.example": "", "https:///x": "", "https://a.example/\u202e": "", "": "", "JAVASCRIPT:x": "", " https://a.example/": "https://a.example/",
	} {
		if got := webOnly(in); got != want {
			t.Errorf("webOnly(%q) = %q, want %q", in, got, want)
		}
	}
	for d, want := range map[time.Duration]string{26 * time.Minute: "26 minutes", 90 * time.Minute: "1 hour", 25 * time.Hour: "1 day", 40 * 24 * time.Hour: "40 days", 0: "less than a minute", 800 * 24 * time.Hour: "2 years"} {
		if got := span(d); got != want {
			t.Errorf("span(%s) = %q, want %q", d, got, want)
		}
	}
	got := pieces("See https://a.example/x, (http://b.example). javascript:x")
	want := []piece{{Text: "See "}, {"https://a.example/x", "https://a.example/x"}, {Text: ", ("}, {"http://b.example", "http://b.example"}, {Text: "). javascript:x"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s := stateOf(view.Status{Value: post.NotFound, Confirmed: true}); s.Class != "gone" || s.Words != "Missing, cause unknown" {
		t.Errorf("%+v", s)
	}
	if s := stateOf(view.Status{Value: post.Deleted}); s.Class != "perhaps" || !strings.HasPrefix(s.Words, "Perhaps") {
		t.Errorf("%+v", s)
	}
	if countWords(1204, "story") != "1,204 stories" || countWords(int64(1), "look") != "1 look" {
		t.Error(countWords(1204, "story"))
	}
}
