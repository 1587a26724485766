package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
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
	n     uint64
	cache sync.Map // number → record
}

func (j *journal) Head(context.Context) (uint64, error) { return j.n, nil }

func (j *journal) Read(_ context.Context, after uint64, _ int) ([]store.Record, error) {
	var records []store.Record
	for seq := after + 1; seq <= min(j.n, after+1000); seq++ {
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
	if r, ok := j.cache.Load(seq); ok {
		return r.(store.Record), nil
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
	j := &journal{n: uint64(benchPosts(b))}
	for seq := range j.n {
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
	b.ReportMetric(float64(j.n)*float64(b.N)/b.Elapsed().Seconds(), "posts/s")
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

// BenchmarkSearch asks an index of invented posts.
func BenchmarkSearch(b *testing.B) {
	j := &journal{n: uint64(benchPosts(b))}
	x, err := Open(b.Context(), filepath.Join(b.TempDir(), FileName), j, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = x.Close() }() // nothing depends on it
	if err := x.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	one := text(rand.New(rand.NewPCG(77, 1)))
	fields := strings.Fields(one)
	common := word1(rand.New(rand.NewPCG(1, 1)), latin(), 1)
	for _, q := range []struct{ name, words string }{
		{"common", common},
		{"two-common", common + " " + word1(rand.New(rand.NewPCG(5, 1)), latin(), 2)},
		{"rare", fields[len(fields)/2]},
		{"phrase", `"` + strings.Join(fields[1:4], " ") + `"`},
		{"paste", one},
		{"character", "一"},
		{"absent", "zzyzx"},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := x.Search(b.Context(), store.SearchQuery{Words: q.words}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
