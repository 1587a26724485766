package bluesky

import (
	"crypto/sha256"
	"encoding/base32"
	"flag"
	"strings"
	"testing"
	"time"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

// tid makes a record key as clients do.
func tid(at time.Time, clock uint64) string {
	n := uint64(at.UnixMicro())<<10 | clock
	b := make([]byte, tidLength)
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = alphabet[n&31]
		n >>= 5
	}
	return string(b)
}

func TestTime(t *testing.T) {
	for _, s := range []string{"2023-05-01T10:20:30.123456Z", "2026-01-02T03:04:05Z"} {
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, clock := range []uint64{0, 1, 1023} {
			if got, ok := Time(tid(want, clock)); !ok || !got.Equal(want) {
				t.Errorf("Time(%s) = %v, %v; want %v", tid(want, clock), got, ok, want)
			}
		}
	}
	for _, s := range []string{"", "self", "3k", "0000000000000", "zzzzzzzzzzzzz", "2222222222222", "3kAAAAAAAAAAA"} {
		if got, ok := Time(s); ok {
			t.Errorf("Time(%q) = %v", s, got)
		}
	}
}

const (
	did = "did:plc:abcdefghijklmnopqrstuvwx"
	uri = "at://" + did + "/app.bsky.feed.post/"
)

func TestParseURL(t *testing.T) {
	const at = "2024-03-05T09:15:02.123456Z"
	when, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		t.Fatal(err)
	}
	key := tid(when, 7)
	byDID := sitetest.URL{Kind: extract.TargetPost, ID: uri + key, URL: "https://bsky.app/profile/" + did + "/post/" + key, Posted: at}
	byHandle := sitetest.URL{Kind: extract.TargetPost, ID: "at://ada.example.org/app.bsky.feed.post/" + key,
		URL: "https://bsky.app/profile/ada.example.org/post/" + key, Handle: "ada.example.org", Posted: at}
	table := []sitetest.URL{}
	add := func(c sitetest.URL, in ...string) {
		for _, s := range in {
			c.In = s
			table = append(table, c)
		}
	}
	add(byDID, "https://bsky.app/profile/"+did+"/post/"+key, "https://main.bsky.app/profile/"+did+"/post/"+key+"/liked-by",
		"https://bsky.app/profile/did%3Aplc%3Aabcdefghijklmnopqrstuvwx/post/"+key+"?ref_src=embed",
		"https://embed.bsky.app/oembed?url=at%3A%2F%2F"+"did:plc:abcdefghijklmnopqrstuvwx%2Fapp.bsky.feed.post%2F"+key)
	add(byHandle, "https://bsky.app/profile/Ada.Example.org/post/"+key, "https://bsky.app/profile/@ada.example.org/post/"+key+").",
		"https://fxbsky.app/profile/ada.example.org/post/"+key, "https://d.fxbsky.app/profile/ada.example.org/post/"+key,
		"https://deer.social/profile/ada.example.org/post/"+key+"/", "https://main.bsky.dev/profile/ada.example.org/post/"+key)
	byDID.Kind = extract.TargetEmbed
	add(byDID, "https://embed.bsky.app/embed/"+did+"/app.bsky.feed.post/"+key+"?id=0.1&colorMode=system")
	table = append(table, []sitetest.URL{
		{In: "https://bsky.app/profile/ada.example.org/post/hand-made.key", Kind: extract.TargetPost, ID: "at://ada.example.org/app.bsky.feed.post/hand-made.key",
			URL: "https://bsky.app/profile/ada.example.org/post/hand-made.key", Handle: "ada.example.org"},
		{In: "https://bsky.app/profile/ada.example.org", Kind: extract.TargetProfile, URL: "https://bsky.app/profile/ada.example.org", Handle: "ada.example.org"},
		{In: "https://bsky.app/profile/" + did, Kind: extract.TargetProfile, URL: "https://bsky.app/profile/" + did},
		{In: "https://bsky.app/profile/ada.example.org/feed/cats", Kind: extract.TargetOther},
		{In: "https://bsky.app/profile/ada.example.org/post/", Kind: extract.TargetOther},
		{In: "https://bsky.app/profile/ada/post/" + key, Kind: extract.TargetOther},
		{In: "https://bsky.app/profile/did:plc:short/post/" + key, Kind: extract.TargetOther},
		{In: "https://bsky.app/intent/compose?text=x", Kind: extract.TargetIntent},
		{In: "https://bsky.app/search?q=x", Kind: extract.TargetOther},
		{In: "https://go.bsky.app/AbCd", Kind: extract.TargetOther},
		{In: "https://docs.bsky.app/docs"},
		{In: "https://notbsky.app/profile/ada.example.org/post/" + key},
		{In: "https://bsky.app.evil.example/profile/ada.example.org/post/" + key},
		{In: "https://bsky.social/about"},
	}...)
	sitetest.URLs(t, Site{}, table)
}

func TestPostByID(t *testing.T) {
	for _, s := range []string{uri + "3kabcdefghijk", did + "/app.bsky.feed.post/3kabcdefghijk"} {
		if got, ok := (Site{}).PostByID(s); !ok || got.Ref.ID != uri+"3kabcdefghijk" {
			t.Errorf("%s: got %+v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "3kabcdefghijk", "at://" + did + "/app.bsky.feed.repost/3kabcdefghijk", "at://x/app.bsky.feed.post/1"} {
		if got, ok := (Site{}).PostByID(s); ok {
			t.Errorf("%s: got %+v", s, got)
		}
	}
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://bsky.app/profile/ada.example.org/post/3kabcdefghijk", "https://embed.bsky.app/embed/"+did+"/app.bsky.feed.post/x.y:z~",
		"https://bsky.app/profile/did:web:example.org/post/a..", "https://embed.bsky.app/oembed?url=at://"+did+"/app.bsky.feed.post/1")
}

func TestBlobDigest(t *testing.T) {
	const get = "https://pds.example/xrpc/com.atproto.sync.getBlob?did=did%3Aplc%3Aabc&cid="
	sum := sha256.Sum256([]byte("low tide"))
	name := func(head ...byte) string {
		return "b" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(append(head, sum[:]...)))
	}
	if got, ok := BlobDigest(get + name(1, 0x55, 0x12, 32)); !ok || got != sum {
		t.Errorf("got %x, %t", got, ok)
	}
	for _, address := range []string{"", get, get + "bafkrei", get + name(1, 0x71, 0x12, 32), get + name(1, 0x55, 0x13, 32), get + strings.ToUpper(name(1, 0x55, 0x12, 32)),
		get + "z" + name(1, 0x55, 0x12, 32)[1:], "https://cdn.bsky.app/img/feed_fullsize/plain/did:plc:abc/" + name(1, 0x55, 0x12, 32) + "@jpeg"} {
		if got, ok := BlobDigest(address); ok {
			t.Errorf("%s: %x", address, got)
		}
	}
}
