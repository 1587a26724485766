package archiver

import (
	"bytes"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
)

// at is an answer in the notation of the table below.
type at struct {
	hours    float64
	endpoint string
	result   post.Status
	explicit bool
}

func observe(answers []at) []Observation {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var out []Observation
	for i, a := range answers {
		t := start.Add(time.Duration(a.hours * float64(time.Hour)))
		var round store.ID
		round[0], round[1] = byte(int(a.hours*10)>>8), byte(int(a.hours*10))
		round[15] = 1
		out = append(out, Observation{Look: store.ID{15: byte(i + 1)}, Round: round, Time: t, Endpoint: a.endpoint,
			Result: a.result, Explicit: a.explicit, Reason: a.endpoint + " says " + string(a.result)})
	}
	return out
}

func TestJudge(t *testing.T) {
	const synd, oembed, api = "syndication", "oembed", "api-v2"
	live := at{0, "capture", post.Live, true}
	tests := []struct {
		name      string
		answers   []at
		want      post.Status
		confirmed bool
	}{
		{"nothing", nil, post.Unknown, false},
		{"captured", []at{live}, post.Live, false},
		{"never seen, trouble", []at{{1, synd, post.Unknown, false}}, post.Unknown, false},
		{"trouble changes nothing", []at{live, {1, synd, post.Unknown, false}, {2, oembed, post.Unknown, false}}, post.Live, false},
		{"one statement", []at{live, {1, synd, post.Deleted, true}}, post.Deleted, false},
		{"statement and second source", []at{live, {1, synd, post.Deleted, true}, {1, oembed, post.NotFound, false}}, post.Deleted, true},
		{"second source later", []at{live, {1, synd, post.Deleted, true}, {2, oembed, post.NotFound, false}}, post.Deleted, true},
		{"second source before the statement does not count", []at{live, {1, oembed, post.NotFound, false}, {2, synd, post.Deleted, true}}, post.Deleted, false},
		{"same statement too soon", []at{live, {1, synd, post.Deleted, true}, {6, synd, post.Deleted, true}}, post.Deleted, false},
		{"same statement later", []at{live, {1, synd, post.Deleted, true}, {7, synd, post.Deleted, true}}, post.Deleted, true},
		{"other statement later", []at{live, {1, synd, post.AccountSuspended, true}, {7, synd, post.Deleted, true}}, post.Deleted, false},
		{"statement against a source that shows it", []at{live, {1, synd, post.Deleted, true}, {1, oembed, post.Live, true}}, post.Deleted, false},
		{"dispute does not confirm later", []at{live, {1, synd, post.Deleted, true}, {1, oembed, post.Live, true}, {9, synd, post.Deleted, true}, {9, oembed, post.Live, true}}, post.Deleted, false},
		{"404 against a source that shows it", []at{live, {1, synd, post.NotFound, false}, {1, oembed, post.Live, true}}, post.Live, false},
		{"404 alone for ever", []at{live, {1, synd, post.NotFound, false}, {30, synd, post.NotFound, false}, {60, synd, post.NotFound, false}, {99, synd, post.NotFound, false}}, post.NotFound, false},
		{"404 of two, twice", []at{live, {1, synd, post.NotFound, false}, {1, oembed, post.NotFound, false}, {30, synd, post.NotFound, false}, {30, oembed, post.NotFound, false}}, post.NotFound, false},
		{"404 of two, thrice too soon", []at{live, {1, synd, post.NotFound, false}, {1, oembed, post.NotFound, false}, {2, synd, post.NotFound, false}, {24, synd, post.NotFound, false}}, post.NotFound, false},
		{"404 of two, thrice in a day", []at{live, {1, synd, post.NotFound, false}, {1, oembed, post.NotFound, false}, {12, synd, post.NotFound, false}, {25, synd, post.NotFound, false}}, post.NotFound, true},
		{"interrupted by a sight", []at{live, {1, synd, post.NotFound, false}, {1, oembed, post.NotFound, false}, {12, synd, post.Live, true}, {25, synd, post.NotFound, false}, {26, oembed, post.NotFound, false}}, post.NotFound, false},
		{"shown again", []at{live, {1, synd, post.Deleted, true}, {1, oembed, post.NotFound, false}, {30, synd, post.Live, true}}, post.Live, false},
		{"confirmed stays through trouble", []at{live, {1, synd, post.Deleted, true}, {1, oembed, post.NotFound, false}, {30, synd, post.Unknown, false}}, post.Deleted, true},
		{"confirmed stays through a dispute", []at{live, {1, synd, post.Deleted, true}, {1, oembed, post.NotFound, false}, {30, synd, post.Deleted, true}, {30, oembed, post.Live, true}}, post.Deleted, true},
		{"hidden is not gone", []at{live, {1, synd, post.Protected, true}, {1, oembed, post.NotFound, false}}, post.Protected, true},
		{"age gate beside 404", []at{live, {1, synd, post.AgeRestricted, true}, {1, oembed, post.NotFound, false}, {30, synd, post.AgeRestricted, true}}, post.AgeRestricted, true},
		{"age gate beside a source that shows it", []at{live, {1, synd, post.AgeRestricted, true}, {1, oembed, post.Live, true}}, post.AgeRestricted, true},
		{"shown after an age gate", []at{live, {1, synd, post.AgeRestricted, true}, {2, synd, post.Live, true}}, post.Live, false},
		{"suspended without statement", []at{live, {1, synd, post.AccountSuspended, false}, {9, synd, post.AccountSuspended, false}}, post.AccountSuspended, false},
		{"absences of different words", []at{live, {1, synd, post.NotFound, false}, {1, oembed, post.AccountGone, false}, {12, synd, post.NotFound, false}, {25, synd, post.AccountGone, false}}, post.NotFound, true},
		{"confirmed stays through one statement of another kind", []at{live, {1, synd, post.NotFound, false}, {1, oembed, post.NotFound, false}, {12, synd, post.NotFound, false}, {25, synd, post.NotFound, false}, {30, api, post.Deleted, true}}, post.NotFound, true},
		{"hidden without a statement", []at{live, {1, synd, post.Protected, false}}, post.Protected, false},
		{"absence explained later", []at{live, {1, synd, post.NotFound, false}, {1, oembed, post.NotFound, false}, {2, api, post.AccountSuspended, true}, {2, oembed, post.NotFound, false}}, post.AccountSuspended, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Judge(observe(tt.answers), Rules{})
			if got.Value != tt.want || got.Confirmed != tt.confirmed {
				t.Errorf("got %s confirmed %t (%s), want %s confirmed %t", got.Value, got.Confirmed, got.Reason, tt.want, tt.confirmed)
			}
			if got.Value.Gone() && (got.FirstGone.IsZero() || got.Confirmed == got.ConfirmedAt.IsZero()) {
				t.Errorf("first gone %v, confirmed at %v", got.FirstGone, got.ConfirmedAt)
			}
		})
	}
}

