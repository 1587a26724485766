package web_test

import (
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/web"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/mem"
)

// random repeats from run to run.
type random struct{ n byte }

func (r *random) Read(p []byte) (int, error) {
	for i := range p {
		r.n++
		p[i] = r.n
	}
	return len(p), nil
}

func now() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// archive holds one post of hostile words, in a public and a private article,
// that is gone.
func archive(t *testing.T) (*mem.Store, *store.Archive) {
	t.Helper()
	m := mem.New(mem.Options{Now: now})
	a := store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: now, Random: &random{}})
	ref := post.Ref{Platform: post.Twitter, ID: "1990000000000000001"}
	b := a.Begin()
	add := func(c store.Content) store.ID {
		id, err := b.Add(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	mention := []store.Mention{{Kind: "embed", Ref: ref, Positions: []int{12}}}
	add(&store.ArticleVersion{Time: now(), URL: "https://news.example/a", Key: "news.example/a", Title: "A & <b>", Origin: "web", Mentions: mention})
	add(&store.ArticleVersion{Time: now(), URL: "secret-draft.html", Key: "x", Title: "Secret", Origin: "file", Private: true, Mentions: mention})
	c := add(&store.Capture{Time: now(), Kind: store.CapturePost, Ref: ref, Source: post.SourcePublic})
	add(&store.Derivation{Time: now(), Capture: c, Source: post.SourcePublic, Ref: ref,
		Post: post.Post{Platform: ref.Platform, ID: ref.ID, URL: "javascript:alert(1)", Text: "the words", Author: post.Author{Name: "<script>x</script>", Handle: "ada"}}})
	add(&store.Verdict{Time: now(), Ref: ref, Status: post.Deleted, Confirmed: true, Event: "gone", LastLive: now(), FirstGone: now(), ConfirmedAt: now()})
	if err := b.Enqueue(store.Enqueue{Job: store.Job{Kind: "look", Key: ref.String(), RunAt: now().Add(time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m, a
}

// fromHere makes a request one of somebody who sits at the machine.
func fromHere(r *http.Request) *http.Request {
	r.Host, r.RemoteAddr = "localhost:8484", "127.0.0.1:50000"
	return r
}

// server returns the server of an archive.
func server(t *testing.T, m *mem.Store, a *store.Archive) *web.Server {
	t.Helper()
	s, err := web.New(web.Options{Archive: a, Engine: archiver.New(archiver.Options{Archive: a}), Reader: reader(a), Statter: m, Random: &random{}, Version: "1",
		Disk: func() (int64, error) { return 5, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reader reads an archive with every platform's grammar.
func reader(a *store.Archive) *archiver.Reader {
	return archiver.NewReader(archiver.ReaderOptions{Archive: a, Finder: extract.NewFinder(sites.All()), Platforms: []post.Platform{post.Twitter, post.Mastodon, post.Bluesky}})
}

func get(t *testing.T, s http.Handler, path string) (int, http.Header, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, fromHere(httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, w.Header(), string(body)
}

func TestPages(t *testing.T) {
	m, a := archive(t)
	s := server(t, m, a)
	for path, want := range map[string][]string{
		"/healthz":   {`"status":"ok"`, `"journal":5`},
		"/readyz":    {`"status":"ok"`},
		"/metrics":   {`stet_jobs{kind="look",state="waiting"} 1`, `stet_records{kind="verdict"} 1`, "stet_disk_free_bytes 5"},
		"/":          {"deleted by its author", "the words", "&lt;script&gt;"},
		"/gone.atom": {"deleted by its author", "paragraph 12", "https://news.example/a"},
	} {
		code, header, body := get(t, s, path)
		if code != http.StatusOK || header.Get("Content-Security-Policy") == "" || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d, %v", path, code, header)
		}
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s lacks %q:\n%s", path, w, body)
			}
		}
	}
	if code, _, _ := get(t, s, "/nothing"); code != http.StatusNotFound {
		t.Errorf("an unknown path answers %d", code)
	}
}

// TestWordsBehind: a machine with an index of words of its own tells how far
// that is, and a balancer can wait for it.
func TestWordsBehind(t *testing.T) {
	m, a := archive(t)
	reached, head, err := uint64(1), uint64(1_000_000), error(nil)
	s, serr := web.New(web.Options{Archive: a, Engine: archiver.New(archiver.Options{Archive: a}), Reader: reader(a), Statter: m, Random: &random{}, Version: "1",
		Words: func(context.Context) (uint64, uint64, error) { return reached, head, err }})
	if serr != nil {
		t.Fatal(serr)
	}
	expect := func(path string, want int, words string) {
		t.Helper()
		if code, _, body := get(t, s, path); code != want || !strings.Contains(body, words) {
			t.Errorf("%s: %d, want %d with %q:\n%s", path, code, want, words, body)
		}
	}
	expect("/healthz", 200, `"words":{"behind":999999,"reached":1}`)
	expect("/readyz", 200, `"behind":999999`)
	expect("/readyz?words", 503, "has read 1 of 1000000 records")
	expect("/metrics", 200, "stet_words_behind 999999")
	reached = head
	expect("/readyz?words", 200, `"behind":0`)
	err = store.ErrUnavailable
	expect("/readyz?words", 503, "not available")
}

// TestFilesAway: a machine that cannot reach large files says so and is ready
// all the same, as its pages are, unless the service itself says otherwise.
func TestFilesAway(t *testing.T) {
	m, a := archive(t)
	away := error(nil)
	s, err := web.New(web.Options{Archive: a, Engine: archiver.New(archiver.Options{Archive: a}), Reader: reader(a), Statter: m, Random: &random{}, Version: "1",
		Files: func(context.Context) error { return away }})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		away         error
		ready, gauge string
	}{{nil, `"files":"ok"`, "stet_files_up 1"}, {store.ErrUnavailable, `"files":"the storage of the archive is not available"`, "stet_files_up 0"}} {
		away = tt.away
		if code, _, body := get(t, s, "/readyz"); code != 200 || !strings.Contains(body, tt.ready) {
			t.Errorf("%v: %d, want 200 with %s:\n%s", tt.away, code, tt.ready, body)
		}
		if _, _, body := get(t, s, "/metrics"); !strings.Contains(body, tt.gauge) {
			t.Errorf("%v: want %s:\n%s", tt.away, tt.gauge, body)
		}
	}
}

func TestFeedTellsNothingItShouldNot(t *testing.T) {
	m, a := archive(t)
	s := server(t, m, a)
	_, _, body := get(t, s, "/gone.atom")
	for _, bad := range []string{"Secret", "secret-draft", "the words", "<script>", "javascript:"} {
		if strings.Contains(body, bad) {
			t.Errorf("the feed holds %q:\n%s", bad, body)
		}
	}
	var feed struct {
		Entries []struct {
			Title string `xml:"title"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(body), &feed); err != nil || len(feed.Entries) != 1 || !strings.Contains(feed.Entries[0].Title, "<script>x</script> (@ada)") {
		t.Errorf("feed %+v, %v", feed, err)
	}
}

// TestFeedLeavesOutWhatIsPrivate: a post that only a private article mentions.
func TestFeedLeavesOutWhatIsPrivate(t *testing.T) {
	m, a := archive(t)
	ref := post.Ref{Platform: post.Twitter, ID: "1990000000000000002"}
	b := a.Begin()
	for _, c := range []store.Content{
		&store.ArticleVersion{Time: now(), URL: "https://staging.example/a", Key: "y", Title: "Secret", Origin: "web", Private: true, Mentions: []store.Mention{{Kind: "embed", Ref: ref}}},
		&store.Verdict{Time: now(), Ref: ref, Status: post.Deleted, Confirmed: true, Event: "gone"},
	} {
		if _, err := b.Add(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _, body := get(t, server(t, m, a), "/gone.atom")
	if strings.Contains(body, ref.ID) || strings.Count(body, "<entry>") != 1 {
		t.Errorf("feed:\n%s", body)
	}
}

// TestTrouble: a store that cannot be read shows in the health page.
func TestTrouble(t *testing.T) {
	m, a := archive(t)
	s := server(t, m, a)
	m.Inject(mem.Fault{Op: mem.OpRead, Err: store.ErrPoisoned})
	code, header, body := get(t, s, "/healthz")
	if code != http.StatusServiceUnavailable || header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, "poisoned") {
		t.Errorf("%d %v %s", code, header, body)
	}
}

// TestCountersFollow: looks and verdicts after the start are counted.
func TestCountersFollow(t *testing.T) {
	m, a := archive(t)
	s := server(t, m, a)
	get(t, s, "/metrics")
	b := a.Begin()
	if _, err := b.Add(t.Context(), &store.Look{Time: now(), Ref: post.Ref{Platform: post.Twitter, ID: "20"}, Result: post.Live, Endpoint: "syndication"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, body := get(t, s, "/metrics"); !strings.Contains(body, `stet_looks_total{endpoint="syndication",platform="twitter",result="live"} 1`) {
		t.Errorf("metrics:\n%s", body)
	}
}
