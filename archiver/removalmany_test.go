package archiver_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/store"
)

// again adds captures of a post with a reading of each, as if it had been captured
// that often.
func (w *world) again(id string, n int) {
	w.t.Helper()
	h := w.history(id)
	capture, best := h.Captures[0].Content, h.Best().Content
	for range n {
		time.Sleep(time.Minute)
		b := w.archive.Begin()
		c, d := *capture, *best
		c.Time, d.Time = w.archive.Now(), w.archive.Now()
		var err error
		if d.Capture, err = b.Add(w.ctx, &c); err == nil {
			_, err = b.Add(w.ctx, &d)
		}
		if err == nil {
			_, err = b.Commit(w.ctx)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestTakedownOfMany ends a takedown between two of its commits: whoever goes on
// leaves nothing, and puts back all of it, files too.
func TestTakedownOfMany(t *testing.T) {
	const many = 6 // captures, with a reading of each: several commits
	inWorld(t, settings{}, func(w *world) {
		taken, other, pixels := gateStory(w)
		w.again(taken, many)
		whole := w.everything()
		n := 0
		if !untilFunc(func(step string) bool {
			if step == "records" {
				n++
			}
			return step == "records" && n == 2
		}, func(stop func(string)) {
			r := w.fewAtOnce("one", stop)
			if _, err := r.Begin(w.ctx, gateWish(taken, store.TakedownSeal)); err != nil {
				t.Fatal(err)
			}
			if err := r.RunAll(w.ctx); err != nil {
				t.Fatal(err)
			}
		}) {
			t.Fatal("it took one commit")
		}
		if len(w.anywhere(takenWords)) == 0 || len(w.anywhere(pixels)) == 0 {
			t.Fatal("nothing is left to do")
		}
		time.Sleep(time.Hour)
		r := w.fewAtOnce("two", nil)
		if err := r.RunAll(w.ctx); err != nil {
			t.Fatal(err)
		}
		wantTaken(w, taken, other, pixels, leavesOf(whole))
		records, err := w.archive.ListAll(w.ctx, store.TakedownsTerm(), 10)
		if err != nil || len(records) != 1 {
			t.Fatal(len(records), err)
		}
		if _, err := r.Unseal(w.ctx, records[0].ID, archiver.Wish{Reason: "rejected"}); err != nil {
			t.Fatal(err)
		}
		for i, now := range w.everything()[:len(whole)] {
			if !slices.EqualFunc(whole[i].Fields, now.Fields, func(a, b store.Field) bool { return bytes.Equal(a.Value, b.Value) }) {
				t.Fatalf("the %s %s is not what it was", now.Kind, now.ID)
			}
		}
		if len(w.anywhere(pixels)) == 0 {
			t.Error("its picture is not there again")
		}
	})
}

// TestTakedownsShareAnArticle: what one takedown puts back is not what another one
// took away, in whichever order.
func TestTakedownsShareAnArticle(t *testing.T) {
	const second = "The key hung beside it"
	for _, act := range []store.TakedownAct{store.TakedownSeal, store.TakedownDestroy} {
		t.Run(string(act), func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				one, two := id(20*hour, 1), id(19*hour, 2)
				w.x.Add(fakenet.Post{ID: one, Author: ada(), Text: takenWords})
				w.x.Add(fakenet.Post{ID: two, Author: fakenet.Person{ID: "4400002", Name: "Ben Lock", Handle: "benlock"}, Text: second})
				url := w.page("news.example", "/gate", article(embed("adaquay", "Ada Quay", one, takenWords)+embed("benlock", "Ben Lock", two, second)))
				if res := w.capture(url); res.Err != nil {
					t.Fatal(res.Err)
				}
				r := w.remover(nil)
				first, err := r.Begin(w.ctx, gateWish(one, store.TakedownSeal))
				if err != nil {
					t.Fatal(err)
				}
				if err := r.RunAll(w.ctx); err != nil {
					t.Fatal(err)
				}
				w.takeDown(two, act)
				_, err = r.Unseal(w.ctx, first, archiver.Wish{Reason: "rejected"})
				if act == store.TakedownSeal && err != nil {
					t.Fatal(err)
				}
				if places := w.anywhere(second); len(places) > 0 {
					t.Errorf("the words of the other post are back in %v", places)
				}
				if act == store.TakedownDestroy {
					for _, rec := range w.everything() { // nothing could be put back that quotes it
						if rec.Kind == store.KindRedaction && rec.Field("sealed") != nil {
							t.Error("a sealed copy is left")
						}
					}
					return
				}
				if w.shown(one).Text != takenWords {
					t.Errorf("it says %q", w.shown(one).Text)
				}
			})
		})
	}
}
