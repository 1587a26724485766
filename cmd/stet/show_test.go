package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store/view"
)

// TestShowBeside: what belongs to a post beside its words is told, and what a
// platform writes cannot drive the terminal.
func TestShowBeside(t *testing.T) {
	var buf bytes.Buffer
	a := &app{out: &output{w: &buf}, zone: time.UTC, now: func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }}
	a.showView(&view.Post{Source: post.SourcePublic, Post: post.Post{Platform: post.Mastodon, ID: "news.example/1", Text: "Which one?",
		Earlier: []post.Version{{Time: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Text: "Which pier?", Warning: "Piers"}},
		Warning: "Tides", Edited: true, Sensitive: true, Labels: []string{"odd\x1b[31m"},
		Poll: &post.Poll{Options: []post.PollOption{{Label: "The quay", Votes: 12}, {Label: "The pier", Votes: 1}}, Final: true},
		Card: &post.Card{URL: "https://news.example/tides", Title: "Tides today"}}})
	for _, want := range []string{":\n    Content warning: Piers\n    | Which pier?\n", "  Content warning: Tides\n  | Which one?\n", "  (Edited; marked as sensitive; labelled odd",
		"  poll of 13 votes, final\n        12 The quay\n         1 The pier\n", "  links to https://news.example/tides: “Tides today”\n"} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%q is missing in\n%s", want, buf.String())
		}
	}
	if strings.Contains(buf.String(), "\x1b") {
		t.Errorf("an escape sequence is printed: %q", buf.String())
	}
}
