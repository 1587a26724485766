package archiver

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"stet/store"
)

const (
	// clockTolerance is the most by which this machine's clock may differ from
	// that of who answered, before an answer that a post is gone is no longer
	// believed: a loss is confirmed by the time between looks, and a clock that
	// jumps would make hours of minutes. It is small beside the times of the
	// rules and large beside how far servers' clocks go wrong.
	clockTolerance = 30 * time.Minute
	// clockStep is by how much the clock must go back before that counts as a
	// step.
	clockStep = time.Minute
)

// skew says how this machine's clock differs from the time that the deciding
// answer carries; empty where they agree, or where the answer carries none. A
// copy that a cache kept too long differs as well, and tells as little of the
// present.
func (r *recorded) skew() string {
	if len(r.exchanges) == 0 {
		return ""
	}
	x := &r.exchanges[len(r.exchanges)-1]
	date, err := http.ParseTime(headField(x.ResponseHead, "Date"))
	if err != nil {
		return "" // no time, or none that can be read
	}
	if age, err := strconv.Atoi(headField(x.ResponseHead, "Age")); err == nil && age > 0 {
		date = date.Add(time.Duration(age) * time.Second)
	}
	ours := x.Started.Add(x.Took)
	if d := ours.Sub(date); d.Abs() <= clockTolerance {
		return ""
	}
	return fmt.Sprintf("not believed, because the answer says that it was made at %s, while the clock of this machine said %s",
		date.UTC().Format(time.RFC3339), ours.UTC().Format(time.RFC3339))
}

// headField returns the last field of a name in a head as it was on the wire.
func headField(head []byte, name string) string {
	value := ""
	for line := range bytes.Lines(head) {
		if k, v, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(k), name) {
			value = strings.TrimSpace(string(v))
		}
	}
	return value
}

// inOrder puts observations, which must be in the order in which they were
// recorded, into the order of time. One that claims to be later than a look
// that was recorded after it was dated by a clock that was ahead: it counts as
// of the time of that look. Captures do not show this, because old ones can be
// added later.
func inOrder(all []Observation) {
	var ceiling time.Time
	for i := len(all) - 1; i >= 0; i-- {
		o := &all[i]
		if !ceiling.IsZero() && o.Time.After(ceiling) {
			o.Time = ceiling
		}
		if !o.capture() {
			ceiling = o.Time
		}
	}
	slices.SortStableFunc(all, func(a, b Observation) int { return a.Time.Compare(b.Time) })
}

// capture reports whether the observation is a capture rather than a look.
func (o *Observation) capture() bool { return o.Endpoint == captured }

// captured stands for the endpoint of an observation that is a capture.
const captured = "capture"

// followClock notices that the clock went back, since seen or since the newest
// record was made, and brings forward the jobs that were queued meanwhile: their
// times were reckoned by a clock that was ahead, and they would wait until it
// is reached again. It returns the time.
func (e *Engine) followClock(ctx context.Context, seen time.Time) (time.Time, error) {
	now := e.o.Archive.Now()
	if seen.IsZero() {
		var err error
		if seen, err = e.newest(ctx); err != nil {
			return now, err
		}
	}
	if !now.Before(seen.Add(-clockStep)) {
		return now, nil
	}
	for f := (store.JobFilter{States: []store.JobState{store.JobWaiting}, Limit: 500}); ; {
		jobs, err := e.o.Archive.Backend().ListJobs(ctx, f)
		if err != nil {
			return now, fmt.Errorf("listing the jobs that were queued by a clock that was ahead: %w", err)
		}
		b := e.o.Archive.Begin()
		queued := 0
		for i := range jobs {
			j := &jobs[i]
			f.After = j.ID
			if !j.Created.After(now) || !j.RunAt.After(now) || j.Key == "" {
				continue
			}
			queued++
			err := b.Enqueue(store.Enqueue{Earlier: true, Job: store.Job{Kind: j.Kind, Key: j.Key, Host: j.Host, Payload: j.Payload, Priority: j.Priority, RunAt: now}})
			if err != nil {
				return now, err
			}
		}
		if queued > 0 {
			if _, err := b.Commit(ctx); err != nil {
				return now, fmt.Errorf("bringing jobs forward after the clock went back: %w", err)
			}
		}
		if len(jobs) < f.Limit {
			return now, nil
		}
	}
}

// newest returns the time of the newest record, zero where there is none.
func (e *Engine) newest(ctx context.Context) (time.Time, error) {
	head, err := e.o.Archive.Backend().Head(ctx)
	if err != nil || head == 0 {
		return time.Time{}, err
	}
	records, err := e.o.Archive.Backend().Read(ctx, head-1, 1)
	if err != nil || len(records) == 0 {
		return time.Time{}, err
	}
	return records[0].Time, nil
}
