package ingest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/zstd"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/extract/twitter"
	"stet/store"
	"stet/store/mem"
)

// archive is one in memory, with what was reported and asked for.
type archive struct {
	o       Options
	items   []Item
	queued  []string
	counter byte
	faults  *mem.Store
}

func (a *archive) Read(b []byte) (int, error) {
	for i := range b {
		a.counter++
		b[i] = a.counter
	}
	return len(b), nil
}

func newArchive(t testing.TB) *archive {
	t.Helper()
	a := &archive{}
	var ticks atomic.Int64
	clock := func() time.Time {
		return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(ticks.Add(1)) * time.Second)
	}
	m := mem.New(mem.Options{Now: clock})
	a.faults = m
	a.o = Options{Archive: store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: clock, Random: a}),
		Finder:  extract.NewFinder([]extract.Site{twitter.Site{}}),
		Report:  func(i Item) error { a.items = append(a.items, i); return nil },
		Request: func(_ context.Context, s string) error { a.queued = append(a.queued, s); return nil }}
	return a
}

// give imports a file with a content.
func (a *archive) give(t testing.TB, name string, content []byte) error {
	t.Helper()
	a.items = nil
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return File(t.Context(), a.o, path)
}

func (a *archive) count(what Outcome) int {
	n := 0
	for _, i := range a.items {
		if i.Outcome == what {
			n++
		}
	}
	return n
}

// What could not be made durable is not reported, and what was stays.
func TestFullDisk(t *testing.T) {
	a := newArchive(t)
	// The record of the import is the first commit.
	a.faults.Inject(mem.Fault{Op: mem.OpAppend, After: 2, Times: -1, Err: store.ErrFull})
	var file strings.Builder
	for i := range 2*maxBatch + 100 {
		file.WriteString(status(1590000000000000000+i, "boat") + "\n")
	}
	err := a.give(t, "many.jsonl", []byte(file.String()))
	head, _ := a.o.Archive.Backend().Head(t.Context())
	if !errors.Is(err, store.ErrFull) || len(a.items) != maxBatch || head != 1+2*maxBatch {
		t.Errorf("%d items were reported, %d records are there, %v", len(a.items), head, err)
	}
	a.faults.Heal()
	if err := a.give(t, "many.jsonl", []byte(file.String())); err != nil || a.count(Kept) != maxBatch+100 || a.count(Skipped) != maxBatch {
		t.Errorf("afterwards %d were kept and %d skipped, %v", a.count(Kept), a.count(Skipped), err)
	}
}

// Items are reported in the order of the file, whoever parsed them, and the
// same post in two commits is kept once.
func TestOrder(t *testing.T) {
	a := newArchive(t)
	var file strings.Builder
	for i := range maxBatch + 600 {
		text := "short"
		if i%97 == 0 {
			text = strings.Repeat("long ", 40_000)
		}
		file.WriteString(status(1590000000000000000+i%(maxBatch+100), text) + "\n")
	}
	if err := a.give(t, "many.jsonl", []byte(file.String())); err != nil {
		t.Fatal(err)
	}
	var at int64
	for _, i := range a.items {
		if i.Offset != at {
			t.Fatalf("the item at %d was reported where that at %d was expected", i.Offset, at)
		}
		at += i.Length
	}
	if a.count(Kept) != maxBatch+100 || len(a.items) != maxBatch+600 {
		t.Errorf("%d of %d items were kept", a.count(Kept), len(a.items))
	}
}

func status(id int, text string) string {
	return fmt.Sprintf(`{"id_str":"%d","full_text":%q,"user":{"id_str":"7","screen_name":"ada","name":"Ada"}}`, id, text)
}

