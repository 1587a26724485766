package fakenet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/store"
)

// inNet runs a test with an internet and a client of it, in a bubble.
func inNet(t *testing.T, test func(t *testing.T, n *fakenet.Net, get func(url string, header ...string) *fetch.Response)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := fakenet.New(fakenet.Options{})
		defer n.Close()
		o := n.FetchOptions()
		o.Retries = -1
		c, err := fetch.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		test(t, n, func(url string, header ...string) *fetch.Response {
			t.Helper()
			h := http.Header{}
			for i := 0; i < len(header); i += 2 {
				h.Set(header[i], header[i+1])
			}
			res, err := c.Do(context.Background(), fetch.Request{URL: url, Header: h, MaxRedirects: -1})
			if err != nil && !errors.Is(err, store.ErrRateLimited) {
				t.Fatalf("%s: %v", url, err)
			}
			return res
		})
	})
}

// TestPipe holds the connections inside the process against the standard
// library's expectations of a net.Conn.
func TestPipe(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		a, b := fakenet.Pipe(netip.MustParseAddrPort("25.0.0.1:1"), netip.MustParseAddrPort("25.0.0.2:80"))
		return a, b, func() { a.Close(); b.Close() }, nil
	})
}

func TestHosts(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		s := n.Site("News.example")
		s.Page("/a", "one")
		n.HandleFunc("other.example", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, r.TLS != nil) })
		for url, want := range map[string]string{"https://news.example/a": "one", "http://news.example/a": "one", "https://news.example./a": "one",
			"https://other.example/": "other.exampletrue", "http://other.example/": "other.examplefalse"} {
			if res := get(url); string(res.Body) != want {
				t.Errorf("%s: %q", url, res.Body)
			}
		}
		s.Page("/a", "two")
		s.File("/b", "image/png", []byte("png"))
		s.Redirect("/c", "/a")
		if res := get("https://news.example/a"); string(res.Body) != "two" || res.Type() != "text/html" {
			t.Errorf("%q", res.Body)
		}
		if res := get("https://news.example/b"); res.Type() != "image/png" {
			t.Errorf("%q", res.Type())
		}
		if res := get("https://news.example/c"); res.Status != 301 || res.Header.Get("Location") != "/a" {
			t.Errorf("%d", res.Status)
		}
		s.Remove("/a")
		if res := get("https://news.example/a"); res.Status != 404 {
			t.Errorf("%d", res.Status)
		}
		if a := n.Address("news.example"); !a.IsValid() || a == n.Address("other.example") || a.IsPrivate() || n.Address("nobody.example").IsValid() {
			t.Errorf("address %v", a)
		}
		n.Remove("other.example")
		n.DropIdle()
		c, err := fetch.New(n.FetchOptions())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = c.Do(context.Background(), fetch.Request{URL: "https://other.example/"})
		if !errors.Is(err, store.ErrNetwork) {
			t.Errorf("removed: %v", err)
		}
	})
}

func TestLog(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		n.Site("a.example").Page("/x/1", "1")
		n.Site("b.example")
		get("https://a.example/x/1?q=1", "X-Mark", "yes")
		time.Sleep(time.Minute)
		get("http://b.example/")
		get("https://a.example/y")
		want := "https://a.example/x/1?q=1 http://b.example/ https://a.example/y"
		if got := strings.Join(n.URLs(), " "); got != want {
			t.Errorf("%s", got)
		}
		r := n.Requests()
		if r[0].Header.Get("X-Mark") != "yes" || r[1].Time.Sub(r[0].Time) != time.Minute || r[0].Method != "GET" || r[0].Host != "a.example" || r[0].Path != "/x/1" {
			t.Errorf("%+v", r[0])
		}
		if n.Count("a.example", "") != 2 || n.Count("A.example", "/x") != 1 || n.Count("", "") != 3 || n.Count("c.example", "") != 0 {
			t.Error("counts")
		}
		n.Forget()
		if n.Count("", "") != 0 {
			t.Error("not forgotten")
		}
	})
}

