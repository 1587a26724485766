package fetch_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/store"
)

// proxied is a fake internet that is reached through a proxy on loopback, and
// by no other way.
func proxied(t *testing.T, change func(o *fetch.Options, proxy string)) (*fakenet.Net, *fetch.Client) {
	t.Helper()
	n := fakenet.New(fakenet.Options{})
	t.Cleanup(func() { n.Close() })
	proxy, err := n.Proxy()
	if err != nil {
		t.Fatal(err)
	}
	n.Site("news.example").Page("/", "hello")
	o := n.FetchOptions()
	o.Resolver, o.Dial, o.Retries = nil, nil, -1
	change(&o, proxy)
	c, err := fetch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return n, c
}

func TestProxyFromEnvironment(t *testing.T) {
	tests := []struct {
		name  string
		env   map[string]string
		proxy bool // fetch.proxy
		url   string
		via   string // the recorded proxy, or "" where it goes direct and fails
	}{
		{"https", map[string]string{"HTTPS_PROXY": "P"}, false, "https://news.example/", "http"},
		{"lower case", map[string]string{"https_proxy": "P", "HTTPS_PROXY": "http://127.0.0.1:1"}, false, "https://news.example/", "http"},
		{"http", map[string]string{"HTTP_PROXY": "P"}, false, "http://news.example/", "http"},
		{"no scheme", map[string]string{"HTTP_PROXY": "HOST"}, false, "http://news.example/", "http"},
		{"configured", nil, true, "https://news.example/", "http"},
		{"configured over environment", map[string]string{"HTTPS_PROXY": "http://127.0.0.1:1"}, true, "https://news.example/", "http"},
		{"other scheme", map[string]string{"HTTP_PROXY": "P"}, false, "https://news.example/", ""},
		{"NO_PROXY", map[string]string{"HTTPS_PROXY": "P", "NO_PROXY": ".example"}, false, "https://news.example/", ""},
		{"NO_PROXY over configured", map[string]string{"NO_PROXY": "news.example"}, true, "https://news.example/", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, c := proxied(t, func(o *fetch.Options, proxy string) {
				o.Getenv = func(name string) string {
					return strings.ReplaceAll(strings.ReplaceAll(tt.env[name], "P", proxy), "HOST", strings.TrimPrefix(proxy, "http://"))
				}
				if tt.env["HTTP_PROXY"] == "HOST" {
					o.Getenv = func(name string) string {
						if name == "HTTP_PROXY" {
							return strings.TrimPrefix(proxy, "http://")
						}
						return ""
					}
				}
				if tt.env["https_proxy"] != "" {
					o.Getenv = func(name string) string {
						return map[string]string{"https_proxy": proxy, "HTTPS_PROXY": "http://127.0.0.1:1"}[name]
					}
				}
				if tt.proxy {
					o.Proxy = proxy
				}
				o.Resolver = noNames{}
			})
			res, err := c.Do(context.Background(), fetch.Request{URL: tt.url})
			ex := res.Exchanges[0]
			if ex.Proxy != tt.via || (err == nil) != (tt.via != "") {
				t.Errorf("proxy %q, error %v", ex.Proxy, err)
			}
			if tt.via != "" && (!strings.HasPrefix(ex.Address, "127.0.0.1:") || string(res.Body) != "hello") {
				t.Errorf("address %q, body %q", ex.Address, res.Body)
			}
		})
	}
}

// noNames resolves nothing: through a proxy names are not looked up.
type noNames struct{}

func (noNames) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func TestWrongProxy(t *testing.T) {
	for _, proxy := range []string{"http://", "gopher://swordfish@proxy.example", "http://me:swordfish@[::1", "://x"} {
		_, err := fetch.New(fetch.Options{Proxy: proxy, Getenv: func(string) string { return "" }})
		if !errors.Is(err, store.ErrInvalid) || strings.Contains(err.Error(), "swordfish") || !strings.Contains(err.Error(), "fetch.proxy") {
			t.Errorf("%s: %v", proxy, err)
		}
		_, err = fetch.New(fetch.Options{Getenv: func(name string) string { return map[string]string{"HTTPS_PROXY": proxy}[name] }})
		if !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "HTTPS_PROXY") {
			t.Errorf("%s: %v", proxy, err)
		}
	}
}

// TestProxyGuard asks a proxy, which resolves names, for what can be seen to be
// private without resolving anything.
func TestProxyGuard(t *testing.T) {
	n, c := proxied(t, func(o *fetch.Options, proxy string) { o.Proxy = proxy })
	n.HandleFunc("evil.example", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(302)
	})
	for _, to := range []string{"http://169.254.169.254/", "http://10.0.0.1/", "http://2130706433/", "http://0x7f.1/", "https://[::1]/",
		"http://[::ffff:10.0.0.1]/", "https://news.example:22/", "http://localhost:8080/", "http://router.local/"} {
		for _, url := range []string{to, "https://evil.example/?to=" + to} {
			_, err := c.Do(context.Background(), fetch.Request{URL: url})
			if !errors.Is(err, store.ErrRefused) {
				t.Errorf("%s: %v", url, err)
			}
		}
	}
	if got := n.Count("", "") - n.Count("evil.example", ""); got != 0 {
		t.Errorf("%d requests came through", got)
	}
}

