package mastodon_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/mastodon"
	"stet/archiver/platformtest"
	"stet/extract/post"
	"stet/store"
)

const (
	hour = time.Hour
	host = "harbour.example"
)

// number returns the id of a post of the day before the stories begin.
func number(n int) string {
	return fakenet.TootID(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), n)
}

func ref(n int) post.Ref { return post.Ref{Platform: post.Mastodon, ID: host + "/" + number(n)} }

func toot(n int, content string) fakenet.Toot {
	return fakenet.Toot{ID: number(n), User: "ada", Name: "Ada Quay", HTML: content}
}

func run(t *testing.T, story func(w *platformtest.World, i *fakenet.Instance)) {
	t.Helper()
	platformtest.Run(t, func(w *platformtest.World) {
		i := w.Net.Instance(host)
		i.Add(toot(1, "<p>The old harbour<br>opens again.</p>"), toot(2, "<p>Clear</p>"))
		w.Start(mastodon.New(w.Client, archiver.Controls{}))
		story(w, i)
	})
}

// TestCapture: a post with its file, its quoted post and its parent; the embed
// is the second witness.
func TestCapture(t *testing.T) {
	run(t, func(w *platformtest.World, i *fakenet.Instance) {
		p := toot(3, "<p>Not any more.</p>")
		p.Quotes, p.Answers, p.Warning, p.Media = number(1), number(2), "harbour", []fakenet.Media{{Alt: "A quay"}}
		i.Add(p)
		r := w.Capture(ref(3))
		if r.Text != "Not any more." || r.Author.Handle != "ada@harbour.example" || r.Source != post.SourcePublic || len(r.Notes) != 0 ||
			len(r.Media) != 1 || r.Media[0].Digest == "" || r.Media[0].Alt != "A quay" || !slices.Equal(r.Related, []post.Ref{ref(1), ref(2)}) {
			t.Errorf("%+v", r)
		}
		d := w.History(ref(3)).Derivations[0].Content.Post
		if d.Warning != "harbour" || d.Quoted != ref(1) || d.Parent != ref(2) || d.Visibility != "public" || d.URL != "https://harbour.example/@ada/"+number(3) {
			t.Errorf("%+v", d)
		}
		if got := w.History(ref(1)).Best().Content.Post.Text; got != "The old harbour\nopens again." {
			t.Errorf("the quoted post says %q", got)
		}
		if w.Net.Count(host, "/api/oembed") == 0 || w.Net.Count(host, "/@ada/") != 0 {
			t.Error("the embed is no witness, or other servers' address was asked for a post that is shown")
		}
	})
}

// TestRepeatedPost: a post that only repeats another keeps the other beside it.
func TestRepeatedPost(t *testing.T) {
	run(t, func(w *platformtest.World, i *fakenet.Instance) {
		i.Add(fakenet.Toot{ID: number(3), User: "cy", Repeats: number(1)})
		r := w.Capture(ref(3))
		if r.Text != "" || r.Author.Handle != "cy@harbour.example" || !slices.Equal(r.Related, []post.Ref{ref(1)}) {
			t.Errorf("%+v", r)
		}
		if d := w.History(ref(1)).Best(); d == nil || d.Content.Post.Text != "The old harbour\nopens again." || d.Content.Post.Author.Handle != "ada@harbour.example" {
			t.Errorf("the repeated post: %+v", d)
		}
	})
}

// TestLosses: what the endpoints say together, at once and after a day.
func TestLosses(t *testing.T) {
	for name, c := range map[string]struct {
		lose      func(i *fakenet.Instance)
		status    post.Status
		confirmed bool // at once
	}{
		"tombstone":         {func(i *fakenet.Instance) { i.SetState(number(1), fakenet.TootTombstone) }, post.Deleted, true},
		"410 of the post":   {func(i *fakenet.Instance) { i.SetState(number(1), fakenet.TootGone) }, post.Deleted, true},
		"404":               {func(i *fakenet.Instance) { i.SetState(number(1), fakenet.TootMissing) }, post.NotFound, false},
		"account suspended": {func(i *fakenet.Instance) { i.SetAccount("ada", fakenet.AccountSuspended) }, post.AccountSuspended, true},
		"account closed":    {func(i *fakenet.Instance) { i.SetAccount("ada", fakenet.AccountClosed) }, post.AccountGone, true},
		"account purged":    {func(i *fakenet.Instance) { i.SetAccount("ada", fakenet.AccountPurged) }, post.NotFound, false},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(w *platformtest.World, i *fakenet.Instance) {
				w.Capture(ref(1))
				c.lose(i)
				w.Expect(ref(1), c.status, c.confirmed)
				for range 2 {
					time.Sleep(13 * hour)
				}
				w.Expect(ref(1), c.status, c.confirmed)
				time.Sleep(13 * hour)
				w.Expect(ref(1), c.status, true)
				i.SetAccount("ada", fakenet.AccountLive)
				i.SetState(number(1), fakenet.TootLive)
				w.Expect(ref(1), post.Live, false)
			})
		})
	}
}

