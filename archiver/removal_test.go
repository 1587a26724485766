package archiver_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/twitter"
	"stet/extract/post"
	"stet/store"
)

// mirror seals by turning bytes around: nothing that is sealed can be read as it
// is.
type mirror struct{}

type flipWriter struct{ w io.Writer }

func (f flipWriter) Write(p []byte) (int, error) {
	b := bytes.Clone(p)
	for i := range b {
		b[i] ^= 0xa5
	}
	return f.w.Write(b)
}
func (flipWriter) Close() error { return nil }

type flipReader struct{ r io.Reader }

func (f flipReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	for i := range n {
		p[i] ^= 0xa5
	}
	return n, err
}

func (mirror) Seal(w io.Writer) (io.WriteCloser, error)      { return flipWriter{w}, nil }
func (mirror) Unseal(r io.Reader) (io.Reader, error)         { return flipReader{r}, nil }
func (w *world) remover(step func(string)) *archiver.Remover { return w.removerOf("one", step) }

func (w *world) removerOf(owner string, step func(string)) *archiver.Remover {
	return archiver.NewRemover(archiver.RemoverOptions{Archive: w.archive, Vault: mirror{}, Owner: owner, Step: step,
		Compact: func(context.Context) error { return nil }})
}

// everything is every record of the journal.
func (w *world) everything() []store.Record {
	w.t.Helper()
	var all []store.Record
	for {
		records, err := w.mem.Read(w.ctx, uint64(len(all)), 0)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(records) == 0 {
			return all
		}
		all = append(all, records...)
	}
}

// anywhere lists what holds some bytes: records, files and jobs.
func (w *world) anywhere(words string) (places []string) {
	w.t.Helper()
	for _, r := range w.everything() {
		for _, f := range r.Fields {
			if bytes.Contains(f.Value, []byte(words)) {
				places = append(places, string(r.Kind)+" "+f.Name)
			}
		}
	}
	infos, err := w.mem.Blobs(w.ctx, store.Digest{}, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, info := range infos {
		if bytes.Contains(w.blob(info.Digest.String()), []byte(words)) {
			places = append(places, "file "+info.Digest.String())
		}
	}
	for _, j := range w.jobs("") {
		if bytes.Contains(j.Payload, []byte(words)) {
			places = append(places, "job "+j.Kind)
		}
	}
	return places
}

// The words of the story, each in one place of its own and where others quote it.
const (
	takenWords = "The gate was never locked"
	otherWords = "What nonsense about that gate"
)

// gateStory captures an article with a post that has a picture, and a post that
// quotes it.
func gateStory(w *world) (taken, other, pixels string) {
	w.t.Helper()
	taken, other = id(20*hour, 1), id(19*hour, 2)
	w.x.Add(fakenet.Post{ID: taken, Author: ada(), Text: takenWords, Media: []fakenet.Media{{Key: "GateAtNoon"}}})
	w.x.Add(fakenet.Post{ID: other, Author: fakenet.Person{ID: "4400002", Name: "Ben Lock", Handle: "benlock"}, Text: otherWords, Quotes: taken})
	url := w.page("news.example", "/gate", article(embed("adaquay", "Ada Quay", taken, takenWords)))
	if res := w.capture(url); res.Err != nil {
		w.t.Fatal(res.Err)
	}
	if res := w.capturePost(other); res.Err != nil {
		w.t.Fatal(res.Err)
	}
	w.recheck(taken)
	w.x.SetState(taken, fakenet.Deleted)
	w.recheck(taken)
	return taken, other, string(w.blob(w.history(taken).Captures[0].Content.Media[0].Digest.String()))
}

func gateWish(taken string, act store.TakedownAct) archiver.Wish {
	return archiver.Wish{Refs: []post.Ref{ref(taken)}, Act: act, Operator: "desk", Reason: "a court asks", Basis: "12 O 34/26"}
}

func leavesOf(records []store.Record) []store.Hash {
	var leaves []store.Hash
	for i := range records {
		leaves = append(leaves, records[i].Leaf())
	}
	return leaves
}

// wantTaken fails the test where anything of the post is left, or too much is
// gone.
func wantTaken(w *world, taken, other, pixels string, before []store.Hash) {
	w.t.Helper()
	for _, words := range []string{takenWords, pixels} {
		if places := w.anywhere(words); len(places) > 0 {
			w.t.Errorf("%q is left in %v", words, places)
		}
	}
	if h := w.history(other); h.Best() == nil || !strings.Contains(h.Best().Content.Post.Text, otherWords) {
		w.t.Error("what was read of another post is gone")
	}
	h := w.history(taken)
	if h.Best() != nil || len(h.Captures) > 0 || len(h.Bare) == 0 || len(h.Looks) == 0 {
		w.t.Errorf("of the post there are %d captures, %d bare records and %d looks", len(h.Captures), len(h.Bare), len(h.Looks))
	}
	if len(h.Articles) != 1 || h.Articles[0].Content.URL != "https://news.example/gate" {
		w.t.Errorf("the article is not known any more: %d versions", len(h.Articles))
	}
	if got := leavesOf(w.everything())[:len(before)]; !slices.Equal(got, before) {
		w.t.Error("the leaves are others")
	}
	if res := w.capturePost(taken); !errors.Is(res.Err, store.ErrRefused) {
		w.t.Errorf("capturing it again: %v", res.Err)
	}
	if jobs := w.jobs(archiver.JobTakedown); len(jobs) > 0 {
		w.t.Errorf("work is left: %+v", jobs)
	}
}

func TestTakedown(t *testing.T) {
	for _, act := range []store.TakedownAct{store.TakedownDestroy, store.TakedownSeal} {
		t.Run(string(act), func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				taken, other, pixels := gateStory(w)
				before := leavesOf(w.everything())
				if len(w.anywhere(takenWords)) < 4 || len(w.anywhere(pixels)) == 0 {
					t.Fatalf("it stands in %v and %v before, so that the test proves little", w.anywhere(takenWords), w.anywhere(pixels))
				}
				r := w.remover(nil)
				if _, err := r.Begin(w.ctx, gateWish(taken, act)); err != nil {
					t.Fatal(err)
				}
				if err := r.RunAll(w.ctx); err != nil {
					t.Fatal(err)
				}
				wantTaken(w, taken, other, pixels, before)
				gone := 0
				for _, l := range w.history(taken).Looks {
					x, err := w.archive.Get(w.ctx, l.Content.Exchange)
					if err != nil {
						t.Fatal(err)
					}
					if l.Content.Result.Gone() && x.Whole() {
						gone++
					}
				}
				if gone == 0 {
					t.Error("no answer is left that says that the post is gone")
				}
			})
		})
	}
}

