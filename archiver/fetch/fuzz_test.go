package fetch

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzQuery holds that no secret value stays in a query, that all else does,
// and that redacting twice changes nothing.
func FuzzQuery(f *testing.F) {
	f.Add("a=1&key=swordfish&b=2", "key")
	f.Add("k%65y=sword+fish&&=&key", "key")
	f.Add("key=%zz&key=a=b", "key")
	f.Fuzz(func(t *testing.T, q, name string) {
		s := newSecrets(nil, []string{name})
		got := s.query(q)
		if again := s.query(got); again != got {
			t.Fatalf("%q became %q, then %q", q, got, again)
		}
		before, after := strings.Split(q, "&"), strings.Split(got, "&")
		if len(before) != len(after) {
			t.Fatalf("%q became %q", q, got)
		}
		for i := range before {
			rawName, value, ok := strings.Cut(before[i], "=")
			if ok && value != "" && unescape(rawName) == name {
				if after[i] != rawName+"="+Redaction {
					t.Errorf("part %q became %q", before[i], after[i])
				}
			} else if after[i] != before[i] {
				t.Errorf("part %q became %q", before[i], after[i])
			}
		}
	})
}

// FuzzResponseHead holds that a head keeps its lines and line ends, loses every
// secret and every cookie, and is untouched where there are no secrets.
func FuzzResponseHead(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nSet-Cookie: a=swordfish; Path=/\r\nX: swordfish\r\n\r\n", "swordfish", true)
	f.Add("HTTP/1.1 200 OK\nset-cookie:\nSET-COOKIE : x\n\n", "secret", true)
	f.Add("HTTP/1.1 302\r\nLocation: /?k=swordfish\r\n\r\n", "swordfish", false)
	f.Fuzz(func(t *testing.T, head, secret string, credentials bool) {
		s := newSecrets(nil, nil)
		if got := s.responseHead([]byte(head), false); string(got) != head {
			t.Fatalf("%q became %q without a secret", head, got)
		}
		if strings.Contains(Redaction, secret) || strings.ContainsAny(secret, "\r\n") {
			return
		}
		s.note("x", secret)
		got := s.responseHead([]byte(head), credentials)
		if bytes.Count(got, []byte("\n")) != strings.Count(head, "\n") {
			t.Errorf("%q became %q", head, got)
		}
		if len(secret) >= minSecret && bytes.Contains(got, []byte(secret)) && !overlaps(secret) {
			t.Errorf("%q kept %q: %q", head, secret, got)
		}
		for line := range bytes.Lines(got) {
			name, value, ok := bytes.Cut(line, []byte(":"))
			if credentials && ok && strings.EqualFold(string(bytes.TrimSpace(name)), "set-cookie") && !bytes.Contains(value, []byte(Redaction)) {
				t.Errorf("a cookie stayed: %q", line)
			}
		}
	})
}

// overlaps reports whether replacing a secret by the redaction can make the
// secret anew.
func overlaps(secret string) bool {
	for i := range Redaction {
		if strings.HasPrefix(secret, Redaction[i:]) || strings.HasSuffix(secret, Redaction[:i+1]) {
			return true
		}
	}
	return false
}

// FuzzTarget holds that whatever is accepted as a target is http or https, in
// ASCII, without control characters, and is accepted again as itself.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{"http://news.example/ä?ö=ü y", "https://[::1]:8443/", "http://2130706433/", "http://zürich.example", "HTTP://a_b/%2f?<>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		target, _, err := parseTarget(raw)
		if err != nil {
			return
		}
		s := target.url.String()
		if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
			t.Errorf("%q became %q", raw, s)
		}
		line := target.url.RequestURI() + target.url.Host + target.hostport()
		for i := range len(line) {
			if line[i] <= ' ' || line[i] >= 0x7f {
				t.Fatalf("%q is asked for as %q", raw, line)
			}
		}
		if line[0] != '/' {
			t.Errorf("%q is asked for as %q", raw, line)
		}
		again, _, err := parseTarget(s)
		if err != nil || again.url.String() != s || again.hostport() != target.hostport() {
			t.Errorf("%q became %q, then %v, %v", raw, s, again, err)
		}
	})
}

// FuzzHead reads any bytes as the head of an answer through the recorder: what
// is recorded is a beginning of what came, and the rest is still there.
func FuzzHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"), 3)
	f.Add([]byte("HTTP/1.0 200 OK\nX: y\n\nrest of it"), 1)
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n"), 100)
	f.Fuzz(func(t *testing.T, in []byte, chunk int) {
		from := &chunked{b: in, n: max(chunk, 1)}
		c := newConn(from, from)
		c.startHead(1 << 10)
		resp, err := http.ReadResponse(c.br, &http.Request{Method: "GET"})
		if err != nil {
			return
		}
		head := c.endHead()
		if !bytes.HasPrefix(in, head) {
			t.Fatalf("recorded %q of %q", head, in)
		}
		if !bytes.HasSuffix(head, []byte("\n")) && len(head) < len(in) {
			t.Errorf("the head %q ends within a line of %q", head, in)
		}
		rest, _ := c.br.Peek(c.br.Buffered())
		if !bytes.HasPrefix(in[len(head):], rest) {
			t.Errorf("after the head of %q comes %q", in, rest)
		}
		if resp.ContentLength >= 0 && len(resp.TransferEncoding) > 0 {
			t.Errorf("both length and coding: %q", head)
		}
	})
}

// FuzzDecode decodes any bytes in any coding: it never panics and never makes
// more than the limit.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x00"), "gzip")
	f.Add([]byte("x\x9c"), "deflate, br")
	c := &Client{opts: Options{}.withDefaults()}
	f.Fuzz(func(t *testing.T, raw []byte, coding string) {
		h := http.Header{"Content-Encoding": {coding}}
		out, err := c.decode(raw, encodings(h), 1<<16)
		if len(out) > 1<<16 && len(encodings(h)) > 0 {
			t.Errorf("%d bytes from %d", len(out), len(raw))
		}
		if err == nil && len(encodings(h)) == 0 && !bytes.Equal(out, raw) {
			t.Errorf("changed without a coding")
		}
	})
}

// FuzzCleanHost holds that a host is accepted as itself once cleaned.
func FuzzCleanHost(f *testing.F) {
	for _, s := range []string{"News.Example", "127.0.0.1", "::1", "0x7f.1", "zürich.example", "xn--zrich-kva.example", "a..b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		got, addr, err := cleanHost(host)
		if err != nil {
			return
		}
		again, addr2, err := cleanHost(got)
		if err != nil || again != got || addr != addr2 {
			t.Errorf("%q became %q, then %q, %v", host, got, again, err)
		}
		if _, err := url.Parse("http://" + strings.ReplaceAll(got, ":", "") + "/"); err != nil {
			t.Errorf("%q became %q: %v", host, got, err)
		}
	})
}
