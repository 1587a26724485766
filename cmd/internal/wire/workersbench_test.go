package wire

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/cmd/internal/config"
	"stet/store/servertest"
)

// BenchmarkWorkers captures posts from an internet that takes 50 ms for each
// answer (STET_BENCH_LATENCY sets another time), by one worker and by four that share an archive in PostgreSQL, two
// captures at a time each, and compares their speed.
func BenchmarkWorkers(b *testing.B) {
	const posts = 160
	latency, err := time.ParseDuration(cmp.Or(os.Getenv("STET_BENCH_LATENCY"), "50ms"))
	if err != nil {
		b.Fatal(err)
	}
	address := servertest.Postgres(b)
	schemas := 0
	capture := func(workers int) float64 {
		schemas++
		n := fakenet.New(fakenet.Options{Latency: latency})
		defer n.Close()
		var all []*Archive
		for i := range workers {
			c := config.Default()
			c.Data = filepath.Join(b.TempDir(), fmt.Sprint("worker-", i))
			c.Storage.Postgres, c.Storage.Schema = address, fmt.Sprint("workers_", schemas)
			c.Fetch.PerHostInterval, c.Fetch.PerHostConcurrency = 0, 1000 // what is measured is not their patience
			w, err := Open(b.Context(), c, Options{Version: "9", Getenv: func(string) string { return "" }, Fetch: func(f *fetch.Options) {
				in := n.FetchOptions()
				f.Resolver, f.Dial, f.RootCAs = in.Resolver, in.Dial, in.RootCAs
			}})
			if err != nil {
				b.Fatal(err)
			}
			defer func() {
				if err := w.Close(); err != nil {
					b.Error(err)
				}
			}()
			all = append(all, w)
		}
		for i := range posts {
			id := fakenet.PostID(time.Date(2024, 3, 5, 8, 0, i, 0, time.UTC), i)
			n.X().Add(fakenet.Post{ID: id, Text: "Number " + id, Author: fakenet.Person{Name: "Ada", Handle: "ada"}})
			if _, err := all[0].Engine.Request(b.Context(), "twitter:"+id, archiver.CaptureOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		var group sync.WaitGroup
		ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
		defer cancel()
		began := time.Now()
		for _, w := range all {
			group.Go(func() {
				if err := w.Engine.Run(ctx, archiver.RunOptions{Workers: 2, Once: true, Poll: 10 * time.Millisecond, Kinds: []string{archiver.JobCapture}}); err != nil {
					b.Error(err)
				}
			})
		}
		group.Wait()
		took := time.Since(began)
		if c, err := all[0].Reader.Coverage(b.Context()); err != nil || c.Posts != posts {
			b.Fatalf("%d posts of %d were captured, %v", c.Posts, posts, err)
		}
		return posts / took.Seconds()
	}
	var one, four float64
	for range b.N {
		one += capture(1)
		four += capture(4)
	}
	b.ReportMetric(one/float64(b.N), "captures/s-by-one")
	b.ReportMetric(four/float64(b.N), "captures/s-by-four")
	b.ReportMetric(four/one, "times")
}
