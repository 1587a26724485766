package wayback

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stet/archiver/fetch"
)

// The limits of the archive, and how much of its time a post may take.
const (
	// DefaultPerMinute is how many questions to the index the archive asks
	// clients to stay at: four fifths of the thirty after which it refuses.
	DefaultPerMinute = 24
	// DefaultMaxWait is the longest that a question waits for its turn before
	// it fails, and the job that asks is put off instead.
	DefaultMaxWait = 2 * time.Minute
	// window is the time in which the questions are counted.
	window = time.Minute
)

// limiter lets no more than a number of questions begin in any minute.
type limiter struct {
	now       func() time.Time
	perMinute int
	maxWait   time.Duration

	mu sync.Mutex
	// begun are when the last questions began or will begin, oldest first, at
	// most perMinute.
	begun []time.Time
}

// acquire waits for the next turn. It errors with a RateLimitError where that is
// further away than maxWait, and with ctx's error.
func (l *limiter) acquire(ctx context.Context) error {
	at, err := l.reserve()
	if err != nil {
		return err
	}
	wait := at.Sub(l.now())
	if wait <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve takes the next turn and returns when it is.
func (l *limiter) reserve() (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	at := now
	if len(l.begun) == l.perMinute {
		if next := l.begun[0].Add(window); next.After(at) {
			at = next
		}
	}
	// After a step of the clock backwards nobody waits for the old time.
	if at.Sub(now) > l.maxWait+window {
		l.begun, at = nil, now
	}
	if at.Sub(now) > l.maxWait {
		return time.Time{}, fmt.Errorf("the index of the web archive: %w", &fetch.RateLimitError{Host: Host, Until: at})
	}
	if l.begun = append(l.begun, at); len(l.begun) > l.perMinute {
		l.begun = l.begun[1:]
	}
	return at, nil
}
