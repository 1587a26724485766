package export

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
	"stet/store/view"
	"stet/store/wacz"
	"stet/store/warc"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// world is an archive of invented posts.
type world struct {
	t       testing.TB
	archive *store.Archive
	now     time.Time
}

type zeros struct{ n byte }

func (z *zeros) Read(p []byte) (int, error) {
	for i := range p {
		z.n = z.n*31 + 7
		p[i] = z.n
	}
	return len(p), nil
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, now: noon}
	now := func() time.Time { return w.now }
	m := mem.New(mem.Options{Now: now})
	w.archive = store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: now, Random: &zeros{}})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exchange(address, kind, body string, private bool) *store.Exchange {
	head := "HTTP/1.1 200 OK\r\nContent-Type: " + kind + "\r\n\r\n"
	e := &store.Exchange{Started: w.now, Method: "GET", URL: address, Purpose: "post", Status: 200, Private: private,
		RequestHead: []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), ResponseHead: []byte(head)}
	e.Body = store.Body{Size: int64(len(body)), Digest: store.DigestOf([]byte(body)), Type: kind, Inline: []byte(body)}
	return e
}

// post adds a post that an article shows.
func (w *world) post(id, words string, private bool) post.Ref {
	w.t.Helper()
	ctx := w.t.Context()
	ref := post.Ref{Platform: post.Twitter, ID: id}
	w.now = w.now.Add(time.Hour)
	picture, err := w.archive.PutBlob(ctx, strings.NewReader("picture of "+words), 0)
	w.must(err)
	b := w.archive.Begin()
	article := w.exchange("https://news.example/"+id, "text/html", "<p>"+words+"</p>", private)
	article.Purpose = "article"
	aid, err := b.Add(ctx, article)
	w.must(err)
	version, err := b.Add(ctx, &store.ArticleVersion{Time: w.now, URL: article.URL, Key: store.ArticleKey(article.URL), Title: "About " + words, Exchange: aid,
		Origin: "web", Source: "front", Private: private, Finder: "1", Text: words, Mentions: []store.Mention{{Kind: "embed", Ref: ref, URL: "https://x.com/a/status/" + id, Positions: []int{1}}}})
	w.must(err)
	answer := w.exchange("https://cdn.example/tweet?id="+id, "application/json", `{"text":"`+words+`"}`, false)
	answer.Refs = []post.Ref{ref}
	xid, err := b.Add(ctx, answer)
	w.must(err)
	file := w.exchange("https://files.example/"+id+".jpg", "image/jpeg", "picture of "+words, false)
	fid, err := b.Add(ctx, file)
	w.must(err)
	capture, err := b.Add(ctx, &store.Capture{Time: w.now, Kind: store.CapturePost, Ref: ref, URL: "https://x.com/a/status/" + id, Source: post.SourcePublic,
		Exchanges: []store.ID{xid}, Article: version, Private: private,
		Media: []store.MediaFile{{URL: file.URL, Digest: picture.Digest, Size: picture.Size, Type: "image/jpeg", Exchange: fid}}})
	w.must(err)
	_, err = b.Add(ctx, &store.Derivation{Time: w.now, Capture: capture, Parser: "p/1", Source: post.SourcePublic, Ref: ref,
		Post: post.Post{Platform: ref.Platform, ID: id, URL: "https://x.com/a/status/" + id, Author: post.Author{Name: "A <b>", Handle: "a"}, Text: words, Posted: noon,
			Media: []post.Media{{Kind: "photo", URL: file.URL, Digest: picture.Digest.String(), Bytes: picture.Size, Type: "image/jpeg", Alt: "Alt of " + words}}}})
	w.must(err)
	look := w.exchange("https://cdn.example/look?id="+id, "application/json", `{"again":"`+words+`"}`, false)
	lid, err := b.Add(ctx, look)
	w.must(err)
	_, err = b.Add(ctx, &store.Look{Time: w.now, Ref: ref, Result: post.Live, Endpoint: "syndication", Exchange: lid})
	w.must(err)
	_, err = b.Commit(ctx)
	w.must(err)
	return ref
}

