package archiver_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
	"stet/store/storetest"
)

// fewAtOnce takes content out of few records in one commit.
func (w *world) fewAtOnce(owner string, step func(string)) *archiver.Remover {
	return archiver.NewRemover(archiver.RemoverOptions{Archive: w.archive, Vault: mirror{}, Owner: owner, Step: step, Batch: 5,
		Compact: func(context.Context) error { return nil }})
}

// wantNoMix fails the test where old words are shown beside what took their
// place.
func (w *world) wantNoMix(id, words string) {
	w.t.Helper()
	old, left := 0, 0
	h := w.history(id)
	for _, d := range h.Derivations {
		if strings.Contains(d.Content.Post.Text, words) {
			old++
		}
		if strings.Contains(d.Content.Post.Text, archiver.RedactionMark) {
			left++
		}
	}
	if old > 0 && left > 0 {
		w.t.Errorf("%d readings with the old words are shown beside %d without", old, left)
	}
	for _, v := range h.Articles {
		if old > 0 && slices.ContainsFunc(v.Content.Warnings, func(s string) bool { return strings.Contains(s, "words were removed") }) {
			w.t.Error("an article without its words is shown beside the old ones")
		}
	}
}

// TestRedactMany ends a redaction of a post with very many captures before each of
// its commits, and the undoing of it: whoever goes on finishes it, old words and
// new ones are never shown together, no file gets lost, and all of it comes back.
func TestRedactMany(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, many := range []int{2, 12} { // at once; more than one commit can take
		for at := 1; at <= 40; at++ {
			if at > 1 && !storetest.Thorough() {
				at += rng.IntN(12)
			}
			ended := false
			t.Run(fmt.Sprint(many, " at ", at), func(t *testing.T) {
				inWorld(t, settings{}, func(w *world) {
					taken, _, pixels := gateStory(w)
					w.again(taken, many)
					whole := w.everything()
					wish := redactionOf(taken)
					wish.Texts, wish.Media = []string{"never locked"}, []int{1}
					steps := 0
					kill := func(string) bool {
						w.wantNoMix(taken, "never locked")
						steps++
						return steps == at
					}
					ended = !untilFunc(kill, func(stop func(string)) {
						if _, err := w.fewAtOnce("one", stop).Redact(w.ctx, wish); err != nil {
							t.Fatal(err)
						}
					})
					time.Sleep(time.Hour)
					if at == 1 { // nothing was decided
						if _, err := w.fewAtOnce("one", nil).Redact(w.ctx, wish); err != nil {
							t.Fatal(err)
						}
					}
					after := w.fewAtOnce("two", func(string) { w.wantNoMix(taken, "never locked") })
					if err := after.RunAll(w.ctx); err != nil {
						t.Fatal(err)
					}
					for _, what := range []string{"never locked", pixels} {
						if places := w.anywhere(what); len(places) > 0 {
							t.Errorf("it is left in %v", places)
						}
					}
					if n := len(w.history(taken).Derivations); n < many || len(w.history(taken).Captures) < many {
						t.Errorf("%d readings are left of %d captures", n, many)
					}
					if w.history(taken).CaptureOf(w.history(taken).Best().Content) == nil {
						t.Error("what is shown has no capture")
					}
					// Back, interrupted too.
					steps = 0
					untilFunc(kill, func(stop func(string)) {
						if _, err := w.fewAtOnce("one", stop).Unredact(w.ctx, ref(taken), archiver.Wish{Reason: "settled"}); err != nil {
							t.Fatal(err)
						}
					})
					time.Sleep(time.Hour)
					if at == 1 {
						if _, err := w.fewAtOnce("one", nil).Unredact(w.ctx, ref(taken), archiver.Wish{Reason: "settled"}); err != nil {
							t.Fatal(err)
						}
					}
					if err := w.fewAtOnce("two", nil).RunAll(w.ctx); err != nil {
						t.Fatal(err)
					}
					for i, now := range w.everything()[:len(whole)] {
						if !slices.EqualFunc(whole[i].Fields, now.Fields, func(a, b store.Field) bool { return bytes.Equal(a.Value, b.Value) }) {
							t.Fatalf("the %s %s is not what it was", now.Kind, now.ID)
						}
					}
					for _, d := range w.history(taken).Derivations {
						if d.Content.Redacted {
							t.Error("what was left is shown still")
						}
					}
					if len(w.anywhere(pixels)) == 0 {
						t.Error("its picture is not there again")
					}
					if refused, err := w.archive.TakedownOf(w.ctx, store.Subject{Refs: []post.Ref{ref(taken)}}); refused != nil || err != nil {
						t.Errorf("it is refused: %+v, %v", refused, err)
					}
				})
			})
			if ended {
				break
			}
		}
	}
}

// TestRedactTwice: what stands in the place of words or a field is never taken out
// again, whatever the words are.
func TestRedactTwice(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		taken, _, _ := gateStory(w)
		r := w.remover(nil)
		for _, wish := range []archiver.RedactionWish{{Texts: []string{"locked"}}, {Fields: []string{"author.name"}}, {Texts: []string{"gate"}}} {
			wish.Ref, wish.Reason = ref(taken), "a private address"
			w.takeOut(r, wish)
			if _, err := r.Redact(w.ctx, wish); err == nil {
				t.Errorf("%v was taken out twice", wish)
			}
		}
		wish := archiver.RedactionWish{Ref: ref(taken), Texts: []string{"redacted"}, Reason: "x"}
		if _, err := r.Redact(w.ctx, wish); err == nil {
			t.Error("the mark was taken out")
		}
		if p := w.shown(taken); !strings.HasPrefix(p.Text, "The [redacted] was never [redacted]") || p.Author.Name != archiver.RedactionMark {
			t.Errorf("%q by %q", p.Text, p.Author.Name)
		}
	})
}
