package source

import (
	"errors"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/storetest"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestNext(t *testing.T) {
	now := at("2026-03-02 09:00")
	daily, err := Cron("30 6 * * *", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		s    Schedule
		st   State
		want time.Duration // after now
	}{
		{"never read", Every(time.Hour), State{}, 0},
		{"default", Schedule{}, State{LastAttempt: now}, DefaultEvery},
		{"regular", Every(time.Hour), State{LastAttempt: now.Add(-10 * time.Minute)}, 50 * time.Minute},
		{"missed", Every(time.Hour), State{LastAttempt: now.Add(-100 * time.Hour)}, 0},
		{"very short", Every(20 * time.Millisecond), State{LastAttempt: now}, 20 * time.Millisecond},
		{"more", Every(time.Hour), State{LastAttempt: now, More: true}, MoreDelay},
		{"more of a short one", Every(time.Second), State{LastAttempt: now, More: true}, time.Second},
		{"first failure", Every(time.Hour), State{LastAttempt: now, Failures: 1}, 2 * time.Minute},
		{"fourth failure", Every(time.Hour), State{LastAttempt: now, Failures: 4}, 16 * time.Minute},
		{"many failures", Every(time.Hour), State{LastAttempt: now, Failures: 4000}, 6 * time.Hour},
		{"many failures of a weekly", Every(7 * 24 * time.Hour), State{LastAttempt: now, Failures: 40}, 7 * 24 * time.Hour},
		{"failures of a short one", Every(time.Second), State{LastAttempt: now, Failures: 3}, 4 * time.Second},
		{"more, then a failure", Every(time.Hour), State{LastAttempt: now, Failures: 1, More: true}, 2 * time.Minute},
		{"asked to wait", Every(time.Minute), State{LastAttempt: now, Failures: 1, NotBefore: now.Add(3 * time.Hour)}, 3 * time.Hour},
		{"gone", Every(time.Minute), State{LastAttempt: now, Failures: 1, GoneSince: now}, 7 * 24 * time.Hour},
		{"the clock was set back", Every(time.Hour), State{LastAttempt: now.Add(1000 * time.Hour)}, time.Hour},
		{"cron", daily, State{LastAttempt: now}, 21*time.Hour + 30*time.Minute},
		{"cron, never read", daily, State{}, 21*time.Hour + 30*time.Minute},
		{"cron, missed", daily, State{LastAttempt: now.Add(-24 * time.Hour)}, 0},
		{"cron, failure", daily, State{LastAttempt: now, Failures: 1}, 2 * time.Minute},
	} {
		if got := c.s.Next(now, c.st, 0.5).Sub(now); got != c.want {
			t.Errorf("%s: in %v, want %v", c.name, got, c.want)
		}
		early, late := c.s.Next(now, c.st, 0), c.s.Next(now, c.st, 0.999)
		if early.Before(now) || late.Before(early) || late.Sub(now) > c.want+c.want/10 || early.Sub(now) < c.want-c.want/10 {
			t.Errorf("%s: between %v and %v", c.name, early.Sub(now), late.Sub(now))
		}
	}
}