// privately adds to a post what only the newsroom sees of it: an article that is
// not published, a capture that was made with its own access, and an answer of
// that kind behind a look that is no secret. It returns the id of the capture.
func (w *world) privately(ref post.Ref, words string) store.ID {
	w.t.Helper()
	ctx := w.t.Context()
	w.now = w.now.Add(time.Hour)
	b := w.archive.Begin()
	article := w.exchange("https://news.example/draft", "text/html", "<p>"+words+"</p>", true)
	article.Purpose = "article"
	aid, err := b.Add(ctx, article)
	w.must(err)
	version, err := b.Add(ctx, &store.ArticleVersion{Time: w.now, URL: article.URL, Key: store.ArticleKey(article.URL), Title: "About " + words, Exchange: aid,
		Origin: "web", Source: "front", Private: true, Finder: "1", Text: words, Mentions: []store.Mention{{Kind: "embed", Ref: ref, URL: "https://x.com/a/status/" + ref.ID, Positions: []int{1}}}})
	w.must(err)
	answer := w.exchange("https://cdn.example/own", "application/json", `{"text":"`+words+`"}`, true)
	answer.Refs = []post.Ref{ref}
	xid, err := b.Add(ctx, answer)
	w.must(err)
	capture, err := b.Add(ctx, &store.Capture{Time: w.now, Kind: store.CapturePost, Ref: ref, URL: "https://x.com/a/status/" + ref.ID, Source: post.SourcePublic,
		Exchanges: []store.ID{xid}, Article: version, Private: true})
	w.must(err)
	_, err = b.Add(ctx, &store.Derivation{Time: w.now, Capture: capture, Parser: "p/1", Source: post.SourcePublic, Ref: ref,
		Post: post.Post{Platform: ref.Platform, ID: ref.ID, URL: "https://x.com/a/status/" + ref.ID, Author: post.Author{Name: "A <b>", Handle: "a"}, Text: words, Posted: noon}})
	w.must(err)
	_, err = b.Add(ctx, &store.Look{Time: w.now, Ref: ref, Result: post.Live, Endpoint: "syndication", Exchange: xid})
	w.must(err)
	_, err = b.Commit(ctx)
	w.must(err)
	return capture
}

func (w *world) options(f Format, s Selection) Options {
	return Options{Format: f, Selection: s, Archive: w.archive, Private: archiver.IsPrivate, Software: "stet test", Name: "out",
		View: func(a *store.Archive) *view.Reader {
			return view.New(a, archiver.ViewPolicy(archiver.Rules{}, archiver.PageRules{}))
		},
		Temp: func() (File, error) { return os.CreateTemp(w.t.TempDir(), "") }}
}

// tree is an Out in memory.
type tree struct {
	names []string
	files map[string]*bytes.Buffer
	cur   *bytes.Buffer
	marks []Mark
	// fail ends the export after that many bytes; 0 never.
	fail int
}

var errPulled = errors.New("the plug was pulled")

func (o *tree) File(name string) error {
	if o.files == nil {
		o.files = map[string]*bytes.Buffer{}
	}
	if o.files[name] == nil {
		o.files[name] = &bytes.Buffer{}
		o.names = append(o.names, name)
	}
	o.cur = o.files[name]
	if len(o.marks) > 0 && o.marks[0].Print != "" && name == o.marks[0].File {
		o.cur.Truncate(int(o.marks[0].Offset))
	}
	return nil
}

func (o *tree) Write(p []byte) (int, error) {
	if o.fail > 0 {
		if o.fail -= len(p); o.fail <= 0 {
			return 0, errPulled
		}
	}
	return o.cur.Write(p)
}

func (o *tree) Mark(m Mark) error {
	o.marks = append(o.marks, m)
	return nil
}

