package postgres_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/extract/post"
	"stet/store"
	"stet/store/postgres"
	"stet/store/search"
)

// spoken is the text of an invented post: words of which some are frequent, as in
// a language.
func spoken(n int) []string {
	syllables := []string{"ba", "re", "to", "mi", "sen", "der", "lu", "qua", "st", "on", "ia", "ge", "u", "na", "ch"}
	rng := rand.New(rand.NewPCG(uint64(n), 9))
	z := rand.NewZipf(rng, 1.07, 4, 40_000)
	var words []string
	for range 20 {
		var w strings.Builder
		for n := int(z.Uint64()) + len(syllables); n > 0; n /= len(syllables) {
			w.WriteString(syllables[n%len(syllables)])
		}
		words = append(words, w.String())
	}
	return words
}

// question is one kind of question about a post, from three of its words.
type question struct {
	name string
	// ours is what is typed; theirs what follows FROM posts, up to the order.
	ours   func(words []string) string
	theirs func(b *testing.B, db *pgx.Conn, words []string) (condition string, args []any)
}

const ranked = "tsv @@ q ORDER BY ts_rank(tsv, q) DESC, id DESC"

func questions() []question {
	plain := func(_ *testing.B, _ *pgx.Conn, words []string) (string, []any) {
		return "plainto_tsquery('simple', $1) q WHERE " + ranked, []any{strings.Join(words, " ")}
	}
	return []question{
		{"one", func(words []string) string { return words[0] }, func(b *testing.B, db *pgx.Conn, words []string) (string, []any) { return plain(b, db, words[:1]) }},
		{"three", func(words []string) string { return strings.Join(words, " ") }, plain},
		{"phrase", func(words []string) string { return `"` + strings.Join(words, " ") + `"` }, func(_ *testing.B, _ *pgx.Conn, words []string) (string, []any) {
			return "phraseto_tsquery('simple', $1) q WHERE " + ranked, []any{strings.Join(words, " ")}
		}},
		{"misspelled", func(words []string) string { return wrong(words[0]) + " " + words[1] + " " + words[2] }, func(b *testing.B, db *pgx.Conn, words []string) (string, []any) {
			// As its manual advises: the words that are like it by trigrams.
			rows, err := db.Query(b.Context(), "SELECT word FROM words WHERE word % $1 ORDER BY similarity(word, $1) DESC, ndoc DESC LIMIT 8", wrong(words[0]))
			if err != nil {
				b.Fatal(err)
			}
			like, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				b.Fatal(err)
			}
			like = append(like, wrong(words[0]))
			return "to_tsquery('simple', $1) q WHERE " + ranked, []any{fmt.Sprintf("(%s) & %s & %s", strings.Join(like, " | "), words[1], words[2])}
		}},
	}
}

// wrong returns a word with two letters in each other's place.
func wrong(word string) string {
	w := []byte(word)
	if n := len(w) / 2; n > 0 {
		w[n-1], w[n] = w[n], w[n-1]
	}
	return string(w)
}

