package oembed

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

func TestRegistryIsWhole(t *testing.T) {
	r := providers()
	if len(r.providers) < 350 || len(r.byHost) < 400 {
		t.Errorf("%d providers on %d hosts", len(r.providers), len(r.byHost))
	}
	for _, p := range r.providers {
		u, err := url.Parse(p.Endpoint)
		if !p.Platform.Valid() || p.Name == "" || err != nil || !strings.HasPrefix(u.Scheme, "http") || strings.Contains(p.Endpoint, "{") {
			t.Errorf("%+v: %v", p, err)
		}
	}
	for host := range r.byHost {
		if host != strings.ToLower(host) || strings.ContainsAny(host, "*/:") {
			t.Errorf("host %q", host)
		}
	}
}

func TestLookup(t *testing.T) {
	for address, want := range map[string]string{
		"https://www.ted.com/talks/ada_low_tide?language=de": "https://www.ted.com/services/v1/oembed.json?url=https%3A%2F%2Fexample.org",
		"http://ted.com/talks/ada_low_tide":                  "https://www.ted.com/services/v1/oembed.json?url=https%3A%2F%2Fexample.org",
		"https://www.youtube.com/watch?v=aB3-_dEfGhI":        "https://www.youtube.com/oembed?url=https%3A%2F%2Fexample.org&format=json",
		"https://x.com/ada/status/20":                        "https://publish.x.com/oembed?url=https%3A%2F%2Fexample.org&format=json",
		"https://codesandbox.io/s/abc":                       "https://codesandbox.io/oembed?url=https%3A%2F%2Fexample.org&format=json",
		"https://ada.wordpress.com/2024/03/05/low-tide/":     "http://public-api.wordpress.com/oembed/?url=https%3A%2F%2Fexample.org&format=json",
		"https://www.web3isgoinggreat.com/?id=low-tide":      "https://www.web3isgoinggreat.com/api/oembed?url=https%3A%2F%2Fexample.org&format=json",
	} {
		p, ok := Lookup(sitetest.Parse(t, address))
		if got := p.Request("https://example.org"); !ok || got != want {
			t.Errorf("%s: got %q, %v; want %q", address, got, ok, want)
		}
	}
	for _, address := range []string{"https://www.ted.com/about", "https://ted.com.example/talks/x", "https://nothted.com/talks/x", "https://example.org/",
		"https://www.web3isgoinggreat.com/?x=1", "ftp://ted.com/talks/x"} {
		if p, ok := Lookup(sitetest.Parse(t, address)); ok {
			t.Errorf("%s: got %+v", address, p)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"/talks/*", "/talks/x", true}, {"/talks/*", "/talks/", false}, {"/talks/*", "/other/talks/x", false},
		{"/*/photo/*", "/ada/photo/1", true}, {"/*/photo/*", "//photo/1", false}, {"/*/photo/*", "/ada/photo/", false},
		{"/*/embed", "/ada/embed", true}, {"/*/embed", "/ada/embed/x", false}, {"/player/", "/player/12", true}, {"/x", "/x", true}, {"/x", "/xy", false},
		{"/?id=*", "/?id=1", true}, {"/*", "/", false}, {"/watch*", "/watch", true}, {"/a*b*c", "/a1b2c", true}, {"/a*b*c", "/abc", false},
	} {
		if got := matches(c.pattern, c.s); got != c.want {
			t.Errorf("matches(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
	for _, c := range []struct {
		pattern, host string
		want          bool
	}{
		{"a.example", "a.example", true}, {"*.a.example", "b.a.example", true}, {"*.a.example", "c.b.a.example", true}, {"*.a.example", "a.example", false},
		{"*.*.a.example", "c.b.a.example", true}, {"*.*.a.example", "b.a.example", false}, {"*.a.example", "bada.example", false},
	} {
		if got := hostMatches(c.pattern, c.host); got != c.want {
			t.Errorf("hostMatches(%q, %q) = %v", c.pattern, c.host, got)
		}
	}
}

func TestParseURL(t *testing.T) {
	framed := func(in string, platform post.Platform, id string) sitetest.URL {
		return sitetest.URL{In: in, Kind: extract.TargetEmbed, Platform: platform, ID: id, URL: "https://" + id}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		framed("https://embed.ted.com/talks/ada_low_tide?utm_source=x", "ted", "embed.ted.com/talks/ada_low_tide"),
		framed("https://www.kickstarter.com/projects/ada/tide/widget/embed?v=2", "kickstarter", "kickstarter.com/projects/ada/tide/widget/embed?v=2"),
		framed("https://giphy.com/embed/abc123", "giphy", "giphy.com/embed/abc123"),
		framed("https://rumble.com/embed/v1abc/?pub=4", "rumble", "rumble.com/embed/v1abc/?pub=4"),
		framed("https://codesandbox.io/embed/abc?autoplay=1#x", "codesandbox", "codesandbox.io/embed/abc"),
		{In: "https://www.ted.com/talks/ada_low_tide", Kind: extract.TargetPage, URL: "https://ted.com/talks/ada_low_tide"},
		{In: "https://codepen.io/ada/pen/abc", Kind: extract.TargetPage, URL: "https://codepen.io/ada/pen/abc"},
		{In: "https://trinitymedia.ai/player/abc", Kind: extract.TargetPage, URL: "https://trinitymedia.ai/player/abc"},
		{In: "https://giphy.com/about"},
		{In: "https://embed.ted.com/"},
		{In: "https://embed.example.org/talks/x"},
		{In: "https://www.youtube.com/embed/aB3-_dEfGhI"},
		{In: "https://ted.com.example/embed/x"},
	})
	got, ok := Site{}.PostByID("embed.ted.com/talks/ada_low_tide")
	if !ok || got.Ref.Platform != "ted" {
		t.Errorf("got %+v, %v", got, ok)
	}
	if got, ok := (Site{}).PostByID("www.ted.com/talks/x"); ok {
		t.Errorf("got %+v", got)
	}
}

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://embed.ted.com/talks/x?utm_a=1&b=2", "https://giphy.com/embed/a%20b", "https://www.www.rumble.com/embed/x", "https://player.x.hopvue.com/?a")
}

func TestDiscover(t *testing.T) {
	doc, err := html.Parse(strings.NewReader(`<head><link rel="alternate" type="application/json+oembed" href=" https://example.org/oembed?url=x&amp;format=json ">
<link rel="alternate" type="text/xml+oembed" href="https://example.org/oembed.xml"><link rel="alternate" type="application/json" href="/feed.json">
<link rel="alternative" type="application/json+oembed; charset=utf-8" href="/relative"><link type="application/json+oembed" href="/bare"><link rel="stylesheet" type="application/json+oembed" href="/no">
<link rel="alternate" type="application/json+oembed"></head>`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"https://example.org/oembed?url=x&format=json", "/relative", "/bare"}, Discover(doc)); diff != "" {
		t.Error(diff)
	}
	many, err := html.Parse(strings.NewReader(strings.Repeat(`<link rel="alternate" type="application/json+oembed" href="/x">`, 50)))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(Discover(many)); got != maxDiscovered {
		t.Errorf("%d endpoints", got)
	}
}

func ref() post.Ref { return post.Ref{Platform: "tides", ID: "1"} }

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want post.Post
	}{
		"video with a caption": {
			`{"version":"1.0","type":"video","title":"Low tide","author_name":"Ada","author_url":"https://tides.example/@ada?x=1","width":"100%","height":null,"html":"<script>","thumbnail_url":"https://tides.example/t.jpg","extra":[1]}`,
			post.Post{Text: "Low tide", Author: post.Author{Name: "Ada", Handle: "ada", URL: "https://tides.example/@ada?x=1"},
				Card: &post.Card{URL: "https://tides.example/1", Title: "Low tide", Image: "https://tides.example/t.jpg", Kind: "video"}},
		},
		"a version that is a number": {
			`{"version":1.0,"type":"rich","title":"Low tide","description":"At noon\r\n","author_unique_id":"ada.h","author_url":"https://tides.example/ada"}`,
			post.Post{Text: "Low tide\n\nAt noon", Author: post.Author{Handle: "ada.h", URL: "https://tides.example/ada"},
				Card: &post.Card{URL: "https://tides.example/1", Title: "Low tide", Description: "At noon\r\n", Kind: "rich"}},
		},
		"photo": {
			`{"version":"1.0","type":"photo","url":"https://tides.example/p.jpg","width":"1024","height":768,"thumbnail_url":"https://tides.example/t.jpg"}`,
			post.Post{Media: []post.Media{{Kind: "photo", URL: "https://tides.example/p.jpg", Fallbacks: []string{"https://tides.example/t.jpg"}, Width: 1024, Height: 768}}},
		},
		"photo at no web address": {
			`{"version":"1.0","type":"photo","url":"javascript:alert(1)","thumbnail_url":"data:x"}`,
			post.Post{Card: &post.Card{URL: "https://tides.example/1", Kind: "photo"}},
		},
	} {
		c.want.Platform, c.want.ID, c.want.URL = "tides", "1", "https://tides.example/1"
		got, err := Parse(ref(), "https://tides.example/1", []byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got.Post); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestRead(t *testing.T) {
	const whole = `{"version":"1.0","type":"rich","title":"x"}`
	for _, c := range []struct {
		status      int
		ctype, body string
		want        post.Status
		reason      string
		transport   bool
	}{
		{200, "application/json", whole, post.Live, extract.ReasonShown, false},
		{200, "text/javascript", whole, post.Live, extract.ReasonShown, false},
		{200, "application/json", `{"code":400,"message":"Something went wrong"}`, post.Unknown, extract.ReasonShape, true},
		{200, "text/html", `<html>`, post.Unknown, extract.ReasonNotJSON, true},
		{200, "text/plain", `Forbidden`, post.Unknown, extract.ReasonNotJSON, true},
		{404, "text/plain", `Not Found`, post.NotFound, extract.ReasonAbsent, false},
		{404, "text/html", `<html>`, post.NotFound, extract.ReasonAbsent, false},
		{401, "text/plain", `Unauthorized`, post.Unknown, extract.ReasonNotAuthorised, false},
		{403, "application/json", `{"error":"private"}`, post.Unknown, extract.ReasonNotAuthorised, false},
		{403, "text/html; charset=UTF-8", `<!DOCTYPE html><html><title>Just a moment...</title>`, post.Unknown, extract.ReasonWall, true},
		{404, "text/html; charset=UTF-8", `<!DOCTYPE html><html><title>Just a moment...</title>`, post.Unknown, extract.ReasonWall, true},
		{400, "text/plain", `Bad Request`, post.Unknown, extract.ReasonBadID, false},
		{429, "text/plain", ``, post.Unknown, extract.ReasonLimited, true},
		{501, "text/plain", ``, post.Unknown, extract.ReasonHTTP, true},
		{503, "application/json", whole, post.Unknown, extract.ReasonServer, true},
	} {
		a := Read(ref(), "https://tides.example/1", extract.Response{StatusCode: c.status, ContentType: c.ctype, Body: []byte(c.body)})
		if a.Status != c.want || a.Reason != c.reason || a.Transport != c.transport || (a.Parsed != nil) != (c.want == post.Live) || a.Explicit != (c.want == post.Live) {
			t.Errorf("%d %s %s: got %+v", c.status, c.ctype, c.body, a)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":"1.0","type":"photo","url":"https://a.example/x","width":"1e3","height":[1]}`))
	f.Add([]byte(`{"version":1,"type":"rich","author_url":"@"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := Parse(ref(), "https://tides.example/1", body)
		if err != nil {
			return
		}
		if p.Post.Ref() != ref() || len(p.Post.Text) > len(body)+8 {
			t.Errorf("got %+v", p.Post)
		}
		if _, err := json.Marshal(p.Post); err != nil {
			t.Error(err)
		}
	})
}
