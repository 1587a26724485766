package archiver_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
)

// TestPageEventOf: what changes of a page's state are told.
func TestPageEventOf(t *testing.T) {
	state := func(r store.PageResult, confirmed bool) archiver.PageState {
		return archiver.PageState{Value: r, Confirmed: confirmed}
	}
	alive, gone, lost := state(store.PageAlive, false), state(store.PageGone, false), state(store.PageGone, true)
	moved, away, drifted := state(store.PageRedirected, false), state(store.PageRedirected, true), state(store.PageDrifted, true)
	for _, tt := range []struct {
		was, is archiver.PageState
		want    string
	}{
		{alive, alive, ""}, {alive, gone, "page-suspected"}, {gone, gone, ""}, {gone, lost, "page-gone"}, {lost, lost, ""}, {alive, lost, "page-gone"},
		{gone, state(store.PageSoftGone, false), ""}, {lost, alive, "page-restored"}, {gone, alive, "page-restored"}, {alive, moved, ""}, {moved, away, "page-redirected"},
		{away, away, ""}, {away, alive, "page-restored"}, {moved, alive, ""}, {away, drifted, "page-drifted"}, {drifted, gone, "page-suspected"},
		{archiver.PageState{Value: store.PageUnknown}, alive, ""}, {alive, state(store.PageWalled, false), ""},
	} {
		if got := archiver.PageEventOf(tt.was, tt.is); got != tt.want {
			t.Errorf("from %s %t to %s %t: %q, want %q", tt.was.Value, tt.was.Confirmed, tt.is.Value, tt.is.Confirmed, got, tt.want)
		}
	}
}

// TestPageEvents: the loss of a page that articles link is told with all of them,
// reading the journal again tells the same, and what only private articles link is
// private.
func TestPageEvents(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		add := func(all ...store.Content) {
			t.Helper()
			b := w.archive.Begin()
			for _, c := range all {
				if _, err := b.Add(w.ctx, c); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := b.Commit(w.ctx); err != nil {
				t.Fatal(err)
			}
		}
		article := func(n int, private bool, links ...string) *store.ArticleVersion {
			v := &store.ArticleVersion{Time: w.now(), URL: fmt.Sprintf("https://news.example/%d", n), Key: fmt.Sprintf("news.example/%d", n), Title: fmt.Sprint("Story ", n), Origin: "web", Finder: "1", Private: private}
			for i, l := range links {
				v.Links = append(v.Links, store.ArticleLink{URL: l, Positions: []int{i + 3}})
			}
			return v
		}
		const winter, secret = "https://ferry.example/winter", "https://ferry.example/secret"
		capture := func(address string) *store.Capture {
			return &store.Capture{Time: w.now(), Kind: store.CapturePage, URL: address, Source: post.SourcePublic}
		}
		look := func(address string, r store.PageResult) *store.PageLook {
			return &store.PageLook{Time: w.now(), URL: address, Result: r, Reason: "it answered so"}
		}
		add(article(1, false, winter+"?utm_source=x"), article(2, true, secret, winter), article(3, false, "https://ferry.example/other"),
			capture(winter), capture(secret), look(winter, store.PageAlive), look(secret, store.PageAlive))
		for _, r := range []store.PageResult{store.PageGone, store.PageUnknown, store.PageGone, store.PageGone, store.PageAlive, store.PageDrifted, store.PageDrifted} {
			time.Sleep(36 * time.Hour)
			add(look(winter, r), look(secret, r))
		}
		add(article(4, false, winter))
		var first []archiver.Event
		for range 2 {
			var got []archiver.Event
			records, err := w.archive.Backend().Read(w.ctx, 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for i := range records {
				evs, err := w.engine.EventsOf(w.ctx, &records[i])
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, evs...)
			}
			var names []string
			for i := range got {
				if got[i].Subject == winter {
					names = append(names, got[i].Event)
				}
			}
			if want := []string{"page-suspected", "page-gone", "page-restored", "page-drifted"}; !slices.Equal(names, want) {
				t.Fatalf("events %v, want %v", names, want)
			}
			for i := range got {
				ev := &got[i]
				want := 2
				if ev.Subject == secret {
					want = 1
				}
				if len(ev.Mentions) != want || ev.Private != (ev.Subject == secret) || ev.Post != nil || ev.Text == "" {
					t.Errorf("%+v", ev)
				}
				for _, m := range ev.Mentions {
					if m.Markup != "link" || len(m.Positions) != 1 || m.Article == "https://news.example/4" {
						t.Errorf("%s: %+v", ev.Event, m)
					}
				}
			}
			if first != nil && (len(first) != len(got) || first[0].ID != got[0].ID) {
				t.Error("the journal tells otherwise the second time")
			}
			first = got
		}
	})
}
