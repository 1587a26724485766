package wire

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
)

// BenchmarkLeafAndTree commits captures from many writers, in turns without and
// with the tree following, and measures the leaves
// by themselves: what of a commit's time is for evidence.
func BenchmarkLeafAndTree(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			w := newEvidenceWorld(b)
			log, err := w.a.Heads.Log()
			w.must(err)
			var plain, followed []time.Duration
			const pairs = 10
			for range pairs * max(b.N, 1) {
				plain = append(plain, w.commits(writers))
				began := time.Now()
				took := w.commits(writers)
				_, err := log.Tree().Follow(w.ctx)
				w.must(err)
				followed = append(followed, max(took, time.Since(began)))
			}
			// Leaves are part of every commit: their time is taken off it.
			leaf := w.leafTime()
			slices.Sort(plain)
			slices.Sort(followed)
			base := plain[len(plain)/2] - leaf
			b.ReportMetric(float64(leaf)/float64(base)*100, "%leaf")
			b.ReportMetric(float64(followed[len(followed)/2]-plain[len(plain)/2])/float64(base)*100, "%tree")
		})
	}
}

// perRun is how many captures one run commits.
const perRun = 256

// commits commits captures and returns how long that took.
func (w *evidenceWorld) commits(writers int) time.Duration {
	w.Helper()
	var group sync.WaitGroup
	errs := make(chan error, writers)
	began := time.Now()
	for n := range writers {
		group.Go(func() {
			for i := range perRun / writers {
				b := w.a.Archive.Begin()
				_, err := b.Add(w.ctx, w.exchange("https://cdn.example/tweet", "application/json", fmt.Sprintf(`{"n":%d,"i":%d,"at":%d}`, n, i, time.Now().UnixNano())))
				if err == nil {
					_, err = b.Add(w.ctx, &store.Look{Time: w.now, Ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(1e6 + n*perRun + i)}, Result: post.Live, Endpoint: "oembed"})
				}
				if err == nil {
					_, err = b.Commit(w.ctx)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		w.Fatal(err)
	}
	return time.Since(began)
}

// leafTime measures the leaves of the records of one run.
func (w *evidenceWorld) leafTime() time.Duration {
	w.Helper()
	head, err := w.a.Archive.Backend().Head(w.ctx)
	w.must(err)
	records, err := w.a.Archive.Backend().Read(w.ctx, head-2*perRun, 2*perRun)
	w.must(err)
	best := time.Hour
	for range 5 {
		began := time.Now()
		for i := range records {
			_ = records[i].Leaf()
		}
		best = min(best, time.Since(began))
	}
	return best
}
