package archiver_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"stet/archiver"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/storetest"
)

// year is a platform with two endpoints over a year in which much goes wrong,
// as a function of the time since the year began. Nothing in it is drawn: the
// same post has the same fate in every run.
type year struct{ began time.Time }

// spell is a time of trouble.
type spell struct{ from, to time.Duration }

// The spells of the year.
func outage() spell     { return spell{20 * day, 23 * day} }   // nobody answers
func newFormat() spell  { return spell{60 * day, 66 * day} }   // the first endpoint answers in a new shape
func blind() spell      { return spell{100 * day, 103 * day} } // the first endpoint misses everything
func allBlind() spell   { return spell{150 * day, 152 * day} } // both do
func slanderous() spell { return spell{200 * day, 204 * day} } // the first says of everything that it was deleted

func spells() []spell {
	return []spell{outage(), newFormat(), blind(), allBlind(), slanderous(), ahead(), wrong(), behind()}
}

// The times at which the machine's clock is wrong, and by how much.
func ahead() spell  { return spell{80 * day, 80*day + 5*time.Hour} }
func wrong() spell  { return spell{120 * day, 130 * day} }
func behind() spell { return spell{250 * day, 251 * day} }

func (s spell) holds(at time.Duration) bool { return s.from <= at && at < s.to }

// draw returns a number of 64 bits that a post's number and a purpose decide.
func draw(post int, purpose string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(binary.BigEndian.AppendUint64([]byte(purpose), uint64(post)))
	x := h.Sum64()
	x = (x ^ x>>31) * 0x9e3779b97f4a7c15
	return x ^ x>>29
}

// fate is what becomes of a post.
type fate struct {
	captured time.Duration
	// gone is when it disappears, 0 for never; stated where the platform says
	// why, so that the first endpoint says it and the second misses it.
	gone   time.Duration
	stated bool
}

// fateOf decides: three of ten posts disappear, most of them early.
func fateOf(n int) fate {
	f := fate{captured: time.Duration(draw(n, "captured") % uint64(30*day))}
	if draw(n, "fate")%10 >= 3 {
		return f
	}
	f.stated = draw(n, "stated")%2 == 0
	within := []time.Duration{day, 7 * day, 30 * day, 200 * day}[draw(n, "within")%4]
	f.gone = f.captured + time.Minute + time.Duration(draw(n, "gone")%uint64(within))
	return f
}

// answer is what an endpoint says of a post. Now and then the first endpoint
// misses a living post, as keyless endpoints do.
func (y year) answer(first bool, n int, f fate, at time.Duration) (post.Status, bool) {
	switch {
	case outage().holds(at), first && newFormat().holds(at):
		return post.Unknown, false
	case allBlind().holds(at), first && blind().holds(at):
		return post.NotFound, false
	case first && slanderous().holds(at):
		return post.Deleted, true
	case f.gone > 0 && at >= f.gone:
		if first && f.stated {
			return post.Deleted, true
		}
		return post.NotFound, false
	case first && draw(n, "flaky "+strconv.Itoa(int(at/time.Hour)))%20 == 0:
		return post.NotFound, false
	}
	return post.Live, true
}

// deadline is when a loss must be confirmed at the latest: at the first look
// after it that could tell, and then within the time that confirms it; where
// trouble comes in between, by the look that is repeated after it.
func (f fate) deadline() time.Duration {
	look, told := f.captured, f.captured
	for look < f.gone || troubled(look) {
		next := regularAfter(f.captured, look)
		if troubled(look) {
			next = min(next, look+max(day, (look-told)/4))
		} else {
			told = look
		}
		look = next
	}
	confirming := archiver.DefaultConfirmUnexplained*3/2 + 3*time.Hour
	if f.stated { // at once, but where the control posts are missed, and then again
		confirming = archiver.DefaultConfirmUnexplained
	}
	end := look + confirming
	for again := true; again; {
		again = false
		for _, s := range spells() {
			if after := s.to + max(day, (s.to-told)/4) + confirming; s.from-day <= end && s.to > f.gone && end < after {
				end, again = after, true
			}
		}
	}
	return end
}

// troubled reports whether no look can tell anything at a time, of a living post
// either.
func troubled(at time.Duration) bool { return outage().holds(at) || allBlind().holds(at) }

// regularAfter is the look that the schedule wants of a living post after last.
func regularAfter(captured, last time.Duration) time.Duration {
	return archiver.Schedule{}.Next(begin().Add(captured), begin().Add(last), archiver.State{Value: post.Live}).Sub(begin())
}