// killed is what a test panics with where it ends a takedown.
type killed struct{}

// until runs fn until a step, and reports whether it came to it.
func until(step string, fn func(func(string))) (came bool) {
	return untilFunc(func(s string) bool { return s == step }, fn)
}

// untilFunc runs fn until a step of which is says so.
func untilFunc(is func(step string) bool, fn func(func(string))) (came bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(killed); !ok {
				panic(p)
			}
			came = true
		}
	}()
	fn(func(s string) {
		if is(s) {
			panic(killed{})
		}
	})
	return false
}

// TestTakedownGoesOn kills a takedown before each of its steps; another process
// goes on.
func TestTakedownGoesOn(t *testing.T) {
	steps := map[store.TakedownAct][]string{
		store.TakedownDestroy: {"intent", "words", "records", "files", "compact", "done"},
		store.TakedownSeal:    {"intent", "words", "seal", "records", "files", "done"},
	}
	for act, steps := range steps {
		for _, step := range steps {
			t.Run(string(act)+" "+step, func(t *testing.T) {
				inWorld(t, settings{}, func(w *world) {
					taken, other, pixels := gateStory(w)
					before := leavesOf(w.everything())
					if !until(step, func(stop func(string)) {
						r := w.remover(stop)
						if _, err := r.Begin(w.ctx, gateWish(taken, act)); err != nil {
							t.Fatal(err)
						}
						if err := r.RunAll(w.ctx); err != nil {
							t.Fatal(err)
						}
					}) {
						t.Fatalf("there is no step %s", step)
					}
					time.Sleep(time.Hour) // the lease of who was killed ends
					r := w.removerOf("two", nil)
					if step == "intent" { // nothing was decided
						if n := len(w.jobs(archiver.JobTakedown)); n > 0 {
							t.Fatalf("%d jobs without a decision", n)
						}
						if _, err := r.Begin(w.ctx, gateWish(taken, act)); err != nil {
							t.Fatal(err)
						}
					}
					if err := r.RunAll(w.ctx); err != nil {
						t.Fatal(err)
					}
					wantTaken(w, taken, other, pixels, before)
				})
			})
		}
	}
}

