package extract

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// metaBytes is how far into a page its own declaration of the character set is
// looked for. The standard says 1024 bytes; pages with long scripts before it
// exist, and browsers read those too.
const metaBytes = 32 << 10

// decodeHTML returns the page as UTF-8. The character set is, in this order:
// the byte order mark, UTF-8 where the bytes prove it, what the header
// declares, what the page declares, windows-1252.
func decodeHTML(in Input) []byte {
	return decodeWith(in, metaCharset(in.Body[:min(len(in.Body), metaBytes)]))
}

// decodeText is decodeHTML for plain text, which declares nothing itself.
func decodeText(in Input) string { return string(decodeWith(in, "")) }

// decodeWith returns in.Body itself where that is UTF-8.
func decodeWith(in Input, declared string) []byte {
	body := in.Body
	if order := utf16Order(body); order != "" {
		return convert(body, utf16Encoding(order))
	}
	if rest, ok := bytes.CutPrefix(body, []byte("\xef\xbb\xbf")); ok {
		return validUTF8(rest)
	}
	if _, params, err := mime.ParseMediaType(in.ContentType); err == nil && params["charset"] != "" {
		declared = params["charset"]
	}
	enc, name := charset.Lookup(declared)
	if name == "utf-8" || enc == nil {
		if enc == nil && !mostlyUTF8(body) {
			enc, _ = charset.Lookup("windows-1252")
			return convert(body, enc)
		}
		return validUTF8(body)
	}
	if provenUTF8(body) {
		return body
	}
	return convert(body, enc)
}

func validUTF8(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	return bytes.ToValidUTF8(b, []byte("\ufffd"))
}

func convert(body []byte, enc encoding.Encoding) []byte {
	out, _, err := transform.Bytes(enc.NewDecoder(), body)
	if err != nil {
		// A decoder replaces what it cannot read; only a cut-off end errs.
		return validUTF8(out)
	}
	return out
}

// provenUTF8 reports whether body is UTF-8 whatever is declared: it is valid
// and has enough characters of several bytes that this is no chance. Pages that
// were saved by a browser or went through a converter keep an old declaration.
func provenUTF8(body []byte) bool {
	const enough = 4
	n := 0
	for i := 0; i < len(body) && n < enough; i++ {
		if body[i] >= 0xc2 {
			n++
		}
	}
	return n >= enough && utf8.Valid(body)
}

// mostlyUTF8 reports whether body, of which nothing is declared, is UTF-8: the
// bytes that are not are fewer than one in fifty of those above ASCII.
func mostlyUTF8(body []byte) bool {
	high, bad := 0, 0
	for i := 0; i < len(body); {
		if body[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(body[i:])
		high++
		if r == utf8.RuneError && size == 1 {
			bad++
		}
		i += size
	}
	return bad == 0 || bad*50 < high
}

// utf16Order returns le or be where body is UTF-16, by its byte order mark or
// because it begins with a < and further characters of two bytes.
func utf16Order(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("<\x00")) && everyOther(body, 1):
		return "le"
	case bytes.HasPrefix(body, []byte("\xfe\xff")), bytes.HasPrefix(body, []byte("\x00<")) && everyOther(body, 0):
		return "be"
	}
	return ""
}

// everyOther reports whether the first characters of body, taken for UTF-16 with
// its upper halves from the first on, are ASCII.
func everyOther(body []byte, first int) bool {
	const characters = 3
	if len(body) < 2*characters {
		return false
	}
	for i := range characters {
		if body[2*i+first] != 0 || body[2*i+1-first] == 0 {
			return false
		}
	}
	return true
}

func utf16Encoding(order string) encoding.Encoding {
	if order == "le" {
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
}

// metaCharset returns the character set that a page declares in a meta element
// or an XML declaration, or the empty string.
func metaCharset(head []byte) string {
	if v := metaIn(head); v != "" || !bytes.HasPrefix(head, []byte("<?xml")) {
		return v
	}
	decl, _, _ := bytes.Cut(head, []byte("?>"))
	return declaredValue(decl, "encoding")
}

func metaIn(head []byte) string {
	for {
		i := bytes.IndexByte(head, '<')
		if i < 0 {
			return ""
		}
		head = head[i+1:]
		switch {
		case bytes.HasPrefix(head, []byte("!--")):
			_, rest, ok := bytes.Cut(head, []byte("-->"))
			if !ok {
				return ""
			}
			head = rest
		case len(head) > 5 && bytes.EqualFold(head[:4], []byte("meta")) && !isAlnum(head[4]):
			tag, _, _ := bytes.Cut(head[:min(len(head), 1024)], []byte(">"))
			if v := declaredValue(tag, "charset"); v != "" {
				return notUTF16(v)
			}
		}
	}
}

// notUTF16 corrects what cannot be: a declaration that can be read byte by byte
// is not in UTF-16 (HTML standard, prescan).
func notUTF16(name string) string {
	if len(name) >= 6 && strings.EqualFold(name[:6], "utf-16") {
		return "utf-8"
	}
	return name
}

// declaredValue returns what follows name and = in a tag.
func declaredValue(tag []byte, name string) string {
	i := bytes.Index(bytes.ToLower(tag), []byte(name))
	if i < 0 {
		return ""
	}
	rest := bytes.TrimLeft(tag[i+len(name):], " \t\r\n")
	if len(rest) == 0 || rest[0] != '=' {
		return ""
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n\"'")
	end := bytes.IndexAny(rest, " \t\r\n\"';/>")
	if end < 0 {
		end = len(rest)
	}
	return string(rest[:end])
}
