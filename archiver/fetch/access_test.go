package fetch_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"stet/archiver/fetch"
	"stet/store"
)

// own returns the accesses of a newsroom.
func own() []fetch.Access {
	return []fetch.Access{
		{Host: "staging.news.example", Header: http.Header{"x-preview-key": {"swordfish-4711"}, "Authorization": {"Basic b3BlbjpzZXNhbWU="}},
			Cookie: "sid=0123456789abcdef0; theme=dark"},
		{Host: "*.news.example", Header: http.Header{"X-Preview-Key": {"haddock-1234567"}}},
		{Host: "old.example", Cookie: "a=b", AllowHTTP: true},
	}
}

// TestAccessStaysWithItsHost asks hosts, and is sent from one to the other.
func TestAccessStaysWithItsHost(t *testing.T) {
	inWorld(t, func(o *fetch.Options) { o.Access = own() }, func(w *world) {
		var got []string
		redirects := map[string]string{}
		for _, host := range []string{"staging.news.example", "beta.news.example", "news.example", "evilnews.example", "staging.news.example.evil.example", "old.example"} {
			w.net.HandleFunc(host, func(rw http.ResponseWriter, r *http.Request) {
				got = append(got, fmt.Sprintf("%s%s key=%s auth=%s cookie=%s", r.Host, r.URL.Path, r.Header.Get("X-Preview-Key"), r.Header.Get("Authorization"), r.Header.Get("Cookie")))
				if to := redirects[r.Host+r.URL.Path]; to != "" {
					http.SetCookie(rw, &http.Cookie{Name: "theme", Value: "light", Domain: "news.example"})
					rw.Header().Set("Location", to)
					rw.WriteHeader(http.StatusFound)
				}
			})
		}
		const all = "key=swordfish-4711 auth=Basic b3BlbjpzZXNhbWU= cookie=sid=0123456789abcdef0; theme=dark"
		for _, tt := range []struct {
			url       string
			redirects map[string]string
			want      []string
		}{
			{"https://staging.news.example/", nil, []string{"staging.news.example/ " + all}},
			{"https://STAGING.news.example./", nil, []string{"staging.news.example./ key= auth= cookie="}},
			{"https://beta.news.example/", nil, []string{"beta.news.example/ key=haddock-1234567 auth= cookie="}},
			{"https://news.example/", nil, []string{"news.example/ key= auth= cookie="}},
			{"https://evilnews.example/", nil, []string{"evilnews.example/ key= auth= cookie="}},
			{"https://staging.news.example.evil.example/", nil, []string{"staging.news.example.evil.example/ key= auth= cookie="}},
			{"http://staging.news.example/", nil, []string{"staging.news.example/ key= auth= cookie="}},
			{"http://old.example/", nil, []string{"old.example/ key= auth= cookie=a=b"}},
			{"https://old.example/", nil, []string{"old.example/ key= auth= cookie=a=b"}},
			{"https://staging.news.example/", map[string]string{"staging.news.example/": "/2", "staging.news.example/2": "https://evilnews.example/"}, []string{
				"staging.news.example/ " + all,
				"staging.news.example/2 key=swordfish-4711 auth=Basic b3BlbjpzZXNhbWU= cookie=sid=0123456789abcdef0; theme=light",
				"evilnews.example/ key= auth= cookie="}},
			{"https://staging.news.example/", map[string]string{"staging.news.example/": "https://beta.news.example/"}, []string{
				"staging.news.example/ " + all, "beta.news.example/ key=haddock-1234567 auth= cookie="}},
			{"https://evilnews.example/", map[string]string{"evilnews.example/": "https://staging.news.example/"}, []string{
				"evilnews.example/ key= auth= cookie=", "staging.news.example/ " + all}},
			{"https://staging.news.example/", map[string]string{"staging.news.example/": "http://staging.news.example/plain"}, []string{
				"staging.news.example/ " + all, "staging.news.example/plain key= auth= cookie=theme=light"}},
		} {
			got, redirects = nil, tt.redirects
			res, err := w.get(tt.url)
			if err != nil || !slices.Equal(got, tt.want) {
				w.Errorf("%s %v: %v\ngot  %s\nwant %s", tt.url, tt.redirects, err, strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
			}
			for i, ex := range res.Exchanges {
				sent := i < len(tt.want) && (strings.Contains(tt.want[i], "fish") || strings.Contains(tt.want[i], "haddock") || strings.Contains(tt.want[i], "a=b"))
				if ex.Private != sent || (ex.Access != "") != sent {
					w.Errorf("%s: private %t, access %q", tt.want[i], ex.Private, ex.Access)
				}
			}
		}
		got = nil
		if _, err := w.do(fetch.Request{URL: "https://staging.news.example/", Anonymous: true}); err != nil || got[0] != "staging.news.example/ key= auth= cookie=" {
			w.Errorf("anonymous: %q, %v", got, err)
		}
	})
}

// TestAccessIsNotKept meets a host that repeats what it was sent, everywhere.
func TestAccessIsNotKept(t *testing.T) {
	inWorld(t, func(o *fetch.Options) { o.Access = own() }, func(w *world) {
		w.net.HandleFunc("staging.news.example", func(rw http.ResponseWriter, r *http.Request) {
			key := r.Header.Get("X-Preview-Key")
			rw.Header().Set("Set-Cookie", "sid=fresh-and-secret-1; Path=/")
			rw.Header().Set("X-Echo", key+" "+r.Header.Get("Authorization"))
			if r.URL.Path == "/" {
				rw.Header().Set("Location", "/next?key="+key)
				rw.WriteHeader(http.StatusFound)
				return
			}
			io.WriteString(rw, "<p>words</p> "+key+" "+r.Header.Get("Authorization")+" "+r.Header.Get("Cookie"))
		})
		res, err := w.get("https://staging.news.example/")
		if err != nil || !strings.Contains(string(res.Body), "<p>words</p>") {
			w.Fatalf("%v %s", err, res.Body)
		}
		kept := res.URL + string(res.Body)
		for _, ex := range res.Exchanges {
			kept += string(everything(t, ex))
			if ex.Access != "staging.news.example" || !slices.Contains(ex.Redacted, "cookie") || !slices.Contains(ex.Redacted, "x-preview-key") {
				w.Errorf("access %q, redacted %q", ex.Access, ex.Redacted)
			}
		}
		for _, secret := range []string{"swordfish", "b3BlbjpzZXNhbWU", "0123456789abcdef0", "fresh-and-secret-1"} {
			if strings.Contains(kept, secret) {
				w.Errorf("%s is kept: %s", secret, kept)
			}
		}
	})
}

// TestAccessThatCannotBe: the error tells no secret.
func TestAccessThatCannotBe(t *testing.T) {
	header := http.Header{"X-Key": {"swordfish"}}
	for _, a := range []fetch.Access{
		{Host: "news.example"}, {Header: header}, {Host: "*.", Header: header}, {Host: "*.com", Header: header}, {Host: "*.co.uk", Header: header},
		{Host: "*", Header: header}, {Host: "a.*.example", Header: header}, {Host: "https://news.example", Header: header}, {Host: "news.example/path", Header: header},
		{Host: "me@news.example", Header: header}, {Host: "news.example:0", Header: header}, {Host: "news.example:x", Header: header}, {Host: "*.127.0.0.1", Header: header},
		{Host: "news.example", Header: http.Header{"Host": {"swordfish"}}}, {Host: "news.example", Header: http.Header{"Cookie": {"a=swordfish"}}},
		{Host: "news.example", Header: http.Header{"X Key": {"swordfish"}}}, {Host: "news.example", Header: http.Header{"X-Key": {"swordfish\r\nX: y"}}},
		{Host: "news.example", Header: http.Header{"X-Key": {""}}}, {Host: "news.example", Cookie: "swordfish"}, {Host: "news.example", Cookie: "a=swordfish\n"},
	} {
		if err := a.Check(); !errors.Is(err, store.ErrInvalid) || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%+v: %v", a, err)
		}
	}
	if _, err := fetch.New(fetch.Options{Access: append(own(), own()[1])}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("the same host twice: %v", err)
	}
	for _, host := range []string{"news.example", "*.news.example", "news.example:8443", "127.0.0.1:8080", "[::1]:8443", "bücher.example"} {
		a := fetch.Access{Host: host, Header: header}
		if err := a.Check(); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}