// Each capture names the bytes that it was made of, and the bytes are kept.
func TestPartsAreTheBytes(t *testing.T) {
	a := newArchive(t)
	var lines []string
	for i := range 2500 {
		lines = append(lines, status(1590000000000000000+i, fmt.Sprint("boat ", i)))
	}
	file := strings.Join(lines, "\r\n")
	if err := a.give(t, "many.jsonl", []byte(file)); err != nil {
		t.Fatal(err)
	}
	if len(a.items) != len(lines) || a.count(Kept) != len(lines) {
		t.Fatalf("%d of %d items were kept", a.count(Kept), len(a.items))
	}
	for _, i := range []int{0, 999, 1000, 2499} {
		h, err := a.o.Archive.History(t.Context(), post.Ref{Platform: post.Twitter, ID: fmt.Sprint(1590000000000000000 + i)})
		if err != nil {
			t.Fatal(err)
		}
		c := h.Captures[0].Content
		if got := strings.TrimSpace(file[c.Part.Offset : c.Part.Offset+c.Part.Length]); got != lines[i] {
			t.Errorf("the part of item %d is %q", i, got)
		}
		if c.Source != post.SourceImport || !c.Private || h.Captured() {
			t.Errorf("item %d is kept as %+v", i, c)
		}
		r, err := a.o.Archive.Get(t.Context(), c.Part.Import)
		if err != nil {
			t.Fatal(err)
		}
		given, err := store.Decode[store.Import](&r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := a.o.Archive.OpenBlob(t.Context(), given.Content)
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := io.ReadAll(b); err != nil || string(kept) != file {
			t.Errorf("the file that is kept has %d bytes, %v", len(kept), err)
		}
	}
	head, _ := a.o.Archive.Backend().Head(t.Context())
	if err := a.give(t, "again.jsonl", []byte(file)); err != nil {
		t.Fatal(err)
	}
	if again, _ := a.o.Archive.Backend().Head(t.Context()); again != head || a.count(Skipped) != len(lines) {
		t.Errorf("a second import added %d records", again-head)
	}
	// The same post with other words stands beside; the same words do not.
	if err := a.give(t, "more.jsonl", []byte(lines[3]+"\n"+status(1590000000000000003, "plane")+"\n"+status(1590000000000000003, "plane"))); err != nil {
		t.Fatal(err)
	}
	if a.count(Merged) != 1 || a.count(Skipped) != 2 {
		t.Errorf("the items are %+v", a.items)
	}
}

// What a takedown forbids is not kept out of a file either.
func TestTakedown(t *testing.T) {
	a := newArchive(t)
	b := a.o.Archive.Begin()
	if _, err := b.Add(t.Context(), &store.Takedown{Time: a.o.Archive.Now(), Ref: post.Ref{Platform: post.Twitter, ID: "1590000000000000001"}, Act: store.TakedownRefuse, Reason: "asked to"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.give(t, "two.jsonl", []byte(status(1590000000000000001, "no")+"\n"+status(1590000000000000002, "yes"))); err != nil {
		t.Fatal(err)
	}
	if len(a.items) != 2 || a.items[0].Outcome != Skipped || a.items[1].Outcome != Kept {
		t.Errorf("the items are %+v", a.items)
	}
}

// What has so many parts that reading it would take much memory is not read.
func TestCrowds(t *testing.T) {
	crowd := strings.Repeat("{},", maxValues)
	a := newArchive(t)
	file := `{"id_str":"1590000000000000001","text":"x","entities":{"urls":[` + crowd + "{}]}}\n" + status(1590000000000000002, "short")
	if err := a.give(t, "crowd.jsonl", []byte(file)); err != nil || len(a.items) != 2 || a.items[0].Reason != tooCrowded || a.items[1].Outcome != Kept {
		t.Errorf("%v, %+v", err, a.items)
	}
	for _, r := range []recorded{{address: "https://api.twitter.com/1.1/statuses/lookup.json", head: asJSON, body: "[" + crowd + "{}]"},
		{address: "https://gazette.example/x", head: asHTML, body: strings.Repeat("<p>a", maxTags+1)}} {
		if err := a.give(t, "crowd.warc", warcOf(false, r)); err != nil || len(a.items) != 1 || a.items[0].Reason != tooCrowded {
			t.Errorf("%v, %+v", err, a.items)
		}
	}
}

func TestLongLinesAreSkipped(t *testing.T) {
	a := newArchive(t)
	file := status(1, strings.Repeat("x", maxItem)) + "\n" + status(1590000000000000001, "short")
	if err := a.give(t, "long.jsonl", []byte(file)); err != nil {
		t.Fatal(err)
	}
	if len(a.items) != 2 || a.items[0].Outcome != Skipped || a.items[1].Outcome != Kept {
		t.Errorf("the items are %+v", a.items)
	}
}

// zipOf makes a zip; change changes the header of the last entry.
func zipOf(t testing.TB, change func(*zip.FileHeader), files ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		h := &zip.FileHeader{Name: files[i], Method: zip.Deflate}
		if change != nil && i == len(files)-2 {
			change(h)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func tweetsJS() string {
	return "window.YTD.tweets.part0 = [ {\"tweet\": " + `{"id_str":"1590000000000000001","full_text":"a boat"}` + "} ]"
}

func TestZip(t *testing.T) {
	a := newArchive(t)
	if err := a.give(t, "mine.zip", zipOf(t, nil, "data/tweets.js", tweetsJS(), "data/account.js", `window.YTD.account.part0 = [{"account":{"username":"ada","accountId":"7","accountDisplayName":"Ada"}}]`)); err != nil {
		t.Fatal(err)
	}
	if len(a.items) != 1 || a.items[0].File != "mine.zip!data/tweets.js" || a.items[0].Outcome != Kept {
		t.Fatalf("the items are %+v", a.items)
	}
	h, err := a.o.Archive.History(t.Context(), post.Ref{Platform: post.Twitter, ID: "1590000000000000001"})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Best().Content.Post; got.Author.Handle != "ada" || got.Author.ID != "7" || got.URL != "https://twitter.com/ada/status/1590000000000000001" {
		t.Errorf("the post is %+v", got)
	}
}

func TestHostileZips(t *testing.T) {
	for _, tt := range []struct {
		what   string
		change func(*zip.FileHeader)
		name   string
		body   string
	}{
		{"leads out", nil, "../tweets.js", "x"},
		{"leads out", nil, "/etc/tweets.js", "x"},
		{"leads out", nil, `data\tweets.js`, "x"},
		{"stands twice", nil, "data/tweets.js", "x"},
		{"link", func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }, "data/link.js", "/etc/passwd"},
		{"encrypted", func(h *zip.FileHeader) { h.Flags |= 1 }, "data/secret.js", "x"},
		{"packed more than", nil, "data/bomb.js", strings.Repeat("\x00", 8<<20)},
	} {
		a := newArchive(t)
		err := a.give(t, "bad.zip", zipOf(t, tt.change, "data/tweets.js", tweetsJS(), tt.name, tt.body))
		if !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), tt.what) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if head, _ := a.o.Archive.Backend().Head(t.Context()); head != 0 || len(a.items) > 0 {
			t.Errorf("%s: something was kept", tt.name)
		}
	}
}

func TestDamage(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		kept          int
	}{
		{"cut.js", "window.YTD.tweets.part0 = [ " + status(1590000000000000001, "a") + ", {\"tw", 1},
		{"open.js", "window.YTD.tweets.part0 = [ " + status(1590000000000000001, "a"), 1},
		{"likes.js", "window.YTD.like.part0 = [ ]", 0},
		{"program.js", "window.YTD.tweets.part0 = alert([1])", 0},
		{"endless.js", "window.YTD.tweets.part0 = [ \"" + strings.Repeat("x", 3*maxItem), 0},
		{"words.txt", "words", 0},
		{"packed.gz", "\x1f\x8b\x08", 0},
		{"cut.gz", string(packed("gzip", status(1590000000000000001, "a")+"\n"+strings.Repeat("\n", 1<<16))[:150]), 1},
		{"bomb.gz", string(packed("gzip", status(1590000000000000001, "a")+"\n"+strings.Repeat("x", 20<<20))), 1},
		{"bomb.zst", string(packed("zstd", status(1590000000000000001, "a")+"\n"+strings.Repeat("x", 20<<20))), 1},
		{"nothing.txt", "", 0},
	} {
		a := newArchive(t)
		err := a.give(t, tt.name, []byte(tt.content))
		if !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrTooLarge) || a.count(Kept) != tt.kept {
			t.Errorf("%s: %v, items %+v", tt.name, err, a.items)
		}
	}
}

