package postgres_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"stet/store"
	"stet/store/postgres"
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
