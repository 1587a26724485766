package archiver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract/post"
	"stet/store"
)

// keeping is a keeper with rules that a story changes.
type keeping struct {
	*archiver.Keeper
	w     *world
	rules archiver.KeepRules
	// destroyed are the addresses that were noted.
	destroyed []string
}

func (w *world) keeper(rules archiver.KeepRules, grace time.Duration, step func(string)) *keeping {
	return w.keeperOf("one", rules, grace, step)
}

func (w *world) keeperOf(owner string, rules archiver.KeepRules, grace time.Duration, step func(string)) *keeping {
	k := &keeping{w: w, rules: rules}
	k.Keeper = archiver.NewKeeper(archiver.KeeperOptions{Archive: w.archive, Remover: w.removerOf(owner, step), Grace: grace, Owner: owner,
		Rules: func(context.Context) (archiver.KeepRules, error) { return k.rules, nil },
		Note: func(urls []string) error {
			k.destroyed = append(k.destroyed, urls...)
			return nil
		}})
	return k
}

// run carries out all that is due, and returns how many articles went.
func (k *keeping) run() int {
	k.w.t.Helper()
	n, err := k.RunDue(k.w.ctx)
	if err != nil {
		k.w.t.Fatal(err)
	}
	return n
}

// names lets a source name an article, which is captured as by its schedule.
func (w *world) names(source, url string) {
	w.t.Helper()
	b := w.archive.Begin()
	if _, err := b.Add(w.ctx, &store.Discovery{Time: w.archive.Now(), Source: source, URL: url}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.engine.EnqueueArticle(b, url, source, w.archive.Now()); err != nil {
		w.t.Fatal(err)
	}
	if _, err := b.Commit(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	w.runOnce()
}

// agencyStory lets a source name a story with a post that has a picture and quotes
// another.
func agencyStory(w *world) (url, shown, quoted, pixels string) {
	w.t.Helper()
	shown, quoted = id(20*hour, 1), id(21*hour, 2)
	w.x.Add(fakenet.Post{ID: quoted, Author: fakenet.Person{ID: "4400002", Name: "Ben Lock", Handle: "benlock"}, Text: otherWords})
	w.x.Add(fakenet.Post{ID: shown, Author: ada(), Text: takenWords, Media: []fakenet.Media{{Key: "GateAtNoon"}}, Quotes: quoted})
	url = w.page("agency.example", "/gate", article(embed("adaquay", "Ada Quay", shown, takenWords)))
	w.names("agency", url)
	return url, shown, quoted, string(w.blob(w.history(shown).Captures[0].Content.Media[0].Digest.String()))
}

const agencyKeep = 90 * day

var agencyRules = archiver.KeepRules{"agency": agencyKeep, "desk": 0} //nolint:gochecknoglobals // never changed

// wantNowhere fails the test where any of the words is left.
func wantNowhere(w *world, words ...string) {
	w.t.Helper()
	for _, s := range words {
		if places := w.anywhere(s); len(places) > 0 {
			w.t.Errorf("%.20q is left in %v", s, places)
		}
	}
}

// wantKept fails the test where any of the words is nowhere.
func wantKept(w *world, words ...string) {
	w.t.Helper()
	for _, s := range words {
		if len(w.anywhere(s)) == 0 {
			w.t.Errorf("%.20q is nowhere", s)
		}
	}
}

// watched are the jobs that look at something, or capture it.
func (w *world) watched() (names []string) {
	for _, kind := range []string{archiver.JobLook, archiver.JobArticle, archiver.JobCapture, archiver.JobPage, archiver.JobPageLook} {
		for _, j := range w.jobs(kind) {
			names = append(names, j.Kind+" "+j.Key)
		}
	}
	return names
}

// TestRetention: what a source named is sealed when its time has come, with what
// it brought in, and destroyed when the grace ends; leaves and proofs stay, nobody
// looks at it any more, and another article that shows the post captures it anew.
func TestRetention(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		url, shown, _, pixels := agencyStory(w)
		k := w.keeper(agencyRules, 30*day, nil)
		time.Sleep(agencyKeep - hour)
		w.runOnce() // looks, and the article is read again: it is the same
		before := leavesOf(w.everything())
		if n := k.run(); n != 0 {
			t.Fatalf("%d articles went an hour before their time", n)
		}
		wantKept(w, takenWords, otherWords, pixels)
		time.Sleep(hour)
		if n := k.run(); n != 1 {
			t.Fatalf("%d articles went", n)
		}
		wantNowhere(w, takenWords, otherWords, pixels)
		if left := w.watched(); len(left) > 0 {
			t.Errorf("still watched: %v", left)
		}
		if !slices.Equal(leavesOf(w.everything())[:len(before)], before) {
			t.Error("a leaf changed")
		}
		r := w.retention(store.ArticleTerm(url))
		if r.Act != store.RetentionSeal || len(r.Refs) != 2 || r.Source != "agency" || !r.Ends.Equal(w.archive.Now().Add(30*day)) || len(k.destroyed) > 0 {
			t.Errorf("it says %+v", r)
		}
		time.Sleep(30 * day)
		k.run()
		if r := w.retention(store.ArticleTerm(url)); r.Act != store.RetentionDestroy || len(k.destroyed) != 1 {
			t.Errorf("it says %+v", r)
		}
		if _, err := k.Spare(w.ctx, url, post.Ref{}, archiver.Wish{}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("what was destroyed is put back: %v", err)
		}
		if !slices.ContainsFunc(w.everything(), func(r store.Record) bool { return r.Lacks("sealed") }) {
			t.Error("the sealed copy is left")
		}
		w.names("agency", w.page("agency.example", "/later", article(embed("adaquay", "Ada Quay", shown, takenWords))))
		if best := w.history(shown).Best(); best == nil || !strings.HasPrefix(best.Content.Post.Text, takenWords) {
			t.Error("it is not captured anew")
		}
		wantKept(w, otherWords)
	})
}

