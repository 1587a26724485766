package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestRepairCommand: files are changed only with --write, once, and wholly; what
// the public listener does not name stays.
func TestRepairCommand(t *testing.T) {
	var asked atomic.Int64
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/repair" {
			http.NotFound(w, r)
			return
		}
		asked.Add(1)
		base := "http://" + r.Host
		fmt.Fprint(w, `{"posts":[`)
		for _, u := range r.URL.Query()["u"] {
			if u == "twitter:1990000000000000001" {
				fmt.Fprintf(w, `{"u":%q,"ref":%q,"state":"deleted","words":"deleted by its author","card":%q,"height":300,"title":"A post","version":%q,"date":"2026-02-28"}`, u, u, base+"/card/"+u, base+"/memento/20260228170000/https://x.com/a/status/1")
			}
		}
		fmt.Fprint(w, `]}`)
	}))
	defer public.Close()
	dir := t.TempDir()
	gone := `<p>a</p><blockquote class="twitter-tweet"><a href="https://twitter.com/ada/status/1990000000000000001">x</a></blockquote>` + "\r\n"
	live := `<blockquote class="twitter-tweet"><a href="https://twitter.com/ada/status/1990000000000000002">x</a></blockquote>`
	for name, body := range map[string]string{"a.html": gone, "sub/b.HTM": gone + live, "live.html": live, "notes.txt": gone, ".git/c.html": gone} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	run := func(args ...string) (int, string, string) {
		a, stdout, stderr := appFor(t)
		code := a.run(t.Context(), append([]string{"repair"}, args...))
		return code, stdout.String(), stderr.String()
	}
	code, out, errs := run(dir, "--url", public.URL)
	if code != 0 || !strings.Contains(out, "2 places in 2 files would change") || read("a.html") != gone {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	if code, out, errs = run(dir, "--url", public.URL+"/", "--write"); code != 0 || !strings.Contains(out, "changed") {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	first := read("a.html")
	if !strings.HasPrefix(first, `<p>a</p><figure class="stet" data-stet="twitter:1990000000000000001">`) || !strings.HasSuffix(first, "<!--/stet-->\r\n") || !strings.Contains(first, "data-versionurl=") ||
		!strings.Contains(read("sub/b.HTM"), live) || read("live.html") != live || read("notes.txt") != gone || read(".git/c.html") != gone {
		t.Errorf("the files hold\n%s\n%s", first, read("sub/b.HTM"))
	}
	if info, err := os.Stat(filepath.Join(dir, "a.html")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if code, out, _ = run(dir, "--url", public.URL, "--write"); code != 0 || !strings.Contains(out, "Nothing to change") || read("a.html") != first {
		t.Errorf("again: %d %s", code, out)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".stet-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for want, args := range map[int][]string{2: {dir}, 1: {filepath.Join(dir, "a.html"), "--url", other.URL}} {
		if code, _, errs := run(args...); code != want {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if code, _, _ := run(filepath.Join(dir, "none.html"), "--url", public.URL); code != 2 {
		t.Errorf("a file that is not there: %d", code)
	}
}
