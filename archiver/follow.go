package archiver

import (
	"context"
	"fmt"
	"time"

	"stet/store"
)

// Follower reads the journal from where it was switched on, and lets work follow
// from what is new. Archive, Name and Queue are needed.
type Follower struct {
	Archive *store.Archive
	// Name is that of its cursor.
	Name string
	// Poll is how often the journal is looked at; 0 is [DefaultFollowPoll].
	Poll time.Duration
	// Queue makes durable work of records. A kill after it lets it be called
	// with the same again, which must change nothing.
	Queue func(ctx context.Context, records []store.Record) error
}

const (
	// DefaultFollowPoll is how soon work follows from what is new.
	DefaultFollowPoll = 2 * time.Second
	followAtOnce      = 500
)

// begun is the mark that a follower has begun where the archive was empty.
func (f *Follower) begun() string { return f.Name + "-begun" }

// Begin gives a follower that is new its place at the end of the journal: what
// was there before is left alone.
func (f *Follower) Begin(ctx context.Context) error {
	backend := f.Archive.Backend()
	for _, name := range []string{f.Name, f.begun()} {
		if at, err := backend.Cursor(ctx, name); err != nil || at > 0 {
			return err
		}
	}
	head, err := backend.Head(ctx)
	if err != nil {
		return fmt.Errorf("the end of the journal: %w", err)
	}
	if head == 0 {
		return backend.SetCursor(ctx, f.begun(), 0, 1)
	}
	return backend.SetCursor(ctx, f.Name, 0, head)
}

// Run follows the journal until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	if err := f.Begin(ctx); err != nil {
		return err
	}
	poll := f.Poll
	if poll <= 0 {
		poll = DefaultFollowPoll
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if err := f.Once(ctx); err != nil && ctx.Err() == nil && !store.ClassOf(err).Retry {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Once lets work follow from all that the journal has by now.
func (f *Follower) Once(ctx context.Context) error {
	backend := f.Archive.Backend()
	for ctx.Err() == nil {
		at, err := backend.Cursor(ctx, f.Name)
		if err != nil {
			return fmt.Errorf("how far %s have come: %w", f.Name, err)
		}
		records, err := f.Archive.Read(ctx, at, followAtOnce)
		if err != nil {
			return fmt.Errorf("reading the journal: %w", err)
		}
		if len(records) == 0 {
			return nil
		}
		if err := f.Queue(ctx, records); err != nil {
			return err
		}
		if err := backend.SetCursor(ctx, f.Name, at, records[len(records)-1].Seq); err != nil {
			return fmt.Errorf("how far %s have come: %w", f.Name, err)
		}
	}
	return context.Cause(ctx)
}
