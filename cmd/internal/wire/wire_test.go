package wire

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/cmd/internal/config"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// inside returns options that lead into an internet of the test's own, and a
// configuration with an archive in a folder of its own.
func inside(t *testing.T) (*fakenet.Net, *config.Config, Options) {
	t.Helper()
	n := fakenet.New(fakenet.Options{})
	t.Cleanup(func() { n.Close() })
	c := config.Default()
	c.Data = filepath.Join(t.TempDir(), "archive")
	return n, c, Options{Version: "9", Getenv: func(string) string { return "" }, Fetch: func(f *fetch.Options) {
		in := n.FetchOptions()
		f.Resolver, f.Dial, f.RootCAs, f.PerHostInterval = in.Resolver, in.Dial, in.RootCAs, in.PerHostInterval
	}}
}

func TestOpenCaptureAndReadBack(t *testing.T) {
	n, c, o := inside(t)
	n.X().Add(fakenet.Post{ID: "1229700000000000001", Text: "Hello.", Author: fakenet.Person{Name: "Ada", Handle: "ada"}})
	ref := post.Ref{Platform: post.Twitter, ID: "1229700000000000001"}
	w, err := Open(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	res, err := w.Engine.CapturePosts(t.Context(), []post.Ref{ref}, []string{PostURL(ref)}, archiver.CaptureOptions{})
	if err != nil || res[0].Err != nil {
		t.Fatal(err, res[0].Err)
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Fatalf("closing: %v", err)
	}
	agent := n.Requests()[0].Header.Get("User-Agent")
	if agent != "stet/9" {
		t.Errorf("the user agent is %q", agent)
	}
	r, err := OpenReadOnly(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Engine != nil {
		t.Error("an archive that is read has an engine, which could reach out")
	}
	v, err := r.Reader.Post(t.Context(), ref)
	if err != nil || v.Post.Text != "Hello." {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestReadingMakesNothing(t *testing.T) {
	_, c, o := inside(t)
	if _, err := OpenReadOnly(t.Context(), c, o); !errors.Is(err, store.ErrNoStore) {
		t.Errorf("reading: %v", err)
	}
	if _, err := OpenExisting(t.Context(), c, o); !errors.Is(err, store.ErrNoStore) {
		t.Errorf("looking: %v", err)
	}
	if _, err := os.Stat(c.Data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

// What fails half-way is taken down again: the archive can be opened after.
func TestFailureTakesDown(t *testing.T) {
	_, c, o := inside(t)
	bad := *c
	bad.Fetch.CAFile = filepath.Join(t.TempDir(), "missing.pem")
	if _, err := Open(t.Context(), &bad, o); !errors.Is(err, store.ErrUsage) || !strings.Contains(err.Error(), "fetch.ca_file") {
		t.Fatalf("error %v", err)
	}
	w, err := Open(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCertificateAuthorities(t *testing.T) {
	n, c, _ := inside(t)
	pem := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(pem, n.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, replace, add string
		want               string // in the error
	}{
		{name: "none"}, {name: "both", replace: pem, add: pem},
		{name: "a missing file", replace: pem + ".not", want: "SSL_CERT_FILE"},
		{name: "a missing file to add", add: pem + ".not", want: "fetch.ca_file"},
	} {
		c.Fetch.CAFile = tt.add
		_, err := authorities(c, func(name string) string {
			if name == "SSL_CERT_FILE" {
				return tt.replace
			}
			return ""
		})
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || !errors.Is(err, store.ErrUsage)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestCheckRef(t *testing.T) {
	for s, ok := range map[string]bool{"twitter:20": true, "twitter:9223372036854775807": true, "youtube:dQw4w9WgXcQ": true,
		"twitter:0": false, "twitter:9223372036854775808": false, "twitter:x": false, "twitter:020": false, "youtube:abc": false, "nowhere:1": false,
		"ted:embed.ted.com/talks/ada_low_tide": true, "ted:embed.ted.com": false, "ted:news.example/embed/1": false} {
		r, err := post.ParseRef(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckRef(r); (err == nil) != ok || err != nil && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v", s, err)
		}
	}
	if got := PostURL(post.Ref{Platform: post.Twitter, ID: "20"}); got != "https://twitter.com/i/status/20" {
		t.Errorf("PostURL = %q", got)
	}
}

// The schedule, the rules and the limits reach the engine as they are
// configured.
func TestPolicy(t *testing.T) {
	c := config.Default()
	c.Capture.QuoteDepth, c.Capture.ReplyDepth, c.Capture.Media = 0, 3, false
	c.Watch.Schedule, c.Watch.ConfirmAfter = []time.Duration{time.Minute}, time.Nanosecond
	e := engineOptions(c, Options{}.withDefaults(), nil)
	if p := e.Policy; p.QuoteDepth >= 0 || p.ReplyDepth != 3 || !p.NoMedia {
		t.Errorf("%+v", p)
	}
	if s := e.Schedule; s.Delays[0] != time.Minute || s.Rules.ConfirmAfter != time.Nanosecond {
		t.Errorf("%+v", s)
	}
	c.Fetch.PerHostInterval = 0
	var seen fetch.Options
	client, err := Client(c, Options{Getenv: func(string) string { return "" }, Fetch: func(f *fetch.Options) { seen = *f }})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if seen.PerHostInterval >= 0 {
		t.Errorf("no pause became one of %v", seen.PerHostInterval)
	}
}

func TestReadable(t *testing.T) {
	page := `<html><head><title>T</title></head><body><nav>Home News</nav><article><h1>T</h1>` +
		strings.Repeat("<p>The bridge over the river opens on Monday, the mayor said, and everybody is welcome.</p>", 8) + `</article></body></html>`
	if got := readable(extract.Input{URL: "https://news.example/a", ContentType: "text/html; charset=utf-8", Body: []byte(page)}); !strings.Contains(got, "everybody is welcome") || strings.Contains(got, "<p>") {
		t.Errorf("got %q", got)
	}
	for _, in := range []string{"", "\x00\xff", strings.Repeat("<div>", 5000), "<"} {
		readable(extract.Input{Body: []byte(in)}) // must not fail
	}
}
