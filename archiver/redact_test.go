package archiver_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
)

func redactionOf(taken string) archiver.RedactionWish {
	return archiver.RedactionWish{Ref: ref(taken), Operator: "desk", Reason: "a private address"}
}

// takeOut redacts, and fails the test where that fails.
func (w *world) takeOut(r *archiver.Remover, wish archiver.RedactionWish) *archiver.RedactionPlan {
	w.t.Helper()
	p, err := r.Redact(w.ctx, wish)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// shown is what the post says.
func (w *world) shown(id string) post.Post {
	w.t.Helper()
	best := w.history(id).Best()
	if best == nil {
		w.t.Fatal("nothing is shown")
	}
	return best.Content.Post
}

// TestRedactWords: they are nowhere, what is left is shown, the file and the
// leaves stay, nobody is told of an edit, and all of it can be put back.
func TestRedactWords(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		taken, other, pixels := gateStory(w)
		before := leavesOf(w.everything())
		whole := w.shown(taken)
		r := w.remover(nil)
		wish := redactionOf(taken)
		wish.Texts = []string{"NEVER  locked"}
		plan, err := r.PlanRedaction(w.ctx, wish)
		if err != nil || len(plan.Places) < 4 || len(w.anywhere("never locked")) < 4 {
			t.Fatalf("%+v, %v", plan, err)
		}
		w.takeOut(r, wish)
		if places := w.anywhere("never locked"); len(places) > 0 {
			t.Errorf("the words are left in %v", places)
		}
		if len(w.anywhere(pixels)) == 0 {
			t.Error("the picture is gone")
		}
		if p := w.shown(taken); !strings.HasPrefix(p.Text, "The gate was "+archiver.RedactionMark) || len(p.Media) != 1 {
			t.Errorf("it says %q with %+v", p.Text, p.Media)
		}
		if w.shown(other).Text == "" || !slices.Equal(leavesOf(w.everything())[:len(before)], before) {
			t.Error("another post, or the leaves, changed")
		}
		for _, rec := range w.everything()[len(before):] {
			events, err := w.engine.EventsOf(w.ctx, &rec)
			if err != nil || slices.ContainsFunc(events, func(e archiver.Event) bool { return e.Event != archiver.EventGone }) {
				t.Errorf("events %+v, %v", events, err)
			}
		}
		if res := w.capturePost(taken); !errors.Is(res.Err, store.ErrRefused) {
			t.Errorf("captured again: %v", res.Err)
		}
		if _, err := r.Redact(w.ctx, wish); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("twice: %v", err)
		}
		acts, err := w.archive.PartRedactions(w.ctx, store.RedactionsTerm())
		if err != nil || len(acts) == 0 || len(acts[len(acts)-1].Content.Left) == 0 || acts[0].Content.Reason != wish.Reason {
			t.Fatalf("%+v, %v", acts, err)
		}
		// A second one, of what is left, and all of it back.
		wish.Texts, wish.Fields = nil, []string{"author.name"}
		w.takeOut(r, wish)
		if p := w.shown(taken); p.Author.Name != archiver.RedactionMark || !strings.Contains(p.Text, archiver.RedactionMark) {
			t.Errorf("%+v", p)
		}
		n, err := r.Unredact(w.ctx, ref(taken), archiver.Wish{Reason: "settled"})
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		if p := w.shown(taken); p.Text != whole.Text || p.Author.Name != whole.Author.Name {
			t.Errorf("put back: %+v", p)
		}
		if acts, err := w.archive.PartRedactions(w.ctx, store.RedactionsTerm()); err != nil || len(acts) > 0 {
			t.Errorf("put back: %+v, %v", acts, err)
		}
		if _, err := r.Unredact(w.ctx, ref(taken), archiver.Wish{Reason: "settled"}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("put back twice: %v", err)
		}
		if t, err := w.archive.TakedownOf(w.ctx, store.Subject{Refs: []post.Ref{ref(taken)}}); t != nil || err != nil {
			w.t.Errorf("it is refused: %+v, %v", t, err)
		}
	})
}

// TestRedactFile: the picture is nowhere, its digest neither, and the words stay.
func TestRedactFile(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		taken, _, pixels := gateStory(w)
		digest := w.history(taken).Captures[0].Content.Media[0].Digest.String()
		r := w.remover(nil)
		wish := redactionOf(taken)
		wish.Media = []int{2}
		if _, err := r.Redact(w.ctx, wish); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("file 2: %v", err)
		}
		wish.Media = []int{1}
		w.takeOut(r, wish)
		for _, what := range []string{pixels, digest} {
			if places := w.anywhere(what); len(places) > 0 {
				t.Errorf("it is left in %v", places)
			}
		}
		p := w.shown(taken)
		if !strings.HasPrefix(p.Text, takenWords) || len(p.Media) != 1 || p.Media[0].URL != "" || p.Media[0].Error != archiver.RedactionMark {
			t.Errorf("%q, %+v", p.Text, p.Media)
		}
		h := w.history(taken)
		if h.CaptureOf(h.Best().Content) == nil {
			t.Error("what is shown has no capture")
		}
		if _, err := r.Unredact(w.ctx, ref(taken), archiver.Wish{Reason: "settled"}); err != nil {
			t.Fatal(err)
		}
		if p := w.shown(taken); len(p.Media) != 1 || p.Media[0].URL == "" || len(w.anywhere(pixels)) == 0 {
			t.Errorf("put back: %+v", p.Media)
		}
		if len(w.jobs(archiver.JobTakedown)) > 0 {
			t.Error("work is left")
		}
	})
}

// TestRedactGoesOn: ended at any step, doing it again, or whoever takes up the
// work, leaves nothing of the words or the file.
func TestRedactGoesOn(t *testing.T) {
	for _, step := range []string{"seal", "records", "words", "files"} {
		t.Run(step, func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				taken, _, pixels := gateStory(w)
				wish := redactionOf(taken)
				wish.Texts, wish.Media = []string{"never locked"}, []int{1}
				if !until(step, func(stop func(string)) { w.takeOut(w.remover(stop), wish) }) {
					t.Fatal("the step never came")
				}
				time.Sleep(time.Hour) // the lease of who was killed ends
				after := w.removerOf("two", nil)
				if _, err := after.Redact(w.ctx, wish); err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Fatal(err)
				}
				if err := after.RunAll(w.ctx); err != nil {
					t.Fatal(err)
				}
				for _, what := range []string{"never locked", pixels} {
					if places := w.anywhere(what); len(places) > 0 {
						t.Errorf("it is left in %v", places)
					}
				}
				w.shown(taken)
			})
		})
	}
}

// TestRedactRespectsHolds: of what is held nothing is taken out.
func TestRedactRespectsHolds(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		taken, _, _ := gateStory(w)
		b := w.archive.Begin()
		if _, err := b.Add(w.ctx, &store.Hold{Time: w.archive.Now(), Ref: ref(taken), Reason: "a court"}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Commit(w.ctx); err != nil {
			t.Fatal(err)
		}
		wish := redactionOf(taken)
		wish.Texts = []string{"never locked"}
		if _, err := w.remover(nil).Redact(w.ctx, wish); !errors.Is(err, store.ErrRefused) || len(w.anywhere("never locked")) < 4 {
			t.Errorf("%v", err)
		}
	})
}