// inCI is how many posts live through the year: all with STET_CI=1.
func inCI(all, some int) int {
	if storetest.Thorough() {
		return all
	}
	return some
}

// TestYearOfJudging lets 100,000 posts live through the year with the rules and
// the schedule alone.
func TestYearOfJudging(t *testing.T) {
	y := year{begin()}
	posts := inCI(100_000, 5_000)
	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for n := w; n < posts; n += workers {
				y.judge(t, n)
			}
		})
	}
	group.Wait()
}

// judge follows one post.
func (y year) judge(t *testing.T, n int) {
	f := fateOf(n)
	first := y.began.Add(f.captured)
	seen := []archiver.Observation{{Round: store.ID{1}, Time: first, Endpoint: "capture", Result: post.Live, Explicit: true}}
	state, confirmed := archiver.Judge(seen, archiver.Rules{}), time.Duration(0)
	at := first
	for round := byte(2); ; round++ {
		next := archiver.Schedule{}.Next(first, at, state)
		if told := seen[len(seen)-1].Result != post.Unknown; !told {
			next = archiver.Schedule{}.Again(next, at, state)
		}
		if at = next; at.Sub(y.began) > 365*day {
			break
		}
		var shown bool
		seen, shown = y.look(seen, n, f, at, round)
		state = archiver.Judge(seen, archiver.Rules{})
		if shown {
			seen = seen[len(seen)-2:] // what was before is settled
		}
		if gone := state.Value.Gone() && state.Confirmed; gone && confirmed == 0 {
			confirmed = at.Sub(y.began)
		}
	}
	y.hold(t, n, f, confirmed)
}

// look adds a round: the first endpoint, and where that does not show the post,
// the second; what says that it is gone only while the control post is shown.
func (y year) look(seen []archiver.Observation, n int, f fate, now time.Time, round byte) ([]archiver.Observation, bool) {
	at := now.Sub(y.began)
	for _, first := range []bool{true, false} {
		result, explicit := y.answer(first, n, f, at)
		control, _ := y.answer(first, -1, fate{}, at)
		if result.Gone() && control != post.Live {
			result, explicit = post.Unknown, false
		}
		seen = append(seen, archiver.Observation{Round: store.ID{round, 1}, Time: now, Endpoint: fmt.Sprint("first ", first), Result: result, Explicit: explicit})
		if result == post.Live {
			return seen, true
		}
	}
	return seen, false
}

// hold fails the test where a living post was called gone, or a loss was not
// confirmed in time.
func (y year) hold(t *testing.T, n int, f fate, confirmed time.Duration) {
	switch {
	case f.gone == 0 && confirmed > 0:
		t.Errorf("post %d lives and was called gone after %v", n, confirmed)
	case f.gone > 0 && confirmed > 0 && confirmed < f.gone:
		t.Errorf("post %d was called gone after %v, and disappeared after %v", n, confirmed, f.gone)
	case f.gone > 0 && f.deadline() < 365*day && (confirmed == 0 || confirmed > f.deadline()):
		t.Errorf("post %d, captured after %v, disappeared after %v and was called gone after %v, later than %v (stated %t)",
			n, f.captured, f.gone, confirmed, f.deadline(), f.stated)
	}
}

// TestYearOfRunning lets posts live through the same year in the engine, with a
// store, a queue and a clock that is set wrong three times.
func TestYearOfRunning(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		y := year{begin()}
		posts := inCI(1_000, 100)
		p := &yearPlatform{y: y, w: w}
		w.engine = archiver.New(archiver.Options{Archive: w.archive, Client: w.client, Finder: extract.NewFinder(sites.All()), Platforms: []archiver.Platform{p}})
		steps := map[time.Duration]time.Duration{ahead().from: 3 * day, ahead().to: 0, wrong().from: 30 * time.Hour, wrong().to: 0,
			behind().from: -2 * day, behind().to: 0}
		due := map[time.Duration][]post.Ref{}
		for n := range posts {
			d := fateOf(n).captured.Truncate(time.Hour)
			due[d] = append(due[d], ref(strconv.Itoa(n+1000)))
		}
		ctx, cancel := context.WithCancel(w.ctx)
		done := make(chan error, 1)
		go func() { done <- w.engine.Run(ctx, archiver.RunOptions{Poll: time.Hour}) }()
		for at := time.Duration(0); at < 365*day; at += time.Hour {
			if by, ok := steps[at]; ok {
				w.clock.Store(int64(by))
			}
			if refs := due[at]; len(refs) > 0 {
				if _, err := w.engine.CapturePosts(w.ctx, refs, make([]string, len(refs)), archiver.CaptureOptions{Trigger: "schedule"}); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Hour)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		w.afterTheYear(y, posts)
	})
}