// packed packs a text.
func packed(how packing, text string) []byte {
	var b bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	}
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Bytes()
}

// A file is kept as it is packed, and its parts are counted in what it holds;
// the same once more, packed otherwise, adds no post.
func TestPacked(t *testing.T) {
	text := status(1590000000000000001, "a boat") + "\n" + status(1590000000000000002, "a ferry")
	for _, how := range []packing{"gzip", "zstd"} {
		a := newArchive(t)
		file := packed(how, text)
		if err := a.give(t, "packed", file); err != nil || a.count(Kept) != 2 {
			t.Fatalf("%s: %+v, %v", how, a.items, err)
		}
		i := a.items[1]
		if got := text[i.Offset : i.Offset+i.Length]; got != status(1590000000000000002, "a ferry") {
			t.Errorf("%s: the part is %q", how, got)
		}
		p, err := a.o.Archive.List(t.Context(), store.Query{Term: store.ImportsTerm()})
		if err != nil || len(p.Records) != 1 {
			t.Fatal(p, err)
		}
		given, err := store.Decode[store.Import](&p.Records[0])
		if err != nil || given.Packed != string(how) || given.Content != store.DigestOf(file) {
			t.Errorf("the import is %+v, %v", given, err)
		}
		if err := a.give(t, "plain", []byte(text)); err != nil || a.count(Skipped) != 2 {
			t.Errorf("%s: unpacked: %+v, %v", how, a.items, err)
		}
	}
}

