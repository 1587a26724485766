package main

import (
	"os/user"
	"strings"
	"testing"

	"stet/cmd/internal/token"
	"stet/cmd/internal/wire"
	"stet/store/storetest"
)

// TestOperator: what the service runs for others is theirs, not its own user's.
func TestOperator(t *testing.T) {
	me, err := user.Current()
	storetest.Need(t, err == nil, "a user of the system with a name")
	for name, tt := range map[string]struct {
		app  app
		want string
	}{
		"alone":            {app{}, me.Username},
		"at the socket":    {app{shared: &wire.Archive{}, peer: "ada"}, "ada"},
		"no word of who":   {app{shared: &wire.Archive{}}, ""},
		"with a token":     {app{shared: &wire.Archive{}, holder: &token.Token{Name: "desk"}}, "desk"},
		"token and socket": {app{shared: &wire.Archive{}, holder: &token.Token{Name: "desk"}, peer: "ada"}, "desk"},
	} {
		if got := tt.app.operator(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

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