func (w *world) retention(t store.Term) *store.Retention {
	w.t.Helper()
	r, err := w.archive.RetentionOf(w.ctx, t)
	if err != nil || r == nil {
		w.t.Fatalf("no rule did anything: %v", err)
	}
	return r.Content
}

// TestRetentionSpares: each reason that keeps a thing keeps what it reaches.
func TestRetentionSpares(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(w *world, url, shown, quoted string)
		// removed is true where the article goes; posts are those that stay.
		removed bool
		posts   []string // shown, quoted
	}{
		{"nothing", func(*world, string, string, string) {}, true, nil},
		{"a hold on the post", func(w *world, _, shown, _ string) {
			w.rule(&store.Hold{Time: w.archive.Now(), Ref: ref(shown), Reason: "a court"})
		}, false, []string{"shown", "quoted"}},
		{"a hold on the author of the quoted post", func(w *world, _, _, quoted string) {
			w.rule(&store.Hold{Time: w.archive.Now(), Accounts: []string{"twitter:benlock"}, Reason: "a court"})
		}, true, []string{"quoted"}},
		{"a case with the article", func(w *world, url, _, _ string) {
			w.rule(&store.Case{Time: w.archive.Now(), Act: store.CaseOpen, Title: "Gates", Member: store.CaseMember{Article: url}})
		}, false, []string{"shown", "quoted"}},
		{"a case with the quoted post", func(w *world, _, _, quoted string) {
			w.rule(&store.Case{Time: w.archive.Now(), Act: store.CaseOpen, Title: "Gates", Member: store.CaseMember{Ref: ref(quoted)}})
		}, true, []string{"quoted"}},
		{"an approval", func(w *world, _, shown, _ string) {
			w.rule(&store.Approval{Time: w.archive.Now(), Ref: ref(shown), Operator: "ada"})
		}, true, []string{"shown", "quoted"}},
		{"a watch", func(w *world, _, shown, _ string) {
			w.rule(&store.Watch{Time: w.archive.Now(), Ref: ref(shown), Every: hour})
		}, true, []string{"shown", "quoted"}},
		{"a person's capture of the quoted post", func(w *world, _, _, quoted string) { w.capturePost(quoted) }, true, []string{"quoted"}},
		{"a person's capture of the article", func(w *world, url, _, _ string) { w.capture(url) }, false, []string{"shown", "quoted"}},
		{"another source that names it, for ever", func(w *world, url, _, _ string) {
			w.rule(&store.Discovery{Time: w.archive.Now(), Source: "desk", URL: url, Beside: true})
		}, false, []string{"shown", "quoted"}},
		{"another source that is no longer followed", func(w *world, url, _, _ string) {
			w.rule(&store.Discovery{Time: w.archive.Now(), Source: "of before", URL: url, Beside: true})
		}, false, []string{"shown", "quoted"}},
		{"an article of another source that shows the post", func(w *world, _, shown, _ string) {
			w.names("desk", w.page("desk.example", "/x", article(embed("adaquay", "Ada Quay", shown, takenWords))))
		}, true, []string{"shown", "quoted"}},
		{"a person's article that shows the quoted post", func(w *world, _, _, quoted string) {
			w.capture(w.page("desk.example", "/x", article(embed("benlock", "Ben Lock", quoted, otherWords))))
		}, true, []string{"quoted"}},
		{"a post of a person that quotes the post", func(w *world, _, shown, _ string) {
			n := id(hour, 7)
			w.x.Add(fakenet.Post{ID: n, Author: ada(), Text: "See what I said", Quotes: shown})
			w.capturePost(n)
		}, true, []string{"shown", "quoted"}},
		{"somebody who said that it stays", func(w *world, url, _, _ string) {
			if _, err := w.keeper(agencyRules, 30*day, nil).Spare(w.ctx, url, post.Ref{}, archiver.Wish{Operator: "ada"}); err != nil {
				w.t.Fatal(err)
			}
		}, false, []string{"shown", "quoted"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				url, shown, quoted, pixels := agencyStory(w)
				tt.do(w, url, shown, quoted)
				time.Sleep(agencyKeep)
				n := w.keeper(agencyRules, 30*day, nil).run()
				if (n == 1) != tt.removed {
					t.Errorf("%d articles went", n)
				}
				for word, name := range map[string]string{takenWords: "shown", pixels: "shown", otherWords: "quoted"} {
					if slices.Contains(tt.posts, name) {
						wantKept(w, word)
						continue
					}
					for _, place := range w.anywhere(word) {
						// What shows the quoted post too is what that was captured from.
						if place != "exchange body" || !slices.Contains(tt.posts, "quoted") {
							t.Errorf("%.20q is left in a place of the kind %s", word, place)
						}
					}
				}
				for name, n := range map[string]string{"shown": shown, "quoted": quoted} {
					h := w.history(n)
					if stays := slices.Contains(tt.posts, name); stays != (h.Best() != nil) {
						t.Errorf("the post %s is shown: %v", name, h.Best() != nil)
					}
					for i := range h.Captures { // and every byte that it was made of
						for _, x := range h.Captures[i].Content.Exchanges {
							w.body(x)
						}
					}
				}
			})
		})
	}
}

