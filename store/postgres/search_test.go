package postgres_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"stet/extract/post"
	"stet/store"
	"stet/store/postgres"
	"stet/store/search"
	"stet/store/storetest"
)

// TestSearch runs the suite of indexes of words over a database, as machines do
// that each have an index of their own: one that is always asked, one that is
// asked now and then, and one that is started at the end, with nothing. They
// give the same answers.
func TestSearch(t *testing.T) {
	start(t)
	storetest.RunSearch(t, storetest.SearchConfig{
		Store: func(t *testing.T) storetest.Store {
			s := open(t, postgres.Options{Schema: newSchema()})
			return storetest.Store{Backend: s, Blobs: s}
		},
		Open: func(t *testing.T, backend store.Backend) store.Searcher {
			n := &nodes{t: t, journal: backend}
			n.first, n.second = n.start(), n.start()
			t.Cleanup(n.fresh)
			return n
		},
	})
}

// nodes are machines that share an archive.
type nodes struct {
	t             *testing.T
	journal       store.Journal
	first, second *search.Index
	asked         int
	// late are the questions since the last addition, with their answers.
	late   []answered
	head   uint64
	purged bool
}

type answered struct {
	q    store.SearchQuery
	want store.SearchResult
}

func (n *nodes) start() *search.Index {
	n.t.Helper()
	x, err := search.Open(context.WithoutCancel(n.t.Context()), filepath.Join(n.t.TempDir(), search.FileName), n.journal, search.Options{})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		if err := x.Close(); err != nil {
			n.t.Error(err)
		}
	})
	return x
}

// Search asks the first machine, for every other next page the second, and the
// second now and then for the same.
func (n *nodes) Search(ctx context.Context, q store.SearchQuery) (store.SearchResult, error) {
	n.asked++
	if q.Cursor != "" && n.asked%2 == 0 {
		return n.second.Search(ctx, q)
	}
	got, err := n.first.Search(ctx, q)
	if err != nil || q.Cursor != "" {
		return got, err
	}
	if n.asked%3 == 0 {
		n.same("a second machine", n.second, q, got)
	}
	head, err := n.journal.Head(ctx)
	if err != nil {
		return got, err
	}
	if head != n.head {
		n.head, n.late = head, nil
	}
	n.late = append(n.late, answered{q, got})
	return got, nil
}

func (n *nodes) same(who string, x *search.Index, q store.SearchQuery, want store.SearchResult) {
	n.t.Helper()
	got, err := x.Search(context.WithoutCancel(n.t.Context()), q)
	if err != nil {
		n.t.Errorf("%s: %+v: %v", who, q, err)
		return
	}
	got.Cursor, want.Cursor = "", ""
	if d := gocmp.Diff(want, got); d != "" {
		n.t.Errorf("%s answers %+v in another way: -first +it\n%s", who, q, d)
	}
}

// fresh asks a machine that was started just now.
func (n *nodes) fresh() {
	ctx := context.WithoutCancel(n.t.Context())
	head, err := n.journal.Head(ctx)
	if err != nil {
		n.t.Error(err)
	}
	if n.purged || head != n.head { // what was purged is in the journal of this test still
		return
	}
	x := n.start()
	for _, a := range n.late {
		n.same("a machine that was started just now", x, a.q, a.want)
	}
}

// Coverage implements [store.Searcher].
func (n *nodes) Coverage(ctx context.Context, f store.SearchFilter) (store.SearchCoverage, error) {
	return n.first.Coverage(ctx, f)
}

// Purge implements [store.Searcher].
func (n *nodes) Purge(ctx context.Context, refs []post.Ref, addresses []string) error {
	n.purged = true
	if err := n.second.Purge(ctx, refs, addresses); err != nil {
		return err
	}
	return n.first.Purge(ctx, refs, addresses)
}

// BenchmarkIndex builds an index of words from the journal of a database, as a
// machine does that is started with nothing.
func BenchmarkIndex(b *testing.B) {
	posts, err := strconv.Atoi(cmp.Or(os.Getenv("STET_BENCH_POSTS"), "20000"))
	if err != nil {
		b.Fatal(err)
	}
	s := open(b, postgres.Options{Schema: newSchema(), MinConns: 8})
	m := newMaker(b, 202)
	records := 0
	for i := 0; i < posts; i += 500 {
		var batch store.Batch
		for j := i; j < min(i+500, posts); j++ {
			batch.Records = append(batch.Records, m.record(&store.Derivation{Time: time.Now(), Capture: m.id(), Parser: "twitter@1", Source: post.SourcePublic,
				Ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(j)}, Post: post.Post{Platform: post.Twitter, ID: fmt.Sprint(j), Text: sentence(j),
					Author: post.Author{Name: "Ada Fenwick", Handle: fmt.Sprint("ada", j%997)}}}), m.look(j), m.look(j), m.look(j))
		}
		m.append(s, batch)
		records += len(batch.Records)
	}
	b.ResetTimer()
	for range b.N {
		x, err := search.Open(b.Context(), filepath.Join(b.TempDir(), search.FileName), s, search.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := x.CatchUp(b.Context()); err != nil {
			b.Fatal(err)
		}
		st, err := x.Status(b.Context())
		if err := errors.Join(err, x.Close()); err != nil || st.Posts != posts {
			b.Fatal(st.Posts, err)
		}
		b.ReportMetric(float64(st.Bytes)/float64(posts), "bytes/post")
	}
	b.ReportMetric(float64(b.N*posts)/b.Elapsed().Seconds(), "posts/s")
	b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "records/s")
}

// sentence is a text of twenty words, of which some are frequent.
func sentence(n int) string {
	rng := rand.New(rand.NewPCG(uint64(n), 9))
	z := rand.NewZipf(rng, 1.07, 4, 40_000)
	var t strings.Builder
	for range 20 {
		fmt.Fprintf(&t, "w%sx ", strconv.FormatUint(z.Uint64(), 26))
	}
	return t.String()
}
