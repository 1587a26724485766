package fetch

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/publicsuffix"

	"stet/store"
)

// Access is what requests to a host of the operator's own carry, such as the
// key of a staging site or the cookie of a subscriber. Nothing of it is ever
// recorded or told, and it goes to no other host, wherever a request is
// redirected. The exchanges are marked private and name the access.
type Access struct {
	// Host is the host's name, with a port where that is not the usual one. A
	// name that begins with "*." means all names below it, but not the name
	// itself.
	Host string
	// Header is sent with every request to the host, in place of what the
	// request has under the same names.
	Header http.Header
	// Cookie is the value of the Cookie header: name=value; name=value.
	Cookie string
	// AllowHTTP sends all this over connections that are not encrypted too.
	AllowHTTP bool
}

// Check errors with [store.ErrInvalid] where the access cannot be right. The
// error repeats no value of a header.
func (a *Access) Check() error {
	_, err := a.ready()
	return err
}

// access is an [Access] that was checked.
type access struct {
	// name is the host as the operator wrote it, in lower case.
	name string
	host string
	// below is true where the names below host are meant.
	below bool
	// port is 0 for the usual one.
	port   uint16
	http   bool
	header http.Header // canonical names, with Cookie
}

// ready checks an access and makes it ready for use.
func (a *Access) ready() (*access, error) {
	out := &access{name: strings.ToLower(a.Host), http: a.AllowHTTP, header: http.Header{}}
	host, below := strings.CutPrefix(a.Host, "*.")
	out.below = below
	if h, p, err := net.SplitHostPort(host); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("%w: the host %.200q has no valid port", store.ErrInvalid, a.Host)
		}
		host, out.port = h, uint16(n)
	}
	clean, addr, err := cleanHost(strings.Trim(host, "[]"))
	if err != nil || strings.ContainsAny(host, "*/@?# ") {
		return nil, fmt.Errorf("%w: %.200q is not the name of a host, such as staging.news.example", store.ErrInvalid, a.Host)
	}
	out.host = clean
	if suffix, _ := publicsuffix.PublicSuffix(clean); below && (addr.IsValid() || suffix == clean) {
		return nil, fmt.Errorf("%w: %.200q would send secrets to hosts of others; name a domain of your own", store.ErrInvalid, a.Host)
	}
	for name, values := range a.Header {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name) || ownHeader(canonical) || canonical == "Accept-Encoding":
			return nil, fmt.Errorf("%w: %.100q is no header that can be set", store.ErrInvalid, name)
		case canonical == "Cookie":
			return nil, fmt.Errorf("%w: cookies are given as a cookie, not as a header", store.ErrInvalid)
		case len(values) == 0 || slices.ContainsFunc(values, func(v string) bool { return v == "" || !httpguts.ValidHeaderFieldValue(v) }):
			return nil, fmt.Errorf("%w: the value of the header %s is empty or has control characters", store.ErrInvalid, canonical)
		}
		out.header[canonical] = values
	}
	if a.Cookie != "" {
		if !httpguts.ValidHeaderFieldValue(a.Cookie) || !strings.Contains(a.Cookie, "=") {
			return nil, fmt.Errorf("%w: the cookie is not of the form name=value; name=value", store.ErrInvalid)
		}
		out.header["Cookie"] = []string{a.Cookie}
	}
	if len(out.header) == 0 {
		return nil, fmt.Errorf("%w: nothing is to be sent to %.200q: no header and no cookie", store.ErrInvalid, a.Host)
	}
	return out, nil
}

// accesses are those of a client.
type accesses []*access

func newAccesses(list []Access) (accesses, error) {
	var out accesses
	for i := range list {
		a, err := list[i].ready()
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o *access) bool { return o.host == a.host && o.below == a.below && o.port == a.port }) {
			return nil, fmt.Errorf("%w: two accesses are for the host %s", store.ErrInvalid, a.name)
		}
		out = append(out, a)
	}
	return out, nil
}

// of returns the access of a target, nil where there is none. That of the host
// itself goes before that of a domain, and the nearest domain before others.
func (l accesses) of(t *target) *access {
	var best *access
	for _, a := range l {
		switch {
		case t.url.Scheme != "https" && !a.http, a.port != t.port && (a.port != 0 || t.port != defaultPort(t.url.Scheme)):
		case a.below && !strings.HasSuffix(t.host, "."+a.host), !a.below && t.host != a.host:
		case best == nil || best.below && (!a.below || len(a.host) > len(best.host)):
			best = a
		}
	}
	return best
}

// Carried is what one request carries of an [Access].
type Carried struct {
	// Host is that of the access, as the operator wrote it.
	Host   string
	Header http.Header
	secret *secrets
}

// Redact takes the secrets out of a text that came in answer.
func (c *Carried) Redact(text string) string { return c.secret.text(text) }

// Carries returns what a request to an address carries of [Options.Access], for
// what cannot be made of requests: the traffic of a browser. It is nil where the
// operator has no access to the host. Whoever sends it keeps it to this one
// request: a redirect is another.
func (c *Client) Carries(u *url.URL) *Carried {
	t, _, err := newTarget(u)
	if err != nil {
		return nil
	}
	a := c.access.of(t)
	if a == nil {
		return nil
	}
	out := &Carried{Host: a.name, Header: a.header.Clone(), secret: newSecrets(nil, nil)}
	for name, values := range a.header {
		for _, v := range values {
			out.secret.noteAccess(name, v)
		}
	}
	return out
}

// headers returns what a hop sends beside what the client adds itself.
func (h *hop) headers() http.Header {
	if h.access == nil && h.cookie == "" {
		return h.header
	}
	all := maps.Clone(h.header)
	if h.cookie != "" && all["Cookie"] == nil {
		all["Cookie"] = []string{h.cookie}
	}
	if h.access == nil {
		return all
	}
	for name, values := range h.access.header {
		if name == "Cookie" && all["Cookie"] != nil {
			// What the host has set on the way is newer.
			values = []string{joinCookies(values[0], strings.Join(all["Cookie"], "; "))}
		}
		all[name] = values
	}
	return all
}

// joinCookies joins two Cookie headers; the second goes before the first.
func joinCookies(first, second string) string {
	set := map[string]bool{}
	for part := range strings.SplitSeq(second, ";") {
		name, _, _ := strings.Cut(part, "=")
		set[strings.TrimSpace(name)] = true
	}
	var parts []string
	for part := range strings.SplitSeq(first, ";") {
		name, _, _ := strings.Cut(part, "=")
		if part = strings.TrimSpace(part); part != "" && !set[strings.TrimSpace(name)] {
			parts = append(parts, part)
		}
	}
	return strings.Join(append(parts, second), "; ")
}

// minCookie is the shortest value of a configured cookie that is looked for in
// answers: shorter ones, and those without a digit, can be words of a page.
const minCookie = 16

// noteAccess notes the values of an access, so that they are found where an
// answer repeats them.
func (s *secrets) noteAccess(name, value string) {
	if name != "Cookie" {
		s.note(strings.ToLower(name), value)
		if _, token, found := strings.Cut(value, " "); found {
			s.note(strings.ToLower(name), token)
		}
		return
	}
	s.note("cookie")
	for part := range strings.SplitSeq(value, ";") {
		_, v, _ := strings.Cut(part, "=")
		if v = strings.TrimSpace(v); len(v) >= minCookie && strings.ContainsFunc(v, unicode.IsDigit) {
			s.note("cookie", v)
		}
	}
}
