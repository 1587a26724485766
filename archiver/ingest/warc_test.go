package ingest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
)

// recorded is a record of a web archive as a test writes it.
type recorded struct {
	kind, address, fields string
	// status and head are those of the answer, body what was sent.
	status int
	head   string
	body   string
	// digest replaces the digest of the payload; "-" is none.
	digest string
	// version is 1.1 where it is empty.
	version string
}

func (r *recorded) bytes() []byte {
	block := fmt.Sprintf("HTTP/1.1 %d X\r\n%s\r\n%s", cmp.Or(r.status, 200), r.head, r.body)
	if r.kind == "resource" {
		block = r.body
	}
	payload := sha1.Sum([]byte(r.body))
	digest := cmp.Or(r.digest, "sha1:"+base32.StdEncoding.EncodeToString(payload[:]))
	sum := sha256.Sum256([]byte(block))
	var b strings.Builder
	fmt.Fprintf(&b, "WARC/%s\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%x>\r\nWARC-Date: 2022-11-09T00:00:00Z\r\nWARC-Target-URI: %s\r\n",
		cmp.Or(r.version, "1.1"), cmp.Or(r.kind, "response"), sum[:16], r.address)
	if digest != "-" {
		fmt.Fprintf(&b, "WARC-Payload-Digest: %s\r\n", digest)
	}
	media := "application/http;msgtype=response"
	if r.kind == "resource" {
		media = "application/json"
	}
	fmt.Fprintf(&b, "WARC-Block-Digest: sha256:%s\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", hex.EncodeToString(sum[:]), r.fields, media, len(block), block)
	return []byte(b.String())
}

// warcOf makes a file of records, each packed on its own.
func warcOf(pack bool, records ...recorded) []byte {
	var out bytes.Buffer
	for i := range records {
		if !pack {
			out.Write(records[i].bytes())
			continue
		}
		z := gzip.NewWriter(&out)
		_, _ = z.Write(records[i].bytes())
		_ = z.Close()
	}
	return out.Bytes()
}

const (
	asJSON   = "Content-Type: application/json; charset=utf-8\r\n"
	asHTML   = "Content-Type: text/html; charset=utf-8\r\n"
	bluePost = `{"uri":"at://did:plc:adaadaadaadaadaadaadaada/app.bsky.feed.post/3lq2abcdefg2a","cid":"bafyreib2rxk3rybk3aobmv5cjuql3bm2twh4jo5uxgf5kpqcsgz7soitae",` +
		`"author":{"did":"did:plc:adaadaadaadaadaadaadaada","handle":"ada.example.org"},"record":{"$type":"app.bsky.feed.post","text":"A blue boat","createdAt":"2025-05-01T10:00:00.000Z"},"indexedAt":"2025-05-01T10:00:00.000Z"}`
	toot = `{"id":"112233445566778899","created_at":"2024-04-01T10:00:00.000Z","uri":"https://harbour.example/users/ada/statuses/112233445566778899",` +
		`"url":"https://harbour.example/@ada/112233445566778899","content":"<p>A boat of the harbour</p>","visibility":"public","account":{"id":"1","username":"ada","acct":"ada","url":"https://harbour.example/@ada"}}`
	syndicated = `{"__typename":"Tweet","id_str":"1590000000000000001","text":"a boat","created_at":"2022-11-08T09:00:00.000Z","user":{"id_str":"7","name":"Ada","screen_name":"ada"}}`
	oembedded  = `{"url":"https://twitter.com/ada/status/1590000000000000004","author_name":"Ada","author_url":"https://twitter.com/ada","html":"<blockquote class=\"twitter-tweet\"><p lang=\"en\" dir=\"ltr\">a small boat</p>&mdash; Ada (@ada) <a href=\"https://twitter.com/ada/status/1590000000000000004?ref_src=x\">November 8, 2022</a></blockquote>","type":"rich","version":"1.0"}`
	v2Answer   = `{"data":{"id":"1590000000000000005","text":"a v2 boat","author_id":"7","created_at":"2022-11-08T09:05:00.000Z"},"includes":{"users":[{"id":"7","name":"Ada","username":"ada"}]}}`
	story      = `<html><body><article><h1>Boats</h1><p>They came early, as was seen by everybody on the pier that morning.</p>` +
		`<blockquote class="twitter-tweet"><p lang="en" dir="ltr">a quoted boat</p>&mdash; Ada (@ada) <a href="https://twitter.com/ada/status/1590000000000000006">November 8, 2022</a></blockquote></article></body></html>`
)

