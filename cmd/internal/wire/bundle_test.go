package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/cmd/internal/config"
	"stet/extract/post"
	"stet/store"
	"stet/store/evidence"
)

// evidenceWorld is an archive in a folder with one post that an article shows.
type evidenceWorld struct {
	testing.TB
	ctx context.Context
	a   *Archive
	now time.Time
	ref post.Ref
	tsa *fakenet.TSA
}

func newEvidenceWorld(t testing.TB) *evidenceWorld {
	t.Helper()
	w := &evidenceWorld{TB: t, ctx: context.Background(), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), ref: post.Ref{Platform: post.Twitter, ID: "1990000000000000001"}}
	c := config.Default()
	c.Data = t.TempDir()
	var err error
	w.a, err = Open(w.ctx, c, Options{Now: func() time.Time { return w.now }, Random: rand.Reader})
	w.must(err)
	t.Cleanup(func() { w.must(w.a.Close()) })
	net := fakenet.New(fakenet.Options{Now: func() time.Time { return w.now }})
	t.Cleanup(func() { w.must(net.Close()) })
	w.tsa = net.TSA("tsa.example")
	w.capture(false, "Ada F.", "the bells rang at noon")
	return w
}

func (w *evidenceWorld) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *evidenceWorld) exchange(url, mediaType, body string) *store.Exchange {
	x := &store.Exchange{Started: w.now, Method: "GET", URL: url, Purpose: "post", Took: 40 * time.Millisecond, Address: "192.0.2.7:443", Protocol: "http/1.1",
		Status: 200, Refs: []post.Ref{w.ref}, RequestHead: []byte("GET /a HTTP/1.1\r\nHost: cdn.example\r\n\r\n"),
		ResponseHead: []byte("HTTP/1.1 200 OK\r\nContent-Type: " + mediaType + "\r\nTransfer-Encoding: chunked\r\nDate: Mon, 02 Mar 2026 09:00:00 GMT\r\n\r\n"),
		TLS:          &store.TLS{Version: "tls/1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "cdn.example", ChainPEM: []byte("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")},
		Body:         store.Body{Size: int64(len(body)), Digest: store.DigestOf([]byte(body)), Type: mediaType, Chunked: true, Inline: []byte(body)}}
	return x
}

// capture adds what a capture adds.
func (w *evidenceWorld) capture(private bool, operator, text string) {
	w.Helper()
	b := w.a.Archive.Begin()
	add := func(c store.Content) store.ID {
		w.Helper()
		id, err := b.Add(w.ctx, c)
		w.must(err)
		return id
	}
	page := add(w.exchange("https://news.example/story", "text/html", "<p>He said it.</p>"+strings.Repeat("x", 200)))
	article := add(&store.ArticleVersion{Time: w.now, URL: "https://news.example/story", Key: "news.example/story", Title: "Bells", Origin: "web", Source: "front", Finder: "1", Exchange: page, Private: private,
		Mentions: []store.Mention{{Kind: "embed", Ref: w.ref, Markup: "blockquote", Positions: []int{3}, Before: "He said <it>.", Fragment: "<blockquote>"}}})
	answer := add(w.exchange("https://cdn.example/tweet?id=1", "application/json", fmt.Sprintf(`{"text":%q,"pad":%q}`, text, strings.Repeat("y", 2100))))
	again := add(w.exchange("https://cdn.example/tweet?id=1", "application/json", fmt.Sprintf(`{"text":%q,"pad":%q}`, text, strings.Repeat("y", 2100))))
	picture := []byte("\x89PNG\r\n\x1a\n" + strings.Repeat("p", 1000) + text)
	info, err := w.a.Archive.PutBlob(w.ctx, bytes.NewReader(picture), 0)
	w.must(err)
	x := w.exchange("https://pic.example/1.png", "image/png", "")
	x.Body = store.Body{Size: info.Size, Digest: info.Digest, Type: "image/png", Blob: info.Digest}
	download := add(x)
	capture := add(&store.Capture{Time: w.now, Kind: store.CapturePost, Ref: w.ref, URL: "https://x.com/i/status/" + w.ref.ID, Source: post.SourcePublic, Exchanges: []store.ID{answer, again},
		Article: article, Trigger: "person", Operator: operator, Case: "riverside", Note: "for Monday", Machine: "desk-7", Software: "stet/1", Private: private,
		Media: []store.MediaFile{{URL: "https://pic.example/1.png", Digest: info.Digest, Size: info.Size, Type: "image/png", Exchange: download}}})
	add(&store.Derivation{Time: w.now, Capture: capture, Parser: "twitter@1", Source: post.SourcePublic, Ref: w.ref,
		Post: post.Post{Platform: w.ref.Platform, ID: w.ref.ID, Text: text, Author: post.Author{ID: "7", Name: "Ada <Fenwick>", Handle: "ada"}}})
	add(&store.Look{Time: w.now, Ref: w.ref, Result: post.Live, Endpoint: "syndication", Exchange: answer})
	_, err = b.Commit(w.ctx)
	w.must(err)
}

// stamped signs a head and has it stamped at a time.
func (w *evidenceWorld) stamped(at time.Time) {
	w.Helper()
	log, err := w.a.Heads.Log()
	w.must(err)
	s, err := log.Checkpoint(w.ctx, "person")
	w.must(err)
	body, err := w.tsa.Stamp(s.Message, at)
	w.must(err)
	b := w.a.Archive.Begin()
	_, err = b.Add(w.ctx, &store.Stamp{Time: w.now, Form: store.StampRFC3161, Size: uint64(s.Size), By: "https://tsa.example/tsa", Of: s.Record, State: store.StampComplete, At: at, Body: body})
	w.must(err)
	_, err = b.Commit(w.ctx)
	w.must(err)
}

func (w *evidenceWorld) bundle(audience string) []byte {
	w.Helper()
	var out bytes.Buffer
	_, err := w.a.Bundle(w.ctx, &out, Bundling{Refs: []post.Ref{w.ref}, For: audience, Software: "stet/1"})
	w.must(err)
	return out.Bytes()
}

// believing is who trusts the archive's key and the authority.
func (w *evidenceWorld) believing() *Verifying {
	w.Helper()
	log, err := w.a.Heads.Log()
	w.must(err)
	key, err := log.Key(w.ctx)
	w.must(err)
	v := &Verifying{Software: "stet/1"}
	v.Now = w.now.Add(time.Hour)
	v.Keys, err = evidence.NewTrust(key.Public)
	w.must(err)
	v.Authorities, err = evidence.Pool(w.tsa.Roots)
	w.must(err)
	return v
}

func (w *evidenceWorld) verify(b []byte, v *Verifying) (all []VerifiedPart, counts map[evidence.Result]int) {
	w.Helper()
	parts, err := VerifyFile(w.ctx, bytes.NewReader(b), int64(len(b)), v)
	w.must(err)
	counts = map[evidence.Result]int{}
	for _, p := range parts {
		counts[p.Result]++
	}
	return parts, counts
}

func TestBundleIsVerified(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	for _, audience := range []string{"internal", "court", "public"} {
		b := w.bundle(audience)
		if again := w.bundle(audience); !bytes.Equal(b, again) {
			t.Errorf("%s: the same bundle has other bytes the second time", audience)
		}
		parts, counts := w.verify(b, w.believing())
		if counts[evidence.Wrong] > 0 || counts[evidence.Unverifiable] > 0 {
			for _, p := range parts {
				if p.Result != evidence.Verified {
					t.Errorf("%s: %+v", audience, p)
				}
			}
		}
		_, counts = w.verify(b, &Verifying{Believed: evidence.Believed{Now: w.now}})
		if counts[evidence.Wrong] > 0 || counts[evidence.Unverifiable] < 4 {
			t.Errorf("%s, nobody is believed: %v", audience, counts)
		}
		for word, hidden := range map[string]bool{"Ada F.": audience == "public", "riverside": audience == "public", "desk-7": audience == "public",
			"the bells rang": false, "He said": false, "news.example/story": false} {
			if bytes.Contains(b, []byte(word)) == hidden {
				t.Errorf("%s: %q is in the bundle: %v", audience, word, !hidden)
			}
		}
		if bytes.Contains(b, []byte("<script")) {
			t.Errorf("%s: a script is in the bundle", audience)
		}
	}
}

// TestBundleSaysWhatWasRemoved verifies a bundle with records of which content
// was taken out: it is true, and says what is missing.
func TestBundleSaysWhatWasRemoved(t *testing.T) {
	w := newEvidenceWorld(t)
	records, err := w.a.Archive.ListAll(w.ctx, store.RefTerm(w.ref), 100, store.KindExchange, store.KindDerivation)
	w.must(err)
	act := &store.Redaction{Time: w.now, Act: store.RedactionSeal}
	b := w.a.Archive.Begin()
	for i := range records {
		fields := store.ContentFields(&records[i])
		part, err := store.Without(&records[i], fields...)
		w.must(err)
		b.Replace(part)
		act.Records = append(act.Records, store.RedactedRecord{ID: part.ID, Fields: fields})
	}
	_, err = b.Add(w.ctx, act)
	w.must(err)
	_, err = b.Commit(w.ctx)
	w.must(err)
	w.stamped(w.now.Add(time.Second))
	for _, audience := range []string{"internal", "public"} {
		body := w.bundle(audience)
		parts, counts := w.verify(body, w.believing())
		said := slices.ContainsFunc(parts, func(p VerifiedPart) bool { return strings.Contains(p.Why, "was left out, sealed or removed") })
		if counts[evidence.Wrong] > 0 || !said {
			t.Errorf("%s: said %v: %+v", audience, said, parts)
		}
		if bytes.Contains(body, []byte(`"the bells rang`)) || !bytes.Contains(body, []byte("the archive removed or sealed")) {
			t.Errorf("%s: the words are in it, or it does not say that they are not", audience)
		}
	}
}

// TestEveryByteOfABundleCounts changes bytes of a bundle, others each time; with
// STET_FLIPS=all every one.
func TestEveryByteOfABundleCounts(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	b := w.bundle("internal")
	v := w.believing()
	step, missed := 43, 0
	if raceOn {
		step = 611
	}
	if os.Getenv("STET_FLIPS") == "all" {
		step = 1
	}
	for i := mrand.IntN(step); i < len(b); i += step {
		c := slices.Clone(b)
		c[i] ^= 1 << (i % 8)
		if _, counts := w.verify(c, v); counts[evidence.Wrong] == 0 {
			if missed++; missed < 20 {
				t.Errorf("byte %d of %d is not found: %q", i, len(b), b[max(0, i-20):min(len(b), i+20)])
			}
		}
	}
}

// TestPageBundle: what the desk hands out is the same as what the command makes.
func TestPageBundle(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	var out bytes.Buffer
	w.must(pageBundles{w.a, "1"}.Bundle(w.ctx, &out, []post.Ref{w.ref}, "public"))
	if _, counts := w.verify(out.Bytes(), w.believing()); counts[evidence.Wrong]+counts[evidence.Unverifiable] > 0 || counts[evidence.Verified] == 0 {
		t.Errorf("%v", counts)
	}
	if bytes.Contains(out.Bytes(), []byte("Ada F.")) {
		t.Error("a bundle for the public tells who captured")
	}
}
