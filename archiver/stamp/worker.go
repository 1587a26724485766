package stamp

import (
	"context"
	"fmt"
	"time"

	"stet/store"
	"stet/store/evidence"
)

// DefaultCheckpointEvery is how often a head is signed where something was
// added: what was added since the last one is what a theft of the signing key
// could make doubtful.
const DefaultCheckpointEvery = time.Hour

// Options configure a [Worker]. Archive and Log are needed.
type Options struct {
	Archive *store.Archive
	Log     *evidence.Log
	// CheckpointEvery is how often a head is signed; 0 is
	// [DefaultCheckpointEvery].
	CheckpointEvery time.Duration
	// Report is told of trouble; nil tells nobody.
	Report func(error)
}

// Worker signs heads by schedule.
type Worker struct{ o Options }

// NewWorker returns a worker. It starts nothing.
func NewWorker(o Options) *Worker {
	if o.CheckpointEvery <= 0 {
		o.CheckpointEvery = DefaultCheckpointEvery
	}
	if o.Report == nil {
		o.Report = func(error) {}
	}
	return &Worker{o: o}
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
