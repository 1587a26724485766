package fetch_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"stet/archiver/fetch"
	"stet/store"
)

// everything is all that is kept of an exchange.
func everything(t testing.TB, ex store.Exchange) []byte {
	t.Helper()
	b, err := json.Marshal(ex)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{b, ex.RequestHead, ex.RequestBody, ex.ResponseHead, ex.Body.Inline}, []byte("\n"))
}

func TestSecretsAreNotKept(t *testing.T) {
	tests := []struct {
		name     string
		request  fetch.Request
		redacted []string
		request1 string // the recorded request line or header or body, in part
		private  bool
	}{
		{"authorization", fetch.Request{URL: "https://api.example/", Header: http.Header{"authorization": {"Bearer swordfish-1"}}},
			[]string{"authorization", "response:set-cookie"}, "Authorization: REDACTED\r\n", true},
		{"cookie", fetch.Request{URL: "https://api.example/", Header: http.Header{"Cookie": {"session=swordfish-1; theme=dark"}}},
			[]string{"cookie", "response:set-cookie"}, "Cookie: REDACTED\r\n", true},
		{"named header", fetch.Request{URL: "https://api.example/", SecretHeaders: []string{"x-api-key"}, Header: http.Header{"X-Api-Key": {"swordfish-1"}}},
			[]string{"x-api-key", "response:set-cookie"}, "X-Api-Key: REDACTED\r\n", true},
		{"configured header", fetch.Request{URL: "https://api.example/", Header: http.Header{"X-Newsroom": {"swordfish-1"}}},
			[]string{"x-newsroom", "response:set-cookie"}, "X-Newsroom: REDACTED\r\n", true},
		{"parameter", fetch.Request{URL: "https://api.example/?a=1&key=swordfish-1&b=2", SecretParams: []string{"key"}},
			[]string{"?key", "response:set-cookie"}, "GET /?a=1&key=REDACTED&b=2 HTTP/1.1", true},
		{"escaped parameter", fetch.Request{URL: "https://api.example/?k%65y=swordfish%2D1", SecretParams: []string{"key"}},
			[]string{"?key", "response:set-cookie"}, "GET /?k%65y=REDACTED HTTP/1.1", true},
		{"userinfo", fetch.Request{URL: "https://me:swordfish-1@api.example/"},
			[]string{"userinfo", "authorization", "response:set-cookie"}, "Authorization: REDACTED\r\n", true},
		{"form", fetch.Request{Method: "POST", URL: "https://api.example/", Body: []byte("x=y&secret=swordfish-1"), SecretParams: []string{"secret"},
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}},
			[]string{"?secret", "response:set-cookie"}, "x=y&secret=REDACTED", true},
		{"none", fetch.Request{URL: "https://api.example/?key=public", Header: http.Header{"X-Other": {"public"}}}, nil, "X-Other: public", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(o *fetch.Options) { o.SecretHeaders = []string{"X-Newsroom"} }, func(w *world) {
				var sent []byte
				w.net.HandleFunc("api.example", func(rw http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					sent = append(sent, r.RequestURI+r.Header.Get("Authorization")+strings.Join(r.Header["X-Api-Key"], "")+r.Header.Get("Cookie")+r.Header.Get("X-Newsroom")...)
					sent = append(sent, body...)
					rw.Header().Set("Set-Cookie", "sid=c00kie-jar; Path=/")
					io.WriteString(rw, "done")
				})
				res, err := w.do(tt.request)
				if err != nil {
					w.Fatal(err)
				}
				ex := res.Exchanges[0]
				if kept := everything(t, ex); bytes.Contains(kept, []byte("swordfish")) || bytes.Contains(kept, []byte("bWU6c3dvcmRmaXNo")) ||
					bytes.Contains(kept, []byte("c00kie")) == tt.private {
					w.Errorf("kept: %s", kept)
				}
				if tt.private && !bytes.Contains(sent, []byte("swordfish")) && !bytes.Contains(sent, []byte("c3dvcmRmaXNo")) {
					w.Errorf("the secret was not sent: %s", sent)
				}
				if !slices.Equal(ex.Redacted, tt.redacted) || ex.Private != tt.private {
					w.Errorf("redacted %q, private %v", ex.Redacted, ex.Private)
				}
				if !strings.Contains(string(ex.RequestHead)+string(ex.RequestBody), tt.request1) {
					w.Errorf("request %s", ex.RequestHead)
				}
			})
		})
	}
}

