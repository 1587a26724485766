package web

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"stet/archiver/browser"
	"stet/store"
	"stet/store/storetest"
)

// chromium opens a browser of the machine, with an empty profile, that knows no
// host but this one.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path, err := browser.Find("")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Need(t, path != "", "a Chromium (on Debian the package chromium)")
	flags := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.Flag("no-sandbox", os.Getuid() == 0),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"), chromedp.DisableGPU)
	allocator, end := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(end)
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}), chromedp.WithLogf(func(string, ...any) {}))
	t.Cleanup(closeTab)
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	ctx, stop := context.WithTimeout(tab, time.Minute)
	t.Cleanup(stop)
	return ctx
}

// asked notes what a server is asked.
type asked struct {
	mu   sync.Mutex
	list []string
}

func (a *asked) noting(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.list = append(a.list, r.URL.RequestURI()+" "+r.Header.Get("Cookie")+r.Header.Get("Referer"))
		a.mu.Unlock()
		h.ServeHTTP(w, r)
	})
}

// with returns the questions that begin with a prefix.
func (a *asked) with(prefix string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.list), func(s string) bool { return !strings.HasPrefix(s, prefix) })
}

// TestRepairScript: in a newsroom's page, the script shows the kept copy in the
// place of the one embed whose post is gone and approved, and touches nothing
// else.
func TestRepairScript(t *testing.T) {
	w := newWorld(t, nil)
	w.approved(store.Approval{Ref: goneRef()})
	var log asked
	public := httptest.NewServer(log.noting(w.Public()))
	defer public.Close()
	embed := func(ref string) string {
		return fmt.Sprintf(`<blockquote class="twitter-tweet"><p>words</p>&mdash; Ada (@ada) <a href="https://twitter.com/ada/status/%s?ref_src=twsrc%%5Etfw">1 March</a></blockquote>`, ref)
	}
	page := `<!doctype html><title>Story</title><article><p id="a">A story.</p><div id="gone">` + embed(goneRef().ID) + `</div><div id="again"><iframe data-tweet-id="` + goneRef().ID + `" src="about:blank"></iframe></div>
<div id="live">` + embed(liveRef().ID) + `</div><div id="hidden">` + embed(hiddenRef().ID) + `</div><div id="other"><blockquote>` + html.EscapeString(evilWords) + `</blockquote><iframe src="/own"></iframe></div></article>
<script async src="` + public.URL + `/stet.js"></script>`
	newsroom := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/" {
			fmt.Fprint(w, page)
		}
	}))
	defer newsroom.Close()
	ctx := chromium(t)
	type found struct {
		Figures, Links, Live, Hidden, Other int
		Src, Sandbox, Version, Date, Text   string
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(strings.Replace(newsroom.URL, "127.0.0.1", "localhost", 1))); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		n, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.querySelectorAll("figure.stet").length`))
		return err == nil && n == 2
	})
	got, err := chromedp.Run(ctx, chromedp.Evaluate[found](`({Figures: document.querySelectorAll("figure.stet").length, Links: document.querySelectorAll("[data-versionurl]").length,
  Live: document.querySelectorAll("#live blockquote").length, Hidden: document.querySelectorAll("#hidden blockquote").length, Other: document.querySelectorAll("#other blockquote, #other iframe").length,
  Src: document.querySelector("#gone iframe").src, Sandbox: document.querySelector("#gone iframe").getAttribute("sandbox"),
  Version: document.querySelector("#gone a").dataset.versionurl, Date: document.querySelector("#gone a").dataset.versiondate, Text: document.querySelector("#gone a").textContent})`))
	if err != nil {
		t.Fatal(err)
	}
	if got.Figures != 2 || got.Links != 2 || got.Live != 1 || got.Hidden != 1 || got.Other != 2 || got.Src != public.URL+"/card/twitter:"+goneRef().ID || strings.Contains(got.Sandbox, "script") || strings.Contains(got.Sandbox, "same-origin") ||
		got.Version != public.URL+"/memento/20260228170000/"+tweet(goneRef()) || got.Date != "2026-02-28" || got.Text != "Archived 2026-02-28" {
		t.Errorf("the page shows %+v", got)
	}
	if repairs := log.with("/repair"); len(repairs) != 1 || strings.Contains(repairs[0], "Cookie") || !strings.HasSuffix(repairs[0], " ") {
		t.Errorf("it asked %v", repairs)
	}
	// In its frame the card gets its style and its picture.
	eventually(t, func() bool {
		return len(log.with("/card.css")) > 0 && len(log.with("/card/twitter:"+goneRef().ID+"/media/0")) > 0
	})
}

// eventually waits until something is so.
func eventually(t *testing.T, f func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("it never came to that")
		}
	}
}

// TestHostileBytesInBrowser: what was archived runs nowhere: not as a page, not
// as a picture, not inside a card.
func TestHostileBytesInBrowser(t *testing.T) {
	w := newWorld(t, nil)
	w.ids["evil"] = w.exchanged("https://evil.example/", "text/html", `<title>quiet</title><script>document.title="ran"</script><img src=x onerror='document.title="ran"'><svg onload='document.title="ran"'></svg><meta http-equiv=refresh content="0;url=/login"><body onload='document.title="ran"'>words`, w.at).String()
	w.ids["svg"] = w.exchanged("https://evil.example/x.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"><script>document.title="ran"</script></svg>`, w.at).String()
	w.ids["xhtml"] = w.exchanged("https://evil.example/x", "application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>quiet</title><script>document.title="ran"</script></head><body>words</body></html>`, w.at).String()
	desk := httptest.NewServer(w.Server)
	defer desk.Close()
	ctx := chromium(t)
	for _, name := range []string{"evil", "svg", "xhtml", "page"} {
		if err := chromedp.Do(ctx, chromedp.Navigate(desk.URL+"/raw/"+w.ids[name])); err != nil {
			t.Fatal(err)
		}
		title, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.title"))
		if err != nil {
			t.Fatal(err)
		}
		where, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href"))
		if err != nil {
			t.Fatal(err)
		}
		if title == "ran" || !strings.Contains(where, "/raw/") {
			t.Errorf("%s ran: %q at %s", name, title, where)
		}
	}
}