// body reads the body of an exchange, which must be there.
func (w *world) body(id store.ID) {
	w.t.Helper()
	r, err := w.archive.Get(w.ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	x, err := store.Decode[store.Exchange](&r)
	if err != nil || x.Body.Removed {
		w.t.Errorf("the answer of %s is gone: %v", x.URL, err)
		return
	}
	if x.Body.Size == 0 {
		return
	}
	in, err := w.archive.OpenBody(w.ctx, x)
	if err != nil {
		w.t.Error(err)
		return
	}
	if err := in.Close(); err != nil {
		w.t.Error(err)
	}
}

// TestRetentionIsPutBack: what is sealed can be put back whole, and stays then.
func TestRetentionIsPutBack(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		url, shown, _, pixels := agencyStory(w)
		time.Sleep(agencyKeep - hour)
		w.runOnce()
		whole := w.everything()
		k := w.keeper(agencyRules, 30*day, nil)
		time.Sleep(hour)
		k.run()
		wantNowhere(w, takenWords)
		if n, err := k.Spare(w.ctx, url, post.Ref{}, archiver.Wish{Operator: "ada", Reason: "a mistake"}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		wantKept(w, takenWords, otherWords, pixels)
		for i, r := range w.everything()[:len(whole)] {
			if r.Leaf() != whole[i].Leaf() || !r.Whole() {
				t.Errorf("the %s %s is another", r.Kind, r.ID)
			}
		}
		if best := w.history(shown).Best(); best == nil || !strings.HasPrefix(best.Content.Post.Text, takenWords) {
			t.Error("it is not shown again")
		}
		w.runOnce()
		if len(w.watched()) == 0 {
			t.Error("nobody looks at it")
		}
		time.Sleep(2 * agencyKeep)
		if n := k.run(); n != 0 {
			t.Error("it is removed again")
		}
	})
}