// TestObservations: what a web archive, an import or an article shows says
// nothing of whether a post stands, and neither does a look in quarantine.
func TestObservations(t *testing.T) {
	when := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h := &store.History{}
	for i, source := range []post.Source{post.SourceArticle, post.SourceImport, post.SourceArchive, post.SourceEmbed, post.SourcePublic, post.SourceAPI} {
		h.Captures = append(h.Captures, store.Item[store.Capture]{Seq: uint64(i + 1), ID: store.ID{15: byte(i + 1)}, Content: &store.Capture{Time: when, Source: source}})
	}
	h.Looks = []store.Item[store.Look]{
		{Seq: 10, ID: store.ID{15: 10}, Content: &store.Look{Time: when, Endpoint: "syndication", Result: post.Deleted, Explicit: true, Quarantined: true}},
		{Seq: 11, ID: store.ID{15: 11}, Content: &store.Look{Time: when, Endpoint: "syndication", Result: post.NotFound}},
	}
	var got []byte
	for _, o := range Observations(h) {
		got = append(got, o.Look[15])
	}
	if want := []byte{4, 5, 6, 11}; !bytes.Equal(got, want) {
		t.Errorf("observations %v, want %v", got, want)
	}
}

// FuzzJudge: whatever the answers, nothing is confirmed gone from one answer,
// from one endpoint without a statement, or while the last informative round
// shows the post.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		statuses := post.Statuses()
		var answers []at
		hours := 0.0
		for ; len(b) >= 3 && len(answers) < 60; b = b[3:] {
			hours += float64(b[0]%4) * 5
			answers = append(answers, at{hours, string(rune('a' + b[1]%3)), statuses[int(b[2]%16)%len(statuses)], b[2]&0x80 != 0})
		}
		got := Judge(observe(answers), Rules{})
		if !got.Confirmed || !got.Value.Gone() {
			return
		}
		negative, stated := 0, false
		for _, a := range answers {
			if a.result.Gone() {
				negative++
				stated = stated || a.explicit
			}
		}
		if negative < 2 {
			t.Errorf("confirmed %s from %d answers", got.Value, negative)
		}
		if !stated && negative < unexplainedRounds {
			t.Errorf("confirmed %s without a statement from %d answers", got.Value, negative)
		}
	})
}

