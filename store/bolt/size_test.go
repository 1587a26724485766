package bolt_test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store/bolt"
)

// tweetsInBench is how many tweets the benchmarks of size and of looking up
// load: STET_BENCH_TWEETS, or few, so that they end soon.
func tweetsInBench(b *testing.B) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("STET_BENCH_TWEETS"), "20000"))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// benchClock steps by a while, as if the captures were spread over time.
func benchClock() func() time.Time {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(137 * time.Millisecond)
		return now
	}
}

// load fills a new archive with tweets and returns a sample of them.
func load(b *testing.B, dir string, n int) []post.Ref {
	b.Helper()
	now := benchClock()
	s, err := bolt.Open(b.Context(), dir, bolt.Options{NoSync: true, Now: now, AllowNetworkFS: true})
	if err != nil {
		b.Fatal(err)
	}
	a := archive(s, now)
	t := newTweets(1)
	var sample []post.Ref
	for i := range n {
		w := a.Begin()
		ref, err := t.build(b.Context(), a, w)
		if err == nil {
			_, err = w.Commit(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
		if i%max(1, n/10_000) == 0 {
			sample = append(sample, ref)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return sample
}

// BenchmarkSize reports how many bytes a tweet takes on disk, in all and by
// bucket.
func BenchmarkSize(b *testing.B) {
	n := tweetsInBench(b)
	dir := b.TempDir()
	load(b, dir, n)
	for b.Loop() {
		s, err := bolt.Open(b.Context(), dir, bolt.Options{ReadOnly: true})
		if err != nil {
			b.Fatal(err)
		}
		st, err := s.Stats(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, bolt.FileName))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/float64(n), "B/tweet")
		b.ReportMetric(float64(st.Free)/float64(n), "free-B/tweet")
		for part, bytes := range st.Parts {
			if bytes >= int64(n) {
				b.ReportMetric(float64(bytes)/float64(n), part+"-B/tweet")
			}
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
