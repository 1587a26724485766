//go:build unix

package search

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"stet/extract/post"
	"stet/extract/words"
	"stet/store"
)

// benchPosts is how many posts the benchmarks index; STET_BENCH_POSTS sets
// another number.
func benchPosts(b *testing.B) int {
	v := os.Getenv("STET_BENCH_POSTS")
	if v == "" {
		return 100_000
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// journal is a journal of derivations that are made when they are read.
type journal struct {
	n     atomic.Uint64
	cache sync.Map // number → record
}

func newJournal(n int) *journal {
	j := &journal{}
	j.n.Store(uint64(n))
	return j
}

func (j *journal) Head(context.Context) (uint64, error) { return j.n.Load(), nil }

func (j *journal) Read(_ context.Context, after uint64, _ int) ([]store.Record, error) {
	var records []store.Record
	for seq := after + 1; seq <= min(j.n.Load(), after+2000); seq++ {
		r, err := j.record(seq)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

func (j *journal) Leaves(_ context.Context, after uint64, _ int) ([]store.Hash, error) {
	r, err := j.record(after + 1)
	return []store.Hash{r.Leaf()}, err
}

func (j *journal) record(seq uint64) (store.Record, error) {
	if b, ok := j.cache.Load(seq); ok {
		return b.(store.Record), nil
	}
	rng := rand.New(rand.NewPCG(seq, 1))
	at := time.Unix(1_500_000_000+int64(seq)*60, 0).UTC()
	author := rng.Uint64N(1 + seq/5) // an author has five posts
	name := word1(rand.New(rand.NewPCG(author, 2)), latin(), 40_000)
	r, err := store.NewRecord(store.ID{byte(seq >> 24), byte(seq >> 16), byte(seq >> 8), byte(seq), 1}, store.Salt{1}, &store.Derivation{
		Time: at, Capture: store.ID{2}, Parser: "twitter@1", Source: post.SourcePublic, Ref: post.Ref{Platform: post.Twitter, ID: strconv.FormatUint(1_200_000_000_000_000_000+seq*7919, 10)},
		Post: post.Post{Platform: post.Twitter, Text: text(rng), Posted: at, Author: post.Author{Name: name, Handle: name + strconv.FormatUint(author%99, 10)}},
	})
	if err == nil {
		r.Seq = seq
		j.cache.Store(seq, r)
	}
	return r, err
}

// The syllables of which invented words are made.
func latin() []string {
	return []string{"ba", "re", "to", "mi", "sen", "der", "lu", "qua", "st", "on", "ia", "gé", "ü", "na", "ch"}
}
func cyrillic() []string {
	return []string{"мо", "ст", "ре", "ка", "ни", "во", "да", "го", "ро", "ды", "ё", "ти"}
}
func arabic() []string {
	return []string{"ال", "جس", "رم", "فت", "وح", "بي", "تن", "ها", "ُر", "كت", "اب"}
}

// word1 returns a word: frequent ones are frequent as in a language (Zipf), and
// the same number gives the same word.
func word1(rng *rand.Rand, syllables []string, words int) string {
	z := rand.NewZipf(rng, 1.07, 4, uint64(words))
	n := int(z.Uint64()) + len(syllables)
	var w strings.Builder
	for ; n > 0; n /= len(syllables) {
		w.WriteString(syllables[n%len(syllables)])
	}
	return w.String()
}

// text returns the text of an invented post: of ten, seven are in a Latin
// script, one in Cyrillic, one in Arabic and one in Japanese or Korean; every
// fourth has an emoji, every fifth a hashtag, every third an address.
func text(rng *rand.Rand) string {
	var parts []string
	switch k := rng.IntN(10); {
	case k < 9:
		syllables := [][]string{latin(), cyrillic(), arabic()}[max(0, k-6)]
		for range 8 + rng.IntN(24) {
			parts = append(parts, word1(rng, syllables, 40_000))
		}
	default:
		var run strings.Builder
		for i := range 30 + rng.IntN(60) {
			base, n := rune(0x4e00), uint64(2500)
			if i%3 == 0 {
				base, n = 0x3041, 80
			}
			run.WriteRune(base + rune(rand.NewZipf(rng, 1.2, 8, n).Uint64()))
		}
		parts = append(parts, run.String())
	}
	if rng.IntN(4) == 0 {
		parts = append(parts, string(rune(0x1f600+rng.IntN(60))))
	}
	if rng.IntN(5) == 0 {
		parts = append(parts, "#"+word1(rng, latin(), 2000))
	}
	if rng.IntN(3) == 0 {
		parts = append(parts, fmt.Sprintf("https://t.co/%010x", rng.Uint64()>>24))
	}
	return strings.Join(parts, " ")
}

// BenchmarkIndex builds the index of invented posts in several scripts.
func BenchmarkIndex(b *testing.B) {
	j := newJournal(benchPosts(b))
	for seq := range j.n.Load() {
		if _, err := j.record(seq + 1); err != nil {
			b.Fatal(err)
		}
	}
	for i := 0; b.Loop(); i++ {
		x, err := Open(b.Context(), filepath.Join(b.TempDir(), FileName), j, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := x.CatchUp(b.Context()); err != nil {
			b.Fatal(err)
		}
		st, err := x.Status(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(st.Bytes)/float64(st.Posts), "B/post")
		for _, name := range buckets() {
			b.ReportMetric(float64(st.Parts[name])/float64(st.Posts), "B/post-"+name)
		}
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(j.n.Load())*float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

// BenchmarkSplit breaks invented posts into words.
func BenchmarkSplit(b *testing.B) {
	var texts []string
	size := 0
	for i := range 1000 {
		texts = append(texts, text(rand.New(rand.NewPCG(uint64(i), 1))))
		size += len(texts[i])
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, t := range texts {
			words.Split(t, func(words.Word) {})
		}
	}
}

// built returns an index of invented posts. The file of an earlier run is taken
// where STET_BENCH_INDEX names one: it is of the same posts.
func built(b *testing.B, j *journal) *Index {
	b.Helper()
	path := os.Getenv("STET_BENCH_INDEX")
	if path == "" {
		path = filepath.Join(b.TempDir(), FileName)
	}
	x, err := Open(b.Context(), path, j, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = x.Close() }) // nothing depends on it
	begin := time.Now()
	if err := x.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	st, err := x.Status(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d posts in %d MB, built in %s, the making of the posts included", st.Posts, st.Bytes>>20, time.Since(begin).Round(time.Second))
	return x
}

// benchQueries are what people look for: words, a phrase, a whole post that was
// pasted, one with a typo, filters.
func benchQueries() map[string]store.SearchQuery {
	one := text(rand.New(rand.NewPCG(77, 1)))
	fields := strings.Fields(one)
	common := word1(rand.New(rand.NewPCG(1, 1)), latin(), 1)
	rare := fields[len(fields)/2]
	return map[string]store.SearchQuery{
		"common":         {Words: common},
		"two-common":     {Words: common + " " + word1(rand.New(rand.NewPCG(5, 1)), latin(), 2)},
		"common-rare":    {Words: common + " " + rare},
		"rare":           {Words: rare},
		"phrase":         {Words: `"` + strings.Join(fields[1:4], " ") + `"`},
		"paste":          {Words: one},
		"character":      {Words: "一"},
		"pair":           {Words: "一丁"},
		"misspelled":     {Words: respelled(latinWord(3000))},
		"absent":         {Words: "zzyzx"},
		"typo":           {Words: rare[:len(rare)-2] + "x" + rare[len(rare)-1:]},
		"filtered":       {Words: common, Filter: store.SearchFilter{PostedFrom: time.Unix(1_510_000_000, 0), PostedTo: time.Unix(1_512_000_000, 0)}},
		"newest":         {Words: common, Sort: store.SortNewest},
		"account":        {Filter: store.SearchFilter{Authors: []string{"@nobody"}}},
		"common-counted": {Words: common, Facets: []store.Facet{store.FacetPlatform, store.FacetStatus, store.FacetYear, store.FacetAuthor}},
	}
}

// BenchmarkSearch asks an index of invented posts.
func BenchmarkSearch(b *testing.B) {
	x := built(b, newJournal(benchPosts(b)))
	queries := benchQueries()
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		q := queries[name]
		b.Run(name, func(b *testing.B) {
			total, busy := 0, processorTime(b)
			for b.Loop() {
				found, err := x.Search(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				total = found.Total
			}
			b.ReportMetric(float64(total), "hits")
			b.ReportMetric(float64((processorTime(b)-busy).Microseconds())/float64(b.N), "cpu-µs/search")
		})
	}
}

// textOf returns the text of the post with a number of the journal.
func textOf(seq uint64) string {
	rng := rand.New(rand.NewPCG(seq, 1))
	rng.Uint64N(1 + seq/5) // its author
	return text(rng)
}

// latinWord returns the n-th most frequent word.
func latinWord(n int) string {
	var w strings.Builder
	for n += len(latin()); n > 0; n /= len(latin()) {
		w.WriteString(latin()[n%len(latin())])
	}
	return w.String()
}

// respelled returns a word with two letters in each other's place.
func respelled(word string) string {
	w := []rune(word)
	if n := len(w) / 2; n > 0 {
		w[n-1], w[n] = w[n], w[n-1]
	}
	return string(w)
}

// processorTime is what this process has used of all processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReaders asks from 16 goroutines at once, each for what people look
// for most (one to five words of a post, every fifth time as a quotation, every
// tenth time a word misspelled), while a hundred posts are captured each
// second.
func BenchmarkReaders(b *testing.B) {
	j := newJournal(benchPosts(b))
	x := built(b, j)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go func() {
		every := time.NewTicker(10 * time.Millisecond)
		defer every.Stop()
		for ctx.Err() == nil {
			<-every.C
			j.n.Add(1)
		}
	}()
	var took []time.Duration
	var mu sync.Mutex
	busy := processorTime(b)
	for b.Loop() {
		var wg sync.WaitGroup
		for reader := range 16 {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(reader), 9))
				for range 20 {
					post := strings.Fields(textOf(rng.Uint64N(j.n.Load()) + 1))
					q := store.SearchQuery{Words: strings.Join(post[:min(len(post), 1+rng.IntN(5))], " ")}
					switch rng.IntN(10) {
					case 0, 1:
						q.Words = `"` + q.Words + `"`
					case 2: // misspelled
						q.Words = strings.Join(append(post[:min(len(post), 2)], respelled(post[len(post)/2])), " ")
					}
					begin := time.Now()
					if _, err := x.Search(ctx, q); err != nil {
						b.Error(err)
						return
					}
					mu.Lock()
					took = append(took, time.Since(begin))
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64((processorTime(b)-busy).Microseconds())/float64(len(took)), "cpu-µs/search")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(len(took)), "searches")
}
