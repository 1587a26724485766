package stamp

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"stet/archiver/fetch"
	"stet/store"
	"stet/store/evidence"
)

// The defaults of [Options].
const (
	// DefaultCheckpointEvery is how often a head is signed where something was
	// added: what was added since the last one is what a theft of the signing
	// key could make doubtful.
	DefaultCheckpointEvery = time.Hour
	// DefaultStampEvery is how often heads are stamped from outside: what was
	// added in between has the time of the next stamp.
	DefaultStampEvery = 24 * time.Hour
	// DefaultRetry is how long it is until what failed is asked again, and
	// DefaultUpgradeEvery until a calendar is asked whether its proof is
	// complete: they take some hours.
	DefaultRetry        = 15 * time.Minute
	DefaultUpgradeEvery = time.Hour
	// giveUp is when a promise of a calendar is counted as broken.
	giveUp = 30 * 24 * time.Hour
)

// Client makes the requests: *[fetch.Client].
type Client interface {
	// Do: see [fetch.Client.Do].
	Do(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

// Options configure a [Worker]. Archive and Log are needed; Client where there
// are authorities or calendars, and Random.
type Options struct {
	Archive *store.Archive
	Log     *evidence.Log
	// CheckpointEvery is how often a head is signed; 0 is
	// [DefaultCheckpointEvery].
	CheckpointEvery time.Duration
	// Authorities are the addresses of authorities of RFC 3161, Calendars those
	// of calendars of OpenTimestamps.
	Authorities []string
	Calendars   []string
	// Roots are the certificates to which those of the authorities must lead;
	// nil leaves that to who verifies.
	Roots *x509.CertPool
	// StampEvery is how often each of them is asked; 0 is [DefaultStampEvery].
	StampEvery time.Duration
	Client     Client
	Random     io.Reader
	// Report is told of trouble; nil tells nobody.
	Report func(error)
}

// Worker signs heads by schedule and has them stamped. It is safe for
// concurrent use.
type Worker struct {
	o Options

	mu sync.Mutex
	// tried is when each was asked last, while that failed.
	tried map[string]time.Time
}

// NewWorker returns a worker. It starts nothing.
func NewWorker(o Options) *Worker {
	if o.CheckpointEvery <= 0 {
		o.CheckpointEvery = DefaultCheckpointEvery
	}
	if o.StampEvery <= 0 {
		o.StampEvery = DefaultStampEvery
	}
	if o.Report == nil {
		o.Report = func(error) {}
	}
	return &Worker{o: o, tried: map[string]time.Time{}}
}

// Begin makes the signing key where there is none yet.
func (w *Worker) Begin(ctx context.Context) error {
	if _, err := w.o.Log.Key(ctx); err != nil {
		return fmt.Errorf("the key that signs heads of the evidence tree: %w", err)
	}
	return nil
}

// Run works until ctx ends. Trouble is reported and tried again: an archive
// whose heads cannot be signed goes on capturing.
func (w *Worker) Run(ctx context.Context) error {
	for {
		wait, err := w.Once(ctx)
		if err != nil && ctx.Err() == nil {
			w.o.Report(err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// Once does what is due, and returns how long it is until something is due
// again.
func (w *Worker) Once(ctx context.Context) (time.Duration, error) {
	wait, err := w.sign(ctx)
	if err != nil {
		return wait, err
	}
	next, err := w.stampDue(ctx, "schedule", false)
	return max(time.Second, min(wait, next)), err
}

// Now signs the head and has everybody stamp it who is configured, whether that
// is due or not. It errors where one of them failed; the others' stamps are
// kept. It errors with ErrUsage where nobody is configured.
func (w *Worker) Now(ctx context.Context) error {
	if len(w.o.Authorities)+len(w.o.Calendars) == 0 {
		return fmt.Errorf("%w: nobody is set who stamps: evidence.authorities, evidence.calendars", store.ErrUsage)
	}
	if _, err := w.o.Log.Checkpoint(ctx, "person"); err != nil {
		return err
	}
	_, err := w.stampDue(ctx, "person", true)
	return err
}

// sign signs a head where that is due.
func (w *Worker) sign(ctx context.Context) (time.Duration, error) {
	last, err := w.lastCheckpoint(ctx)
	if err != nil {
		return w.o.CheckpointEvery, err
	}
	if wait := last.Add(w.o.CheckpointEvery).Sub(w.o.Archive.Now()); wait > 0 && wait <= w.o.CheckpointEvery {
		return wait, nil
	}
	_, err = w.o.Log.Checkpoint(ctx, "schedule")
	return w.o.CheckpointEvery, err
}

// lastCheckpoint returns when a head was signed last; where there is none, when
// the archive's first record was made.
func (w *Worker) lastCheckpoint(ctx context.Context) (time.Time, error) {
	p, err := w.o.Archive.List(ctx, store.Query{Term: store.StampTerm(store.StampCheckpoint), Newest: true, Limit: 1})
	if err != nil {
		return time.Time{}, err
	}
	if len(p.Records) > 0 {
		return p.Records[0].Time, nil
	}
	records, err := w.o.Archive.Backend().Read(ctx, 0, 1)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the journal: %w", err)
	}
	if len(records) == 0 {
		return w.o.Archive.Now(), nil
	}
	return records[0].Time, nil
}

// stampDue asks those whose turn it is, and completes what is pending. It
// returns how long it is until something is due again.
func (w *Worker) stampDue(ctx context.Context, trigger string, all bool) (time.Duration, error) {
	if len(w.o.Authorities)+len(w.o.Calendars) == 0 {
		return w.o.StampEvery, nil
	}
	states, err := States(ctx, w.o.Archive, w.o.Authorities, w.o.Calendars)
	if err != nil {
		return DefaultRetry, err
	}
	var head *evidence.Signed
	wait := w.o.StampEvery
	var errs []error
	for i := range states {
		s := &states[i]
		if ctx.Err() != nil {
			return wait, ctx.Err()
		}
		due := w.dueIn(s)
		if due > 0 && !all {
			wait = min(wait, due)
		} else {
			if head == nil {
				if head, err = w.newest(ctx); err != nil || head == nil {
					return DefaultRetry, err
				}
			}
			if head.Record != s.of || s.State == store.StampFailed {
				errs = append(errs, w.ask(ctx, s, head, trigger))
				wait = min(wait, DefaultRetry)
			}
		}
		for _, p := range s.pending {
			next, err := w.upgrade(ctx, s, p, all)
			errs = append(errs, err)
			wait = min(wait, next)
		}
	}
	return wait, errors.Join(errs...)
}

// newest returns the newest signed head, nil where there is none.
func (w *Worker) newest(ctx context.Context) (*evidence.Signed, error) {
	return w.o.Log.Last(ctx)
}

// dueIn says how long it is until somebody is asked again.
func (w *Worker) dueIn(s *State) time.Duration {
	now := w.o.Archive.Now()
	w.mu.Lock()
	tried, failing := w.tried[s.By]
	w.mu.Unlock()
	if failing {
		return tried.Add(DefaultRetry).Sub(now)
	}
	if s.asked.IsZero() || s.State == store.StampFailed {
		return 0
	}
	// A clock that went back keeps nobody waiting for longer than once.
	return min(s.asked.Add(w.o.StampEvery).Sub(now), w.o.StampEvery)
}

// failed notes that somebody failed, and reports whether that is to be kept: the
// first time, and not every quarter of an hour.
func (w *Worker) failed(by string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tried[by] = w.o.Archive.Now()
}

func (w *Worker) succeeded(by string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.tried, by)
}
