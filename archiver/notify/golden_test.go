package notify

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"stet/archiver"
	"stet/extract/post"
)

var update = flag.Bool("update", false, "write the golden files anew")

func at(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 5, 0, 0, time.UTC) }

func adasPost() *archiver.EventPost {
	return &archiver.EventPost{Platform: post.Twitter, ID: "1890000000000000001", URL: "https://x.com/adaquay/status/1890000000000000001",
		Author: archiver.ResultAuthor{Name: "Ada Quay", Handle: "adaquay"}, Text: "Ten boats came in & none went out.\n\n“Gate” <shut>", Posted: at(1, 13)}
}

func stories() []archiver.EventMention {
	return []archiver.EventMention{
		{Article: "https://news.example/harbour?a=1&b=2", Title: "The harbour reopens", Positions: []int{12}, Markup: "blockquote", Quote: "match"},
		{Article: "https://weekly.example/review", Title: "The week & the <sea>", Positions: []int{3, 4, 9}, Markup: "iframe", Quote: "mismatch"},
		{Article: "/home/ada/draft.html", Title: "Draft: who shut the gate?", Positions: []int{1}, Markup: "blockquote", Quote: "none", Private: true},
	}
}

func lost(event string, value post.Status, confirmed bool) archiver.Event {
	st := &archiver.EventStatus{Value: value, Confirmed: confirmed, LastLive: at(2, 10), FirstGone: at(2, 11), Reason: "syndication says that the author deleted it; oembed misses it too"}
	if confirmed {
		st.ConfirmedAt = at(2, 17)
	}
	return archiver.Event{ID: "019d0000-0000-7000-8000-000000000001", Event: event, Confirmed: confirmed, Time: at(2, 17), Post: adasPost(), Status: st, Mentions: stories(), Seq: 7}
}

// goldenCases are messages and how they must look in every form.
func goldenCases() map[string]struct {
	target Target
	batch  batch
} {
	one := func(evs ...archiver.Event) batch { return batch{after: 1, upTo: 9, events: evs} }
	all := Target{IncludeText: true}
	restored := lost(archiver.EventRestored, post.Live, false)
	restored.Status.FirstGone, restored.Before = time.Time{}, lost(archiver.EventGone, post.Deleted, true).Status
	hidden := lost(archiver.EventHidden, post.Protected, true)
	hidden.Status.FirstGone = time.Time{}
	mismatch := archiver.Event{ID: "019d0000-0000-7000-8000-000000000002/quote-mismatch/weekly.example/review", Event: archiver.EventQuoteMismatch, Time: at(3, 8), Post: adasPost(),
		Mentions: stories()[1:2], Subject: "https://weekly.example/review", Text: "the words that the article quotes are not those that were captured"}
	changed := archiver.Event{ID: "019d0000-0000-7000-8000-000000000003", Event: archiver.EventArticleChanged, Time: at(3, 9), Subject: "https://news.example/harbour",
		Text: "“The harbour reopens” no longer embeds twitter:1890000000000000001", Mentions: []archiver.EventMention{}}
	quarantined := archiver.Event{ID: "019d0000-0000-7000-8000-000000000004", Event: archiver.EventQuarantined, Time: at(3, 10), Subject: "twitter/syndication",
		Text: "twitter/syndication misses a control post that is known to live", Mentions: []archiver.EventMention{}}
	onlyPrivate := lost(archiver.EventGone, post.AccountGone, true)
	onlyPrivate.Mentions, onlyPrivate.Post.Private = stories()[2:], true
	privateChange := changed
	privateChange.Private = true
	edited := lost(archiver.EventEdited, "", false)
	edited.Status = nil
	counted := one(lost(archiver.EventGone, post.NotFound, true), lost(archiver.EventGone, post.NotFound, true))
	counted.more.add(groupOf(&counted.events[0]), 98)
	return map[string]struct {
		target Target
		batch  batch
	}{
		"gone":           {all, one(lost(archiver.EventGone, post.Deleted, true))},
		"gone-no-text":   {Target{}, one(lost(archiver.EventGone, post.NotFound, true))},
		"gone-private":   {all, one(onlyPrivate)},
		"all-private":    {Target{IncludeText: true, IncludePrivate: true}, one(onlyPrivate)},
		"suspected":      {all, one(lost(archiver.EventSuspected, post.Deleted, false))},
		"hidden":         {all, one(hidden)},
		"restored":       {all, one(restored)},
		"edited":         {all, one(edited)},
		"mismatch":       {all, one(mismatch)},
		"changed":        {all, one(changed)},
		"change-private": {all, one(privateChange)},
		"quarantined":    {all, one(quarantined)},
		"digest": {all, one(lost(archiver.EventGone, post.AccountSuspended, true), quarantined, changed, mismatch, lost(archiver.EventSuspected, post.NotFound, false),
			lost(archiver.EventGone, post.AccountSuspended, true), onlyPrivate)},
		"counted": {Target{}, counted},
	}
}

func TestGolden(t *testing.T) {
	for name, c := range goldenCases() {
		t.Run(name, func(t *testing.T) {
			c.target.Name = "desk"
			n := &Notifier{o: Options{Link: func(e *archiver.Event) string {
				if e.Post == nil {
					return ""
				}
				return "https://archive.example/post/" + string(e.Post.Platform) + "/" + e.Post.ID
			}}}
			m := (&follower{n: n, t: c.target}).message(&c.batch)
			page, err := m.html(htmlPage(), m.parts())
			if err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Files: []txtar.File{
				{Name: "subject", Data: []byte(m.subject() + "\n")},
				{Name: "text", Data: []byte(m.text(m.parts()))},
				{Name: "html", Data: []byte(page)},
				{Name: "slack", Data: indented(t, new(slack).body, m)},
				{Name: "webhook", Data: indented(t, new(webhook).body, m)},
			}}
			file := filepath.Join("testdata", name+".txtar")
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(txtar.Format(got))); diff != "" {
				t.Errorf("differs from %s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// indented is a body as it is read most easily.
func indented(t *testing.T, body func(*message) ([]byte, error), m *message) []byte {
	t.Helper()
	b, err := body(m)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", " "); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), '\n')
}