// A stream is imported as a file is, a zip too.
func TestStreams(t *testing.T) {
	for name, content := range map[string][]byte{"lines": []byte(status(1590000000000000001, "a")), "zip": zipOf(t, nil, "tweets.js", tweetsJS()), "packed": packed("gzip", tweetsJS())} {
		a := newArchive(t)
		if err := Read(t.Context(), a.o, "-", iotest.OneByteReader(bytes.NewReader(content))); err != nil || a.count(Kept) != 1 {
			t.Errorf("%s: %+v, %v", name, a.items, err)
		}
	}
}

// picture begins as a picture does.
const picture = "\x89PNG\r\n\x1a\n the rest"

// The pictures of an account's archive are kept with their posts; other files
// of its folders are not.
func TestAttached(t *testing.T) {
	const media = `"media":[{"id_str":"1","type":"photo","url":"https://t.co/a","media_url_https":"https://pbs.twimg.com/media/Eabc.png"},` +
		`{"id_str":"2","type":"photo","url":"https://t.co/b","media_url_https":"https://pbs.twimg.com/media/Edef.png"}]`
	tweet := `window.YTD.tweets.part0 = [ {"tweet": {"id_str":"1590000000000000001","full_text":"two boats","entities":{"media":[]},"extended_entities":{` + media + `}}} ]`
	a := newArchive(t)
	file := zipOf(t, nil, "data/tweets.js", tweet, "data/tweets_media/1590000000000000001-Eabc.png", picture,
		"data/tweets_media/1590000000000000001-Edef.png", "<svg><script>", "data/tweets_media/15900000000000000012-Eabc.png", picture+"other",
		"data/direct_messages_media/1590000000000000001-Eabc.png", picture+"secret")
	// The list alone first: the pictures are then something new.
	if err := a.give(t, "tweets.js", []byte(tweet)); err != nil || a.count(Kept) != 1 {
		t.Fatalf("%+v, %v", a.items, err)
	}
	for _, want := range []Outcome{Merged, Skipped} {
		if err := a.give(t, "mine.zip", file); err != nil || a.count(want) != 1 || len(a.items) != 1 {
			t.Fatalf("%+v, %v", a.items, err)
		}
	}
	h, err := a.o.Archive.History(t.Context(), post.Ref{Platform: post.Twitter, ID: "1590000000000000001"})
	if err != nil {
		t.Fatal(err)
	}
	c, best := h.Captures[len(h.Captures)-1].Content, h.Best().Content.Post
	if len(c.Media) != 2 || c.Media[0].Digest != store.DigestOf([]byte(picture)) || c.Media[0].Type != "image/png" ||
		!c.Media[1].Digest.IsZero() || c.Media[1].Error == "" || best.Media[0].Digest != c.Media[0].Digest.String() || best.Media[1].Digest != "" {
		t.Errorf("the files are %+v, of %+v", c.Media, best.Media)
	}
	blobs, err := a.faults.Blobs(t.Context(), store.Digest{}, 0)
	if err != nil || len(blobs) != 2 {
		t.Errorf("%d blobs are kept, %v", len(blobs), err)
	}
}

