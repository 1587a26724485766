package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stet/cmd/internal/wire"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// noFiles is a disk with one file and one folder.
type noFiles struct{}

func (noFiles) Stat(name string) (exists, dir bool, err error) {
	switch name {
	case "story.html", "x.com":
		return true, false, nil
	case "folder":
		return true, true, nil
	case "locked":
		return false, false, errors.New("permission denied")
	}
	return false, false, nil
}

func (noFiles) Read(string, int64) ([]byte, error) { return nil, errors.New("not here") }

func TestClassify(t *testing.T) {
	const id = "1764931352785846273"
	ref := post.Ref{Platform: post.Twitter, ID: id}
	c := classifier{wire.Finder(), noFiles{}}
	for _, word := range []string{"twitter:" + id, id, "https://x.com/ada/status/" + id, "http://twitter.com/ada/status/" + id + "?s=20",
		"x.com/ada/status/" + id, "https://mobile.twitter.com/ada/status/" + id + "/photo/1", "https://twitter.com/i/web/status/" + id,
		"https://fxtwitter.com/ada/status/" + id, "https://vxtwitter.com/ada/status/" + id, "https://nitter.net/ada/status/" + id + "#m",
		"https://platform.twitter.com/embed/Tweet.html?id=" + id, " https://x.com/ada/status/" + id + " "} {
		got := c.classify(word)
		if got.err != nil || got.kind != targetPost || got.ref != ref {
			t.Errorf("%q: %+v", word, got)
		}
	}
	sky := post.Ref{Platform: post.Bluesky, ID: tide}
	for _, word := range []string{tide, "bluesky:" + tide, "https://bsky.app/profile/did:plc:berberberberberberberber/post/3lq2abcdefg2a"} {
		if got := c.classify(word); got.err != nil || got.kind != targetPost || got.ref != sky {
			t.Errorf("%q: %+v", word, got)
		}
	}
	for word, want := range map[string]targetKind{
		"https://news.example/story": targetPage, "news.example/story": targetPage, "news.example": targetPage,
		"localhost:8080/a": targetPage, "HTTPS://NEWS.EXAMPLE/": targetPage, "https://netflix.com/ada/status/" + id: targetPage,
		"https://help.x.com/en/rules": targetPage, "https://t.co/abc": targetShort, "t.co/abc": targetShort,
		"story.html": targetDocument, "x.com": targetDocument, "-": targetDocument,
	} {
		if got := c.classify(word); got.err != nil || got.kind != want {
			t.Errorf("%q: %+v", word, got)
		}
	}
	for _, word := range []string{"", " ", "https://", "https:///story", "ftp://news.example", "javascript://x", "file:///etc/passwd",
		"https://news example/", "http://[::1", "https://x.com/ada", "@ada", "https://x.com/search?q=a", "https://x.com/settings",
		"https://twitter.com/ada/status/0", "https://twitter.com/ada/status/9223372036854775808", "twitter:0", "twitter:x", "youtube:abc", "bluesky:x", "bluesky:https://x.com/ada/status/20", "at://ada.example/app.bsky.feed.like/1", "at://", "mastodon:9", "twitter:9223372036854775808",
		"99999999999999999999", "0", "folder", "missing.html", "./news.example", "word", "two words", "mailto:ada@news.example", "twiter:20",
		"https://twitter.com/intent/tweet?text=a", "https://twitter.com/i/flow/login"} {
		got := c.classify(word)
		if got.err == nil {
			t.Errorf("%q is accepted: %+v", word, got)
			continue
		}
		if class := store.ClassOf(got.err); class.Exit != 2 {
			t.Errorf("%q: exit %d: %v", word, class.Exit, got.err)
		}
	}
	if got := c.classify("locked"); got.err == nil || store.ClassOf(got.err).Exit != 1 {
		t.Errorf("a file that cannot be looked at: %v", got.err)
	}
}