func TestCron(t *testing.T) {
	vienna, err := time.LoadLocation("Europe/Vienna")
	storetest.Need(t, err == nil, "time zones")
	for _, c := range []struct {
		expr, after, want string
		zone              *time.Location
	}{
		{"*/15 * * * *", "2026-03-02 09:00", "2026-03-02 09:15", nil},
		{"0 6 * * mon-fri", "2026-02-27 06:00", "2026-03-02 06:00", nil},
		{"0 6 * * 1-5", "2026-02-27 06:00", "2026-03-02 05:00", vienna},
		{"CRON_TZ=America/New_York 0 6 * * *", "2026-03-02 09:00", "2026-03-02 11:00", vienna},
		{"0 0 13 * 5", "2026-03-02 09:00", "2026-03-06 00:00", nil}, // either
		{"0 12 29 2 *", "2026-03-02 09:00", "2028-02-29 12:00", nil},
		{"@daily", "2026-03-02 09:00", "2026-03-03 00:00", nil},
		{"30 2 * * *", "2026-03-28 12:00", "2026-03-29 01:30", vienna}, // there is no 02:30 on that day
		{"30 2 * * *", "2026-03-29 01:30", "2026-03-30 00:30", vienna},
		{"30 2 * * *", "2026-10-24 12:00", "2026-10-25 00:30", vienna}, // and 02:30 twice on this one
		{"30 2 * * *", "2026-10-25 00:30", "2026-10-25 01:30", vienna},
		{"0 3 * * *", "2026-10-25 00:00", "2026-10-25 02:00", vienna},
	} {
		s, err := Cron(c.expr, c.zone)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if got := s.Next(at(c.after), State{LastAttempt: at(c.after)}, 0.5); !got.Equal(at(c.want)) {
			t.Errorf("%s after %s: %v, want %s", c.expr, c.after, got.UTC(), c.want)
		}
	}
	for _, bad := range []string{"", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "CRON_TZ=Nowhere/Land * * * * *", "every day", strings.Repeat("*", 5000)} {
		if _, err := Cron(bad, nil); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
}

func FuzzCron(f *testing.F) {
	f.Add("*/15 0-6 1,15 jan-mar mon#2", int64(1772442000))
	f.Add("@every 1h", int64(0))
	f.Add("TZ=Europe/Vienna 30 2 29 2 *", int64(1772442000))
	f.Fuzz(func(t *testing.T, expr string, unix int64) {
		s, err := Cron(expr, nil)
		if err != nil {
			return
		}
		now := time.Unix(unix%(1<<33), 0).UTC()
		next := s.Next(now, State{LastAttempt: now}, 0.5)
		if next.Before(now) || next.Sub(now) > 9*366*24*time.Hour {
			t.Errorf("%q after %v: %v", expr, now, next)
		}
	})
}

func TestSilent(t *testing.T) {
	now := at("2026-03-02 09:00")
	// A newsroom that publishes every two hours on weekdays, seen for a time.
	rhythm := func(days int) (r Rhythm) {
		var dates []time.Time
		for h := days * 24; h >= 0; h -= 2 {
			d := now.Add(-time.Duration(h) * time.Hour)
			if wd := d.Weekday(); wd != time.Saturday && wd != time.Sunday {
				dates = append(dates, d)
			}
		}
		r.note(now, dates)
		return r
	}
	for _, c := range []struct {
		name  string
		st    State
		quiet time.Duration
		want  bool
	}{
		{"never read", State{}, 100 * time.Hour, false},
		{"in rhythm", State{Rhythm: rhythm(30)}, 3 * time.Hour, false},
		{"over the weekend", State{Rhythm: rhythm(30)}, 60 * time.Hour, false},
		{"for a week", State{Rhythm: rhythm(30)}, 7 * 24 * time.Hour, true},
		{"a day, known for three days", State{Rhythm: rhythm(3)}, 30 * time.Hour, false},
		{"a week, known for three days", State{Rhythm: rhythm(3)}, 7 * 24 * time.Hour, true},
		{"a list", State{Rhythm: rhythm(30), Format: FormatText}, 700 * time.Hour, false},
	} {
		if c.name != "never read" {
			c.st.LastSuccess = now.Add(c.quiet)
		}
		got, why := Silent(now.Add(c.quiet), c.st)
		if got != c.want || got != (why != "") {
			t.Errorf("%s: %v %q", c.name, got, why)
		}
	}
	// While it cannot be read, nothing is known of its silence.
	if got, _ := Silent(now.Add(1000*time.Hour), State{Rhythm: rhythm(30), LastSuccess: now.Add(time.Hour)}); got {
		t.Error("silent, though it was not read")
	}
	// A source that publishes around the clock is missed after half a day.
	var r Rhythm
	for h := 20 * 24; h >= 0; h-- {
		r.note(now, []time.Time{now.Add(-time.Duration(h) * time.Hour)})
	}
	if got, why := Silent(now.Add(13*time.Hour), State{Rhythm: r, LastSuccess: now.Add(13 * time.Hour)}); !got || !strings.Contains(why, "13 hours") {
		t.Errorf("%v %q", got, why)
	}
}

func TestRhythm(t *testing.T) {
	now := at("2026-03-02 09:00")
	var r Rhythm
	r.note(now, []time.Time{now.Add(-time.Hour), now.Add(-5 * time.Hour), now.Add(-2 * time.Hour), now.Add(-2 * time.Hour)})
	if r.Gaps != 2 || (3*time.Hour-r.Longest).Abs() > time.Minute || !r.Since.Equal(now.Add(-5*time.Hour)) || !r.Last.Equal(now.Add(-time.Hour)) {
		t.Errorf("%+v", r)
	}
	r.note(now, []time.Time{{}, now.Add(99 * time.Hour), now.Add(-90 * time.Hour)}) // undated, of the future, late
	if r.Gaps != 3 || !r.Last.Equal(now) {
		t.Errorf("%+v", r)
	}
	for range 2000 {
		now = now.Add(time.Minute)
		r.note(now, []time.Time{now})
	}
	if r.Longest > 10*time.Minute || r.Mean > 2*time.Minute || r.Mean < 50*time.Second {
		t.Errorf("an old gap is not forgotten: %+v", r)
	}
}

func TestFailing(t *testing.T) {
	now := at("2026-03-02 09:00")
	var st State
	st.succeed(now, nil)
	failAt := func(after time.Duration) {
		st.fail(now.Add(after), errors.New("no way"))
	}
	failAt(10 * time.Minute)
	failAt(20 * time.Minute)
	failAt(90 * time.Minute)
	if got, why := Failing(now.Add(90*time.Minute), st); got {
		t.Errorf("after an hour: %q", why)
	}
	failAt(4 * time.Hour)
	got, why := Failing(now.Add(4*time.Hour), st)
	if !got || !strings.Contains(why, "4 times") || !strings.Contains(why, "no way") || !strings.Contains(why, "last read at 2026-03-02T09:00:00Z") {
		t.Errorf("after four hours: %v %q", got, why)
	}
	// It recovered by itself after five hours: such an outage is usual now.
	now = now.Add(5 * time.Hour)
	st.succeed(now, nil)
	for i := range 5 {
		failAt(time.Duration(i+1) * time.Hour)
	}
	if got, why := Failing(now.Add(6*time.Hour), st); got {
		t.Errorf("after a usual time: %q", why)
	}
	failAt(12 * time.Hour)
	if got, _ := Failing(now.Add(12*time.Hour), st); !got {
		t.Error("after twice the usual time: not failing")
	}
	if got, why := Failing(now, State{GoneSince: now}); !got || !strings.Contains(why, "gone for good") {
		t.Errorf("gone: %v %q", got, why)
	}
}
