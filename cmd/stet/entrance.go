package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"stet/store"
)

// errReplaced ends what uses an archive whose place another takes.
var errReplaced = errors.New("another archive takes the place of this one")

// entrance counts those who use the archive of a service, and lets nobody in
// while another archive takes its place. The zero value is open.
type entrance struct {
	mu     sync.Mutex
	inside map[*visit]struct{}
	// opened is closed when it opens again, left when nobody is inside; both are
	// nil while it is open.
	opened, left chan struct{}
}

// visit is one use of the archive.
type visit struct {
	e   *entrance
	end context.CancelCauseFunc
}

// enter waits until the archive can be used, for some time, or with 0 for as
// long as it takes. The context that it returns ends with errReplaced as its
// cause when another archive is to take its place. It errors with ErrBusy where
// the time or ctx ends first.
func (e *entrance) enter(ctx context.Context, most time.Duration) (context.Context, *visit, error) {
	var late <-chan time.Time
	if most > 0 {
		t := time.NewTimer(most)
		defer t.Stop()
		late = t.C
	}
	for {
		e.mu.Lock()
		opened := e.opened
		if opened == nil {
			break
		}
		e.mu.Unlock()
		select {
		case <-opened:
		case <-late:
			return nil, nil, fmt.Errorf("%w: %w", store.ErrBusy, errReplaced)
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("%w: %w", store.ErrBusy, ctx.Err())
		}
	}
	defer e.mu.Unlock()
	ctx, end := context.WithCancelCause(ctx)
	v := &visit{e: e, end: end}
	if e.inside == nil {
		e.inside = map[*visit]struct{}{}
	}
	e.inside[v] = struct{}{}
	return ctx, v, nil
}

// leave ends the use. It may be called again.
func (v *visit) leave() {
	v.e.mu.Lock()
	defer v.e.mu.Unlock()
	_, inside := v.e.inside[v]
	delete(v.e.inside, v)
	if inside && v.e.left != nil && len(v.e.inside) == 0 {
		close(v.e.left)
	}
}

// isShut reports whether nobody is let in.
func (e *entrance) isShut() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.opened != nil
}

// shut ends all uses and lets nobody in until open is called, which may be
// called again. left is closed when nobody is inside.
func (e *entrance) shut() (left <-chan struct{}, open func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.opened, e.left = make(chan struct{}), make(chan struct{})
	for v := range e.inside {
		v.end(errReplaced)
	}
	if len(e.inside) == 0 {
		close(e.left)
	}
	return e.left, sync.OnceFunc(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		close(e.opened)
		e.opened, e.left = nil, nil
	})
}
