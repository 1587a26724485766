package storetest

import (
	"sync"
	"time"
)

// Clock is the time that a test lives in. It moves only when the test moves
// it.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	changed []func(time.Time)
}

// NewClock returns a clock that shows a time in UTC.
func NewClock(now time.Time) *Clock { return &Clock{now: now.UTC()} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the time by d, which may be negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	now, changed := c.now, c.changed
	c.mu.Unlock()
	for _, f := range changed {
		f(now)
	}
}

// OnChange calls f with the time now and whenever it is moved: for backends
// whose clock is elsewhere, in a database.
func (c *Clock) OnChange(f func(now time.Time)) {
	c.mu.Lock()
	c.changed = append(c.changed, f)
	now := c.now
	c.mu.Unlock()
	f(now)
}
