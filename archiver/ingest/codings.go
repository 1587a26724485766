package ingest

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// maxCodings is the most content codings on top of one another.
const maxCodings = 2

// plain takes the content codings off a recorded body, nil where that cannot be
// or is more than is read. Some writers take them off and keep the header: a
// body that does not begin as its coding does is taken as it is.
func plain(body []byte, codings []string) []byte {
	codings = slices.DeleteFunc(slices.Clone(codings), func(c string) bool { return strings.TrimSpace(c) == "" })
	if len(codings) > maxCodings {
		return nil
	}
	for _, c := range slices.Backward(codings) {
		var ok bool
		if body, ok = without(body, strings.ToLower(strings.TrimSpace(c))); !ok {
			return nil
		}
	}
	return body
}

func without(body []byte, coding string) ([]byte, bool) {
	var r io.Reader
	switch coding {
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return body, true
		}
		r = z
	case "deflate":
		// Some send the stream without its wrapper.
		in := bufio.NewReader(bytes.NewReader(body))
		if z, err := zlib.NewReader(in); err == nil {
			r = z
		} else {
			r = flate.NewReader(bytes.NewReader(body))
		}
	case "br":
		r = brotli.NewReader(bytes.NewReader(body))
	case "zstd":
		z, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return body, true
		}
		defer z.Close()
		r = z
	default:
		return body, true
	}
	out, err := io.ReadAll(io.LimitReader(r, maxRecorded+1))
	if len(out) > maxRecorded {
		return nil, false
	}
	if len(out) == 0 && err != nil {
		return body, true
	}
	return out, true // what was cut off is still what it says
}
