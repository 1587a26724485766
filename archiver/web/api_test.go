package web

import (
	"encoding/json"
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

// call makes a request of a program at the machine.
func (w *world) call(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = "localhost:8484", "127.0.0.1:5"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

// at fills the ids of the world into an example.
func (w *world) example(path string) string {
	for name, id := range w.ids {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(id))
	}
	return apiPrefix + path
}

func TestPostsAPI(t *testing.T) {
	w := newWorld(t, nil)
	// A post by any address.
	for _, word := range []string{goneRef().String(), "https://twitter.com/ada/status/" + goneRef().ID + "?s=20", "https://web.archive.org/web/2020/https://x.com/ada/status/" + goneRef().ID} {
		rec := w.call("GET", apiPrefix+"/posts/"+url.PathEscape(word), "")
		var v view.Post
		if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil || v.Post.Text != evilWords+" edited" || v.Status.Value != post.Deleted || !v.Status.Confirmed || len(v.Captures) != 2 {
			t.Errorf("%s: %d %v %s", word, rec.Code, err, rec.Body)
		}
	}
	for path, want := range map[string]int{"/posts/twitter:5": 404, "/posts/nonsense": 400, "/posts/https:%2F%2Fevil.example%2Fx": 400, "/posts?limit=0": 400, "/posts?limit=501": 400, "/gone?cursor=!": 400, "/gone?since=yesterday": 400,
		"/captures/x": 400, "/captures/0190a0a0-0000-7000-8000-000000000000": 404, "/exchanges/0190a0a0-0000-7000-8000-000000000000/body": 404, "/articles?url=https://news.example/none": 404, "/accounts/twitter/nobody": 404,
		"/lookup": 400, "/quote": 400, "/search?q=x&sort=size": 400, "/search?q=x&facets=size": 400, "/search?since=x": 400, "/media/sha256:00": 400, "/media/" + store.DigestOf([]byte("x")).String(): 404, "/none": 404, "/jobs/0190a0a0-0000-7000-8000-000000000000": 404, "/exchanges/" + w.ids["exchange"] + "/..%2F..%2Fetc%2Fpasswd": 404} {
		rec := w.call("GET", apiPrefix+path, "")
		if rec.Code != want || rec.Header().Get("Content-Type") != "application/problem+json" || rec.Header().Get("ETag") != "" {
			t.Errorf("%s: %d %v %s", path, rec.Code, rec.Header(), rec.Body)
		}
		// A negative answer names what was searched; "/none" is no address at all.
		var p problem
		if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || (p.Searched != nil) != (want == 404 && path != "/none") ||
			p.Searched != nil && (p.Searched.Posts == 0 || p.Searched.Last.IsZero() || !strings.Contains(p.Detail, "searched: this archive, which holds 4 posts, recorded from ")) {
			t.Errorf("%s: searched %+v, %v: %s", path, p.Searched, err, p.Detail)
		}
	}
	// Pages of a list continue each other, and hold everything once.
	seen, next := []string{}, ""
	for range 10 {
		rec := w.call("GET", apiPrefix+"/posts?limit=2&cursor="+next, "")
		var page struct {
			Items []apiPost `json:"items"`
			Next  string    `json:"next"`
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil {
			t.Fatalf("%v in %s", err, rec.Body)
		}
		for _, p := range page.Items {
			seen = append(seen, p.ID)
		}
		if next = page.Next; next == "" {
			break
		}
		if !strings.Contains(rec.Header().Get("Link"), `rel="next"`) {
			t.Errorf("no link to the next page: %v", rec.Header())
		}
	}
	if want := []string{goneRef().ID, liveRef().ID, hiddenRef().ID, secretRef().ID}; !slices.Equal(seen, want) {
		t.Errorf("the pages hold %v, want %v", seen, want)
	}
	rec := w.call("GET", apiPrefix+"/gone?format=csv", "")
	if !strings.Contains(rec.Body.String(), "'=cmd()") || strings.Contains(rec.Body.String(), secretRef().ID) {
		t.Errorf("the table holds %s", rec.Body)
	}
}

// TestWorkAPI: captures and looks are asked for, followed, and told of.
func TestWorkAPI(t *testing.T) {
	w := newWorld(t, nil)
	ask := func(path, body string) (apiRequest, *httptest.ResponseRecorder) {
		rec := w.call("POST", apiPrefix+path, body)
		var v apiRequest
		_ = json.Unmarshal(rec.Body.Bytes(), &v)
		return v, rec
	}
	follow := func(rec *httptest.ResponseRecorder) apiRequest {
		var v apiRequest
		if err := json.Unmarshal(w.call("GET", rec.Header().Get("Location"), "").Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	v, rec := ask("/capture-jobs", `{"targets":["https://x.com/ada/status/1990000000000000009","https://news.example/b"],"case":"ferry","note":"n"}`)
	if rec.Code != 202 || v.State != "waiting" || len(v.Targets) != 2 || v.Targets[0].Ref != "twitter:1990000000000000009" || v.Targets[1].Ref != "" {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	jobs, err := w.archive.Backend().Lease(t.Context(), store.LeaseRequest{Owner: "me", Now: w.at, For: time.Minute, Limit: 9})
	if err != nil || len(jobs) != 2 {
		t.Fatalf("%v, %v", jobs, err)
	}
	if v := follow(rec); v.State != "running" {
		t.Errorf("while it runs: %+v", v)
	}
	w.at = w.at.Add(time.Minute)
	ref := post.Ref{Platform: post.Twitter, ID: "1990000000000000009"}
	w.captured(ref, "words", w.at, false)
	b := w.archive.Begin()
	for i, j := range jobs {
		f := store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone}
		if j.Kind == "article" {
			f.Outcome, f.Error = store.OutcomeDead, "no such host"
		}
		_ = i
		b.Finish(f)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	v = follow(rec)
	if v.State != "failed" || v.Targets[0].State != "done" || len(v.Targets[0].Captures) != 1 || v.Targets[1].Error != "no such host" {
		t.Errorf("at the end: %+v", v)
	}
	v, rec = ask("/recheck", `{"targets":["`+liveRef().String()+`"]}`)
	if rec.Code != 202 || v.State != "waiting" {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	w.add(&store.Look{Time: w.at, Ref: liveRef(), Result: post.Live, Endpoint: "syndication"})
	if v := follow(rec); v.State != "done" || v.Targets[0].Status != post.Live {
		t.Errorf("after the look: %+v", v)
	}
	for body, want := range map[string]int{`{"targets":[]}`: 400, `{"targets":["javascript:alert(1)"]}`: 400, `{"targets":["file:///etc/passwd"]}`: 400, `{`: 400, `{"goals":["x"]}`: 400,
		`{"targets":["https://x.com/` + strings.Repeat("a", 9000) + `"]}`: 413, `{"targets":["https://x.com/ada"]}`: 400, `{"targets":["` + strings.Repeat("a", 2<<20) + `"]}`: 413} {
		if _, rec := ask("/capture-jobs", body); rec.Code != want {
			t.Errorf("%.60s: %d %s", body, rec.Code, rec.Body)
		}
	}
	if _, rec := ask("/recheck", `{"targets":["twitter:5"]}`); rec.Code != 404 {
		t.Errorf("a look at what is not kept: %d", rec.Code)
	}
	// Who did it is kept; what was looked up is not.
	w.call("GET", apiPrefix+"/lookup?q=secretquery", "")
	rec = w.call("GET", apiPrefix+"/audit", "")
	if n := strings.Count(rec.Body.String(), `"action"`); n != 2 || strings.Contains(rec.Body.String(), "secretquery") {
		t.Errorf("%d things were done: %s", n, rec.Body)
	}
	// Jobs that were given up are tried again, or dropped.
	dead := jobs[slices.IndexFunc(jobs, func(j store.Job) bool { return j.Kind == "article" })].ID.String()
	if rec := w.call("POST", apiPrefix+"/jobs/"+dead+"/retry", ""); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.call("POST", apiPrefix+"/jobs/"+dead+"/drop", ""); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.call("GET", apiPrefix+"/jobs/"+dead, ""); rec.Code != 404 {
		t.Errorf("after it was dropped: %d", rec.Code)
	}
}

func TestApprovalsAPI(t *testing.T) {
	w := newWorld(t, nil)
	for body, want := range map[string]int{`{"ref":"` + goneRef().String() + `","note":"n"}`: 201, `{"account":"twitter:#7"}`: 201, `{}`: 400, `{"ref":"twitter:1","account":"twitter:#7"}`: 400, `{"ref":"twitter:5"}`: 404, `{"account":"x"}`: 400} {
		if rec := w.call("POST", apiPrefix+"/approvals", body); rec.Code != want {
			t.Errorf("%s: %d %s", body, rec.Code, rec.Body)
		}
	}
	if rec := w.call("GET", apiPrefix+"/approvals", ""); strings.Count(rec.Body.String(), `"account"`) != 2 {
		t.Errorf("%s", rec.Body)
	}
}

// TestStoredBytes: what was archived is sent under our own headers, as something
// that cannot run.
func TestStoredBytes(t *testing.T) {
	w := newWorld(t, nil)
	html := w.blob("<html><script>alert(1)</script>")
	svg := w.blob(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	w.add(&store.Capture{Time: w.at, Kind: store.CapturePost, Ref: liveRef(), Source: post.SourcePublic, Media: []store.MediaFile{{Digest: html, Type: "image/avif"}, {Digest: svg, Type: "image/svg+xml"}}})
	for _, tt := range []struct{ path, kind, disposition string }{
		{"/media/" + w.ids["digest"], "image/png", ""},
		{"/media/" + strings.TrimPrefix(w.ids["digest"], "sha256:"), "image/png", ""},
		{"/media/" + html.String(), octets, "attachment"},
		{"/media/" + svg.String(), octets, "attachment"},
		{"/raw/" + w.ids["page"], "text/html; charset=utf-8", ""},
		{"/raw/" + w.ids["exchange"], "text/plain; charset=utf-8", ""},
		{apiPrefix + "/exchanges/" + w.ids["page"] + "/body", octets, "attachment"},
		{apiPrefix + "/exchanges/" + w.ids["page"] + "/response", octets, "attachment"},
	} {
		rec := w.call("GET", tt.path, "")
		h := rec.Header()
		if rec.Code != 200 || h.Get("Content-Type") != tt.kind || !strings.HasPrefix(h.Get("Content-Disposition"), tt.disposition) || tt.disposition == "" && h.Get("Content-Disposition") != "" ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox; default-src 'none'") || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Set-Cookie") != "" || h.Get("Refresh") != "" || strings.Contains(h.Get("Content-Security-Policy"), "script-src *") {
			t.Errorf("%s: %d %v", tt.path, rec.Code, h)
		}
	}
	if h := w.call("GET", "/raw/"+w.ids["page"], "").Header(); h.Get("X-Archive-Orig-Set-Cookie") != "stet=stolen" {
		t.Errorf("what the server sent is not told: %v", h)
	}
	r := httptest.NewRequest("GET", "/media/"+w.ids["digest"], nil)
	r.Host, r.RemoteAddr = "localhost", "127.0.0.1:5"
	r.Header.Set("Range", "bytes=1-3")
	rec := httptest.NewRecorder()
	if w.ServeHTTP(rec, r); rec.Code != 206 || rec.Body.String() != "PNG" {
		t.Errorf("a range: %d %q", rec.Code, rec.Body)
	}
}

// TestRawOrigin: with a listener of their own, archived bytes are nowhere else,
// and only for those whom the desk sends there, for a while.
func TestRawOrigin(t *testing.T) {
	w := newWorld(t, nil)
	w.SetRaw("8486")
	rec := w.call("GET", "/raw/"+w.ids["page"], "")
	u, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || rec.Code != 303 || u.Host != "localhost:8486" {
		t.Fatalf("%d %v", rec.Code, rec.Header())
	}
	raw := w.Raw()
	get := func(target string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", target, nil)
		r.RemoteAddr = "192.0.2.9:5"
		rec := httptest.NewRecorder()
		raw.ServeHTTP(rec, r)
		return rec
	}
	if rec := get(u.RequestURI()); rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Security-Policy"), "sandbox") || !strings.Contains(rec.Body.String(), "<script>") {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
	for _, bad := range []string{u.Path, u.Path + "?until=99999999999&sign=" + u.Query().Get("sign"), "/raw/" + w.ids["exchange"] + "?" + u.RawQuery, u.RequestURI() + "0"} {
		if rec := get(bad); rec.Code != 403 {
			t.Errorf("%s: %d", bad, rec.Code)
		}
	}
	for _, path := range []string{"/", "/login", "/gone.atom", apiPrefix + "/status", "/healthz"} {
		if rec := get(path); rec.Code != 404 {
			t.Errorf("the origin of archived bytes has %s: %d", path, rec.Code)
		}
	}
	w.at = w.at.Add(rawTime + time.Second)
	if rec := get(u.RequestURI()); rec.Code != 403 {
		t.Errorf("after its time: %d", rec.Code)
	}
}
