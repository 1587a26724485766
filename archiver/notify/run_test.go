package notify_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/notify"
	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

func TestCollectsForAWhile(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		n, stop := w.running(hook("desk", "hooks.example"))
		w.tell(gone("1"))
		n.Wake()
		time.Sleep(29 * time.Second)
		if got := in.deliveries(); len(got) != 0 {
			t.Fatalf("sent after %v already", got[0].after)
		}
		w.tell(gone("2")) // begins the wait anew
		n.Wake()
		time.Sleep(29 * time.Second)
		if got := in.deliveries(); len(got) != 0 {
			t.Fatalf("sent after %v already", got[0].after)
		}
		time.Sleep(2 * time.Second)
		equal(t, "told", in.accepted(t), []string{"1", "2"})
		if got := in.deliveries(); len(got) != 1 || got[0].after != 59*time.Second {
			t.Errorf("%d messages, the first after %v", len(got), got[0].after)
		}
		stop()
	})
}

// What trickles in is told in the end although it goes on.
func TestWaitIsBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		n, stop := w.running(hook("desk", "hooks.example"))
		for i := range 40 {
			w.tell(gone(fmt.Sprint(i)))
			n.Wake()
			time.Sleep(20 * time.Second)
		}
		if got := in.deliveries(); len(got) != 2 || got[0].after != 5*time.Minute {
			t.Errorf("%d messages, the first after %v", len(got), got[0].after)
		}
		stop()
	})
}

func TestRateLimit(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		target := hook("desk", "hooks.example")
		target.Wait, target.MinInterval = time.Second, 10*time.Minute
		n, stop := w.running(target)
		for i := range 4 {
			w.tell(gone(fmt.Sprint(i)))
			n.Wake()
			time.Sleep(3 * time.Minute)
		}
		time.Sleep(10 * time.Minute)
		got := in.deliveries()
		if len(got) != 2 || got[1].after-got[0].after != 10*time.Minute {
			t.Fatalf("%d messages", len(got))
		}
		equal(t, "first", got[0].ids(t), []string{"0"})
		equal(t, "second", got[1].ids(t), []string{"1", "2", "3"})
		stop()
	})
}

// The suspension of an account with hundreds of posts is one message.
func TestMassSuspension(t *testing.T) {
	inWorld(t, func(w *world) {
		hooks, chat := w.inbox("hooks.example"), w.inbox("chat.example")
		mail := w.mailServer("mail.example", nil)
		n, stop := w.running(hook("desk", "hooks.example"),
			notify.Target{Name: "chat", Kind: notify.Slack, URL: "https://chat.example/services/T1/B1/secret"}, mail.target())
		var all []archiver.Event
		for i := range 500 {
			all = append(all, with(gone(fmt.Sprint(i)), func(e *archiver.Event) { e.Status.Value = post.AccountSuspended }))
		}
		for chunk := range slices.Chunk(all, 100) { // a look settles them in several commits
			w.tell(chunk...)
			n.Wake()
			time.Sleep(3 * time.Second)
		}
		time.Sleep(time.Hour)
		if got := hooks.deliveries(); len(got) != 1 || len(got[0].ids(t)) != 500 {
			t.Errorf("%d webhooks, want one with 500 events", len(got))
		}
		if got := chat.deliveries(); len(got) != 1 || !strings.Contains(string(got[0].body), "500 posts gone: missing, the account is suspended") {
			t.Errorf("%d messages in the chat", len(got))
		}
		if got := mail.mails(); len(got) != 1 || !strings.Contains(got[0].subject(t), "500 posts gone: missing, the account is suspended, all by Ada Quay (@adaquay)") {
			t.Errorf("%d mails", len(got))
		} else if n := strings.Count(got[0].text(t), "https://x.com/adaquay/status/"); n != 500 {
			t.Errorf("the mail lists %d posts", n)
		}
		w.mu.Lock()
		if w.asked != 500 {
			t.Errorf("the archive was asked %d times what 500 records tell", w.asked)
		}
		w.mu.Unlock()
		stop()
	})
}

