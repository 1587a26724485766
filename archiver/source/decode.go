package source

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"stet/store"
)

// headBytes is how much of a document is looked at to tell its kind and its
// character set. Pages that begin with long scripts show their root by then.
const headBytes = 32 << 10

// text is a document as UTF-8, to be read once.
type text struct {
	io.Reader
	// head are the first bytes of what the reader gives, for a look ahead.
	head []byte

	declared string // the character set that was named, where it is another
	gz       *gzipReader
	limit    *limitReader
	clean    *cleanReader
}

// openText prepares to read a body: it undoes gzip (a .gz file is sent as it
// is), brings the character set to UTF-8, repairs what is not valid, and drops
// the control characters that XML forbids. It reads max bytes at most.
func openText(body []byte, contentType string, max int64) (*text, error) {
	t := &text{}
	var raw io.Reader = bytes.NewReader(body)
	if bytes.HasPrefix(body, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, fmt.Errorf("%w: a gzip file that cannot be opened: %w", store.ErrUnexpected, err)
		}
		t.gz = &gzipReader{z: z}
		raw = t.gz
	}
	t.limit = &limitReader{r: raw, left: max}
	first := bufio.NewReaderSize(t.limit, headBytes)
	sample, _ := first.Peek(headBytes) // an error comes again with the read
	enc, name := t.decide(sample, contentType)
	raw = first
	if enc != nil {
		raw = transform.NewReader(first, enc.NewDecoder())
	}
	if name != "" {
		t.declared = name
	}
	t.clean = newCleanReader(raw)
	second := bufio.NewReaderSize(t.clean, headBytes)
	t.head, _ = second.Peek(headBytes)
	t.head = bytes.Clone(t.head)
	t.Reader = second
	return t, nil
}

// warnings says what had to be repaired, once the document has been read.
func (t *text) warnings() []string {
	var w []string
	if t.gz != nil && t.gz.broken != nil {
		w = append(w, fmt.Sprintf("the gzip file breaks off (%v): what follows is missing", t.gz.broken))
	}
	if t.limit.cut {
		w = append(w, "the document is larger than what is read of one: what follows was left out")
	}
	if t.declared != "" {
		w = append(w, fmt.Sprintf("the character set is said to be %s, but the document is in UTF-8", t.declared))
	}
	if n := t.clean.repaired; n > 0 {
		w = append(w, fmt.Sprintf("%d bytes are no UTF-8 and were read as windows-1252", n))
	}
	if n := t.clean.dropped; n > 0 {
		w = append(w, fmt.Sprintf("%d control characters were dropped", n))
	}
	return w
}

// decide returns the decoder to UTF-8, nil where none is needed, and the name of
// the character set that was declared wrongly. The order is: byte order mark,
// UTF-8 where the bytes prove it, what the document declares, what the header
// declares, UTF-8. Servers add a character set to every answer more often than
// programs that write feeds are wrong about theirs.
func (t *text) decide(sample []byte, contentType string) (encoding.Encoding, string) {
	switch {
	case bytes.HasPrefix(sample, []byte("\xff\xfe")), bytes.HasPrefix(sample, []byte("<\x00")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), ""
	case bytes.HasPrefix(sample, []byte("\xfe\xff")), bytes.HasPrefix(sample, []byte("\x00<")):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), ""
	case bytes.HasPrefix(sample, []byte("\xef\xbb\xbf")):
		return nil, ""
	}
	declared := declaredCharset(sample)
	if declared == "" {
		if _, params, err := mime.ParseMediaType(contentType); err == nil {
			declared = params["charset"]
		}
	}
	enc, name := charset.Lookup(declared)
	if enc == nil || name == "utf-8" || strings.HasPrefix(name, "utf-16") {
		return nil, "" // in UTF-16 the declaration could not be read
	}
	if provenUTF8(sample) {
		return nil, declared
	}
	return enc, ""
}

