package fetch

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"stet/store"
)

// acceptEncoding is what the client can decode and asks for. Not zstd: tools
// that replay web archives lag behind.
const acceptEncoding = "gzip, deflate, br"

// hop is one step of a request: where it goes and what is sent.
type hop struct {
	req    *Request
	method string
	t      *target
	header http.Header // without what the client adds itself
	body   []byte
	cookie string // what the chain of redirects was asked to send back
	secret *secrets
	// list are the accesses of the client, none for a request without; access
	// is that of the hop's host, nil where there is none.
	list   accesses
	access *access
	// shown is the URL as it is recorded and told.
	shown string
	// credentials is true where the request carries a secret of the caller's,
	// userinfo where it stood in the URL.
	credentials, userinfo bool
}

// ownHeaders are those that the client writes itself, or that have no meaning
// between it and a server.
func ownHeader(name string) bool {
	switch name {
	case "Host", "Content-Length", "Connection", "Proxy-Connection", "Keep-Alive",
		"Transfer-Encoding", "Te", "Trailer", "Upgrade", "Expect", "Proxy-Authorization":
		return true
	}
	return false
}

// firstHop checks a request and makes its first hop. The hop is returned as far
// as it goes also with an error, for the record.
func (c *Client) firstHop(r *Request) (*hop, error) {
	h := &hop{req: r, method: r.Method, body: r.Body, header: http.Header{}, list: c.access,
		secret: newSecrets(slices.Concat(c.opts.SecretHeaders, r.SecretHeaders), r.SecretParams)}
	if h.method == "" {
		h.method = http.MethodGet
	}
	if r.Anonymous {
		h.list = nil
	}
	h.shown = shownURL(h.secret, r.URL)
	if !httpguts.ValidHeaderFieldName(h.method) || h.method == http.MethodConnect {
		return h, fmt.Errorf("%w: %q is no method", store.ErrInvalid, h.method)
	}
	if len(h.body) > maxRequestBody {
		return h, fmt.Errorf("%w: a request body of %d bytes", store.ErrTooLarge, len(h.body))
	}
	for name, values := range r.Header {
		name = http.CanonicalHeaderKey(name)
		if !httpguts.ValidHeaderFieldName(name) {
			return h, fmt.Errorf("%w: %q is no header name", store.ErrInvalid, name)
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return h, fmt.Errorf("%w: the value of the header %s has control characters", store.ErrInvalid, name)
			}
		}
		if !ownHeader(name) {
			h.header[name] = values
		}
	}
	t, user, err := parseTarget(r.URL)
	if err != nil {
		return h, err
	}
	if user != nil {
		h.userinfo = true
		if h.header.Get("Authorization") == "" {
			h.header.Set("Authorization", basicAuth(user))
		}
	}
	h.aim(t)
	return h, nil
}

// shownURL is how a URL is told, also where it is none: without name, password
// and secret parameters, and without what could break a line.
func shownURL(s *secrets, raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return printable(s.url(u))
	}
	before, query, hasQuery := strings.Cut(raw, "?")
	if scheme, rest, ok := strings.Cut(before, "//"); ok {
		before = scheme + "//" + rest[strings.LastIndexByte(rest, '@')+1:]
	}
	if hasQuery {
		before += "?" + s.query(query)
	}
	return printable(before)
}

// printable percent-encodes control characters, spaces and what is not ASCII,
// and cuts what is absurdly long.
func printable(s string) string { return encodeQuery(s[:min(len(s), 4096)]) }

// aim points the hop at t.
func (h *hop) aim(t *target) {
	h.t = t
	h.shown = h.secret.url(t.url)
	h.access = h.list.of(t)
	h.credentials = h.access != nil
	for name := range h.header {
		h.credentials = h.credentials || h.secret.headers[name]
	}
	if q := t.url.RawQuery; q != "" && h.secret.query(q) != q {
		h.credentials = true
	}
	if h.form() && h.secret.query(string(h.body)) != string(h.body) {
		h.credentials = true
	}
}