// BenchmarkFullText asks an index of words and the full text search of the
// database the same about the same posts, one question at a time: both return
// twenty hits, the best first, and how many there are in all.
func BenchmarkFullText(b *testing.B) {
	posts, err := strconv.Atoi(cmp.Or(os.Getenv("STET_BENCH_POSTS"), "20000"))
	if err != nil {
		b.Fatal(err)
	}
	s := open(b, postgres.Options{Schema: newSchema(), MinConns: 8})
	m := newMaker(b, 203)
	for i := 0; i < posts; i += 500 {
		var batch store.Batch
		for j := i; j < min(i+500, posts); j++ {
			batch.Records = append(batch.Records, m.record(&store.Derivation{Time: time.Now(), Capture: m.id(), Parser: "twitter@1", Source: post.SourcePublic,
				Ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(j)}, Post: post.Post{Platform: post.Twitter, ID: fmt.Sprint(j), Text: strings.Join(spoken(j), " ")}}))
		}
		m.append(s, batch)
	}
	x, err := search.Open(b.Context(), filepath.Join(b.TempDir(), search.FileName), s, search.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = x.Close() }) // nothing depends on it
	began := time.Now()
	if err := x.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	ours := time.Since(began)
	db, theirs := fullText(b, posts)
	b.Logf("%d posts: built in %s from their records; with copying the texts and its indexes in %s", posts, ours.Round(time.Millisecond), theirs.Round(time.Millisecond))
	for _, q := range questions() {
		b.Run(q.name, func(b *testing.B) {
			var took, tookTheirs []time.Duration
			found, foundTheirs := 0, 0
			for i := range b.N {
				id := i * 7919 % posts
				at := i % 15
				words := spoken(id)[at : at+3]
				began := time.Now()
				r, err := x.Search(b.Context(), store.SearchQuery{Words: q.ours(words)})
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
				if slices.ContainsFunc(r.Hits[:min(5, len(r.Hits))], func(h store.Hit) bool { return h.Ref == fmt.Sprint("twitter:", id) }) {
					found++
				}
				began = time.Now()
				ids := asked(b, db, &q, words)
				tookTheirs = append(tookTheirs, time.Since(began))
				if slices.Contains(ids[:min(5, len(ids))], int64(id)) {
					foundTheirs++
				}
			}
			slices.Sort(took)
			slices.Sort(tookTheirs)
			for name, list := range map[string][]time.Duration{"": took, "-theirs": tookTheirs} {
				b.ReportMetric(float64(list[len(list)/2].Microseconds())/1000, "ms-median"+name)
				b.ReportMetric(float64(list[len(list)*99/100].Microseconds())/1000, "ms-p99"+name)
			}
			b.ReportMetric(float64(found)/float64(b.N), "found")
			b.ReportMetric(float64(foundTheirs)/float64(b.N), "found-theirs")
		})
	}
}

// fullText keeps the posts in a table with the indexes that the manual of
// PostgreSQL advises, and returns a connection and how long that took.
func fullText(b *testing.B, posts int) (*pgx.Conn, time.Duration) {
	b.Helper()
	db, err := pgx.Connect(context.WithoutCancel(b.Context()), start(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close(context.WithoutCancel(b.Context())) }) // the end of the test
	run := func(statements ...string) {
		for _, s := range statements {
			if _, err := db.Exec(b.Context(), s); err != nil {
				b.Fatalf("%s: %v", s, err)
			}
		}
	}
	schema := newSchema()
	began := time.Now()
	run("CREATE SCHEMA "+schema, "SET search_path TO "+schema+", public", "CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public",
		"CREATE TABLE posts (id bigint PRIMARY KEY, body text NOT NULL, tsv tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED)")
	n := 0
	if _, err := db.CopyFrom(b.Context(), pgx.Identifier{schema, "posts"}, []string{"id", "body"}, pgx.CopyFromFunc(func() ([]any, error) {
		if n == posts {
			return nil, nil
		}
		n++
		return []any{int64(n - 1), strings.Join(spoken(n-1), " ")}, nil
	})); err != nil {
		b.Fatal(err)
	}
	run("CREATE INDEX ON posts USING gin (tsv)", "CREATE TABLE words AS SELECT word, ndoc FROM ts_stat('SELECT tsv FROM posts')",
		"CREATE INDEX ON words USING gin (word gin_trgm_ops)", "VACUUM ANALYZE posts", "ANALYZE words")
	return db, time.Since(began)
}

// asked returns the posts that the database finds, the best first.
func asked(b *testing.B, db *pgx.Conn, q *question, words []string) []int64 {
	b.Helper()
	condition, args := q.theirs(b, db, words)
	rows, err := db.Query(b.Context(), "SELECT id, count(*) OVER () FROM posts, "+condition+" LIMIT 20", args...)
	if err != nil {
		b.Fatal(err)
	}
	var ids []int64
	for rows.Next() {
		var id, total int64
		if err := rows.Scan(&id, &total); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return ids
}
