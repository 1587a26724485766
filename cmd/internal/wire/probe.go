package wire

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stet/store"
)

const (
	// probeEvery is how old an answer may be that those who look after a service
	// are told again, and probeTime how long the place may take for it: less
	// than they wait.
	probeEvery = 15 * time.Second
	probeTime  = 4 * time.Second
)

// probe knows whether the place for large files can be reached. However many
// want to know, one of them asks, and not more often than every probeEvery.
type probe struct {
	place store.Prober
	now   func() time.Time
	turn  chan struct{} // holds one: who asks

	mu  sync.Mutex
	at  time.Time // of the last answer; zero for none
	err error
}

func newProbe(place store.Prober, now func() time.Time) *probe {
	return &probe{place: place, now: now, turn: make(chan struct{}, 1)}
}

// check returns nil where large files can be read and stored, as far as a cheap
// question tells, and else why not.
func (p *probe) check(ctx context.Context) error {
	if err, fresh := p.last(); fresh {
		return err
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return fmt.Errorf("%w: the place for large files has not answered yet: %w", store.ErrUnavailable, ctx.Err())
	}
	if err, fresh := p.last(); fresh {
		return err // somebody else asked meanwhile
	}
	return p.ask(ctx)
}

// last returns the last answer, and whether it is young enough to be told.
func (p *probe) last() (err error, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	age := p.now().Sub(p.at)
	return p.err, !p.at.IsZero() && age >= 0 && age < probeEvery
}

// ask asks on behalf of all: it goes on where the one who asked has gone.
func (p *probe) ask(ctx context.Context) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	err := p.place.Probe(late)
	if err != nil && late.Err() != nil {
		err = fmt.Errorf("%w: the place for large files does not answer within %v", store.ErrUnavailable, probeTime)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.err = p.now(), err
	return err
}
