package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"stet/archiver"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/bolt"
)

// library fills an archive on a disk: each post has a capture, four looks and an
// article of five posts; every tenth is gone. STET_POSTS says how many posts.
func library(b *testing.B) (*Server, int) {
	b.Helper()
	posts := 5000
	if n, err := strconv.Atoi(os.Getenv("STET_POSTS")); err == nil {
		posts = n
	}
	now := func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	db, err := bolt.Open(b.Context(), b.TempDir(), bolt.Options{Now: now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	a := store.NewArchive(store.Parts{Backend: db, Blobs: db, Now: now, Random: rand.Reader})
	for at := 0; at < posts; at += 100 {
		fill := a.Begin()
		for i := at; i < at+100; i++ {
			addPost(b, fill, i, now())
		}
		if _, err := fill.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	finder := extract.NewFinder(sites.All())
	s, err := New(Options{Archive: a, Engine: archiver.New(archiver.Options{Archive: a, Finder: finder}), Finder: finder, Random: rand.Reader,
		Reader: archiver.NewReader(archiver.ReaderOptions{Archive: a, Finder: finder, Platforms: []post.Platform{post.Twitter}})})
	if err != nil {
		b.Fatal(err)
	}
	return s, posts
}

func tweetOf(i int) post.Ref {
	return post.Ref{Platform: post.Twitter, ID: fmt.Sprint(1990000000000000000 + i)}
}

func addPost(b *testing.B, fill *store.Builder, i int, now time.Time) {
	b.Helper()
	add := func(c store.Content) store.ID {
		id, err := fill.Add(b.Context(), c)
		if err != nil {
			b.Fatal(err)
		}
		return id
	}
	ref, at := tweetOf(i), now.Add(-time.Duration(1000+i%500)*time.Hour)
	body := []byte(fmt.Sprintf(`{"id":"%s","text":"The ferry number %d leaves at six in the morning, and nobody knows when it comes back."}`, ref.ID, i))
	x := add(&store.Exchange{Started: at, Method: "GET", URL: "https://cdn.example/" + ref.ID, Status: 200, Refs: []post.Ref{ref}, ResponseHead: []byte("HTTP/1.1 200 OK\r\n\r\n"),
		Body: store.Body{Inline: body, Size: int64(len(body)), Digest: store.DigestOf(body), Type: "application/json"}})
	c := add(&store.Capture{Time: at, Kind: store.CapturePost, Ref: ref, Source: post.SourcePublic, Exchanges: []store.ID{x}})
	handle := fmt.Sprint("captain", i%200)
	add(&store.Derivation{Time: at, Capture: c, Parser: "twitter.syndication/2", Source: post.SourcePublic, Ref: ref, Post: post.Post{Platform: ref.Platform, ID: ref.ID, URL: "https://x.com/a/status/" + ref.ID,
		Text: fmt.Sprintf("The ferry number %d leaves at six in the morning, and nobody knows when it comes back.", i), Posted: at.Add(-time.Hour), Author: post.Author{ID: handle, Name: "Captain", Handle: handle}}})
	for n := range 4 {
		result := post.Live
		if i%10 == 0 && n > 1 {
			result = post.Deleted
		}
		add(&store.Look{Time: at.Add(time.Duration(n+1) * 20 * time.Hour), Ref: ref, Result: result, Explicit: true, Endpoint: "syndication", Exchange: x})
	}
	if i%10 == 0 {
		add(&store.Verdict{Time: at.Add(80 * time.Hour), Ref: ref, Status: post.Deleted, Confirmed: true, Event: "gone", LastLive: at.Add(40 * time.Hour), FirstGone: at.Add(60 * time.Hour), ConfirmedAt: at.Add(80 * time.Hour)})
	}
	if i%5 == 4 {
		v := &store.ArticleVersion{Time: at, URL: fmt.Sprintf("https://news.example/%d", i), Key: fmt.Sprintf("news.example/%d", i), Title: "Ferries", Origin: "web", Finder: "f"}
		for n := range 5 {
			v.Mentions = append(v.Mentions, store.Mention{Kind: "embed", Ref: tweetOf(i - n), Positions: []int{n}, Markup: "blockquote"})
		}
		add(v)
	}
}

// BenchmarkPages renders pages over a large archive.
func BenchmarkPages(b *testing.B) {
	s, posts := library(b)
	for name, path := range map[string]func(i int) string{
		"post":    func(i int) string { return postPath(tweetOf(i * 7919 % posts)) },
		"gone":    func(int) string { return "/gone" },
		"account": func(i int) string { return fmt.Sprint("/account/twitter:captain", i%200) },
		"article": func(i int) string {
			return "/article?url=" + url.QueryEscape(fmt.Sprintf("https://news.example/%d", i*7919%posts/5*5+4))
		},
		"home":  func(int) string { return "/" },
		"queue": func(int) string { return "/queue" },
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				begun := time.Now()
				if w := ask(s, http.MethodGet, path(i), nil); w.Code != http.StatusOK {
					b.Fatalf("%s: %d %s", path(i), w.Code, w.Body)
				}
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
		})
	}
}