// afterTheYear holds what was concluded against what happened, and the queue
// against what must be in it.
func (w *world) afterTheYear(y year, posts int) {
	w.t.Helper()
	waiting := map[string]int{}
	all, err := w.mem.ListJobs(w.ctx, store.JobFilter{Limit: 10 * posts})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, j := range all {
		if j.State != store.JobWaiting || j.RunAt.After(time.Now().Add(archiver.DefaultMaxInterval)) {
			w.t.Errorf("job %s %s is %s and due at %s: %s", j.Kind, j.Key, j.State, j.RunAt, j.Error)
		}
		if j.Kind == archiver.JobLook {
			waiting[j.Key]++
		}
	}
	for n := range posts {
		id := strconv.Itoa(n + 1000)
		if waiting[ref(id).String()] != 1 {
			w.t.Errorf("%d looks at %s are in the queue", waiting[ref(id).String()], id)
		}
		f, h := fateOf(n), w.history(id)
		if len(h.Captures) == 0 {
			if f.gone == 0 {
				w.t.Errorf("post %s lives and was never captured", id)
			}
			continue // it was gone before
		}
		f.captured = h.Captures[0].Content.Time.Sub(y.began)
		if rounds := len(h.Looks); rounds > 200 {
			w.t.Errorf("%d looks at post %s", rounds, id)
		}
		confirmed := time.Duration(0)
		for _, v := range h.Verdicts {
			if v.Content.Confirmed && v.Content.Status.Gone() && confirmed == 0 {
				confirmed = v.Content.Time.Sub(y.began)
			}
		}
		y.hold(w.t, n, f, confirmed)
	}
}

// yearPlatform is X in that year.
type yearPlatform struct {
	y year
	w *world
}

func (p *yearPlatform) Platform() post.Platform { return post.Twitter }
func (p *yearPlatform) Rules() []extract.Rule   { return nil }
func (p *yearPlatform) Controls() archiver.Controls {
	return archiver.Controls{Live: []post.Ref{ref("20")}}
}

func (p *yearPlatform) Endpoints() []archiver.Endpoint {
	return []archiver.Endpoint{&yearEndpoint{p, true}, &yearEndpoint{p, false}}
}

type yearEndpoint struct {
	*yearPlatform
	first bool
}

func (e *yearEndpoint) Name() string        { return map[bool]string{true: "first", false: "second"}[e.first] }
func (e *yearEndpoint) Source() post.Source { return post.SourcePublic }
func (e *yearEndpoint) Batch() int          { return 1 }

// Ask answers at the true time, which the answer carries, while the exchange is
// dated by the machine's clock.
func (e *yearEndpoint) Ask(_ context.Context, refs []post.Ref, purpose string) archiver.Reply {
	id, _ := strconv.Atoi(refs[0].ID) // the test's own
	n, f := id-1000, fate{}
	if n >= 0 {
		f = fateOf(n)
	}
	result, explicit := e.y.answer(e.first, n, f, time.Since(e.y.began))
	a := archiver.Answer{Ref: refs[0], Parser: "year/1", Answer: extract.Answer{Status: result, Explicit: explicit, Reason: extract.ReasonStated}}
	switch {
	case outage().holds(time.Since(e.y.began)):
		a.Err = fmt.Errorf("%w: nobody answers", store.ErrNetwork)
	case result == post.Unknown:
		a.Answer = extract.Trouble(extract.ReasonShape, false)
	case result == post.Live:
		a.Parsed = &extract.Parsed{Post: post.Post{Platform: post.Twitter, ID: refs[0].ID, Text: "hello", Author: post.Author{Handle: "ada"}}}
	}
	x := store.Exchange{Started: e.w.now(), Method: "GET", URL: "https://x.example/" + refs[0].ID, Purpose: purpose, Status: 200, Protocol: "http/1.1",
		RequestHead:  []byte("GET / HTTP/1.1\r\n\r\n"),
		ResponseHead: []byte("HTTP/1.1 200 OK\r\nDate: " + time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") + "\r\n\r\n")}
	if a.Err != nil {
		x.Status, x.ResponseHead, x.Error, x.ErrorClass = 0, nil, a.Err.Error(), "network"
	}
	return archiver.Reply{Exchanges: []store.Exchange{x}, Answers: []archiver.Answer{a}}
}
