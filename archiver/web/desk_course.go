package web

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// event is one step in the course of a post.
type event struct {
	Class string
	// At is when it began, Until when it ended: the same for one moment.
	At, Until time.Time
	Words     string
	// Reason is a sentence, empty mostly.
	Reason string
	// Capture is the capture that the event is, zero for others.
	Capture store.ID
	// Proofs are the recorded answers that it rests on.
	Proofs []proof
	// Looks are those of a run of looks with the same result.
	Looks []lookLine
	// Together is true where it was at the time of the one before.
	Together bool
	seq      uint64
}

// Moment reports whether the event is one moment.
func (e event) Moment() bool { return e.Until.Equal(e.At) }

// proof leads to a recorded exchange.
type proof struct{ Words, Path string }

// lookLine is one look of a run.
type lookLine struct {
	Time     time.Time
	Endpoint string
	Reason   string
	Path     string
	// Void is true where the look proves nothing.
	Void bool
}

// mostListed is how many looks of one run are listed one by one.
const mostListed = 6

// course tells what was captured and seen of a post, oldest first. It returns
// how many looks it leaves out.
func course(v *view.Post, all bool) ([]event, int) {
	h := v.History
	var out []event
	if p := v.Post.Posted; !p.IsZero() {
		words := "Posted"
		switch {
		case v.Source == post.SourceArticle:
			words = "Posted on this day, as the article states"
		case v.Post.PostedFrom == "derived":
			words = "Posted, as its id tells"
		}
		out = append(out, event{At: p.UTC(), Until: p.UTC(), Words: words})
	}
	for i := range h.Captures {
		out = append(out, captureEvent(&h.Captures[i]))
	}
	for i := range h.Verdicts {
		out = append(out, verdictEvent(&h.Verdicts[i]))
	}
	for i := range h.Looks {
		out = append(out, lookEvent(&h.Looks[i]))
	}
	slices.SortStableFunc(out, func(a, b event) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return int(a.seq) - int(b.seq)
	})
	return runs(out, all)
}

func captureEvent(c *store.Item[store.Capture]) event {
	e := event{Class: "kept", At: c.Content.Time.UTC(), Words: "Captured from " + c.Content.Source.Words(), Capture: c.ID, seq: c.Seq}
	if m := c.Content.Memento; !m.IsZero() {
		e.Reason = fmt.Sprintf("Kept by %s on %s.", plain(m.Archive), m.Time.UTC().Format("2 January 2006, 15:04 UTC"))
	}
	if c.Content.Private {
		e.Words += ", private"
	}
	for i, x := range c.Content.Exchanges {
		words := "raw answer"
		if i > 0 {
			words = "witness"
		}
		e.Proofs = append(e.Proofs, proof{words, "/exchange/" + x.String()})
	}
	e.Until = e.At
	return e
}

func verdictEvent(v *store.Item[store.Verdict]) event {
	c := v.Content
	e := event{At: c.Time.UTC(), Until: c.Time.UTC(), Reason: c.Reason, seq: v.Seq}
	switch {
	case c.Status == post.Live:
		e.Class, e.Words = "live", "Seen again"
	case c.Status.Gone() && c.Confirmed:
		e.Class, e.Words = "gone", "Confirmed: "+c.Status.Words()
	case c.Status.Gone():
		e.Class, e.Words = "perhaps", "First doubt: perhaps "+c.Status.Words()
	case c.Status.Hidden():
		e.Class, e.Words = "hid", inWords(c.Status.Words())
	default:
		e.Words = inWords(string(c.Status))
	}
	return e
}

func lookEvent(l *store.Item[store.Look]) event {
	c := l.Content
	result := resultWords(c.Result)
	e := event{Class: result.Class, At: c.Time.UTC(), Until: c.Time.UTC(), Words: result.Words, seq: l.Seq}
	line := lookLine{Time: e.At, Endpoint: c.Endpoint, Void: c.Quarantined}
	if c.Result != post.Live {
		line.Reason = c.Reason
	}
	if c.Account {
		line.Endpoint += ", the account"
	}
	if !c.Exchange.IsZero() {
		line.Path = "/exchange/" + c.Exchange.String()
	}
	if c.Quarantined {
		e.Class = "unknown"
	}
	e.Looks = []lookLine{line}
	return e
}

// runs joins looks with the same result that follow each other.
func runs(all []event, whole bool) (out []event, left int) {
	for _, e := range all {
		last := len(out) - 1
		if last >= 0 && len(e.Looks) > 0 && len(out[last].Looks) > 0 && out[last].Words == e.Words && out[last].Class == e.Class {
			out[last].Looks = append(out[last].Looks, e.Looks...)
			out[last].Until = e.Until
			continue
		}
		out = append(out, e)
	}
	for i := range out {
		e := &out[i]
		n := len(e.Looks)
		if n == 0 {
			continue
		}
		if e.Words = "Looked: " + e.Words; n > 1 {
			e.Words = "Looked " + countWords(n, "time") + ": " + strings.TrimPrefix(e.Words, "Looked: ")
		}
		if n > mostListed && !whole {
			left += n - mostListed
			e.Looks = append(e.Looks[:mostListed/2:mostListed/2], e.Looks[n-mostListed/2:]...)
		}
	}
	for i := 1; i < len(out); i++ {
		out[i].Together = out[i].Moment() && out[i-1].Moment() && sameMinute(out[i].At, out[i-1].At)
	}
	return out, left
}

// sameMinute reports whether two times are written in the same way.
func sameMinute(a, b time.Time) bool { return a.Truncate(time.Minute).Equal(b.Truncate(time.Minute)) }

// dot is a mark on the line of time.
type dot struct {
	X     int
	Class string
}

// mostDots bounds the marks on the line.
const mostDots = 70

// strip draws when a post was captured and looked at. Early looks are close
// together and late ones far apart, so the line is of the square root of time.
func strip(v *view.Post) []dot {
	type mark struct {
		at    time.Time
		class string
	}
	var marks []mark
	for _, c := range v.Captures {
		marks = append(marks, mark{c.Time, "kept"})
	}
	for _, l := range v.Looks {
		class := resultWords(l.Result).Class
		if class == "hid" {
			class = "unknown"
		}
		marks = append(marks, mark{l.Time, class})
	}
	slices.SortStableFunc(marks, func(a, b mark) int { return a.at.Compare(b.at) })
	if len(marks) < 3 {
		return nil
	}
	first, last := marks[0].at, marks[len(marks)-1].at
	if !last.After(first) {
		return nil
	}
	step := (len(marks) + mostDots - 1) / mostDots
	var out []dot
	for i, m := range marks {
		if i%step != 0 && i != len(marks)-1 && m.class == "live" {
			continue
		}
		x := int(16 + 968*math.Sqrt(float64(m.at.Sub(first))/float64(last.Sub(first))))
		if n := len(out); n > 0 && out[n-1].X == x && out[n-1].Class == m.class || n > 2*mostDots {
			continue
		}
		out = append(out, dot{x, m.class})
	}
	return out
}
