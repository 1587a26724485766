package archiver_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/twitter"
	"stet/extract/post"
	"stet/store"
)

// during runs the engine for a time.
func (w *world) during(d time.Duration, o archiver.RunOptions) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan error, 1)
	if o.Poll == 0 {
		o.Poll = time.Minute
	}
	go func() { done <- w.engine.Run(ctx, o) }()
	time.Sleep(d)
	cancel()
	if err := <-done; err != nil {
		w.t.Fatal(err)
	}
}

func TestWatch(t *testing.T) {
	for _, what := range []string{"post", "account"} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				p := id(20*hour, 1)
				w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
				w.capturePost(p)
				watch := store.Watch{Every: 10 * time.Minute, Until: time.Now().Add(5 * hour)}
				if what == "post" {
					watch.Ref = ref(p)
				} else {
					watch.Account = "twitter:adaquay"
				}
				if n, err := w.engine.Watch(w.ctx, watch); n != 1 || err != nil {
					t.Fatalf("watching %d posts, %v", n, err)
				}
				w.during(20*hour, archiver.RunOptions{})
				n := len(w.history(p).Looks)
				// Every ten minutes, and a little later each time, for five
				// hours; then one more look of the plain schedule at six hours.
				if n < 26 || n > 32 {
					t.Errorf("%d looks", n)
				}
			})
		})
	}
}

func TestArticleIsReadAgain(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p, added := id(20*hour, 1), id(19*hour, 2)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"}, fakenet.Post{ID: added, Author: ada(), Text: "Added later"})
		url := w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello")))
		w.capture(url)
		w.during(2*24*hour, archiver.RunOptions{})
		versions := func() int {
			records, err := w.archive.ListAll(w.ctx, store.ArticleTerm(url), 100, store.KindArticle)
			if err != nil {
				t.Fatal(err)
			}
			return len(records)
		}
		if n := versions(); n != 1 {
			t.Errorf("%d versions of an unchanged article", n)
		}
		if n := w.net.Count("news.example", "/a"); n != 2 {
			t.Errorf("the article was read %d times", n)
		}
		w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello")+embed("adaquay", "Ada Quay", added, "Added later")))
		captures := len(w.history(p).Captures)
		w.during(2*24*hour, archiver.RunOptions{})
		if n := versions(); n != 2 {
			t.Errorf("%d versions of a changed article", n)
		}
		if h := w.history(added); len(h.Captures) != 1 {
			t.Errorf("the added post has %d captures", len(h.Captures))
		}
		if n := len(w.history(p).Captures); n != captures {
			t.Errorf("reading again captured a known post %d times more", n-captures)
		}
	})
}

func TestBudget(t *testing.T) {
	inWorld(t, settings{twitter: twitter.Options{BearerToken: "bearer"}, engine: archiver.Options{Budgets: map[string]int{"twitter/api-v2": 3, "twitter/api-v1.1": 0}}}, func(w *world) {
		for n := range 6 {
			p := id(20*hour, n)
			w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Post " + p})
			res := w.capturePost(p)
			want := post.SourceAPI
			if n >= 3 {
				want = post.SourcePublic
			}
			if res.Err != nil || res.Source != want {
				t.Errorf("post %d comes from %s, want %s (%v)", n, res.Source, want, res.Err)
			}
		}
		if n, err := w.engine.Spent(w.ctx, post.Twitter, "api-v2"); n != 3 || err != nil {
			t.Errorf("spent %d, %v", n, err)
		}
		time.Sleep(24 * hour)
		if res := w.capturePost(id(20*hour+24*hour, 0)); res.Source == post.SourceAPI {
			t.Error("a post that does not exist was captured")
		}
		// The post and, because it was missed, the control post.
		if n, err := w.engine.Spent(w.ctx, post.Twitter, "api-v2"); n != 2 || err != nil {
			t.Errorf("on the next day, spent %d, %v", n, err)
		}
	})
}

// TestSuspendedAccount: one look at a suspended account settles its posts, and
// so does its return.
func TestSuspendedAccount(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		var all []string
		for n := range 40 {
			p := id(20*hour, n)
			w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: fmt.Sprint("Post ", n)})
			if res := w.capturePost(p); res.Err != nil {
				t.Fatal(res.Err)
			}
			all = append(all, p)
		}
		w.x.SetAccount(ada().ID, fakenet.Suspended)
		time.Sleep(30 * time.Minute)
		w.net.Forget()
		w.recheck(all[0])
		for _, p := range all {
			if s := w.state(p); s.Value != post.AccountSuspended {
				t.Fatalf("state of %s: %+v", p, s)
			}
		}
		if n := w.net.Count("cdn.syndication.twimg.com", "/"); n > 2 {
			t.Errorf("%d requests settle 40 posts", n)
		}
		// Hours later one more look confirms all of them.
		w.during(30*hour, archiver.RunOptions{Workers: 1})
		for _, p := range all {
			if s := w.state(p); s.Value != post.AccountSuspended || !s.Confirmed {
				t.Fatalf("a day later: state of %s: %+v", p, s)
			}
		}
		w.x.SetAccount(ada().ID, fakenet.Live)
		w.recheck(all[3])
		w.during(hour, archiver.RunOptions{})
		for _, p := range all {
			if s := w.state(p); s.Value != post.Live {
				t.Fatalf("after the return: state of %s: %+v", p, s)
			}
		}
	})
}
