package source

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The limits on a robots.txt.
const (
	// maxRobots is how much of one is read: what RFC 9309 §2.5 asks for at
	// least.
	maxRobots = 500 << 10
	// maxRules and maxSitemaps bound what is kept of one.
	maxRules    = 10_000
	maxSitemaps = 1000
	// maxCrawlDelay is the longest pause that is believed: a site that asks
	// for more means something else.
	maxCrawlDelay = 2 * time.Minute
)

// rules are what a robots.txt says to one crawler.
type rules struct {
	list     []rule
	delay    time.Duration
	sitemaps []string
}

// rule allows or disallows the paths that a pattern matches.
type rule struct {
	pattern string
	allow   bool
}

// parseRobots reads a robots.txt as RFC 9309 wants it, for the crawler with a
// product token. What cannot be read is passed over; an error page that is sent
// in place of the file thus allows everything.
//
// The rules are those of all groups that name the token, else of those for "*".
func parseRobots(body []byte, token string) rules {
	body = bytes.TrimPrefix(body[:min(len(body), maxRobots)], []byte("\xef\xbb\xbf"))
	var own, any rules
	var named, star, found bool // of the current group; found: any group named us
	inAgents := false
	var sitemaps []string
	for line := range bytes.FieldsFuncSeq(body, func(r rune) bool { return r == '\n' || r == '\r' }) {
		key, value, ok := robotsLine(line)
		if !ok {
			continue
		}
		switch key {
		case "user-agent", "useragent":
			if !inAgents {
				named, star = false, false
			}
			inAgents = true
			if value == "*" {
				star = true
			} else if strings.EqualFold(productToken(value), token) {
				named, found = true, true
			}
			continue
		case "sitemap":
			// It belongs to no group, and ends none.
			if len(sitemaps) < maxSitemaps && value != "" {
				sitemaps = append(sitemaps, value)
			}
			continue
		}
		inAgents = false
		if named {
			own.add(key, value)
		}
		if star {
			any.add(key, value)
		}
	}
	if !found {
		own = any
	}
	own.sitemaps = sitemaps
	return own
}

// robotsLine splits a line into its key, in lower case, and its value.
func robotsLine(line []byte) (key, value string, ok bool) {
	line, _, _ = bytes.Cut(line, []byte{'#'})
	k, v, ok := bytes.Cut(line, []byte{':'})
	if !ok {
		return "", "", false
	}
	return strings.ToLower(string(bytes.TrimSpace(k))), string(bytes.TrimSpace(v)), true
}

// productToken returns the token at the beginning of a user agent: letters, _
// and -.
func productToken(s string) string {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-') {
			return s[:i]
		}
	}
	return s
}

func (r *rules) add(key, value string) {
	switch key {
	case "allow", "disallow":
		// An empty pattern matches nothing.
		if value != "" && len(r.list) < maxRules {
			r.list = append(r.list, rule{pattern: normalPath(value), allow: key == "allow"})
		}
	case "crawl-delay", "crawldelay":
		if s, err := strconv.ParseFloat(value, 64); err == nil && s > 0 {
			r.delay = min(time.Duration(min(s, maxCrawlDelay.Seconds())*float64(time.Second)), maxCrawlDelay)
		}
	}
}

// allows reports whether the rules let the crawler ask for an address. The
// longest pattern that matches decides, and of two that are equally long the
// one that allows (RFC 9309 §2.2.2).
func (r *rules) allows(u *url.URL) bool {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if path == "/robots.txt" {
		return true
	}
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + u.RawQuery
	}
	path = normalPath(path)
	allowed, length := true, -1
	for i := range r.list {
		p := &r.list[i]
		if n := len(p.pattern); (n > length || n == length && p.allow) && matches(p.pattern, path) {
			allowed, length = p.allow, n
		}
	}
	return allowed
}

// matches reports whether a path begins as a pattern says, where * stands for
// anything and $ at the end for the end.
func matches(pattern, path string) bool {
	pattern, anchored := strings.CutSuffix(pattern, "$")
	first, rest, wild := strings.Cut(pattern, "*")
	path, ok := strings.CutPrefix(path, first)
	if !ok || !wild {
		return ok && (!anchored || path == "")
	}
	// Taking each piece where it comes first leaves the most for the others.
	for {
		piece, more, again := strings.Cut(rest, "*")
		if !again && anchored {
			return strings.HasSuffix(path, piece)
		}
		i := strings.Index(path, piece)
		if i < 0 {
			return false
		}
		if !again {
			return true
		}
		path, rest = path[i+len(piece):], more
	}
}

// normalPath brings the octets of a path or pattern into one form: codes of
// unreserved characters are decoded, others in capitals, and what is not ASCII
// is encoded.
func normalPath(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			v := unhex(s[i+1])<<4 | unhex(s[i+2])
			if unreserved(v) {
				b.WriteByte(v)
			} else {
				b.WriteByte('%')
				b.WriteByte(hex[v>>4])
				b.WriteByte(hex[v&15])
			}
			i += 2
		case c <= ' ' || c >= 0x7f:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}

func unreserved(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-._~", c) >= 0
}