// TestEchoedSecrets meets a server that repeats what it was sent: in a redirect,
// in a header, in a body.
func TestEchoedSecrets(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.net.HandleFunc("api.example", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("X-Echo", r.URL.Query().Get("key"))
			if r.URL.Path == "/" {
				rw.Header().Set("Location", "/next?"+r.URL.RawQuery)
				rw.WriteHeader(302)
				return
			}
			io.WriteString(rw, "your key is "+r.URL.Query().Get("key"))
		})
		res, err := w.do(fetch.Request{URL: "https://api.example/?key=swordfish-long", SecretParams: []string{"key"}})
		if err != nil || string(res.Body) != "your key is swordfish-long" || res.URL != "https://api.example/next?key=swordfish-long" {
			w.Fatalf("%q %q %v", res.URL, res.Body, err)
		}
		for i, ex := range res.Exchanges {
			if kept := everything(t, ex); bytes.Contains(kept, []byte("swordfish")) {
				w.Errorf("exchange %d: %s", i, kept)
			}
		}
		if !slices.Equal(res.Exchanges[0].Redacted, []string{"?key", "response:location", "response:x-echo"}) {
			w.Errorf("redacted %q", res.Exchanges[0].Redacted)
		}
		if b := res.Exchanges[1].Body; !b.Withheld || b.Size != 0 || !b.Digest.IsZero() || b.Type != "text/plain" {
			w.Errorf("body withheld %v, size %d, type %q", b.Withheld, b.Size, b.Type)
		}
	})
}

// TestErrorsTellNoSecrets looks into the sentences of failures.
func TestErrorsTellNoSecrets(t *testing.T) {
	inWorld(t, func(o *fetch.Options) { o.Timeout = 1e9 }, func(w *world) {
		for _, url := range []string{
			"https://nobody.example/?key=swordfish", "ftp://me:swordfish@news.example/", "https://127.0.0.1/?key=swordfish",
			"https://news.example:99999/?key=swordfish", "https://me:swordfish@nobody.example/", "https://me:swordfish@[::1/",
			"http://%zz/?key=swordfish", "https://me:sword%fish@news.example/?key=swordfish", "swordfish://x",
		} {
			res, err := w.do(fetch.Request{URL: url, SecretParams: []string{"key"}})
			if err == nil {
				w.Errorf("%s: no error", url)
				continue
			}
			if url != "swordfish://x" && strings.Contains(err.Error(), "sword") {
				w.Errorf("error: %v", err)
			}
			for _, ex := range res.Exchanges {
				if url != "swordfish://x" && bytes.Contains(everything(t, ex), []byte("sword")) {
					w.Errorf("kept: %s", everything(t, ex))
				}
			}
		}
	})
}

func TestWithhold(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.net.X()
		form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		res, err := w.do(fetch.Request{Method: "POST", URL: "https://api.twitter.com/oauth2/token", Header: form,
			Body: []byte("client_id=key&client_secret=secret&grant_type=client_credentials")})
		if err != nil || !strings.Contains(string(res.Body), `"access_token":"bearer"`) {
			w.Fatalf("%s %v", res.Body, err)
		}
		ex := res.Exchanges[0]
		if !ex.Body.Withheld || ex.RequestBody != nil || bytes.Contains(everything(t, ex), []byte("access_token")) {
			w.Errorf("kept: %s", everything(t, ex))
		}
		res, err = w.do(fetch.Request{URL: "https://news.example/", Withhold: true})
		if ex := res.Exchanges[0]; err != nil || string(res.Body) != "<p>hello" || !ex.Body.Withheld || len(ex.Body.Inline) != 0 {
			w.Errorf("%s %v", res.Body, err)
		}
	})
}