// begin forgets which names were taken out of earlier hops and attempts.
func (h *hop) begin() {
	h.secret.names = nil
	h.shown = h.secret.url(h.t.url)
	if h.userinfo {
		h.secret.note("userinfo")
	}
}

// form reports whether the body is a form whose parameters can be secret.
func (h *hop) form() bool {
	return len(h.body) > 0 && strings.HasPrefix(h.header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// withhold reports whether bodies are kept out of the record: because the
// caller wants it, or because it is a request for a token (RFC 6749), whose
// answer is a secret.
func (h *hop) withhold() bool {
	return h.req.Withhold || h.form() && h.method == http.MethodPost &&
		strings.Contains("&"+string(h.body), "&grant_type=")
}

// recordedBody is what is recorded of the request's body.
func (h *hop) recordedBody() []byte {
	switch {
	case len(h.body) == 0 || h.withhold():
		return nil
	case h.form():
		return []byte(h.secret.query(string(h.body)))
	}
	return bytes.Clone(h.body)
}

// head writes the request line and headers for a connection: as they are sent,
// or as they are recorded.
func (h *hop) head(agent string, pc *conn, record bool) []byte {
	var b bytes.Buffer
	b.Grow(512)
	u := h.t.url
	uri := u.RequestURI()
	if pc.absolute {
		uri = u.Scheme + "://" + u.Host + uri
	}
	if record {
		if path, q, ok := strings.Cut(uri, "?"); ok {
			uri = path + "?" + h.secret.query(q)
		}
		uri = h.secret.text(uri)
	}
	b.WriteString(h.method + " " + uri + " HTTP/1.1\r\nHost: " + u.Host + "\r\n")
	header := h.headers()
	field := func(name, value string) {
		switch {
		case record && h.access != nil && h.access.header[name] != nil:
			h.secret.noteAccess(name, value)
			value = Redaction
		case record:
			value = h.secret.header(name, value)
		}
		b.WriteString(name + ": " + value + "\r\n")
	}
	if pc.proxyAuth != "" {
		field("Proxy-Authorization", pc.proxyAuth)
	}
	for _, d := range [...][2]string{{"User-Agent", agent}, {"Accept", "*/*"}, {"Accept-Encoding", acceptEncoding}} {
		if header[d[0]] == nil {
			field(d[0], d[1])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, v := range header[name] {
			field(name, v)
		}
	}
	if len(h.body) > 0 || h.method == http.MethodPost || h.method == http.MethodPut || h.method == http.MethodPatch {
		field("Content-Length", strconv.Itoa(len(h.body)))
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// safe reports whether the request may be sent twice.
func (h *hop) safe() bool { return h.method == http.MethodGet || h.method == http.MethodHead }

// follow makes the hop to which an answer redirects. It returns nil where the
// answer is none that is followed.
func (h *hop) follow(status int, location string) (*hop, error) {
	method, body := h.method, h.body
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		if method != http.MethodHead {
			method, body = http.MethodGet, nil
		}
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	if location == "" {
		return nil, nil
	}
	n := &hop{req: h.req, method: method, body: body, header: maps.Clone(h.header), secret: h.secret, list: h.list}
	n.shown = printable(h.secret.text(location))
	ref, err := h.t.url.Parse(location)
	if err != nil {
		return n, fmt.Errorf("%w: the redirect leads to %q, which is no URL", store.ErrUnexpected, n.shown)
	}
	n.shown = printable(h.secret.url(ref))
	t, _, err := newTarget(ref)
	if err != nil {
		return n, err
	}
	if body == nil {
		n.header.Del("Content-Type")
	}
	if t.hostport() != h.t.hostport() || h.t.url.Scheme == "https" && t.url.Scheme == "http" {
		for name := range n.header {
			if h.secret.headers[name] {
				n.header.Del(name)
			}
		}
	}
	n.aim(t)
	return n, nil
}
