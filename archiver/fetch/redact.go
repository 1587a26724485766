package fetch

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Redaction stands in a record where a secret was.
const Redaction = "REDACTED"

// A secret's value is looked for in the answer as well: in its head from
// minSecret bytes on, in its body, which is withheld as a whole, from
// minBodySecret on. Shorter ones would hit by chance.
const (
	minSecret     = 6
	minBodySecret = 12
)

// secrets knows which parts of a request are not recorded, and collects their
// values and names as they are met.
type secrets struct {
	headers map[string]bool // canonical names
	params  map[string]bool
	values  []string
	names   []string
}

func newSecrets(headers, params []string) *secrets {
	s := &secrets{headers: map[string]bool{"Authorization": true, "Cookie": true, "Proxy-Authorization": true},
		params: map[string]bool{}}
	for _, h := range headers {
		s.headers[http.CanonicalHeaderKey(h)] = true
	}
	for _, p := range params {
		s.params[p] = true
	}
	return s
}

// note remembers that the value of name was taken out.
func (s *secrets) note(name string, values ...string) {
	if !slices.Contains(s.names, name) {
		s.names = append(s.names, name)
	}
	for _, v := range values {
		if len(v) >= minSecret && !slices.Contains(s.values, v) {
			s.values = append(s.values, v)
		}
	}
}

// header returns what is recorded of a request header's value.
func (s *secrets) header(name, value string) string {
	if !s.headers[name] {
		return value
	}
	if name == "Cookie" {
		// Cookies hold words that pages hold too ("en", "consent=yes").
		s.note("cookie")
		return Redaction
	}
	// The scheme of an Authorization says nothing secret; what follows does.
	_, token, found := strings.Cut(value, " ")
	if !found {
		token = value
	}
	s.note(strings.ToLower(name), token)
	return Redaction
}

// query returns a query, or a form, without the values of secret parameters.
func (s *secrets) query(q string) string {
	if len(s.params) == 0 || q == "" {
		return q
	}
	parts := strings.Split(q, "&")
	changed := false
	for i, part := range parts {
		rawName, rawValue, ok := strings.Cut(part, "=")
		name := unescape(rawName)
		if !ok || rawValue == "" || !s.params[name] {
			continue
		}
		parts[i] = rawName + "=" + Redaction
		s.note("?"+name, rawValue, unescape(rawValue))
		changed = true
	}
	if !changed {
		return q
	}
	return strings.Join(parts, "&")
}

func unescape(v string) string {
	if u, err := url.QueryUnescape(v); err == nil {
		return u
	}
	return v
}

// url returns what is recorded of a URL.
func (s *secrets) url(u *url.URL) string {
	c := *u
	c.User = nil
	c.RawQuery = s.query(u.RawQuery)
	return s.text(c.String())
}

// text returns v without the values that were met.
func (s *secrets) text(v string) string {
	for _, secret := range s.values {
		v = strings.ReplaceAll(v, secret, Redaction)
	}
	return v
}

// in reports whether b holds one of the values that were met and that have at
// least the length.
func (s *secrets) in(b []byte, length int) bool {
	return slices.ContainsFunc(s.values, func(v string) bool { return len(v) >= length && bytes.Contains(b, []byte(v)) })
}

// responseHead returns what is recorded of a response's head: all of it, byte
// for byte, unless it repeats a secret or sets a cookie in answer to a
// credential.
func (s *secrets) responseHead(head []byte, credentials bool) []byte {
	if !credentials && !s.in(head, minSecret) {
		return head
	}
	var out []byte
	for line := range bytes.Lines(head) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		field := "response:" + strings.ToLower(string(bytes.TrimSpace(name)))
		if credentials && strings.HasPrefix(field, "response:set-cookie") {
			line = redactCookie(line)
			s.note(field)
		}
		if s.in(line, minSecret) {
			line = []byte(s.text(string(line)))
			s.note(field)
		}
		out = append(out, line...)
	}
	return out
}

// redactCookie takes the value out of a Set-Cookie line and leaves its
// attributes.
func redactCookie(line []byte) []byte {
	end := bytes.TrimRight(line, "\r\n")
	eol := line[len(end):]
	colon := bytes.IndexByte(end, ':')
	if colon < 0 {
		return line
	}
	pair, attrs, found := bytes.Cut(end[colon+1:], []byte(";"))
	out := append([]byte{}, end[:colon+1]...)
	if name, _, ok := bytes.Cut(pair, []byte("=")); ok {
		out = append(append(out, name...), '=')
	} else {
		out = append(out, ' ')
	}
	out = append(out, Redaction...)
	if found {
		out = append(append(out, ';'), attrs...)
	}
	return append(out, eol...)
}
