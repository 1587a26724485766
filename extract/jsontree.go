package extract

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonValue is a value of a JSON text. Pages hold JSON that is not quite valid:
// line breaks in strings, commas too many, comments around it. It is read as
// far as it goes.
type jsonValue struct {
	// kind is one of { [ " or 0 for numbers and words.
	kind byte
	// raw is the content of a string as it is escaped, or the number or word.
	raw     string
	members []jsonMember
}

// jsonMember is a member of an object, or an element of an array, which has no
// key.
type jsonMember struct {
	key   string
	value jsonValue
}

// The bounds of what is read into a tree.
const (
	maxJSONValues = 100000
	maxJSONDepth  = 64
)

// parseJSON reads the first value in s.
func parseJSON(s string) (jsonValue, bool) {
	p := jsonParser{s: s, left: maxJSONValues}
	p.space()
	v, ok := p.value(0)
	return v, ok
}

type jsonParser struct {
	s    string
	i    int
	left int
}

// space skips white space, commas and comments.
func (p *jsonParser) space() {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case isHTMLSpace(c) || c == ',':
			p.i++
		case strings.HasPrefix(p.s[p.i:], "/*"):
			n := strings.Index(p.s[p.i+2:], "*/")
			if n < 0 {
				p.i = len(p.s)
				return
			}
			p.i += n + 4
		case strings.HasPrefix(p.s[p.i:], "//"), strings.HasPrefix(p.s[p.i:], "<!--"):
			n := strings.IndexByte(p.s[p.i:], '\n')
			if n < 0 {
				p.i = len(p.s)
				return
			}
			p.i += n
		default:
			return
		}
	}
}

func (p *jsonParser) value(depth int) (jsonValue, bool) {
	if p.left--; p.left < 0 || depth > maxJSONDepth || p.i >= len(p.s) {
		return jsonValue{}, false
	}
	switch c := p.s[p.i]; c {
	case '{', '[':
		return p.list(c, depth)
	case '"', '\'':
		raw, ok := p.str(c)
		return jsonValue{kind: '"', raw: raw}, ok
	}
	start := p.i
	for p.i < len(p.s) && strings.IndexByte(",]}: \t\r\n", p.s[p.i]) < 0 {
		p.i++
	}
	return jsonValue{raw: p.s[start:p.i]}, p.i > start
}

// str reads a string and returns its content as it is escaped.
func (p *jsonParser) str(quote byte) (string, bool) {
	start := p.i + 1
	end := stringEnd(p.s, start, quote)
	if end < 0 {
		p.i = len(p.s)
		return p.s[start:], false
	}
	p.i = end + 1
	return p.s[start:end], true
}

// stringEnd returns where the string ends whose content begins at start, or -1.
func stringEnd(s string, start int, quote byte) int {
	for i := start; i < len(s); {
		n := strings.IndexByte(s[i:], quote)
		if n < 0 {
			return -1
		}
		slashes := 0
		for j := i + n - 1; j >= start && s[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i + n
		}
		i += n + 1
	}
	return -1
}

func (p *jsonParser) list(open byte, depth int) (jsonValue, bool) {
	v := jsonValue{kind: open}
	p.i++
	for {
		p.space()
		if p.i >= len(p.s) {
			return v, len(v.members) > 0
		}
		if c := p.s[p.i]; c == '}' || c == ']' {
			p.i++
			return v, true
		}
		var m jsonMember
		if open == '{' {
			if !p.key(&m) {
				return v, len(v.members) > 0
			}
		}
		value, ok := p.value(depth + 1)
		if !ok {
			return v, len(v.members) > 0
		}
		m.value = value
		v.members = append(v.members, m)
	}
}

// key reads a member's key, in quotes or, as scripts may write it, without.
func (p *jsonParser) key(m *jsonMember) bool {
	k, ok := p.value(maxJSONDepth)
	if !ok || k.kind == '{' || k.kind == '[' {
		return false
	}
	m.key = unescapeJSON(k.raw)
	p.space()
	if p.i >= len(p.s) || p.s[p.i] != ':' {
		return false
	}
	p.i++
	p.space()
	return true
}

// get returns the member of an object, the zero value where there is none.
func (v *jsonValue) get(key string) *jsonValue {
	if v.kind == '{' {
		for i := range v.members {
			if v.members[i].key == key {
				return &v.members[i].value
			}
		}
	}
	return &jsonValue{}
}

// text returns the value of a string with its escapes undone, or the number or
// word; the empty string for objects, arrays and null.
func (v *jsonValue) text() string {
	switch v.kind {
	case '"':
		return unescapeJSON(v.raw)
	case 0:
		if v.raw != "null" {
			return v.raw
		}
	}
	return ""
}

// unescapeJSON undoes the escapes of JSON and JavaScript strings. What is no
// escape stands for itself.
func unescapeJSON(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 && i+1 < len(s) {
		b.WriteString(s[:i])
		s = s[i+1:]
		n := 1
		switch c := s[0]; c {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r', 'b', 'f':
			b.WriteByte(' ')
		case 'u', 'x':
			n = unescapeRune(&b, s)
		default:
			b.WriteByte(c)
		}
		s = s[n:]
		i = strings.IndexByte(s, '\\')
	}
	b.WriteString(s)
	return b.String()
}

// unescapeRune writes the character whose escape s is the rest of, u00e9 or
// xe9, and returns how long that is. Two halves of a pair are one character.
func unescapeRune(b *strings.Builder, s string) int {
	digits := 4
	if s[0] == 'x' {
		digits = 2
	}
	r, ok := hexRune(s[1:], digits)
	if !ok {
		b.WriteByte(s[0])
		return 1
	}
	n := 1 + digits
	if utf16.IsSurrogate(r) {
		low, ok := rune(0), false
		if strings.HasPrefix(s[n:], `\u`) {
			low, ok = hexRune(s[n+2:], 4)
		}
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			b.WriteRune(pair)
			return n + 6
		}
		r = utf8.RuneError
	}
	b.WriteRune(r)
	return n
}

func hexRune(s string, digits int) (rune, bool) {
	if len(s) < digits {
		return 0, false
	}
	r := rune(0)
	for i := range digits {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
