package archiver_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/store"
)

// pageLook is a look some days after the story begins.
func pageLook(days float64, result store.PageResult) store.PageLook {
	return store.PageLook{Time: begin().Add(time.Duration(days * float64(day))), Result: result, Reason: "r"}
}

func TestJudgePage(t *testing.T) {
	const (
		alive, gone, soft = store.PageAlive, store.PageGone, store.PageSoftGone
		drifted, moved    = store.PageDrifted, store.PageRedirected
		unknown, walled   = store.PageUnknown, store.PageWalled
	)
	at := func(days float64, r store.PageResult) store.PageLook { return pageLook(days, r) }
	for _, tt := range []struct {
		name      string
		looks     []store.PageLook
		want      store.PageResult
		confirmed bool
	}{
		{"nothing", nil, unknown, false},
		{"alive", []store.PageLook{at(0, alive)}, alive, false},
		{"one answer", []store.PageLook{at(0, alive), at(7, gone)}, gone, false},
		{"two answers", []store.PageLook{at(0, alive), at(7, gone), at(30, gone)}, gone, false},
		{"three answers in a row", []store.PageLook{at(0, alive), at(7, gone), at(7.1, gone), at(7.2, gone)}, gone, false},
		{"three answers over days", []store.PageLook{at(0, alive), at(7, gone), at(8.5, gone), at(10, gone)}, gone, true},
		{"trouble between", []store.PageLook{at(0, alive), at(7, gone), at(8, unknown), at(9, walled), at(10, gone), at(11, unknown)}, gone, false},
		{"trouble after", []store.PageLook{at(0, alive), at(7, gone), at(8.5, gone), at(10, gone), at(11, unknown), at(12, walled)}, gone, true},
		{"only trouble", []store.PageLook{at(0, alive), at(7, unknown), at(8, unknown), at(12, unknown), at(90, unknown)}, alive, false},
		{"only walls", []store.PageLook{at(0, alive), at(7, walled), at(8, walled), at(12, walled), at(90, walled)}, alive, false},
		{"never seen behind its wall", []store.PageLook{at(0, walled), at(7, walled)}, walled, false},
		{"back again", []store.PageLook{at(0, alive), at(7, gone), at(8.5, gone), at(10, gone), at(11, alive)}, alive, false},
		{"gone and back and gone", []store.PageLook{at(0, alive), at(7, gone), at(8, gone), at(9, alive), at(10, gone)}, gone, false},
		{"in words, three times", []store.PageLook{at(0, alive), at(7, soft), at(10, soft), at(15, soft)}, soft, false},
		{"in words, four times", []store.PageLook{at(0, alive), at(7, soft), at(9, soft), at(12, soft), at(14, soft)}, soft, true},
		{"in words, four times in a row", []store.PageLook{at(0, alive), at(7, soft), at(8, soft), at(9, soft), at(10, soft)}, soft, false},
		{"in words and by status", []store.PageLook{at(0, alive), at(7, soft), at(8, gone), at(9, soft)}, soft, false},
		{"by status in the end", []store.PageLook{at(0, alive), at(7, soft), at(8, gone), at(9, gone), at(11, gone)}, gone, true},
		{"words after two statuses", []store.PageLook{at(0, alive), at(7, gone), at(8, gone), at(11, soft)}, soft, false},
		{"changed once", []store.PageLook{at(0, alive), at(7, drifted)}, drifted, false},
		{"changed twice at once", []store.PageLook{at(0, alive), at(7, drifted), at(7.5, drifted)}, drifted, false},
		{"changed for good", []store.PageLook{at(0, alive), at(7, drifted), at(8, drifted)}, drifted, true},
		{"leads elsewhere", []store.PageLook{at(0, alive), at(7, moved), at(30, moved)}, moved, true},
		{"changed, then elsewhere", []store.PageLook{at(0, alive), at(7, drifted), at(30, moved)}, moved, false},
		{"changed and trouble", []store.PageLook{at(0, alive), at(7, drifted), at(8, unknown), at(9, drifted)}, drifted, true},
		{"changed back", []store.PageLook{at(0, alive), at(7, drifted), at(8, drifted), at(9, alive)}, alive, false},
		{"gone after a change", []store.PageLook{at(0, alive), at(7, drifted), at(8, gone)}, gone, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := archiver.JudgePage(tt.looks, archiver.PageRules{})
			if got.Value != tt.want || got.Confirmed != tt.confirmed || got.Confirmed == got.ConfirmedAt.IsZero() {
				t.Errorf("%s, confirmed %v at %v; want %s, %v", got.Value, got.Confirmed, got.ConfirmedAt, tt.want, tt.confirmed)
			}
			if tt.want != alive && tt.want != unknown && tt.want != walled && (got.FirstMissed.IsZero() || got.LastAlive.Before(begin())) {
				t.Errorf("last seen %v, first missed %v", got.LastAlive, got.FirstMissed)
			}
		})
	}
}