// Further events than one message holds follow for programs, and are counted
// for people.
func TestMaxPerMessage(t *testing.T) {
	inWorld(t, func(w *world) {
		hooks, chat := w.inbox("hooks.example"), w.inbox("chat.example")
		a, b := hook("desk", "hooks.example"), notify.Target{Name: "chat", Kind: notify.Slack, URL: "https://chat.example/x"}
		a.MaxPerMessage, b.MaxPerMessage = 4, 4
		_, stop := w.running(a, b)
		for i := range 10 {
			w.tell(gone(fmt.Sprint(i)))
		}
		time.Sleep(time.Hour)
		got := hooks.deliveries()
		if len(got) != 3 || len(got[0].ids(t)) != 4 || len(got[2].ids(t)) != 2 {
			t.Errorf("%d webhooks", len(got))
		}
		equal(t, "told", hooks.accepted(t), []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"})
		if got := chat.deliveries(); len(got) != 1 || !strings.Contains(string(got[0].body), "10 posts gone") || !strings.Contains(string(got[0].body), "And 6 more events") {
			t.Errorf("%d messages in the chat: %s", len(got), got[0].body)
		}
		stop()
	})
}

func TestNewTargetDoesNotTellThePast(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		w.tell(gone("old"))
		_, stop := w.running(hook("desk", "hooks.example"))
		w.tell(gone("new"))
		time.Sleep(time.Minute)
		stop()
		// It goes on where it was, also over what happened meanwhile.
		w.tell(gone("meanwhile"))
		_, stop = w.running(hook("desk", "hooks.example"))
		time.Sleep(time.Minute)
		stop()
		equal(t, "told", in.accepted(t), []string{"new", "meanwhile"})
	})
}

// A target that began in an empty archive and never sent anything is not new.
func TestBeginsInAnEmptyArchive(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		_, stop := w.running(hook("desk", "hooks.example"))
		stop()
		w.tell(gone("1"))
		_, stop = w.running(hook("desk", "hooks.example"))
		time.Sleep(time.Minute)
		stop()
		equal(t, "told", in.accepted(t), []string{"1"})
	})
}

// Killed after sending, before the cursor moved: the same message comes again,
// under the same id, although more has happened since.
func TestRepetitionIsTheSame(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		target := hook("desk", "hooks.example")
		target.Secret = "s3cret"
		_, stop := w.running(target)
		w.tell(gone("1"), gone("2"))
		// The bound is kept, the message sent, and then the disk fails.
		w.mem.Inject(mem.Fault{Op: mem.OpSetCursor, After: 1, Times: 1000, Err: store.ErrFull})
		time.Sleep(time.Minute)
		if got := in.deliveries(); len(got) != 1 {
			t.Fatalf("%d messages while the cursor could not be moved", len(got))
		}
		stop()
		w.mem.Heal()
		w.tell(gone("3"))
		_, stop = w.running(target)
		time.Sleep(5 * time.Minute)
		stop()
		got := in.deliveries()
		if len(got) != 3 {
			t.Fatalf("%d messages, want the first, its repetition and the next", len(got))
		}
		a, b := got[0], got[1]
		if string(a.body) != string(b.body) || a.header.Get(notify.DeliveryHeader) != b.header.Get(notify.DeliveryHeader) || a.header.Get("Idempotency-Key") != b.header.Get("Idempotency-Key") {
			t.Errorf("the repetition differs:\n%v\n%s\n%v\n%s", a.header, a.body, b.header, b.body)
		}
		if a.header.Get(notify.SignatureHeader) == b.header.Get(notify.SignatureHeader) {
			t.Error("the repetition was signed at the same time")
		}
		if got[2].header.Get(notify.DeliveryHeader) == a.header.Get(notify.DeliveryHeader) {
			t.Error("the next message has the same id")
		}
		equal(t, "the next", got[2].ids(t), []string{"3"})
	})
}

// A commit whose answer was lost does not lead to a repetition.
func TestCursorMovedAfterAll(t *testing.T) {
	for after := range 2 { // the bound, the position
		inWorld(t, func(w *world) {
			in := w.inbox("hooks.example")
			_, stop := w.running(hook("desk", "hooks.example"))
			w.tell(gone("1"), gone("2"))
			w.mem.Inject(mem.Fault{Op: mem.OpSetCursor, After: after, Late: true, Err: store.ErrBusy})
			time.Sleep(5 * time.Minute)
			w.tell(gone("3"))
			time.Sleep(5 * time.Minute)
			equal(t, "told", in.accepted(t), []string{"1", "2", "3"})
			if len(w.states()) != 0 {
				t.Errorf("reported %v", w.states())
			}
			stop()
		})
	}
}

