package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/store"
)

const (
	// DefaultPoll is how often the journal is looked at where [Notifier.Wake]
	// does not say that there is something new.
	DefaultPoll = 5 * time.Second
	// eventTest is the event of a message that [Notifier.Test] sends.
	eventTest = "test"
)

// Options configure a [Notifier].
type Options struct {
	// Journal is what is followed, Cursors where the positions are kept, under
	// names that begin with "notify:".
	Journal store.Journal
	Cursors store.Cursors
	// Events says what a record tells; [archiver.Engine.EventsOf] does. It must
	// give the same whenever it is asked. What it returns is not changed.
	Events func(ctx context.Context, r *store.Record) ([]archiver.Event, error)
	// Client sends. It is made with AllowPrivate, because the addresses are the
	// operator's own, and is not the one that fetches what strangers link to.
	Client *fetch.Client
	// Link returns the address of the archive's own page about an event, or "".
	// nil is none.
	Link func(*archiver.Event) string
	// Report is told of trouble, from any goroutine; nil is nobody.
	Report func(Report)
	// Poll is how often the journal is looked at; 0 is [DefaultPoll].
	Poll time.Duration
	// Now is the clock, default [time.Now]; it must run as timers do. Rand
	// returns a number in [0,1) for jitter, default [rand.Float64].
	Now  func() time.Time
	Rand func() float64
}

// State is what a [Report] says of a target.
type State string

// The states that are reported.
const (
	// Failing: messages do not arrive, and are tried again.
	Failing State = "failing"
	// Recovered: they arrive again.
	Recovered State = "recovered"
	// Skipped: a message was refused and is not tried again, or a record of
	// the journal cannot be read.
	Skipped State = "skipped"
	// Partly: a mail reached some of its receivers.
	Partly State = "partly"
)

// Report is something about a target that the operator should know. Each
// trouble is reported once.
type Report struct {
	Target string
	State  State
	// Err is what went wrong; nil for Recovered. It names no secret.
	Err error
	// Since is when it began, Tries how often was tried.
	Since time.Time
	Tries int
	// Events are the ids of the events that were skipped.
	Events []string
}

// Notifier tells targets about what the journal says.
type Notifier struct {
	o         Options
	reader    *reader
	followers []*follower
	running   sync.Mutex
}

// New returns a notifier. It errors with [store.ErrInvalid] where a target
// cannot work.
func New(o Options, targets []Target) (*Notifier, error) {
	if o.Poll <= 0 {
		o.Poll = DefaultPoll
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Report == nil {
		o.Report = func(Report) {}
	}
	n := &Notifier{o: o, reader: newReader(o.Journal, o.Events, len(targets) > 1)}
	names := map[string]bool{}
	for _, t := range targets {
		t = t.withDefaults()
		if err := t.check(); err != nil {
			return nil, err
		}
		if names[t.Name] {
			return nil, fmt.Errorf("%w: two notify targets are called %q", store.ErrInvalid, t.Name)
		}
		names[t.Name] = true
		f, err := newFollower(n, t)
		if err != nil {
			return nil, fmt.Errorf("notify target %q: %w", t.Name, err)
		}
		n.followers = append(n.followers, f)
	}
	return n, nil
}

// Run tells the targets until ctx ends, each in a goroutine of its own, and
// returns nil when all have ended. A message that is being sent when ctx ends
// is given up, and sent again by the next Run. It errors with [store.ErrBusy]
// where the notifier runs already.
func (n *Notifier) Run(ctx context.Context) error {
	if !n.running.TryLock() {
		return fmt.Errorf("%w: the notifier runs already", store.ErrBusy)
	}
	defer n.running.Unlock()
	var group sync.WaitGroup
	for _, f := range n.followers {
		group.Go(func() { f.run(ctx) })
	}
	group.Wait()
	return nil
}

// Once tells the targets what is pending now, without waiting for more, and
// returns. Each message is tried a few times; what does not arrive stays
// pending. It returns the errors of all targets, joined; and [store.ErrBusy]
// where the notifier runs already.
func (n *Notifier) Once(ctx context.Context) error {
	if !n.running.TryLock() {
		return fmt.Errorf("%w: the notifier runs already", store.ErrBusy)
	}
	defer n.running.Unlock()
	errs := make([]error, len(n.followers))
	var group sync.WaitGroup
	for i, f := range n.followers {
		group.Go(func() {
			if err := f.once(ctx); err != nil {
				errs[i] = fmt.Errorf("notify target %q: %w", f.t.Name, err)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// Begin gives targets that are new their place at the end of the journal. Run
// and Once do so themselves; whoever works first and calls Once afterwards
// calls Begin before the work, so that what it finds is told.
func (n *Notifier) Begin(ctx context.Context) error {
	for _, f := range n.followers {
		if _, err := f.begin(ctx); err != nil {
			return fmt.Errorf("notify target %q: %w", f.t.Name, err)
		}
	}
	return nil
}

// Wake says that the journal has grown. It does not block.
func (n *Notifier) Wake() {
	for _, f := range n.followers {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

// Test sends a target a message that says it is a test. It errors with
// [store.ErrNotFound] where there is no such target, and with what became of
// the message.
func (n *Notifier) Test(ctx context.Context, name string) error {
	for _, f := range n.followers {
		if f.t.Name != name {
			continue
		}
		now := n.o.Now().UTC()
		ev := archiver.Event{ID: "test-" + now.Format("20060102T150405.000000000Z"), Event: eventTest, Time: now, Mentions: []archiver.EventMention{},
			Text: "This is a test; nothing has happened."}
		s, err := f.newSender()
		if err != nil {
			return err
		}
		return s.send(ctx, f.message(&batch{events: []archiver.Event{ev}}))
	}
	return fmt.Errorf("%w: there is no notify target %q", store.ErrNotFound, name)
}

// TargetStatus says how a target is doing.
type TargetStatus struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Behind is how many records of the journal it has not followed yet.
	Behind uint64 `json:"behind"`
	// Sent and LastSent count the messages since the start of the process.
	Sent     int64     `json:"sent"`
	LastSent time.Time `json:"last_sent,omitzero"`
	// Since, Tries and Error describe a trouble that lasts; Tries is 0 where
	// there is none.
	Since time.Time `json:"since,omitzero"`
	Tries int       `json:"tries,omitempty"`
	Error string    `json:"error,omitempty"`
}

// Status describes the targets, in the order in which they were given.
func (n *Notifier) Status(ctx context.Context) ([]TargetStatus, error) {
	head, err := n.o.Journal.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("the end of the journal: %w", err)
	}
	var all []TargetStatus
	for _, f := range n.followers {
		at, begun, err := f.position(ctx)
		if err != nil {
			return nil, fmt.Errorf("notify target %q: %w", f.t.Name, err)
		}
		s, seen := f.status()
		if begun {
			s.Behind = head - min(max(at, seen), head)
		}
		all = append(all, s)
	}
	return all, nil
}

// linkOf returns how a follower links events to the archive's own pages.
func (n *Notifier) linkOf() func(*shown) string {
	if n.o.Link == nil {
		return nil
	}
	return func(s *shown) string { return n.o.Link(&s.Event) }
}
