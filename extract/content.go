package extract

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"
)

// ContentKind says how a document is to be read.
type ContentKind string

// The kinds of content.
const (
	// ContentHTML is a page or a piece of one.
	ContentHTML ContentKind = "html"
	// ContentText is plain text.
	ContentText ContentKind = "text"
	// ContentURLs is a list of addresses, one on a line. Blank lines and lines
	// that begin with # do not count.
	ContentURLs ContentKind = "urls"
	// ContentOther is what has no text to read: pictures, PDF, archives.
	ContentOther ContentKind = "other"
)

// sniffBytes is how much of a document is looked at to tell its kind. Pages
// that begin with a long comment or script still show a tag by then.
const sniffBytes = 64 << 10

// DecideContent says how in is to be read: by its declared media type where
// that is one of HTML or tells that there is no text, else by its bytes. A
// declared text/plain is believed for HTML too, as browsers do.
func DecideContent(in Input) ContentKind {
	mediaType, _, _ := mime.ParseMediaType(in.ContentType)
	switch {
	case mediaType == "text/html", mediaType == "application/xhtml+xml":
		return ContentHTML
	case mediaType == "" || mediaType == "application/octet-stream" || strings.HasSuffix(mediaType, "xml"):
	case strings.HasPrefix(mediaType, "text/"):
		return plainKind(decodeText(in))
	case mediaType == "application/json":
		return ContentText
	default:
		return ContentOther
	}
	head := in.Body[:min(len(in.Body), sniffBytes)]
	if isBinary(head) {
		return ContentOther
	}
	if looksLikeHTML(decodeText(Input{ContentType: in.ContentType, Body: head})) {
		return ContentHTML
	}
	return plainKind(decodeText(in))
}

func plainKind(text string) ContentKind {
	if len(URLList(text)) > 0 {
		return ContentURLs
	}
	return ContentText
}

// isBinary reports whether b cannot be text in any character set but UTF-16:
// it has a NUL or begins like a PDF or a compressed file.
func isBinary(b []byte) bool {
	for _, magic := range []string{"%PDF-", "PK\x03\x04", "\x1f\x8b", "\x89PNG", "\xff\xd8\xff", "GIF8", "RIFF", "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(b, []byte(magic)) {
			return true
		}
	}
	return bytes.IndexByte(b, 0) >= 0 && utf16Order(b) == ""
}

// looksLikeHTML reports whether s is a page or a piece of one: it begins with
// one of the things that only pages begin with, or has a tag that articles use.
func looksLikeHTML(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n\f\ufeff")
	for _, start := range []string{"<!doctype", "<html", "<head", "<body", "<!--", "<?xml", "<meta", "<title", "<script"} {
		if len(s) >= len(start) && strings.EqualFold(s[:len(start)], start) {
			return true
		}
	}
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return false
		}
		s = s[i+1:]
		if pageTag(s) {
			return true
		}
	}
}

// pageTag reports whether s, which follows a <, goes on like a tag that pages
// have and plain text does not.
func pageTag(s string) bool {
	n := 0
	for n < len(s) && n < 16 && isAlnum(s[n]) {
		n++
	}
	if n == 0 || n >= len(s) || strings.IndexByte(" \t\r\n/>", s[n]) < 0 || !strings.Contains(s[:min(len(s), 4096)], ">") {
		return false
	}
	switch strings.ToLower(s[:n]) {
	case "p", "div", "span", "a", "br", "blockquote", "iframe", "ul", "ol", "li", "h1", "h2", "h3", "h4", "img", "article",
		"section", "figure", "table", "strong", "em", "b", "i", "noscript", "style", "link", "main", "video", "hr":
		return true
	}
	return false
}

// URLList returns the addresses of a text that has nothing but addresses, one
// on a line; nil where a line is anything else. An address has a scheme, or is
// a host name with a path.
func URLList(text string) []string {
	var list []string
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !isAddress(line) || len(list) == maxFindings {
			return nil
		}
		list = append(list, line)
	}
	return list
}

// isAddress reports whether s is one web address and nothing else.
func isAddress(s string) bool {
	if strings.ContainsAny(s, " \t\u00a0<>\"") || !utf8.ValidString(s) {
		return false
	}
	if !strings.Contains(s, "://") && (!strings.Contains(s, "/") || !schemeless(s)) {
		return false
	}
	u, ok := ParseLink(s)
	if !ok || !webScheme(u.Scheme) {
		return false
	}
	host, ok := hostName(u)
	return ok && strings.Contains(host, ".")
}