// TestAccountSettlesItsPosts: a suspended account is asked about once.
func TestAccountSettlesItsPosts(t *testing.T) {
	run(t, func(w *platformtest.World, i *fakenet.Instance) {
		w.Capture(ref(1))
		w.Capture(ref(2))
		i.SetAccount("ada", fakenet.AccountSuspended)
		w.Expect(ref(1), post.AccountSuspended, true)
		h := w.History(ref(2))
		if n := len(h.Looks); n != 1 || !h.Looks[0].Content.Account || h.Looks[0].Content.Result != post.AccountSuspended {
			t.Errorf("looks at the other post: %+v", h.Looks)
		}
	})
}

// TestNothingCanBeTold: what never begins a loss.
func TestNothingCanBeTold(t *testing.T) {
	other := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusNotFound)
		_, _ = rw.Write([]byte(`{"error":"Not Found"}`))
	})
	parked := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		rw.WriteHeader(http.StatusGone)
		_, _ = rw.Write([]byte("<title>This domain is for sale</title>"))
	})
	moved := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, "https://parking.example"+r.URL.Path, http.StatusFound)
	})
	for name, break_ := range map[string]func(w *platformtest.World, i *fakenet.Instance){
		"a challenge":               func(_ *platformtest.World, i *fakenet.Instance) { i.Wall(true) },
		"closed to strangers":       func(_ *platformtest.World, i *fakenet.Instance) { i.Close(true); i.Sign(true) },
		"the domain ran out":        func(w *platformtest.World, _ *fakenet.Instance) { w.Net.Remove(host) },
		"something else runs there": func(w *platformtest.World, _ *fakenet.Instance) { w.Net.Handle(host, other) },
		"the domain is parked":      func(w *platformtest.World, _ *fakenet.Instance) { w.Net.Handle(host, parked) },
		"the domain leads to elsewhere": func(w *platformtest.World, _ *fakenet.Instance) {
			w.Net.Handle("parking.example", other)
			w.Net.Handle(host, moved)
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(w *platformtest.World, i *fakenet.Instance) {
				w.Capture(ref(1))
				break_(w, i)
				w.Never(ref(1), 5, 20*hour)
			})
		})
	}
}

// TestFaults: what fails on the way never begins a loss.
func TestFaults(t *testing.T) {
	run(t, func(w *platformtest.World, _ *fakenet.Instance) {
		w.Capture(ref(1))
		w.Faults(ref(1), host)
	})
}

// TestControlPostOfTheHost: while a control post of the same host is missed,
// nothing that the host misses is believed; that of another host says nothing.
func TestControlPostOfTheHost(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		i := w.Net.Instance(host)
		i.Add(toot(1, "<p>One</p>"), toot(2, "<p>Control</p>"))
		w.Net.Instance("quay.example")
		w.Start(mastodon.New(w.Client, archiver.Controls{Live: []post.Ref{ref(2), {Platform: post.Mastodon, ID: "quay.example/" + number(7)}}}))
		w.Capture(ref(1))
		i.SetState(number(1), fakenet.TootTombstone)
		i.SetState(number(2), fakenet.TootMissing)
		w.Never(ref(1), 3, 13*hour)
		i.SetState(number(2), fakenet.TootLive)
		w.Expect(ref(1), post.Deleted, true)
		if n := w.Net.Count("quay.example", "/"); n != 0 {
			t.Errorf("another host was asked %d times", n)
		}
	})
}

// TestEdits: each version is kept, the words of an article that quotes an
// earlier one match, and a changed warning is an edit.
func TestEdits(t *testing.T) {
	run(t, func(w *platformtest.World, i *fakenet.Instance) {
		i.Edit(number(1), "<p>The harbour opens on Sunday.</p>", "")
		w.Capture(ref(1))
		time.Sleep(hour)
		i.Edit(number(1), "<p>The harbour opens on Monday.</p>", "")
		w.Expect(ref(1), post.Live, false)
		time.Sleep(hour)
		i.Edit(number(1), "<p>The harbour opens on Monday.</p>", "times")
		w.Expect(ref(1), post.Live, false)
		h := w.History(ref(1))
		if len(h.Captures) != 3 {
			t.Fatalf("%d captures", len(h.Captures))
		}
		p := h.Best().Content.Post
		var texts []string
		for _, v := range p.Earlier {
			texts = append(texts, v.Text)
		}
		if got := strings.Join(texts, " | "); got != "The old harbour\nopens again. | The harbour opens on Sunday. | The harbour opens on Monday." || p.Warning != "times" || !p.Edited {
			t.Errorf("earlier versions %q, now %+v", got, p)
		}
		for words, want := range map[string]string{"The harbour opens on Sunday.": archiver.QuoteMatch, "The harbour opens on Friday.": archiver.QuoteMismatch} {
			if got := archiver.CheckQuote(store.Quotation{Text: words, Handle: "ada"}, &p); got != want {
				t.Errorf("%s: %s", words, got)
			}
		}
		if got := strings.Join(w.Events(), " "); got != "captured edited edited" {
			t.Errorf("events %s", got)
		}
	})
}

// TestPostOfAnotherHost: as an instance shows it; the original is asked for at
// its own host where the instance drops its copy.
func TestPostOfAnotherHost(t *testing.T) {
	run(t, func(w *platformtest.World, i *fakenet.Instance) {
		quay := w.Net.Instance("quay.example")
		quay.Add(fakenet.Toot{ID: number(9), User: "bo", Name: "Bo", HTML: "<p>From the other shore</p>"})
		i.Add(fakenet.Toot{ID: number(4), User: "bo@quay.example", Name: "Bo", HTML: "<p>From the other shore</p>", OriginID: number(9)})
		r := w.Capture(ref(4))
		d := w.History(ref(4)).Derivations[0].Content.Post
		if r.Author.Handle != "bo@quay.example" || !slices.Equal(d.Aliases, []post.Ref{{Platform: post.Mastodon, ID: "quay.example/" + number(9)}}) {
			t.Errorf("%+v", d)
		}
		i.SetState(number(4), fakenet.TootMissing)
		w.Expect(ref(4), post.Live, false)
		quay.SetState(number(9), fakenet.TootTombstone)
		w.Expect(ref(4), post.Deleted, true)
	})
}

// TestClosedInterface: where the interface wants an account, the post is taken
// as other servers are given it, from the address that the article has.
func TestClosedInterface(t *testing.T) {
	run(t, func(w *platformtest.World, i *fakenet.Instance) {
		i.Close(true)
		r := w.CapturePage("news.example", `<html><body><article><p>The harbour reopens after ten years.</p><blockquote class="mastodon-embed" data-embed-url="https://harbour.example/@ada/`+
			number(1)+`/embed"><a href="https://harbour.example/@ada/`+number(1)+`">Post by @ada@harbour.example</a></blockquote></article></body></html>`)
		if !r.OK || len(r.Posts) != 1 || r.Posts[0].Text != "The old harbour\nopens again." || r.Posts[0].Source != post.SourcePublic || r.Posts[0].Author.Handle != "ada@harbour.example" {
			t.Errorf("%+v", r)
		}
	})
}

// TestTruthSocial: two endpoints on one host, which often refuses strangers.
func TestTruthSocial(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		truth := w.Net.TruthSocial()
		p := post.Ref{Platform: post.TruthSocial, ID: number(1)}
		truth.Add(toot(1, "<p>The old harbour opens again.</p>"))
		w.Start(mastodon.NewTruthSocial(w.Client, archiver.Controls{}))
		if r := w.Capture(p); r.Text != "The old harbour opens again." || r.Author.Handle != "ada" {
			t.Errorf("%+v", r)
		}
		truth.Wall(true)
		w.Never(p, 4, 13*hour)
		truth.Wall(false)
		truth.SetState(number(1), fakenet.TootMissing)
		for range 3 {
			w.Expect(p, post.NotFound, false)
			time.Sleep(10 * hour)
		}
		w.Expect(p, post.NotFound, true)
	})
}