func TestProxyFailures(t *testing.T) {
	_, c := proxied(t, func(o *fetch.Options, proxy string) { o.Proxy = proxy })
	res, err := c.Do(context.Background(), fetch.Request{URL: "https://nobody.example/"})
	if !errors.Is(err, store.ErrNetwork) || !strings.Contains(err.Error(), "502") || !strings.Contains(err.Error(), "nobody.example:443") || res.Exchanges[0].Proxy != "http" {
		t.Errorf("unknown host: %v", err)
	}
	_, c = proxied(t, func(o *fetch.Options, proxy string) { o.Proxy = "http://me:swordfish@127.0.0.1:1" })
	_, err = c.Do(context.Background(), fetch.Request{URL: "https://news.example/"})
	if !errors.Is(err, store.ErrNetwork) || !strings.Contains(err.Error(), "the proxy 127.0.0.1:1 refuses connections") || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("no proxy: %v", err)
	}
}

// TestProxyWithPassword goes through a proxy that wants to know who asks, in
// plain text and over TLS.
func TestProxyWithPassword(t *testing.T) {
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	inner, err := n.Proxy()
	if err != nil {
		t.Fatal(err)
	}
	n.Site("news.example").Page("/", "hello")
	// The proxy asks for the password and passes on what it is sent to the
	// fake internet's own.
	proxy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic bWU6c3dvcmRmaXNo" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer client.Close()
		server, err := net.Dial("tcp", strings.TrimPrefix(inner, "http://"))
		if err != nil {
			t.Error(err)
			return
		}
		defer server.Close()
		fmt.Fprintf(server, "%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", r.Method, r.RequestURI, r.Host)
		go io.Copy(server, client)
		io.Copy(client, server)
	})
	plain, secure := httptest.NewServer(proxy), httptest.NewTLSServer(proxy)
	defer plain.Close()
	defer secure.Close()
	for _, p := range []*httptest.Server{plain, secure} {
		for _, url := range []string{"http://news.example/", "https://news.example/"} {
			for _, user := range []string{"me:swordfish@", ""} {
				o := n.FetchOptions()
				o.Dial, o.Resolver, o.Retries = nil, nil, -1
				o.Proxy = strings.Replace(p.URL, "://", "://"+user, 1)
				if p.TLS != nil {
					o.RootCAs.AddCert(p.Certificate())
				}
				c, err := fetch.New(o)
				if err != nil {
					t.Fatal(err)
				}
				res, err := c.Do(context.Background(), fetch.Request{URL: url})
				c.Close()
				ex := res.Exchanges[0]
				if bytes.Contains(everything(t, ex), []byte("c3dvcmRmaXNo")) || bytes.Contains(everything(t, ex), []byte("swordfish")) {
					t.Errorf("kept: %s", everything(t, ex))
				}
				if ex.Proxy != p.URL[:strings.Index(p.URL, ":")] {
					t.Errorf("proxy %q of %s", ex.Proxy, p.URL)
				}
				if user == "" {
					if url[:5] == "https" && (!errors.Is(err, store.ErrNetwork) || !strings.Contains(err.Error(), "name and password")) ||
						url[:5] == "http:" && res.Status != http.StatusProxyAuthRequired {
						t.Errorf("without a password: %d, %v", res.Status, err)
					}
					continue
				}
				if err != nil || string(res.Body) != "hello" {
					t.Errorf("%s through %s: %q, %v", url, p.URL, res.Body, err)
				}
				absolute := bytes.HasPrefix(ex.RequestHead, []byte("GET http://news.example/ HTTP/1.1\r\nHost: news.example\r\nProxy-Authorization: REDACTED\r\n"))
				if absolute != (url[:5] == "http:") || slices.Contains(ex.Redacted, "proxy-authorization") != absolute || ex.Private {
					t.Errorf("%s: %s %v, private %v", url, ex.RequestHead, ex.Redacted, ex.Private)
				}
			}
		}
	}
}

// TestSOCKS goes through a SOCKS5 proxy.
func TestSOCKS(t *testing.T) {
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	inner, err := n.Proxy()
	if err != nil {
		t.Fatal(err)
	}
	n.Site("news.example").Page("/", "hello")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveSOCKS(c, strings.TrimPrefix(inner, "http://"))
		}
	}()
	o := n.FetchOptions()
	o.Dial, o.Resolver, o.Retries, o.Proxy = nil, nil, -1, "socks5://"+l.Addr().String()
	c, err := fetch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, url := range []string{"https://news.example/", "http://news.example/"} {
		res, err := c.Do(context.Background(), fetch.Request{URL: url})
		if err != nil || string(res.Body) != "hello" || res.Exchanges[0].Proxy != "socks5" || !bytes.HasPrefix(res.Exchanges[0].RequestHead, []byte("GET / ")) {
			t.Errorf("%s: %q, %v, %s", url, res.Body, err, res.Exchanges[0].RequestHead)
		}
	}
}

// serveSOCKS answers one client of RFC 1928 without authentication, through an
// HTTP proxy.
func serveSOCKS(c net.Conn, proxy string) {
	defer c.Close()
	b := make([]byte, 300)
	if _, err := io.ReadFull(c, b[:2]); err != nil {
		return
	}
	io.ReadFull(c, b[:b[1]])
	c.Write([]byte{5, 0})
	io.ReadFull(c, b[:5])
	name := make([]byte, b[4])
	io.ReadFull(c, name)
	io.ReadFull(c, b[:2])
	server, err := net.Dial("tcp", proxy)
	if err != nil {
		return
	}
	defer server.Close()
	fmt.Fprintf(server, "CONNECT %s:%d HTTP/1.1\r\nHost: x\r\n\r\n", name, binary.BigEndian.Uint16(b))
	br := bufio.NewReader(server)
	if resp, err := http.ReadResponse(br, &http.Request{Method: "CONNECT"}); err != nil || resp.StatusCode != 200 {
		c.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	go io.Copy(server, c)
	io.Copy(c, br)
}