func (o *tree) all() string {
	var b strings.Builder
	for _, n := range o.names {
		b.WriteString(n + "\n")
		c := o.files[n].Bytes()
		if strings.HasSuffix(n, ".warc.gz") || bytes.HasPrefix(c, []byte{0x1f, 0x8b}) {
			c = unpacked(c)
		}
		if bytes.HasPrefix(c, []byte("PK")) {
			z, err := zip.NewReader(bytes.NewReader(c), int64(len(c)))
			if err != nil {
				panic(err)
			}
			for _, f := range z.File {
				r, _ := f.Open()
				body, _ := io.ReadAll(r)
				if strings.HasSuffix(f.Name, ".gz") {
					body = unpacked(body)
				}
				b.Write(body)
			}
		}
		b.Write(c)
	}
	return b.String()
}

// unpacked returns the blocks and heads of a WARC file.
func unpacked(c []byte) []byte {
	var b bytes.Buffer
	r, err := warc.NewReader(bytes.NewReader(c), warc.Limits{})
	if err != nil {
		return c
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if err != nil {
			return b.Bytes()
		}
		fmt.Fprintln(&b, rec.Header)
		io.Copy(&b, rec.Block)
	}
}

func exported(t testing.TB, o Options) *tree {
	t.Helper()
	out := &tree{}
	if _, err := Run(t.Context(), o, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every format holds the words of what is public, and nothing of what is not.
func TestPrivate(t *testing.T) {
	w := newWorld(t)
	open, hidden := w.post("20", "openwords", false), w.post("30", "hiddenwords", true)
	w.post("40", "otherwords", false)
	own := w.privately(open, "draftwords")
	for _, f := range Formats() {
		for name, s := range map[string]Selection{"all": {All: true}, "source": {Source: "front"}, "range": {Since: noon}, "named": {Refs: []post.Ref{open}},
			"article": {Article: "https://news.example/20"}} {
			t.Run(string(f)+" "+name, func(t *testing.T) {
				o := w.options(f, s)
				got := exported(t, o).all()
				word := "openwords"
				if f == CDXJ {
					word = "cdn.example/tweet?id=20"
				}
				if !strings.Contains(got, word) {
					t.Errorf("nothing of the public post: %.500s", got)
				}
				for _, secret := range []string{"hiddenwords", "twitter:30", "id=30", "/30", "draft", "cdn.example/own", own.String()} {
					if i := strings.Index(got, secret); i >= 0 {
						t.Errorf("%q of the private post: %q", secret, got[max(0, i-200):i+50])
					}
				}
				if name == "named" || name == "article" {
					if strings.Contains(got, "otherwords") || strings.Contains(got, "id=40") {
						t.Error("another post was exported too")
					}
					return
				}
				o.Selection.Private = true
				if got := exported(t, o).all(); !strings.Contains(got, "30") || f != CDXJ && !strings.Contains(got, "hiddenwords") {
					t.Error("with --private there is nothing of it either")
				}
			})
		}
	}
	for _, f := range Formats() {
		_, err := Run(t.Context(), w.options(f, Selection{Refs: []post.Ref{hidden}}), &tree{})
		if !errors.Is(err, store.ErrRefused) {
			t.Errorf("naming a private post: %v", err)
		}
		_, err = Run(t.Context(), w.options(f, Selection{Article: "https://news.example/draft"}), &tree{})
		if !errors.Is(err, store.ErrRefused) {
			t.Errorf("naming a private article: %v", err)
		}
		_, err = Run(t.Context(), w.options(f, Selection{Article: "https://news.example/never"}), &tree{})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("naming an article that is not there: %v", err)
		}
		_, err = Run(t.Context(), w.options(f, Selection{Refs: []post.Ref{{Platform: post.Twitter, ID: "99"}}}), &tree{})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("naming a post that is not there: %v", err)
		}
	}
}

