package twitter

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"
)

const (
	someID = "1229694915983339523"
	older  = "5000000000"
)

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestParseURLPosts(t *testing.T) {
	const withHandle, without = "https://twitter.com/ada_l/status/" + someID, "https://twitter.com/i/status/" + someID
	for _, c := range []struct {
		in, url, part string
		kind          extract.TargetKind
	}{
		{"https://twitter.com/ada_l/status/" + someID, withHandle, "", extract.TargetPost},
		{"http://www.twitter.com/ada_l/statuses/" + someID, withHandle, "", extract.TargetPost},
		{"https://x.com/ada_l/status/" + someID + "?s=20&t=abc", withHandle, "", extract.TargetPost},
		{"https://mobile.twitter.com/ada_l/status/" + someID + "?ref_src=twsrc%5Etfw", withHandle, "", extract.TargetPost},
		{"https://m.x.com/ada_l/status/" + someID + "/", withHandle, "", extract.TargetPost},
		{"HTTPS://X.COM/ada_l/Status/" + someID, withHandle, "", extract.TargetPost},
		{"//twitter.com/ada_l/status/" + someID, withHandle, "", extract.TargetPost},
		{"https://twitter.com:443/ada_l/status/" + someID, withHandle, "", extract.TargetPost},
		{"https://twitter.com./ada_l//status/" + someID, withHandle, "", extract.TargetPost},
		{"https://twitter.com/@ada_l/status/" + someID, withHandle, "", extract.TargetPost},
		{"https://twitter.com/ada_l/status/" + someID + "/photo/2", withHandle, "2", extract.TargetPost},
		{"https://twitter.com/ada_l/status/" + someID + "/video/1", withHandle, "1", extract.TargetPost},
		{"https://twitter.com/ada_l/status/" + someID + "/photos/1", withHandle, "1", extract.TargetPost},
		{"https://twitter.com/ada_l/status/" + someID + "/retweets/with_comments", withHandle, "", extract.TargetPost},
		{"https://twitter.com/ada_l/status/" + someID + "/quotes", withHandle, "", extract.TargetPost},
		{"https://twitter.com/ada_l/article/" + someID, withHandle, "", extract.TargetPost},
		{"https://twitter.com/#!/ada_l/status/" + someID, withHandle, "", extract.TargetPost},
		{"https://twitter.com/%23!/ada_l/status/" + someID, withHandle, "", extract.TargetPost},
		{"https://twitter.com/ada_l/status/" + someID + ").", withHandle, "", extract.TargetPost},
		{"https://twitter.com/ada_l/status/" + someID + "%20", withHandle, "", extract.TargetPost},
		{"https://twitter.com/ada_l/status/%E2%80%8E" + someID, withHandle, "", extract.TargetPost},
		{"https://twitter.com/statuses/" + someID, without, "", extract.TargetPost},
		{"https://twitter.com/status/" + someID, without, "", extract.TargetPost},
		{"https://twitter.com/i/status/" + someID, without, "", extract.TargetPost},
		{"https://twitter.com/i/web/status/" + someID, without, "", extract.TargetPost},
		{"https://twitter.com/a-name-too-odd/status/" + someID, without, "", extract.TargetPost},
		{"https://twitter.com/i/videos/tweet/" + someID, without, "", extract.TargetEmbed},
		{"https://twitter.com/i/videos/" + someID + "?embed_source=x", without, "", extract.TargetEmbed},
		{"https://twitter.com/i/cards/tfw/v1/" + someID + "?cardname=poll2choice_text_only", without, "", extract.TargetEmbed},
		{"https://platform.twitter.com/embed/Tweet.html?creatorScreenName=x&id=" + someID + "&lang=en", without, "", extract.TargetEmbed},
		{"https://platform.twitter.com/embed/Tweet.html?dnt=true&amp;id=" + someID, without, "", extract.TargetEmbed},
		{"https://platform.x.com/embed/index.html?id=" + someID, without, "", extract.TargetEmbed},
		{"https://publish.twitter.com/?query=https%3A%2F%2Fx.com%2Fada_l%2Fstatus%2F" + someID + "&widget=Tweet", withHandle, "", extract.TargetPost},
		{"https://publish.x.com/oembed?url=https%3A%2F%2Ftwitter.com%2Fada_l%2Fstatus%2F" + someID, withHandle, "", extract.TargetPost},
		{"https://api.twitter.com/1/statuses/oembed.json?id=" + someID, without, "", extract.TargetPost},
		{"https://api.twitter.com/1.1/statuses/show/" + someID + ".json", without, "", extract.TargetPost},
		{"https://api.x.com/2/tweets/" + someID + "?expansions=author_id", without, "", extract.TargetPost},
		{"https://twitter.com/safety/unsafe_link_warning?unsafe_link=https%3A%2F%2Fx.com%2Fada_l%2Fstatus%2F" + someID, withHandle, "", extract.TargetPost},
		{"https://twitframe.com/show?url=https%3A%2F%2Ftwitter.com%2Fada_l%2Fstatus%2F" + someID, withHandle, "", extract.TargetEmbed},
		{"https://fxtwitter.com/ada_l/status/" + someID + "/en", withHandle, "", extract.TargetPost},
		{"https://d.vxtwitter.com/ada_l/status/" + someID, withHandle, "", extract.TargetPost},
		{"https://api.fxtwitter.com/2/status/" + someID, without, "", extract.TargetPost},
		{"https://api.vxtwitter.com/Twitter/status/" + someID, without, "", extract.TargetPost},
		{"https://fixupx.com/status/" + someID + "/photo/1", without, "1", extract.TargetPost},
		{"https://xcancel.com/ada_l/status/" + someID + "#m", withHandle, "", extract.TargetPost},
		{"https://twstalker.com/ada_l/status/" + someID, withHandle, "", extract.TargetPost},
		{"https://www.sotwe.com/tweet/" + someID, without, "", extract.TargetPost},
		{"https://nitter.net/ada_l/status/" + someID + "/embed", withHandle, "", extract.TargetEmbed},
		{"https://" + onion + "/ada_l/status/" + someID, withHandle, "", extract.TargetPost},
	} {
		got, ok := Site{}.ParseURL(mustURL(t, c.in))
		want := extract.Target{Kind: c.kind, Ref: post.Ref{Platform: post.Twitter, ID: someID}, URL: c.url, Part: c.part,
			Posted: time.Date(2020, 2, 18, 9, 11, 29, 254e6, time.UTC)}
		if c.url == withHandle {
			want.Handle = "ada_l"
		}
		if !ok || got != want {
			t.Errorf("%s\n got %+v, %v\nwant %+v", c.in, got, ok, want)
		}
	}
}

