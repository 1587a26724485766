package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

const (
	// firstPause is the pause after the first failure; it doubles up to
	// maxPause, and is drawn between half of it and the whole.
	firstPause = 5 * time.Second
	maxPause   = time.Hour
	// reportAfter is how many tries in a row fail before trouble on the way is
	// reported: a receiver that is being restarted is no news.
	reportAfter = 3
	// contentTries is how often a message whose content is refused is tried
	// before it is skipped: over about ten minutes, in which a broken receiver
	// can be mended. Other refusals are the target's more likely than the
	// message's: they are skipped after refusedFor.
	contentTries = 8
	refusedFor   = 24 * time.Hour
	// halveAfter is how often a message that is refused for another reason than
	// its content is tried before it is halved.
	halveAfter = 3

	// forEver and onceTries are how often a message is tried.
	forEver   = 0
	onceTries = 3
	// oncePause bounds the pauses between those.
	oncePause = 10 * time.Second
)

// deliver sends a batch and moves the cursor behind it: at most most times, or
// for ever. What is refused is halved, so that the batch can be smaller
// afterwards; the rest is still to be collected.
func (f *follower) deliver(ctx context.Context, b *batch, most int) error {
	began := f.n.o.Now()
	for tries := 1; ; tries++ {
		if err := f.intend(ctx, b.upTo); err != nil {
			return err
		}
		err := f.s.send(ctx, f.message(b))
		if err == nil {
			f.taken()
			return f.tell(ctx, b, most)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.fail(&f.sending, err)
		var r *refusal
		if errors.As(err, &r) {
			if (r.content || tries >= halveAfter) && b.halve() {
				tries, began = 0, f.n.o.Now()
				continue
			}
			if f.hopeless(r, tries, f.n.o.Now().Sub(began), most) {
				f.skip(b, err, began, tries)
				return f.tell(ctx, b, most)
			}
		}
		pause := f.backoff(tries-1, err)
		if most != forEver {
			if tries >= most || pause > oncePause {
				return err
			}
		}
		if err := f.pause(ctx, pause, nil); err != nil {
			return err
		}
	}
}

// hopeless reports whether a message that stands alone is given up.
func (f *follower) hopeless(r *refusal, tries int, lasted time.Duration, most int) bool {
	if r.content {
		return tries >= contentTries || most != forEver && tries >= most
	}
	return most == forEver && tries >= contentTries && lasted >= refusedFor
}

// message makes the message of a batch.
func (f *follower) message(b *batch) *message {
	m := &message{id: deliveryID(f.t.Name, b), more: b.more, link: f.n.linkOf()}
	for i := range b.events {
		m.events = append(m.events, f.t.show(&b.events[i]))
	}
	if n := len(m.events); n > 0 {
		m.time = m.events[n-1].Time
	}
	return m
}

// intend keeps how far the message reaches that is going to be sent, so that it
// is the same after a crash.
func (f *follower) intend(ctx context.Context, to uint64) error {
	if to == f.bound {
		return nil
	}
	if err := f.n.o.Cursors.SetCursor(ctx, f.boundCursor(), f.bound, to); err != nil {
		return fmt.Errorf("keeping what is going to be sent: %w", err)
	}
	f.bound = to
	return nil
}

// tell moves the cursor behind a batch that was taken or skipped. It does not
// give up while the archive cannot be written, because the message would be
// sent again.
func (f *follower) tell(ctx context.Context, b *batch, most int) error {
	for tries := 0; ; tries++ {
		err := f.advance(ctx, b, b.upTo)
		switch {
		case err == nil:
			f.settled = f.n.o.Now()
			return nil
		case ctx.Err() != nil, errors.Is(err, store.ErrConflict), most != forEver && tries+1 >= most:
			return err
		}
		f.fail(&f.reading, err)
		if err := f.pause(ctx, f.backoff(tries, err), nil); err != nil {
			return err
		}
	}
}

// backoff returns the pause after a number of failures in a row, or the one
// that the receiver asked for.
func (f *follower) backoff(failures int, err error) time.Duration {
	var limit *fetch.RateLimitError
	if errors.As(err, &limit) {
		if left := limit.Until.Sub(f.n.o.Now()); left > 0 {
			return left + time.Duration(f.n.o.Rand()*float64(firstPause))
		}
	}
	d := min(firstPause<<min(failures, 20), maxPause)
	return d/2 + time.Duration(f.n.o.Rand()*float64(d/2))
}

// taken notes that a message arrived.
func (f *follower) taken() {
	f.lastSent = f.n.o.Now()
	f.mu.Lock()
	f.sent++
	f.last = f.lastSent
	f.mu.Unlock()
	f.heal(&f.sending)
}

// skip reports a message that is given up.
func (f *follower) skip(b *batch, err error, began time.Time, tries int) {
	r := Report{Target: f.t.Name, State: Skipped, Err: err, Since: began, Tries: tries}
	for i := range b.events {
		r.Events = append(r.Events, b.events[i].ID)
	}
	f.n.o.Report(r)
	f.mu.Lock()
	f.sending = trouble{told: f.sending.told, since: f.sending.since} // until a message arrives
	f.mu.Unlock()
}

// fail notes a failure, and reports it when it begins to matter.
func (f *follower) fail(t *trouble, err error) {
	f.mu.Lock()
	if t.since.IsZero() {
		t.since = f.n.o.Now()
	}
	t.tries++
	t.err = err
	// A message whose content is refused says nothing about the next: it is
	// reported when it is skipped.
	var r *refusal
	refused := errors.As(err, &r)
	tell := !t.told && (refused && !r.content || !refused && t.tries >= reportAfter)
	t.told = t.told || tell
	report := Report{Target: f.t.Name, State: Failing, Err: err, Since: t.since, Tries: t.tries}
	f.mu.Unlock()
	if tell {
		f.n.o.Report(report)
	}
}

// heal notes that a trouble is over.
func (f *follower) heal(t *trouble) {
	f.mu.Lock()
	was := *t
	*t = trouble{}
	f.mu.Unlock()
	if was.told {
		f.n.o.Report(Report{Target: f.t.Name, State: Recovered, Since: was.since, Tries: was.tries})
	}
}

// status describes the target, but for its position, and returns how far it was
// told as far as this process knows.
func (f *follower) status() (TargetStatus, uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := TargetStatus{Name: f.t.Name, Kind: f.t.Kind, Sent: f.sent, LastSent: f.last}
	t := &f.sending
	if t.tries == 0 {
		t = &f.reading
	}
	if t.tries > 0 {
		s.Since, s.Tries, s.Error = t.since, t.tries, t.err.Error()
	}
	return s, f.seen
}
