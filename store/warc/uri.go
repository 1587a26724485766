package warc

import "strings"

// CleanURI returns s as RFC 3986 writes it: what may not stand in an address is
// percent-encoded, percent signs that encode nothing too, so that nothing of it
// can end a line or a field. What has no scheme becomes a urn.
func CleanURI(s string) string {
	if !hasScheme(s) {
		return "urn:x-stet:" + escapeURI(s)
	}
	return escapeURI(s)
}

func hasScheme(s string) bool {
	i := strings.IndexByte(s, ':')
	if i < 1 {
		return false
	}
	for j, c := range []byte(s[:i]) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (j == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return true
}

// plain are the bytes besides letters and digits that stand in an address as
// they are.
const plain = "!#$&'()*+,/:;=?@[]-._~"

// plainBytes is read only.
var plainBytes = func() (is [256]bool) {
	for c := range is {
		is[c] = c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(plain, byte(c)) >= 0
	}
	return is
}()

func plainByte(c byte) bool { return plainBytes[c] }

func escapeURI(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = plainByte(s[i])
	}
	if clean {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if plainByte(c) || c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// PartURI returns the address of something that was made, not fetched:
// urn:kind:of.
func PartURI(kind, of string) string { return "urn:" + kind + ":" + escapeURI(of) }
