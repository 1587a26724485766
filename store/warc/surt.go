package warc

import (
	"net"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// SURT returns the key under which indexes keep an address: lower case, the
// host's labels in reverse order, without scheme, user, "www.", default port,
// fragment, final slash and session, with its parameters sorted. Different
// addresses can have one key: whoever looks up compares the address too. What
// is not an address of the web is its own key.
func SURT(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" && scheme != "ftp" && scheme != "ws" && scheme != "wss" {
		return escapeURI(address)
	}
	rest, _, _ = strings.Cut(rest, "#")
	cut := strings.IndexAny(rest, "/?")
	if cut < 0 {
		cut = len(rest)
	}
	key := strings.ToLower(surtHost(scheme, rest[:cut])) + ")" + surtPath(rest[cut:])
	return strings.ToLower(key)
}

// surtHost returns the host with its labels in reverse order, and the port
// where it is another than the scheme's.
func surtHost(scheme, authority string) string {
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	host, port := authority, ""
	if h, p, err := net.SplitHostPort(authority); err == nil {
		host, port = h, p
	}
	if a, err := idna.Lookup.ToASCII(host); err == nil {
		host = a
	}
	host = strings.Trim(strings.ToLower(host), ".")
	if !strings.Contains(host, ":") {
		labels := strings.Split(host, ".")
		if len(labels) > 1 && isWWW(labels[0]) {
			labels = labels[1:]
		}
		slices.Reverse(labels)
		host = strings.Join(labels, ",")
	}
	host = surtEscape(host)
	if port != "" && port != map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}[scheme] {
		host += ":" + surtEscape(port)
	}
	return host
}

func isWWW(label string) bool {
	rest, ok := strings.CutPrefix(label, "www")
	return ok && strings.Trim(rest, "0123456789") == ""
}

// sessions are parameters that name a visit.
var sessions = regexp.MustCompile(`(?i)^(jsessionid|phpsessid|sid|sessionid|aspsessionid[a-z]{8}|cfid|cftoken)=`)

// pathSessions are visits that stand in the path.
var pathSessions = regexp.MustCompile(`(?i);jsessionid=[0-9a-z]{32}|\(([a-z]\([0-9a-z]{24}\))+\)/`)

// surtPath returns path and query in their canonical form.
func surtPath(s string) string {
	path, query, _ := strings.Cut(s, "?")
	path = pathSessions.ReplaceAllString(surtEscape(path), "")
	var segments []string
	for seg := range strings.SplitSeq(path, "/") {
		switch {
		case seg == "" || seg == ".":
		case seg == "..":
			segments = segments[:max(len(segments)-1, 0)]
		default:
			segments = append(segments, seg)
		}
	}
	out := "/" + strings.Join(segments, "/")
	var params []string
	for p := range strings.SplitSeq(surtEscape(query), "&") {
		if p != "" && !(sessions.MatchString(p) && len(p) > 20) {
			params = append(params, strings.ToLower(p))
		}
	}
	if len(params) == 0 {
		return out
	}
	slices.Sort(params)
	return out + "?" + strings.Join(params, "&")
}

// surtEscape undoes percent-encoding as long as there is any, and encodes
// again what a key cannot hold.
func surtEscape(s string) string {
	for range 8 {
		next := unescape(s)
		if next == s {
			break
		}
		s = next
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '%' || c == '#' {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
