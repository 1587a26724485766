package notify_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/notify"
	"stet/extract/post"
	"stet/store"
)

func TestWrongTargets(t *testing.T) {
	mail := notify.Target{Kind: notify.Email, URL: "smtp://mail.example", From: "a@newsroom.example", To: []string{"b@newsroom.example"}}
	but := func(change func(*notify.Target)) []notify.Target {
		m := mail
		change(&m)
		return []notify.Target{m}
	}
	tests := []struct {
		name    string
		targets []notify.Target
		want    string
	}{
		{"kind", []notify.Target{{Kind: "pigeon", URL: "https://hooks.example/s3cret"}}, "there are webhook, slack, email"},
		{"no url", []notify.Target{{Kind: notify.Slack}}, "not an address"},
		{"no host", []notify.Target{{Kind: notify.Webhook, URL: "https:///s3cret"}}, "not an address"},
		{"scheme", []notify.Target{{Kind: notify.Webhook, URL: "ftp://hooks.example/s3cret"}}, "begins with https://"},
		{"event", []notify.Target{{Kind: notify.Webhook, URL: "https://hooks.example/s3cret", Events: []string{"gone", "deleted"}}}, `no event "deleted"; there are captured, suspected, page-suspected, gone`},
		{"articles", []notify.Target{{Kind: notify.Webhook, URL: "https://hooks.example/s3cret", Articles: []string{"/world"}}}, "does not begin with a host"},
		{"name", []notify.Target{{Name: "a\nb", Kind: notify.Webhook, URL: "https://hooks.example/s3cret"}}, "control characters"},
		{"long name", []notify.Target{{Name: strings.Repeat("n", 201), Kind: notify.Webhook, URL: "https://hooks.example/s3cret"}}, "at most 200 bytes"},
		{"twice", []notify.Target{hook("a", "hooks.example"), hook("a", "other.example")}, `two notify targets are called "a"`},
		{"same without name", []notify.Target{hook("", "hooks.example"), hook("", "hooks.example")}, "two notify targets"},
		{"mail by https", but(func(m *notify.Target) { m.URL = "https://mail.example" }), "smtps://host:port"},
		{"password in the url", but(func(m *notify.Target) { m.URL = "smtp://ada:s3cret@mail.example" }), "user and password"},
		{"path", but(func(m *notify.Target) { m.URL = "smtp://mail.example/s3cret" }), "nothing after the port"},
		{"nobody", but(func(m *notify.Target) { m.To = nil }), "no address to send to"},
		{"from", but(func(m *notify.Target) { m.From = "stet" }), "from is not a mail address"},
		{"to", but(func(m *notify.Target) { m.To = []string{"b@newsroom.example\r\nBcc: c@newsroom.example"} }), "is not a mail address"},
		{"half a log-in", but(func(m *notify.Target) { m.User = "ada" }), "both user and password"},
		{"hello", but(func(m *notify.Target) { m.Hello = "a\r\nMAIL FROM:<x>" }), "hello is a host name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := notify.New(notify.Options{}, tt.targets)
			if !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
	if _, err := notify.New(notify.Options{}, []notify.Target{mail, hook("", "hooks.example"), hook("", "other.example")}); err != nil {
		t.Errorf("right targets: %v", err)
	}
}

func TestRouting(t *testing.T) {
	suspected := with(gone("suspected"), func(e *archiver.Event) {
		e.Event, e.Confirmed, e.Status.Confirmed = archiver.EventSuspected, false, false
	})
	hidden := func(id string, confirmed bool) archiver.Event {
		return with(gone(id), func(e *archiver.Event) {
			e.Event, e.Confirmed, e.Status.Confirmed, e.Status.Value = archiver.EventHidden, confirmed, confirmed, post.Protected
		})
	}
	restored := func(id string, confirmed bool) archiver.Event {
		return with(gone(id), func(e *archiver.Event) {
			e.Event, e.Confirmed = archiver.EventRestored, false
			e.Before = &archiver.EventStatus{Value: post.Deleted, Confirmed: confirmed}
		})
	}
	captured := with(gone("captured"), func(e *archiver.Event) { e.Event, e.Status = archiver.EventCaptured, nil })
	at := func(id, article, source string) archiver.Event {
		return with(gone(id), func(e *archiver.Event) { e.Mentions[0].Article, e.Mentions[0].Source = article, source })
	}
	incident := func(event, subject string) archiver.Event {
		return archiver.Event{Event: event, Subject: subject, Mentions: []archiver.EventMention{}, Post: &archiver.EventPost{ID: subject}}
	}
	certain := []archiver.Event{gone("gone"), suspected, hidden("hidden", true), hidden("maybe-hidden", false), restored("back", true), restored("never-told", false), captured}
	where := []archiver.Event{at("front", "https://news.example/", ""), at("world", "https://www.news.example/world/1.html", ""), at("worldcup", "https://news.example/worldcup", "sport"),
		at("other", "https://fakenews.example/world/1", ""), at("port", "http://news.example:8080/world", ""), at("file", "/home/news.example/world", ""),
		with(gone("nowhere"), func(e *archiver.Event) { e.Mentions = nil }),
		incident(archiver.EventSourceFailing, "sport"), incident(archiver.EventSourceFailing, "local"), incident(archiver.EventQuarantined, "twitter/syndication"),
		{Event: archiver.EventArticleChanged, Subject: "https://news.example/world/2", Mentions: []archiver.EventMention{}, Post: &archiver.EventPost{ID: "changed"}}}
	tests := []struct {
		name   string
		target notify.Target
		events []archiver.Event
		want   []string
	}{
		{"default", notify.Target{}, certain, []string{"gone", "hidden", "back"}},
		{"suspected is opt-in", notify.Target{Events: append(notify.DefaultEvents(), archiver.EventSuspected)}, certain, []string{"gone", "suspected", "hidden", "maybe-hidden", "back", "never-told"}},
		{"captures", notify.Target{Events: []string{archiver.EventCaptured}}, certain, []string{"captured"}},
		{"host", notify.Target{Articles: []string{"news.example"}}, where, []string{"front", "world", "worldcup", "port", "changed"}},
		{"path", notify.Target{Articles: []string{"https://News.example/world/"}}, where, []string{"world", "port", "changed"}},
		{"port", notify.Target{Articles: []string{"news.example:8080"}}, where, []string{"port"}},
		{"source", notify.Target{Sources: []string{"sport"}}, where, []string{"worldcup", "sport"}},
		{"either", notify.Target{Sources: []string{"sport"}, Articles: []string{"fakenews.example"}}, where, []string{"worldcup", "other", "sport"}},
		{"own rule", notify.Target{Match: func(e *archiver.Event) bool { return e.Post.ID == "back" }}, certain, []string{"back"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				in := w.inbox("hooks.example")
				target := hook("desk", "hooks.example")
				target.Events, target.Articles, target.Sources, target.Match = tt.target.Events, tt.target.Articles, tt.target.Sources, tt.target.Match
				if err := w.once(target, tt.events...); err != nil {
					t.Fatal(err)
				}
				equal(t, "told", in.accepted(t), tt.want)
			})
		})
	}
}