// TestLists: references may stand in a list of addresses; a text in which one
// stands is no list.
func TestLists(t *testing.T) {
	c := classifier{wire.Finder(), noFiles{}}
	for _, list := range []struct {
		body string
		want []string
	}{
		{"twitter:20\n", []string{"twitter:20"}},
		{"\ufeff# mine\r\n\r\ntwitter:20\r\nhttps://news.example/a\r\nx.com/ada/status/21", []string{"twitter:20", "https://news.example/a", "x.com/ada/status/21"}},
		{"https://news.example/a\n", []string{"https://news.example/a"}},
		{"twitter:20\nand words\n", nil},
		{"twitter: we said so\n", nil},
		{"note:20\n", nil},
		{"# nothing\n", nil},
		{strings.Repeat("twitter:20\n", maxListed+1), nil},
	} {
		d := document{in: extract.Input{Body: []byte(list.body)}}
		d.kind = extract.DecideContent(d.in)
		if diff := cmp.Diff(list.want, d.addresses(c)); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", list.body, diff)
		}
	}
}

// TestStrayLines: one line that is no address among many is pointed out; a text
// with some addresses is a text.
func TestStrayLines(t *testing.T) {
	c := classifier{wire.Finder(), noFiles{}}
	for body, want := range map[string]int{
		"# mine\nhttps://news.example/a\nhtps:/news.example b\nx.com/ada/status/21\n": 3,
		"twitter:20\nhttps://news.example/a\nx.com/ada/status/21\n":                   0,
		"It was said.\nhttps://news.example/a\n":                                      0,
		"It was said.\n\nIt was denied.\nhttps://news.example/a\n":                    0,
	} {
		d := document{in: extract.Input{Body: []byte(body)}}
		d.kind = extract.DecideContent(d.in)
		if got, line := d.strayLine(c); got != want {
			t.Errorf("%.60q: line %d, %q; want %d", body, got, line, want)
		}
	}
}

// Whatever is typed, it is something, or a sentence says why not.
func FuzzClassify(f *testing.F) {
	for _, s := range []string{"twitter:20", "https://x.com/a/status/20", "-", "a b", "http://[", "\x00", "x.com/%zz", "@a", "a:b:c", "//x.com"} {
		f.Add(s)
	}
	c := classifier{wire.Finder(), noFiles{}}
	f.Fuzz(func(t *testing.T, s string) {
		got := c.classify(s)
		switch {
		case got.err != nil:
			if exit := store.ClassOf(got.err).Exit; exit != 2 {
				t.Errorf("%q: exit %d: %v", s, exit, got.err)
			}
			if strings.Contains(sentence(got.err), "\n") {
				t.Errorf("%q: more than one line", s)
			}
		case got.kind == targetPost:
			if !got.ref.Valid() {
				t.Errorf("%q: the reference %v", s, got.ref)
			}
			if again := c.classify(got.ref.String()); again.err != nil || again.ref != got.ref {
				t.Errorf("%q: %v is read as %v, %v", s, got.ref, again.ref, again.err)
			}
		case got.kind == targetPage || got.kind == targetShort:
			if !strings.Contains(got.url, "://") {
				t.Errorf("%q: the address %q", s, got.url)
			}
		}
	})
}

func TestUnknownCommands(t *testing.T) {
	a := &app{files: noFiles{}}
	known := map[string]bool{}
	for _, name := range commands() {
		known[name] = true
	}
	for _, c := range a.root().Commands() {
		if !known[c.Name()] && c.Name() != "completion" && c.Name() != "help" {
			t.Errorf("commands() lacks %s", c.Name())
		}
		delete(known, c.Name())
		if _, ok := near()[c.Name()]; ok {
			t.Errorf("%s is said not to be a command", c.Name())
		}
	}
	delete(known, "completion")
	delete(known, "help")
	if len(known) > 0 {
		t.Errorf("there is no command %v", known)
	}
	for word, meant := range near() {
		if err := a.unknownCommand([]string{word}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("`stet %s`", meant)) {
			t.Errorf("%s: %v", word, err)
		}
	}
	// Every command that was agreed on is there.
	for name := range strings.FieldsSeq("capture extract lookup show watch recheck serve source case jobs export import verify checkpoint repair hold private redact takedown check backup restore compact rebuild status user token doctor demo config version completion") {
		if !strings.Contains(strings.Join(commands(), " "), name) {
			t.Errorf("%s is not there", name)
		}
	}
}
