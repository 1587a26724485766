//go:build linux

package archiver_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/bolt"
)

// kept is how many posts the benchmarks keep: STET_BENCH_POSTS.
func kept(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("STET_BENCH_POSTS"), "50000"))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// keepPosts makes an archive with n invented posts, each with a capture and a
// look in the queue; the looks of the first due of them are due.
func keepPosts(b *testing.B, n, due int) *store.Archive {
	b.Helper()
	dir := b.TempDir()
	disk, err := bolt.Open(b.Context(), dir, bolt.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = disk.Close() })
	a := store.NewArchive(store.Parts{Backend: disk, Blobs: disk, Now: time.Now, Random: rand.Reader})
	const batch = 300
	for i := 0; i < n; i += batch {
		w := a.Begin()
		for j := i; j < min(i+batch, n); j++ {
			if err := keepPost(b.Context(), w, j, j < due); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := w.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	return a
}

func keepPost(ctx context.Context, w *store.Builder, n int, due bool) error {
	r := post.Ref{Platform: post.Twitter, ID: strconv.Itoa(1_900_000_000_000_000_000 + n)}
	now := time.Now().Add(-time.Hour)
	id, err := w.Add(ctx, &store.Capture{Time: now, Kind: store.CapturePost, Ref: r, Source: post.SourcePublic, Trigger: "schedule"})
	if err != nil {
		return err
	}
	_, err = w.Add(ctx, &store.Derivation{Time: now, Capture: id, Parser: "bench/1", Source: post.SourcePublic, Ref: r,
		Post: post.Post{Platform: r.Platform, ID: r.ID, Text: fmt.Sprintf("The %d-th boat passes the gate", n)}})
	if err != nil {
		return err
	}
	at := time.Now().Add(time.Duration(n%2000+24) * time.Hour)
	if due {
		at = now
	}
	return w.Enqueue(store.Enqueue{Job: store.Job{Kind: archiver.JobLook, Key: r.String(), Payload: []byte(`{"target":"` + r.String() + `"}`),
		Priority: store.PriorityLook, RunAt: at}})
}

// BenchmarkPass leases the 1,000 looks that are due among few posts and among
// many, in turns, and reports the medians of the time, and the ratio of the
// medians of the processor time, which what else the machine does disturbs
// less.
func BenchmarkPass(b *testing.B) {
	few, many := keepPosts(b, 10_000, passDue), keepPosts(b, kept(b), passDue)
	runtime.GC() // what making the posts took is no part of it
	var took, spent [2][]time.Duration
	for b.Loop() {
		for range 150 { // the first find nothing in the processor's caches
			for i, a := range []*store.Archive{few, many} {
				wall, cpu := pass(b, a)
				took[i] = append(took[i], wall)
				spent[i] = append(spent[i], cpu)
			}
		}
	}
	for i, n := range []int{10_000, kept(b)} {
		b.ReportMetric(float64(median(took[i]).Microseconds())/1000, fmt.Sprintf("ms-among-%d", n))
	}
	b.ReportMetric(float64(median(spent[1]))/float64(median(spent[0])), "cpu-ratio")
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// passDue is how many looks are due.
const passDue = 1000

// pass leases all looks that are due, and returns how long that took and how
// much of the processor; then they are put back, as due as before.
func pass(b *testing.B, a *store.Archive) (wall, cpu time.Duration) {
	b.Helper()
	var back store.Batch
	start, before := time.Now(), cpuTime(b)
	for {
		jobs, err := a.Backend().Lease(b.Context(), store.LeaseRequest{Owner: "bench", Now: time.Now(), For: time.Minute, Limit: 64})
		if err != nil {
			b.Fatal(err)
		}
		if len(jobs) == 0 {
			break
		}
		for i := range jobs {
			back.Finish = append(back.Finish, store.Finish{Job: jobs[i].ID, Token: jobs[i].Lease.Token, Outcome: store.OutcomeRetry, RunAt: jobs[i].RunAt})
		}
	}
	wall, cpu = time.Since(start), cpuTime(b)-before
	if len(back.Finish) != passDue {
		b.Fatalf("%d of %d were found", len(back.Finish), passDue)
	}
	if _, err := a.Backend().Append(b.Context(), back); err != nil {
		b.Fatal(err)
	}
	return wall, cpu
}

// BenchmarkIdle lets the engine wait for work that is not due yet, for ten
// seconds, and reports the share of one processor and the anonymous memory.
func BenchmarkIdle(b *testing.B) {
	a := keepPosts(b, kept(b), 0)
	e := archiver.New(archiver.Options{Archive: a, Finder: extract.NewFinder(sites.All())})
	debug.FreeOSMemory() // what making the posts took is no part of it
	for b.Loop() {
		ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
		before := cpuTime(b)
		if err := e.Run(ctx, archiver.RunOptions{}); err != nil {
			b.Fatal(err)
		}
		cancel()
		b.ReportMetric(float64(cpuTime(b)-before)/float64(10*time.Second)*100, "%-of-a-core")
	}
	b.ReportMetric(anonymous(b), "anon-MB")
}

// anonymous is the anonymous memory of the process in MB.
func anonymous(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kb) / 1024
}