// What is private, and the words of posts, leave the archive only where that
// was asked for: in no form of message.
func TestPrivacy(t *testing.T) {
	const words, draft = "boats came in", "draft"
	private := archiver.EventMention{Article: "https://staging.newsroom.example/draft", Title: "The draft about the gate", Positions: []int{2}, Quote: "mismatch", Private: true}
	half := with(gone("1"), func(e *archiver.Event) { e.Mentions = append(e.Mentions, private) })
	whole := with(half, func(e *archiver.Event) { e.Mentions, e.Post.Private = []archiver.EventMention{private}, true })
	mismatch := with(half, func(e *archiver.Event) {
		e.Event, e.Status, e.Mentions, e.Private = archiver.EventQuoteMismatch, nil, []archiver.EventMention{private}, true
		e.ID, e.Subject, e.Text = "019d/quote-mismatch/staging.newsroom.example/draft", private.Article, "“The draft about the gate” quotes other words"
	})
	changed := archiver.Event{Event: archiver.EventArticleChanged, Subject: private.Article, Text: "“The draft about the gate” no longer embeds twitter:1", Private: true, Mentions: []archiver.EventMention{}}
	tests := []struct {
		name          string
		event         archiver.Event
		text, private bool
		holds, lacks  []string
	}{
		{"default", half, false, false, []string{"adaquay", "news.example/harbour"}, []string{words, draft}},
		{"words", half, true, false, []string{"adaquay", words}, []string{draft}},
		{"private", half, false, true, []string{"adaquay", draft}, []string{words}},
		{"all", half, true, true, []string{words, draft}, nil},
		{"private post", whole, true, false, []string{"twitter"}, []string{words, draft, "adaquay", "Ada Quay"}},
		{"private post, asked for", whole, true, true, []string{words, draft, "adaquay"}, nil},
		{"private quotation", mismatch, false, false, []string{"adaquay"}, []string{draft, "staging"}},
		{"private quotation, asked for", mismatch, false, true, []string{draft}, nil},
		{"private change", changed, true, false, nil, []string{draft, "staging", "twitter:1"}},
		{"private change, asked for", changed, true, true, []string{draft}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				hooks, chat, s := w.inbox("hooks.example"), w.inbox("chat.example"), w.mailServer("mail.example", nil)
				targets := []notify.Target{hook("desk", "hooks.example"), {Name: "chat", Kind: notify.Slack, URL: "https://chat.example/x"}, s.target()}
				for i := range targets {
					targets[i].IncludeText, targets[i].IncludePrivate = tt.text, tt.private
				}
				n := w.notifier(targets...)
				if err := n.Begin(w.ctx); err != nil {
					t.Fatal(err)
				}
				for _, events := range [][]archiver.Event{{tt.event}, {tt.event, tt.event}} { // alone, and in a digest
					w.tell(events...)
					if err := n.Once(w.ctx); err != nil {
						t.Fatal(err)
					}
				}
				var messages []string
				for _, d := range append(hooks.deliveries(), chat.deliveries()...) {
					messages = append(messages, string(d.body))
				}
				for _, m := range s.mails() {
					messages = append(messages, m.subject(t)+m.text(t), m.part(t, "text/html"))
				}
				if len(messages) != 8 {
					t.Fatalf("%d messages", len(messages))
				}
				for _, m := range messages {
					for _, h := range tt.holds {
						if !strings.Contains(m, h) {
							t.Errorf("lacks %q: %s", h, m)
						}
					}
					for _, l := range tt.lacks {
						if strings.Contains(m, l) {
							t.Errorf("holds %q: %s", l, m)
						}
					}
				}
				if tt.event.Text != "" && w.told[0].Text != tt.event.Text {
					t.Error("the event was changed")
				}
			})
		})
	}
}