// TestLimitIsMinded: an instance that says that nothing is left until a time is
// not asked before.
func TestLimitIsMinded(t *testing.T) {
	run(t, func(w *platformtest.World, _ *fakenet.Instance) {
		began := time.Now()
		w.Net.HandleFunc(host, func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("X-RateLimit-Remaining", "0")
			rw.Header().Set("X-RateLimit-Reset", began.Add(20*time.Second).UTC().Format(time.RFC3339Nano))
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(http.StatusNotFound)
			_, _ = rw.Write([]byte(`{"error":"Record not found"}`))
		})
		e := mastodon.New(w.Client, archiver.Controls{}).Endpoints()[0]
		if a := w.Ask(e, ref(1)); a.Status != post.NotFound {
			t.Errorf("%+v", a)
		}
		if a := w.Ask(e, ref(1)); store.ClassOf(a.Err).Name != "rate-limited" || w.Net.Count(host, "/") != 1 {
			t.Errorf("asked again: %+v", a)
		}
		time.Sleep(time.Until(began.Add(20 * time.Second)))
		if a := w.Ask(e, ref(1)); a.Err != nil {
			t.Errorf("%+v", a)
		}
	})
}

// TestSmallHosts: hosts that can be the author's own are looked at rarely and at
// irregular times, or not at all, unless a person asks.
func TestSmallHosts(t *testing.T) {
	look := func(t *testing.T, how archiver.SmallHosts, at string, random float64) time.Duration {
		var wait time.Duration
		platformtest.Run(t, func(w *platformtest.World) {
			w.Net.Instance(at).Add(toot(1, "<p>One</p>"))
			w.StartWith(archiver.Options{SmallHosts: how, Rand: func() float64 { return random }}, mastodon.New(w.Client, archiver.Controls{}))
			if r := w.Capture(post.Ref{Platform: post.Mastodon, ID: at + "/" + number(1)}); !r.NextLook.IsZero() {
				wait = time.Until(r.NextLook).Round(time.Minute)
			}
		})
		return wait
	}
	for _, c := range []struct {
		how    archiver.SmallHosts
		host   string
		random float64
		want   time.Duration
	}{
		{archiver.SmallHostsSame, host, 0.5, hour}, {"", host, 0, 2 * hour}, {archiver.SmallHostsRarer, host, 0.5, 150 * time.Minute},
		{archiver.SmallHostsOff, host, 0, 0}, {archiver.SmallHostsOff, "mastodon.social", 0, hour}, {"", "mastodon.social", 0.5, hour},
	} {
		if got := look(t, c.how, c.host, c.random); got != c.want {
			t.Errorf("%s %s: the next look is in %v, want %v", c.how, c.host, got, c.want)
		}
	}
}

// TestSmallHostsSwitchedOff: a look that was scheduled before is not made; a
// person's recheck and a watch are.
func TestSmallHostsSwitchedOff(t *testing.T) {
	run(t, func(w *platformtest.World, _ *fakenet.Instance) {
		w.Capture(ref(1))
		w.Restart(archiver.Options{SmallHosts: archiver.SmallHostsOff}, mastodon.New(w.Client, archiver.Controls{}))
		w.Net.Forget()
		time.Sleep(48 * hour)
		w.RunDue()
		if n := w.Net.Count(host, "/"); n != 0 {
			t.Errorf("the host was asked %d times", n)
		}
		w.Expect(ref(1), post.Live, false)
		if n := w.Net.Count(host, "/"); n != 1 {
			t.Errorf("a person's look asked %d times", n)
		}
		if _, err := w.Engine().Watch(t.Context(), store.Watch{Ref: ref(1), Every: 10 * time.Minute}); err != nil {
			t.Fatal(err)
		}
		w.Net.Forget()
		time.Sleep(11 * time.Minute)
		w.RunDue()
		if n := w.Net.Count(host, "/"); n != 1 {
			t.Errorf("the watch asked %d times", n)
		}
	})
}