// That a source's unpublished article shows a post, or links a page, which others
// published, is in no export of that source.
func TestPrivateArticleLeadsNowhere(t *testing.T) {
	w := newWorld(t)
	open := w.post("20", "openwords", false)
	b := w.archive.Begin()
	page := w.exchange("https://other.example/page", "text/html", "linkedwords", false)
	xid, err := b.Add(t.Context(), page)
	w.must(err)
	_, err = b.Add(t.Context(), &store.Capture{Time: w.now, Kind: store.CapturePage, URL: page.URL, Source: post.SourcePublic, Exchanges: []store.ID{xid}})
	w.must(err)
	_, err = b.Add(t.Context(), &store.ArticleVersion{Time: w.now, URL: "https://news.example/draft", Key: store.ArticleKey("https://news.example/draft"), Origin: "web",
		Source: "intranet", Private: true, Finder: "1", Links: []store.ArticleLink{{URL: page.URL}},
		Mentions: []store.Mention{{Kind: "embed", Ref: open, URL: "https://x.com/a/status/20", Positions: []int{1}}}})
	w.must(err)
	_, err = b.Add(t.Context(), &store.ArticleVersion{Time: w.now, URL: "https://news.example/plain", Key: store.ArticleKey("https://news.example/plain"), Origin: "web",
		Source: "intranet", Finder: "1", Text: "plainwords"})
	w.must(err)
	_, err = b.Commit(t.Context())
	w.must(err)
	for _, f := range Formats() {
		out := &tree{}
		if _, err := Run(t.Context(), w.options(f, Selection{Source: "intranet"}), out); err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		for _, words := range []string{"openwords", "twitter:20", "tweet?id=20", "linkedwords", "other.example"} {
			if strings.Contains(out.all(), words) {
				t.Errorf("%s: %q was exported, to which only a private article of the source leads", f, words)
			}
		}
	}
}

// An answer that tells of a private post among others stays out.
func TestSharedAnswer(t *testing.T) {
	w := newWorld(t)
	open, hidden := w.post("20", "openwords", false), w.post("30", "hiddenwords", true)
	b := w.archive.Begin()
	both := w.exchange("https://cdn.example/batch", "application/json", `{"a":"openwords","b":"hiddenwords"}`, false)
	both.Refs = []post.Ref{open, hidden}
	xid, err := b.Add(t.Context(), both)
	w.must(err)
	for _, ref := range both.Refs {
		_, err = b.Add(t.Context(), &store.Look{Time: w.now, Ref: ref, Result: post.Live, Endpoint: "e", Exchange: xid})
		w.must(err)
	}
	_, err = b.Commit(t.Context())
	w.must(err)
	for name, s := range map[string]Selection{"all": {All: true}, "named": {Refs: []post.Ref{open}}, "range": {Since: noon}} {
		if got := exported(t, w.options(WARC, s)).all(); strings.Contains(got, "hiddenwords") || !strings.Contains(got, "openwords") {
			t.Errorf("%s: the answer about both was exported", name)
		}
	}
}

