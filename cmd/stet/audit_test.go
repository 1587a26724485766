package main

import (
	"strings"
	"testing"
)

func TestWithoutSecrets(t *testing.T) {
	for in, want := range map[string]string{
		"https://ada:secret@news.example/a?b=c":          "https://news.example/a?b=c",
		"https://ada:se%zz@news.example/a":               "https://news.example/a",
		"https://x.com/ada/status/20":                    "https://x.com/ada/status/20",
		"https://mastodon.example/@ada/1":                "https://mastodon.example/@ada/1",
		"twitter:20":                                     "twitter:20",
		"/home/ada/story.html":                           "/home/ada/story.html",
		"at://did:plc:x/app.bsky.feed.post/3k":           "at://did:plc:x/app.bsky.feed.post/3k",
		"caf\xe9.txt":                                    "caf\ufffd.txt",
		"-":                                              "-",
		"https://a.example/" + strings.Repeat("é", 2000): ("https://a.example/" + strings.Repeat("é", 2000))[:2000],
	} {
		if got := withoutSecrets(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