func TestUnseal(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		taken, _, pixels := gateStory(w)
		before := w.everything()
		r := w.remover(nil)
		decision, err := r.Begin(w.ctx, gateWish(taken, store.TakedownSeal))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.RunAll(w.ctx); err != nil {
			t.Fatal(err)
		}
		n, err := r.Unseal(w.ctx, decision, archiver.Wish{Operator: "desk", Reason: "rejected"})
		if err != nil || n < 5 {
			t.Fatalf("unsealing: %d records, %v", n, err)
		}
		after := w.everything()
		for i := range before {
			if !after[i].Whole() || !slices.EqualFunc(before[i].Fields, after[i].Fields, func(a, b store.Field) bool {
				return a.Name == b.Name && bytes.Equal(a.Value, b.Value)
			}) {
				t.Errorf("the %s %s is not what it was", before[i].Kind, before[i].ID)
			}
		}
		if h := w.history(taken); h.Best() == nil || h.Best().Content.Post.Text != takenWords || len(h.Bare) > 0 {
			t.Error("the post does not say what it said")
		}
		if places := w.anywhere(pixels); len(places) == 0 {
			t.Error("its picture is not there again")
		}
		w.x.SetState(taken, fakenet.Live)
		if res := w.capturePost(taken); res.Err != nil {
			t.Errorf("capturing it again: %v", res.Err)
		}
		// Sealed again and destroyed then, nothing can be put back.
		w.takeDown(taken, store.TakedownSeal)
		w.takeDown(taken, store.TakedownDestroy)
		for _, r := range w.everything() {
			if r.Kind == store.KindRedaction && r.Field("sealed") != nil && r.Time.After(before[len(before)-1].Time.Add(time.Hour)) {
				t.Errorf("the sealed copy of %s is left", r.Time)
			}
		}
	})
}

func (w *world) takeDown(taken string, act store.TakedownAct) {
	w.t.Helper()
	r := w.remover(nil)
	if _, err := r.Begin(w.ctx, gateWish(taken, act)); err != nil {
		w.t.Fatal(err)
	}
	if err := r.RunAll(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

func TestTakedownRespectsHolds(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		taken, _, _ := gateStory(w)
		w.rule(&store.Hold{Time: w.now(), Accounts: []string{"twitter:#4400001"}, Reason: "a dispute goes on"})
		before := len(w.everything())
		_, err := w.remover(nil).Begin(w.ctx, gateWish(taken, store.TakedownDestroy))
		if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), "a dispute goes on") {
			t.Errorf("taking down what is held: %v", err)
		}
		if len(w.everything()) != before || len(w.anywhere(takenWords)) == 0 {
			t.Error("something was changed")
		}
	})
}

// TestTakedownKeepsQuotes leaves what others published, and a file that another
// post has too.
func TestTakedownKeepsQuotes(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		taken, _, pixels := gateStory(w)
		same := id(18*hour, 3)
		w.x.Add(fakenet.Post{ID: same, Author: ada(), Text: "the same picture", Media: []fakenet.Media{{Key: "GateAtNoon"}}})
		if res := w.capturePost(same); res.Err != nil {
			t.Fatal(res.Err)
		}
		wish := gateWish(taken, store.TakedownDestroy)
		wish.KeepQuotes = true
		plan, err := w.remover(nil).Plan(w.ctx, ref(taken), true)
		if err != nil {
			t.Fatal(err)
		}
		var stays []string
		for _, p := range plan.Places {
			if p.Stays != "" {
				stays = append(stays, p.Kind+": "+p.Stays)
			}
		}
		if !contains(stays, "file: twitter:"+same+" shows it too") || !contains(stays, "article: somebody else published it") || !contains(stays, "answer: somebody else") {
			t.Errorf("what stays: %v", stays)
		}
		r := w.remover(nil)
		if _, err := r.Begin(w.ctx, wish); err != nil {
			t.Fatal(err)
		}
		if err := r.RunAll(w.ctx); err != nil {
			t.Fatal(err)
		}
		places := w.anywhere(takenWords)
		if !contains(places, "article meta") || !contains(places, "exchange body") || contains(places, "derivation") {
			t.Errorf("it is left in %v", places)
		}
		if len(w.anywhere(pixels)) == 0 {
			t.Error("the file of another post is gone")
		}
	})
}

