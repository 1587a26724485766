package browser_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/archiver/browser"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/store"
	"stet/store/storetest"
)

// needsBrowser returns the Chromium of the machine.
func needsBrowser(t *testing.T) string {
	t.Helper()
	path, err := browser.Find("")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Need(t, path != "", "a Chromium (on Debian the package chromium)")
	return path
}

// world is an internet with a browser in it.
type world struct {
	net     *fakenet.Net
	browser *browser.Browser
	dir     string
}

func newWorld(t *testing.T, change func(*browser.Options), access ...fetch.Access) *world {
	t.Helper()
	path := needsBrowser(t)
	w := &world{net: fakenet.New(fakenet.Options{}), dir: t.TempDir()}
	fo := w.net.FetchOptions()
	fo.Access = access
	client, err := fetch.New(fo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(client.Close(), w.net.Close()); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(w.dir); err != nil || len(left) > 0 {
			t.Errorf("profiles are left: %v, %v", left, err)
		}
	})
	block, _ := pem.Decode(w.net.CAPEM())
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256(ca.RawSubjectPublicKeyInfo)
	o := browser.Options{Path: path, Dial: client.Dial, Carries: client.Carries, Dir: w.dir, NoSandbox: os.Getuid() == 0, TrustKey: base64.StdEncoding.EncodeToString(key[:])}
	if change != nil {
		change(&o)
	}
	w.browser = browser.New(o)
	return w
}

// page serves the paths of a host.
func (w *world) page(host string, pages map[string]string) {
	w.net.HandleFunc(host, func(rw http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(rw, r)
			return
		}
		switch {
		case strings.HasSuffix(r.URL.Path, ".css"):
			rw.Header().Set("Content-Type", "text/css")
		case strings.HasSuffix(r.URL.Path, ".svg"):
			rw.Header().Set("Content-Type", "image/svg+xml")
		default:
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		io.WriteString(rw, body)
	})
}

