package warc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"

	"stet/store"
)

// HTTPHead is the head of a message of HTTP in a block.
type HTTPHead struct {
	// First is the request or status line, Raw the whole head with the empty
	// line behind it.
	First string
	Raw   []byte
	// Status is 0 for a request, and where the line is not one.
	Status int
	// Method and Target are those of a request.
	Method, Target string
	Fields         Header
	// Lax says that lines end otherwise than they should.
	Lax bool
}

// ReadHTTPHead reads the head of a message from the beginning of a block; the
// body follows in r. It errors with ErrCorrupt where there is no end of a head
// within max bytes.
func ReadHTTPHead(r *bufio.Reader, max int) (*HTTPHead, error) {
	h := &HTTPHead{}
	for n := 0; ; n++ {
		part, err := r.ReadSlice('\n')
		h.Raw = append(h.Raw, part...)
		if len(h.Raw) > max || err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("%w: there is no end of a head of HTTP", store.ErrCorrupt)
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			part, err = r.ReadSlice('\n')
			h.Raw = append(h.Raw, part...)
			if len(h.Raw) > max {
				return nil, fmt.Errorf("%w: there is no end of a head of HTTP", store.ErrCorrupt)
			}
		}
		if n > 0 && len(bytes.TrimRight(part, "\r\n")) == 0 && (bytes.HasSuffix(h.Raw, []byte("\n\r\n")) || bytes.HasSuffix(h.Raw, []byte("\n\n"))) {
			break
		}
	}
	h.parse()
	return h, nil
}

func (h *HTTPHead) parse() {
	text := string(h.Raw)
	h.Lax = strings.Count(text, "\n") != strings.Count(text, "\r\n") || strings.Count(text, "\r") != strings.Count(text, "\r\n")
	first := true
	for line := range strings.SplitSeq(strings.TrimRight(text, "\r\n"), "\n") {
		line = strings.TrimRight(line, "\r")
		if first {
			h.First, first = line, false
			continue
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			h.Fields = append(h.Fields, Field{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	if strings.HasPrefix(h.First, "HTTP/") {
		parts := strings.SplitN(h.First, " ", 3)
		if len(parts) > 1 && len(parts[1]) == 3 {
			if n, err := strconv.ParseUint(parts[1], 10, 16); err == nil {
				h.Status = int(n)
			}
		}
		return
	}
	if parts := strings.Split(h.First, " "); len(parts) == 3 {
		h.Method, h.Target = parts[0], parts[1]
	}
}

// Chunked reports whether the body is sent in chunks.
func (h *HTTPHead) Chunked() bool {
	return strings.Contains(strings.ToLower(h.Fields.Get("Transfer-Encoding")), "chunked")
}

// Length returns what the head says of the length of the body, and whether it
// says something.
func (h *HTTPHead) Length() (int64, bool) {
	n, err := strconv.ParseInt(h.Fields.Get("Content-Length"), 10, 64)
	return n, err == nil && n >= 0
}

// Payload returns the body without its transfer coding. Some writers take it
// off and keep the header; the body is then what it is.
func (h *HTTPHead) Payload(r *bufio.Reader) io.Reader {
	if !h.Chunked() || !looksChunked(r) {
		return r
	}
	return httputil.NewChunkedReader(r)
}

// looksChunked reports whether a body begins with the size of a chunk.
func looksChunked(r *bufio.Reader) bool {
	b, err := r.Peek(20)
	if err != nil && len(b) == 0 {
		return false
	}
	line, _, ok := bytes.Cut(b, []byte("\n"))
	size, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(";"))
	_, err = strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 63)
	return ok && err == nil
}

// lint lists what is wrong with the head of a record of the type.
func (h *HTTPHead) lint(t Type) []string {
	var out []string
	if h.Lax {
		out = append(out, "the lines of a head of HTTP do not end with CR LF")
	}
	rest, v10 := strings.CutPrefix(h.First, "HTTP/1.0 ")
	if !v10 {
		rest, v10 = strings.CutPrefix(h.First, "HTTP/1.1 ")
	}
	if t == TypeRequest {
		if h.Method == "" || !(strings.HasSuffix(h.First, " HTTP/1.1") || strings.HasSuffix(h.First, " HTTP/1.0")) {
			out = append(out, fmt.Sprintf("%.60q is not a request line of HTTP/1.1", h.First))
		}
	} else if code, _, _ := strings.Cut(rest, " "); !v10 || len(code) != 3 || h.Status == 0 {
		out = append(out, fmt.Sprintf("%.60q is not a status line of HTTP/1.1", h.First))
	}
	return out
}