func TestParseURLOthers(t *testing.T) {
	for _, c := range []struct {
		in   string
		kind extract.TargetKind
		url  string
	}{
		{"https://t.co/AbC123xyz", extract.TargetShort, "https://t.co/AbC123xyz"},
		{"http://t.co/AbC123xyz?amp=1", extract.TargetShort, "https://t.co/AbC123xyz"},
		{"https://pic.twitter.com/AbC123xyz", extract.TargetShort, "https://pic.twitter.com/AbC123xyz"},
		{"https://pic.x.com/AbC123xyz", extract.TargetShort, "https://pic.twitter.com/AbC123xyz"},
		{"https://t.co/AbC…", extract.TargetOther, ""},
		{"https://t.co/", extract.TargetOther, ""},
		{"https://twitter.com/safety/unsafe_link_warning?unsafe_link=https%3A%2F%2Ft.co%2FAbC", extract.TargetShort, "https://t.co/AbC"},
		{"https://twitter.com/safety/unsafe_link_warning?unsafe_link=https%3A%2F%2Fexample.org%2F", extract.TargetOther, ""},
		{"https://twitter.com/ada_l", extract.TargetProfile, "https://twitter.com/ada_l"},
		{"https://x.com/@ada_l/media?lang=en", extract.TargetProfile, "https://twitter.com/ada_l"},
		{"https://twitter.com/#!/ada_l", extract.TargetProfile, "https://twitter.com/ada_l"},
		{"https://twitter.com/i/user/12", extract.TargetProfile, ""},
		{"https://xcancel.com/ada_l", extract.TargetProfile, "https://twitter.com/ada_l"},
		{"https://twitter.com/intent/tweet?text=x&in_reply_to=" + someID, extract.TargetIntent, ""},
		{"https://x.com/intent/like?tweet_id=" + someID, extract.TargetIntent, ""},
		{"https://twitter.com/share?url=https://example.org", extract.TargetIntent, ""},
		{"https://twitter.com/home?status=hello", extract.TargetIntent, ""},
		{"https://platform.twitter.com/widgets/tweet_button.html", extract.TargetIntent, ""},
		{"https://platform.twitter.com/widgets.js", extract.TargetOther, ""},
		{"https://platform.twitter.com/embed/Timeline.html", extract.TargetOther, ""},
		{"https://twitter.com/", extract.TargetOther, ""},
		{"https://twitter.com/search?q=x", extract.TargetOther, ""},
		{"https://twitter.com/hashtag/x?src=hash", extract.TargetOther, ""},
		{"https://twitter.com/i/events/" + someID, extract.TargetOther, ""},
		{"https://twitter.com/i/moments/" + someID, extract.TargetOther, ""},
		{"https://twitter.com/i/broadcasts/1abc", extract.TargetOther, ""},
		{"https://twitter.com/i/article/" + someID, extract.TargetOther, ""},
		{"https://twitter.com/ada_l/lists/x", extract.TargetOther, ""},
		{"https://twitter.com/ada_l/status/", extract.TargetOther, ""},
		{"https://twitter.com/ada_l/status/0", extract.TargetOther, ""},
		{"https://twitter.com/ada_l/status/0123", extract.TargetOther, ""},
		{"https://twitter.com/ada_l/status/9223372036854775808", extract.TargetOther, ""},
		{"https://twitter.com/ada_l/status/12297…", extract.TargetOther, ""},
		{"https://twitter.com/ada_l/status/12297...", extract.TargetOther, ""},
		{"https://twitter.com/ada_l/status/123abc", extract.TargetOther, ""},
		{"https://publish.twitter.com/", extract.TargetOther, ""},
		{"https://fxtwitter.com/", extract.TargetOther, ""},
	} {
		got, ok := Site{}.ParseURL(mustURL(t, c.in))
		if !ok || got.Kind != c.kind || got.URL != c.url || !got.Ref.IsZero() {
			t.Errorf("%s: got %+v, %v", c.in, got, ok)
		}
	}
}

