package search

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// DefaultPatience is how long a search waits for an index that is being
	// brought up to date: longer than the records of a busy second take, shorter
	// than a reader's own patience.
	DefaultPatience = 2 * time.Second
	// soon is how many records a search reads itself: about a second's work.
	soon = 2000
)

// Follow keeps the index at the end of the journal, which it looks at again
// after each interval, until ctx ends. While it runs, a search does not read
// more than a second's worth itself: it answers from what the index has come to
// and says how much is missing.
//
// It returns nil once ctx has ended, and the first error before that.
func (x *Index) Follow(ctx context.Context, every time.Duration) error {
	x.followers.Add(1)
	defer x.followers.Add(-1)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := x.CatchUp(ctx); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the regular end
			}
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// prepare brings the index up to date for a search, as far as that is soon done
// or nobody else does it. It returns the end of the journal, 0 where the index
// is only read and nobody asked.
func (x *Index) prepare(ctx context.Context) (uint64, error) {
	if x.options.ReadOnly {
		return 0, nil
	}
	if x.followers.Load() == 0 {
		return 0, x.CatchUp(ctx)
	}
	head, err := x.journal.Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("following the journal in the index of words: %w", err)
	}
	at, err := x.Reached(ctx)
	if err != nil || at >= head || head-at > soon {
		return head, err
	}
	if !x.following.take(ctx, x.options.Patience) {
		return head, ctx.Err()
	}
	defer x.following.Unlock()
	return head, x.catchUp(ctx)
}

// behind is how many records there are that the index has not read.
func behind(tx *bbolt.Tx, head uint64) uint64 {
	return head - min(head, metaNumber(tx, metaCursor))
}

// Lag says how far an index has come: the number of the journal that it
// reached, and the journal's last.
type Lag struct {
	Reached uint64 `json:"reached"`
	Head    uint64 `json:"journal"`
}

// Behind is how many records are still to be read.
func (l Lag) Behind() uint64 { return l.Head - min(l.Head, l.Reached) }

// Lag returns how far the index has come. It reads nothing of the journal.
func (x *Index) Lag(ctx context.Context) (Lag, error) {
	at, err := x.Reached(ctx)
	if err != nil {
		return Lag{}, err
	}
	head, err := x.journal.Head(ctx)
	if err != nil {
		return Lag{}, fmt.Errorf("reading how far the index of words has come: %w", err)
	}
	return Lag{Reached: at, Head: head}, nil
}

// Reached returns the number of the journal that the index has come to.
func (x *Index) Reached(ctx context.Context) (at uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	err = x.view(func(tx *bbolt.Tx) error {
		at = metaNumber(tx, metaCursor)
		return nil
	})
	return at, err
}

// turn is a lock that can be waited for with a limit.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// Lock implements [sync.Locker].
func (t turn) Lock() { t <- struct{}{} }

// Unlock implements [sync.Locker].
func (t turn) Unlock() { <-t }

// take locks, where that is possible before the time is over and ctx ends.
func (t turn) take(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case t <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
