package postgres_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/postgres"
	"stet/store/storetest"
)

// BenchmarkAppend adds batches of four records from several goroutines to a
// server that does not sync: what remains is what the counter's row costs.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 32} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			s := open(b, postgres.Options{Schema: newSchema(), MaxConns: int32(writers)})
			m := newMaker(b, byte(writers))
			var n atomic.Int64
			b.SetParallelism(writers) // times the number of processors
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := int(n.Add(1))
					batch := store.Batch{Records: []store.Record{m.look(i), m.look(i + 1), m.look(i + 2), m.look(i + 3)}}
					if _, err := s.Append(b.Context(), batch); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "batches/s")
		})
	}
}

// BenchmarkAgainstPlain adds captures from 64 writers and compares with the same
// rows inserted by one connection, 64 captures in each transaction.
func BenchmarkAgainstPlain(b *testing.B) {
	const writers, captures = 64, 6400
	batches := make([]store.Batch, captures)
	m := newMaker(b, 200)
	for i := range batches {
		batches[i] = store.Batch{Records: []store.Record{m.look(i), m.look(i), m.look(i), m.look(i)},
			Enqueue: []store.Enqueue{{Job: store.Job{ID: m.id(), Kind: "look", Key: fmt.Sprint("twitter:", i), Created: time.Now(), RunAt: time.Now().Add(time.Hour)}}}}
	}
	for range b.N {
		s := open(b, postgres.Options{Schema: newSchema(), MinConns: 16})
		began := time.Now()
		var group sync.WaitGroup
		var next atomic.Int64
		for range writers {
			group.Go(func() {
				for i := next.Add(1) - 1; i < captures; i = next.Add(1) - 1 {
					if _, err := s.Append(b.Context(), batches[i]); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		ours := time.Since(began)
		plain := open(b, postgres.Options{Schema: newSchema()})
		began = time.Now()
		first := uint64(1)
		for i := 0; i < captures; i += writers {
			if err := plain.InsertPlain(b.Context(), batches[i:i+writers], first); err != nil {
				b.Fatal(err)
			}
			first += 4 * writers
		}
		bare := time.Since(began)
		b.ReportMetric(captures/ours.Seconds(), "captures/s")
		b.ReportMetric(captures/bare.Seconds(), "plain/s")
		b.ReportMetric(100*bare.Seconds()/ours.Seconds(), "%-of-plain")
	}
}

// BenchmarkLookUp finds a post and decodes all that is kept of it, among many,
// and leases the looks that are due among them.
func BenchmarkLookUp(b *testing.B) {
	posts, err := strconv.Atoi(cmp.Or(os.Getenv("STET_BENCH_POSTS"), "20000"))
	if err != nil {
		b.Fatal(err)
	}
	s := open(b, postgres.Options{Schema: newSchema(), MinConns: 8})
	began := time.Now()
	watch(b, s, posts)
	b.Logf("%d posts were added in %v", posts, time.Since(began).Round(time.Second))
	exec1(b, admin(b, "public"), "ANALYZE")
	b.ResetTimer()
	var times []time.Duration
	for i := range b.N {
		began := time.Now()
		ref := post.Ref{Platform: post.Twitter, ID: fmt.Sprint(i * 7919 % posts)}
		if page, err := s.List(b.Context(), store.Query{Term: store.RefTerm(ref)}); err != nil || len(page.Records) != 2 {
			b.Fatalf("%d records, %v", len(page.Records), err)
		}
		times = append(times, time.Since(began))
	}
	b.StopTimer()
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "median-us")
	began = time.Now()
	jobs, err := s.Lease(b.Context(), store.LeaseRequest{Owner: "bench", For: time.Minute, Limit: 1000})
	if err != nil || len(jobs) != 1000 {
		b.Logf("%d jobs, %v", len(jobs), err) // a later round finds them leased
	}
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "lease-1000-ms")
}

// watch adds two looks at each of so many posts, and the job of the next one,
// which is due for the first thousand.
func watch(b *testing.B, s *postgres.Store, posts int) {
	const each = 1000
	var group sync.WaitGroup
	var next atomic.Int64
	for w := range 4 {
		m := newMaker(b, byte(201+w))
		group.Go(func() {
			for i := int(next.Add(each)) - each; i < posts; i = int(next.Add(each)) - each {
				var batch store.Batch
				for j := i; j < min(i+each, posts); j++ {
					at := time.Now().Add(time.Hour)
					if j < 1000 {
						at = time.Now().Add(-time.Hour)
					}
					batch.Records = append(batch.Records, m.look(j), m.look(j))
					batch.Enqueue = append(batch.Enqueue, store.Enqueue{Job: store.Job{ID: m.id(), Kind: "look", Key: fmt.Sprint("twitter:", j), Created: time.Now(), RunAt: at}})
				}
				if _, err := s.Append(b.Context(), batch); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// BenchmarkLease leases the 1,000 looks that are due among STET_BENCH_JOBS
// (default 100,000) jobs, whose rows are put there without being added one by
// one. Each time other ones are due, which lie apart, and are found before they
// are leased.
func BenchmarkLease(b *testing.B) {
	const due, rounds = 1000, 50
	s, clock, jobs := waiting(b, `now_us() + CASE WHEN n % $2 < 50 THEN 3600000000 * (n % $2 + 1) ELSE 36000000000000 END`, due)
	b.ResetTimer()
	var finding, times []time.Duration
	for i := range min(b.N, rounds) {
		clock.Advance(time.Hour)
		began := time.Now()
		if found, err := s.FindDue(b.Context(), due); err != nil || found != due {
			b.Fatalf("round %d: %d found, %v", i, found, err)
		}
		finding = append(finding, time.Since(began))
		began = time.Now()
		leased, err := s.Lease(b.Context(), store.LeaseRequest{Owner: "bench", For: 10000 * time.Hour, Limit: due})
		if err != nil || len(leased) != due {
			b.Fatalf("round %d: %d jobs, %v", i, len(leased), err)
		}
		times = append(times, time.Since(began))
	}
	b.Logf("%d jobs", jobs)
	median(b, times)
	slices.Sort(finding)
	b.ReportMetric(float64(finding[len(finding)/2].Microseconds())/1000, "finding-ms")
}

// BenchmarkLeaseAfterADay leases eight jobs at a time where a tenth of
// STET_BENCH_JOBS (default 100,000) jobs, of 200 hosts, are due: what was to be
// done while the database was away.
func BenchmarkLeaseAfterADay(b *testing.B) {
	s, clock, jobs := waiting(b, `now_us() + n * 86400000000 / $1 * 10 + 0 * $2`, 1)
	b.ResetTimer()
	clock.Advance(24 * time.Hour)
	var times []time.Duration
	for i := range b.N {
		began := time.Now()
		leased, err := s.Lease(b.Context(), store.LeaseRequest{Owner: "bench", For: 10000 * time.Hour, Limit: 8})
		if err != nil || len(leased) != 8 {
			b.Fatalf("round %d: %d jobs, %v", i, len(leased), err)
		}
		times = append(times, time.Since(began))
	}
	b.Logf("%d jobs", jobs)
	median(b, times)
}

// waiting returns an archive with STET_BENCH_JOBS jobs of 200 hosts, which run
// at the times that an expression over their number n names, of which $1 is the
// highest and $2 how often a part of them comes, and its clock.
func waiting(b *testing.B, runAt string, part int) (*postgres.Store, *storetest.Clock, int) {
	b.Helper()
	jobs, err := strconv.Atoi(cmp.Or(os.Getenv("STET_BENCH_JOBS"), "100000"))
	if err != nil {
		b.Fatal(err)
	}
	schema := newSchema()
	s := open(b, postgres.Options{Schema: schema})
	clock := storetest.NewClock(time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC))
	setClock(b, schema, clock)
	operator := admin(b, schema)
	exec1(b, operator, `INSERT INTO jobs (id, kind, key, host, payload, priority, created, run_at, state, attempts, owner, token, error, error_class)
		SELECT decode(lpad(to_hex(n * 7919), 12, '0') || '70008' || substr(md5(n::text), 1, 15), 'hex'), 'look', convert_to('twitter:' || n, 'UTF8'),
			convert_to('host' || n % 200 || '.example', 'UTF8'), NULL, 10, now_us(), `+runAt+`, 1, 0, '', 0, '', ''
		FROM generate_series(1::bigint, $1::bigint) AS n`, jobs, jobs/part)
	exec1(b, operator, `VACUUM ANALYZE jobs`)
	return s, clock, jobs
}

func median(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "median-ms")
	b.ReportMetric(float64(times[0].Microseconds())/1000, "least-ms")
}