func TestFaultsComeAndGo(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		n.Site("a.example").Page("/x", "x")
		n.Site("a.example").Page("/y", "y")
		status := func(want ...int) {
			t.Helper()
			for _, w := range want {
				if got := get("https://a.example/x").Status; got != w {
					t.Errorf("status %d, want %d", got, w)
				}
			}
		}
		status(200)
		removeAll := n.Fault("", "", fakenet.Status(500))
		status(500, 500)
		removeOne := n.Fault("a.example", "/x", fakenet.Status(502))
		status(502)
		if got := get("https://a.example/y").Status; got != 500 {
			t.Errorf("other path: %d", got)
		}
		n.Fault("A.example", "/x", fakenet.Status(503).Times(2))
		status(503, 503, 502)
		removeOne()
		removeOne()
		status(500)
		removeAll()
		status(200)
		n.Fault("b.example", "", fakenet.Status(500))
		status(200)
		n.Fault("a.example", "", fakenet.Status(500))
		n.Heal()
		status(200)
		n.Fault("a.example", "/x", fakenet.WrongType("application/json"))
		if res := get("https://a.example/x"); res.Type() != "application/json" || string(res.Body) != "x" {
			t.Errorf("%q %q", res.Type(), res.Body)
		}
		n.Fault("a.example", "", fakenet.LoginRedirect())
		if res := get("https://a.example/x"); res.Status != 302 || res.Header.Get("Location") != "/login?next=/x" {
			t.Errorf("%d %v", res.Status, res.Header)
		}
		if res := get("https://a.example/login?next=/x"); res.Status != 200 || !bytes.Contains(res.Body, []byte("Log in")) {
			t.Errorf("%d %q", res.Status, res.Body)
		}
		n.Fault("a.example", "", fakenet.Captcha())
		status(403)
		n.Fault("a.example", "", fakenet.HTML())
		if res := get("https://a.example/x"); res.Type() != "text/html" || res.Status != 200 {
			t.Errorf("%d", res.Status)
		}
	})
}

func TestLatencyAndClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
		n := fakenet.New(fakenet.Options{Now: func() time.Time { return now }, Latency: 3 * time.Second})
		defer n.Close()
		n.Site("a.example").Page("/", "x")
		o := n.FetchOptions()
		o.Now = time.Now
		c, err := fetch.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		start := time.Now()
		res, err := c.Do(context.Background(), fetch.Request{URL: "http://a.example/"})
		if err != nil || time.Since(start) != 3*time.Second || res.Header.Get("Date") != "Tue, 06 May 2031 07:08:09 GMT" {
			t.Errorf("%v after %v, %s", err, time.Since(start), res.Header.Get("Date"))
		}
		if r := n.Requests(); !r[0].Time.Equal(now) {
			t.Errorf("%v", r[0].Time)
		}
	})
}

// TestAnotherProcess starts a process of this test's program with the
// environment of Env.
func TestAnotherProcess(t *testing.T) {
	if os.Getenv("FAKENET_CHILD") == "1" {
		child()
		return
	}
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	n.Site("news.example").Page("/", "hello")
	env, err := n.Env(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestAnotherProcess$")
	cmd.Env = append(os.Environ(), append(env, "FAKENET_CHILD=1")...)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "https: hello http\nhttp: hello http\nnobody: network\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if n.Count("news.example", "/") != 2 {
		t.Errorf("%v", n.URLs())
	}
}

// child is what the other process does: a client as the program makes it.
func child() {
	c, err := fetch.New(fetch.Options{Retries: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, scheme := range []string{"https", "http"} {
		res, err := c.Do(context.Background(), fetch.Request{URL: scheme + "://news.example/"})
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %s %s\n", scheme, res.Body, res.Exchanges[0].Proxy)
	}
	_, err = c.Do(context.Background(), fetch.Request{URL: "https://nobody.example/"})
	fmt.Printf("nobody: %s\n", store.ClassOf(err).Name)
}