// TestJudgePageNeverFromTrouble: over many histories, trouble and walls never
// change a verdict, nothing is confirmed that was not seen often enough, and
// what is alive in the end is alive.
func TestJudgePageNeverFromTrouble(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	results := []store.PageResult{store.PageAlive, store.PageGone, store.PageGone, store.PageSoftGone, store.PageDrifted, store.PageRedirected}
	for range 20_000 {
		var clean, noisy []store.PageLook
		days := 0.0
		for range r.IntN(9) {
			days += r.Float64() * 3
			l := pageLook(days, results[r.IntN(len(results))])
			clean, noisy = append(clean, l), append(noisy, l)
			for range r.IntN(3) {
				days += r.Float64()
				noisy = append(noisy, pageLook(days, []store.PageResult{store.PageUnknown, store.PageWalled}[r.IntN(2)]))
			}
		}
		a, b := archiver.JudgePage(clean, archiver.PageRules{}), archiver.JudgePage(noisy, archiver.PageRules{})
		if a != b && len(clean) > 0 {
			t.Fatalf("trouble changes %+v to %+v", a, b)
		}
		missed := 0
		for i := len(clean) - 1; i >= 0 && clean[i].Result.Missing(); i-- {
			missed++
		}
		if a.Value.Missing() && (missed == 0 || a.Confirmed && missed < 3) {
			t.Fatalf("%d looks missed it: %+v", missed, a)
		}
	}
}

func TestNextPage(t *testing.T) {
	at := func(days float64) time.Time { return begin().Add(time.Duration(days * float64(day))) }
	next := func(last float64, s archiver.PageState) float64 {
		return float64(archiver.NextPage(archiver.Schedule{}, archiver.PageRules{}, begin(), at(last), s).Sub(begin())) / float64(day)
	}
	live := archiver.PageState{Value: store.PageAlive}
	gone := archiver.PageState{Value: store.PageGone, FirstMissed: at(7)}
	sure := archiver.PageState{Value: store.PageGone, FirstMissed: at(7), Confirmed: true}
	for _, tt := range []struct {
		last  float64
		state archiver.PageState
		want  float64
	}{
		{0, live, 7}, {7, live, 30}, {30, live, 90}, {90, live, 180}, {7, gone, 8.5}, {8.5, gone, 10}, {10, sure, 30},
		{7, archiver.PageState{Value: store.PageSoftGone, FirstMissed: at(7)}, 7 + 7.0/3}, {7, archiver.PageState{Value: store.PageDrifted, FirstMissed: at(7)}, 8},
		{60, gone, 90}, // it could not be confirmed in all that time
	} {
		if got := next(tt.last, tt.state); got < tt.want-0.001 || got > tt.want+0.001 {
			t.Errorf("after day %v as %s: day %v, want %v", tt.last, tt.state.Value, got, tt.want)
		}
	}
	for last := range 3000 {
		if got := next(float64(last), live); got <= float64(last) || got-float64(last) > 180 {
			t.Fatalf("after day %d: day %v", last, got)
		}
	}
}

func TestDrift(t *testing.T) {
	numbered := func(from, to int) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "word%d ", i)
		}
		return b.String()
	}
	for _, tt := range []struct {
		name      string
		a, b      string
		low, high float64
	}{
		{"the same", numbered(0, 100), numbered(0, 100), 0, 0},
		{"nothing", "", "", 0, 0},
		{"nothing left", numbered(0, 100), "", 1, 1},
		{"other words", numbered(0, 100), numbered(200, 300), 1, 1},
		{"case and punctuation", "The ferry sails, at six.", "the FERRY sails at six", 0, 0},
		{"one word of a hundred", numbered(0, 100), strings.Replace(numbered(0, 100), "word50 ", "other ", 1), 0.04, 0.08},
		{"half of it", numbered(0, 200), numbered(0, 100) + numbered(500, 600), 0.6, 0.7},
		{"one word", "ferry", "harbour", 1, 1},
		{"Japanese", "冬の渡船は六時に出る", "冬の渡船は七時に出る", 0.4, 0.7},
		{"Japanese, the same", "冬の渡船は 六時に出る。", "冬の渡船は六時に出る", 0, 0},
		{"repeated", "a b c a b c", "a b c", 0.5, 0.9},
	} {
		got := archiver.Drift(tt.a, tt.b)
		if got < tt.low || got > tt.high || archiver.Drift(tt.b, tt.a) != got {
			t.Errorf("%s: %v and %v, want %v to %v", tt.name, got, archiver.Drift(tt.b, tt.a), tt.low, tt.high)
		}
	}
}

func FuzzDrift(f *testing.F) {
	f.Add("The ferry sails", "the ferry SAILS")
	f.Add("渡船", "\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		d := archiver.Drift(a, b)
		if d < 0 || d > 1 || d != archiver.Drift(b, a) || archiver.Drift(a, a) != 0 {
			t.Errorf("%q and %q: %v, %v, %v", a, b, d, archiver.Drift(b, a), archiver.Drift(a, a))
		}
	})
}

