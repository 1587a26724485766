package stamp

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"stet/archiver/fetch"
	"stet/store"
	"stet/store/evidence"
)

const (
	// maxAnswer is the largest answer that is read.
	maxAnswer = 128 << 10
	// clockSlack is how far the time of an authority may lie from this
	// machine's clock.
	clockSlack = 10 * time.Minute
	nonceSize  = 16
)

// ask has a head stamped and keeps what came of it.
func (w *Worker) ask(ctx context.Context, s *State, head *evidence.Signed, trigger string) error {
	record := &store.Stamp{Form: s.Form, Size: uint64(head.Size), Root: store.Digest(head.Root), By: s.By, Of: head.Record, Trigger: trigger}
	b := w.o.Archive.Begin()
	var err error
	if s.Form == store.StampRFC3161 {
		err = w.askAuthority(ctx, b, record, head.Message)
	} else {
		err = w.askCalendar(ctx, b, record, head.Message)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.keep(ctx, b, s, record, err)
}

// keep keeps a stamp, or that there is none. A failure like the last one is kept
// once.
func (w *Worker) keep(ctx context.Context, b *store.Builder, s *State, record *store.Stamp, cause error) error {
	record.Time = w.o.Archive.Now()
	if cause != nil {
		w.failed(s.By)
		cause = fmt.Errorf("a time stamp by %s: %w", s.By, cause)
		record.State, record.Error, record.ErrorClass = store.StampFailed, cause.Error(), store.ClassOf(cause).Recorded
		if s.State == store.StampFailed && s.class == record.ErrorClass {
			return cause
		}
	} else {
		w.succeeded(s.By)
	}
	if _, err := b.Add(ctx, record); err != nil {
		return errors.Join(cause, err)
	}
	if _, err := b.Commit(ctx); err != nil {
		return errors.Join(cause, fmt.Errorf("keeping a time stamp by %s: %w", s.By, err))
	}
	return cause
}

// do makes a request and adds its exchanges.
func (w *Worker) do(ctx context.Context, b *store.Builder, record *store.Stamp, r fetch.Request) ([]byte, error) {
	r.Purpose, r.MaxBytes, r.MaxRedirects = evidence.PurposeStamp, maxAnswer, 3
	res, err := w.o.Client.Do(ctx, r)
	if res == nil {
		return nil, err
	}
	for i := range res.Exchanges {
		id, failed := b.Add(ctx, &res.Exchanges[i])
		if failed != nil {
			return nil, failed
		}
		record.Exchanges = append(record.Exchanges, id)
	}
	if err == nil && res.Status != http.StatusOK {
		err = fmt.Errorf("%w: it answers with the status %d", store.ErrUnexpected, res.Status)
		if res.Status == http.StatusNotFound {
			err = fmt.Errorf("%w: it answers with the status 404: %w", store.ErrUnexpected, errNotYet)
		}
	}
	return res.Body, err
}

// errNotYet says that a calendar does not have a proof yet, or no longer.
var errNotYet = errors.New("it does not have it")

func (w *Worker) askAuthority(ctx context.Context, b *store.Builder, record *store.Stamp, message []byte) error {
	a := Asking{Random: w.o.Random, Roots: w.o.Roots, Now: w.o.Archive.Now}
	t, body, err := a.ask(message, record.By, func(r fetch.Request) ([]byte, error) { return w.do(ctx, b, record, r) })
	if err == nil {
		record.State, record.At, record.Body = store.StampComplete, t.Time, body
	}
	return err
}

// unexpected makes of a proof that does not hold an answer that cannot be used:
// nothing of this archive is wrong.
func unexpected(err error) error {
	return fmt.Errorf("%w: %s", store.ErrUnexpected, err.Error())
}

func (w *Worker) askCalendar(ctx context.Context, b *store.Builder, record *store.Stamp, message []byte) error {
	nonce := make([]byte, nonceSize)
	if _, err := io.ReadFull(w.o.Random, nonce); err != nil {
		return fmt.Errorf("reading random bytes for a nonce: %w", err)
	}
	proof, digest := evidence.NewOTS(message, nonce)
	body, err := w.do(ctx, b, record, fetch.Request{Method: http.MethodPost, URL: calendar(record.By, "/digest"), Body: digest,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/vnd.opentimestamps.v1"}}})
	if err != nil {
		return err
	}
	if err := proof.Add(digest, body); err != nil {
		return err
	}
	return settle(record, proof)
}

// settle writes a proof into a record.
func settle(record *store.Stamp, proof *evidence.OTS) error {
	record.Body = proof.Bytes()
	switch {
	case len(proof.Blocks()) > 0:
		record.State = store.StampComplete
	case len(proof.Pending()) > 0:
		record.State = store.StampPending
	default:
		return fmt.Errorf("%w: the proof leads nowhere", store.ErrUnexpected)
	}
	if _, err := evidence.ReadOTS(record.Body); err != nil {
		return unexpected(err)
	}
	return nil
}

func calendar(base, path string) string { return strings.TrimSuffix(base, "/") + path }

// upgrade asks a calendar whether a proof is complete. It returns when to ask
// again.
func (w *Worker) upgrade(ctx context.Context, s *State, p *pendingStamp, now bool) (time.Duration, error) {
	key := s.By + " " + p.id.String()
	w.mu.Lock()
	tried := w.tried[key]
	w.mu.Unlock()
	if wait := tried.Add(DefaultUpgradeEvery).Sub(w.o.Archive.Now()); wait > 0 && !now {
		return wait, nil
	}
	w.failed(key)
	proof, err := evidence.ReadOTS(p.stamp.Body)
	if err != nil {
		return w.o.StampEvery, fmt.Errorf("the pending proof %s: %w", p.id, err)
	}
	record := &store.Stamp{Form: store.StampOTS, Size: p.stamp.Size, Root: p.stamp.Root, By: s.By, Of: p.stamp.Of, Trigger: "schedule"}
	b := w.o.Archive.Begin()
	for _, message := range proof.Pending() {
		var body []byte
		// What the answer names as its calendar is not asked: only who is set.
		if body, err = w.do(ctx, b, record, fetch.Request{URL: calendar(s.By, "/timestamp/"+hex.EncodeToString(message)),
			Header: http.Header{"Accept": {"application/vnd.opentimestamps.v1"}}}); err == nil {
			err = proof.Add(message, body)
		}
		if err != nil {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		return DefaultUpgradeEvery, ctx.Err()
	case err == nil:
		err = settle(record, proof)
	case w.o.Archive.Now().Sub(p.stamp.Time) < giveUp && errors.Is(err, errNotYet):
		return DefaultUpgradeEvery, nil // it takes hours
	case w.o.Archive.Now().Sub(p.stamp.Time) < giveUp:
		return DefaultUpgradeEvery, fmt.Errorf("completing the time stamp of %s: %w", s.By, err)
	}
	if err == nil && record.State == store.StampPending {
		return DefaultUpgradeEvery, nil
	}
	w.succeeded(key)
	return DefaultUpgradeEvery, w.keep(ctx, b, s, record, err)
}
