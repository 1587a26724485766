package archiver_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/twitter"
	"stet/extract/post"
	"stet/store"
)

func bo() fakenet.Person {
	return fakenet.Person{ID: "4400002", Name: "Bo Pier", Handle: "bopier"}
}

// kept counts the exchanges with a platform, and returns how many of them hold
// words.
func (w *world) kept(words string) (all, holding int) {
	w.t.Helper()
	for after := uint64(0); ; {
		records, err := w.archive.Backend().Read(w.ctx, after, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(records) == 0 {
			return all, holding
		}
		for i := range records {
			after = records[i].Seq
			x, err := store.Decode[store.Exchange](&records[i])
			if err != nil || x.Purpose == "article" {
				continue
			}
			all++
			if bytes.Contains(x.Body.Inline, []byte(words)) {
				holding++
			}
		}
	}
}

// TestSharedAnswers: an answer for many posts that shows one of a refused author,
// of whom nothing was known before, is not kept; the others are asked for again,
// and their answer is.
func TestSharedAnswers(t *testing.T) {
	for name, refuse := range map[string]string{"by handle": "twitter:bopier", "by id": "twitter:#4400002"} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, settings{twitter: twitter.Options{BearerToken: "bearer"}}, func(w *world) {
				p, q, other := id(20*hour, 1), id(20*hour, 2), id(20*hour, 3)
				w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "The gate opens on Tuesday"}, fakenet.Post{ID: q, Author: bo(), Text: "The hinges are fixed"},
					fakenet.Post{ID: other, Author: ada(), Text: "Bring a lamp"})
				w.rule(&store.Takedown{Time: w.now(), Accounts: []string{refuse}, Act: store.TakedownRefuse, Reason: "r"})
				page := article(embed("adaquay", "Ada Quay", p, "The gate opens on Tuesday") + embed("harbour", "Harbour", q, "…") + embed("adaquay", "Ada Quay", other, "Bring a lamp"))
				res := w.capture(w.page("news.example", "/gate", page))
				if res.Err != nil || len(res.Posts) != 3 || res.Posts[0].Err != nil || !errors.Is(res.Posts[1].Err, store.ErrRefused) || res.Posts[2].Err != nil {
					t.Fatalf("result %+v", res)
				}
				if all, holding := w.kept("The hinges are fixed"); holding != 0 || all == 0 {
					t.Errorf("%d of %d exchanges hold the refused words", holding, all)
				}
				if _, holding := w.kept("Bring a lamp"); holding == 0 {
					t.Error("the answer of the others is not kept")
				}
			})
		})
	}
}

// TestSharedLooks: the same where posts are looked at together.
func TestSharedLooks(t *testing.T) {
	inWorld(t, settings{twitter: twitter.Options{BearerToken: "bearer"}}, func(w *world) {
		p, q := id(20*hour, 1), id(20*hour, 2)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "The gate opens on Tuesday"}, fakenet.Post{ID: q, Author: ada(), Text: "Bring a lamp"})
		w.capturePost(p)
		w.capturePost(q)
		// The second now quotes somebody who may not be captured.
		quoted := id(30*hour, 3)
		w.x.Add(fakenet.Post{ID: quoted, Author: bo(), Text: "The hinges are fixed"}, fakenet.Post{ID: q, Author: ada(), Text: "Bring a lamp", Quotes: quoted})
		w.rule(&store.Takedown{Time: w.now(), Accounts: []string{"twitter:bopier"}, Act: store.TakedownRefuse, Reason: "r"})
		time.Sleep(hour)
		for _, r := range w.engine.Recheck(w.ctx, []post.Ref{ref(p), ref(q)}, "person") {
			if r.Err != nil {
				t.Errorf("look: %v", r.Err)
			}
		}
		if _, holding := w.kept("The hinges are fixed"); holding != 0 {
			t.Errorf("%d exchanges hold the refused words", holding)
		}
	})
}

// TestQuotedAnswer: the answer that shows a refused post beside the one that was
// asked for is not kept, and what was read of the latter is.
func TestQuotedAnswer(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		quoted, p := id(30*hour, 1), id(20*hour, 2)
		w.x.Add(fakenet.Post{ID: quoted, Author: bo(), Text: "The hinges are fixed"}, fakenet.Post{ID: p, Author: ada(), Text: "At last", Quotes: quoted})
		w.rule(&store.Takedown{Time: w.now(), Ref: ref(quoted), Act: store.TakedownRefuse, Reason: "r"})
		if res := w.capturePost(p); res.Err != nil || !strings.HasPrefix(res.Text, "At last") {
			t.Errorf("result %+v", res)
		}
		if _, holding := w.kept("The hinges are fixed"); holding != 0 {
			t.Errorf("%d exchanges hold the refused words", holding)
		}
		w.rule(&store.Takedown{Time: w.now(), Ref: ref(quoted), Act: store.TakedownLift, Reason: "r"})
		if res := w.engine.Recheck(w.ctx, []post.Ref{ref(p)}, "person")[0]; res.Err != nil {
			t.Error(res.Err)
		}
		if _, holding := w.kept("The hinges are fixed"); holding == 0 {
			t.Error("after the takedown was lifted the answer is not kept either")
		}
	})
}

// TestTimelineOfOthers: the list of an account's posts, which shows those that
// nobody asked for, is not kept once a post of the platform was taken down.
func TestTimelineOfOthers(t *testing.T) {
	for _, taken := range []bool{true, false} {
		inWorld(t, settings{}, func(w *world) {
			p, other := id(20*hour, 1), id(20*hour, 2)
			w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "The gate opens on Tuesday"}, fakenet.Post{ID: other, Author: ada(), Text: "Bring a lamp"})
			w.capturePost(p)
			if taken {
				w.rule(&store.Takedown{Time: w.now(), Ref: ref(other), Act: store.TakedownRefuse, Reason: "r"})
			}
			w.x.SetState(p, fakenet.NotFound)
			time.Sleep(hour)
			if r := w.engine.Recheck(w.ctx, []post.Ref{ref(p)}, "person")[0]; r.Err != nil {
				t.Fatal(r.Err)
			}
			if w.net.Count("syndication.twitter.com", "/") == 0 {
				t.Fatal("the account's list was not asked for")
			}
			if _, holding := w.kept("Bring a lamp"); (holding == 0) != taken {
				t.Errorf("taken down %t: %d exchanges hold the words", taken, holding)
			}
		})
	}
}
