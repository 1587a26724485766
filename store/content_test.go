package store_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"stet/extract/post"
	"stet/store"
)

// contents holds one content of each kind with every member set.
func contents() []store.Content {
	ref := post.Ref{Platform: post.Mastodon, ID: "social.example/7"}
	id := func(n byte) store.ID { return store.ID{n} }
	d := store.DigestOf([]byte("d"))
	at := noon().Add(123456 * time.Microsecond)
	return []store.Content{
		&store.Exchange{Started: at, Method: "POST", URL: "https://cdn.example/?q=<&>", Purpose: "post", Took: 12345,
			Address: "[2001:db8::1]:443", Proxy: "http", Protocol: "http/1.1",
			TLS:      &store.TLS{Version: "tls/1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "cdn.example", Chain: d},
			Redacted: []string{"Authorization"}, Status: 200, Error: "cut off", ErrorClass: "network",
			Body: store.Body{Size: 3, Digest: store.DigestOf([]byte("\x00\xff<")), Chunked: true, Truncated: "length", Type: "text/html",
				Blob: d, SameAs: id(1), Withheld: true, Inline: []byte("\x00\xff<")},
			Refs: []post.Ref{ref}, Private: true, Access: "*.cdn.example", RequestHead: []byte("POST / HTTP/1.1\r\n\r\n"), RequestBody: []byte("b"),
			ResponseHead: []byte("HTTP/1.1 200 OK\r\n\r\n")},
		&store.Capture{Time: at, Kind: store.CapturePost, Ref: ref, URL: "https://social.example/@ada/7", Source: post.SourceAPI,
			Exchanges: []store.ID{id(1), id(2)}, Media: []store.MediaFile{{URL: "u", Digest: d, Size: 1, Type: "image/png", Role: "poster",
				Exchange: id(2), Reused: true, Error: "e"}}, Article: id(3), Part: store.ImportPart{Import: id(6), Offset: 3, Length: 4}, Round: id(4), Revisit: id(5), Via: ref, Trigger: "person", Operator: "desk", Case: "c", Note: "n", Machine: "m",
			Private: true, Software: "stet/1"},
		&store.Derivation{Time: at, Capture: id(1), Parser: "mastodon@1", Source: post.SourceAPI, Ref: ref, Notes: []string{"<n>"},
			Post: post.Post{Platform: ref.Platform, ID: ref.ID, Text: "🌉 <b>&amp;", Author: post.Author{ID: "7", Name: "Ada", Handle: "ada"},
				Media: []post.Media{}, Quoted: ref, Posted: at, Extra: map[string]json.RawMessage{"mood": json.RawMessage(`[1.50,"<"]`)}}},
		&store.Look{Time: at, Ref: ref, Result: post.Deleted, Explicit: true, Endpoint: "api", Exchange: id(1), Reason: "r", Round: id(2),
			Account: true, Quarantined: true, Trigger: "schedule"},
		&store.Verdict{Time: at, Ref: ref, Status: post.Deleted, Confirmed: true, Event: "gone", LastLive: at, FirstGone: at, ConfirmedAt: at,
			Looks: []store.ID{id(1)}, Rules: 1, Reason: "r"},
		&store.ArticleVersion{Time: at, URL: "https://gazette.example/a", Key: "gazette.example/a", Canonical: "c", Title: "t", SiteName: "s",
			Authors: []string{"a"}, Published: at, Modified: at, Language: "en", Exchange: id(1), Content: d, Origin: "web", Private: true,
			Mentions: []store.Mention{{Kind: "embed", Ref: ref, Platform: ref.Platform, URL: "u", Markup: "m", Positions: []int{1, 2}, Before: "b",
				Anchor: "a", Quoted: store.Quotation{Text: "q", Name: "n", Handle: "h", Date: "d", Links: []string{"l"}}, Fragment: "<f>"}, {Kind: "link"}},
			Links: []store.ArticleLink{{URL: "u", Anchor: "a", Positions: []int{3}}}, Warnings: []string{"w"}, Finder: "1", Text: "Ein Absatz."},
		&store.Resolution{Time: at, Article: id(1), Mention: 2, Ref: ref, Method: "quotation", Confidence: 0.625, Candidates: []post.Ref{ref},
			Exchanges: []store.ID{id(2)}, Reason: "r"},
		&store.Discovery{Time: at, Source: "desk", URL: "https://gazette.example/a", Title: "t", Published: at, Modified: at},
		&store.Incident{Time: at, Event: "source-failing", Subject: "desk", Text: "The source cannot be read."},
		&store.PageReading{Time: at, Capture: id(1), Parser: "page@1", URL: "https://ferry.example/a", Final: "https://ferry.example/b", Status: 200,
			Type: "text/html", Label: store.LabelLogin, Why: "w", Canonical: "c", Title: "t", SiteName: "s", Language: "en", Links: []string{"l"},
			Digest: d, Size: 9, Drift: 0.25, Text: "Ein Absatz."},
		&store.PageLook{Time: at, URL: "https://ferry.example/a", Result: store.PageDrifted, Final: "f", Status: 200, Label: store.LabelParked,
			Drift: 0.75, Exchange: id(1), Capture: id(2), Unchanged: true, Reason: "r", Trigger: "schedule"},
		&store.Drawing{Time: at, Ref: ref, URL: "u", Final: "f", Title: "t", Of: id(1), Picture: d, PictureSize: 1, Cut: true, Page: d, PageSize: 2,
			Browser: "b", Notes: []string{"n"}, Private: true, Software: "s"},
		&store.Approval{Time: at, Ref: ref, Account: "twitter:#7", Revoked: true, Operator: "o", Note: "n"},
		&store.Hold{Time: at, Ref: ref, Accounts: []string{"twitter:#7"}, Released: true, Operator: "o", Reason: "r"},
		&store.Takedown{Time: at, Ref: ref, Accounts: []string{"twitter:#7"}, Act: store.TakedownRefuse, Operator: "o", Reason: "r", Basis: "b"},
		&store.Audit{Time: at, Actor: "a", How: "session", Action: "capture", Targets: []string{"twitter:20"}, Jobs: []store.ID{id(1)}, Reason: "r"},
		&store.Stamp{Time: at, Form: store.StampRFC3161, Size: 7, Root: d, By: "https://tsa.example/", Of: id(1), State: store.StampFailed, At: at,
			Exchanges: []store.ID{id(2)}, Error: "e", ErrorClass: "network", Trigger: "schedule", Body: []byte{0x30, 0}},
		&store.Case{Time: at, Case: id(1), Act: store.CaseAdd, Title: "t", Text: "x", Member: store.CaseMember{Ref: ref, Article: "a", Page: "p"},
			Tags: []string{"g"}, Seen: 3, By: "b"},
		&store.Submission{Time: at, URL: "https://ferry.example/a", Of: id(1), Archive: "web.archive.org", Job: "j",
			Memento: store.Memento{Archive: "web.archive.org", URL: "u", Original: "o", Time: at}, Code: "error:no-access", Reason: "r", Exchange: id(2)},
		&store.Import{Time: at, Name: "a.zip!data/tweets.js", Format: "twitter-archive", Content: d, Size: 9, Private: true, Software: "stet/1"},
		&store.Redaction{Time: at, Act: store.RedactionSeal, Takedown: id(1), Records: []store.RedactedRecord{{ID: id(2), Fields: []string{"post"}}},
			Operator: "o", Reason: "r", Sealed: []store.Digest{d}},
		&store.Retention{Time: at, Act: store.RetentionSeal, URLs: []string{"https://quiet.example/plan"}, Refs: []post.Ref{ref}, Pages: []string{"https://linked.example/"},
			Sources: []string{"desk"}, Source: "desk", Keep: time.Hour, Changed: at, Ends: at, Spared: true, Operator: "o", Reason: "r"},
		&store.Privacy{Time: at, Ref: ref, Aliases: []post.Ref{ref}, URL: "https://quiet.example/plan", Source: "desk", Lifted: true, Operator: "o", Reason: "r"},
		&store.Watch{Time: at, Ref: ref, Account: "mastodon:ada", Source: "desk", Every: time.Hour, Until: at, Operator: "o"},
	}
}

// TestContentsAreComplete keeps the list above up to date.
func TestContentsAreComplete(t *testing.T) {
	listed := map[store.Kind]bool{}
	for _, c := range contents() {
		listed[newRecord(t, c).Kind] = true
	}
	for _, k := range store.Kinds() {
		if k.Typed() != listed[k] {
			t.Errorf("%s has typed content: %v; the tests have some: %v", k, k.Typed(), listed[k])
		}
	}
}

func newRecord(t testing.TB, c store.Content) store.Record {
	t.Helper()
	r, err := store.NewRecord(store.ID{1}, store.Salt{2}, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestContentRoundTrip(t *testing.T) {
	for _, want := range contents() {
		r := newRecord(t, want)
		got, err := store.DecodeAny(&r)
		if err != nil {
			t.Errorf("%s: %v", r.Kind, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (- wanted, + got):\n%s", r.Kind, d)
		}
		if got := store.TermsOf(got); !slices.Equal(got, r.Terms) {
			t.Errorf("%s: the terms of the decoded content are %v, want %v", r.Kind, got, r.Terms)
		}
	}
}

func TestRecordTimeIsUTCToTheMicrosecond(t *testing.T) {
	at := time.Date(2026, 3, 14, 12, 0, 0, 123456789, time.FixedZone("east", 7200))
	r := newRecord(t, &store.Look{Time: at, Ref: look(1).Ref})
	if want := time.Date(2026, 3, 14, 10, 0, 0, 123456000, time.UTC); r.Time != want {
		t.Errorf("the time is %v, want %v", r.Time, want)
	}
}

// TestDecodeWithoutFields removes each field in turn: the rest is as it was.
func TestDecodeWithoutFields(t *testing.T) {
	for _, c := range contents() {
		whole := newRecord(t, c)
		for _, f := range whole.Fields {
			r := whole.Remove(f.Name)
			got, err := store.DecodeAny(&r)
			if err != nil {
				t.Errorf("%s without %s: %v", r.Kind, f.Name, err)
				continue
			}
			again, err := store.NewRecord(r.ID, store.Salt{2}, got)
			if err != nil {
				t.Errorf("%s without %s: %v", r.Kind, f.Name, err)
				continue
			}
			for _, other := range whole.Fields {
				if other.Name != f.Name && string(again.Field(other.Name)) != string(other.Value) {
					t.Errorf("%s without %s: the field %s became %q", r.Kind, f.Name, other.Name, again.Field(other.Name))
				}
			}
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	r := newRecord(t, look(1))
	if _, err := store.Decode[store.Capture](&r); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("another kind: %v", err)
	}
	newer := r
	newer.Schema = store.SchemaVersion + 1
	if _, err := store.Decode[store.Look](&newer); !errors.Is(err, store.ErrVersion) {
		t.Errorf("a newer version: %v", err)
	}
	bad := newRecord(t, look(1))
	bad.Fields[0].Value = []byte(`{"ref":7}`)
	if _, err := store.DecodeAny(&bad); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("damaged content: %v", err)
	}
	note := store.Record{Kind: store.KindNote, Schema: 1}
	if c, err := store.DecodeAny(&note); c != nil || err != nil {
		t.Errorf("a note: %v, %v", c, err)
	}
	verdict := &store.Verdict{Time: noon(), LastLive: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := store.NewRecord(store.ID{1}, store.Salt{1}, verdict); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("content that cannot be encoded: %v", err)
	}
}

func TestReferences(t *testing.T) {
	want := map[store.Kind][]store.ID{
		store.KindExchange:   {{1}},
		store.KindCapture:    {{1}, {2}, {2}, {3}, {4}, {5}, {6}},
		store.KindDerivation: {{1}},
		store.KindLook:       {{1}, {2}},
		store.KindVerdict:    {{1}},
		store.KindArticle:    {{1}},
		store.KindResolution: {{1}, {2}},
		store.KindPage:       {{1}},
		store.KindPageLook:   {{1}, {2}},
		store.KindDrawing:    {{1}},
		store.KindStamp:      {{1}, {2}},
		store.KindCase:       {{1}},
		store.KindSubmission: {{1}, {2}},
		store.KindRedaction:  {{1}, {2}},
	}
	for _, c := range contents() {
		kind := newRecord(t, c).Kind
		if d := cmp.Diff(want[kind], store.References(c)); d != "" {
			t.Errorf("%s (- wanted, + got):\n%s", kind, d)
		}
	}
	if ids := store.References(&store.Capture{Exchanges: []store.ID{{}}}); len(ids) > 0 {
		t.Errorf("a capture without references refers to %v", ids)
	}
}

// FuzzContent: what can be decoded is encoded and decoded to the same content
// with the same terms, whoever wrote it.
func FuzzContent(f *testing.F) {
	for _, c := range contents() {
		r := newRecord(f, c)
		second := []byte("{}")
		if len(r.Fields) > 1 {
			second = r.Fields[1].Value
		}
		f.Add(r.Kind.Number(), r.Fields[0].Value, second)
	}
	f.Add(byte(3), []byte(`{"ref":"twitter:1","x":1}`), []byte(`{"media":null,"Mood":{"a":[1e400]},"text":"\ud800"}`))
	f.Fuzz(func(t *testing.T, kind byte, meta, second []byte) {
		k, ok := store.KindOf(kind)
		if !ok {
			return
		}
		r := store.Record{ID: store.ID{1}, Kind: k, Schema: 1, Time: noon(), Salt: store.Salt{1}, Fields: []store.Field{{Name: "meta", Value: meta},
			{Name: "body-info", Value: second}, {Name: "post", Value: second}, {Name: "text", Value: second}, {Name: "body", Value: second}}}
		content, err := store.DecodeAny(&r)
		if err != nil || content == nil {
			if err != nil && !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("got %v", err)
			}
			return
		}
		again, err := store.NewRecord(r.ID, r.Salt, content)
		if err != nil {
			t.Fatalf("%+v cannot be encoded: %v", content, err)
		}
		back, err := store.DecodeAny(&again)
		if err != nil {
			t.Fatalf("%+v cannot be decoded: %v", content, err)
		}
		if d := cmp.Diff(content, back, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("the content changed (- was, + is):\n%s", d)
		}
		if got := store.TermsOf(back); !slices.Equal(got, again.Terms) {
			t.Errorf("the terms are %v, were %v", got, again.Terms)
		}
	})
}
