package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// message is what is delivered at once.
type message struct {
	// id is the same whenever the message is made again.
	id     string
	events []shown
	// more counts events that are not written out.
	more tally
	// time is that of the last event that is written out.
	time time.Time
	// link returns the address of the archive's own page about an event, or "".
	link func(*shown) string
}

// digest is the name of the event of a message about several.
const digest = "digest"

// event names what the message is about.
func (m *message) event() string {
	if m.single() {
		return m.events[0].Event.Event
	}
	return digest
}

// single reports whether the message is about one event.
func (m *message) single() bool { return len(m.events) == 1 && m.more.total == 0 }

// sender delivers messages to one place.
type sender interface {
	// send delivers m once. It errors with a refusal where the receiver does
	// not want it, with store.ErrRateLimited where it asks for a pause, and
	// with any other error where trying again can help.
	send(ctx context.Context, m *message) error
}

// refusal says that a receiver answered and does not take a message.
type refusal struct {
	// content is true where the content was refused, and another message may
	// be taken; false where the receiver refuses altogether, as far as can be
	// told.
	content bool
	err     error
}

func (r *refusal) Error() string { return r.err.Error() }

func (r *refusal) Unwrap() error { return r.err }

// scrubbed is an error whose text has lost the secret parts of an address.
type scrubbed struct {
	text string
	err  error
}

func (s *scrubbed) Error() string { return s.text }

func (s *scrubbed) Unwrap() error { return s.err }

// deliveryID is the id of a message: that of its target, its events and how far
// it reaches.
func deliveryID(target string, b *batch) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%d\n%d\n", target, b.upTo, b.more.total)
	for i := range b.events {
		fmt.Fprintln(h, b.events[i].ID)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
