package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"stet/archiver/browser"
	"stet/cmd/internal/demo"
	"stet/store/storetest"
)

// desk is the running demonstration with a browser before it.
type desk struct {
	t     *testing.T
	base  string
	world *demo.Desk
	tab   context.Context
	// said is what the program printed.
	said *lockedBuffer
}

// lockedBuffer is a buffer that one goroutine writes and another reads.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// openDesk runs `stet demo --web`, and a Chromium.
func openDesk(t *testing.T) *desk {
	t.Helper()
	path, err := browser.Find("")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Need(t, path != "", "a Chromium (on Debian the package chromium)")
	d := &desk{t: t, said: &lockedBuffer{}}
	a, _, stderr := appFor(t)
	a.stdout = d.said
	a.inDemo = func(w *demo.Desk) { d.world = w }
	t.Setenv("TMPDIR", t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- a.run(ctx, []string{"demo", "--web", "--listen", "127.0.0.1:0"}) }()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("the demonstration ended with %d: %s", code, stderr)
		}
		if left, err := filepath.Glob(filepath.Join(os.TempDir(), "stet-*")); err != nil || len(left) > 0 {
			t.Errorf("it leaves %v behind, %v", left, err)
		}
	})
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	for begun := time.Now(); d.base == ""; time.Sleep(20 * time.Millisecond) {
		d.base = address.FindString(d.said.String())
		if time.Since(begun) > 2*time.Minute {
			t.Fatalf("the desk does not open: %s%s", d.said, stderr)
		}
		select {
		case code := <-ended:
			ended <- code
			t.Fatalf("it ended with %d: %s", code, stderr)
		default:
		}
	}
	d.tab = newTab(t, path)
	return d
}

// newTab opens a browser.
func newTab(t *testing.T, path string) context.Context {
	t.Helper()
	profile := t.TempDir()
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.Flag("no-sandbox", os.Getuid() == 0), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
		chromedp.Flag("lang", "en-GB"), chromedp.DisableGPU, chromedp.WindowSize(1280, 900), chromedp.Env("TZ=Europe/Vienna"))
	allocator, end := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(end)
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}), chromedp.WithLogf(func(string, ...any) {}))
	t.Cleanup(closeTab)
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	// A window that nobody looks at has no focus otherwise.
	if _, err := chromedp.Call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return tab
}

// do runs actions; what they wait for must come soon.
func (d *desk) do(actions ...chromedp.Action[chromedp.Void]) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.tab, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		d.t.Fatal(err)
	}
}

// open goes to a page.
func (d *desk) open(path string) {
	d.t.Helper()
	d.do(chromedp.Navigate(d.base + path))
}

// ask evaluates an expression in the page.
func ask[T any](d *desk, expression string) T {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.tab, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		d.t.Fatalf("%.200s: %v", expression, err)
	}
	return v
}

// path is the address of the page, without the server.
func (d *desk) path() string { return strings.TrimPrefix(ask[string](d, "location.href"), d.base) }

// text is what the page says.
func (d *desk) text() string { return ask[string](d, "document.body.innerText") }

// until waits for something to become true of the page; pages load anew
// meanwhile.
func (d *desk) until(what, expression string) {
	d.t.Helper()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(d.tab, 5*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		cancel()
		if err == nil && ok {
			return
		}
		if time.Since(begun) > 45*time.Second {
			d.t.Fatalf("%s does not happen: %v; the page is %s:\n%s", what, err, d.path(), d.text())
		}
	}
}

// paste puts a text into the box of the first page and sends it.
func (d *desk) paste(text string) {
	d.t.Helper()
	d.open("/")
	d.do(chromedp.SetValue("#box", text))
	d.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('main form').requestSubmit()"))
	d.until("the answer to "+text, "location.pathname != '/' && document.readyState == 'complete'")
}

// pages are those that are looked at one by one.
func (d *desk) pages() map[string]string {
	post := func(ref string) string { return "/post/" + url.PathEscape(ref) }
	return map[string]string{
		"home": "/", "results": "/search?q=ferry", "nothing": "/search?q=zeppelin", "quote": "/search?q=" + url.QueryEscape("“The night ferry will run again from Monday, every night, and the fare stays at four crowns.”"),
		"post-deleted": post(d.world.Deleted.String()), "post-edited": post(d.world.Edited.String()), "post-live": post(d.world.Living.String()),
		"post-sensitive": post(d.world.Posts[3].String()), "post-misquoted": post(d.world.Misquoted.String()), "post-absent": post(d.world.Fresh.String()),
		"article": "/article?url=" + url.QueryEscape(d.world.Articles[0]), "article-changed": "/article?url=" + url.QueryEscape(d.world.Articles[1]),
		"account": "/account/twitter:minavarga", "gone": "/gone", "page-lost": "/page?url=" + url.QueryEscape(d.world.Lost),
		"cases": "/cases", "case": ask[string](d, "fetch('/cases').then(r => r.text()).then(t => /\\/case\\/[0-9a-f-]{36}/.exec(t)[0])"),
		"feeds": "/feeds", "queue": "/queue", "health": "/health", "help": "/about", "log-in": "/login", "picture": "/picture", "screenshot": "/screenshot", "decisions": "/decisions",
		"exchange": ask[string](d, "fetch('"+post(d.world.Deleted.String())+"').then(r => r.text()).then(t => /\\/exchange\\/[0-9a-f-]{36}/.exec(t)[0])"),
		"error":    "/post/nothing",
	}
}

// TestDeskPictures keeps a picture of each page, at the width of a desk and of a
// phone, in light and dark, in the folder that STET_SCREENSHOTS names.
func TestDeskPictures(t *testing.T) {
	dir := os.Getenv("STET_SCREENSHOTS")
	storetest.Need(t, dir != "", "a folder for the pictures, in STET_SCREENSHOTS")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d := openDesk(t)
	d.open("/")
	for name, path := range d.pages() {
		for _, size := range []struct {
			name  string
			width int64
			dark  bool
		}{{"desk", 1280, false}, {"phone", 390, false}, {"dark", 1280, true}, {"phone-dark", 390, true}} {
			if size.dark && !strings.HasPrefix(name, "post-d") && name != "home" {
				continue
			}
			if err := d.picture(filepath.Join(dir, name+"-"+size.name+".png"), path, size.width, size.dark); err != nil {
				t.Error(err)
			}
		}
	}
}

// look gives the browser a width, and light or dark.
func (d *desk) look(width int64, scheme string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.tab, 30*time.Second)
	defer cancel()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err == nil {
		err = chromedp.Do(ctx, chromedp.EmulateViewport(width, 900))
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// picture draws one page into a file.
func (d *desk) picture(file, path string, width int64, dark bool) error {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	d.look(width, scheme)
	ctx, cancel := context.WithTimeout(d.tab, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(d.base+path)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	return errors.Join(err, os.WriteFile(file, png, 0o644))
}
