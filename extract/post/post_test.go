package post

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestRefRoundTrip(t *testing.T) {
	for _, r := range []Ref{
		{Twitter, "20"},
		{Bluesky, "at://did:plc:abc/app.bsky.feed.post/3k"},
		{Mastodon, "example.social/109"},
		{"some-new-place", "ü"},
	} {
		got, err := ParseRef(r.String())
		if err != nil || got != r {
			t.Errorf("ParseRef(%q) = %v, %v", r.String(), got, err)
		}
	}
	for _, s := range []string{"", "twitter", "twitter:", ":20", "Twitter:20", "twitter:2 0", "twitter:2\n", "x y:1"} {
		if _, err := ParseRef(s); !errors.Is(err, ErrBadRef) {
			t.Errorf("ParseRef(%q) error = %v, want ErrBadRef", s, err)
		}
	}
}

func TestStatusesArePartitioned(t *testing.T) {
	for _, s := range Statuses() {
		if s.Gone() && s.Hidden() {
			t.Errorf("%s is both gone and hidden", s)
		}
		if !s.Known() {
			t.Errorf("%s has no words", s)
		}
	}
	if Status("eaten").Known() || Status("eaten").Gone() {
		t.Error("an unknown status must be neither known nor gone")
	}
}

func TestPostKeepsWhatItDoesNotKnow(t *testing.T) {
	in := `{"platform":"twitter","id":"20","author":{"name":"Ada","handle":"ada"},"text":"a < b & c","media":[],"mood":{"b":1},"zz":[1,2]}`
	var p Post
	if err := json.Unmarshal([]byte(in), &p); err != nil {
		t.Fatal(err)
	}
	out, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != in {
		t.Errorf("got  %s\nwant %s", out, in)
	}
}

func TestPostRoundTrip(t *testing.T) {
	p := Post{Platform: Twitter, ID: "20", Author: Author{Name: "Ada", Handle: "ada"}, Text: "hi",
		Posted: time.Date(2020, 2, 18, 9, 0, 0, 0, time.UTC), Quoted: Ref{Twitter, "19"},
		Media: []Media{{Kind: "photo", URL: "https://pbs.twimg.com/x", Alt: "a cat"}}, Counts: map[string]int64{"likes": 3}}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var q Post
	if err := json.Unmarshal(b, &q); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, q) {
		t.Errorf("got %+v\nwant %+v", q, p)
	}
}

func FuzzParseRef(f *testing.F) {
	f.Add("twitter:20")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRef(s)
		if err == nil && r.String() != s {
			t.Errorf("ParseRef(%q).String() = %q", s, r.String())
		}
	})
}

// FuzzExtra compares the members that a post keeps with those that decoding
// the object as a map gives.
func FuzzExtra(f *testing.F) {
	f.Add(`{"platform":"twitter","id":"20","text":"a \"b\": {c,d}","media":[{"kind":"photo","url":"u"}],"counts":{"likes":3}}`)
	f.Add(`{"id":"20","mood":{"text":[1,{"id":2}]}}`)
	f.Add(`{"id":"\\","Text":"x"}`)
	f.Add(`{"i\u0064":"20"}`)
	f.Add(` null `)
	f.Fuzz(func(t *testing.T, s string) {
		var p Post
		var all map[string]json.RawMessage
		if json.Unmarshal([]byte(s), &p) != nil || json.Unmarshal([]byte(s), &all) != nil {
			t.Skip()
		}
		for name := range all {
			if _, kept := p.Extra[name]; kept == knownMembers()[name] {
				t.Errorf("%s: the member %q is kept: %v", s, name, kept)
			}
		}
		if len(p.Extra) > len(all) {
			t.Errorf("%s: kept %v", s, p.Extra)
		}
	})
}
