package notify

import (
	"net/url"
	"strings"
	"unicode"
)

// What strangers wrote is cut to these many characters.
const (
	maxName1Line = 80
	maxTitle     = 200
	maxReason    = 400
	maxWords     = 4000
	maxLink      = 1500
)

// clean returns a text by strangers on one line: without control characters and
// those that change the direction of what follows, white space joined, cut to
// max characters.
func clean(s string, max int) string {
	return cut(strings.Join(strings.Fields(strings.Map(keepRune, s)), " "), max)
}

// cleanLines is clean with the line breaks kept.
func cleanLines(s string, max int) []string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var lines []string
	for line := range strings.SplitSeq(cut(s, max), "\n") {
		lines = append(lines, clean(line, max))
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// keepRune is a mapping for strings.Map: it makes white space a space, and
// drops control characters, what is no character, and the marks that embed or
// override a direction (Unicode Annex 9), which could turn the rest of a
// message around.
func keepRune(r rune) rune {
	switch {
	case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
		return ' '
	case unicode.IsControl(r), r == '\uFEFF', r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return -1
	}
	return r
}

// cut shortens s to at most max characters, the mark of the cut included.
func cut(s string, max int) string {
	s = strings.ToValidUTF8(s, "�")
	n := 0
	at := 0
	for i := range s {
		if n == max-1 {
			at = i
		}
		if n++; n > max {
			return s[:at] + "…"
		}
	}
	return s
}

// link returns an address that can be linked: one of the web, without name and
// password, encoded; else "".
func link(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	u.RawQuery = encodeAll(u.RawQuery)
	s := u.String()
	// Package url lets some of these pass in hosts.
	if len(s) > maxLink || strings.ContainsAny(s, "<>|\"`\\") || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || keepRune(r) != r }) {
		return ""
	}
	return s
}

// encodeAll percent-encodes the characters of a query that end an address in
// text or markup.
func encodeAll(q string) string {
	var b strings.Builder
	for i := range len(q) {
		switch c := q[i]; c {
		case '<', '>', '"', '\'', '|', '`', '\\', ' ':
			b.WriteString("%" + strings.ToUpper(string("0123456789abcdef"[c>>4])+string("0123456789abcdef"[c&15])))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
