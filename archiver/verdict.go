package archiver

import (
	"cmp"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// RulesVersion is the version of the rules by which [Judge] decides; verdicts
// carry it.
const RulesVersion = 1

// Rules are the times of the rules. The zero value means the defaults.
type Rules struct {
	// ConfirmAfter is how much later a second look must repeat an explicit
	// statement of the platform; 0 is [DefaultConfirmAfter].
	ConfirmAfter time.Duration
	// ConfirmUnexplained is the least time over which an unexplained absence
	// must be seen; 0 is [DefaultConfirmUnexplained].
	ConfirmUnexplained time.Duration
}

// The defaults of [Rules].
const (
	// DefaultConfirmAfter is long enough for caches at the platform's edge to
	// expire and short enough to tell a newsroom on the same day.
	DefaultConfirmAfter = 6 * time.Hour
	// DefaultConfirmUnexplained covers outages and regional trouble of a day.
	DefaultConfirmUnexplained = 24 * time.Hour
	// unexplainedRounds and unexplainedSources are how often, and by how many
	// endpoints, an unexplained absence must be seen.
	unexplainedRounds  = 3
	unexplainedSources = 2
)

func (r Rules) withDefaults() Rules {
	r.ConfirmAfter = cmp.Or(r.ConfirmAfter, DefaultConfirmAfter)
	r.ConfirmUnexplained = cmp.Or(r.ConfirmUnexplained, DefaultConfirmUnexplained)
	return r
}

// State is what the archive holds true of a post: the verdict over the history
// of its captures and looks.
type State struct {
	// Value is the status. Where Value is a kind of gone and Confirmed is
	// false, the loss is only suspected.
	Value     post.Status
	Confirmed bool
	// LastLive is when a source last showed the post. FirstGone is when it
	// was first missed after that, zero while it is not missed.
	LastLive    time.Time
	FirstGone   time.Time
	ConfirmedAt time.Time
	// Looks are those that the value rests on.
	Looks []store.ID
	// Reason is a sentence.
	Reason string
}

// Observation is one dated answer that [Judge] weighs.
type Observation struct {
	Look store.ID
	// Round groups the answers that were asked for together.
	Round    store.ID
	Time     time.Time
	Endpoint string
	Result   post.Status
	Explicit bool
	Reason   string
}

// Observations returns what a history says, in the order of time: its looks,
// and each capture as a sight of the living post. Captures from a web archive
// or from an article's quotation show nothing of the present; looks made in
// quarantine prove nothing. What a clock dated that was ahead counts as of the
// next look.
func Observations(h *store.History) []Observation {
	type numbered struct {
		Observation
		seq uint64
	}
	var all []numbered
	for _, c := range h.Captures {
		if c.Content.Source.Rank() >= post.SourceEmbed.Rank() {
			round := c.Content.Round
			if round.IsZero() {
				round = c.ID
			}
			all = append(all, numbered{Observation{Look: c.ID, Round: round, Time: c.Content.Time, Endpoint: captured, Result: post.Live, Explicit: true}, c.Seq})
		}
	}
	for _, l := range h.Looks {
		if l.Content.Quarantined {
			continue
		}
		round := l.Content.Round
		if round.IsZero() {
			round = l.ID
		}
		all = append(all, numbered{Observation{Look: l.ID, Round: round, Time: l.Content.Time, Endpoint: l.Content.Endpoint,
			Result: l.Content.Result, Explicit: l.Content.Explicit, Reason: l.Content.Reason}, l.Seq})
	}
	slices.SortStableFunc(all, func(a, b numbered) int { return cmp.Compare(a.seq, b.seq) })
	out := make([]Observation, len(all))
	for i := range all {
		out[i] = all[i].Observation
	}
	inOrder(out)
	return out
}

// Judge weighs observations, which must be in the order of time, by the rules
// of DESIGN §6. It is a pure function: the same history gives the same state.
//
//   - A source that shows the post makes a mere absence of the same round
//     live: a 404, an empty object and a bare tombstone are seen for living
//     posts too.
//   - An explicit statement that the post is hidden (an age gate, a protected
//     account) holds also where another source shows it.
//   - An explicit statement of the platform that the post is gone is suspected
//     at once, and confirmed by a second source that misses it too, or by the
//     same statement ConfirmAfter later; never while a source of the same round
//     shows the post.
//   - An unexplained absence is confirmed when two sources miss the post in
//     three rounds over ConfirmUnexplained.
//   - What cannot tell (trouble on the way, walls, unexpected answers) changes
//     nothing.
//   - A post that is shown again is live, whatever was confirmed before.
func Judge(observations []Observation, rules Rules) State {
	j := judge{rules: rules.withDefaults(), state: State{Value: post.Unknown}}
	for _, r := range rounds(observations) {
		j.round(r)
	}
	return j.state
}

// round is what was observed together.
type round struct {
	id      store.ID
	time    time.Time
	answers []Observation
}

// rounds groups observations by their round, in the order of each round's
// first.
func rounds(observations []Observation) []round {
	var all []round
	at := map[store.ID]int{}
	for _, o := range observations {
		i, ok := at[o.Round]
		if !ok {
			i = len(all)
			at[o.Round] = i
			all = append(all, round{id: o.Round, time: o.Time})
		}
		all[i].answers = append(all[i].answers, o)
	}
	return all
}

// judge walks over the rounds.
type judge struct {
	rules Rules
	state State
	// missed are the answers since the post was last seen in which it was
	// missing, and missedRounds the times of their rounds.
	missed       []Observation
	missedRounds []time.Time
}

func (j *judge) round(r round) {
	var live, hidden, missing []Observation
	stated, restricted := false, false
	for _, o := range r.answers {
		switch {
		case o.Result == post.Live:
			live = append(live, o)
		case o.Result.Hidden():
			hidden = append(hidden, o)
			restricted = restricted || o.Explicit
		case o.Result.Gone():
			missing = append(missing, o)
			stated = stated || o.Explicit
		}
	}
	switch {
	case len(live) > 0 && !stated && !restricted:
		j.seen(live)
	case len(hidden) > 0 && !stated:
		if len(live) > 0 {
			j.state.LastLive = live[len(live)-1].Time
		}
		j.hide(hidden)
	case len(missing) > 0:
		j.miss(r, missing, len(live)+len(hidden) > 0)
	}
}

// seen notes that the post is shown.
func (j *judge) seen(live []Observation) {
	last := live[len(live)-1]
	j.state = State{Value: post.Live, LastLive: last.Time, Looks: lookIDs(live[:1]), Reason: "shown by " + sources(live)}
	j.missed, j.missedRounds = nil, nil
}

// hide notes that the post exists but is not shown to everybody.
func (j *judge) hide(hidden []Observation) {
	first := hidden[0]
	same := j.state.Value == first.Result
	confirmed := same && j.state.Confirmed
	confirmedAt := j.state.ConfirmedAt
	if first.Explicit && !confirmed {
		confirmed, confirmedAt = true, first.Time
	}
	j.state = State{Value: first.Result, Confirmed: confirmed, ConfirmedAt: confirmedAt, LastLive: j.state.LastLive,
		Looks: lookIDs(hidden), Reason: first.Reason}
	j.missed, j.missedRounds = nil, nil
}

// miss notes that the post is missing. A disputed round, in which a source
// contradicts an explicit statement, raises a suspicion but confirms nothing.
func (j *judge) miss(r round, missing []Observation, disputed bool) {
	if j.state.FirstGone.IsZero() {
		j.state.FirstGone = missing[0].Time
	}
	if disputed {
		if !j.state.Confirmed {
			j.suspect(stated(missing), missing, "one source says so while another shows the post")
		}
		return
	}
	j.missed = append(j.missed, missing...)
	j.missedRounds = append(j.missedRounds, r.time)
	word, looks, reason, confirmed := j.weigh()
	switch {
	case confirmed && !(j.state.Confirmed && j.state.Value == word):
		j.state.Value, j.state.Confirmed, j.state.ConfirmedAt = word, true, missing[len(missing)-1].Time
		j.state.Looks, j.state.Reason = looks, reason
	case !confirmed && !j.state.Confirmed:
		j.suspect(word, missing, reason)
	}
}

func (j *judge) suspect(word post.Status, looks []Observation, reason string) {
	j.state.Value, j.state.Confirmed, j.state.ConfirmedAt = word, false, time.Time{}
	j.state.Looks, j.state.Reason = lookIDs(looks), reason
}

// weigh decides over the answers since the post was last seen: the word, the
// looks that it rests on, why, and whether it is confirmed.
func (j *judge) weigh() (word post.Status, looks []store.ID, reason string, confirmed bool) {
	for i := len(j.missed) - 1; i >= 0; i-- {
		if o := j.missed[i]; o.Explicit {
			return j.weighStatement(o.Result)
		}
	}
	return j.weighAbsence()
}

// weighStatement decides over an explicit statement: the last one that was
// made.
func (j *judge) weighStatement(word post.Status) (post.Status, []store.ID, string, bool) {
	first := slices.IndexFunc(j.missed, func(o Observation) bool { return o.Explicit && o.Result == word })
	statement := j.missed[first]
	for _, o := range j.missed {
		switch {
		case o.Endpoint != statement.Endpoint && (o.Round == statement.Round || o.Time.After(statement.Time)):
			return word, lookIDs([]Observation{statement, o}), statement.Reason + "; " + o.Endpoint + " misses it too", true
		case o.Explicit && o.Result == word && o.Time.Sub(statement.Time) >= j.rules.ConfirmAfter:
			return word, lookIDs([]Observation{statement, o}), statement.Reason + "; said again later", true
		}
	}
	return word, lookIDs(j.missed[first : first+1]), statement.Reason + "; not confirmed yet", false
}

// weighAbsence decides over answers none of which says why the post is
// missing.
func (j *judge) weighAbsence() (post.Status, []store.ID, string, bool) {
	word := j.missed[len(j.missed)-1].Result
	endpoints := map[string]bool{}
	for _, o := range j.missed {
		endpoints[o.Endpoint] = true
		if o.Result != word {
			word = post.NotFound
		}
	}
	last := j.missedRounds[len(j.missedRounds)-1]
	if len(j.missedRounds) >= unexplainedRounds && len(endpoints) >= unexplainedSources && last.Sub(j.missedRounds[0]) >= j.rules.ConfirmUnexplained {
		return word, lookIDs(j.missed), "missed by " + sources(j.missed) + " again and again", true
	}
	return word, lookIDs(j.missed), "missed by " + sources(j.missed) + "; not confirmed yet", false
}

// stated returns the word of the first explicit statement.
func stated(answers []Observation) post.Status {
	for _, o := range answers {
		if o.Explicit {
			return o.Result
		}
	}
	return answers[0].Result
}

func lookIDs(answers []Observation) []store.ID {
	ids := make([]store.ID, len(answers))
	for i := range answers {
		ids[i] = answers[i].Look
	}
	return ids
}

// sources names the endpoints of answers, each once.
func sources(answers []Observation) string {
	var names []string
	for _, o := range answers {
		if !slices.Contains(names, o.Endpoint) {
			names = append(names, o.Endpoint)
		}
	}
	return joinWords(names)
}

func joinWords(words []string) string {
	switch len(words) {
	case 0:
		return "nobody"
	case 1:
		return words[0]
	}
	out := words[0]
	for _, w := range words[1 : len(words)-1] {
		out += ", " + w
	}
	return out + " and " + words[len(words)-1]
}

// EventOf returns the event of a change from one state to another: suspected,
// gone, hidden, restored or "" where people need not be told.
func EventOf(before, after State) string {
	if before.Value == after.Value && before.Confirmed == after.Confirmed {
		return ""
	}
	switch {
	case after.Value.Gone() && after.Confirmed:
		return "gone"
	case after.Value.Gone():
		return "suspected"
	case after.Value.Hidden():
		return "hidden"
	case after.Value == post.Live && (before.Value.Gone() || before.Value.Hidden()):
		return "restored"
	}
	return ""
}
