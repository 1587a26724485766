package archiver_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"stet/archiver"
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
	const many = 150 // captures, with a reading of each: three commits
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
			r := w.remover(stop)
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
		r := w.removerOf("two", nil)
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
