package source

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	cron "github.com/netresearch/go-cron"

	"stet/store"
)

// The times of [Schedule].
const (
	// DefaultEvery is how often a source is read that has no schedule: a
	// newsroom's readers use the same.
	DefaultEvery = 15 * time.Minute
	// MoreDelay is how soon a reading goes on that ended at one of its limits.
	MoreDelay = time.Minute
	// firstRetry is the pause after the first failure; it doubles with each
	// one, up to lastRetry.
	firstRetry = 2 * time.Minute
	lastRetry  = 6 * time.Hour
	// goneRetry is how often a source is asked that says that it is gone.
	goneRetry = 7 * 24 * time.Hour
	// jitter is the part of a pause by which it is changed at random, so that
	// many sources do not come due together for ever.
	jitter = 0.05
)

// Schedule says when a source is read: in intervals, or at the times of a cron
// expression. The zero value is every [DefaultEvery].
type Schedule struct {
	every time.Duration
	cron  cron.Schedule
	zone  *time.Location
	expr  string
}

// Every returns the schedule of an interval. Any positive one is accepted; 0 is
// [DefaultEvery].
func Every(d time.Duration) Schedule { return Schedule{every: d} }

// Cron returns the schedule of a cron expression: minute, hour, day of the
// month, month, day of the week, or one of @hourly, @daily, @weekly, @monthly,
// @yearly and @every. Days of the month and of the week together mean either,
// as everywhere. zone is where its times are; nil is UTC, and a prefix
// CRON_TZ=Europe/Vienna overrides it. A time that the clocks skip in spring
// comes an hour later, one that they repeat in autumn comes twice, which is
// harmless. It errors with store.ErrInvalid, also for times that never come.
func Cron(expr string, zone *time.Location) (Schedule, error) {
	s := Schedule{expr: strings.TrimSpace(expr), zone: cmp.Or(zone, time.UTC)}
	p, err := cron.TryNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor | cron.DowOrDom)
	if err == nil {
		s.cron, err = p.Parse(s.expr)
	}
	if err != nil {
		return Schedule{}, fmt.Errorf("%w: the schedule %q: %w", store.ErrInvalid, expr, err)
	}
	if s.cron.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, s.zone)).IsZero() {
		return Schedule{}, fmt.Errorf("%w: the schedule %q names a time that never comes", store.ErrInvalid, expr)
	}
	return s, nil
}

// String returns the schedule as people write it.
func (s Schedule) String() string {
	if s.cron != nil {
		return s.expr
	}
	return "every " + s.interval().String()
}

func (s Schedule) interval() time.Duration {
	if s.every <= 0 {
		return DefaultEvery
	}
	return s.every
}

// Next returns when a source is to be read next: a pure function of the time,
// its state, and a random number in [0,1). The result is never before now.
//
// A source that was never read is due at once, or at its cron time. After a
// failure the next attempt comes earlier than the schedule says where that is
// long, later where it is short; each further one waits twice as long, up to
// six hours or the schedule's own pause. What the host asked for holds in any
// case. A reading that ended at one of its limits goes on after [MoreDelay].
func (s Schedule) Next(now time.Time, st State, random float64) time.Time {
	last := st.LastAttempt
	if last.After(now) {
		last = now // the clock was set back
	}
	var at time.Time
	switch {
	case !st.GoneSince.IsZero():
		at = spread(last, goneRetry, random)
	case st.Failures > 0:
		at = s.retry(last, st.Failures, random)
	case last.IsZero():
		at = s.first(now)
	case st.More:
		at = last.Add(min(s.pause(last), MoreDelay))
	default:
		at = s.regular(last, random)
	}
	if st.NotBefore.After(at) {
		at = st.NotBefore
	}
	if at.Before(now) {
		return now
	}
	return at
}

func (s Schedule) first(now time.Time) time.Time {
	if s.cron != nil {
		return s.cron.Next(now.In(s.zone))
	}
	return now
}

// regular returns the time of the plain schedule after last.
func (s Schedule) regular(last time.Time, random float64) time.Time {
	if s.cron != nil {
		return s.cron.Next(last.In(s.zone))
	}
	return spread(last, s.interval(), random)
}

// pause returns the time between last and the next of the plain schedule.
func (s Schedule) pause(last time.Time) time.Duration {
	if s.cron != nil {
		return s.cron.Next(last.In(s.zone)).Sub(last)
	}
	return s.interval()
}

// retry returns when to try again after failures in a row.
func (s Schedule) retry(last time.Time, failures int, random float64) time.Time {
	pause := s.pause(last)
	wait := min(pause, firstRetry) << min(failures-1, 20)
	return spread(last, min(wait, max(pause, lastRetry)), random)
}

// spread adds a pause that is changed by up to [jitter] in both directions.
func spread(t time.Time, pause time.Duration, random float64) time.Time {
	return t.Add(pause + time.Duration((2*random-1)*jitter*float64(pause)))
}
