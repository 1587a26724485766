package warc

import (
	"strings"
	"unicode/utf8"
)

// The forms of values, by hand: an expression takes more time than all else that
// is looked at in a record.

// dateForm reports whether s is a time in UTC, a day, a month or a year, with up
// to nine digits of a second.
func dateForm(s string) bool {
	const whole = "0000-00-00T00:00:00"
	for i := range min(len(s), len(whole)) {
		if whole[i] == '0' && !digit(s[i]) || whole[i] != '0' && whole[i] != s[i] {
			// A time without seconds ends where those would begin.
			return i == len("0000-00-00T00:00") && s[i:] == "Z"
		}
	}
	switch {
	case len(s) == len("0000") || len(s) == len("0000-00") || len(s) == len("0000-00-00"):
		return true
	case len(s) <= len(whole):
		return false
	}
	rest := s[len(whole):]
	if part, ok := strings.CutPrefix(rest, "."); ok {
		n := 0
		for n < len(part) && digit(part[n]) {
			n++
		}
		if n == 0 || n > 9 {
			return false
		}
		rest = part[n:]
	}
	return rest == "Z"
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// idForm reports whether s is an address between brackets, without blanks and
// further brackets.
func idForm(s string) bool {
	if len(s) < 2 || s[0] != '<' || s[len(s)-1] != '>' {
		return false
	}
	s = s[1 : len(s)-1]
	if !hasScheme(s) || s[len(s)-1] == ':' && strings.IndexByte(s, ':') == len(s)-1 {
		return false
	}
	return !strings.ContainsAny(s, "<> \t\n\f\r")
}

// mediaForm reports whether s is a media type, with whatever parameters.
func mediaForm(s string) bool {
	kind, rest, ok := strings.Cut(s, "/")
	sub := rest
	if i := strings.IndexAny(rest, " \t;"); i >= 0 {
		sub, rest = rest[:i], strings.TrimLeft(rest[i:], " \t")
		ok = ok && strings.HasPrefix(rest, ";") && !strings.Contains(rest, "\n")
	}
	return ok && mediaToken(kind) && mediaToken(sub)
}

func mediaToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c|0x20 >= 'a' && c|0x20 <= 'z' || digit(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// oneLineOfText reports whether s is text without control characters.
func oneLineOfText(s string) bool {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == 0x7f {
			return false
		}
		ascii = ascii && c < 0x80
	}
	return ascii || utf8.ValidString(s)
}