// declaredCharset returns what an XML declaration or a page's meta element
// names as the character set.
func declaredCharset(head []byte) string {
	head = bytes.TrimLeft(head, " \t\r\n")
	if bytes.HasPrefix(head, []byte("<?xml")) {
		decl, _, _ := bytes.Cut(head, []byte{'>'})
		return quotedAfter(decl, "encoding")
	}
	low := bytes.ToLower(head[:min(len(head), 8<<10)])
	for {
		i := bytes.Index(low, []byte("<meta"))
		if i < 0 {
			return ""
		}
		tag, rest, _ := bytes.Cut(low[i:], []byte{'>'})
		if v := quotedAfter(tag, "charset"); v != "" {
			return v
		}
		low = rest
	}
}

// quotedAfter returns the value that follows a name and =, in quotes or not.
func quotedAfter(b []byte, name string) string {
	_, v, ok := bytes.Cut(b, []byte(name))
	if !ok {
		return ""
	}
	v = bytes.TrimLeft(v, " \t\r\n")
	if len(v) == 0 || v[0] != '=' {
		return ""
	}
	v = bytes.TrimLeft(v[1:], " \t\r\n\"'")
	if i := bytes.IndexAny(v, "\"' \t\r\n;?/"); i >= 0 {
		v = v[:i]
	}
	return string(v)
}

// provenUTF8 reports whether b is UTF-8 whatever is declared: it is valid but
// for a character that the end of the sample cuts, and has enough characters of
// several bytes that this is no chance.
func provenUTF8(b []byte) bool {
	const enough = 2
	n := 0
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return n >= enough && len(b)-i < utf8.UTFMax && !utf8.FullRune(b[i:])
		}
		if size > 1 {
			n++
		}
		i += size
	}
	return n >= enough
}

// gzipReader ends where its file is broken, and remembers that it was.
type gzipReader struct {
	z      *gzip.Reader
	broken error
}

func (g *gzipReader) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		g.broken, err = err, io.EOF
	}
	return n, err
}

// limitReader ends after a number of bytes, and remembers that more would have
// come.
type limitReader struct {
	r    io.Reader
	left int64
	cut  bool
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		var one [1]byte
		if n, _ := io.ReadFull(l.r, one[:]); n > 0 {
			l.cut = true
		}
		return 0, io.EOF
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// cleanReader makes of nearly UTF-8 what XML may contain: bytes that are not
// valid are taken as windows-1252, where most of them come from, and control
// characters are dropped, as is a byte order mark.
type cleanReader struct {
	r   io.Reader
	err error
	// raw holds what was read, rest the part of it that is not cleaned yet,
	// out what is cleaned and not given yet.
	raw  []byte
	rest []byte
	out  []byte
	// buf is where out begins.
	buf []byte
	any bool

	repaired, dropped int
}

func newCleanReader(r io.Reader) *cleanReader {
	const size = 16 << 10
	// A byte of windows-1252 becomes up to three.
	return &cleanReader{r: r, raw: make([]byte, size), buf: make([]byte, 0, 3*size)}
}

func (c *cleanReader) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.err != nil && len(c.rest) == 0 {
			return 0, c.err
		}
		c.fill()
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// fill reads on after what is left of a character, and cleans it.
func (c *cleanReader) fill() {
	kept := copy(c.raw, c.rest)
	if c.err == nil {
		var n int
		n, c.err = c.r.Read(c.raw[kept:])
		kept += n
	}
	c.rest = c.raw[:kept]
	c.out = c.buf[:0]
	for len(c.rest) > 0 {
		b := c.rest[0]
		switch {
		case b >= ' ' && b < 0x7f || b == '\n' || b == '\t' || b == '\r':
			c.out = append(c.out, b)
			c.rest = c.rest[1:]
		case b < utf8.RuneSelf:
			c.dropped++
			c.rest = c.rest[1:]
		case c.err == nil && !utf8.FullRune(c.rest):
			return
		default:
			c.character()
		}
		c.any = true
	}
}

// character takes one character of several bytes.
func (c *cleanReader) character() {
	r, size := utf8.DecodeRune(c.rest)
	switch {
	case r == utf8.RuneError && size == 1:
		c.repaired++
		r = charmap.Windows1252.DecodeByte(c.rest[0])
	case r == '\ufeff' && !c.any:
		c.rest = c.rest[size:]
		return
	}
	c.rest = c.rest[size:]
	c.out = utf8.AppendRune(c.out, r)
}
