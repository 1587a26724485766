package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/andybalholm/brotli"

	"stet/store"
)

// exchangePage is one recorded request and its answer.
type exchangePage struct {
	X    *store.Exchange
	ID   store.ID
	Seq  uint64
	Leaf string
	// Request and Response are the heads as they were on the wire.
	Request, Response string
	// Body is the beginning of the answer as text, empty for what is no text.
	Body string
	// Cut is true where the answer goes on.
	Cut bool
	// SameAs leads to the exchange whose answer had the same bytes.
	SameAs string
	Raw    string
}

// mostBody is how much of an answer a page shows.
const mostBody = 24 << 10

// showExchange shows a recorded exchange: as text, whatever it is.
func (s *Server) showExchange(w http.ResponseWriter, r *http.Request) error {
	rec, x, err := recordAt[store.Exchange](s, r, "id", "this is no recorded exchange")
	if err != nil {
		return err
	}
	id := rec.ID
	p := &exchangePage{X: x, ID: id, Seq: rec.Seq, Leaf: rec.Leaf().String(), Request: lines(x.RequestHead), Response: lines(x.ResponseHead)}
	if !x.Body.SameAs.IsZero() {
		p.SameAs = "/exchange/" + x.Body.SameAs.String()
	}
	if x.Body.Size > 0 && !x.Body.Withheld && !x.Body.Removed {
		p.Raw = "/raw/" + id.String()
	}
	if p.Body, p.Cut, err = s.bodyText(r, x); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "exchange", frame{Title: "A recorded answer", Body: p})
}

// lines returns a head with the ends of lines that a page has; a bare carriage
// return stays, and is seen.
func lines(head []byte) string {
	return strings.TrimRight(strings.ReplaceAll(string(head), "\r\n", "\n"), "\n")
}

// bodyText returns the beginning of an answer as text, and whether it goes on;
// nothing where it is no text.
func (s *Server) bodyText(r *http.Request, x *store.Exchange) (text string, cut bool, err error) {
	body, err := s.o.Archive.OpenBody(r.Context(), x)
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	in := io.Reader(body)
	switch coding, known := codingOf(x); {
	case !known, coding == "deflate":
		return "", false, nil
	case coding == "gzip":
		if in, err = gzip.NewReader(body); err != nil {
			return "", false, nil // it is not what it says
		}
	case coding == "br":
		in = brotli.NewReader(body)
	}
	b, err := io.ReadAll(io.LimitReader(in, mostBody+1))
	if err != nil && errors.Is(err, store.ErrCorrupt) {
		return "", false, fmt.Errorf("reading the answer: %w", err)
	}
	if cut = len(b) > mostBody; cut {
		b = b[:mostBody]
		for len(b) > 0 && !utf8.Valid(b) && len(b) > mostBody-utf8.UTFMax {
			b = b[:len(b)-1]
		}
	}
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		return "", false, nil
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n"), cut, nil
}