// What is written is what the formats ask for.
func TestFormats(t *testing.T) {
	w := newWorld(t)
	w.post("20", "openwords", false)
	w.post("21", "=cmd|calc", false)
	all := Selection{All: true}
	file := exported(t, w.options(WARC, all)).files[""].Bytes()
	report, err := warc.Validate(t.Context(), bytes.NewReader(file), warc.Limits{})
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("WARC: %+v, %v", report, err)
	}
	o := w.options(CDXJ, all)
	o.Name = "out.cdxj"
	same := w.options(WARC, all)
	same.Name = "out.warc.gz"
	file = exported(t, same).files[""].Bytes()
	index := exported(t, o).files[""]
	last, n := "", 0
	for s := bufio.NewScanner(index); s.Scan(); n++ {
		e, err := warc.ParseLine(s.Bytes())
		if err != nil || s.Text() < last || e.Filename != "out.warc.gz" {
			t.Fatalf("line %s: %v", s.Text(), err)
		}
		last = s.Text()
		if part := file[e.Location.Offset:][:e.Location.Length]; store.DigestOf(part) != e.Location.Digest {
			t.Errorf("the index does not lead to %s", e.URL)
		}
	}
	if n != 8 {
		t.Errorf("the index has %d lines", n)
	}
	rows, err := csv.NewReader(exported(t, w.options(CSV, all)).files[""]).ReadAll()
	if err != nil || len(rows) != 3 || rows[2][6] != "'=cmd|calc" || rows[1][6] != "openwords" {
		t.Errorf("CSV: %q, %v", rows, err)
	}
	var line struct {
		Post struct{ Text string }
	}
	if err := json.Unmarshal(bytes.SplitN(exported(t, w.options(JSONL, all)).files[""].Bytes(), []byte("\n"), 2)[0], &line); err != nil || line.Post.Text != "openwords" {
		t.Errorf("JSON Lines: %+v, %v", line, err)
	}
	site := exported(t, w.options(HTML, all))
	page := site.files["posts/twitter-20.html"].String()
	if !strings.Contains(page, "A &lt;b&gt;") || strings.Contains(page, "<script") || !strings.Contains(page, `src="../files/`) || strings.Contains(page, `src="http`) {
		t.Errorf("the page: %s", page)
	}
	for name := range site.files {
		if wacz.CheckName(name) != nil {
			t.Errorf("the site has the file %q", name)
		}
	}
}

// A package verifies, also when its index is in blocks and its archive in
// several files.
func TestPackage(t *testing.T) {
	w := newWorld(t)
	for i := range 9 {
		w.post(fmt.Sprint(20+i), fmt.Sprintf("words %d", i), false)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), append(make([]byte, 47), 3))
	w.must(err)
	name, err := wacz.KeyName(key.Public())
	w.must(err)
	o := w.options(WACZ, Selection{All: true})
	o.Sign = wacz.KeySigner{Key: key}
	for _, small := range []bool{false, true} {
		o.sizes = defaultSizes()
		if small {
			o.sizes.part, o.sizes.plain, o.sizes.run = 6000, 5, 2000
		}
		file := exported(t, o).files[""].Bytes()
		r, err := wacz.NewReader(bytes.NewReader(file), int64(len(file)), wacz.Limits{})
		w.must(err)
		parts, err := wacz.Verify(t.Context(), wacz.NewSummed(r), wacz.Trust{Keys: []string{name}})
		w.must(err)
		for _, p := range parts {
			if p.Result != wacz.Verified {
				t.Errorf("%s: %s %s", p.Name, p.Result, p.Why)
			}
		}
		if n := len(r.Archives()); (n > 1) != small {
			t.Errorf("%d archives", n)
		}
		for _, a := range r.Archives() {
			in, err := r.Open(a)
			w.must(err)
			report, err := warc.Validate(t.Context(), in, warc.Limits{})
			w.must(err)
			if len(report.Problems) > 0 {
				t.Errorf("%s: %+v", a, report.Problems)
			}
			w.must(in.Close())
		}
	}
}

// The digests of a bag are those of its files.
func TestBag(t *testing.T) {
	w := newWorld(t)
	w.post("20", "openwords", false)
	out := exported(t, w.options(BagIt, Selection{All: true}))
	seen := map[string]bool{}
	for _, list := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
		for line := range strings.Lines(out.files[list].String()) {
			sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
			d := sha256.Sum256(out.files[name].Bytes())
			if hex.EncodeToString(d[:]) != sum {
				t.Errorf("%s: %s", list, line)
			}
			seen[name] = true
		}
	}
	for _, name := range out.names {
		if !seen[name] && name != "tagmanifest-sha256.txt" {
			t.Errorf("%s is in no manifest", name)
		}
	}
	if !strings.Contains(out.files["bag-info.txt"].String(), ".3\n") {
		t.Errorf("bag-info.txt: %s", out.files["bag-info.txt"])
	}
}

