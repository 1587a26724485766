//go:build unix

package archiver_test

import (
	"crypto/rand"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/twitter"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/bolt"
)

// benchWorld is an engine over a real archive on disk and a fake internet in
// real time.
func benchWorld(b *testing.B, latency time.Duration, workers int) (*fakenet.X, *archiver.Engine) {
	b.Helper()
	net := fakenet.New(fakenet.Options{Now: time.Now, Latency: latency})
	b.Cleanup(func() { _ = net.Close() })
	x := net.X()
	disk, err := bolt.Open(b.Context(), b.TempDir(), bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = disk.Close() })
	archive := store.NewArchive(store.Parts{Backend: disk, Blobs: disk, Now: time.Now, Random: rand.Reader})
	o := net.FetchOptions()
	o.PerHostConcurrency = workers
	client, err := fetch.New(o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Close() })
	return x, archiver.New(archiver.Options{Archive: archive, Client: client, Finder: extract.NewFinder(sites.All()),
		Platforms: []archiver.Platform{twitter.New(client, twitter.Options{})}, Workers: workers})
}

// BenchmarkCaptureVideo captures a post with a video of 200 MB, and reports the
// peak of the heap over what was in use before. The fake internet that makes
// up the video runs in the same process and is counted too.
func BenchmarkCaptureVideo(b *testing.B) {
	const size = 200 << 20
	x, engine := benchWorld(b, 0, 4)
	n := 0
	for b.Loop() {
		n++
		id := fakenet.PostID(time.Now().Add(-time.Hour), n)
		x.Add(fakenet.Post{ID: id, Author: fakenet.Person{Name: "Ada Quay", Handle: "adaquay"}, Text: "The whole evening",
			Media: []fakenet.Media{{Kind: "video", Size: size}}})
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		stop := make(chan struct{})
		peak := watchHeap(stop)
		res, err := engine.CapturePosts(b.Context(), []post.Ref{{Platform: post.Twitter, ID: id}}, []string{""}, archiver.CaptureOptions{})
		close(stop)
		top := <-peak
		if err != nil || res[0].Err != nil || res[0].Media[0].Bytes != size {
			b.Fatal(err, res)
		}
		b.ReportMetric(float64(top-min(top, before.HeapInuse))/(1<<20), "peak-MB")
	}
	b.SetBytes(size)
}

// watchHeap measures the heap until stop is closed, and then sends the peak.
func watchHeap(stop chan struct{}) <-chan uint64 {
	out := make(chan uint64, 1)
	go func() {
		var top uint64
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				out <- top
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				top = max(top, m.HeapInuse)
			}
		}
	}()
	return out
}

// BenchmarkCapturePosts captures posts without files: 64 at a time, with 50 ms
// of simulated network. It reports exchanges a second against what the latency
// alone would allow, and the processor time of a post, the fake internet's
// included.
func BenchmarkCapturePosts(b *testing.B) {
	const workers, latency = 64, 50 * time.Millisecond
	x, engine := benchWorld(b, latency, workers)
	const batch = 1024
	posts := 0
	var spent time.Duration
	for b.Loop() {
		refs := make([]post.Ref, batch)
		urls := make([]string, batch)
		for i := range refs {
			posts++
			id := fakenet.PostID(time.Now().Add(-time.Duration(posts)*time.Second), posts&0xfff)
			x.Add(fakenet.Post{ID: id, Author: fakenet.Person{Name: fmt.Sprint("Person ", posts%500), Handle: fmt.Sprint("person", posts%500)},
				Text: fmt.Sprintf("The %d-th boat of %d passes the gate on its way to the sea", posts, batch)})
			refs[i] = post.Ref{Platform: post.Twitter, ID: id}
		}
		before := cpuTime(b)
		var group sync.WaitGroup
		group.Go(func() {
			res, err := engine.CapturePosts(b.Context(), refs, urls, archiver.CaptureOptions{})
			if err != nil {
				b.Error(err)
			}
			for i := range res {
				if res[i].Err != nil {
					b.Error(res[i].Err)
				}
			}
		})
		group.Wait()
		spent += cpuTime(b) - before
	}
	// Each first capture makes two exchanges: the keyless endpoint and oEmbed.
	rate := float64(2*posts) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "exchanges/s")
	b.ReportMetric(100*rate/(workers/latency.Seconds()), "%-of-latency-bound")
	b.ReportMetric(float64(spent.Microseconds())/1000/float64(posts), "cpu-ms/post")
}

// cpuTime is the processor time of the process so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
