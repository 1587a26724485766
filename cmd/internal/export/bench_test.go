package export

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
	"stet/store/bolt"
	"stet/store/storetest"
	"stet/store/view"
	"stet/store/warc"
)

// benchPosts is how many posts are exported: STET_BENCH_POSTS, or few.
func benchPosts(b *testing.B) int {
	if n, err := strconv.Atoi(os.Getenv("STET_BENCH_POSTS")); err == nil {
		return n
	}
	b.Helper()
	return 2000
}

// sentence makes words that compress as words do.
func sentence(r *rand.Rand, n int) string {
	var s strings.Builder
	for range n {
		s.WriteString([]string{"harbour", "ferry", "mayor", "bridge", "Friday", "promise", "council", "night", "fare", "vote"}[r.IntN(10)])
		s.WriteString(strconv.Itoa(r.IntN(1000)))
		s.WriteByte(' ')
	}
	return s.String()
}

// filled is an archive on disk.
func filled(b *testing.B, n, picture int) *world {
	dir := b.TempDir()
	w := &world{t: b, now: noon}
	now := func() time.Time { return w.now }
	db, err := bolt.Open(b.Context(), dir, bolt.Options{Now: now})
	w.must(err)
	b.Cleanup(func() { w.must(db.Close()) })
	r := rand.New(rand.NewPCG(1, 2))
	w.archive = store.NewArchive(store.Parts{Backend: db, Blobs: db, Now: now, Random: &zeros{}})
	builder := w.archive.Begin()
	for i := range n {
		w.now = w.now.Add(time.Second)
		ref := post.Ref{Platform: post.Twitter, ID: fmt.Sprint(1e15 + i)}
		words := sentence(r, 30)
		e := w.exchange("https://cdn.syndication.twimg.com/tweet-result?id="+ref.ID+"&lang=en&token=a", "application/json",
			`{"__typename":"Tweet","text":"`+words+`","user":{"name":"`+sentence(r, 3)+`"},"entities":{"urls":[],"media":[]},"extra":"`+sentence(r, 180)+`"}`, false)
		e.Refs = []post.Ref{ref}
		xid, err := builder.Add(b.Context(), e)
		w.must(err)
		if picture > 0 {
			bytes := make([]byte, picture)
			for i := range bytes {
				bytes[i] = byte(r.Uint32())
			}
			_, err = builder.Add(b.Context(), w.exchange("https://pbs.twimg.com/media/"+ref.ID+"?format=jpg", "image/jpeg", string(bytes), false))
			w.must(err)
		}
		cid, err := builder.Add(b.Context(), &store.Capture{Time: w.now, Kind: store.CapturePost, Ref: ref, URL: "https://x.com/i/status/" + ref.ID, Source: post.SourcePublic, Exchanges: []store.ID{xid}})
		w.must(err)
		_, err = builder.Add(b.Context(), &store.Derivation{Time: w.now, Capture: cid, Parser: "p/1", Source: post.SourcePublic, Ref: ref, Post: post.Post{Platform: ref.Platform, ID: ref.ID, Text: words, Posted: noon}})
		w.must(err)
		if builder.Len() >= 300 || i == n-1 {
			_, err = builder.Commit(b.Context())
			w.must(err)
			builder = w.archive.Begin()
		}
	}
	return w
}

// BenchmarkWARC exports everything on one core, beside writing the same records
// with the same library, one member for each. Its figure is the share of that
// speed, reckoned in the processor's time: others may want the core too.
func BenchmarkWARC(b *testing.B) {
	for _, picture := range []int{0, 50_000} {
		b.Run(fmt.Sprintf("pictures of %d bytes", picture), func(b *testing.B) { againstGzip(b, picture) })
	}
}

func againstGzip(b *testing.B, picture int) {
	w := filled(b, benchPosts(b), picture)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	o := w.options(WARC, Selection{All: true})
	o.View = func(a *store.Archive) *view.Reader {
		return view.New(a, archiver.ViewPolicy(archiver.Rules{}, archiver.PageRules{}))
	}
	var file bytes.Buffer
	_, err := Run(b.Context(), o, ToWriter(&file))
	w.must(err)
	records := recordsOf(b, file.Bytes())
	var ours, theirs time.Duration // of the processor
	for b.Loop() {
		start := storetest.Busy()
		_, err := Run(b.Context(), o, ToWriter(io.Discard))
		w.must(err)
		ours += storetest.Busy() - start
		start = storetest.Busy()
		z := gzip.NewWriter(io.Discard)
		for _, r := range records {
			z.Reset(io.Discard)
			_, err := z.Write(r)
			w.must(err)
			w.must(z.Close())
		}
		theirs += storetest.Busy() - start
	}
	b.ReportMetric(100*float64(theirs)/float64(ours), "%of-gzip")
	b.ReportMetric(float64(len(records)*b.N)/ours.Seconds(), "records/s")
}

// recordsOf returns the members of a file, unpacked.
func recordsOf(b *testing.B, file []byte) [][]byte {
	var all [][]byte
	r, err := warc.NewReader(bytes.NewReader(file), warc.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Finish(); err != nil {
			b.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(file[rec.Offset : rec.Offset+rec.Length]))
		if err != nil {
			b.Fatal(err)
		}
		body, err := io.ReadAll(z)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, body)
	}
}

// BenchmarkMemory exports everything in a format and tells the most anonymous
// memory that the process had, what it was filled with included.
func BenchmarkMemory(b *testing.B) {
	w := filled(b, benchPosts(b), 0)
	for _, f := range Formats() {
		b.Run(string(f), func(b *testing.B) {
			o := w.options(f, Selection{All: true})
			o.View = func(a *store.Archive) *view.Reader {
				return view.New(a, archiver.ViewPolicy(archiver.Rules{}, archiver.PageRules{}))
			}
			debug.FreeOSMemory()
			most := 0
			o.Progress = func(Progress) { most = max(most, storetest.Anonymous()) }
			out := &nowhere{}
			for b.Loop() {
				if _, err := Run(b.Context(), o, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(most)/1e6, "MB")
		})
	}
}

// nowhere takes everything and keeps nothing.
type nowhere struct{}

func (*nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (*nowhere) File(string) error           { return nil }
func (*nowhere) Mark(Mark) error             { return nil }