// Addresses of webhooks are secrets: reports do not hold them.
func TestReportsHoldNoSecrets(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("chat.example")
		in.answer = func(n int, _ []byte) int { return []int{404, 500, 302, 429}[n%4] }
		targets := []notify.Target{
			{Name: "chat", Kind: notify.Slack, URL: "https://chat.example/services/T0/s3cret?key=s3cret"},
			{Name: "lost", Kind: notify.Webhook, URL: "https://nowhere.example/s3cret/s3cret?s3cret", Secret: "s3cret"},
			{Name: "bad", Kind: notify.Webhook, URL: "https://0x7f000001/s3cret"},
		}
		n, stop := w.running(targets...)
		w.tell(gone("1"))
		for range 100 {
			time.Sleep(20 * time.Minute)
			status, err := n.Status(w.ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range status {
				if strings.Contains(s.Error, "s3cret") {
					t.Fatalf("status of %s: %s", s.Name, s.Error)
				}
			}
		}
		stop()
		if len(w.reports) < 3 {
			t.Errorf("%d reports", len(w.reports))
		}
		for _, r := range w.reports {
			if r.Err != nil && strings.Contains(r.Err.Error(), "s3cret") {
				t.Errorf("report %v", r.Err)
			}
		}
		for _, name := range []string{"lost", "bad"} {
			if err := n.Test(context.Background(), name); err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "nowhere.example") && name == "lost" {
				t.Errorf("testing %s: %v", name, err)
			}
		}
	})
}
