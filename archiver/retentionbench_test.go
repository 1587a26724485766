//go:build linux

package archiver_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"stet/archiver"
	"stet/store"
)

// keepArticles makes an archive of n articles of a source, each of which changed a
// second after the one before.
func keepArticles(b *testing.B, n int) *store.Archive {
	b.Helper()
	a := keepPosts(b, 0, 0)
	now := time.Now()
	w := a.Begin()
	for i := range n {
		url := fmt.Sprintf("https://agency.example/%d", i)
		changed := now.Add(-time.Duration(n-i) * time.Second)
		x := &store.Exchange{URL: url, Method: "GET", Started: changed, Status: 200, Purpose: "article", Article: url}
		for _, c := range []store.Content{&store.Discovery{Time: changed, Source: "agency", URL: url}, x,
			&store.ArticleVersion{Time: changed, URL: url, Key: store.ArticleKey(url), Origin: "web", Source: "agency", Title: fmt.Sprint("Story ", i), Text: "The boats are back in the harbour"}} {
			if _, err := w.Add(b.Context(), c); err != nil {
				b.Fatal(err)
			}
		}
		if w.Len() >= 3000 || i == n-1 {
			if _, err := w.Commit(b.Context()); err != nil {
				b.Fatal(err)
			}
			w = a.Begin()
		}
	}
	return a
}

// benchKeeper carries out one rule.
func benchKeeper(a *store.Archive, source string, keep time.Duration) *archiver.Keeper {
	return archiver.NewKeeper(archiver.KeeperOptions{Archive: a, Remover: archiver.NewRemover(archiver.RemoverOptions{Archive: a}), Owner: "bench", Grace: time.Hour,
		Rules: func(context.Context) (archiver.KeepRules, error) { return archiver.KeepRules{source: keep}, nil }})
}

// BenchmarkRetentionSweep is what a pass costs that finds nothing due, among few
// articles and among many.
func BenchmarkRetentionSweep(b *testing.B) {
	for _, n := range []int{10_000, kept(b)} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			a := keepArticles(b, n)
			k := benchKeeper(a, "agency", time.Duration(n)*time.Second+time.Hour)
			for b.Loop() {
				if s, err := k.Sweep(b.Context()); err != nil || s.Removed > 0 {
					b.Fatal(s, err)
				}
			}
		})
	}
}

// BenchmarkRetentionAnew is what it costs that a rule has changed: every record of
// the journal is read once, three for each article.
func BenchmarkRetentionAnew(b *testing.B) {
	a := keepArticles(b, kept(b))
	records := 0
	for i := 1; b.Loop(); i++ {
		k := benchKeeper(a, "nobody", time.Duration(i)*time.Hour) // another rule each time
		for more := true; more; {
			s, err := k.Sweep(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			more = s.More
		}
		records += 3 * kept(b)
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkRetentionRemove destroys what is due, article by article.
func BenchmarkRetentionRemove(b *testing.B) {
	a := keepArticles(b, max(b.N, 1))
	k := archiver.NewKeeper(archiver.KeeperOptions{Archive: a, Remover: archiver.NewRemover(archiver.RemoverOptions{Archive: a}), Owner: "bench",
		Rules: func(context.Context) (archiver.KeepRules, error) { return archiver.KeepRules{"agency": 1}, nil }})
	b.ResetTimer()
	n := 0
	for more := true; more; {
		s, err := k.Sweep(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		n, more = n+s.Removed, s.More
	}
	if n != b.N {
		b.Fatalf("%d of %d were removed", n, b.N)
	}
}
