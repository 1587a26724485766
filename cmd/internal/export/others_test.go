//go:build formats

package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"stet/store/wacz"
	"stet/store/warc"
)

// tools is the folder into which .ci/formats puts the programs of others.
func tools(t *testing.T) string {
	dir := os.Getenv("STET_FORMAT_TOOLS")
	if dir == "" {
		t.Fatal("run this by .ci/formats")
	}
	return dir
}

// exportedTo writes an export to a file.
func exportedTo(t *testing.T, w *world, f Format, name string) string {
	o := w.options(f, Selection{All: true})
	o.Name = name
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), append(make([]byte, 47), 3))
	w.must(err)
	o.Sign = wacz.KeySigner{Key: key}
	file := filepath.Join(t.TempDir(), name)
	w.must(os.WriteFile(file, exported(t, o).files[""].Bytes(), 0o600))
	return file
}

// warcio sees as many records as there are, and js-wacz makes a package of
// them.
func TestOthersReadWARC(t *testing.T) {
	w := newWorld(t)
	w.post("20", "openwords", false)
	w.post("21", strings.Repeat("morewords ", 900), false)
	file := exportedTo(t, w, WARC, "a.warc.gz")
	out, err := exec.CommandContext(t.Context(), "node", filepath.Join(tools(t), "node_modules/warcio/dist/cli.js"), "index", file).Output()
	if err != nil {
		t.Fatalf("warcio: %v", err)
	}
	body, err := os.ReadFile(file)
	w.must(err)
	report, err := warc.Validate(t.Context(), bytes.NewReader(body), warc.Limits{})
	w.must(err)
	if got := int64(bytes.Count(out, []byte("\n"))); got != report.Records || len(report.Problems) > 0 {
		t.Errorf("warcio sees %d records, there are %d; %v", got, report.Records, report.Problems)
	}
	theirs := filepath.Join(t.TempDir(), "b.wacz")
	if out, err := exec.CommandContext(t.Context(), "node", filepath.Join(tools(t), "node_modules/@harvard-lil/js-wacz/bin/cli.js"), "create", "-f", file, "-o", theirs).CombinedOutput(); err != nil {
		t.Fatalf("js-wacz: %v\n%s", err, out)
	}
	body, err = os.ReadFile(theirs)
	w.must(err)
	r, err := wacz.NewReader(bytes.NewReader(body), int64(len(body)), wacz.Limits{})
	w.must(err)
	// It hashes archives otherwise than the format says; the index is what it
	// made of ours.
	found := 0
	for _, name := range r.Names() {
		if !strings.HasPrefix(name, "indexes/") {
			continue
		}
		list, err := r.ReadAll(name, 1<<20)
		w.must(err)
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(list))
			w.must(err)
			list, err = io.ReadAll(z)
			w.must(err)
		}
		found += bytes.Count(list, []byte(`"url":"https://`)) + bytes.Count(list, []byte(`"url": "https://`))
	}
	if found < 8 {
		t.Errorf("js-wacz finds %d answers in the file, there are 8", found)
	}
}

// player is a page that plays an archive as soon as the worker of the player
// is active.
const player = `<!doctype html><meta charset="utf-8"><script src="/ui.js"></script><body><script>
navigator.serviceWorker.register("/replay/sw.js?serveIndex=1", {scope: "/replay/"}).then(async function (r) {
  var w = r.installing || r.waiting || r.active;
  while (w.state !== "activated") { await new Promise(function (f) { w.addEventListener("statechange", f, {once: true}); }); }
  var e = document.createElement("replay-web-page");
  e.setAttribute("source", "/a.wacz");
  e.setAttribute("url", decodeURIComponent(location.hash.slice(1)));
  e.setAttribute("embed", "replayonly");
  e.setAttribute("replaybase", "/replay/");
  document.body.appendChild(e);
});
</script>`

// shown collects the words of a page, of what hides in shadows and of frames.
const shown = `(function walk(n) {
  var s = "";
  if (n.nodeType === 3) { return n.data + " "; }
  if (n.shadowRoot) { s += walk(n.shadowRoot); }
  if (n.tagName === "IFRAME") { try { if (n.contentDocument) { s += walk(n.contentDocument); } } catch (e) {} }
  for (var c = n.firstChild; c; c = c.nextSibling) { s += walk(c); }
  return s;
})(document)`