// TestRetentionRulesChange: a rule that keeps longer puts back what it would not
// have removed yet; one that keeps shorter removes at once.
func TestRetentionRulesChange(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		url, _, _, _ := agencyStory(w)
		k := w.keeper(agencyRules, 30*day, nil)
		time.Sleep(agencyKeep)
		k.run()
		wantNowhere(w, takenWords)
		k.rules = archiver.KeepRules{"agency": 2 * agencyKeep}
		k.run()
		wantKept(w, takenWords)
		if r := w.retention(store.ArticleTerm(url)); r.Act != store.RetentionLift || r.Spared {
			t.Errorf("it says %+v", r)
		}
		time.Sleep(2 * day) // until then its files cannot be taken away
		k.rules = archiver.KeepRules{"agency": day}
		if n := k.run(); n != 1 {
			t.Fatalf("%d articles went", n)
		}
		wantNowhere(w, takenWords)
		k.rules = archiver.KeepRules{} // it is no longer followed
		k.run()
		wantKept(w, takenWords)
	})
}

// TestRetentionHoldInGrace: what somebody holds while it is sealed is put back and
// not destroyed, also where only its sealed words tell whose it is.
func TestRetentionHoldInGrace(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		_, shown, _, _ := agencyStory(w)
		k := w.keeper(agencyRules, 30*day, nil)
		time.Sleep(agencyKeep)
		k.run()
		w.rule(&store.Hold{Time: w.archive.Now(), Accounts: []string{"twitter:adaquay"}, Reason: "a court"})
		time.Sleep(30 * day)
		k.run()
		wantKept(w, takenWords)
		if w.history(shown).Best() == nil {
			t.Error("it is not shown")
		}
	})
}

// TestRetentionWithoutGrace: then it is destroyed at once.
func TestRetentionWithoutGrace(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		url, _, _, pixels := agencyStory(w)
		time.Sleep(agencyKeep)
		k := w.keeper(agencyRules, 0, nil)
		k.run()
		wantNowhere(w, takenWords, pixels)
		if r := w.retention(store.ArticleTerm(url)); r.Act != store.RetentionDestroy || !slices.Equal(k.destroyed, []string{url}) {
			t.Errorf("%+v, %v", r, k.destroyed)
		}
		for _, r := range w.everything() {
			if r.Kind == store.KindRedaction && len(store.ContentFields(&r)) > 0 {
				t.Error("a copy is sealed")
			}
		}
	})
}