// An export that is interrupted anywhere goes on at its last mark, and ends
// with the bytes that it would have had, though the archive has grown.
func TestResume(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.post(fmt.Sprint(20+i), strings.Repeat(fmt.Sprintf("words %d ", i), 20), false)
	}
	for _, f := range []Format{WARC, WACZ, JSONL, CSV} {
		t.Run(string(f), func(t *testing.T) {
			o := w.options(f, Selection{All: true})
			o.sizes = sizes{part: 9000, segment: 3000, mark: 1500, run: 4 << 10, plain: 100}
			resumed := 0
			for i := range 8 {
				whole := exported(t, o).files[""].Bytes()
				n := 1 + i*len(whole)/9
				out := &tree{fail: n}
				if _, err := Run(t.Context(), o, out); !errors.Is(err, errPulled) {
					t.Fatalf("pulled after %d: %v", n, err)
				}
				w.post(fmt.Sprint(1000+i), "later", false)
				last := out.marks[len(out.marks)-1]
				out.fail, out.marks = 0, nil
				o2 := o
				o2.From = last
				if last.Print == "" {
					continue
				}
				resumed++
				if _, err := Run(t.Context(), o2, out); err != nil {
					t.Fatal(err)
				}
				if got := out.files[""].Bytes(); !bytes.Equal(got, whole) {
					t.Fatalf("pulled after %d, gone on at %+v: %d bytes, want %d", n, last, len(got), len(whole))
				}
			}
			if resumed < 3 {
				t.Errorf("only %d went on", resumed)
			}
			// A mark of something else is not followed.
			o2 := w.options(f, Selection{Source: "front"})
			o2.From = Mark{Print: o.print(), Bound: 3, Offset: 5}
			if out := exported(t, o2); out.marks[0] != (Mark{}) {
				t.Errorf("the mark of another export was followed: %+v", out.marks[0])
			}
		})
		w = newWorld(t)
		for i := range 6 {
			w.post(fmt.Sprint(20+i), strings.Repeat(fmt.Sprintf("words %d ", i), 20), false)
		}
	}
}

