package web

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"stet/store"
)

// plain makes what cannot be seen visible: controls, and the marks by which
// text pretends to run otherwise than it does. People are shown it wherever
// something is repeated that somebody else wrote on one line.
func plain(s string) string { return spelled(s, unseen) }

// spelled writes the numbers of the characters of s that are not to stand there.
func spelled(s string, not func(rune) bool) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if !strings.ContainsFunc(s, not) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if not(r) {
			fmt.Fprintf(&b, "‹U+%04X›", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// unseen reports whether a character has no shape of its own and changes what
// stands around it.
func unseen(r rune) bool {
	switch {
	case unicode.IsControl(r), r == 0x061c, r == 0x200b, r >= 0x200e && r <= 0x200f,
		r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r >= 0xfff9 && r <= 0xfffb:
		return true
	}
	return r == utf8.RuneError
}

// shownText makes visible in a text of several lines what makes its letters run
// otherwise than they stand. Marks and isolates, which right-to-left languages
// need, stay: they end with the text.
func shownText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r) || r >= 0x202a && r <= 0x202e:
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// maxTarget is the longest address that is taken from a request.
const maxTarget = 8 << 10

// webURL reads an address of the web that somebody sent, and returns it in a
// form that can stand in a header: percent-encoded, without spaces, controls,
// quotes and angle brackets. A scheme that lost a slash on the way, as proxies
// take one out, gets it back. It errors with ErrInvalid for anything else.
func webURL(s string) (string, error) {
	if len(s) > maxTarget {
		return "", fmt.Errorf("%w: an address of %d bytes", store.ErrTooLarge, len(s))
	}
	for _, scheme := range []string{"https:/", "http:/"} {
		if rest, ok := strings.CutPrefix(s, scheme); ok && !strings.HasPrefix(rest, "/") {
			s = scheme + "/" + rest
		}
	}
	if !strings.Contains(s, "://") {
		s = "https://" + strings.TrimPrefix(s, "//")
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("%w: %.200q is no address of the web", store.ErrInvalid, s)
	}
	if u.Host, err = webHost(u.Host); err != nil {
		return "", err
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return headerSafe(u.String()), nil
}

// webHost returns a host with its port as the network writes it.
func webHost(host string) (string, error) {
	name, port, end := strings.ToLower(host), "", ""
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.HasSuffix(name, "]") {
		name, port, end = name[:i], name[i:], name[i+1:]
	}
	inner, bracketed := strings.CutPrefix(strings.TrimSuffix(name, "]"), "[")
	ascii, err := name, error(nil)
	if bracketed {
		_, err = netip.ParseAddr(inner)
	} else if ascii, err = idna.Punycode.ToASCII(name); err == nil && (ascii == "" || strings.Trim(ascii, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "") {
		err = store.ErrInvalid
	}
	if err != nil || strings.Trim(end, "0123456789") != "" {
		return "", fmt.Errorf("%w: %.200q is no host", store.ErrInvalid, host)
	}
	return ascii + port, nil
}

// headerSafe percent-encodes what may not stand in an address in a header.
func headerSafe(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
