package archiver

import (
	"cmp"
	"time"

	"stet/extract/post"
)

// Schedule says when a post is looked at again. The zero value means the
// defaults.
type Schedule struct {
	// Delays are the times after the first capture, ascending; nil is
	// [DefaultDelays].
	Delays []time.Duration
	// Growth is the factor by which the interval grows after the last delay;
	// 0 is [DefaultGrowth].
	Growth float64
	// MaxInterval bounds it; 0 is [DefaultMaxInterval].
	MaxInterval time.Duration
	// Rules are the times of confirming, which bring looks forward.
	Rules Rules
}

// The defaults of [Schedule].
const (
	// DefaultGrowth lets the interval grow by half.
	DefaultGrowth = 1.5
	// suspicionTime is for how many times ConfirmUnexplained a suspicion brings
	// looks forward: where only one source can be asked, it stays one.
	suspicionTime = 7
	// leastAgain is the least time after which a look that could not tell is
	// repeated: most outages are over by then.
	leastAgain = 24 * time.Hour
	// DefaultMaxInterval is the longest time between two looks.
	DefaultMaxInterval = 90 * 24 * time.Hour
)

// DefaultDelays follow how early deletions come: of the tweets that vanish
// within three months, 1 % go within the hour, 10 % within a week, 30 % within
// a month (Pew Research Center, 2024).
func DefaultDelays() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{time.Hour, 6 * time.Hour, day, 3 * day, 7 * day, 14 * day, 30 * day}
}

// DefaultArticleDelays are the times after its first version at which an
// article is read again: corrections come within days.
func DefaultArticleDelays() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{day, 3 * day, 7 * day, 30 * day, 90 * day}
}

// Next returns when to look at a post again. first is its first capture, last
// the last look or capture, and state the verdict over them. It is a pure
// function, and the result is after last.
//
// While a loss is suspected, looks also come at multiples, after it was first
// missed, of the time that confirms it: ConfirmAfter for an explicit statement,
// half of ConfirmUnexplained for an absence. A first capture that claims to be
// later than last was dated by a clock that was ahead: it counts as of last.
func (s Schedule) Next(first, last time.Time, state State) time.Time {
	rules := s.Rules.withDefaults()
	if first.After(last) {
		first = last
	}
	regular := s.regular(first, last)
	if !state.Value.Gone() || state.Confirmed {
		return regular
	}
	if !state.FirstGone.IsZero() && last.Sub(state.FirstGone) > suspicionTime*rules.ConfirmUnexplained {
		return regular // it could not be confirmed in all that time
	}
	step := rules.ConfirmUnexplained / 2
	if state.Value != post.NotFound {
		step = min(step, rules.ConfirmAfter)
	}
	since := state.FirstGone
	if since.IsZero() || since.After(last) {
		since = last
	}
	if soon := nextMultiple(since, last, max(step, 1)); soon.Before(regular) {
		return soon
	}
	return regular
}

// Again returns when to look again after a look, at the time last, that could not
// tell, because of trouble on the way or because its answers were not believed:
// a day later, or a quarter of the time since anything was known of the post, so
// that trouble that stays costs ever less; never later than next. state is the
// verdict after the look. It is a pure function.
func (s Schedule) Again(next, last time.Time, state State) time.Time {
	known := state.LastLive
	if state.FirstGone.After(known) {
		known = state.FirstGone
	}
	wait := leastAgain
	if !known.IsZero() {
		wait = max(wait, last.Sub(known)/4)
	}
	if again := last.Add(wait); again.Before(next) {
		return again
	}
	return next
}

// regular returns the first time of the plain schedule after last.
func (s Schedule) regular(first, last time.Time) time.Time {
	delays := s.Delays
	if len(delays) == 0 {
		delays = DefaultDelays()
	}
	longest := cmp.Or(s.MaxInterval, DefaultMaxInterval)
	previous := time.Duration(0)
	step := delays[0]
	for _, d := range delays {
		if at := first.Add(d); at.After(last) {
			return at
		}
		if d > previous {
			step = d - previous
		}
		previous = d
	}
	growth := max(cmp.Or(s.Growth, DefaultGrowth), 1)
	for at := first.Add(previous); ; {
		step = min(time.Duration(float64(step)*growth), longest)
		if step >= longest || growth == 1 {
			return nextMultiple(at, last, max(step, 1))
		}
		if at = at.Add(max(step, 1)); at.After(last) {
			return at
		}
	}
}

// nextMultiple returns the first at + n·step after last, n ≥ 1.
func nextMultiple(at, last time.Time, step time.Duration) time.Time {
	if !at.Before(last) {
		return at.Add(step)
	}
	n := last.Sub(at)/step + 1
	return at.Add(n * step)
}
