package telegram_test

import (
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/platformtest"
	"stet/archiver/telegram"
	"stet/extract/post"
)

func news(number int, text string) fakenet.TelegramPost {
	return fakenet.TelegramPost{Channel: "port_news", Name: "Port News", Number: number, Text: text, Photos: 1,
		Posted: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
}

func ref(number string) post.Ref { return post.Ref{Platform: post.Telegram, ID: "port_news/" + number} }

func run(t *testing.T, story func(w *platformtest.World, tg *fakenet.Telegram)) {
	t.Helper()
	platformtest.Run(t, func(w *platformtest.World) {
		tg := w.Net.Telegram()
		tg.Add(news(122, "Fog"), news(123, "The night ferry stays in port"), news(124, "Clear"))
		w.Start(telegram.New(w.Client, nil, nil))
		story(w, tg)
	})
}

// TestDeletedPost: a post is captured with its picture, vanishes, is suspected
// at the next look and confirmed when both pages missed it in three looks over a
// day, then comes back.
func TestDeletedPost(t *testing.T) {
	run(t, func(w *platformtest.World, tg *fakenet.Telegram) {
		p := w.Capture(ref("123"))
		if p.Text != "The night ferry stays in port" || p.Author.Name != "Port News" || len(p.Media) != 1 || p.Media[0].Digest == "" {
			t.Errorf("captured %+v", p)
		}
		tg.Delete("port_news", 123)
		w.Expect(ref("123"), post.NotFound, false)
		time.Sleep(13 * time.Hour)
		w.Expect(ref("123"), post.NotFound, false)
		time.Sleep(13 * time.Hour)
		w.Expect(ref("123"), post.NotFound, true)
		tg.Add(news(123, "The night ferry stays in port"))
		w.Expect(ref("123"), post.Live, false)
	})
}

// TestWallsSayNothing: pages without a post, and a control post that is not
// shown, never begin a loss.
func TestWallsSayNothing(t *testing.T) {
	run(t, func(w *platformtest.World, tg *fakenet.Telegram) {
		w.Capture(ref("123"))
		tg.Wall(true)
		w.Never(ref("123"), 5, 20*time.Hour)
		tg.Wall(false)
		tg.Delete("telegram", 441)
		tg.Delete("port_news", 123)
		w.Never(ref("123"), 5, 20*time.Hour)
	})
}

// TestFaults: what fails on the way never begins a loss.
func TestFaults(t *testing.T) {
	run(t, func(w *platformtest.World, _ *fakenet.Telegram) {
		w.Capture(ref("123"))
		w.Faults(ref("123"), "t.me")
	})
}

// TestClosedChannel: a channel that is closed takes its posts with it; the cause
// is not stated.
func TestClosedChannel(t *testing.T) {
	run(t, func(w *platformtest.World, tg *fakenet.Telegram) {
		w.Capture(ref("123"))
		tg.Close("port_news", true)
		for range 3 {
			w.Look(ref("123"))
			time.Sleep(13 * time.Hour)
		}
		w.Expect(ref("123"), post.NotFound, true)
		tg.Close("port_news", false)
		w.Expect(ref("123"), post.Live, false)
	})
}

// TestEdited: a look that finds other words keeps them beside the first.
func TestEdited(t *testing.T) {
	run(t, func(w *platformtest.World, tg *fakenet.Telegram) {
		w.Capture(ref("123"))
		p := news(123, "The night ferry sails")
		p.Edited = true
		tg.Add(p)
		time.Sleep(time.Hour)
		w.Expect(ref("123"), post.Live, false)
		if h := w.History(ref("123")); len(h.Captures) != 2 || h.Best().Content.Post.Text != p.Text {
			t.Errorf("%d captures", len(h.Captures))
		}
	})
}

// TestNoPublicPost: what is no post of a public channel is refused without a
// request.
func TestNoPublicPost(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		for _, e := range telegram.New(w.Client, nil, nil).Endpoints() {
			a := w.Ask(e, post.Ref{Platform: post.Telegram, ID: "c/123"})
			if a.Err == nil || len(w.Net.Requests()) > 0 {
				t.Errorf("%s: %+v", e.Name(), a)
			}
		}
	})
}