func TestBookmarks(t *testing.T) {
	a := newArchive(t)
	const file = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p><DT><H3>News</H3><DL><p>" +
		`<DT><A HREF="https://x.com/ada/status/20" ADD_DATE="1">A post</A><DT><a href="javascript:alert(1)">x</a><DT><A HREF="https://gazette.example/a?b=1&amp;c=2">y</A></DL>`
	if err := a.give(t, "bookmarks.html", []byte(file)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(a.queued, " "); got != "https://x.com/ada/status/20 https://gazette.example/a?b=1&c=2" {
		t.Errorf("queued are %s", got)
	}
	for _, i := range a.items {
		if tag := strings.ToLower(file[i.Offset : i.Offset+i.Length]); !strings.HasPrefix(tag, "<a href=") {
			t.Errorf("the part is %q", tag)
		}
	}
}

// Whatever a file says, a reader does not fail in a way that is not its own,
// keeps nothing that a second reading adds again, and names bytes inside it.
func FuzzFile(f *testing.F) {
	f.Add([]byte(status(1590000000000000001, "a") + "\n" + `{"data":[{"id":"1590000000000000002","text":"b"}]}`))
	f.Add([]byte(`{"id":"1590000000000000002","text":"b","author_id":"7","author":{"id":"7","username":"ada"},"referenced_tweets":[{"id":"3","text":"q"}]}`))
	f.Add([]byte(tweetsJS()))
	f.Add([]byte("window.YTD.deleted_tweets.part0 = [ {\"tweet\": {\"id_str\":\"9\",\"full_text\":\"x\",\"deleted_at\":\"now\"}} ]"))
	f.Add([]byte("<!DOCTYPE NETSCAPE-Bookmark-file-1><a href=https://x.com/a/status/20>"))
	f.Add([]byte(`{"type":"text/x-moz-place-container","children":[{"uri":"https://x.com/a/status/20"},{"title":"url"}]}`))
	f.Add([]byte(`window.YTD.note_tweet.part0 = [ {"noteTweet":{"createdAt":"2022-11-08T09:00:00.000Z","core":{"text":"x"}}} ]`))
	f.Add([]byte("# list\nhttps://x.com/a/status/20\n\nftp://x"))
	f.Add(zipOf(f, nil, "tweets.js", tweetsJS()))
	f.Add(packed("gzip", status(1590000000000000001, "a")))
	f.Add(packed("zstd", tweetsJS()))
	web := []recorded{{address: "https://cdn.syndication.twimg.com/tweet-result?id=1590000000000000001", head: asJSON, body: syndicated},
		{address: "https://gazette.example/boats", head: asHTML, body: story},
		{address: "https://harbour.example/api/v1/accounts/1/statuses", head: asJSON, body: "[" + toot + "]"},
		{address: "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed", head: asJSON + "Transfer-Encoding: chunked\r\n", body: "2\r\n{}\r\n0\r\n\r\n"}}
	for i := range web {
		f.Add(warcOf(false, web[i]))
	}
	f.Add(warcOf(true, web...))
	f.Add(packageOfWARC(f, warcOf(true, web...), store.DigestOf(warcOf(true, web...)).String()))
	f.Fuzz(func(t *testing.T, content []byte) {
		a := newArchive(t)
		a.o.Finder = extract.NewFinder(sites.All())
		err := a.give(t, "file", content)
		if err != nil && !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrTooLarge) {
			t.Fatal(err)
		}
		zipped := bytes.HasPrefix(content, []byte("PK")) || packingOf(content) != ""
		warcs := bytes.Contains(content, []byte("WARC/")) || zipped
		for _, i := range a.items {
			// Records that share a packed member have no length of their own.
			if end := i.Offset + i.Length; i.Offset < 0 || i.Length < 0 || i.Length == 0 && i.URL == "" && !warcs || !zipped && end > int64(len(content)) {
				t.Fatalf("the part of %+v is outside of the file", i)
			}
		}
		head, _ := a.o.Archive.Backend().Head(t.Context())
		_ = a.give(t, "file", content)
		if again, _ := a.o.Archive.Backend().Head(t.Context()); again != head || a.count(Kept)+a.count(Merged) > 0 {
			t.Fatalf("a second import added %d records", again-head)
		}
	})
}