// TestAPIOnGone seals what X's API said of a post once it is confirmed gone, and
// nothing else of it.
func TestAPIOnGone(t *testing.T) {
	for _, what := range []archiver.OnGone{archiver.OnGoneSeal, archiver.OnGoneDestroy, archiver.OnGoneKeep} {
		t.Run(string(what), func(t *testing.T) {
			inWorld(t, settings{twitter: twitter.Options{BearerToken: "bearer"}}, func(w *world) {
				p := id(20*hour, 1)
				w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: takenWords})
				if res := w.capturePost(p); res.Err != nil {
					t.Fatal(res.Err)
				}
				r := w.remover(nil)
				sources := func() (api, other int) {
					for _, d := range w.history(p).Derivations {
						if d.Content.Source == post.SourceAPI {
							api++
						} else {
							other++
						}
					}
					return api, other
				}
				if err := r.FollowGone(w.ctx, what); err != nil {
					t.Fatal(err)
				}
				before, others := sources()
				if before == 0 || others == 0 {
					t.Fatalf("%d readings of the API's answers and %d others", before, others)
				}
				w.x.SetState(p, fakenet.Deleted)
				for range 3 {
					w.recheck(p)
					time.Sleep(30 * time.Hour)
				}
				if !w.state(p).Confirmed {
					t.Fatalf("it is not confirmed gone: %+v", w.state(p))
				}
				for range 2 { // the second time there is nothing to do
					if err := r.FollowGone(w.ctx, what); err != nil {
						t.Fatal(err)
					}
				}
				want := 0
				if what == archiver.OnGoneKeep {
					want = before
				}
				if api, other := sources(); api != want || other != others {
					t.Errorf("%d readings of the API's answers are left and %d others, want %d and %d", api, other, want, others)
				}
				said := 0
				for _, x := range w.exchanges(p) {
					if strings.HasPrefix(x.URL, "https://api.") && bytes.Contains(x.Body.Inline, []byte(takenWords)) {
						said++
					}
				}
				if (said > 0) != (what == archiver.OnGoneKeep) {
					t.Errorf("%d answers of the API have its words", said)
				}
				if w.history(p).Best().Content.Post.Text != takenWords {
					t.Error("the keyless copy does not show its words")
				}
				n, err := r.UnsealPost(w.ctx, ref(p), archiver.Wish{Reason: "a dispute"})
				if (err == nil) != (what == archiver.OnGoneSeal) {
					t.Errorf("unsealing: %d, %v", n, err)
				}
				if api, _ := sources(); what == archiver.OnGoneSeal && api != before {
					t.Errorf("%d readings of the API's answers are there again, want %d", api, before)
				}
			})
		})
	}
}

// TestHeldMeanwhile: what is held once a takedown has begun stays, and is waited
// for without holding anybody up; released, it goes.
func TestHeldMeanwhile(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		taken, other, pixels := gateStory(w)
		before := leavesOf(w.everything())
		r := w.remover(nil)
		if _, err := r.Begin(w.ctx, gateWish(taken, store.TakedownDestroy)); err != nil {
			t.Fatal(err)
		}
		w.rule(&store.Hold{Time: w.now(), Ref: ref(taken), Reason: "a court"})
		begun := w.now()
		if err := r.RunAll(w.ctx); err != nil {
			t.Fatal(err)
		}
		left, err := r.Unfinished(w.ctx)
		if err != nil || len(left) != 1 || len(w.anywhere(takenWords)) == 0 || w.now().Sub(begun) > time.Second {
			t.Errorf("%d takedowns wait after %v: %v", len(left), w.now().Sub(begun), err)
		}
		w.takeDown(other, store.TakedownSeal) // others go on
		w.rule(&store.Hold{Time: w.now(), Ref: ref(taken), Released: true, Reason: "settled"})
		if err := r.RunAll(w.ctx); err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{takenWords, pixels} {
			if places := w.anywhere(words); len(places) > 0 {
				t.Errorf("%q is left in %v", words, places)
			}
		}
		if left, err := r.Unfinished(w.ctx); err != nil || len(left) > 0 || !slices.Equal(leavesOf(w.everything())[:len(before)], before) {
			t.Errorf("%d takedowns wait: %v", len(left), err)
		}
	})
}
