package extract

import (
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// Address is a web address taken apart for a site's URL grammar.
type Address struct {
	// Host is in lower case and ASCII, without port and trailing dot.
	Host string
	// Segments are the parts of the path that are not empty, percent-decoded.
	Segments []string
	// Query is the raw query, Fragment the decoded fragment.
	Query    string
	Fragment string
}

// NewAddress takes u apart. It returns false for what no platform's page can
// be: another scheme than http and https, no host, a host that is not a valid
// name, a port that is not the scheme's own. A missing scheme, as in
// //example.org/, is taken for https. User information is ignored, as browsers
// do.
func NewAddress(u *url.URL) (Address, bool) {
	if u == nil || u.Opaque != "" || !webScheme(u.Scheme) {
		return Address{}, false
	}
	host, ok := hostName(u)
	if !ok {
		return Address{}, false
	}
	return Address{Host: host, Segments: splitPath(u.Path), Query: u.RawQuery, Fragment: u.Fragment}, true
}

func webScheme(s string) bool {
	return s == "" || strings.EqualFold(s, "https") || strings.EqualFold(s, "http")
}

// hostName returns the host of u as it is compared.
func hostName(u *url.URL) (string, bool) {
	switch u.Port() {
	case "", "80", "443":
	default:
		return "", false
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if !isASCII(host) {
		// Browsers map full-width and other compatibility forms to ASCII.
		mapped, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", false
		}
		host = mapped
	}
	if host == "" || strings.HasSuffix(host, ".") || len(host) > 253 {
		return "", false
	}
	return strings.ToLower(host), true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func splitPath(path string) []string {
	if strings.Trim(path, "/") == "" {
		return nil
	}
	segments := make([]string, 0, 4)
	for s := range strings.SplitSeq(path, "/") {
		if s != "" {
			segments = append(segments, s)
		}
	}
	return segments
}

// On reports whether the host is the domain or one of its sub-domains.
func (a Address) On(domain string) bool { return OnDomain(a.Host, domain) }

// OnDomain reports whether host is the domain or one of its sub-domains. Both
// are compared label by label: notexample.org is not on example.org.
func OnDomain(host, domain string) bool {
	if len(host) <= len(domain) {
		return host == domain
	}
	return strings.HasSuffix(host, domain) && host[len(host)-len(domain)-1] == '.'
}

// Sub returns the labels of the host before the domain, which it must be on:
// "m" for m.example.org on example.org.
func (a Address) Sub(domain string) string {
	return strings.TrimSuffix(strings.TrimSuffix(a.Host, domain), ".")
}

// Seg returns the i-th segment, or the empty string.
func (a Address) Seg(i int) string {
	if i < 0 || i >= len(a.Segments) {
		return ""
	}
	return a.Segments[i]
}

// SegIs reports whether the i-th segment is one of the words, whatever the
// case.
func (a Address) SegIs(i int, words ...string) bool {
	s := a.Seg(i)
	for _, w := range words {
		if s != "" && strings.EqualFold(s, w) {
			return true
		}
	}
	return false
}

// Param returns the first value of a query parameter, decoded, or the empty
// string. A query that was escaped for HTML once too often (&amp;) is
// understood.
func (a Address) Param(name string) string {
	for pair := range strings.SplitSeq(a.Query, "&") {
		key, value, _ := strings.Cut(strings.TrimPrefix(pair, "amp;"), "=")
		if key != name {
			continue
		}
		if v, err := url.QueryUnescape(value); err == nil {
			return v
		}
	}
	return ""
}

// HashBang returns the address that a fragment of the years 2010 to 2013
// stands for: in /#!/name/status/1 and its escaped form /%23!/name/status/1
// the path is what follows the mark.
func (a Address) HashBang() (Address, bool) {
	rest := ""
	if strings.HasPrefix(a.Fragment, "!") {
		rest = a.Fragment[1:]
	} else if i := segmentIndex(a.Segments, "#!"); i >= 0 {
		a.Segments = a.Segments[i+1:]
		a.Fragment = ""
		return a, true
	}
	if rest == "" {
		return Address{}, false
	}
	path, query, _ := strings.Cut(rest, "?")
	a.Segments, a.Query, a.Fragment = splitPath(path), query, ""
	return a, true
}

func segmentIndex(segments []string, s string) int {
	for i, v := range segments {
		if v == s {
			return i
		}
	}
	return -1
}

// Digits returns the decimal number that s is, or that it begins with where
// only punctuation that clings to pasted addresses follows. A number that is
// cut off by dots or an ellipsis, or runs into letters, is none; so is one
// with a leading zero.
func Digits(s string) (string, bool) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 0 || s[0] == '0' || !clings(s[n:]) {
		return "", false
	}
	return s[:n], true
}

// clings reports whether rest, which follows an id, is nothing or what pasting
// leaves behind.
func clings(rest string) bool {
	if rest == "" {
		return true
	}
	if strings.HasPrefix(rest, "..") {
		return false
	}
	switch c := rest[0]; {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '-':
		return false
	case c >= 0x80:
		for _, mark := range []string{"\u00a0", "\u200b", "\u200e", "\u200f", "\u201c", "\u201d", "\u2019", "\u00bb", "\ufeff"} {
			if strings.HasPrefix(rest, mark) {
				return true
			}
		}
		return false
	}
	return true
}

// Token returns the leading run of letters, digits and the extra characters of
// s when it is between min and max bytes long and only punctuation that clings
// to pasted addresses follows.
func Token(s, extra string, min, max int) (string, bool) {
	n := 0
	for n < len(s) && (isAlnum(s[n]) || strings.IndexByte(extra, s[n]) >= 0) {
		n++
	}
	if n < min || n > max || !clings(s[n:]) {
		return "", false
	}
	return s[:n], true
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// ParseLink parses an address as it stands in an attribute or a text: spaces
// around it are dropped, and //host/ and host/ without a scheme are taken for
// https. It returns false for what is no absolute address.
func ParseLink(s string) (*url.URL, bool) {
	s = strings.Trim(s, " \t\r\n\f\u00a0\u200b\ufeff")
	if s == "" || len(s) > maxLinkLength {
		return nil, false
	}
	switch {
	case strings.HasPrefix(s, "//"):
		s = "https:" + s
	case !strings.Contains(s, ":") || schemeless(s):
		if s[0] == '/' || s[0] == '#' || s[0] == '?' || s[0] == '.' {
			return nil, false
		}
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return nil, false
	}
	return u, true
}

// maxLinkLength bounds the addresses that are looked at. Browsers stop at 2 MB,
// servers at 8 to 16 KB; longer ones are data, not addresses.
const maxLinkLength = 16 << 10

// schemeless reports whether s, which has a colon, begins with a host name:
// the first of its colons, dots and slashes is a dot.
func schemeless(s string) bool {
	i := strings.IndexAny(s, ":./?#")
	return i > 0 && s[i] == '.'
}
