package source

import (
	"bufio"
	"bytes"
	"errors"
	"html"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of a [scanner]. What is longer is cut; nothing that a feed or a
// sitemap has to say is nearly as long.
const (
	maxTag  = 64 << 10
	maxText = 64 << 10
	maxName = 128
	// maxNames bounds the names that are remembered, so that a document with
	// ever new ones does not fill the memory.
	maxNames = 256
	// maxEntity is the longest entity, with its & and ;.
	maxEntity = 34
)

// token is a kind of markup.
type token byte

const (
	tokenEnd   token = iota // the document's end
	tokenOpen               // a start tag
	tokenClose              // an end tag, or the end of an empty element
	tokenText               // words, with entities decoded, or a CDATA section
)

// scanner reads XML as feeds and sitemaps have it: well-formed or not. It
// never fails: what cannot be markup is text. It holds one token at a time, so
// its memory does not grow with the document, however deep that is nested.
//
// It takes the place of encoding/xml, which is strict where feeds are not,
// keeps every open element and the whole of a token, and needs 25 allocations
// for an entry of a sitemap.
//
// Names are canonical: in lower case, with a prefix that says which vocabulary
// they are of, whatever prefix the document gave it. The vocabulary of the
// root element has none.
type scanner struct {
	r *bufio.Reader
	// err is the reader's error; io.EOF at the regular end.
	err error
	// keep is set while text is wanted; else it is passed over.
	keep bool

	name string
	text []byte
	tag  []byte
	// pending is true after the start tag of an empty element.
	pending bool
	// lt is true where the < of the next token was read.
	lt bool
	// last is the token that was returned, repeat asks for it once more.
	last   token
	repeat bool
	// root is true once the root element has begun.
	root  bool
	names names
}

func newScanner(r io.Reader) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, 64<<10), names: newNames()}
}

// next returns the next token. The name, the attributes and the text of the
// scanner are those of the token, until the next call.
func (s *scanner) next() token {
	if s.repeat {
		s.repeat = false
		return s.last
	}
	s.last = s.read()
	return s.last
}

// again lets the next call return the same token.
func (s *scanner) again() { s.repeat = true }

func (s *scanner) read() token {
	if s.pending {
		s.pending = false
		return tokenClose
	}
	s.text = s.text[:0]
	for {
		more := s.lt || s.words()
		s.lt = more && len(s.text) > 0
		switch {
		case len(s.text) > 0:
			return tokenText
		case !more:
			return tokenEnd
		}
		switch c := s.peek(); {
		case c == '!':
			if s.declaration() {
				return tokenText
			}
		case c == '?':
			s.until(">", nil)
		case c == '/':
			s.closing()
			return tokenClose
		case isNameStart(c):
			s.opening()
			return tokenOpen
		default:
			// A < that begins nothing is a character, with what follows.
			s.add([]byte{'<'})
			s.lt = s.words()
			if len(s.text) > 0 {
				return tokenText
			}
		}
	}
}

// words takes the text up to the next <, which it consumes. It returns false
// where the document ends instead.
func (s *scanner) words() bool {
	start := len(s.text)
	for {
		part, err := s.r.ReadSlice('<')
		found := err == nil
		if found {
			part = part[:len(part)-1]
		}
		s.add(part)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		s.failed(err)
		s.text = append(s.text[:start], decodeEntities(s.text[start:])...)
		return found
	}
}

func (s *scanner) add(b []byte) {
	if s.keep {
		s.text = append(s.text, b[:min(len(b), max(maxText-len(s.text), 0))]...)
	}
}

// failed notes the reader's first error.
func (s *scanner) failed(err error) {
	if s.err == nil {
		s.err = err
	}
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	b, err := s.r.Peek(1)
	if len(b) == 0 {
		s.failed(err)
		return 0
	}
	return b[0]
}

// until gives take everything up to end, in pieces, and passes over end. A nil
// take drops it.
func (s *scanner) until(end string, take func([]byte)) {
	if take == nil {
		take = func([]byte) {}
	}
	var held []byte // what may be the beginning of end
	for {
		part, err := s.r.ReadSlice(end[len(end)-1])
		if len(held) > 0 && len(part) < len(end) {
			part, held = append(held, part...), nil
		}
		take(held)
		if err == nil && bytes.HasSuffix(part, []byte(end)) {
			take(part[:len(part)-len(end)])
			return
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			take(part)
			s.failed(err)
			return
		}
		n := max(len(part)-len(end)+1, 0)
		take(part[:n])
		held = append([]byte(nil), part[n:]...)
	}
}

// declaration reads what begins with <!. It reports whether it was a CDATA
// section that holds text.
func (s *scanner) declaration() bool {
	head, _ := s.r.Peek(8) // an error comes again with the next read
	switch {
	case bytes.HasPrefix(head, []byte("!--")):
		s.discard(3)
		s.until("-->", nil)
	case bytes.HasPrefix(head, []byte("![CDATA[")):
		s.discard(8)
		s.until("]]>", s.add)
		return len(s.text) > 0
	default:
		s.doctype()
	}
	return false
}

func (s *scanner) discard(n int) {
	_, err := s.r.Discard(n)
	s.failed(err)
}

