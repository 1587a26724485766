package archiver

import (
	"fmt"
	"slices"
	"time"
)

// KeepForever is a rule of a source whose articles are kept for ever, whatever
// the rule for all sources is.
const KeepForever time.Duration = -1

// DefaultKeepGrace is how long what a rule removed can be put back: long enough
// that somebody is back from holiday who sees that a rule was wrong.
const DefaultKeepGrace = 30 * 24 * time.Hour

// ShortKeep is the shortest time that a rule can be meant to say: an article is
// read again for longer than that. Shorter ones are accepted, and told.
const ShortKeep = 24 * time.Hour

// KeepRules says how long what sources named is kept, by the names of all
// sources that are followed: 0 and less are for ever. What a source named that
// is not among them, because it is no longer followed, is kept for ever.
type KeepRules map[string]time.Duration

// Until returns until when an article is kept that these sources named and that
// changed last at a time, and the source that says so. ok is false where one of
// them keeps it for ever.
func (r KeepRules) Until(sources []string, changed time.Time) (until time.Time, by string, ok bool) {
	for _, name := range sources {
		keep := r[name]
		if keep <= 0 {
			return time.Time{}, name, false
		}
		if end := changed.Add(keep); until.IsZero() || end.After(until) {
			until, by = end, name
		}
	}
	return until, by, len(sources) > 0
}

// KeepWhy says by what a thing stays.
type KeepWhy string

// By what things stay.
const (
	// KeptHeld: a hold on it, or on a post that it shows.
	KeptHeld KeepWhy = "held"
	// KeptCase: it, or a post that it shows, is in a case.
	KeptCase KeepWhy = "case"
	// KeptApproved: somebody approved that the public is shown it.
	KeptApproved KeepWhy = "approved"
	// KeptPerson: a person captured it, imported it, or asked for closer looks.
	KeptPerson KeepWhy = "person"
	// KeptSource: a source keeps it longer, or for ever.
	KeptSource KeepWhy = "source"
	// KeptSpared: somebody put it back, or said that it is to stay.
	KeptSpared KeepWhy = "spared"
	// KeptShown: something shows it, quotes it or answers it that stays.
	KeptShown KeepWhy = "shown"
	// KeptUnknown: nothing says why it is here, or too much does.
	KeptUnknown KeepWhy = "unknown"
)

// KeepReason is one reason why a thing stays.
type KeepReason struct {
	Why KeepWhy `json:"why"`
	// Text says it for people.
	Text string `json:"text"`
	// Until is when it ends by itself; zero where it does not.
	Until time.Time `json:"until,omitzero"`
}

// passes reports whether the reason can go away without anything being added to
// the thing that it keeps.
func (r *KeepReason) passes() bool {
	return !r.Until.IsZero() || r.Why == KeptHeld || r.Why == KeptCase || r.Why == KeptApproved
}

// KeptThing is an article, a post or a linked page as a rule sees it.
type KeptThing struct {
	// Name is unique among the things.
	Name string
	// Reasons are those of the thing itself.
	Reasons []KeepReason
	// Holders are the other things, by their place in the list, that show it,
	// link it, quote it or answer it: it stays where one of them stays.
	Holders []int
	// Root is true for an article, which needs nothing else to be here.
	Root bool
}

// Retain says of each thing why it stays: nil for those that nothing keeps, which
// go. It is the whole rule, as a pure function: a thing stays for a reason of its
// own, and what a thing that stays shows stays with it. What is no article and
// shown by nothing stays: nothing says why it is here.
func Retain(things []KeptThing) []*KeepReason {
	shows := make([][]int, len(things))
	for i := range things {
		for _, h := range things[i].Holders {
			shows[h] = append(shows[h], i)
		}
	}
	why := make([]*KeepReason, len(things))
	var queue []int
	for i := range things {
		t := &things[i]
		switch {
		case len(t.Reasons) > 0:
			why[i] = &t.Reasons[strongest(t.Reasons)]
		case !t.Root && len(t.Holders) == 0:
			why[i] = &KeepReason{Why: KeptUnknown, Text: "nothing says why it is here"}
		default:
			continue
		}
		queue = append(queue, i)
	}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for _, held := range shows[i] {
			if why[held] == nil {
				why[held] = &KeepReason{Why: KeptShown, Text: fmt.Sprintf("%s stays: %s", things[i].Name, why[i].Text), Until: why[i].Until}
				queue = append(queue, held)
			}
		}
	}
	return why
}

// strongest returns the place of the reason that people are told: one that does
// not end by itself before those that do, of these the last to end.
func strongest(reasons []KeepReason) int {
	best := 0
	for i := range reasons {
		b, r := &reasons[best], &reasons[i]
		if !b.Until.IsZero() && (r.Until.IsZero() || r.Until.After(b.Until)) {
			best = i
		}
	}
	return best
}

// again returns when a thing that stays is to be looked at again: when its
// reasons have ended, a week from now where nobody knows when they end, never
// where they do not.
func again(reasons []KeepReason, now time.Time) (time.Time, bool) {
	if len(reasons) == 0 || slices.ContainsFunc(reasons, func(r KeepReason) bool { return !r.passes() }) {
		return time.Time{}, false
	}
	at := now.Add(keepAgain)
	for i := range reasons {
		if u := reasons[i].Until; u.After(at) {
			at = u
		}
	}
	if len(reasons) == 1 && !reasons[0].Until.IsZero() {
		at = reasons[0].Until
	}
	return at, true
}

// keepAgain is how long what stays for a reason that people can take back is left
// alone.
const keepAgain = 7 * 24 * time.Hour
