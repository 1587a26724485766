package archiver_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract/post"
	"stet/store"
)

// rule records a decision.
func (w *world) rule(c store.Content) {
	w.t.Helper()
	b := w.archive.Begin()
	if _, err := b.Add(w.ctx, c); err != nil {
		w.t.Fatal(err)
	}
	if _, err := b.Commit(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

// holds reports whether anything that is kept of a post or its author holds the
// words, but the page of the article that quotes it.
func (w *world) holds(of post.Ref, words string) bool {
	w.t.Helper()
	for _, t := range []store.Term{store.RefTerm(of), store.HandleTerm(of.Platform, "adaquay")} {
		records, err := w.archive.ListAll(w.ctx, t, 1000, store.KindExchange, store.KindCapture, store.KindDerivation, store.KindLook)
		if err != nil {
			w.t.Fatal(err)
		}
		for i := range records {
			if x, err := store.Decode[store.Exchange](&records[i]); err == nil && strings.HasPrefix(x.URL, "https://news.example/") {
				continue
			}
			for _, f := range records[i].Fields {
				if bytes.Contains(f.Value, []byte(words)) {
					return true
				}
			}
		}
	}
	return false
}

// TestRefusedAreNotCaptured tries what was taken down in every way that leads to
// a capture.
func TestRefusedAreNotCaptured(t *testing.T) {
	cases := map[string]store.Takedown{
		"post":                          {Ref: ref(id(20*hour, 1))},
		"account by id":                 {Accounts: []string{"twitter:#4400001"}},
		"account by handle":             {Accounts: []string{"twitter:adaquay"}},
		"an act of a later version":     {Ref: ref(id(20*hour, 1)), Act: "seal"},
		"account, after another's post": {Accounts: []string{"twitter:#4400001", "twitter:adaquay"}},
	}
	for name, taken := range cases {
		t.Run(name, func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				const words = "The gate opens on Tuesday"
				p := id(20*hour, 1)
				w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: words})
				taken.Time, taken.Reason = w.now(), "the author asked"
				if taken.Act == "" {
					taken.Act = store.TakedownRefuse
				}
				w.rule(&taken)
				if res := w.capturePost(p); !errors.Is(res.Err, store.ErrRefused) || !strings.Contains(res.Err.Error(), "takedown of 2026-03-02: the author asked") || res.Text != "" {
					t.Errorf("capturing it: %+v", res)
				}
				url := w.page("news.example", "/gate", article(embed("adaquay", "Ada Quay", p, words)))
				if res := w.capture(url); res.Err != nil || len(res.Posts) != 1 || !errors.Is(res.Posts[0].Err, store.ErrRefused) {
					t.Errorf("capturing an article with it: %+v", res)
				}
				if w.holds(ref(p), words) {
					t.Error("its words are kept")
				}
				for _, kind := range []string{archiver.JobCapture, archiver.JobLook} {
					if jobs := w.jobs(kind); len(jobs) != 0 {
						t.Errorf("jobs are left: %+v", jobs)
					}
				}
			})
		})
	}
}

// TestRefusedIsNotAskedFor lets a post that is known to be refused be asked for
// by nobody, alone or among others.
func TestRefusedIsNotAskedFor(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "The gate opens on Tuesday"})
		if res := w.capturePost(p); res.Err != nil {
			t.Fatal(res.Err)
		}
		w.rule(&store.Takedown{Time: w.now(), Accounts: []string{"twitter:#4400001"}, Act: store.TakedownRefuse, Reason: "r"})
		before := w.net.Count("cdn.syndication.twimg.com", "/")
		if res := w.recheck(p); !errors.Is(res.Err, store.ErrRefused) {
			t.Errorf("looking at it: %+v", res)
		}
		if res := w.capturePost(p); !errors.Is(res.Err, store.ErrRefused) {
			t.Errorf("capturing it: %+v", res)
		}
		if _, err := w.engine.Request(w.ctx, ref(p).String(), archiver.CaptureOptions{}); !errors.Is(err, store.ErrRefused) {
			t.Errorf("asking for it: %v", err)
		}
		if after := w.net.Count("cdn.syndication.twimg.com", "/"); after != before {
			t.Errorf("it was asked for %d times", after-before)
		}
		if h := w.history(p); len(h.Captures) != 1 || h.Best() == nil {
			t.Error("what was kept of it is not there any more")
		}
		w.rule(&store.Takedown{Time: w.now(), Accounts: []string{"twitter:#4400001"}, Act: store.TakedownLift, Reason: "r"})
		if res := w.capturePost(p); res.Err != nil {
			t.Errorf("after the takedown was lifted: %v", res.Err)
		}
	})
}

