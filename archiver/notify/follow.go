package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"stet/archiver"
)

const (
	// settleRecords and settleTime say when the position is kept although
	// nothing was sent: a restart then reads so much again, and an archive that
	// grows does not pay a commit for every look.
	settleRecords = 10_000
	settleTime    = 5 * time.Minute
	// lastWords is how long keeping the position may take after the end.
	lastWords = 2 * time.Second
)

// follower tells one target. One goroutine runs it at a time.
type follower struct {
	n    *Notifier
	t    Target
	s    sender
	wake chan struct{}
	// lastSent is when the last message was taken, settled when the position
	// was last kept, bound what the cursor of the bound stands at.
	lastSent, settled time.Time
	bound             uint64
	// lost is the last record that was reported as unreadable.
	lost uint64

	mu      sync.Mutex
	seen    uint64 // how far was told, also where the cursor does not say so yet
	sent    int64
	last    time.Time // lastSent, for status
	sending trouble
	reading trouble
}

// trouble is a failure that lasts.
type trouble struct {
	since time.Time
	tries int
	err   error
	told  bool
}

func newFollower(n *Notifier, t Target) (*follower, error) {
	f := &follower{n: n, t: t, wake: make(chan struct{}, 1)}
	var err error
	f.s, err = f.newSender()
	return f, err
}

func (f *follower) newSender() (sender, error) {
	switch f.t.Kind {
	case Webhook:
		return newWebhook(f.n.o.Client, &f.t, f.n.o.Now), nil
	case Slack:
		return newSlack(f.n.o.Client, &f.t), nil
	}
	return newEmail(f.n.o.Client, &f.t, f.n.o.Now, func(err error) {
		f.n.o.Report(Report{Target: f.t.Name, State: Partly, Err: err, Since: f.n.o.Now(), Tries: 1})
	})
}

// batch is what is told in one message: the wanted events of the records after
// one number, up to another.
type batch struct {
	after, upTo uint64
	events      []archiver.Event
	// more counts wanted events beyond MaxPerMessage.
	more tally
	// first and last are when the first and the last event were found.
	first, last time.Time
}

func (b *batch) empty() bool { return len(b.events) == 0 }

// safe is how far the journal has been told.
func (b *batch) safe() uint64 {
	if b.empty() {
		return b.upTo
	}
	return b.events[0].Seq - 1
}

// halve cuts a batch to the records of its first half, and reports false where
// all its events follow from one record. The rest is read again later.
func (b *batch) halve() bool {
	last := b.events[len(b.events)-1].Seq
	keep := len(b.events) / 2
	for keep > 0 && b.events[keep-1].Seq == last {
		keep--
	}
	if keep == 0 {
		if b.events[0].Seq == last {
			return false
		}
		keep = 1
	}
	for keep < len(b.events) && b.events[keep].Seq == b.events[keep-1].Seq {
		keep++ // a record is told as a whole
	}
	b.upTo, b.events, b.more = b.events[keep-1].Seq, b.events[:keep:keep], tally{}
	return true
}

// The names of the cursors of a target: how far it was told, how far the
// message reaches that is being sent, and a mark for targets that began in an
// empty archive, where the first is 0.
func (f *follower) cursor() string      { return "notify:" + f.t.Name }
func (f *follower) boundCursor() string { return "notify-bound:" + f.t.Name }
func (f *follower) begunCursor() string { return "notify-begun:" + f.t.Name }

// position returns how far the target was told, and whether it has begun.
func (f *follower) position(ctx context.Context) (at uint64, begun bool, err error) {
	if at, err = f.n.o.Cursors.Cursor(ctx, f.cursor()); err != nil || at > 0 {
		return at, true, err
	}
	mark, err := f.n.o.Cursors.Cursor(ctx, f.begunCursor())
	return 0, mark > 0, err
}

// begin returns how far the target was told. A new one begins at the end.
func (f *follower) begin(ctx context.Context) (uint64, error) {
	at, begun, err := f.position(ctx)
	if err != nil || begun {
		return at, err
	}
	head, err := f.n.o.Journal.Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("the end of the journal: %w", err)
	}
	name, to := f.cursor(), head
	if head == 0 {
		name, to = f.begunCursor(), 1
	}
	if err := f.n.o.Cursors.SetCursor(ctx, name, 0, to); err != nil {
		return 0, fmt.Errorf("where to begin: %w", err)
	}
	return head, nil
}

// resume begins where the target stands. The batch ends at the bound where a
// message was begun.
func (f *follower) resume(ctx context.Context) (*batch, error) {
	at, err := f.begin(ctx)
	if err != nil {
		return nil, err
	}
	if f.bound, err = f.n.o.Cursors.Cursor(ctx, f.boundCursor()); err != nil {
		return nil, fmt.Errorf("what was being sent: %w", err)
	}
	f.settled = f.n.o.Now()
	b := &batch{after: at, upTo: at}
	if f.bound > at {
		return b, f.collect(ctx, b, f.bound)
	}
	return b, nil
}

