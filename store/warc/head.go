package warc

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"stet/store"
)

// moved is put before the names of header fields that describe the message as
// it was on the wire and not as it is kept.
const moved = "X-Orig-"

// responseHead returns the head of the response as it stands before the body
// that is kept, of size bytes, and says what was changed. Nothing is, but what
// would make a reader misread the body.
func responseHead(e *store.Exchange, size int64, whole bool) ([]byte, []string) {
	head, notes := tidyHead(e.ResponseHead)
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) && !bytes.HasPrefix(head, []byte("HTTP/1.0 ")) {
		line, rest, _ := bytes.Cut(head, []byte("\r\n"))
		head = append([]byte(statusLine(line, e.Status)+"\r\n"), rest...)
		notes = append(notes, "the status line was rewritten from: "+oneLine(string(line)))
	}
	var out bytes.Buffer
	for line := range bytes.SplitSeq(bytes.TrimSuffix(head, []byte("\r\n")), []byte("\r\n")) {
		if name, changed := misleading(e, line, size, whole); changed {
			out.WriteString(moved)
			notes = append(notes, "the response header "+name+" is kept as "+moved+name)
		}
		out.Write(line)
		out.WriteString("\r\n")
	}
	return out.Bytes(), notes
}

// misleading reports whether a header line is true of the wire only, and its
// name.
func misleading(e *store.Exchange, line []byte, size int64, whole bool) (string, bool) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return "", false
	}
	switch n := string(bytes.TrimSpace(name)); strings.ToLower(n) {
	case "transfer-encoding":
		return n, true // the coding is always taken off
	case "content-length":
		said, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
		return n, whole && (err != nil || said != size) && e.Status != http.StatusNoContent && e.Status != http.StatusNotModified
	}
	return "", false
}

// statusLine makes a status line of HTTP/1.1 of another protocol's.
func statusLine(line []byte, status int) string {
	reason := http.StatusText(status)
	if _, rest, ok := strings.Cut(string(line), " "); ok {
		if code, text, ok := strings.Cut(rest, " "); ok && code == strconv.Itoa(status) && oneLine(text) == text {
			reason = text
		}
	}
	return strings.TrimSpace("HTTP/1.1 " + strconv.Itoa(status) + " " + reason)
}

// tidyHead returns a head that ends with an empty line and whose lines end with
// CR and LF, and says so where it did not.
func tidyHead(head []byte) ([]byte, []string) {
	trimmed := bytes.TrimRight(head, "\r\n")
	out := trimmed
	var notes []string
	if bytes.Count(trimmed, []byte("\n")) != bytes.Count(trimmed, []byte("\r\n")) ||
		bytes.Count(trimmed, []byte("\r")) != bytes.Count(trimmed, []byte("\r\n")) || bytes.Contains(trimmed, []byte("\r\n\r\n")) {
		var lines [][]byte
		for _, l := range bytes.FieldsFunc(trimmed, func(r rune) bool { return r == '\r' || r == '\n' }) {
			lines = append(lines, bytes.TrimRight(l, "\r\n"))
		}
		out = bytes.Join(lines, []byte("\r\n"))
		notes = []string{"the line ends of a head were rewritten as CR LF"}
	}
	return append(bytes.Clone(out), "\r\n\r\n"...), notes
}
