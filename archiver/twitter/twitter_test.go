package twitter_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/twitter"
	"stet/extract/post"
	"stet/store"
)

func platform(t *testing.T, n *fakenet.Net, o twitter.Options) *twitter.Platform {
	t.Helper()
	c, err := fetch.New(n.FetchOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return twitter.New(c, o)
}

func names(p *twitter.Platform) []string {
	var out []string
	for _, e := range p.Endpoints() {
		out = append(out, e.Name())
	}
	return out
}

func TestOrder(t *testing.T) {
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	for want, o := range map[string]twitter.Options{
		"syndication oembed":                 {},
		"api-v2 api-v1.1 syndication oembed": {BearerToken: "x"},
		"api-v1.1 api-v2 syndication oembed": {ConsumerKey: "x", ConsumerSecret: "y"},
	} {
		if got := strings.Join(names(platform(t, n, o)), " "); got != want {
			t.Errorf("endpoints %s, want %s", got, want)
		}
	}
	if c := platform(t, n, twitter.Options{}).Controls(); !slices.Equal(c.Live, []post.Ref{{Platform: post.Twitter, ID: "20"}}) {
		t.Errorf("controls %+v", c)
	}
}

func ask(t *testing.T, p *twitter.Platform, endpoint string, ids ...string) archiver.Reply {
	t.Helper()
	refs := make([]post.Ref, len(ids))
	for i, id := range ids {
		refs[i] = post.Ref{Platform: post.Twitter, ID: id}
	}
	for _, e := range p.Endpoints() {
		if e.Name() == endpoint {
			r := e.Ask(context.Background(), refs, "post")
			if len(r.Answers) != len(refs) {
				t.Fatalf("%d answers for %d posts", len(r.Answers), len(refs))
			}
			return r
		}
	}
	t.Fatalf("no endpoint %s", endpoint)
	return archiver.Reply{}
}

// TestTokenIsRecordedNowhere: neither the consumer's secret nor the token that
// it buys stands in what is kept.
func TestTokenIsRecordedNowhere(t *testing.T) {
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	n.X(fakenet.XOptions{ConsumerKey: "the-key", ConsumerSecret: "the-secret", Bearer: "the-token"})
	p := platform(t, n, twitter.Options{ConsumerKey: "the-key", ConsumerSecret: "the-secret"})
	for _, endpoint := range []string{"api-v1.1", "api-v2"} {
		r := ask(t, p, endpoint, fakenet.ControlID)
		if r.Answers[0].Status != post.Live || len(r.Exchanges) == 0 {
			t.Fatalf("%s: %+v", endpoint, r.Answers[0])
		}
		for _, x := range r.Exchanges {
			for _, secret := range []string{"the-secret", "the-token"} {
				if strings.Contains(string(x.RequestHead)+string(x.RequestBody)+string(x.ResponseHead)+string(x.Body.Inline), secret) {
					t.Errorf("%s: %s stands in the record of %s", endpoint, secret, x.URL)
				}
			}
		}
	}
}

// TestLookupLeavesMissingOnesOut: what v1.1 leaves out of a list is missing,
// and not explicitly so; the others are shown.
func TestLookupLeavesMissingOnesOut(t *testing.T) {
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	n.X()
	p := platform(t, n, twitter.Options{BearerToken: "bearer"})
	r := ask(t, p, "api-v1.1", fakenet.ControlID, "777")
	if r.Answers[0].Status != post.Live || r.Answers[1].Status == post.Live || r.Answers[1].Explicit || len(r.Exchanges) != 1 {
		t.Errorf("answers %+v, %d exchanges", r.Answers, len(r.Exchanges))
	}
}

// TestOEmbedAtTheOldHost: where the new host cannot be had, the old one is
// asked, and both attempts are kept.
func TestOEmbedAtTheOldHost(t *testing.T) {
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	n.X()
	n.Fault("publish.x.com", "", fakenet.Status(http.StatusBadGateway))
	r := ask(t, platform(t, n, twitter.Options{}), "oembed", fakenet.ControlID)
	if r.Answers[0].Status != post.Live || len(r.Exchanges) < 2 {
		t.Errorf("answer %+v, %d exchanges", r.Answers[0], len(r.Exchanges))
	}
	// A clear answer of the new host is enough.
	n.Heal()
	n.Forget()
	ask(t, platform(t, n, twitter.Options{}), "oembed", "777")
	if c := n.Count("publish.twitter.com", "/"); c != 0 {
		t.Errorf("the old host was asked %d times", c)
	}
}

// TestImpossibleCredentials: a key that buys no token is a clear sentence.
func TestImpossibleCredentials(t *testing.T) {
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	n.X()
	r := ask(t, platform(t, n, twitter.Options{ConsumerKey: "a", ConsumerSecret: "b"}), "api-v1.1", "20")
	if err := r.Answers[0].Err; store.ClassOf(err).Name != "refused" || !strings.Contains(err.Error(), "twitter.consumer_secret") {
		t.Errorf("error %v", err)
	}
}
