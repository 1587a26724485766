package fetch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"stet/store"
)

// watchdog ends an attempt that takes too long: first until the head has
// arrived, then by the rate at which the body comes. It reads no clock.
type watchdog struct {
	cancel  context.CancelCauseFunc
	window  time.Duration
	minRate int64

	head  atomic.Bool // the head has arrived
	done  atomic.Bool
	bytes atomic.Int64
	seen  int64 // bytes at the last tick; touched by tick alone
	timer *time.Timer
	total *time.Timer
}

func newWatchdog(o *Options, cancel context.CancelCauseFunc) *watchdog {
	w := &watchdog{cancel: cancel, window: o.Timeout, minRate: o.MinRate}
	if o.MaxTime > 0 {
		w.total = time.AfterFunc(o.MaxTime, func() { cancel(fmt.Errorf("%w of %v", errMaxTime, o.MaxTime)) })
	}
	if w.window > 0 {
		// The timer is assigned before it can fire again: tick resets it only
		// after a body has begun.
		w.timer = time.AfterFunc(w.window, w.tick)
	}
	return w
}

// tick runs at the end of each window.
func (w *watchdog) tick() {
	if !w.head.Load() {
		w.cancel(fmt.Errorf("%w of %v", errHeadTime, w.window))
		return
	}
	n := w.bytes.Load()
	if w.minRate > 0 && n-w.seen < int64(w.window.Seconds()*float64(w.minRate)) {
		w.cancel(fmt.Errorf("%w: less than %d bytes per second for %v", errSlowBody, w.minRate, w.window))
		return
	}
	w.seen = n
	if !w.done.Load() {
		w.timer.Reset(w.window)
	}
}

// body begins to watch the rate of the body.
func (w *watchdog) body() {
	if w.timer != nil && w.timer.Stop() {
		w.head.Store(true)
		w.timer.Reset(w.window)
	}
}

func (w *watchdog) stop() {
	w.done.Store(true)
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.total != nil {
		w.total.Stop()
	}
}

// payload takes the bytes of a message body as they arrive: hashes and counts
// them, and keeps them inline, or hands them to a sink once they are many.
type payload struct {
	src  io.Reader
	dog  *watchdog
	hash hash.Hash
	size int64
	max  int64 // the most bytes that are taken
	// limit says which limit max is.
	limit string
	// maxBody is the most bytes that are held in memory.
	maxBody int64

	held []byte // all bytes so far, while hold is true
	hold bool
	// spill opens the sink when held grows beyond inline; nil for none.
	spill  func() (Sink, error)
	inline int64
	whole  bool // hold on to the bytes also after spilling
	sink   Sink
}

// errCut ends a body of which no more is wanted.
var errCut = errors.New("cut")

// take reads the body to its end. It returns errCut where max was reached, and
// otherwise what went wrong.
func (p *payload) take(buf []byte) error {
	for {
		n, err := p.src.Read(buf)
		p.dog.bytes.Add(int64(n))
		if p.size+int64(n) > p.max {
			if werr := p.add(buf[:p.max-p.size]); werr != nil {
				return werr
			}
			return errCut
		}
		if werr := p.add(buf[:n]); werr != nil {
			return werr
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// add takes the next bytes.
func (p *payload) add(b []byte) error {
	if p.hold && p.spill == nil && p.sink == nil && int64(len(p.held)+len(b)) > p.maxBody {
		// Not counted: the record describes the bytes that it holds.
		return tooLarge(p.maxBody, "the answer is larger than what is held in memory") // the sink declined
	}
	p.size += int64(len(b))
	p.hash.Write(b) // never errors
	if p.spill != nil && p.sink == nil && p.size > p.inline {
		sink, err := p.spill()
		if err != nil {
			return &sinkError{err}
		}
		p.spill = nil
		if sink != nil {
			p.sink = sink
			if err := p.write(p.held); err != nil {
				return err
			}
			if p.hold = p.whole; !p.hold {
				p.held = nil
			}
		}
	}
	if p.sink != nil {
		if err := p.write(b); err != nil {
			return err
		}
	}
	if !p.hold {
		return nil
	}
	if int64(len(p.held)+len(b)) > p.maxBody {
		return tooLarge(p.maxBody, "the answer is larger than what is held in memory") // the sink declined
	}
	p.held = append(p.held, b...)
	return nil
}

func (p *payload) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := p.sink.Write(b); err != nil {
		return &sinkError{err}
	}
	return nil
}

// sinkError is the caller's own sink failing.
type sinkError struct{ err error }

func (e *sinkError) Error() string { return "keeping the body: " + e.err.Error() }

func (e *sinkError) Unwrap() error { return e.err }

// tooLarge says which limit was reached.
func tooLarge(limit int64, what string) error {
	return fmt.Errorf("%w: %s (the limit is %d bytes)", store.ErrTooLarge, what, limit)
}

// newPayload prepares to take the body of resp for a hop.
func (c *Client) newPayload(h *hop, resp *http.Response, dog *watchdog) *payload {
	p := &payload{src: resp.Body, dog: dog, hash: sha256.New(), hold: true, maxBody: c.opts.MaxBody,
		inline: c.opts.InlineSize, whole: h.req.Whole, max: c.maxBytes(h), limit: "than fetch.max_bytes"}
	success := resp.StatusCode/100 == 2
	if success && h.req.Sink != nil && !h.withhold() {
		p.spill = func() (Sink, error) {
			return h.req.Sink(Head{URL: h.shown, Status: resp.StatusCode, Header: resp.Header, Length: resp.ContentLength})
		}
	}
	if (p.spill == nil || p.whole) && p.max > p.maxBody {
		p.max, p.limit = p.maxBody, "than what is held in memory"
	}
	if isRedirect(resp) {
		p.max = min(p.max, maxRedirectBody)
	}
	if n := resp.ContentLength; n > 0 && n <= min(p.max, 1<<20) && h.method != http.MethodHead {
		p.held = make([]byte, 0, n)
	}
	return p
}

// maxBytes is the limit on the payload of a hop's answer.
func (c *Client) maxBytes(h *hop) int64 {
	if h.req.MaxBytes > 0 {
		return h.req.MaxBytes
	}
	return c.opts.MaxBytes
}

// isRedirect reports whether resp leads elsewhere.
func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case 301, 302, 303, 307, 308:
		return resp.Header.Get("Location") != ""
	}
	return false
}
