package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"stet/archiver"
	"stet/store"
)

const (
	// readRecords is how many records of the journal are read at a time, and
	// keptChunks how many times as many are remembered: targets are mostly at
	// the same place.
	readRecords = 256
	keptChunks  = 8
)

// reader reads the journal and what it tells, once for all targets.
type reader struct {
	journal store.Journal
	events  func(context.Context, *store.Record) ([]archiver.Event, error)
	several bool

	mu    sync.Mutex
	kept  map[uint64]*chunk // by the number that they follow
	order []uint64          // the oldest first
}

// chunk is what the records after a number tell, up to another. It is shared
// and not changed.
type chunk struct {
	upTo uint64
	said []said // of those records that tell something
}

// said is what one record tells, or why it cannot be known.
type said struct {
	seq    uint64
	id     string
	events []archiver.Event
	err    error
}

func newReader(j store.Journal, events func(context.Context, *store.Record) ([]archiver.Event, error), several bool) *reader {
	return &reader{journal: j, events: events, several: several, kept: map[uint64]*chunk{}}
}

// after returns what the records after a number tell: some of them, none where
// there are none. Records that are damaged are part of it, with the reason.
func (r *reader) after(ctx context.Context, after uint64) (*chunk, error) {
	// One target reads at a time: the others ask for the same.
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.kept[after]; c != nil {
		return c, nil
	}
	c, err := r.read(ctx, after)
	if err != nil || c.upTo == after || !r.several {
		return c, err
	}
	r.kept[after] = c
	if r.order = append(r.order, after); len(r.order) > keptChunks {
		delete(r.kept, r.order[0])
		r.order = r.order[1:]
	}
	return c, nil
}

func (r *reader) read(ctx context.Context, after uint64) (*chunk, error) {
	records, err := r.journal.Read(ctx, after, readRecords)
	if unreadable(err) {
		// One of them is damaged; the ones before it are not.
		records, err = r.journal.Read(ctx, after, 1)
	}
	c := &chunk{upTo: after}
	switch {
	case unreadable(err):
		head, herr := r.journal.Head(ctx)
		if herr != nil || head <= after {
			return c, herr
		}
		c.upTo++
		c.said = []said{{seq: c.upTo, err: fmt.Errorf("record %d of the journal: %w", c.upTo, err)}}
		return c, nil
	case err != nil:
		return nil, fmt.Errorf("reading the journal after %d: %w", after, err)
	}
	for i := range records {
		rec := &records[i]
		events, err := r.events(ctx, rec)
		if err != nil {
			err = fmt.Errorf("what record %d of the journal tells: %w", rec.Seq, err)
		}
		switch {
		case unreadable(err):
			c.said = append(c.said, said{seq: rec.Seq, id: rec.ID.String(), err: err})
		case err != nil && c.upTo > after:
			return c, nil // what came before it; the next call meets it again
		case err != nil:
			return nil, err
		case len(events) > 0:
			c.said = append(c.said, said{seq: rec.Seq, id: rec.ID.String(), events: events})
		}
		c.upTo = rec.Seq
	}
	return c, nil
}

// unreadable reports whether an error is about a record that no later try can
// read either.
func unreadable(err error) bool {
	return errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrVersion) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrInvalid)
}