// TestLooksAtLinks is the life of a linked page: alive, drifted, behind a wall,
// in trouble, gone, its host gone, and back.
func TestLooksAtLinks(t *testing.T) {
	inWorld(t, settings{pages: true}, func(w *world) {
		var answer func(http.ResponseWriter)
		page := func(html string) func(http.ResponseWriter) {
			return func(rw http.ResponseWriter) {
				rw.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprint(rw, html)
			}
		}
		status := func(code int) func(http.ResponseWriter) { return func(rw http.ResponseWriter) { rw.WriteHeader(code) } }
		handler := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { answer(rw) })
		w.net.Handle("ferry.example", handler)
		url := "https://ferry.example/winter"
		winter := page(sheet("Winter", "The ferry sails at six."))
		answer = winter
		if res := w.captureLinks(w.page("news.example", "/a", linking(url)), archiver.LinksArticle); !res.OK {
			t.Fatalf("%+v", res)
		}
		wait := func(want store.PageResult, confirmed bool) {
			t.Helper()
			jobs := w.jobs(archiver.JobPageLook)
			for _, j := range jobs {
				if j.Host == "ferry.example" {
					time.Sleep(time.Until(j.RunAt))
				}
			}
			w.runOnce()
			var looks []store.PageLook
			for _, l := range w.pageHistory(url).Looks {
				looks = append(looks, *l.Content)
			}
			if got := archiver.JudgePage(looks, archiver.PageRules{}); got.Value != want || got.Confirmed != confirmed {
				t.Errorf("%s, confirmed %v (%s); want %s, %v", got.Value, got.Confirmed, got.Reason, want, confirmed)
			}
		}
		captures := func(want int) {
			t.Helper()
			if n := len(w.pageHistory(url).Captures); n != want {
				t.Errorf("%d captures, want %d", n, want)
			}
		}
		wait(store.PageAlive, false)
		captures(1)
		answer = page(sheet("Winter", "The ferry sails at six.") + "<!-- served at nine -->")
		wait(store.PageAlive, false)
		captures(1) // other bytes, the same words
		answer = page(sheet("Casino", "Come and play at our tables tonight."))
		wait(store.PageDrifted, false)
		wait(store.PageDrifted, true)
		captures(2) // the new words once
		if h := w.pageHistory(url); h.Best().Content.Title != "Winter" {
			t.Errorf("shown is %q", h.Best().Content.Title)
		}
		answer = page(`<div id="app"></div><script src="/app.js"></script>`)
		wait(store.PageDrifted, true) // without words nothing can be told
		answer = page(`<title>Log in</title><form><input type=password></form>`)
		wait(store.PageDrifted, true)
		answer = winter
		wait(store.PageAlive, false)
		answer = status(http.StatusInternalServerError)
		wait(store.PageAlive, false)
		w.net.Remove("ferry.example")
		for range 5 {
			wait(store.PageAlive, false) // a host that is gone is trouble
		}
		w.net.Handle("ferry.example", handler)
		answer = status(http.StatusNotFound)
		wait(store.PageGone, false)
		wait(store.PageGone, false)
		wait(store.PageGone, true)
		answer = page("<title>Page not found</title>")
		wait(store.PageGone, true)
		answer = winter
		wait(store.PageAlive, false)
		if jobs := w.jobs(archiver.JobPageLook); len(jobs) != 2 { // the story's own too
			t.Errorf("jobs %+v", jobs)
		}
	})
}

// TestLinkMoved: an address that leads elsewhere to the same words is alive,
// to other words it is redirected.
func TestLinkMoved(t *testing.T) {
	inWorld(t, settings{pages: true}, func(w *world) {
		site, other := w.net.Site("ferry.example"), w.net.Site("casino.example")
		url := site.Page("/winter", sheet("Winter", "The ferry sails at six."))
		if res := w.captureLinks(w.page("news.example", "/a", linking(url)), archiver.LinksArticle); !res.OK {
			t.Fatalf("%+v", res)
		}
		last := func() *store.PageLook {
			t.Helper()
			time.Sleep(181 * day)
			w.runOnce()
			looks := w.pageHistory(url).Looks
			return looks[len(looks)-1].Content
		}
		site.Redirect("/winter", site.Page("/timetables/winter", sheet("Winter", "The ferry sails at six.")))
		if l := last(); l.Result != store.PageAlive || l.Final != "https://ferry.example/timetables/winter" {
			t.Errorf("moved: %+v", l)
		}
		site.Redirect("/winter", other.Page("/play", sheet("Casino", "Come and play at our tables tonight.")))
		if l := last(); l.Result != store.PageRedirected || l.Drift < 0.9 {
			t.Errorf("elsewhere: %+v", l)
		}
		site.Redirect("/winter", site.Page("/", sheet("Ferry", "All the news of the ferry on one page.")))
		if l := last(); l.Result != store.PageSoftGone || l.Label != store.LabelSoft404 {
			t.Errorf("to the front page: %+v", l)
		}
	})
}
