package archiver_test

import (
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract/post"
	"stet/store"
)

// events reads the whole journal.
func (w *world) events() []archiver.Event {
	w.t.Helper()
	var all []archiver.Event
	for after := uint64(0); ; {
		records, err := w.mem.Read(w.ctx, after, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(records) == 0 {
			return all
		}
		for i := range records {
			evs, err := w.engine.EventsOf(w.ctx, &records[i])
			if err != nil {
				w.t.Fatal(err)
			}
			all = append(all, evs...)
			after = records[i].Seq
		}
	}
}

func names(events []archiver.Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, e.Event)
	}
	return out
}

func count(list []string, name string) int {
	n := 0
	for _, s := range list {
		if s == name {
			n++
		}
	}
	return n
}

func TestEvents(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p, other := id(20*hour, 1), id(20*hour, 2)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Ten boats came in"}, fakenet.Post{ID: other, Author: ada(), Text: "The gate is shut"})
		url := w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Eleven boats came in")+embed("adaquay", "Ada Quay", other, "The gate is shut")))
		w.capture(url)
		w.capture(url)
		time.Sleep(hour)
		w.x.SetState(p, fakenet.Deleted)
		w.recheck(p)
		time.Sleep(hour)
		w.x.SetState(p, fakenet.Live)
		w.recheck(p)
		w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", other, "The gate is shut")))
		w.capture(url)

		events := w.events()
		got := names(events)
		for name, want := range map[string]int{"captured": 2, "gone": 1, "restored": 1, "quote-mismatch": 1, "article-changed": 1, "edited": 0, "suspected": 0} {
			if n := count(got, name); n != want {
				t.Errorf("%d events %s, want %d (all: %v)", n, name, want, got)
			}
		}
		for _, e := range events {
			switch e.Event {
			case archiver.EventGone:
				if len(e.Mentions) != 1 || e.Mentions[0].Article != url || len(e.Mentions[0].Positions) != 1 || e.Mentions[0].Quote != archiver.QuoteMismatch {
					t.Errorf("mentions of the loss: %+v", e.Mentions)
				}
				if e.Post.Text != "Ten boats came in" || e.Status.LastLive.IsZero() || e.Status.FirstGone.IsZero() || !e.Confirmed {
					t.Errorf("event %+v %+v", e.Post, e.Status)
				}
			case archiver.EventRestored:
				if e.Before == nil || e.Before.Value != post.Deleted || !e.Before.Confirmed {
					t.Errorf("restored after %+v", e.Before)
				}
			case archiver.EventQuoteMismatch:
				if e.Subject != url || e.Post.ID != p {
					t.Errorf("event %+v", e)
				}
			}
		}
		// Reading the journal again gives the same.
		again := w.events()
		if len(again) != len(events) {
			t.Errorf("%d events the second time, %d the first", len(again), len(events))
		}
		for i := range again {
			if again[i].ID != events[i].ID {
				t.Errorf("event %d is %s, was %s", i, again[i].ID, events[i].ID)
			}
		}
	})
}

func TestQuarantineIsToldOnce(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Still here"})
		w.capturePost(p)
		w.x.SetState(p, fakenet.Deleted)
		w.x.SetState(fakenet.ControlID, fakenet.Deleted)
		for range 3 {
			time.Sleep(hour)
			w.recheck(p)
		}
		w.x.SetState(fakenet.ControlID, fakenet.Live)
		for range 2 {
			time.Sleep(hour)
			w.recheck(p)
		}
		got := names(w.events())
		// Two endpoints answer wrongly: the keyless one and oEmbed.
		if n := count(got, archiver.EventQuarantined); n != 2 {
			t.Errorf("the quarantine was told %d times: %v", n, got)
		}
		if n := count(got, archiver.EventRecovered); n != 2 {
			t.Errorf("the recovery was told %d times: %v", n, got)
		}
		records, err := w.archive.ListAll(w.ctx, store.SubjectTerm("twitter/syndication"), 10)
		if err != nil || len(records) != 2 {
			t.Errorf("%d incidents, %v", len(records), err)
		}
	})
}