func TestParseURLFalseFriends(t *testing.T) {
	for _, in := range []string{
		"https://netflix.com/ada/status/" + someID,
		"https://twitter.com.evil.example/ada/status/" + someID,
		"https://notx.com/ada/status/" + someID,
		"https://eviltwitter.com/ada/status/" + someID,
		"https://help.twitter.com/en/status/" + someID,
		"https://blog.x.com/ada/status/" + someID,
		"https://example.org/?u=https://x.com/ada/status/" + someID,
		"https://atat.co/abc",
		"https://twitter.com:8080/ada/status/" + someID,
		"ftp://twitter.com/ada/status/" + someID,
		"javascript:twitter.com/ada/status/1",
		"https://twitter.com@evil.example/ada/status/" + someID,
		"/ada/status/" + someID,
	} {
		if got, ok := (Site{}).ParseURL(mustURL(t, in)); ok {
			t.Errorf("%s: got %+v", in, got)
		}
	}
}

func TestMirrors(t *testing.T) {
	got, ok := Mirrors{}.ParseURL(mustURL(t, "https://nitter.example.org/ada_l/status/"+someID+"#m"))
	if !ok || got.Ref != Ref(someID) || got.URL != "https://twitter.com/ada_l/status/"+someID {
		t.Errorf("got %+v, %v", got, ok)
	}
	for _, in := range []string{"https://nitter.example.org/ada_l", "https://example.org/ada_l/status/1", "https://nitter/ada/status/1",
		"https://nitter.com/ada/status/1", "https://nitterific.example.org/ada/status/1", "https://nitter.example.org/pic/x.jpg"} {
		if got, ok := (Mirrors{}).ParseURL(mustURL(t, in)); ok {
			t.Errorf("%s: got %+v", in, got)
		}
	}
}

func TestPostID(t *testing.T) {
	if id, err := PostID(mustURL(t, "https://nitter.example.org/a/status/20")); id != "20" || err != nil {
		t.Errorf("got %q, %v", id, err)
	}
	for in, want := range map[string]error{
		"https://x.com/ada/status/9223372036854775808": ErrID,
		"https://x.com/ada/status/020":                 ErrID,
		"https://x.com/ada/status/0":                   ErrID,
		"https://x.com/ada":                            ErrNotPost,
		"https://x.com/ada/status/abc":                 ErrNotPost,
		"https://example.org/ada/status/20":            ErrNotPost,
		"https://t.co/abc":                             ErrNotPost,
	} {
		if id, err := PostID(mustURL(t, in)); id != "" || !errors.Is(err, want) {
			t.Errorf("%s: got %q, %v; want %v", in, id, err, want)
		}
	}
}

func TestPostedOfOldIDs(t *testing.T) {
	got, ok := Site{}.ParseURL(mustURL(t, "https://twitter.com/ada/status/"+older))
	if !ok || got.Ref.ID != older || !got.Posted.IsZero() {
		t.Errorf("got %+v, %v", got, ok)
	}
}

// FuzzParseURL: what is found is valid, and the canonical address leads to the
// same post, again and again.
func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"https://x.com/ada/status/" + someID + "/photo/1", "https://twitter.com/#!/ada/status/20", "https://t.co/abc",
		"https://publish.x.com/oembed?url=https://publish.x.com/oembed?url=https://x.com/a/status/1", "https://nitter.example.org/a/status/1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil {
			return
		}
		for _, site := range []extract.Site{Site{}, Mirrors{}} {
			got, ok := site.ParseURL(u)
			if !ok {
				continue
			}
			post := got.Kind == extract.TargetPost || got.Kind == extract.TargetEmbed
			if post != !got.Ref.IsZero() || post && (!got.Ref.Valid() || !validID(got.Ref.ID)) {
				t.Fatalf("%q: %+v", s, got)
			}
			if got.URL == "" {
				continue
			}
			again, ok := Site{}.ParseURL(mustURL(t, got.URL))
			if !ok || again.Ref != got.Ref || again.URL != got.URL {
				t.Fatalf("%q → %q → %+v", s, got.URL, again)
			}
		}
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }
