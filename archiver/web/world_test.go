package web

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/mem"
)

// world is a server over an archive with a gone post, a live one, an article, a
// page and a case's worth of hostile words.
type world struct {
	*Server
	t       *testing.T
	archive *store.Archive
	at      time.Time
	ids     map[string]string
	people  *people
}

// The posts of the world: gone and approved by nobody, alive, hidden, private.
func goneRef() post.Ref { return post.Ref{Platform: post.Twitter, ID: "1990000000000000001"} }
func liveRef() post.Ref { return post.Ref{Platform: post.Twitter, ID: "1990000000000000002"} }
func hiddenRef() post.Ref {
	return post.Ref{Platform: post.Twitter, ID: "1990000000000000003"}
}
func secretRef() post.Ref { return post.Ref{Platform: post.Twitter, ID: "1990000000000000004"} }

// evilWords are words that must never be more than words.
const evilWords = `=cmd()|' /C calc' <script>alert(1)</script> </textarea>"onmouseover="x" ` + "\u202e gpj.exe"

func newWorld(t *testing.T, change func(*Options)) *world {
	t.Helper()
	w := &world{t: t, at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), ids: map[string]string{}, people: &people{users: map[string]Person{}}}
	now := func() time.Time { return w.at }
	m := mem.New(mem.Options{Now: now})
	w.archive = store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: now, Random: rand.Reader, Search: wordless{}})
	finder := extract.NewFinder(sites.All())
	engine := archiver.New(archiver.Options{Archive: w.archive, Finder: finder})
	reader := archiver.NewReader(archiver.ReaderOptions{Archive: w.archive, Finder: finder, Platforms: []post.Platform{post.Twitter}})
	o := Options{Archive: w.archive, Engine: engine, Reader: reader, Finder: finder, Statter: m, Random: rand.Reader, Keys: w.people, Hosts: []string{"desk.news.example"}, Version: "1",
		Platforms: []Platform{{Platform: post.Twitter, Credentials: "none", Missing: []string{}, Words: "public"}}}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.Server = s
	w.fill()
	return w
}

// wordless finds the same post for all words.
type wordless struct{}

func (wordless) Search(_ context.Context, q store.SearchQuery) (store.SearchResult, error) {
	r := store.SearchResult{Hits: []store.Hit{{Kind: store.HitPost, Ref: goneRef().String(), Score: 2}, {Kind: store.HitArticle, URL: "https://news.example/a", Score: 1}}, Total: 2,
		Facets: map[store.Facet][]store.FacetCount{store.FacetStatus: {{Value: "deleted", Count: 1}}}, Respelled: []store.Respelling{{Word: "wrods", As: []string{"words"}}}}
	if len(q.Filter.Kinds) == 1 && q.Filter.Kinds[0] == store.HitPost {
		r.Hits = r.Hits[:1]
	}
	return r, q.Check()
}
func (wordless) Coverage(context.Context, store.SearchFilter) (store.SearchCoverage, error) {
	return store.SearchCoverage{Posts: 4, Articles: 1}, nil
}
func (wordless) Purge(context.Context, []post.Ref, []string) error { return nil }

// add adds records and returns the id of the last.
func (w *world) add(all ...store.Content) store.ID {
	w.t.Helper()
	b := w.archive.Begin()
	var id store.ID
	for _, c := range all {
		var err error
		if id, err = b.Add(w.t.Context(), c); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := b.Commit(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// blob stores a file.
func (w *world) blob(body string) store.Digest {
	w.t.Helper()
	info, err := w.archive.PutBlob(w.t.Context(), strings.NewReader(body), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return info.Digest
}

const png = "\x89PNG\r\n\x1a\n a picture, as far as anybody looks"

// exchange adds a recorded answer.
func (w *world) exchanged(url, kind, body string, at time.Time) store.ID {
	return w.add(&store.Exchange{Started: at, Method: "GET", URL: url, Status: 200, Protocol: "http/1.1", Address: "192.0.2.1:443",
		RequestHead: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ResponseHead: []byte("HTTP/1.1 200 OK\r\nContent-Type: " + kind + "\r\nSet-Cookie: stet=stolen\r\nRefresh: 0; url=https://evil.example\r\nContent-Security-Policy: script-src *\r\n\r\n"),
		Body: store.Body{Inline: []byte(body), Size: int64(len(body)), Digest: store.DigestOf([]byte(body)), Type: strings.SplitN(kind, ";", 2)[0]}})
}

// captured adds a capture of a post with what was read of it.
func (w *world) captured(ref post.Ref, text string, at time.Time, private bool, media ...store.Digest) store.ID {
	x := w.exchanged("https://cdn.example/tweet-result?id="+ref.ID, "application/json", `{"text":"words"}`, at)
	p := post.Post{Platform: ref.Platform, ID: ref.ID, URL: "https://x.com/ada/status/" + ref.ID, Text: text, Author: post.Author{Name: "Ada <b>Fenwick</b>", Handle: "ada", ID: "7"}, Posted: w.at.Add(-72 * time.Hour)}
	c := &store.Capture{Time: at, Kind: store.CapturePost, Ref: ref, URL: p.URL, Source: post.SourcePublic, Exchanges: []store.ID{x}, Private: private}
	for _, d := range media {
		p.Media = append(p.Media, post.Media{Kind: "photo", URL: "https://pbs.example/x.png", Digest: d.String(), Type: "image/png", Alt: evilWords})
		c.Media = append(c.Media, store.MediaFile{URL: "https://pbs.example/x.png", Digest: d, Type: "image/png"})
	}
	id := w.add(c)
	w.add(&store.Derivation{Time: at, Capture: id, Parser: "twitter/syndication@1", Source: post.SourcePublic, Ref: ref, Post: p})
	w.ids["exchange"], w.ids["capture"] = x.String(), id.String()
	return id
}

// lost adds the looks and the verdict of a loss that is confirmed.
func (w *world) lost(ref post.Ref, status post.Status, event string) {
	first := w.at.Add(-20 * time.Hour)
	for i, end := range []string{"syndication", "oembed", "syndication", "oembed"} {
		at := first.Add(time.Duration(i/2) * 8 * time.Hour)
		w.add(&store.Look{Time: at.Add(time.Duration(i) * time.Second), Ref: ref, Result: status, Explicit: true, Endpoint: end})
	}
	w.add(&store.Verdict{Time: first.Add(8 * time.Hour), Ref: ref, Status: status, Confirmed: true, Event: event, LastLive: w.at.Add(-40 * time.Hour), FirstGone: first,
		ConfirmedAt: first.Add(8 * time.Hour), Rules: 1, Reason: "stated twice"})
}

func (w *world) fill() {
	picture := w.blob(png)
	w.ids["digest"], w.ids["ref"] = picture.String(), goneRef().String()
	for _, ref := range []post.Ref{goneRef(), liveRef(), hiddenRef()} {
		w.add(&store.Look{Time: w.at.Add(-40 * time.Hour), Ref: ref, Result: post.Live, Endpoint: "syndication"})
	}
	w.captured(secretRef(), "a secret of the newsroom", w.at.Add(-40*time.Hour), true)
	w.captured(liveRef(), "still there", w.at.Add(-40*time.Hour), false)
	w.captured(hiddenRef(), "for friends", w.at.Add(-40*time.Hour), false)
	w.captured(goneRef(), evilWords, w.at.Add(-41*time.Hour), false, picture)
	w.captured(goneRef(), evilWords+" edited", w.at.Add(-40*time.Hour), false, picture)
	w.lost(goneRef(), post.Deleted, archiver.EventGone)
	w.lost(secretRef(), post.Deleted, archiver.EventGone)
	w.lost(hiddenRef(), post.Protected, archiver.EventHidden)
	x := w.exchanged("https://news.example/a", "text/html; charset=utf-8", "<script>alert(1)</script><p>words</p>", w.at.Add(-39*time.Hour))
	w.ids["page"] = x.String()
	w.add(&store.ArticleVersion{Time: w.at.Add(-39 * time.Hour), URL: "https://news.example/a", Key: "news.example/a", Title: evilWords, Origin: "web", Exchange: x,
		Mentions: []store.Mention{{Kind: "embed", Ref: goneRef(), URL: "https://twitter.com/ada/status/" + goneRef().ID, Markup: "blockquote", Positions: []int{12}}, {Kind: "embed", Ref: liveRef()}},
		Links:    []store.ArticleLink{{URL: "https://ferry.example/times", Anchor: "times"}}, Text: "A paragraph."})
	for _, hours := range []time.Duration{38, 30} {
		y := w.exchanged("https://ferry.example/times", "text/html", "<p>The ferry leaves at six.</p>"+strings.Repeat("x", int(hours)), w.at.Add(-hours*time.Hour))
		c := w.add(&store.Capture{Time: w.at.Add(-hours * time.Hour), Kind: store.CapturePage, URL: "https://ferry.example/times", Source: post.SourcePublic, Exchanges: []store.ID{y}})
		w.add(&store.PageReading{Time: w.at.Add(-hours * time.Hour), Capture: c, Parser: "page@1", URL: "https://ferry.example/times", Final: "https://ferry.example/times", Status: 200, Type: "text/html", Title: "Times"})
		w.add(&store.PageLook{Time: w.at.Add(-hours * time.Hour), URL: "https://ferry.example/times", Result: store.PageAlive, Status: 200, Exchange: y, Capture: c})
	}
	b := w.archive.Begin()
	if err := b.Enqueue(store.Enqueue{Job: store.Job{Kind: archiver.JobLook, Key: goneRef().String(), RunAt: w.at.Add(time.Hour)}}); err != nil {
		w.t.Fatal(err)
	}
	receipt, err := b.Commit(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.ids["job"] = receipt.Jobs[0].ID.String()
}