// One target's receiver being down keeps no other waiting, is reported once,
// and everything is told when it is up again.
func TestRetriesForEver(t *testing.T) {
	inWorld(t, func(w *world) {
		in, other := w.inbox("hooks.example"), w.inbox("other.example")
		var up atomic.Bool
		in.answer = func(int, []byte) int {
			if up.Load() {
				return http.StatusNoContent
			}
			return http.StatusBadGateway
		}
		n, stop := w.running(hook("desk", "hooks.example"), hook("other", "other.example"))
		w.tell(gone("1"))
		time.Sleep(20 * time.Hour)
		w.tell(gone("2"))
		time.Sleep(28 * time.Hour)
		equal(t, "the other target", other.accepted(t), []string{"1", "2"})
		got := in.deliveries()
		if len(got) < 48 || len(got) > 100 {
			t.Errorf("%d tries in two days", len(got))
		}
		for i := 1; i < len(got); i++ {
			if pause := got[i].after - got[i-1].after; pause < 2500*time.Millisecond || pause > time.Hour+time.Minute {
				t.Errorf("try %d after a pause of %v", i+1, pause)
			}
			if got[i].header.Get(notify.DeliveryHeader) != got[0].header.Get(notify.DeliveryHeader) {
				t.Errorf("try %d has another id", i+1)
			}
		}
		status, err := n.Status(w.ctx)
		if err != nil || len(status) != 2 || status[0].Tries != len(got) || status[0].Behind != 2 || !strings.Contains(status[0].Error, "502") || status[1].Behind != 0 || status[1].Sent != 2 {
			t.Errorf("status %+v, %v", status, err)
		}
		up.Store(true)
		time.Sleep(2 * time.Hour)
		equal(t, "told in the end", in.accepted(t), []string{"1", "2"})
		equal(t, "reports", w.states(), []string{"desk:failing", "desk:recovered"})
		stop()
	})
}

func TestPauseThatIsAskedFor(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		w.net.Fault("hooks.example", "", fakenet.TooManyRequests(20*time.Minute).Times(1))
		_, stop := w.running(hook("desk", "hooks.example"))
		w.tell(gone("1"))
		time.Sleep(20*time.Minute + 20*time.Second)
		if got := in.deliveries(); len(got) != 0 {
			t.Errorf("sent after %v, before the pause was over", got[0].after)
		}
		time.Sleep(time.Minute)
		equal(t, "told", in.accepted(t), []string{"1"})
		stop()
	})
}

// A message whose content is refused is halved until what is refused stands
// alone; that is skipped and reported, and everything else is told.
func TestRefusedContent(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		in.answer = func(_ int, body []byte) int {
			if strings.Contains(string(body), `"id":"13"`) {
				return http.StatusUnprocessableEntity
			}
			return http.StatusOK
		}
		_, stop := w.running(hook("desk", "hooks.example"))
		var want []string
		for i := range 40 {
			w.tell(gone(fmt.Sprint(i)))
			if i != 13 {
				want = append(want, fmt.Sprint(i))
			}
		}
		time.Sleep(2 * time.Hour)
		equal(t, "told", in.accepted(t), want)
		equal(t, "reports", w.states(), []string{"desk:skipped"})
		if n := len(in.deliveries()); n > 25 {
			t.Errorf("%d requests", n)
		}
		r := w.reports[len(w.reports)-1]
		if len(r.Events) != 1 || !strings.Contains(r.Err.Error(), "422") {
			t.Errorf("report %+v", r)
		}
		stop()
	})
}

// A webhook that is gone is tried on, reported at once, and loses nothing for a
// day.
func TestRefusedAltogether(t *testing.T) {
	for _, status := range []int{http.StatusGone, http.StatusNotFound, http.StatusForbidden, http.StatusMovedPermanently} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			inWorld(t, func(w *world) {
				in := w.inbox("hooks.example")
				var back atomic.Bool
				in.answer = func(int, []byte) int {
					if back.Load() {
						return http.StatusOK
					}
					return status
				}
				_, stop := w.running(hook("desk", "hooks.example"))
				w.tell(gone("1"), gone("2"))
				time.Sleep(time.Minute)
				equal(t, "reports", w.states(), []string{"desk:failing"})
				time.Sleep(22 * time.Hour)
				back.Store(true)
				time.Sleep(2 * time.Hour)
				equal(t, "told", in.accepted(t), []string{"1", "2"})
				equal(t, "reports", w.states(), []string{"desk:failing", "desk:recovered"})
				if n := len(in.deliveries()); n > 60 {
					t.Errorf("%d requests in a day", n)
				}
				stop()
			})
		})
	}
}

// A firewall that dislikes one message does not silence the target for good.
func TestRefusedForADay(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		in.answer = func(_ int, body []byte) int {
			if strings.Contains(string(body), `"id":"evil"`) {
				return http.StatusForbidden
			}
			return http.StatusOK
		}
		_, stop := w.running(hook("desk", "hooks.example"))
		w.tell(gone("evil"), gone("good"))
		time.Sleep(27 * time.Hour)
		equal(t, "told", in.accepted(t), []string{"good"})
		equal(t, "reports", w.states(), []string{"desk:failing", "desk:skipped", "desk:recovered"})
		stop()
	})
}

func TestOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		w.tell(gone("old"))
		n := w.notifier(hook("desk", "hooks.example"))
		if err := n.Begin(w.ctx); err != nil {
			t.Fatal(err)
		}
		w.tell(gone("1"), gone("2")) // the work of a one-off run
		if err := n.Once(w.ctx); err != nil {
			t.Fatal(err)
		}
		if got := in.deliveries(); len(got) != 1 || got[0].after > 0 {
			t.Fatalf("%d messages", len(got))
		}
		// A new process: nothing is pending.
		n = w.notifier(hook("desk", "hooks.example"))
		if err := n.Once(w.ctx); err != nil || len(in.deliveries()) != 1 {
			t.Errorf("%d messages, %v", len(in.deliveries()), err)
		}
		// What does not arrive stays pending.
		in.answer = func(int, []byte) int { return http.StatusInternalServerError }
		w.tell(gone("3"))
		if err := n.Once(w.ctx); !errors.Is(err, store.ErrUnexpected) || !strings.Contains(err.Error(), "desk") {
			t.Errorf("Once against a broken receiver: %v", err)
		}
		if n := len(in.deliveries()); n != 4 {
			t.Errorf("tried %d times", n-1)
		}
		in.answer = nil
		w.silent(3)
		if err := n.Once(w.ctx); err != nil {
			t.Fatal(err)
		}
		equal(t, "told", in.accepted(t), []string{"1", "2", "3"})
		if at, err := w.mem.Cursor(w.ctx, "notify:desk"); err != nil || at != 7 {
			t.Errorf("the cursor stands at %d, %v", at, err)
		}
		equal(t, "reports", w.states(), []string{"desk:failing", "desk:recovered"})
	})
}

func TestRunsOnlyOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		n, stop := w.running(hook("desk", "hooks.example"))
		if err := n.Run(w.ctx); !errors.Is(err, store.ErrBusy) {
			t.Errorf("a second Run: %v", err)
		}
		if err := n.Once(w.ctx); !errors.Is(err, store.ErrBusy) {
			t.Errorf("Once beside Run: %v", err)
		}
		stop()
	})
}

// An archive that grows without telling anything costs few commits, and they
// are enough.
func TestSilentRecords(t *testing.T) {
	inWorld(t, func(w *world) {
		w.tell(gone("old"))
		_, stop := w.running(hook("desk", "hooks.example"))
		cursor := func() uint64 {
			at, err := w.mem.Cursor(w.ctx, "notify:desk")
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		w.silent(100)
		time.Sleep(time.Minute)
		if at := cursor(); at != 1 {
			t.Errorf("moved to %d for 100 records", at)
		}
		time.Sleep(5 * time.Minute)
		if at := cursor(); at != 101 {
			t.Errorf("stands at %d after five minutes", at)
		}
		w.silent(10_050)
		time.Sleep(10 * time.Second)
		if at := cursor(); at != 10_151 {
			t.Errorf("stands at %d after many records", at)
		}
		w.silent(10)
		time.Sleep(12 * time.Second) // not in the moment in which the journal is read
		stop()
		if at := cursor(); at != 10_161 {
			t.Errorf("stands at %d after the end", at)
		}
	})
}

// What waits to be sent when the process ends is told by the next.
func TestEndsWhileCollecting(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		_, stop := w.running(hook("desk", "hooks.example"))
		w.silent(5)
		w.tell(gone("1"))
		w.silent(5)
		time.Sleep(10 * time.Second)
		began := time.Now()
		stop()
		if time.Since(began) > 0 {
			t.Errorf("ended after %v", time.Since(began))
		}
		if at, _ := w.mem.Cursor(w.ctx, "notify:desk"); at != 5 || len(in.deliveries()) != 0 {
			t.Errorf("the cursor stands at %d, %d messages", at, len(in.deliveries()))
		}
		_, stop = w.running(hook("desk", "hooks.example"))
		time.Sleep(time.Minute)
		stop()
		equal(t, "told", in.accepted(t), []string{"1"})
	})
}

// A receiver that hangs does not keep the process from ending.
func TestEndsWhileSending(t *testing.T) {
	inWorld(t, func(w *world) {
		w.net.HandleFunc("hooks.example", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // the server notices the end only then
			<-r.Context().Done()
		})
		_, stop := w.running(hook("desk", "hooks.example"))
		w.tell(gone("1"))
		time.Sleep(35 * time.Second)
		began := time.Now()
		stop()
		if time.Since(began) > 0 {
			t.Errorf("ended after %v", time.Since(began))
		}
		if len(w.states()) != 0 {
			t.Errorf("reported %v", w.states())
		}
	})
}
