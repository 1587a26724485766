package store

import (
	"context"
	"time"
)

// Turns spaces what several processes ask of the same hosts: together they keep
// to the interval and to the number at a time that one alone would keep to. It
// is optional, found by assertion; a backend that one process has for itself
// does without.
type Turns interface {
	// TakeTurn takes the next start towards a host: at least interval after
	// the one before, and while fewer than slots (0 is no bound) are under way.
	// Where that is not possible now, Wait says when to ask again. What is
	// taken is given back by GiveTurn, or by itself after hold, for a process
	// that dies.
	TakeTurn(ctx context.Context, host string, interval time.Duration, slots int, hold time.Duration) (Turn, error)
	// KeepTurn holds on to a turn for hold from now on, for a request that
	// lasts. It errors with ErrConflict where it has ended.
	KeepTurn(ctx context.Context, host string, ticket int64, hold time.Duration) error
	// GiveTurn says that a request has ended.
	GiveTurn(ctx context.Context, host string, ticket int64) error
	// PauseHost keeps all from a host for a time from now; a shorter pause
	// than the host has asked for already changes nothing.
	PauseHost(ctx context.Context, host string, pause time.Duration) error
}

// Turn is an answer of [Turns].
type Turn struct {
	// Ticket is what GiveTurn takes, where Wait is 0.
	Ticket int64
	// Wait is how long to wait before asking again.
	Wait time.Duration
	// Paused is true where that is because the host asked for a pause.
	Paused bool
}

// Crowd tells whether others are at work. It is optional, found by assertion; a
// backend that one process has for itself does without.
type Crowd interface {
	// Others returns how many connections of other processes to the archive are
	// open.
	Others(ctx context.Context) (int, error)
}

// Exclusive lets one of several processes at a time do what must not be done
// twice, such as telling people. It is optional, found by assertion.
type Exclusive interface {
	// Hold waits until no other process holds the name, and holds it until
	// release is called. The context it returns ends when the hold is lost:
	// whoever works under it stops then, and may ask again.
	Hold(ctx context.Context, name string) (held context.Context, release func(), err error)
}