// Each kind of answer that web archives hold is read by the parser of its shape.
func TestRecordedAnswers(t *testing.T) {
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(syndicated), syndicated)
	dechunked := sha256.Sum256([]byte(syndicated))
	const cdn = "https://cdn.syndication.twimg.com/tweet-result?id=1590000000000000001&lang=en"
	for _, tt := range []struct {
		name string
		r    recorded
		// want is the post and its words, or else the reason why there is none.
		want, reason string
	}{
		{"syndication", recorded{address: cdn, head: asJSON, body: syndicated}, "twitter:1590000000000000001 a boat", ""},
		{"in brackets, 1.0", recorded{address: "<" + cdn + ">", head: asJSON, body: syndicated, version: "1.0"}, "twitter:1590000000000000001 a boat", ""},
		{"gzip", recorded{address: cdn, head: asJSON + "Content-Encoding: gzip\r\n", body: string(packed("gzip", syndicated))}, "twitter:1590000000000000001 a boat", ""},
		{"gzip taken off", recorded{address: cdn, head: asJSON + "Content-Encoding: gzip\r\n", body: syndicated}, "twitter:1590000000000000001 a boat", ""},
		{"chunked", recorded{address: cdn, head: asJSON + "Transfer-Encoding: chunked\r\n", body: chunked, digest: "sha256:" + hex.EncodeToString(dechunked[:])}, "twitter:1590000000000000001 a boat", ""},
		{"chunked, digest of chunks", recorded{address: cdn, head: asJSON + "Transfer-Encoding: chunked\r\n", body: chunked}, "twitter:1590000000000000001 a boat", ""},
		{"resource", recorded{kind: "resource", address: cdn, body: syndicated}, "twitter:1590000000000000001 a boat", ""},
		{"v1.1", recorded{address: "https://api.twitter.com/1.1/statuses/show.json?id=1", head: asJSON, body: status(1590000000000000002, "an old boat")}, "twitter:1590000000000000002 an old boat", ""},
		{"v1.1 list", recorded{address: "https://api.twitter.com/1.1/search/tweets.json", head: asJSON, body: `{"statuses":[` + status(1590000000000000003, "found") + `]}`}, "twitter:1590000000000000003 found", ""},
		{"v2", recorded{address: "https://api.twitter.com/2/tweets/1590000000000000005", head: asJSON, body: v2Answer}, "twitter:1590000000000000005 a v2 boat", ""},
		{"oembed", recorded{address: "https://publish.twitter.com/oembed?url=https://twitter.com/ada/status/1590000000000000004", head: asJSON, body: oembedded}, "twitter:1590000000000000004 a small boat", ""},
		{"bluesky", recorded{address: "https://public.api.bsky.app/xrpc/app.bsky.feed.getPosts?uris=x", head: asJSON, body: `{"posts":[` + bluePost + `]}`},
			"bluesky:at://did:plc:adaadaadaadaadaadaadaada/app.bsky.feed.post/3lq2abcdefg2a A blue boat", ""},
		{"bluesky feed", recorded{address: "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=x", head: asJSON, body: `{"feed":[{"post":` + bluePost + `}]}`},
			"bluesky:at://did:plc:adaadaadaadaadaadaadaada/app.bsky.feed.post/3lq2abcdefg2a A blue boat", ""},
		{"bluesky of a stranger", recorded{address: "https://evil.example/xrpc/app.bsky.feed.getPosts?uris=x", head: asJSON, body: `{"posts":[` + bluePost + `]}`}, "", "Bluesky's own servers"},
		{"mastodon", recorded{address: "https://harbour.example/api/v1/statuses/112233445566778899", head: asJSON, body: toot}, "mastodon:harbour.example/112233445566778899 A boat of the harbour", ""},
		{"mastodon list", recorded{address: "https://harbour.example/api/v1/accounts/1/statuses", head: asJSON, body: "[" + toot + "]"}, "mastodon:harbour.example/112233445566778899 A boat of the harbour", ""},
		{"article", recorded{address: "https://gazette.example/boats", head: asHTML, body: story}, "twitter:1590000000000000006 a quoted boat", ""},
		{"article without posts", recorded{address: "https://gazette.example/x", head: asHTML, body: "<p>nothing</p>"}, "", "shows no post"},
		{"not found", recorded{address: cdn, status: 404, head: asJSON, body: "{}"}, "", "no success"},
		{"of another post", recorded{address: "https://twitter.com/ada/status/1590000000000000009", head: asJSON, body: syndicated}, "", "does not show the post"},
		{"digest", recorded{address: cdn, head: asJSON, body: syndicated, digest: "sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, "", "another digest"},
		{"digest of no kind", recorded{address: cdn, head: asJSON, body: syndicated, digest: "crc:12"}, "", "no kind that is known"},
		{"no digest", recorded{address: cdn, head: asJSON, body: syndicated, digest: "-"}, "twitter:1590000000000000001 a boat", ""},
		{"revisit", recorded{kind: "revisit", address: cdn, head: asJSON}, "", "repeats another record"},
		{"segment", recorded{address: cdn, head: asJSON, body: syndicated, fields: "WARC-Segment-Number: 1\r\n"}, "", "segments"},
		{"truncated", recorded{address: cdn, head: asJSON, body: syndicated[:40], fields: "WARC-Truncated: length\r\n"}, "", "not what the interfaces"},
		{"picture", recorded{address: "https://pbs.twimg.com/media/x.png", head: "Content-Type: image/png\r\n", body: picture}, "", "holds nothing"},
		{"of no web", recorded{address: "urn:x", head: asJSON, body: syndicated}, "", "no address of the web"},
		{"request", recorded{kind: "request", address: cdn}, "", ""},
		{"metadata", recorded{kind: "metadata", address: cdn}, "", ""},
	} {
		for _, pack := range []bool{false, true} {
			a := newArchive(t)
			a.o.Finder = extract.NewFinder(sites.All())
			file := warcOf(pack, tt.r, recorded{kind: "warcinfo"})
			if err := a.give(t, "file.warc", file); err != nil {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			if tt.want == "" && tt.reason == "" {
				if len(a.items) != 0 {
					t.Errorf("%s: the items are %+v", tt.name, a.items)
				}
				continue
			}
			if len(a.items) != 1 || a.items[0].Offset != 0 || a.items[0].Length <= 0 {
				t.Errorf("%s: the items are %+v", tt.name, a.items)
				continue
			}
			i := a.items[0]
			if tt.reason != "" {
				if i.Outcome != Skipped || !strings.Contains(i.Reason, tt.reason) {
					t.Errorf("%s: the item is %+v", tt.name, i)
				}
				continue
			}
			ref, err := post.ParseRef(i.Target)
			if err != nil || i.Outcome != Kept {
				t.Errorf("%s: the item is %+v", tt.name, i)
				continue
			}
			h, err := a.o.Archive.History(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			if got := i.Target + " " + h.Best().Content.Post.Text; got != tt.want {
				t.Errorf("%s: it is %q", tt.name, got)
			}
			part := h.Captures[0].Content.Part
			if part.URL != strings.Trim(tt.r.address, "<>") || !part.Time.Equal(time.Date(2022, 11, 9, 0, 0, 0, 0, time.UTC)) || h.Captured() {
				t.Errorf("%s: the part is %+v", tt.name, part)
			}
			if !slices.ContainsFunc(h.Derivations[0].Content.Notes, func(n string) bool { return strings.Contains(n, "2022-11-09T00:00:00Z, as the file says") }) {
				t.Errorf("%s: the notes are %q", tt.name, h.Derivations[0].Content.Notes)
			}
			head, _ := a.o.Archive.Backend().Head(t.Context())
			if err := a.give(t, "again.warc", file); err != nil {
				t.Fatal(err)
			}
			if again, _ := a.o.Archive.Backend().Head(t.Context()); again != head || a.count(Skipped) != 1 {
				t.Errorf("%s: a second import added %d records", tt.name, again-head)
			}
		}
	}
}

// Of a file that is cut or damaged, what stands before the damage is kept.
func TestDamagedWARC(t *testing.T) {
	good := recorded{address: "https://cdn.syndication.twimg.com/tweet-result?id=1590000000000000001", head: asJSON, body: syndicated}
	other := recorded{address: "https://api.twitter.com/1.1/statuses/show.json", head: asJSON, body: status(1590000000000000002, "later")}
	for _, pack := range []bool{false, true} {
		whole := warcOf(pack, good, other)
		for _, cut := range []int{len(whole) - 30, len(warcOf(pack, good)) + 20} {
			a := newArchive(t)
			err := a.give(t, "cut.warc", whole[:cut])
			if err == nil || !strings.Contains(err.Error(), "what stands before was imported") || a.count(Kept) != 1 {
				t.Errorf("cut at %d: %v, %+v", cut, err, a.items)
			}
		}
	}
}

// packageOfWARC makes a WACZ file with one web archive.
func packageOfWARC(t testing.TB, file []byte, hash string, more ...string) []byte {
	return zipOf(t, nil, append([]string{"archive/data.warc.gz", string(file), "datapackage.json",
		fmt.Sprintf(`{"profile":"data-package","wacz_version":"1.1.1","resources":[{"name":"data.warc.gz","path":"archive/data.warc.gz","hash":%q,"bytes":%d}]}`, hash, len(file))}, more...)...)
}

func TestWACZ(t *testing.T) {
	file := warcOf(true, recorded{address: "https://cdn.syndication.twimg.com/tweet-result?id=1590000000000000001", head: asJSON, body: syndicated})
	hash := store.DigestOf(file).String()
	a := newArchive(t)
	whole := packageOfWARC(t, file, hash)
	if err := a.give(t, "page.wacz", whole); err != nil || a.count(Kept) != 1 || a.items[0].Member != "archive/data.warc.gz" {
		t.Fatalf("%+v, %v", a.items, err)
	}
	p, err := a.o.Archive.List(t.Context(), store.Query{Term: store.BlobTerm(store.DigestOf(whole)), Kinds: []store.Kind{store.KindImport}})
	if err != nil || len(p.Records) != 1 {
		t.Errorf("the file is not kept as it is: %v, %v", p, err)
	}
	if err := a.give(t, "page.wacz", whole); err != nil || a.count(Skipped) != 1 {
		t.Errorf("again: %+v, %v", a.items, err)
	}
	for name, bad := range map[string][]byte{
		"digest": packageOfWARC(t, file, store.DigestOf([]byte("x")).String()), "none": packageOfWARC(t, file, ""),
		"leads out": packageOfWARC(t, file, hash, "../x", "y"), "twice": packageOfWARC(t, file, hash, "archive/data.warc.gz", "y"),
		"description": zipOf(t, nil, "archive/data.warc.gz", string(file), "datapackage.json", "{"),
	} {
		a := newArchive(t)
		err := a.give(t, "bad.wacz", bad)
		if a.count(Kept) != 0 || err == nil && a.count(Skipped) != 1 {
			t.Errorf("%s: %+v, %v", name, a.items, err)
		}
		if head, _ := a.o.Archive.Backend().Head(t.Context()); err != nil && head != 0 {
			t.Errorf("%s: something of it is kept", name)
		}
	}
}