// TestRetentionGoesOnAfterKills: stopped at any step, it is done whole by another
// process, once.
func TestRetentionGoesOnAfterKills(t *testing.T) {
	for _, grace := range []time.Duration{30 * day, 0} {
		for _, step := range []string{"decision", "jobs", "words", "seal", "records", "files", "done"} {
			if grace == 0 && step == "seal" {
				continue
			}
			t.Run(fmt.Sprintf("%s, grace %s", step, grace), func(t *testing.T) {
				inWorld(t, settings{}, func(w *world) {
					url, _, _, pixels := agencyStory(w)
					time.Sleep(agencyKeep)
					before := leavesOf(w.everything())
					if !until(step, func(stop func(string)) {
						_, _ = w.keeper(agencyRules, grace, stop).RunDue(w.ctx)
					}) {
						t.Fatal("the step never came")
					}
					time.Sleep(hour) // the leases of who was killed end
					k := w.keeperOf("two", agencyRules, grace, nil)
					k.run()
					wantNowhere(w, takenWords, otherWords, pixels)
					if left := w.watched(); len(left) > 0 {
						t.Errorf("still watched: %v", left)
					}
					if !slices.Equal(leavesOf(w.everything())[:len(before)], before) {
						t.Error("a leaf changed")
					}
					want := store.RetentionSeal
					if grace == 0 {
						want = store.RetentionDestroy
					}
					n := 0
					for _, r := range w.everything() {
						if r.Kind == store.KindRetention {
							n++
						}
					}
					if r := w.retention(store.ArticleTerm(url)); r.Act != want || n != 1 {
						t.Errorf("%d decisions, the last %+v", n, r)
					}
				})
			})
		}
	}
}

// TestRetentionDue says what goes and what stays, and why, and changes nothing.
func TestRetentionDue(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		url, shown, quoted, _ := agencyStory(w)
		w.capturePost(quoted)
		time.Sleep(agencyKeep - 10*day)
		k, head := w.keeper(agencyRules, 30*day, nil), len(w.everything())
		list := func(source string, within time.Duration) (all []archiver.KeepDue) {
			if err := k.Due(w.ctx, source, within, func(d *archiver.KeepDue) error {
				all = append(all, *d)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return all
		}
		if got := list("", 9*day); len(got) != 0 {
			t.Errorf("%+v", got)
		}
		got := list("agency", 10*day)
		if len(got) != 1 || got[0].URL != url || got[0].Why != nil || !slices.Equal(got[0].Posts, []post.Ref{ref(shown)}) ||
			len(got[0].Stays) != 1 || !strings.Contains(got[0].Stays[0].Why.Text, "a person captured it") || got[0].Bytes == 0 {
			t.Errorf("%+v", got)
		}
		if got := list("desk", 365*day); len(got) != 0 {
			t.Errorf("%+v", got)
		}
		if now := len(w.everything()); now != head {
			t.Errorf("%d records were added", now-head)
		}
		w.rule(&store.Hold{Time: w.archive.Now(), Ref: ref(shown), Reason: "a court"})
		if got := list("", 10*day); len(got) != 1 || got[0].Why == nil || got[0].Why.Why != archiver.KeptHeld {
			t.Errorf("%+v", got)
		}
	})
}

// TestRetentionOfPages: a linked page goes with the last article that links it,
// and the bytes of an answer stay as long as anything that stays needs them.
func TestRetentionOfPages(t *testing.T) {
	inWorld(t, settings{pages: true, engine: archiver.Options{Policy: archiver.Policy{Links: archiver.LinksArticle}}}, func(w *world) {
		words := "The timetable of the ferry, " + strings.Repeat("with a lot of hours and minutes, ", 20)
		w.net.HandleFunc("ferry.example", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "text/html")
			title := "Ferry"
			if r.URL.Path == "/shared" { // the other two are the same, byte for byte
				title = "Ferries"
			}
			_, _ = fmt.Fprintf(rw, "<html><head><title>%s</title></head><body><p>%s</p></body></html>", title, words)
		})
		link := func(path string) string { return `<p><a href="https://ferry.example` + path + `">Ferry</a></p>` }
		first := w.page("agency.example", "/one", article(link("/own")+link("/shared")))
		second := w.page("desk.example", "/two", article(link("/same")+link("/shared")))
		w.names("agency", first)
		w.names("desk", second)
		if h := w.pageHistory("https://ferry.example/own"); len(h.Captures) != 1 {
			t.Fatal("the page was not captured")
		}
		time.Sleep(agencyKeep)
		if n := w.keeper(agencyRules, 0, nil).run(); n != 1 {
			t.Fatalf("%d articles went", n)
		}
		if h, err := w.archive.PageHistory(w.ctx, "https://ferry.example/own"); err == nil && len(h.Captures) > 0 {
			t.Error("the page that only it linked is there")
		}
		for _, path := range []string{"/same", "/shared"} {
			h := w.pageHistory("https://ferry.example" + path)
			if len(h.Captures) != 1 || h.Best() == nil || !strings.Contains(h.Best().Content.Text, "timetable") {
				t.Fatalf("the page %s is gone", path)
			}
			for _, x := range h.Captures[0].Content.Exchanges {
				w.body(x)
			}
		}
	})
}