// ReplayWeb.page shows the words of a post, and the article as it was.
func TestOthersPlayWACZ(t *testing.T) {
	w := newWorld(t)
	ref := w.post("20", "openwords", false)
	plays(t, exportedTo(t, w, WACZ, "a.wacz"), map[string]string{"urn:x-stet:post:" + ref.String(): "openwords", "https://news.example/20": "openwords"})
}

// ReplayWeb.page shows the report of a bundle of evidence, and the article.
func TestOthersPlayBundle(t *testing.T) {
	dir := t.TempDir()
	stet := filepath.Join(dir, "stet")
	run := func(name string, args ...string) []byte {
		t.Helper()
		var said bytes.Buffer
		c := exec.CommandContext(t.Context(), name, args...)
		c.Stderr = &said
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s %v: %v: %s", name, args, err, &said)
		}
		return out
	}
	run("go", "build", "-o", stet, "stet/cmd/stet")
	archive, file := filepath.Join(dir, "archive"), filepath.Join(dir, "bundle.wacz")
	run(stet, "demo", "--keep", archive)
	var hit struct{ Platform, ID string }
	if err := json.NewDecoder(bytes.NewReader(run(stet, "lookup", "--data", archive, "--json", "the fare stays at two crowns"))).Decode(&hit); err != nil {
		t.Fatal(err)
	}
	run(stet, "export", "--data", archive, "--bundle", hit.Platform+":"+hit.ID, "-o", file)
	plays(t, file, map[string]string{"https://bundle.stet.invalid/report.html": "the fare stays at two crowns",
		"https://harbour-courier.example/2026/night-ferry.html": "ferry"})
}

// plays opens pages of a package in ReplayWeb.page, and looks for words.
func plays(t *testing.T, file string, pages map[string]string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rwp := filepath.Join(tools(t), "replaywebpage")
	mux := http.NewServeMux()
	serve := func(path, file string) {
		mux.HandleFunc(path, func(rw http.ResponseWriter, r *http.Request) { http.ServeFile(rw, r, file) })
	}
	serve("/ui.js", filepath.Join(rwp, "ui.js"))
	serve("/replay/ui.js", filepath.Join(rwp, "ui.js"))
	serve("/replay/sw.js", filepath.Join(rwp, "sw.js"))
	mux.HandleFunc("/a.wacz", func(rw http.ResponseWriter, r *http.Request) {
		// The player asks for the last bytes of a file that has fewer.
		if r.Header.Get("Range") != "" {
			rw.Header().Set("Content-Type", "application/wacz")
		}
		http.ServeFile(rw, r, file)
	})
	mux.HandleFunc("/replay/", func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(rw, `<!doctype html><script src="/ui.js"></script><replay-app-main></replay-app-main>`)
	})
	mux.HandleFunc("/{$}", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, player) })
	server := httptest.NewServer(mux)
	defer server.Close()
	here, err := url.Parse(server.URL)
	must(err)

	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.UserDataDir(t.TempDir()), chromedp.Flag("no-sandbox", os.Getuid() == 0),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE localhost"), chromedp.DisableGPU)
	if path, err := exec.LookPath("chromium"); err == nil {
		flags = append(flags, chromedp.ExecPath(path))
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), flags...)
	defer end()
	for address, words := range pages {
		tab, shut := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}), chromedp.WithLogf(func(string, ...any) {}))
		must(chromedp.Do(tab)) // or the first deadline would be the browser's
		ctx, cancel := context.WithTimeout(tab, time.Minute)
		must(chromedp.Do(ctx, chromedp.Navigate("http://localhost:"+here.Port()+"/#"+url.QueryEscape(address))))
		text := ""
		for ctx.Err() == nil && !strings.Contains(text, words) {
			if text, err = chromedp.Run(ctx, chromedp.Evaluate[string](shown)); err != nil {
				break
			}
			_ = chromedp.Do(ctx, chromedp.Sleep(200*time.Millisecond))
		}
		if !strings.Contains(text, words) {
			t.Errorf("%s does not show %q, but %.500q: %v", address, words, text, err)
		}
		cancel()
		shut()
	}
}
