package web

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"stet/store"
)

// metrics reads the archive when it is asked.
type metrics struct {
	o Options

	mu       sync.Mutex
	followed uint64 // the journal number up to which looks and verdicts count
	started  bool
	looks    map[[3]string]float64
	verdicts map[[2]string]float64
	// stats were measured at statsAt.
	stats   store.Stats
	statsAt time.Time
}

// statsAge is how old the sizes of the store may be: measuring them walks the
// whole of it.
const statsAge = 15 * time.Minute

func newMetrics(o Options) *metrics {
	return &metrics{o: o, looks: map[[3]string]float64{}, verdicts: map[[2]string]float64{}}
}

// Describe sends nothing: which metrics there are depends on the archive.
func (m *metrics) Describe(chan<- *prometheus.Desc) {}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("stet_"+name, help, labels, nil)
}

// Collect measures.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, part := range []func(context.Context, chan<- prometheus.Metric) error{m.jobs, m.store, m.disk, m.files, m.words, m.journal} {
		if err := part(ctx, ch); err != nil {
			ch <- prometheus.NewInvalidMetric(desc("error", "What could not be measured."), err)
		}
	}
}

func gauge(ch chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func counter(ch chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (m *metrics) jobs(ctx context.Context, ch chan<- prometheus.Metric) error {
	now := m.o.Archive.Now()
	c, err := m.o.Archive.Backend().CountJobs(ctx, now)
	if err != nil {
		return err
	}
	for kind, states := range c.ByKind {
		for state, n := range states {
			gauge(ch, desc("jobs", "Jobs in the queue.", "kind", "state"), float64(n), kind, string(state))
		}
	}
	gauge(ch, desc("jobs_due", "Waiting jobs that could run now."), float64(c.Due))
	if !c.NextAt.IsZero() {
		gauge(ch, desc("jobs_late_seconds", "How long the next waiting job has been due; negative while none is."), now.Sub(c.NextAt).Seconds())
	}
	return nil
}

func (m *metrics) store(ctx context.Context, ch chan<- prometheus.Metric) error {
	if m.o.Statter == nil {
		return nil
	}
	s, err := m.measured(ctx)
	if err != nil {
		return err
	}
	for kind, n := range s.Kinds {
		gauge(ch, desc("records", "Records kept.", "kind"), float64(n), string(kind))
	}
	gauge(ch, desc("store_bytes", "Size of the records on disk."), float64(s.Bytes))
	gauge(ch, desc("store_free_bytes", "What of it is unused."), float64(s.Free))
	gauge(ch, desc("blobs", "Files kept."), float64(s.Blobs))
	gauge(ch, desc("blob_bytes", "Size of the files kept."), float64(s.BlobBytes))
	return nil
}

// measured returns the sizes of the store, measured not long ago.
func (m *metrics) measured(ctx context.Context) (store.Stats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.o.Archive.Now()
	if age := now.Sub(m.statsAt); !m.statsAt.IsZero() && age >= 0 && age < statsAge {
		return m.stats, nil
	}
	s, err := m.o.Statter.Stats(ctx)
	if err != nil {
		return store.Stats{}, err
	}
	m.stats, m.statsAt = s, now
	return s, nil
}

func (m *metrics) disk(_ context.Context, ch chan<- prometheus.Metric) error {
	if m.o.Disk == nil {
		return nil
	}
	free, err := m.o.Disk()
	if err != nil {
		return err
	}
	gauge(ch, desc("disk_free_bytes", "Free space of the disk that the archive is on."), float64(free))
	return nil
}

// files tells whether the place for large files can be reached.
func (m *metrics) files(ctx context.Context, ch chan<- prometheus.Metric) error {
	if m.o.Files == nil {
		return nil
	}
	up := 1.0
	if m.o.Files(ctx) != nil {
		up = 0
	}
	gauge(ch, desc("files_up", "1 where the place for large files can be reached, 0 where not."), up)
	return nil
}

// words measures how far a copy of the index of words is behind.
func (m *metrics) words(ctx context.Context, ch chan<- prometheus.Metric) error {
	if m.o.Words == nil {
		return nil
	}
	reached, head, err := m.o.Words(ctx)
	if err != nil {
		return err
	}
	gauge(ch, desc("words_behind", "Records that this machine's index of words has not read yet."), float64(head-min(head, reached)))
	return nil
}

// journal counts looks and verdicts since the process began, by following the
// journal.
func (m *metrics) journal(ctx context.Context, ch chan<- prometheus.Metric) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.follow(ctx); err != nil {
		return err
	}
	for k, n := range m.looks {
		counter(ch, desc("looks_total", "Looks since the start, by result.", "platform", "endpoint", "result"), n, k[0], k[1], k[2])
	}
	for k, n := range m.verdicts {
		counter(ch, desc("verdicts_total", "Changes of verdicts since the start.", "platform", "event"), n, k[0], k[1])
	}
	counter(ch, desc("journal", "The highest number of the journal."), float64(m.followed))
	return nil
}

func (m *metrics) follow(ctx context.Context) error {
	if !m.started {
		head, err := m.o.Archive.Backend().Head(ctx)
		if err != nil {
			return err
		}
		m.followed, m.started = head, true
	}
	for {
		records, err := m.o.Archive.Backend().Read(ctx, m.followed, 1000)
		if err != nil || len(records) == 0 {
			return err
		}
		for i := range records {
			r := &records[i]
			switch r.Kind {
			case store.KindLook:
				l, err := store.Decode[store.Look](r)
				if err != nil {
					return err
				}
				m.looks[[3]string{string(l.Ref.Platform), l.Endpoint, string(l.Result)}]++
			case store.KindVerdict:
				v, err := store.Decode[store.Verdict](r)
				if err != nil {
					return err
				}
				m.verdicts[[2]string{string(v.Ref.Platform), v.Event}]++
			}
			m.followed = r.Seq
		}
	}
}