// TestRetentionOfReadAgain: what was read again and was the same goes too.
func TestRetentionOfReadAgain(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		n := 0
		w.net.HandleFunc("agency.example", func(rw http.ResponseWriter, _ *http.Request) {
			n++
			rw.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprintf(rw, "<html><body><!-- %d --><p>The gate is closed on Sundays, says nobody.</p></body></html>", n)
		})
		w.names("agency", "https://agency.example/gate")
		time.Sleep(agencyKeep - day)
		w.runOnce()
		if n < 2 {
			t.Fatal("it was not read again")
		}
		time.Sleep(day)
		w.keeper(agencyRules, 0, nil).run()
		wantNowhere(w, "closed on Sundays")
	})
}

// TestRetentionByTwo: two processes that look at once do nothing twice.
func TestRetentionByTwo(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		for i := range 8 {
			n := id(time.Duration(i+1)*hour, 100+i)
			w.x.Add(fakenet.Post{ID: n, Author: ada(), Text: fmt.Sprint("Gate number ", i)})
			w.names("agency", w.page("agency.example", fmt.Sprint("/", i), article(embed("adaquay", "Ada Quay", n, fmt.Sprint("Gate number ", i)))))
		}
		time.Sleep(agencyKeep)
		var group sync.WaitGroup
		for _, owner := range []string{"one", "two"} {
			k := w.keeperOf(owner, agencyRules, 30*day, nil)
			group.Go(func() { k.run() })
		}
		group.Wait()
		w.keeperOf("three", agencyRules, 30*day, nil).run()
		wantNowhere(w, "Gate number")
		decisions, ends := 0, len(w.jobs(archiver.JobRetentionEnd))
		for _, r := range w.everything() {
			if r.Kind == store.KindRetention {
				decisions++
			}
		}
		if decisions != 8 || ends != 8 {
			t.Errorf("%d decisions, and %d of them end", decisions, ends)
		}
	})
}

// TestRetentionIsReported: once a day.
func TestRetentionIsReported(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		agencyStory(w)
		k := w.keeper(agencyRules, 30*day, nil)
		time.Sleep(agencyKeep)
		k.run()
		k.run()
		var told []string
		for _, r := range w.everything() {
			if i, err := store.Decode[store.Incident](&r); err == nil && i.Event == archiver.EventRetention {
				told = append(told, i.Text)
			}
		}
		if !slices.Equal(told, []string{"1 article sealed"}) {
			t.Errorf("%q", told)
		}
		s, err := k.Status(w.ctx)
		if err != nil || s.InGrace != 1 || s.Counts.Sealed != 1 || !s.Next.Equal(w.archive.Now().Add(30*day)) {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// TestRetentionOfRestored: what was destroyed before, in an archive of which this
// is an older copy, is destroyed without a further grace.
func TestRetentionOfRestored(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		url, _, _, _ := agencyStory(w)
		time.Sleep(agencyKeep)
		k := archiver.NewKeeper(archiver.KeeperOptions{Archive: w.archive, Remover: w.remover(nil), Grace: 30 * day, Owner: "one",
			Rules:     func(context.Context) (archiver.KeepRules, error) { return agencyRules, nil },
			Destroyed: func(urls []string) (bool, error) { return slices.Contains(urls, url), nil }})
		if n, err := k.RunDue(w.ctx); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		wantNowhere(w, takenWords)
		if r := w.retention(store.ArticleTerm(url)); r.Act != store.RetentionDestroy {
			t.Errorf("it says %+v", r)
		}
	})
}