func TestEventOf(t *testing.T) {
	live, suspected := State{Value: post.Live}, State{Value: post.Deleted}
	gone, hidden := State{Value: post.Deleted, Confirmed: true}, State{Value: post.Protected, Confirmed: true}
	for _, tt := range []struct {
		before, after State
		want          string
	}{
		{live, live, ""}, {live, suspected, "suspected"}, {suspected, gone, "gone"}, {live, gone, "gone"},
		{gone, live, "restored"}, {suspected, live, "restored"}, {live, hidden, "hidden"}, {hidden, live, "restored"},
		{State{Value: post.Unknown}, live, ""},
	} {
		if got := EventOf(tt.before, tt.after); got != tt.want {
			t.Errorf("EventOf(%v, %v) = %q, want %q", tt.before.Value, tt.after.Value, got, tt.want)
		}
	}
}

func TestScheduleNext(t *testing.T) {
	first := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	live := State{Value: post.Live}
	var got []time.Duration
	last := first
	for range 14 {
		next := Schedule{}.Next(first, last, live)
		if !next.After(last) {
			t.Fatalf("next %v is not after last %v", next, last)
		}
		got = append(got, next.Sub(first).Round(time.Hour))
		last = next
	}
	const d = 24 * time.Hour
	want := []time.Duration{time.Hour, 6 * time.Hour, d, 3 * d, 7 * d, 14 * d, 30 * d, 54 * d, 90 * d, 144 * d, 225 * d, 315 * d, 405 * d, 495 * d}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("look %d is %v after the capture, want %v", i, got[i], want[i])
		}
	}
	// A look that was late by a year does not cause a hundred looks at once.
	late := first.Add(400 * d)
	if next := (Schedule{}).Next(first, late, live); !next.After(late) || next.Sub(late) > 90*d {
		t.Errorf("next after a late look is %v", next.Sub(late))
	}
	// A suspicion brings the next look forward, a confirmation does not.
	suspected := State{Value: post.Deleted, FirstGone: first.Add(60 * d)}
	if next := (Schedule{}).Next(first, first.Add(60*d), suspected); next.Sub(first) != 60*d+6*time.Hour {
		t.Errorf("a suspected deletion is looked at again after %v", next.Sub(first.Add(60*d)))
	}
	if next := (Schedule{}).Next(first, first.Add(60*d), State{Value: post.NotFound, FirstGone: first.Add(60 * d)}); next.Sub(first) != 60*d+12*time.Hour {
		t.Errorf("an absence is looked at again after %v", next.Sub(first.Add(60*d)))
	}
	if next := (Schedule{}).Next(first, first.Add(60*d), State{Value: post.Deleted, Confirmed: true}); next.Sub(first) != 90*d {
		t.Errorf("a confirmed deletion is looked at again after %v", next.Sub(first))
	}
	if next := (Schedule{}).Next(first, first.Add(60*d+5*time.Hour), State{Value: post.NotFound, FirstGone: first.Add(60 * d)}); next.Sub(first) != 60*d+12*time.Hour {
		t.Errorf("after a look in between, an absence is looked at %v after it was first missed", next.Sub(first.Add(60*d)))
	}
	// A first capture that a clock dated that was ahead keeps nothing waiting.
	if next := (Schedule{}).Next(first.Add(400*d), first, live); next.Sub(first) != time.Hour {
		t.Errorf("with a first capture in the future the next look comes after %v", next.Sub(first))
	}
	// What could not tell is repeated, ever less often while the trouble stays.
	for _, tt := range []struct{ known, next, want time.Duration }{{0, 90 * d, d}, {-8 * d, 90 * d, 2 * d}, {-400 * d, 90 * d, 90 * d}, {-time.Hour, time.Hour, time.Hour}} {
		state := State{Value: post.Live, LastLive: first.Add(tt.known)}
		if got := (Schedule{}).Again(first.Add(tt.next), first, state).Sub(first); got != tt.want {
			t.Errorf("%+v: again after %v", tt, got)
		}
	}
	// Any positive values are accepted.
	tiny := Schedule{Delays: []time.Duration{time.Nanosecond}, Growth: 1, MaxInterval: time.Second}
	if next := tiny.Next(first, first.Add(time.Hour), live); !next.After(first.Add(time.Hour)) {
		t.Errorf("tiny schedule gives %v", next)
	}
}