const (
	red   = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><rect width="400" height="400" fill="#ff0000"/></svg>`
	green = `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><rect width="100" height="100" fill="#00ff00"/></svg>`
)

// TestDraw: a page that scripts, styles, frames and shadow trees make up. The
// file shows the same as the page, drawn where nothing else can be reached.
func TestDraw(t *testing.T) {
	w := newWorld(t, nil)
	w.page("news.example", map[string]string{
		"/story": `<!doctype html><html lang="en"><head><title>The tide</title><link rel="stylesheet" href="/main.css"><base href="https://news.example/"></head>
<body style="margin:0"><img src="red.svg" srcset="red.svg 2x" width="400" height="400" onerror="steal()"><p id="said">nothing</p>
<iframe src="https://embed.example/post" width="300" height="200"></iframe><div id="card"></div>
<a href="/next">next</a><a href="javascript:steal()">bad</a>
<script>document.getElementById("said").textContent = "written by a script";
const root = document.getElementById("card").attachShadow({mode: "open"}); root.innerHTML = "<b>in the shadow</b>";
const sheet = new CSSStyleSheet(); sheet.replaceSync("#said { color: rgb(1, 2, 3) }"); document.adoptedStyleSheets = [sheet];</script></body></html>`,
		"/main.css":  `@import "more.css" screen; body { background: url( 'green.svg' ) } /* url(never.svg) */`,
		"/more.css":  `p { font-size: 31px }`,
		"/red.svg":   red,
		"/green.svg": green,
	})
	w.page("embed.example", map[string]string{"/post": `<!doctype html><p>The post in its frame</p><script>document.body.append("!")</script>`})
	d, err := w.browser.Draw(t.Context(), "https://news.example/story", false)
	if err != nil {
		t.Fatal(err)
	}
	if d.URL != "https://news.example/story" || d.Title != "The tide" || !strings.Contains(d.Program, "Chrom") || d.Cut || len(d.Notes) > 0 {
		t.Errorf("%s %q %q %t %q", d.URL, d.Title, d.Program, d.Cut, d.Notes)
	}
	first := reds(t, d.Picture)
	if first != 400*400 {
		t.Errorf("%d red points in the picture", first)
	}
	file := string(d.HTML)
	for _, want := range []string{"written by a script", "in the shadow", "The post in its frame", "font-size: 31px", "@media screen", "rgb(1, 2, 3)", `href="https://news.example/next"`} {
		if !strings.Contains(file, want) {
			t.Errorf("%q is missing in the file", want)
		}
	}
	for _, bad := range []string{"<script", "steal", "javascript:", "red.svg", "embed.example", "srcset", "never.svg"} {
		if strings.Contains(file, bad) {
			t.Errorf("%q stands in the file", bad)
		}
	}
	// The file by itself, elsewhere.
	w.net.Remove("news.example")
	w.net.Remove("embed.example")
	w.page("copy.example", map[string]string{"/": file})
	w.net.Forget()
	again, err := w.browser.Draw(t.Context(), "https://copy.example/", false)
	if err != nil {
		t.Fatal(err)
	}
	if n := reds(t, again.Picture); n != first {
		t.Errorf("%d red points in the picture of the file, %d in that of the page", n, first)
	}
	for _, u := range w.net.URLs() {
		if u != "https://copy.example/" && u != "https://copy.example/favicon.ico" {
			t.Errorf("the file loads %s", u)
		}
	}
}

// reds counts the red points of a picture.
func reds(t *testing.T, picture []byte) int {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	n, want := 0, color.RGBA{R: 255, A: 255}
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if color.RGBAModel.Convert(img.At(x, y)) == want {
				n++
			}
		}
	}
	return n
}

// TestDrawWithAccess: what a host of the operator's own asks for goes to that
// host only, over every redirect, where the drawing may have it; and what the
// host says back of it is in no file.
func TestDrawWithAccess(t *testing.T) {
	const key, session = "key-4711-of-staging", "session-0815-4711-0815"
	w := newWorld(t, nil, fetch.Access{Host: "staging.example", Header: http.Header{"X-Key": {key}}, Cookie: "session=" + session})
	var mu sync.Mutex
	leaked, posted := []string{}, false
	watch := func(host string, answer http.HandlerFunc) {
		w.net.HandleFunc(host, func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			if host != "staging.example" && (r.Header.Get("X-Key") != "" || r.Header.Get("Cookie") != "") {
				leaked = append(leaked, host+r.URL.Path)
			}
			posted = posted || r.Method == http.MethodPost && r.Header.Get("X-Key") != "" && r.URL.Path == "/delete"
			mu.Unlock()
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			answer(rw, r)
		})
	}
	watch("staging.example", func(rw http.ResponseWriter, r *http.Request) {
		cookie, _ := r.Cookie("session")
		if r.Header.Get("X-Key") != key || cookie == nil || cookie.Value != session {
			rw.WriteHeader(http.StatusUnauthorized)
			io.WriteString(rw, "<title>no</title><p>not for you")
			return
		}
		switch r.URL.Path {
		case "/":
			http.Redirect(rw, r, "/story", http.StatusFound)
		case "/away":
			http.Redirect(rw, r, "https://other.example/caught", http.StatusFound)
		case "/ask":
			io.WriteString(rw, r.Method+" was answered")
		default:
			fmt.Fprintf(rw, `<!doctype html><title>%s</title><p>Unpublished words, for %s and %s</p><p id="said"></p><img src="/away"><iframe src="https://other.example/frame"></iframe>
<script>fetch("/ask", {method: "POST", body: "x"}).then(r => r.text()).then(t => { document.getElementById("said").textContent = t })</script>`, key, key, session)
		}
	})
	watch("other.example", func(rw http.ResponseWriter, r *http.Request) {
		io.WriteString(rw, `<!doctype html><title>other</title><p>other</p><script>fetch("https://staging.example/delete", {method: "POST", mode: "no-cors", body: "x"})</script>`)
	})
	d, err := w.browser.Draw(t.Context(), "https://staging.example/", true)
	if err != nil {
		t.Fatal(err)
	}
	page := string(d.HTML)
	for _, want := range []string{"Unpublished words", "POST was answered"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page: %s", want, page)
		}
	}
	if all := page + d.Title + d.URL; strings.Contains(all, key) || strings.Contains(all, session) {
		t.Errorf("secrets are in what is kept: %s", all)
	}
	if d, err = w.browser.Draw(t.Context(), "https://staging.example/", false); err != nil || d.Title != "no" {
		t.Errorf("without access: %q, %v", d.Title, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(leaked) > 0 || posted {
		t.Errorf("leaked to %v; a stranger's page could change something: %t", leaked, posted)
	}
}

// TestDrawIsGuarded: no page leads the browser to the machine or its network.
func TestDrawIsGuarded(t *testing.T) {
	reached := make(chan string, 10)
	server := &http.Server{Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached <- "loopback" })}
	address := listen(t, server)
	w := newWorld(t, nil)
	w.page("news.example", map[string]string{"/": fmt.Sprintf(`<!doctype html><title>x</title><img src="http://%s/a"><img src="http://localhost:%s/b">
<img src="http://169.254.169.254/latest"><img src="http://[::1]/"><iframe src="file:///etc/passwd"></iframe><script>fetch("http://%[1]s/c"); new WebSocket("ws://%[1]s/d")</script>`,
		address, address[strings.LastIndexByte(address, ':')+1:])})
	d, err := w.browser.Draw(t.Context(), "https://news.example/", false)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(d.HTML), "root:") {
		t.Error("a file of the machine is in the page")
	}
	if _, err := w.browser.Draw(t.Context(), "http://"+address+"/", false); !errors.Is(err, store.ErrRefused) {
		t.Errorf("a page of the machine: %v", err)
	}
	if _, err := w.browser.Draw(t.Context(), "https://nowhere.example/", false); !errors.Is(err, store.ErrNetwork) {
		t.Errorf("a page that is not there: %v", err)
	}
	select {
	case what := <-reached:
		t.Errorf("%s was reached", what)
	default:
	}
}

// TestDrawEnds: pages that never end, take all memory or load without end.
func TestDrawEnds(t *testing.T) {
	w := newWorld(t, func(o *browser.Options) {
		o.Timeout, o.MaxBytes, o.MaxMemory = 20*time.Second, 4<<20, 700<<20
	})
	w.page("busy.example", map[string]string{"/": `<!doctype html><title>busy</title><script>for(;;){}</script>`})
	w.page("memory.example", map[string]string{"/": `<!doctype html><title>m</title><script>const all = []; setInterval(() => { for (let i = 0; i < 20; i++) all.push(new Uint8Array(8 << 20).fill(i + 1)) }, 10)</script>`})
	w.net.HandleFunc("endless.example", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			rw.Header().Set("Content-Type", "text/html")
			io.WriteString(rw, `<!doctype html><title>endless</title><p>words</p><img src="/picture">`)
			return
		}
		rw.Header().Set("Content-Type", "image/png")
		for block := make([]byte, 64<<10); ; {
			if _, err := rw.Write(block); err != nil {
				return
			}
		}
	})
	if _, err := w.browser.Draw(t.Context(), "https://busy.example/", false); !errors.Is(err, store.ErrNetwork) {
		t.Errorf("busy: %v", err)
	}
	if _, err := w.browser.Draw(t.Context(), "https://memory.example/", false); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("memory: %v", err)
	}
	if d, err := w.browser.Draw(t.Context(), "https://endless.example/", false); err != nil || !strings.Contains(strings.Join(d.Notes, " "), "browser.max_bytes") || !strings.Contains(string(d.HTML), "words") {
		t.Errorf("endless: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.browser.Draw(ctx, "https://busy.example/", false); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestDrawWithoutBrowser: a program that is none.
func TestDrawWithoutBrowser(t *testing.T) {
	if _, err := browser.Find("/no/such/browser"); !errors.Is(err, store.ErrUsage) {
		t.Errorf("%v", err)
	}
	b := browser.New(browser.Options{Path: "/bin/false", Dir: t.TempDir()})
	if _, err := b.Draw(t.Context(), "https://news.example/", false); !errors.Is(err, store.ErrUsage) {
		t.Errorf("%v", err)
	}
}