// collect adds what the journal tells, up to the number bound (0: to its end).
// It returns when there is nothing more, or the batch is full.
func (f *follower) collect(ctx context.Context, b *batch, bound uint64) error {
	for (bound == 0 || b.upTo < bound) && !f.full(b) {
		c, err := f.n.reader.after(ctx, b.upTo)
		if err != nil || c.upTo == b.upTo {
			return err
		}
		to := c.upTo
		if bound > 0 {
			to = min(to, bound)
		}
		for i := range c.said {
			s := &c.said[i]
			if s.seq > to {
				break
			}
			if f.full(b) {
				return nil
			}
			if s.err != nil {
				f.lose(s)
			}
			f.take(b, s.events)
			b.upTo = s.seq
		}
		b.upTo = to
	}
	return ctx.Err()
}

// lose reports a record that cannot be told, once.
func (f *follower) lose(s *said) {
	if s.seq <= f.lost {
		return
	}
	f.lost = s.seq
	r := Report{Target: f.t.Name, State: Skipped, Err: s.err, Since: f.n.o.Now(), Tries: 1}
	if s.id != "" {
		r.Events = []string{s.id}
	}
	f.n.o.Report(r)
}

// full reports whether no more events go into the batch. Messages for people
// count what they do not list; programs get everything.
func (f *follower) full(b *batch) bool {
	return f.t.Kind == Webhook && len(b.events) >= f.t.MaxPerMessage
}

// take adds those events of one record that the target wants.
func (f *follower) take(b *batch, events []archiver.Event) {
	for i := range events {
		ev := &events[i]
		if !f.t.wants(ev) {
			continue
		}
		now := f.n.o.Now()
		if b.empty() {
			b.first = now
		}
		b.last = now
		if f.t.Kind != Webhook && len(b.events) >= f.t.MaxPerMessage {
			b.more.add(groupOf(ev), 1)
		} else {
			b.events = append(b.events, *ev)
		}
	}
}

// due returns how long a batch waits until it is sent.
func (f *follower) due(b *batch) time.Duration {
	now := f.n.o.Now()
	at := now
	if !f.full(b) {
		at = b.last.Add(f.t.Wait)
		if latest := b.first.Add(maxWaits * f.t.Wait); latest.Before(at) {
			at = latest
		}
	}
	if next := f.lastSent.Add(f.t.MinInterval); !f.lastSent.IsZero() && next.After(at) {
		at = next
	}
	return at.Sub(now)
}

// run follows until ctx ends, whatever happens.
func (f *follower) run(ctx context.Context) {
	for tries := 0; ctx.Err() == nil; tries++ {
		began := f.n.o.Now()
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if f.n.o.Now().Sub(began) > maxPause {
			tries = 0
		}
		f.fail(&f.reading, err)
		_ = f.pause(ctx, f.backoff(tries, err), nil) // ends with ctx
	}
}

// follow tells what the journal says until something fails.
func (f *follower) follow(ctx context.Context) error {
	b, err := f.resume(ctx)
	if err != nil {
		return err
	}
	begun := f.bound > b.after // a message had been begun
	for {
		if !begun {
			if err := f.collect(ctx, b, 0); err != nil {
				return err
			}
		}
		f.heal(&f.reading)
		f.mu.Lock()
		f.seen = b.safe()
		f.mu.Unlock()
		wait := f.n.o.Poll
		if !b.empty() {
			due := f.due(b)
			if due <= 0 || begun {
				if err := f.deliver(ctx, b, forEver); err != nil {
					return err
				}
				b, begun = &batch{after: b.upTo, upTo: b.upTo}, false
				continue
			}
			wait = min(wait, due)
		}
		begun = false
		if err := f.settle(ctx, b); err != nil {
			return err
		}
		if err := f.pause(ctx, wait, f.wake); err != nil {
			// Where this fails, a little is read again by the next Run.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
			defer cancel()
			return errors.Join(err, f.advance(last, b, b.safe()))
		}
	}
}

// once tells what is pending.
func (f *follower) once(ctx context.Context) error {
	b, err := f.resume(ctx)
	if err != nil {
		return err
	}
	head, err := f.n.o.Journal.Head(ctx)
	if err != nil {
		return fmt.Errorf("the end of the journal: %w", err)
	}
	begun := f.bound > b.after
	for {
		if !begun {
			if err := f.collect(ctx, b, head); err != nil {
				return err
			}
		}
		if b.empty() && !begun {
			return f.advance(ctx, b, b.upTo)
		}
		begun = false
		if b.empty() {
			continue
		}
		if err := f.deliver(ctx, b, onceTries); err != nil {
			return err
		}
		b = &batch{after: b.upTo, upTo: b.upTo}
	}
}

// settle keeps the position now and then although nothing was sent.
func (f *follower) settle(ctx context.Context, b *batch) error {
	to, now := b.safe(), f.n.o.Now()
	if to-b.after < settleRecords && now.Sub(f.settled) < settleTime {
		return nil
	}
	f.settled = now
	return f.advance(ctx, b, to)
}

// advance moves the cursor forward.
func (f *follower) advance(ctx context.Context, b *batch, to uint64) error {
	if to <= b.after {
		return nil
	}
	if err := f.n.o.Cursors.SetCursor(ctx, f.cursor(), b.after, to); err != nil {
		return fmt.Errorf("keeping how far was told: %w", err)
	}
	b.after = to
	return nil
}

// pause waits for a time, or until wake says something. It errors with ctx's
// error.
func (f *follower) pause(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
	return ctx.Err()
}