// doctype passes over a declaration, which can hold others in brackets.
func (s *scanner) doctype() {
	depth := 0
	for range maxTag {
		c, err := s.r.ReadByte()
		switch {
		case err != nil:
			s.failed(err)
			return
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == '>' && depth <= 0:
			return
		}
	}
}

// readTag reads up to the > that ends a tag. A < outside of quotes ends a tag
// that was not closed, and is left.
func (s *scanner) readTag() {
	s.tag = s.tag[:0]
	var quote byte
	for len(s.tag) < maxTag {
		c, err := s.r.ReadByte()
		switch {
		case err != nil:
			s.failed(err)
			return
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return
		case c == '<':
			s.lt = true
			return
		case (c == '"' || c == '\'') && len(s.tag) > 0 && s.tag[len(s.tag)-1] == '=':
			quote = c
		}
		s.tag = append(s.tag, c)
	}
}

func (s *scanner) closing() {
	s.readTag()
	name := bytes.TrimSpace(bytes.TrimPrefix(s.tag, []byte("/")))
	s.name = s.names.canonical(cutName(name))
}

func (s *scanner) opening() {
	s.readTag()
	if n := len(s.tag); n > 0 && s.tag[n-1] == '/' {
		s.tag, s.pending = s.tag[:n-1], true
	}
	name := cutName(s.tag)
	s.tag = s.tag[len(name):]
	if bytes.Contains(s.tag, []byte("xmlns")) {
		s.attributes(func(key, value []byte) bool {
			s.names.bind(key, value)
			return true
		})
	}
	if !s.root {
		s.root = true
		s.names.rootIs(name)
	}
	s.name = s.names.canonical(name)
}

// attr returns the value of an attribute of the start tag; its name is without
// prefix, and the one without prefix in the document comes first.
func (s *scanner) attr(name string) string {
	var value string
	s.attributes(func(key, v []byte) bool {
		k := bytes.ToLower(key)
		if string(k) == name {
			value = string(decodeEntities(v))
			return false
		}
		if _, local, ok := bytes.Cut(k, []byte{':'}); ok && string(local) == name && value == "" && !bytes.HasPrefix(k, []byte("xmlns")) {
			value = string(decodeEntities(v))
		}
		return true
	})
	return value
}

// attributes calls yield with the attributes of the start tag as they stand,
// until it returns false.
func (s *scanner) attributes(yield func(key, value []byte) bool) {
	for rest := s.tag; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n/\"'=")
		n := bytes.IndexAny(rest, "= \t\r\n")
		if n < 0 {
			return
		}
		key := rest[:n]
		rest = bytes.TrimLeft(rest[n:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '=' {
			continue // an attribute without a value
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		var value []byte
		value, rest = attributeValue(rest)
		if !yield(key, value) {
			return
		}
	}
}

// attributeValue splits off a value, in quotes or without.
func attributeValue(s []byte) (value, rest []byte) {
	if len(s) == 0 {
		return nil, nil
	}
	if q := s[0]; q == '"' || q == '\'' {
		if i := bytes.IndexByte(s[1:], q); i >= 0 {
			return s[1 : i+1], s[i+2:]
		}
		return s[1:], nil
	}
	if i := bytes.IndexAny(s, " \t\r\n"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, nil
}

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' || c >= utf8.RuneSelf
}

// cutName returns the name at the beginning of a tag.
func cutName(tag []byte) []byte {
	if i := bytes.IndexAny(tag, " \t\r\n/\"'="); i >= 0 {
		tag = tag[:i]
	}
	return tag[:min(len(tag), maxName)]
}

// decodeEntities decodes the entities in b, those of HTML too, which many feeds
// use without declaring them. An & that begins none stays, as in addresses that
// were not escaped. It works in place.
func decodeEntities(b []byte) []byte {
	i := bytes.IndexByte(b, '&')
	if i < 0 {
		return b
	}
	out := b[:i]
	for i < len(b) {
		if b[i] == '&' {
			if n := bytes.IndexByte(b[i:min(len(b), i+maxEntity)], ';'); n > 1 {
				if s, ok := entity(string(b[i+1 : i+n])); ok {
					out = append(out, s...)
					i += n + 1
					continue
				}
			}
		}
		out = append(out, b[i])
		i++
	}
	return out
}

// entity returns what an entity stands for, which is never longer than itself.
func entity(name string) (string, bool) {
	switch name {
	case "amp":
		return "&", true
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	}
	if num, ok := strings.CutPrefix(name, "#"); ok {
		base := 10
		if strings.HasPrefix(num, "x") || strings.HasPrefix(num, "X") {
			num, base = num[1:], 16
		}
		n, err := strconv.ParseUint(num, base, 32)
		if err != nil || n < ' ' && n != '\t' && n != '\n' && n != '\r' {
			return "", err == nil // a control character, which XML has none of
		}
		// The characters 0x80 to 0x9f are meant as windows-1252 has them, which
		// is how HTML reads them.
		s := html.UnescapeString("&#" + strconv.FormatUint(n, 10) + ";")
		if len(s) > len(name)+2 {
			return "", true
		}
		return s, true
	}
	full := "&" + name + ";"
	s := html.UnescapeString(full)
	return s, s != full && len(s) <= len(full) && !strings.HasSuffix(s, ";")
}
