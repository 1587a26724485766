package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"stet/archiver/browser"
	"stet/store/storetest"
)

// TestSearchOfExport types into the search of an export as pages, opened from its
// folder and from a plain web server.
func TestSearchOfExport(t *testing.T) {
	path, err := browser.Find("")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Need(t, path != "", "a Chromium (on Debian the package chromium)")
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	archive, site := filepath.Join(dir, "archive"), filepath.Join(dir, "site")
	for _, args := range [][]string{{"demo", "--keep", archive}, {"export", "--data", archive, "--all", "--format", "html", "-o", site}} {
		a, stdout, stderr := appFor(t)
		if code := a.run(t.Context(), args); code != 0 {
			t.Fatalf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
	server := httptest.NewServer(http.FileServer(http.Dir(site)))
	defer server.Close()
	for name, base := range map[string]string{"folder": "file://" + site, "server": server.URL} {
		t.Run(name, func(t *testing.T) {
			d := &desk{t: t, base: base, tab: newTab(t, path)}
			d.open("/index.html")
			all := ask[int](d, `document.querySelectorAll("#all li").length`)
			if all < 2 {
				t.Fatalf("%d posts are listed", all)
			}
			d.do(chromedp.WaitVisible("#words"), chromedp.SendKeys("#words", "fare FERRY"))
			d.until("the post that has the words is found", `document.querySelectorAll("#hits li").length === 1 && document.getElementById("all").hidden`)
			d.do(chromedp.SendKeys("#words", " zeppelin"))
			d.until("nothing has one word more", `document.querySelectorAll("#hits li").length === 0 && document.getElementById("found").textContent !== "Loading"`)
			if ask[string](d, `document.getElementById("found").textContent`) == "" {
				t.Error("nobody says that nothing was found")
			}
			d.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("words").value = ""; document.getElementById("words").dispatchEvent(new Event("input"))`))
			d.until("all are listed again", `!document.getElementById("all").hidden`)
			d.do(chromedp.SendKeys("#words", "ferry"))
			d.until("posts are found", `document.querySelectorAll("#hits li a").length > 0`)
			d.do(chromedp.Click("#hits li a"))
			d.until("the post is shown", `location.pathname.indexOf("/posts/") >= 0 || document.querySelector("article") !== null`)
		})
	}
}