// A receiver gives a file its name when it is whole, and another process's
// stream does the same as none between.
func TestReceiver(t *testing.T) {
	w := newWorld(t)
	w.post("20", "openwords", false)
	for _, f := range []Format{JSONL, HTML} {
		t.Run(string(f), func(t *testing.T) {
			dir := t.TempDir()
			to := filepath.Join(dir, "out")
			r, err := Receive(to, f.Folder(), false)
			w.must(err)
			var stream bytes.Buffer
			frames, err := NewFrames(&stream)
			w.must(err)
			sum, err := Run(t.Context(), w.options(f, Selection{All: true}), frames)
			w.must(err)
			w.must(frames.Close(sum))
			got, err := ReadFrames(bytes.NewReader(stream.Bytes()), r)
			if err != nil || got != sum {
				t.Fatalf("%+v, want %+v: %v", got, sum, err)
			}
			if _, err := os.Stat(to); err == nil {
				t.Error("it has its name before it is whole")
			}
			w.must(r.Done())
			want := exported(t, w.options(f, Selection{All: true}))
			for _, name := range want.names {
				b, err := os.ReadFile(filepath.Join(to, name))
				if err != nil || !bytes.Equal(b, want.files[name].Bytes()) {
					t.Errorf("%s: %v", name, err)
				}
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) != 1 {
				t.Errorf("%d files are left: %v", len(left), err)
			}
			if _, err := Receive(to, f.Folder(), false); !errors.Is(err, store.ErrUsage) {
				t.Errorf("what is there is overwritten: %v", err)
			}
			for n := range stream.Len() {
				if n%97 != 0 {
					continue
				}
				cut, err := Receive(filepath.Join(dir, "cut"), f.Folder(), false)
				w.must(err)
				_, err = ReadFrames(bytes.NewReader(stream.Bytes()[:n]), cut)
				if !errors.Is(err, store.ErrUnexpected) {
					t.Fatalf("cut after %d: %v", n, err)
				}
				again, ferr := cut.Fail(err)
				if again || ferr != nil {
					t.Fatalf("cut after %d: %v, %v", n, again, ferr)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("%d files are left of what was cut: %v", len(left), err)
			}
		})
	}
}

// Names of a stream lead nowhere else.
func TestReceiverNames(t *testing.T) {
	for _, name := range []string{"../a", "/etc/passwd", "a/../../b", `..\a`, "a/.", "C:a", "nul"} {
		dir := t.TempDir()
		r, err := Receive(filepath.Join(dir, "out"), true, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Mark(Mark{}); err != nil {
			t.Fatal(err)
		}
		if err := r.File(name); !errors.Is(err, store.ErrRefused) {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := r.Fail(err); err != nil {
			t.Error(err)
		}
	}
}

// An upload that fails ends the export, and one whose export fails is not
// stored.
func TestUpload(t *testing.T) {
	w := newWorld(t)
	w.post("20", "openwords", false)
	stored := map[string]string{}
	put := func(_ context.Context, name string, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err == nil {
			stored[name] = string(b)
		}
		return err
	}
	out, finish := Upload(t.Context(), "folder/site", put)
	_, err := Run(t.Context(), w.options(HTML, Selection{All: true}), out)
	w.must(finish(err))
	if want := exported(t, w.options(HTML, Selection{All: true})); len(stored) != len(want.files) || stored["folder/site/index.html"] != want.files["index.html"].String() {
		t.Errorf("%d files are stored", len(stored))
	}
	clear(stored)
	out, finish = Upload(t.Context(), "x", put)
	w.must(out.File(""))
	_, err = out.Write([]byte("half"))
	w.must(err)
	if err := finish(errPulled); !errors.Is(err, errPulled) || len(stored) != 0 {
		t.Errorf("%v, %v", stored, err)
	}
	out, _ = Upload(t.Context(), "x", func(context.Context, string, io.Reader) error { return errPulled })
	if _, err := Run(t.Context(), w.options(CSV, Selection{All: true}), out); !errors.Is(err, errPulled) {
		t.Errorf("a storage that fails: %v", err)
	}
}

func TestSorter(t *testing.T) {
	s := &sorter{max: 300, temp: func() (File, error) { return os.CreateTemp(t.TempDir(), "") }}
	for i := range 500 {
		if err := s.add(fmt.Appendf(nil, "%d", i*7919%500)); err != nil {
			t.Fatal(err)
		}
	}
	last, n := "", 0
	err := s.each(func(l []byte) error {
		if string(l) < last {
			t.Errorf("%s behind %s", l, last)
		}
		last = string(l)
		n++
		return nil
	})
	if err != nil || n != 500 || len(s.runs) < 10 {
		t.Errorf("%d lines of %d runs: %v", n, len(s.runs), err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

func TestSafeCell(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", " =1": "' =1", "\t=1": "' =1", "\r\n=1": "'\n=1", "＝1": "'＝1", "\ufeff=1": "'\ufeff=1",
		"a=1": "a=1", "": "", "words\r\nmore": "words\nmore", "a\x00b": "a b", "'=1": "'=1", "a\xff": "a\ufffd",
	} {
		if got := safeCell(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestFileName(t *testing.T) {
	seen := map[string]string{}
	for _, ref := range []string{"twitter:20", "instagram:AbC", "instagram:abc", "mastodon:a.example/1", "mastodon:a-example/1", "bluesky:at://did:plc:x/app.bsky.feed.post/1", "x:" + strings.Repeat("é", 300), "twitter:../../etc"} {
		name := fileName(ref)
		if other, ok := seen[strings.ToLower(name)]; ok || wacz.CheckName(name+".html") != nil || len(name) > 100 {
			t.Errorf("%s and %s are both %q", ref, other, name)
		}
		seen[strings.ToLower(name)] = ref
	}
}

// Whatever a service sends, nothing is written outside of the folder.
func FuzzReadFrames(f *testing.F) {
	var b bytes.Buffer
	frames, err := NewFrames(&b)
	if err != nil {
		f.Fatal(err)
	}
	frames.Mark(Mark{})
	frames.File("a/b.txt")
	frames.Write([]byte("words"))
	frames.Close(Summary{})
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		r, err := Receive(filepath.Join(dir, "out"), true, false)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ReadFrames(bytes.NewReader(b), r)
		if err != nil {
			_, err = r.Fail(err)
		} else if err = r.Done(); err != nil {
			err = nil // a stream without a beginning leaves nothing to name
		}
		if err != nil {
			t.Log(err)
		}
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if !strings.HasPrefix(e.Name(), "out") {
				t.Fatalf("%q was written", e.Name())
			}
		}
	})
}

// imported adds two posts of an imported file, of which the second can be
// private.
func (w *world) imported(private bool) (open post.Ref, file string) {
	w.t.Helper()
	file = `{"id":"60","text":"importedwords"}` + "\n" + `{"id":"61","text":"neighbourwords"}` + "\n"
	info, err := w.archive.PutBlob(w.t.Context(), strings.NewReader(file), 0)
	w.must(err)
	b := w.archive.Begin()
	w.now = w.now.Add(time.Hour)
	id, err := b.Add(w.t.Context(), &store.Import{Time: w.now, Name: "a.jsonl", Format: "twarc", Content: info.Digest, Size: info.Size})
	w.must(err)
	half := int64(strings.Index(file, "\n"))
	for n, at := range []int64{0, half + 1} {
		ref := post.Ref{Platform: post.Twitter, ID: fmt.Sprint(60 + n)}
		c, err := b.Add(w.t.Context(), &store.Capture{Time: w.now, Kind: store.CapturePost, Ref: ref, Source: post.SourceImport, Private: private && n == 1,
			Part: store.ImportPart{Import: id, Offset: at, Length: half + int64(n)}})
		w.must(err)
		_, err = b.Add(w.t.Context(), &store.Derivation{Time: w.now, Capture: c, Parser: "p/1", Source: post.SourceImport, Ref: ref, Post: post.Post{Platform: ref.Platform, ID: ref.ID}})
		w.must(err)
	}
	_, err = b.Commit(w.t.Context())
	w.must(err)
	return post.Ref{Platform: post.Twitter, ID: "60"}, file
}

// TestImported: the bytes of an imported file are exported as they are, and of a
// file that holds something private, or more than what was asked for, the parts
// that are not.
func TestImported(t *testing.T) {
	for _, c := range []struct {
		name    string
		private bool
		s       Selection
		whole   bool
	}{
		{"all", false, Selection{All: true}, true}, {"range", false, Selection{Since: noon}, true},
		{"all, one private", true, Selection{All: true}, false}, {"range, one private", true, Selection{Since: noon}, false},
		{"one post", false, Selection{Refs: []post.Ref{{Platform: post.Twitter, ID: "60"}}}, false},
		{"all, with what is private", true, Selection{All: true, Private: true}, true},
	} {
		w := newWorld(t)
		w.post("20", "openwords", false)
		_, file := w.imported(c.private)
		got := exported(t, w.options(WARC, c.s)).all()
		if whole := strings.Contains(got, file); whole != c.whole {
			t.Errorf("%s: the whole file is there: %v", c.name, whole)
		}
		if !strings.Contains(got, "importedwords") || !c.whole && strings.Contains(got, "neighbourwords") {
			t.Errorf("%s: not what was asked for", c.name)
		}
	}
}
