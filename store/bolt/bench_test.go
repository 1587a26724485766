package bolt_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"stet/extract/post"
	"stet/store"
	"stet/store/bolt"
	"stet/store/codec"
)

// number returns a number from the environment, or its default.
func number(b *testing.B, name, def string) int {
	b.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), def))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// captures invents n captures, outside of what is measured.
func captures(n int) []captured {
	t := newTweets(1)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	all := make([]captured, n)
	for i := range all {
		all[i] = t.capture(now.Add(time.Duration(i) * 137 * time.Millisecond))
	}
	return all
}

// share calls do with the numbers from 0 to n-1 from several goroutines, and
// returns how many it did in a second.
func share(b *testing.B, n, goroutines int, do func(n int) error) float64 {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range goroutines {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds()
}

// commitAll builds and commits captures from several goroutines, and returns
// how many it did in a second.
func commitAll(b *testing.B, a *store.Archive, all []captured, writers int) float64 {
	b.Helper()
	return share(b, len(all), writers, func(n int) error {
		_, err := all[n].commit(b.Context(), a)
		return err
	})
}

// commitBuilt commits captures that were built before.
func commitBuilt(b *testing.B, a *store.Archive, all []captured, writers int) float64 {
	b.Helper()
	built := make([]*store.Builder, len(all))
	for i := range all {
		var err error
		if built[i], err = all[i].build(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
	return share(b, len(all), writers, func(n int) error {
		_, err := built[n].Commit(b.Context())
		return err
	})
}

// BenchmarkWriters compares 64 writers with one, on the disk as it is and where
// each sync takes a millisecond more (a commit makes two).
func BenchmarkWriters(b *testing.B) {
	const perWriter = 40
	all := captures(64 * perWriter)
	for _, disk := range []struct {
		name  string
		delay time.Duration
	}{{"bare", 0}, {"slow", 2 * time.Millisecond}} {
		b.Run(disk.name, func(b *testing.B) {
			var one, many float64
			for b.Loop() {
				one += rate(b, all[:8*perWriter], 1, disk.delay)
				many += rate(b, all, 64, disk.delay)
			}
			b.ReportMetric(one/float64(b.N), "one/s")
			b.ReportMetric(many/float64(b.N), "64/s")
			b.ReportMetric(many/one, "ratio")
		})
	}
}

// rate measures commits into a new archive.
func rate(b *testing.B, all []captured, writers int, delay time.Duration) float64 {
	b.Helper()
	s := mustOpen(b, b.TempDir(), bolt.Options{})
	defer mustClose(b, s)
	if delay > 0 {
		s.SetAfterCommit(func() error {
			time.Sleep(delay) // the disk
			return nil
		})
	}
	return commitAll(b, archive(s, time.Now), all, writers)
}

// builtRate measures commits of what was built before.
func builtRate(b *testing.B, all []captured, writers int) float64 {
	b.Helper()
	s := mustOpen(b, b.TempDir(), bolt.Options{})
	defer mustClose(b, s)
	return commitBuilt(b, archive(s, time.Now), all, writers)
}

// kept is a backend that keeps batches rather than commit them.
type kept struct {
	*bolt.Store
	batches []store.Batch
}

// Append keeps the batch.
func (k *kept) Append(_ context.Context, b store.Batch) (store.Receipt, error) {
	k.batches = append(k.batches, b)
	return store.Receipt{}, nil
}

// preparedRate measures commits of what was built, checked, compressed and
// hashed before: only what the committer does.
func preparedRate(b *testing.B, all []captured, writers int) float64 {
	b.Helper()
	s := mustOpen(b, b.TempDir(), bolt.Options{})
	defer mustClose(b, s)
	k := &kept{Store: s}
	a := store.NewArchive(store.Parts{Backend: k, Blobs: s, Now: time.Now, Random: &seeded{source: seedOf(1)}})
	commits := make([]func(context.Context) (store.Receipt, error), len(all))
	for i := range all {
		if _, err := all[i].commit(b.Context(), a); err != nil {
			b.Fatal(err)
		}
		commits[i] = s.Prepare(k.batches[i])
	}
	return share(b, len(all), writers, func(n int) error {
		_, err := commits[n](b.Context())
		return err
	})
}

// written is what the store wrote in one transaction.
type written struct {
	bucket     string
	key, value []byte
}

// BenchmarkAgainstBbolt writes the same keys and values as 1 to 256 writers, in
// transactions of the same size, from as many goroutines, into a bare bbolt
// file; what is written is noted in a run that is not measured. It compares
// that with commits of batches that are prepared (only the committer works),
// commits of captures that are built (their writers check, compress and hash
// them), and with building them too. What the writers do shows where there are
// few processors.
func BenchmarkAgainstBbolt(b *testing.B) {
	for _, writers := range []int{1, 8, 64, 256} {
		b.Run(strconv.Itoa(writers), func(b *testing.B) { againstBbolt(b, writers) })
	}
}

func againstBbolt(b *testing.B, writers int) {
	b.Helper()
	all := captures(max(writers*40, 320))
	txs := noted(b, all, writers)
	var ours, built, prepared, theirs float64
	for b.Loop() {
		prepared += preparedRate(b, all, writers)
		built += builtRate(b, all, writers)
		ours += rate(b, all, writers, 0)
		theirs += replay(b, txs, len(all), writers)
	}
	n := float64(b.N)
	b.ReportMetric(theirs/n, "bbolt/s")
	for name, rate := range map[string]float64{"prepared": prepared, "commit": built, "building": ours} {
		b.ReportMetric(rate/n, name+"/s")
		b.ReportMetric(100*rate/theirs, "%-"+name)
	}
	b.ReportMetric(float64(len(all))/float64(len(txs)), "captures/tx")
}

// noted returns what the store writes.
func noted(b *testing.B, all []captured, writers int) [][]written {
	b.Helper()
	s := mustOpen(b, b.TempDir(), bolt.Options{})
	defer mustClose(b, s)
	var txs [][]written
	last := 0
	s.SetOnPut(func(tx int, bucket string, key, value []byte) {
		if tx != last {
			txs, last = append(txs, nil), tx
		}
		n := len(txs) - 1
		txs[n] = append(txs[n], written{bucket, bytes.Clone(key), bytes.Clone(value)})
	})
	commitBuilt(b, archive(s, time.Now), all, writers)
	return txs
}

// replay writes transactions into a bare bbolt file, and returns how many of
// the captures in them it did in a second.
func replay(b *testing.B, txs [][]written, captures, goroutines int) float64 {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600,
		&bbolt.Options{PageSize: 4096, FreelistType: bbolt.FreelistArrayType, InitialMmapSize: 1 << 30, NoStatistics: true})
	if err != nil {
		b.Fatal(err)
	}
	rate := share(b, len(txs), goroutines, func(n int) error {
		return db.Update(func(tx *bbolt.Tx) error { return putAll(tx, txs[n]) })
	})
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	return rate * float64(captures) / float64(len(txs))
}

func putAll(tx *bbolt.Tx, all []written) error {
	open := map[string]*bbolt.Bucket{}
	for _, w := range all {
		bucket := open[w.bucket]
		if bucket == nil {
			var err error
			if bucket, err = tx.CreateBucketIfNotExists([]byte(w.bucket)); err != nil {
				return err
			}
			bucket.FillPercent = bolt.Fill(w.bucket)
			open[w.bucket] = bucket
		}
		if err := bucket.Put(w.key, w.value); err != nil {
			return err
		}
	}
	return nil
}

// loaded is an archive with many tweets, which several benchmarks use: it is
// made once, in STET_BENCH_DIR where that is set.
func loaded(b *testing.B) (dir string, n int, sample []post.Ref) {
	b.Helper()
	n = number(b, "STET_BENCH_TWEETS", "20000")
	dir = cmp.Or(os.Getenv("STET_BENCH_DIR"), filepath.Join(os.TempDir(), "stet-bench-"+strconv.Itoa(n)))
	t := newTweets(1)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	s := mustOpen(b, dir, bolt.Options{NoSync: true, Now: clock})
	defer mustClose(b, s)
	a := archive(s, clock)
	head, err := s.Head(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	done := int(head / 3)
	for i := range n {
		c := t.capture(now)
		now = now.Add(137 * time.Millisecond)
		if i%max(1, n/10_000) == 0 {
			sample = append(sample, c.ref)
		}
		if i < done {
			continue // it is there from an earlier run
		}
		if _, err := c.commit(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
	return dir, n, sample
}

// BenchmarkSize reports how many bytes a tweet takes on disk, in all and by
// bucket, captured one after the other.
func BenchmarkSize(b *testing.B) {
	dir, n, _ := loaded(b)
	for b.Loop() {
		s := mustOpen(b, dir, bolt.Options{ReadOnly: true})
		st, err := s.Stats(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(st.Bytes)/float64(n), "B/tweet")
		b.ReportMetric(float64(st.Free)/float64(n), "free-B/tweet")
		for part, bytes := range st.Parts {
			if bytes >= int64(n) {
				b.ReportMetric(float64(bytes)/float64(n), part+"-B/tweet")
			}
		}
		mustClose(b, s)
	}
}

// BenchmarkOpen opens and closes a large archive.
func BenchmarkOpen(b *testing.B) {
	dir, _, _ := loaded(b)
	for b.Loop() {
		mustClose(b, mustOpen(b, dir, bolt.Options{ReadOnly: true}))
	}
}

// BenchmarkLookUp finds a post by its reference and decodes all that is kept
// of it.
func BenchmarkLookUp(b *testing.B) {
	dir, _, sample := loaded(b)
	s := mustOpen(b, dir, bolt.Options{ReadOnly: true})
	defer mustClose(b, s)
	a := archive(s, time.Now)
	ctx := context.WithoutCancel(b.Context())
	for _, ref := range sample { // warm
		if _, err := a.History(ctx, ref); err != nil {
			b.Fatal(err)
		}
	}
	var times []time.Duration
	n := 0
	for b.Loop() {
		start := time.Now()
		h, err := a.History(ctx, sample[n%len(sample)])
		times = append(times, time.Since(start))
		if err != nil || len(h.Captures) != 1 || len(h.Derivations) != 1 {
			b.Fatalf("%v: %+v", err, h)
		}
		n += 7919
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "median-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkLookSize reports what a look costs where nothing has changed: alone,
// and with the exchange that it was made from, whose body is the same as
// before and not stored again.
func BenchmarkLookSize(b *testing.B) {
	const posts, rounds = 300, 20
	for _, with := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "with its exchange"}[with], func(b *testing.B) {
			for b.Loop() {
				s := mustOpen(b, b.TempDir(), bolt.Options{NoSync: true})
				a := archive(s, time.Now)
				all := captures(posts)
				for i := range all {
					if _, err := all[i].commit(b.Context(), a); err != nil {
						b.Fatal(err)
					}
				}
				before := used(b, s)
				for range rounds {
					for i := range all {
						if err := lookAgain(b.Context(), a, &all[i], with); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(used(b, s)-before)/(posts*rounds), "B/look")
				mustClose(b, s)
			}
		})
	}
}

// used is how many bytes the pages of an archive take that are not free.
func used(b *testing.B, s *bolt.Store) int64 {
	b.Helper()
	st, err := s.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return st.Bytes - st.Free
}

// lookAgain adds a look that says that nothing has changed.
func lookAgain(ctx context.Context, a *store.Archive, c *captured, withExchange bool) error {
	w := a.Begin()
	l := &store.Look{Time: time.Now(), Ref: c.ref, Result: post.Live, Explicit: true, Endpoint: "syndication", Reason: "shown", Trigger: "schedule"}
	if withExchange {
		e := *c.exchange
		e.Started, e.Purpose = l.Time, "look"
		id, err := w.Add(ctx, &e)
		if err != nil {
			return err
		}
		l.Exchange = id
	}
	if _, err := w.Add(ctx, l); err != nil {
		return err
	}
	_, err := w.Commit(ctx)
	return err
}

// BenchmarkBlobs stores blobs of several sizes inside the bbolt file and in
// files beside it, from one goroutine and from eight.
func BenchmarkBlobs(b *testing.B) {
	for _, size := range []int{4 << 10, 16 << 10, 32 << 10, 64 << 10, 256 << 10} {
		for place, inline := range map[string]int{"inside": 1 << 30, "file": -1} {
			for _, writers := range []int{1, 8} {
				b.Run(fmt.Sprintf("%dKB/%s/%d", size>>10, place, writers), func(b *testing.B) {
					s := mustOpen(b, b.TempDir(), bolt.Options{InlineBlobSize: inline})
					defer mustClose(b, s)
					a := archive(s, time.Now)
					var n atomic.Int64
					data := make([]byte, size)
					if _, err := seedOf(1).Read(data); err != nil {
						b.Fatal(err)
					}
					b.SetParallelism(max(1, writers/runtime.GOMAXPROCS(0)))
					b.SetBytes(int64(size))
					b.ResetTimer()
					put := func() {
						mine := bytes.Clone(data)
						binary.BigEndian.PutUint64(mine, uint64(n.Add(1)))
						if _, err := a.PutBlob(b.Context(), bytes.NewReader(mine), 0); err != nil {
							b.Error(err)
						}
					}
					if writers == 1 {
						for range b.N {
							put()
						}
					} else {
						b.RunParallel(func(pb *testing.PB) {
							for pb.Next() {
								put()
							}
						})
					}
					b.StopTimer()
					st, err := s.Stats(b.Context())
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(st.Bytes)/float64(b.N)/float64(size), "file-bytes/byte")
				})
			}
		}
	}
}

// BenchmarkBlocks encodes and decodes the records of captures.
func BenchmarkBlocks(b *testing.B) {
	s := mustOpen(b, b.TempDir(), bolt.Options{NoSync: true})
	defer mustClose(b, s)
	a := archive(s, time.Now)
	all := captures(300)
	var groups [][]store.Record
	for i := range all {
		r, err := all[i].commit(b.Context(), a)
		if err != nil {
			b.Fatal(err)
		}
		records, err := s.Read(b.Context(), r.First-1, 3)
		if err != nil {
			b.Fatal(err)
		}
		groups = append(groups, records)
	}
	c, err := codec.New()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { must(b, c.Close()) }()
	var sealed [][]byte
	size := 0
	for _, g := range groups {
		blocks, err := c.Encode(g)
		if err != nil {
			b.Fatal(err)
		}
		sealed = append(sealed, blocks[0].Seal(1))
		size += blocks[0].Size()
	}
	b.Run("encode", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			if _, err := c.Encode(groups[n%len(groups)]); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(size)/float64(len(groups)), "B/capture")
	})
	b.Run("decode", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			if _, err := c.Decode(sealed[n%len(sealed)], 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLease leases sixteen jobs where very many of one host are due, and a
// few of two hundred others.
func BenchmarkLease(b *testing.B) {
	s := mustOpen(b, b.TempDir(), bolt.Options{NoSync: true})
	defer mustClose(b, s)
	now := time.Now()
	ids := store.NewIDs(time.Now, &seeded{source: seedOf(5)})
	var batch store.Batch
	add := func(host string) {
		id, err := ids.New()
		if err != nil {
			b.Fatal(err)
		}
		batch.Enqueue = append(batch.Enqueue, store.Enqueue{Job: store.Job{ID: id, Kind: "look", Key: id.String(), Host: host, Priority: 5, RunAt: now}})
	}
	for range 100_000 {
		add("cdn.syndication.twimg.com")
	}
	for n := range 200 {
		add(fmt.Sprintf("site%d.example", n))
	}
	if _, err := s.Append(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		jobs, err := s.Lease(b.Context(), store.LeaseRequest{Owner: "w", Now: now, For: time.Hour, Limit: 16, SkipHosts: []string{"cdn.syndication.twimg.com"}})
		if err != nil || len(jobs) != 16 {
			b.Fatalf("leased %d, %v", len(jobs), err)
		}
		var finish store.Batch
		for _, j := range jobs {
			finish.Finish = append(finish.Finish, store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeRelease, RunAt: now})
		}
		if _, err := s.Append(b.Context(), finish); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheck proves a large archive.
func BenchmarkCheck(b *testing.B) {
	dir, n, _ := loaded(b)
	s := mustOpen(b, dir, bolt.Options{ReadOnly: true})
	defer mustClose(b, s)
	start := time.Now()
	runs := 0
	for b.Loop() {
		if found := problems(b, s); len(found) > 0 {
			b.Fatal(found)
		}
		runs++
	}
	b.ReportMetric(float64(n*runs)/time.Since(start).Seconds(), "tweets/s")
}
