package wire

import (
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/cmd/internal/config"
	"stet/extract/post"
	"stet/store"
)

// covers reports whether an explanation says that a host is told: by its name, by
// a domain that it is below, or, for what only answers name, by the step.
func covers(e *archiver.Explanation, host string) bool {
	for _, t := range e.Tells {
		domain, below := strings.CutPrefix(t.Host, "*.")
		if t.Host == host || below && strings.HasSuffix(host, "."+domain) || t.Host == "" && !knownHost(e, host) {
			return true
		}
	}
	return false
}

// knownHost reports whether the host is one of a platform's own, which has to be
// named.
func knownHost(_ *archiver.Explanation, host string) bool {
	for _, own := range []string{"twimg.com", "twitter.com", "x.com", "bsky.app", "plc.directory", "web.archive.org", "t.co"} {
		if host == own || strings.HasSuffix(host, "."+own) {
			return true
		}
	}
	return false
}

// TestExplained: whatever a capture or a look asks, its explanation said so, and
// the explanation itself asked nobody and made nothing.
func TestExplained(t *testing.T) {
	for name, credentials := range map[string]bool{"without credentials": false, "with credentials": true} {
		t.Run(name, func(t *testing.T) {
			n, c, o := inside(t)
			if credentials {
				c.Twitter.ConsumerKey, c.Twitter.ConsumerSecret = "key", "secret"
			}
			x, b, i := n.X(), n.Bluesky(), n.Instance("mastodon.example")
			n.Wayback()
			ada := fakenet.Person{Name: "Ada", Handle: "ada"}
			x.Add(fakenet.Post{ID: "1229700000000000001", Text: "Hello.", Author: ada, Media: []fakenet.Media{{}, {Kind: "video"}}},
				fakenet.Post{ID: "1229700000000000002", Text: "Gone.", Author: ada})
			x.SetState("1229700000000000002", fakenet.NotFound)
			sky := b.Add(fakenet.BlueskyPost{Author: fakenet.BlueskyAccount{Handle: "ada.example", Name: "Ada", Server: "pds.example"}, Text: "Hello.", Posted: time.Now(), Media: []fakenet.Media{{}}})
			toot := fakenet.TootID(time.Now(), 1)
			i.Add(fakenet.Toot{ID: toot, User: "ada", Name: "Ada", HTML: "<p>Hello.</p>", Posted: time.Now(), Media: []fakenet.Media{{}}})
			refs := []post.Ref{{Platform: post.Twitter, ID: "1229700000000000001"}, {Platform: post.Twitter, ID: "1229700000000000002"},
				{Platform: post.Bluesky, ID: sky}, {Platform: post.Bluesky, ID: b.ByHandle(sky)}, {Platform: post.Mastodon, ID: "mastodon.example/" + toot}}
			for _, ref := range refs {
				explainThenDo(t, n, c, o, ref)
			}
		})
	}
}

// explainThenDo explains the capture of a post and a look at it, and then makes
// them.
func explainThenDo(t *testing.T, n *fakenet.Net, c *config.Config, o Options, ref post.Ref) {
	t.Helper()
	fresh := *c
	fresh.Data += "-" + strings.NewReplacer("/", "-", ":", "-").Replace(ref.String())
	check := func(what string, e *archiver.Explanation) {
		t.Helper()
		for _, r := range n.Requests() {
			if u, err := url.Parse(r.URL); err != nil || !covers(e, u.Hostname()) {
				t.Errorf("%s of %s told %s of %s, which was not said: %+v", what, ref, u.Hostname(), r.URL, e.Tells)
			}
		}
		if len(n.Requests()) == 0 {
			t.Errorf("%s of %s asked nobody", what, ref)
		}
		n.Forget()
	}
	n.Forget()
	var before *archiver.Explanation
	err := NewExplainer(&fresh, o, nil, func(x *archiver.Explainer) (err error) {
		before, err = x.CapturePost(t.Context(), "it", ref, PostURL(ref), archiver.CaptureOptions{})
		return err
	})
	if err != nil || len(n.Requests()) > 0 || len(before.Tells) == 0 || before.Shows == "" {
		t.Fatalf("%s: %+v, %v; asked %v", ref, before, err, n.URLs())
	}
	if _, err := os.Stat(fresh.Data); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("something was made: %v", err)
	}
	w, err := Open(t.Context(), &fresh, o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Engine.CapturePosts(t.Context(), []post.Ref{ref}, []string{PostURL(ref)}, archiver.CaptureOptions{}); err != nil {
		t.Fatal(err)
	}
	check("the capture", before)
	err = NewExplainer(&fresh, o, w.Archive, func(x *archiver.Explainer) (err error) {
		before, err = x.Recheck(t.Context(), "it", ref)
		return err
	})
	if err != nil || len(n.Requests()) > 0 {
		t.Fatalf("%s: %v; asked %v", ref, err, n.URLs())
	}
	w.Engine.Recheck(t.Context(), []post.Ref{ref}, "person")
	check("the look", before)
}

// TestExplainedCredentials: what is sent along that says who asks is named, and
// no value of it is told.
func TestExplainedCredentials(t *testing.T) {
	_, c, o := inside(t)
	c.Twitter.BearerToken = "the-token-itself"
	c.Fetch.Hosts = []fetch.Access{{Host: "news.example", Header: map[string][]string{"X-Key": {"the-key-itself"}}}}
	c.Fetch.Proxy = "http://ada:the-password-itself@proxy.example:3128"
	var all []*archiver.Explanation
	err := NewExplainer(c, o, nil, func(x *archiver.Explainer) error {
		p, err := x.CapturePost(t.Context(), "post", post.Ref{Platform: post.Twitter, ID: "20"}, "", archiver.CaptureOptions{})
		if err != nil {
			return err
		}
		a, err := x.CapturePage(t.Context(), "article", "https://news.example/story", archiver.CaptureOptions{})
		all = append(all, p, a)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if p, a := all[0].Tells[0], all[1].Tells[0]; p.Host != "api.x.com" || strings.Join(p.Credentials, " ") != "Authorization" ||
		a.Host != "news.example" || strings.Join(a.Credentials, " ") != "what fetch.hosts sets for news.example" {
		t.Errorf("%+v\n%+v", p, a)
	}
	for _, e := range all {
		if !strings.Contains(e.Shows, "proxy.example:3128") || strings.Contains(e.Shows, "itself@") {
			t.Errorf("shows %s", e.Shows)
		}
		for _, tell := range e.Tells {
			if s := strings.Join(append(tell.Credentials, tell.URL, tell.Learns), " "); strings.Contains(s, "-itself") {
				t.Errorf("a secret is told: %s", s)
			}
		}
	}
	var none *archiver.Explanation
	err = NewExplainer(c, o, store.NewArchive(store.Parts{}), func(x *archiver.Explainer) error { none = x.CaptureShort("it", "https://t.co/abc"); return nil })
	if err != nil || none.Tells[0].Host != "t.co" {
		t.Errorf("%+v, %v", none, err)
	}
}
