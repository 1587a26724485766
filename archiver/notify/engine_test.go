package notify_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stet/archiver"
	"stet/archiver/notify"
	"stet/extract/post"
	"stet/store"
)

// adds adds contents in one commit.
func (w *world) adds(contents ...store.Content) {
	w.t.Helper()
	b := w.archive.Begin()
	for _, c := range contents {
		if _, err := b.Add(w.ctx, c); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := b.Commit(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

// story is a version of an article that embeds a post.
func story(url, source string, ref post.Ref, quoted string, position int, private bool) *store.ArticleVersion {
	v := &store.ArticleVersion{Time: time.Now(), URL: url, Key: store.ArticleKey(url), Title: "About " + url, Origin: "web", Source: source, Private: private, Finder: "test@1"}
	if !ref.IsZero() {
		v.Mentions = []store.Mention{{Kind: "embed", Ref: ref, Markup: "blockquote", Positions: []int{position}, Quoted: store.Quotation{Text: quoted}}}
	}
	return v
}

// What the engine says of an archive's records arrives as DESIGN §9 has it.
func TestEventsOfAnArchive(t *testing.T) {
	inWorld(t, func(w *world) {
		engine := archiver.New(archiver.Options{Archive: w.archive, Client: w.client})
		in := w.inbox("hooks.example")
		o := w.options()
		o.Events = engine.EventsOf
		all := hook("desk", "hooks.example")
		all.IncludeText = true
		n, err := notify.New(o, []notify.Target{all})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Begin(w.ctx); err != nil {
			t.Fatal(err)
		}
		ref := post.Ref{Platform: post.Twitter, ID: "1890000000000000001"}
		p := post.Post{Platform: ref.Platform, ID: ref.ID, URL: "https://x.com/adaquay/status/" + ref.ID, Text: "Ten boats came in",
			Author: post.Author{Name: "Ada Quay", Handle: "adaquay"}, Posted: begin().Add(-20 * time.Hour)}
		b := w.archive.Begin()
		capture, err := b.Add(w.ctx, &store.Capture{Time: time.Now(), Kind: store.CapturePost, Ref: ref, URL: p.URL, Source: post.SourcePublic})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Commit(w.ctx); err != nil {
			t.Fatal(err)
		}
		w.adds(story("https://news.example/harbour", "front", ref, "Ten boats came in", 12, false),
			story("https://weekly.example/review", "", ref, "Eleven boats came in", 3, false),
			story("/home/ada/draft.html", "", ref, "", 1, true))
		w.adds(&store.Derivation{Time: time.Now(), Capture: capture, Parser: "test@1", Source: post.SourcePublic, Ref: ref, Post: p})
		time.Sleep(8 * time.Hour)
		w.adds(&store.Verdict{Time: time.Now(), Ref: ref, Status: post.Deleted, Event: archiver.EventSuspected, LastLive: begin(), FirstGone: begin().Add(2 * time.Hour), Reason: "not confirmed yet"},
			&store.Verdict{Time: time.Now(), Ref: ref, Status: post.Deleted, Confirmed: true, Event: archiver.EventGone, LastLive: begin(), FirstGone: begin().Add(2 * time.Hour),
				ConfirmedAt: time.Now(), Reason: "said again later"},
			story("https://weekly.example/review", "", post.Ref{}, "", 0, false))
		if err := n.Once(w.ctx); err != nil {
			t.Fatal(err)
		}
		got := in.deliveries()
		if len(got) != 1 {
			t.Fatalf("%d deliveries", len(got))
		}
		var d struct{ Events []json.RawMessage }
		if err := json.Unmarshal(got[0].body, &d); err != nil {
			t.Fatal(err)
		}
		var events []string
		var loss []byte
		for _, raw := range d.Events {
			var e archiver.Event
			if err := json.Unmarshal(raw, &e); err != nil {
				t.Fatal(err)
			}
			events = append(events, e.Event)
			if e.Event == archiver.EventGone {
				loss = raw
				var out bytes.Buffer
				if err := json.Indent(&out, bytes.Replace(raw, []byte(e.ID), []byte("ID"), 1), "", " "); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(wantLoss, out.String()); diff != "" {
					t.Errorf("the loss (-want +got):\n%s", diff)
				}
			}
		}
		equal(t, "events", events, []string{archiver.EventQuoteMismatch, archiver.EventGone, archiver.EventArticleChanged})
		if loss == nil || strings.Contains(string(got[0].body), "draft") {
			t.Errorf("told %s", got[0].body)
		}
	})
}

const wantLoss = `{
 "id": "ID",
 "event": "gone",
 "confirmed": true,
 "time": "2026-03-02T17:00:00Z",
 "post": {
  "platform": "twitter",
  "id": "1890000000000000001",
  "url": "https://x.com/adaquay/status/1890000000000000001",
  "author": {
   "name": "Ada Quay",
   "handle": "adaquay"
  },
  "text": "Ten boats came in",
  "posted": "2026-03-01T13:00:00Z"
 },
 "status": {
  "value": "deleted",
  "confirmed": true,
  "last_live": "2026-03-02T09:00:00Z",
  "first_gone": "2026-03-02T11:00:00Z",
  "confirmed_at": "2026-03-02T17:00:00Z",
  "reason": "said again later"
 },
 "mentions": [
  {
   "article": "https://news.example/harbour",
   "title": "About https://news.example/harbour",
   "positions": [
    12
   ],
   "markup": "blockquote",
   "quote": "match"
  },
  {
   "article": "https://weekly.example/review",
   "title": "About https://weekly.example/review",
   "positions": [
    3
   ],
   "markup": "blockquote",
   "quote": "mismatch"
  }
 ],
 "private_mentions": 1
}`

// Going back and forth is told to those who were told of the loss.
func TestRestoredOfAnArchive(t *testing.T) {
	inWorld(t, func(w *world) {
		engine := archiver.New(archiver.Options{Archive: w.archive, Client: w.client})
		certain, nervous := w.inbox("hooks.example"), w.inbox("other.example")
		o := w.options()
		o.Events = engine.EventsOf
		other := hook("nervous", "other.example")
		other.Events = append(notify.DefaultEvents(), archiver.EventSuspected)
		n, err := notify.New(o, []notify.Target{hook("certain", "hooks.example"), other})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Begin(w.ctx); err != nil {
			t.Fatal(err)
		}
		verdict := func(id string, s post.Status, confirmed bool, event string) *store.Verdict {
			return &store.Verdict{Time: time.Now(), Ref: post.Ref{Platform: post.Twitter, ID: id}, Status: s, Confirmed: confirmed, Event: event}
		}
		w.adds(verdict("11", post.NotFound, false, archiver.EventSuspected), verdict("11", post.Live, false, archiver.EventRestored),
			verdict("22", post.NotFound, false, archiver.EventSuspected), verdict("22", post.NotFound, true, archiver.EventGone), verdict("22", post.Live, false, archiver.EventRestored))
		if err := n.Once(w.ctx); err != nil {
			t.Fatal(err)
		}
		equal(t, "certain", certain.accepted(t), []string{"22", "22"})
		equal(t, "nervous", nervous.accepted(t), []string{"11", "11", "22", "22", "22"})
	})
}
