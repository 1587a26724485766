package notify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver/notify"
	"stet/store"
)

// Trouble with the archive is waited out and reported once; a record that
// cannot be read is passed over and reported.
func TestTroubleWithTheArchive(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		_, stop := w.running(hook("desk", "hooks.example"))
		set := func(err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.broken = err
		}
		set(fmt.Errorf("asking: %w", store.ErrBusy))
		w.tell(gone("1"))
		time.Sleep(time.Hour)
		equal(t, "reports", w.states(), []string{"desk:failing"})
		set(nil)
		time.Sleep(2 * time.Hour)
		equal(t, "told", in.accepted(t), []string{"1"})
		equal(t, "reports", w.states(), []string{"desk:failing", "desk:recovered"})

		set(fmt.Errorf("asking: %w", store.ErrCorrupt))
		w.tell(gone("damaged"))
		time.Sleep(10 * time.Second)
		set(nil)
		w.tell(gone("2"))
		time.Sleep(time.Minute)
		equal(t, "told", in.accepted(t), []string{"1", "2"})
		equal(t, "reports", w.states(), []string{"desk:failing", "desk:recovered", "desk:skipped"})
		stop()
	})
}

// A damaged record in the journal is passed over.
func TestDamagedJournal(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		o := w.options()
		o.Journal = &damaged{Journal: w.mem, at: 2}
		n, err := notify.New(o, []notify.Target{hook("desk", "hooks.example")})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Begin(w.ctx); err != nil {
			t.Fatal(err)
		}
		w.tell(gone("1"), gone("2"), gone("3"))
		if err := n.Once(w.ctx); err != nil {
			t.Fatal(err)
		}
		equal(t, "told", in.accepted(t), []string{"1", "3"})
		equal(t, "reports", w.states(), []string{"desk:skipped"})
	})
}

// damaged is a journal of which one record cannot be read.
type damaged struct {
	store.Journal
	at uint64
}

func (d *damaged) Read(ctx context.Context, after uint64, limit int) ([]store.Record, error) {
	records, err := d.Journal.Read(ctx, after, limit)
	for i := range records {
		if records[i].Seq == d.at {
			return nil, fmt.Errorf("record %d: %w", d.at, store.ErrCorrupt)
		}
	}
	return records, err
}

func TestMessageForTesting(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		n := w.notifier(hook("desk", "hooks.example"))
		if err := n.Test(w.ctx, "desk"); err != nil {
			t.Error(err)
		}
		if got := in.deliveries(); len(got) != 1 || got[0].header.Get("X-Stet-Event") != "test" {
			t.Errorf("deliveries %v", got)
		}
		in.answer = func(int, []byte) int { return http.StatusNotFound }
		if err := n.Test(w.ctx, "desk"); err == nil || !strings.Contains(err.Error(), "404 and said \"Not Found\"") {
			t.Errorf("a webhook that does not exist: %v", err)
		}
		if err := n.Test(w.ctx, "desks"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("no such target: %v", err)
		}
		synctest.Wait()
	})
}
