package warc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
)

// kept is an archive of two blobs and what exchanges hold themselves.
type kept map[store.Digest][]byte

func (k kept) OpenBlob(_ context.Context, d store.Digest) (io.ReadCloser, error) {
	b, ok := k[d]
	if !ok {
		return nil, fmt.Errorf("blob %s: %w", d, store.ErrNotFound)
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (k kept) OpenBody(ctx context.Context, e *store.Exchange) (io.ReadCloser, error) {
	if len(e.Body.Inline) > 0 {
		return io.NopCloser(bytes.NewReader(e.Body.Inline)), nil
	}
	return k.OpenBlob(ctx, e.Body.Digest)
}

func (k kept) add(b []byte) store.Digest {
	d := store.DigestOf(b)
	k[d] = b
	return d
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 250000000, time.UTC)

func id(n byte) store.ID { return store.ID{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 15: n} }

// answer is an exchange with the head and the body.
func answer(address, head, body string) *store.Exchange {
	e := &store.Exchange{Started: noon, Method: "GET", URL: address, Purpose: "post", Took: 20 * time.Millisecond,
		Address: "192.0.2.7:443", Protocol: "http/1.1", TLS: &store.TLS{Version: "tls/1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "news.example"},
		Status: 200, RequestHead: []byte("GET /a HTTP/1.1\r\nHost: news.example\r\n\r\n"), ResponseHead: []byte(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n"),
		Refs: []post.Ref{{Platform: post.Twitter, ID: "20"}}}
	e.Body = store.Body{Size: int64(len(body)), Type: "text/html", Inline: []byte(body)}
	if body != "" {
		e.Body.Digest = store.DigestOf([]byte(body))
	}
	return e
}

// written is a file and its index.
type written struct {
	file    bytes.Buffer
	entries []Entry
}

func export(t testing.TB, k kept, exchanges ...*store.Exchange) *written {
	t.Helper()
	out := &written{}
	x := NewExporter(NewWriter(&out.file, 0), k, "a.warc.gz", func(e *Entry) error {
		out.entries = append(out.entries, *e)
		return nil
	})
	if err := x.Info(noon, []Field{{"software", "stet test"}, {"format", "WARC File Format 1.1"}}); err != nil {
		t.Fatal(err)
	}
	for i, e := range exchanges {
		if err := x.Exchange(t.Context(), id(byte(i+1)), e); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// record is a record as a test sees it.
type record struct {
	*Read
	block string
}

func readAll(t testing.TB, b []byte) []record {
	t.Helper()
	r, err := NewReader(bytes.NewReader(b), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []record
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		block, err := io.ReadAll(rec.Block)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Finish(); err != nil {
			t.Fatal(err)
		}
		all = append(all, record{rec, string(block)})
	}
}

// mustBeValid holds a file that we wrote against the standard.
func mustBeValid(t testing.TB, b []byte) {
	t.Helper()
	report, err := Validate(t.Context(), bytes.NewReader(b), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		t.Errorf("at %d: %s", p.Offset, p.What)
	}
}

// What was recorded comes out of a file as it went in.
func TestExchange(t *testing.T) {
	k := kept{}
	e := answer("https://news.example/ä?q=1 2", "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 5", "words")
	e.TLS.Chain = k.add([]byte("-----BEGIN CERTIFICATE-----\n"))
	out := export(t, k, e)
	mustBeValid(t, out.file.Bytes())
	recs := readAll(t, out.file.Bytes())
	var got []string
	for _, r := range recs {
		got = append(got, string(r.Type()))
	}
	if want := "warcinfo resource response request metadata"; strings.Join(got, " ") != want {
		t.Fatalf("records %v, want %s", got, want)
	}
	resp := recs[2]
	if want := string(e.ResponseHead) + "words"; resp.block != want {
		t.Errorf("the response is %q, want %q", resp.block, want)
	}
	for name, want := range map[string]string{
		"WARC-Target-URI": "https://news.example/%C3%A4?q=1%202", "WARC-Date": "2026-03-04T12:00:00.25Z", "WARC-IP-Address": "192.0.2.7",
		"WARC-Cipher-Suite": "TLS_AES_128_GCM_SHA256", "WARC-Concurrent-To": "<" + RecordID(id(1), "request") + ">",
		"WARC-Payload-Digest": "sha256:" + fmt.Sprintf("%x", e.Body.Digest[:])} {
		if v := resp.Header.Get(name); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	if got := strings.Join(resp.Header.Values("warc-protocol"), " "); got != "http/1.1 tls/1.3" {
		t.Errorf("protocols %q", got)
	}
	for _, want := range []string{"stet-exchange: " + id(1).String(), "stet-purpose: post", "fetchTimeMs: 20", "stet-post: twitter:20", "stet-tls-server-name: news.example", "stet-tls-chain: urn:x-stet:tls-chain:"} {
		if !strings.Contains(recs[4].block, want+"\r\n") && !strings.Contains(recs[4].block, want) {
			t.Errorf("the metadata does not say %q: %q", want, recs[4].block)
		}
	}
	for _, e := range out.entries {
		got, err := ParseLine(e.Line())
		if err != nil || got.Location != e.Location || got.URL != e.URL {
			t.Errorf("line %s: %+v, %v", e.Line(), got, err)
		}
		part := out.file.Bytes()[e.Location.Offset:][:e.Location.Length]
		if recs := readAll(t, part); len(recs) != 1 || recs[0].Header.Get("WARC-Target-URI") != e.URL || store.DigestOf(part) != e.Location.Digest {
			t.Errorf("the index leads %s to %d records", e.URL, len(recs))
		}
	}
}

// The same exchanges give the same bytes.
func TestDeterministic(t *testing.T) {
	make := func() []byte {
		return export(t, kept{}, answer("https://a.example/", "HTTP/1.1 200 OK", strings.Repeat("words ", 900))).file.Bytes()
	}
	if !bytes.Equal(make(), make()) {
		t.Error("two exports differ")
	}
}

// Heads that would make a reader misread the body are told apart from it.
func TestHeads(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1024)
	for name, tt := range map[string]struct {
		change func(*store.Exchange, kept)
		head   string
		note   string
	}{
		"chunks": {func(e *store.Exchange, _ kept) {
			e.ResponseHead, e.Body.Chunked = []byte("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nX: y\r\n\r\n"), true
		}, "HTTP/1.1 200 OK\r\nX-Orig-transfer-encoding: chunked\r\nX: y\r\n\r\n", "the transfer coding of the body was taken off"},
		"another length": {func(e *store.Exchange, _ kept) {
			e.ResponseHead = []byte("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
		}, "HTTP/1.1 200 OK\r\nX-Orig-Content-Length: 7\r\n\r\n", "Content-Length"},
		"cut": {func(e *store.Exchange, _ kept) {
			e.ResponseHead, e.Body.Truncated = []byte("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"), "length"
		}, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", ""},
		"another protocol": {func(e *store.Exchange, _ kept) { e.ResponseHead = []byte("HTTP/2 200\r\n\r\n") },
			"HTTP/1.1 200 OK\r\n\r\n", "the status line was rewritten from: HTTP/2 200"},
		"line feeds": {func(e *store.Exchange, _ kept) { e.ResponseHead = []byte("HTTP/1.0 200 OK\nA: b\n\n") },
			"HTTP/1.0 200 OK\r\nA: b\r\n\r\n", "line ends"},
		"withheld": {func(e *store.Exchange, _ kept) {
			e.Body = store.Body{Withheld: true}
			e.ResponseHead = []byte("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
		}, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "was not kept"},
		"in a blob": {func(e *store.Exchange, k kept) {
			e.Body = store.Body{Size: int64(len(big)), Blob: k.add([]byte(big)), Digest: store.DigestOf([]byte(big))}
		}, "HTTP/1.1 200 OK\r\n\r\n" + big, ""},
	} {
		t.Run(name, func(t *testing.T) {
			k := kept{}
			e := answer("https://a.example/", "HTTP/1.1 200 OK", "words")
			tt.change(e, k)
			out := export(t, k, e)
			mustBeValid(t, out.file.Bytes())
			recs := readAll(t, out.file.Bytes())
			if want := tt.head; !strings.HasPrefix(recs[1].block, want) {
				t.Errorf("the response begins with %.80q, want %q", recs[1].block, want)
			}
			if !strings.Contains(recs[3].block, tt.note) {
				t.Errorf("the metadata does not say %q: %q", tt.note, recs[3].block)
			}
		})
	}
}

// The second of two equal bodies refers to the first, and only within a file.
func TestRevisit(t *testing.T) {
	words := strings.Repeat("words ", 900)
	a, b := answer("https://a.example/", "HTTP/1.1 200 OK", words), answer("https://b.example/", "HTTP/1.1 200 Fine", words)
	short := answer("https://c.example/", "HTTP/1.1 200 OK", "short")
	out := export(t, kept{}, a, b, short, short)
	mustBeValid(t, out.file.Bytes())
	var types []string
	for _, r := range readAll(t, out.file.Bytes()) {
		types = append(types, string(r.Type()))
		if r.Type() == TypeRevisit && (r.Header.Get("WARC-Refers-To-Target-URI") != "https://a.example/" || r.block != string(b.ResponseHead)) {
			t.Errorf("the revisit is %v %q", r.Header, r.block)
		}
	}
	if got := strings.Join(types, " "); got != "warcinfo response request metadata revisit request metadata response request metadata response request metadata" {
		t.Errorf("records %s", got)
	}
}

// What got no answer has a request and an explanation; what reached nobody has
// the explanation only.
func TestNoAnswer(t *testing.T) {
	e := answer("https://a.example/", "", "")
	e.Status, e.ResponseHead, e.Body, e.Error = 0, nil, store.Body{}, "GET https://a.example/: network trouble:\r\nWARC-Type: response"
	f := *e
	f.RequestHead = nil
	out := export(t, kept{}, e, &f)
	mustBeValid(t, out.file.Bytes())
	recs := readAll(t, out.file.Bytes())
	if len(recs) != 4 || recs[1].Type() != TypeRequest || recs[2].Type() != TypeMetadata || recs[3].Type() != TypeMetadata {
		t.Fatalf("%d records", len(recs))
	}
	if !strings.Contains(recs[2].block, "stet-error: GET https://a.example/: network trouble:  WARC-Type: response\r\n") {
		t.Errorf("the metadata is %q", recs[2].block)
	}
}

// Nothing that a server or an address says becomes a field of its own.
func TestInjection(t *testing.T) {
	e := answer("https://a.example/\r\nWARC-Type: warcinfo\r\n\r\n", "HTTP/1.1 200 OK", "words")
	e.Protocol, e.Body.Type = "http/1.1\r\nX: y", "text/html\r\nX: y"
	out := export(t, kept{}, e)
	mustBeValid(t, out.file.Bytes())
	if n := len(readAll(t, out.file.Bytes())); n != 4 {
		t.Errorf("%d records", n)
	}
	w := NewWriter(io.Discard, 0)
	_, err := w.Write(&Record{Type: TypeResource, ID: "urn:uuid:1", Date: noon, TargetURI: "urn:a", Fields: []Field{{"A", "b\r\nC: d"}}})
	if store.ClassOf(err).Name != "invalid" {
		t.Errorf("a field of two lines: %v", err)
	}
}