// TestRefusedBeside keeps a post and not the refused one that it quotes.
func TestRefusedBeside(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		quoted, p := id(30*hour, 1), id(20*hour, 2)
		bo := fakenet.Person{ID: "4400002", Name: "Bo Pier", Handle: "bopier"}
		w.x.Add(fakenet.Post{ID: quoted, Author: bo, Text: "The hinges are fixed"}, fakenet.Post{ID: p, Author: ada(), Text: "At last", Quotes: quoted})
		w.rule(&store.Takedown{Time: w.now(), Accounts: []string{"twitter:bopier"}, Act: store.TakedownRefuse, Reason: "r"})
		if res := w.capturePost(p); res.Err != nil || len(res.Related) != 0 || !strings.Contains(strings.Join(res.Notes, " "), "twitter:bopier") {
			t.Errorf("result %+v", res)
		}
		h := w.history(quoted)
		if len(h.Captures) != 0 || len(h.Derivations) != 0 {
			t.Error("the quoted post is kept as one of its own")
		}
	})
}

// TestRulings says which of several decisions counts.
func TestRulings(t *testing.T) {
	p := post.Ref{Platform: post.Twitter, ID: "20"}
	known := store.Subject{Refs: []post.Ref{p}, Authors: []store.Account{{Platform: post.Twitter, ID: "7", Handle: "ada"}}}
	poor := store.Subject{Refs: []post.Ref{p}, Authors: []store.Account{{Platform: post.Twitter, Handle: "ada"}}}
	refuse, lift := store.TakedownRefuse, store.TakedownLift
	cases := map[string]struct {
		of    store.Subject
		rules []store.Takedown
		want  bool
	}{
		"none":                           {known, nil, false},
		"another post":                   {known, []store.Takedown{{Ref: post.Ref{Platform: post.Twitter, ID: "21"}, Act: refuse}}, false},
		"the newest":                     {known, []store.Takedown{{Ref: p, Act: refuse}, {Ref: p, Act: lift}}, false},
		"again":                          {known, []store.Takedown{{Ref: p, Act: refuse}, {Ref: p, Act: lift}, {Ref: p, Act: refuse}}, true},
		"the post above the author":      {known, []store.Takedown{{Ref: p, Act: lift}, {Accounts: []string{"twitter:#7"}, Act: refuse}}, false},
		"the handle alone":               {poor, []store.Takedown{{Accounts: []string{"twitter:#7", "twitter:ada"}, Act: refuse}}, true},
		"a handle that changed hands":    {known, []store.Takedown{{Accounts: []string{"twitter:#8", "twitter:ada"}, Act: refuse}}, false},
		"a handle without the id":        {known, []store.Takedown{{Accounts: []string{"twitter:ada"}, Act: refuse}}, true},
		"the same handle on another one": {known, []store.Takedown{{Accounts: []string{"mastodon:ada"}, Act: refuse}}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				for i := range c.rules {
					c.rules[i].Time = w.now().Add(time.Duration(i) * time.Second)
					w.rule(&c.rules[i])
				}
				got, err := w.archive.TakedownOf(w.ctx, c.of)
				if err != nil || (got != nil) != c.want {
					t.Errorf("the takedown is %+v, %v", got, err)
				}
				for _, released := range []bool{false, true} {
					w.rule(&store.Hold{Time: w.now(), Accounts: []string{"twitter:#7"}, Released: released})
					if h, err := w.archive.HoldOf(w.ctx, known); err != nil || (h != nil) == released {
						t.Errorf("released %v: the hold is %+v, %v", released, h, err)
					}
				}
			})
		})
	}
}
