package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/store"
	"stet/store/mem"
)

// bench is a server over an empty archive with some routes.
func bench(t *testing.T, routes ...route) *Server {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	m := mem.New(mem.Options{Now: now})
	a := store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: now, Random: rand.Reader})
	s, err := New(Options{Archive: a, Engine: archiver.New(archiver.Options{Archive: a}), Hosts: []string{"desk.news.example"}, Random: rand.Reader, Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	s.desk = newSite(s.routes(), s.pages(), routes)
	return s
}

func hello(w http.ResponseWriter, _ *http.Request) error {
	_, err := w.Write([]byte("hello"))
	return err
}

// ask makes a request of somebody at the machine, changed by change.
func ask(s http.Handler, method, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	r.RequestURI = target
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	if u, err := url.ParseRequestURI(target); err == nil {
		r.URL = u
	}
	r.Host, r.RemoteAddr = "127.0.0.1:8484", "127.0.0.1:50000"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestWhoIsLetIn(t *testing.T) {
	s := bench(t, route{pattern: "GET /x", need: RoleReader, handle: hello}, route{pattern: "POST /x", need: RoleArchivist, handle: hello})
	for name, tt := range map[string]struct {
		method string
		change func(*http.Request)
		want   int
	}{
		"at the machine":            {"GET", nil, 200},
		"by name":                   {"GET", func(r *http.Request) { r.Host = "localhost" }, 200},
		"over IPv6":                 {"GET", func(r *http.Request) { r.Host, r.RemoteAddr = "[::1]:8484", "[::1]:5" }, 200},
		"rebound name":              {"GET", func(r *http.Request) { r.Host = "evil.example:8484" }, 421},
		"rebound name that looks":   {"GET", func(r *http.Request) { r.Host = "localhost.evil.example" }, 421},
		"no name":                   {"GET", func(r *http.Request) { r.Host = "" }, 421},
		"from elsewhere":            {"GET", func(r *http.Request) { r.RemoteAddr = "192.0.2.7:5" }, 401},
		"elsewhere claims loopback": {"GET", func(r *http.Request) { r.RemoteAddr = "192.0.2.7:5"; r.Header.Set("X-Forwarded-For", "127.0.0.1") }, 401},
		"proxy with its own name":   {"GET", func(r *http.Request) { r.Host = "desk.news.example" }, 401},
		"proxy that says so":        {"GET", header("X-Forwarded-For", "192.0.2.7"), 401},
		"proxy that speaks 1.0":     {"GET", func(r *http.Request) { r.ProtoMajor, r.ProtoMinor = 1, 0 }, 401},
		"asks for another address":  {"GET", func(r *http.Request) { r.Host = "192.0.2.1" }, 401},
		"writes from a program":     {"POST", nil, 200},
		"writes from its own page":  {"POST", header("Origin", "http://127.0.0.1:8484"), 200},
		"writes from another site":  {"POST", header("Origin", "https://evil.example"), 403},
		"writes from a sandbox":     {"POST", header("Origin", "null"), 403},
		"writes, the browser says":  {"POST", header("Sec-Fetch-Site", "cross-site"), 403},
		"writes, a sibling domain":  {"POST", header("Sec-Fetch-Site", "same-site"), 403},
		"another method":            {"DELETE", nil, 405},
	} {
		if w := ask(s, tt.method, "/x", tt.change); w.Code != tt.want {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, tt.want, w.Body)
		}
	}
	if w := ask(s, "DELETE", "/x", nil); !strings.Contains(w.Header().Get("Allow"), "POST") {
		t.Errorf("allowed are %q", w.Header().Get("Allow"))
	}
	if w := ask(s, "GET", "/healthz", func(r *http.Request) { r.RemoteAddr = "192.0.2.7:5" }); w.Code != 200 {
		t.Errorf("a balancer is told %d", w.Code)
	}
	if w := ask(s, "GET", "/metrics", func(r *http.Request) { r.RemoteAddr = "192.0.2.7:5" }); w.Code != 401 {
		t.Errorf("the world is told the metrics: %d", w.Code)
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	s := bench(t, route{pattern: "GET /x", handle: hello}, route{pattern: "GET /panic", handle: func(http.ResponseWriter, *http.Request) error { panic("oh") }},
		route{pattern: "GET /e", handle: func(http.ResponseWriter, *http.Request) error { return errors.New("broken") }})
	for target, want := range map[string]int{"/x": 200, "/panic": 500, "/e": 500, "/none": 404, "/y/../x": 307, "/" + strings.Repeat("a", maxURL): 414} {
		w := ask(s, "GET", target, header("Accept", "text/html"))
		h := w.Header()
		if w.Code != want || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Frame-Options") != "DENY" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || strings.Contains(h.Get("Content-Security-Policy"), "unsafe") ||
			h.Get("Cross-Origin-Opener-Policy") != "same-origin" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" ||
			!strings.Contains(h.Get("Cache-Control"), "no-store") || !strings.Contains(h.Get("X-Robots-Tag"), "noindex") {
			t.Errorf("%.40s: %d, want %d, %v", target, w.Code, want, h)
		}
		if w.Code == 500 && strings.Contains(w.Body.String(), "goroutine") {
			t.Errorf("%s tells the stack: %s", target, w.Body)
		}
	}
}

// TestHostileErrors: what was asked for stands in pages of errors as words.
func TestHostileErrors(t *testing.T) {
	s := bench(t, route{pattern: "GET /n/", nested: true, handle: func(w http.ResponseWriter, r *http.Request) error {
		u, err := nestedURL(r, "/n/")
		if err != nil {
			return err
		}
		w.Header().Set("Link", "<"+u+">; rel=original")
		return nil
	}})
	for _, evil := range []string{"/n/javascript:alert(1)//%3Cscript%3Ealert(1)%3C/script%3E", "/n/%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E", "/n/%E2%80%AEmoc.live://x",
		"/n/http://%00/", "/n/file:///etc/passwd", "/n/https:///x", "/n/http://a%0d%0aSet-Cookie:x=1/"} {
		w := ask(s, "GET", evil, header("Accept", "text/html"))
		body := w.Body.String()
		if w.Code != 400 || strings.Contains(body, "<script>") || strings.Contains(body, "<img") || strings.Contains(body, "\u202e") || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v %s", evil, w.Code, w.Header(), body)
		}
		w = ask(s, "GET", evil, nil)
		if w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "\u202e") {
			t.Errorf("%s: %v %s", evil, w.Header(), w.Body)
		}
	}
	for target, want := range map[string]string{
		"/n/https://x.com/a/status/20?s=1&x=%3E": "https://x.com/a/status/20?s=1&x=%3E",
		"/n/https:/x.com/a":                      "https://x.com/a",
		"/n/x.com/a//b/../c":                     "https://x.com/a//b/../c",
		"/n/https://news.example/a%0d%0aX: y":    "https://news.example/a%0D%0AX:%20y",
		"/n/https://news.example/\"><b>":         "https://news.example/%22%3E%3Cb%3E",
		"/n/https://user:secret@news.example/a":  "https://news.example/a",
		"/n/https://news.example/\u202egpj.exe":  "https://news.example/%E2%80%AEgpj.exe",
	} {
		if w := ask(s, "GET", target, nil); w.Header().Get("Link") != "<"+want+">; rel=original" {
			t.Errorf("%s: %d %q, want %q", target, w.Code, w.Header().Get("Link"), want)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{"a\u202eb": "a‹U+202E›b", "ليس\u200cها 👩‍👧 é": "ليس\u200cها 👩‍👧 é", "a\r\nb\x00": "a‹U+000D›‹U+000A›b‹U+0000›", "\xff": "‹U+FFFD›", "\u2066x\u2069": "‹U+2066›x‹U+2069›"} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestBusy: more requests than are answered at a time are told to come again.
func TestBusy(t *testing.T) {
	s := bench(t)
	for range maxConcurrent {
		s.slots <- struct{}{}
	}
	if w := ask(s, "GET", "/healthz", nil); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	<-s.slots
	if w := ask(s, "GET", "/healthz", nil); w.Code != 200 || len(s.slots) != maxConcurrent-1 {
		t.Errorf("%d, %d slots are taken", w.Code, len(s.slots))
	}
}

// TestLargeBody: a body is read up to a limit.
func TestLargeBody(t *testing.T) {
	s := bench(t, route{pattern: "POST /x", most: 10, handle: func(_ http.ResponseWriter, r *http.Request) error {
		_, err := r.Body.Read(make([]byte, 100))
		if err == nil {
			_, err = r.Body.Read(make([]byte, 100))
		}
		return err
	}})
	w := ask(s, "POST", "/x", func(r *http.Request) { r.Body = http.NoBody })
	if w.Code == 413 {
		t.Errorf("an empty body: %d", w.Code)
	}
	w = ask(s, "POST", "/x", func(r *http.Request) {
		r.Body = httptest.NewRequest("POST", "/", strings.NewReader("12345678901")).Body
	})
	if w.Code != 413 {
		t.Errorf("a large one: %d %s", w.Code, w.Body)
	}
}

func FuzzWebURL(f *testing.F) {
	f.Add("https://x.com/a?b=c")
	f.Add("http:/%zz")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := webURL(s)
		if err != nil {
			return
		}
		if strings.ContainsFunc(u, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>", r) }) {
			t.Errorf("webURL(%q) = %q", s, u)
		}
		if again, err := webURL(u); err != nil || again != u {
			t.Errorf("webURL(%q) = %q, again %q, %v", s, u, again, err)
		}
	})
}
