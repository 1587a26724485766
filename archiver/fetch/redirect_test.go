package fetch_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"stet/archiver/fetch"
	"stet/store"
)

func TestRedirectChainIsRecorded(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		x := w.net.X()
		w.net.Site("news.example").Page("/story", "the story")
		w.net.Site("short.example").Redirect("/a", "http://news.example/old")
		w.net.Site("news.example").Redirect("/old", "/story#part")
		res, err := w.do(fetch.Request{URL: x.Shorten("https://short.example/a"), Purpose: "resolve"})
		if err != nil || res.URL != "http://news.example/story" || string(res.Body) != "the story" {
			w.Fatalf("%s %q %v", res.URL, res.Body, err)
		}
		var got []string
		for _, ex := range res.Exchanges {
			got = append(got, fmt.Sprintf("%s %d %v %s", ex.URL, ex.Status, ex.TLS != nil, ex.Purpose))
		}
		want := []string{x.Shorten("https://short.example/a") + " 301 true resolve", "https://short.example/a 301 true resolve",
			"http://news.example/old 301 false resolve", "http://news.example/story 200 false resolve"}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			w.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		res, err = w.do(fetch.Request{URL: "https://short.example/a", MaxRedirects: -1})
		if err != nil || res.Status != 301 || len(res.Exchanges) != 1 || res.Header.Get("Location") != "http://news.example/old" {
			w.Errorf("not following: %d, %v", res.Status, err)
		}
		_, err = w.do(fetch.Request{URL: "https://short.example/a", MaxRedirects: 1})
		w.wantClass(err, store.ErrUnexpected)
	})
}

// TestRedirectMethods follows RFC 9110, section 15.4.
func TestRedirectMethods(t *testing.T) {
	tests := []struct {
		status         int
		method, became string
	}{
		{301, "POST", "GET"}, {302, "POST", "GET"}, {303, "POST", "GET"}, {303, "PUT", "GET"}, {307, "POST", "POST"}, {308, "POST", "POST"},
		{301, "GET", "GET"}, {302, "HEAD", "HEAD"}, {303, "HEAD", "HEAD"},
	}
	for _, tt := range tests {
		inWorld(t, nil, func(w *world) {
			w.net.HandleFunc("form.example", func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					rw.Header().Set("Location", "/next")
					rw.WriteHeader(tt.status)
					return
				}
				body, _ := io.ReadAll(r.Body)
				fmt.Fprintf(rw, "%s %s %s", r.Method, body, r.Header.Get("Content-Type"))
			})
			r := fetch.Request{Method: tt.method, URL: "https://form.example/"}
			if tt.method == "POST" || tt.method == "PUT" {
				r.Body, r.Header = []byte("a=b"), http.Header{"Content-Type": {"text/plain"}}
			}
			res, err := w.do(r)
			want := tt.became + "  "
			if tt.became == "POST" {
				want = "POST a=b text/plain"
			}
			if tt.became == "HEAD" {
				want = ""
			}
			if err != nil || string(res.Body) != want {
				w.Errorf("%d %s: %q, %v", tt.status, tt.method, res.Body, err)
			}
			if got := res.Exchanges[len(res.Exchanges)-1].RequestBody; tt.became == "POST" && string(got) != "a=b" || tt.became == "GET" && got != nil {
				w.Errorf("%d %s: recorded %q", tt.status, tt.method, got)
			}
		})
	}
}

// TestCookiesWithinAChain visits a page that sets a cookie and redirects to
// itself until it is sent back, as consent and paywall scripts do.
func TestCookiesWithinAChain(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.net.HandleFunc("wall.example", func(rw http.ResponseWriter, r *http.Request) {
			if ck, err := r.Cookie("seen"); err == nil && ck.Value == "yes" {
				io.WriteString(rw, "welcome")
				return
			}
			http.SetCookie(rw, &http.Cookie{Name: "seen", Value: "yes"})
			rw.Header().Set("Location", "/")
			rw.WriteHeader(302)
		})
		for range 2 { // nothing is kept from one request to the next
			res, err := w.get("https://wall.example/")
			if err != nil || string(res.Body) != "welcome" || len(res.Exchanges) != 2 {
				w.Fatalf("%q %v", res.Body, err)
			}
			if ex := res.Exchanges[0]; !bytes.Contains(ex.ResponseHead, []byte("seen=yes")) || ex.Private || len(ex.Redacted) != 0 && ex.Redacted[0] != "cookie" {
				w.Errorf("first: %s %v", ex.ResponseHead, ex.Redacted)
			}
			if ex := res.Exchanges[1]; !bytes.Contains(ex.RequestHead, []byte("Cookie: REDACTED")) {
				w.Errorf("second: %s", ex.RequestHead)
			}
		}
	})
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		var got []string
		seen := func(rw http.ResponseWriter, r *http.Request) {
			scheme := "http"
			if r.TLS != nil {
				scheme = "https"
			}
			got = append(got, fmt.Sprintf("%s://%s%s %q %q %q", scheme, r.Host, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.Header.Get("Accept")))
			to := map[string]string{"a.example/": "/here", "a.example/here": "https://b.example/", "b.example/": "https://a.example/back",
				"a.example/back": "http://a.example/plain"}[r.Host+r.URL.Path]
			if to != "" {
				rw.Header().Set("Location", to)
				rw.WriteHeader(302)
			}
		}
		w.net.HandleFunc("a.example", seen)
		w.net.HandleFunc("b.example", seen)
		res, err := w.do(fetch.Request{URL: "https://a.example/", SecretHeaders: []string{"x-key"},
			Header: http.Header{"Authorization": {"Bearer sesame-open"}, "X-Key": {"swordfish"}, "Accept": {"text/html"}}})
		if err != nil {
			w.Fatal(err)
		}
		want := []string{
			`https://a.example/ "Bearer sesame-open" "swordfish" "text/html"`,
			`https://a.example/here "Bearer sesame-open" "swordfish" "text/html"`,
			`https://b.example/ "" "" "text/html"`,
			`https://a.example/back "" "" "text/html"`,
			`http://a.example/plain "" "" "text/html"`,
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			w.Errorf("got\n%s", strings.Join(got, "\n"))
		}
		for i, ex := range res.Exchanges {
			if ex.Private != (i < 2) {
				w.Errorf("exchange %d: private %v", i, ex.Private)
			}
		}
		got = nil
		// From https to http of the same host, and a name in the redirect.
		w.net.HandleFunc("a.example", func(rw http.ResponseWriter, r *http.Request) {
			got = append(got, r.Header.Get("Authorization"))
			if r.TLS != nil {
				rw.Header().Set("Location", "http://eve:evil@a.example:80/")
				rw.WriteHeader(302)
			}
		})
		if _, err := w.do(fetch.Request{URL: "https://me:swordfish@a.example/"}); err != nil || len(got) != 2 || got[0] != "Basic bWU6c3dvcmRmaXNo" || got[1] != "" {
			w.Errorf("%q %v", got, err)
		}
	})
}
