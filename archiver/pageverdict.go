package archiver

import (
	"cmp"
	"time"

	"stet/store"
)

// PageRules are the times after which a change of a page is confirmed. The zero
// value means the defaults.
type PageRules struct {
	// ConfirmGone is the time between the first and the last of
	// three answers that there is no such page, by the server's
	// status.
	ConfirmGone time.Duration
	// ConfirmSoft is the same for four answers that say it in words only.
	ConfirmSoft time.Duration
	// ConfirmChange is the time between two looks that find the page changed
	// or leading elsewhere.
	ConfirmChange time.Duration
}

const (
	// DefaultConfirmGone outlasts a weekend's broken deployment.
	DefaultConfirmGone = 3 * 24 * time.Hour
	// DefaultConfirmSoft is longer, because words mislead.
	DefaultConfirmSoft = 7 * 24 * time.Hour
	// DefaultConfirmChange is a day: front pages and error pages change by
	// then.
	DefaultConfirmChange = 24 * time.Hour
	pageGoneLooks        = 3
	pageSoftLooks        = 4
)

func (r PageRules) withDefaults() PageRules {
	r.ConfirmGone = cmp.Or(r.ConfirmGone, DefaultConfirmGone)
	r.ConfirmSoft = cmp.Or(r.ConfirmSoft, DefaultConfirmSoft)
	r.ConfirmChange = cmp.Or(r.ConfirmChange, DefaultConfirmChange)
	return r
}

// PageState is the verdict over the looks at a page.
type PageState struct {
	Value     store.PageResult
	Confirmed bool
	// LastAlive is when the page was last seen, FirstMissed when it was first
	// missed, or found changed, after that, and ConfirmedAt when that was
	// confirmed.
	LastAlive   time.Time
	FirstMissed time.Time
	ConfirmedAt time.Time
	// Drift is that of the last look that showed the page.
	Drift float64
	// Reason is a sentence.
	Reason string
}

// JudgePage weighs looks at a page, which must be in the order of time. It is a
// pure function.
//
//   - A look that shows the page makes it alive, whatever was confirmed before.
//   - That it is gone is suspected at once, and confirmed by three looks over
//     ConfirmGone that were answered 404 or 410; what says so in words only,
//     with a status that says otherwise, counts as a suspicion and is confirmed
//     by four looks over ConfirmSoft.
//   - That it leads elsewhere, or drifted, is confirmed by a second look
//     ConfirmChange later that finds the same.
//   - Trouble changes nothing, and neither do walls; a host that no longer
//     exists is trouble.
func JudgePage(looks []store.PageLook, rules PageRules) PageState {
	j := pageJudge{rules: rules.withDefaults(), state: PageState{Value: store.PageUnknown}}
	for i := range looks {
		j.look(&looks[i])
	}
	return j.state
}

type pageJudge struct {
	rules PageRules
	state PageState
	// missed are the looks since the page was last seen at which it was not
	// there.
	missed []*store.PageLook
	// changed is the first of the looks in a row that found it changed.
	changed *store.PageLook
}

func (j *pageJudge) look(l *store.PageLook) {
	switch l.Result {
	case store.PageAlive:
		j.state = PageState{Value: store.PageAlive, LastAlive: l.Time, Drift: l.Drift, Reason: l.Reason}
		j.missed, j.changed = nil, nil
	case store.PageRedirected, store.PageDrifted:
		j.change(l)
	case store.PageGone, store.PageSoftGone:
		j.miss(l)
	case store.PageWalled:
		if j.state.Value == store.PageUnknown {
			j.state.Value, j.state.Reason = store.PageWalled, l.Reason
		}
	default:
		if j.state.Value == store.PageUnknown {
			j.state.Reason = l.Reason
		}
	}
}

// change notes that the address shows another page.
func (j *pageJudge) change(l *store.PageLook) {
	j.missed = nil
	if j.changed == nil || j.changed.Result != l.Result || j.state.Value != l.Result {
		j.changed = l
		j.state = PageState{Value: l.Result, LastAlive: j.state.LastAlive, FirstMissed: l.Time}
	}
	j.state.Drift, j.state.Reason = l.Drift, l.Reason
	if !j.state.Confirmed && l.Time.Sub(j.changed.Time) >= j.rules.ConfirmChange {
		j.state.Confirmed, j.state.ConfirmedAt = true, l.Time
	}
}

// miss notes that the page was not there.
func (j *pageJudge) miss(l *store.PageLook) {
	j.changed = nil
	if len(j.missed) == 0 {
		j.state = PageState{LastAlive: j.state.LastAlive, FirstMissed: l.Time}
	}
	j.missed = append(j.missed, l)
	stated, first := 0, time.Time{}
	for _, m := range j.missed {
		if m.Result == store.PageGone {
			if stated++; stated == 1 {
				first = m.Time
			}
		}
	}
	byStatus := stated >= pageGoneLooks && l.Time.Sub(first) >= j.rules.ConfirmGone && l.Result == store.PageGone
	byWords := len(j.missed) >= pageSoftLooks && l.Time.Sub(j.missed[0].Time) >= j.rules.ConfirmSoft
	if j.state.Confirmed && !byStatus {
		return // what only words say does not weaken what was confirmed
	}
	if j.state.Value = store.PageSoftGone; stated == len(j.missed) || byStatus {
		j.state.Value = store.PageGone
	}
	j.state.Reason = l.Reason
	if !j.state.Confirmed && (byStatus || byWords) {
		j.state.Confirmed, j.state.ConfirmedAt = true, l.Time
	}
}

// DefaultPageDelays are the times after its first capture at which a linked
// page is looked at: pages go slower than posts.
func DefaultPageDelays() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{7 * day, 30 * day, 90 * day}
}

// DefaultMaxPageInterval is the longest time between two looks at a page.
const DefaultMaxPageInterval = 180 * 24 * time.Hour

// pageSuspicionTime is for how long a suspicion brings looks forward: what
// could not be confirmed by then is looked at on the plain schedule.
const pageSuspicionTime = 30 * 24 * time.Hour

// NextPage returns when to look at a page again. first is its first capture,
// last the last look, and state the verdict over them. It is a pure function,
// and the result is after last. While a loss or a change is suspected, looks
// come at least as often as its confirmation needs.
func NextPage(s Schedule, rules PageRules, first, last time.Time, state PageState) time.Time {
	if len(s.Delays) == 0 {
		s.Delays = DefaultPageDelays()
	}
	s.MaxInterval = cmp.Or(s.MaxInterval, DefaultMaxPageInterval)
	regular := s.regular(first, last)
	rules = rules.withDefaults()
	if state.Confirmed || state.FirstMissed.IsZero() || last.Sub(state.FirstMissed) > pageSuspicionTime {
		return regular
	}
	step := rules.ConfirmChange
	switch state.Value {
	case store.PageGone:
		step = rules.ConfirmGone / (pageGoneLooks - 1)
	case store.PageSoftGone:
		step = rules.ConfirmSoft / (pageSoftLooks - 1)
	}
	if soon := last.Add(max(step, 1)); soon.Before(regular) {
		return soon
	}
	return regular
}
