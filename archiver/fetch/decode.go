package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"

	"stet/store"
)

// encodings lists the content codings of a response in the order in which they
// were applied.
func encodings(h http.Header) []string {
	var out []string
	for _, line := range h.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(line, ",") {
			if coding = strings.ToLower(strings.TrimSpace(coding)); isCoding(coding) {
				out = append(out, coding)
			}
		}
	}
	return out
}

// isCoding reports whether a word is a content coding that changes the bytes.
// Servers write other words there as well ("utf-8", "none", "identity"), which
// browsers pass over too.
func isCoding(word string) bool {
	switch word {
	case "gzip", "x-gzip", "deflate", "br", // known here; the others are refused
		"zstd", "compress", "x-compress", "bzip2", "lzma", "xz", "exi", "dcb", "dcz", "pack200-gzip":
		return true
	}
	return false
}

// decode takes the content codings off a payload that is held whole. It errors
// with ErrTooLarge where the result is larger than limit, or more than ratio
// times the payload, and with ErrUnexpected where it cannot be decoded; what
// could be decoded until then is returned with the error.
func (c *Client) decode(raw []byte, codings []string, limit int64) ([]byte, error) {
	if len(codings) == 0 || len(raw) == 0 {
		return raw, nil
	}
	if len(codings) > maxEncodings {
		return nil, fmt.Errorf("%w: %d content codings on top of one another", store.ErrUnexpected, len(codings))
	}
	var r io.Reader = bytes.NewReader(raw)
	for i := len(codings) - 1; i >= 0; i-- {
		d, err := c.decoder(r, codings[i])
		if err != nil {
			return nil, fmt.Errorf("%w: the body cannot be decoded: %w", store.ErrUnexpected, err)
		}
		if z, ok := d.(*gzip.Reader); ok {
			defer c.gzips.Put(z)
		}
		r = d
	}
	limit = min(limit, max(int64(len(raw))*c.opts.MaxRatio, ratioFloor))
	out := bytes.NewBuffer(make([]byte, 0, min(int64(len(raw))*4, limit)+bytes.MinRead))
	n, err := io.Copy(out, io.LimitReader(r, limit+1))
	switch {
	case n > limit:
		return out.Bytes()[:limit], tooLarge(limit, fmt.Sprintf("the body unpacks from %d bytes to more", len(raw)))
	case err != nil:
		return out.Bytes(), fmt.Errorf("%w: the body cannot be decoded: %w", store.ErrUnexpected, err)
	}
	return out.Bytes(), nil
}

// decoder returns a reader that takes one coding off r.
func (c *Client) decoder(r io.Reader, coding string) (io.Reader, error) {
	switch coding {
	case "gzip", "x-gzip":
		if z, ok := c.gzips.Get().(*gzip.Reader); ok {
			return z, z.Reset(r)
		}
		return gzip.NewReader(r)
	case "deflate":
		return inflate(r)
	case "br":
		return brotli.NewReader(r), nil
	}
	return nil, fmt.Errorf("coding %q was not asked for", coding)
}

// inflate reads "deflate", which the standard defines as the zlib format and
// some servers send bare.
func inflate(r io.Reader) (io.Reader, error) {
	var head [2]byte
	n, err := io.ReadFull(r, head[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	whole := io.MultiReader(bytes.NewReader(head[:n]), r)
	// RFC 1950: the low half of the first byte is 8, and both bytes together
	// are a multiple of 31.
	if n == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(whole)
	}
	return flate.NewReader(whole), nil
}
