package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"
	"time"

	"stet/extract"
	"stet/store"
	"stet/store/warc"
)

// maxRecorded is the largest body in which posts are looked for.
const maxRecorded = 4 << 20

// readRecorded reads a web archive that stands by itself. The pictures of posts
// are taken out of it where it can be read by ranges.
func (k *keeper) readRecorded(ctx context.Context, r io.Reader, how packing) error {
	if how == "" {
		info, err := k.o.Archive.Blobs().Stat(ctx, k.content)
		if err != nil {
			return err
		}
		again, err := k.o.Archive.Blobs().Open(ctx, k.content)
		if err != nil {
			return fmt.Errorf("opening %s: %w", k.content, err)
		}
		defer func() { _ = again.Close() }()
		k.web = &recordings{members: []string{""}, open: func(string) *io.SectionReader { return io.NewSectionReader(again, 0, info.Size) }}
	}
	return k.readWARC(ctx, r, "")
}

// readWARC reads the records of a web archive, of which member names the file
// inside of another, if it is one.
func (k *keeper) readWARC(ctx context.Context, r io.Reader, member string) error {
	in, err := warc.NewReader(r, warc.Limits{})
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return foreign(err)
	}
	defer in.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("behind byte %d: %w; what stands before was imported", in.Good(), foreign(err))
		}
		w := record{k: k, rec: rec}
		pieces, err := w.read()
		if err == nil {
			err = in.Finish()
		}
		if err != nil {
			return fmt.Errorf("the record at byte %d: %w; what stands before was imported", rec.Offset, foreign(err))
		}
		at := span{rec.Offset, rec.Length, said{member, w.address, w.time}}
		if err := k.take(ctx, at, pieces); err != nil {
			return err
		}
	}
}

// foreign gives an error about what a stranger wrote its class.
func foreign(err error) error {
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %s", store.ErrInvalid, err.Error())
	}
	return err
}

// record is one record that is being read.
type record struct {
	k       *keeper
	rec     *warc.Read
	address string
	time    time.Time
	notes   []string
}

// read returns what is found in a record, nothing for those that hold no
// content of the web. Records whose digests are others than they state are not
// looked at.
func (w *record) read() ([]piece, error) {
	h := w.rec.Header
	switch w.rec.Type() {
	case warc.TypeResponse, warc.TypeResource, warc.TypeConversion, warc.TypeRevisit, warc.TypeContinuation:
	default:
		return nil, nil // requests, and what the file says of itself
	}
	w.address = clipTo(strings.Trim(h.Get("WARC-Target-URI"), "<>"), maxAddress)
	if t, err := time.Parse(time.RFC3339, h.Get("WARC-Date")); err == nil {
		w.time = t.UTC()
	}
	w.notes = []string{"recorded from " + w.address + ", at " + clip(h.Get("WARC-Date")) + ", as the file says"}
	if cut := h.Get("WARC-Truncated"); cut != "" {
		w.notes = append(w.notes, "the record was cut: "+clip(cut))
	}
	c, err := newChecks(h)
	if err != nil {
		return none("", "the digest that the record states is of no kind that is known"), nil
	}
	r, err := w.answer(&c)
	switch {
	case err != nil:
		return nil, err
	case r.StatusCode == 0 && c.block.Matches():
		return w.found(r), nil
	case !c.block.Matches() || !w.partial() && !c.payload.Matches() && !c.sent.Matches():
		return none("", "its bytes have another digest than the record states"), nil
	}
	return w.found(r), nil
}

// partial reports whether the digest of the payload is of more than the record
// has.
func (w *record) partial() bool {
	t := w.rec.Type()
	return w.rec.Header.Get("WARC-Truncated") != "" || w.segment() || t != warc.TypeResponse && t != warc.TypeResource
}

func (w *record) segment() bool {
	return w.rec.Type() == warc.TypeContinuation || w.rec.Header.Get("WARC-Segment-Number") != ""
}

// checks compare the bytes of a record with what it states. Some take the digest
// of the payload of the body as it was sent, chunks and all.
type checks struct{ block, payload, sent *warc.Check }

func newChecks(h warc.Header) (c checks, err error) {
	if c.block, err = warc.NewCheck(h.Get("WARC-Block-Digest")); err != nil {
		return c, err
	}
	if c.payload, err = warc.NewCheck(h.Get("WARC-Payload-Digest")); err != nil {
		return c, err
	}
	c.sent, err = warc.NewCheck(h.Get("WARC-Payload-Digest"))
	return c, err
}

// answer reads the block of a record to its end. It is returned without body
// where that is of no use. It errors where the file cannot be read on.
func (w *record) answer(c *checks) (extract.Response, error) {
	through := bufio.NewReaderSize(io.TeeReader(w.rec.Block, c.block), 32<<10)
	r := extract.Response{URL: w.address, StatusCode: 200, ContentType: w.rec.Header.Get("Content-Type")}
	var codings []string
	sent := bufio.NewReaderSize(io.TeeReader(through, c.sent), 4<<10)
	body := io.Reader(sent)
	if strings.HasPrefix(strings.ToLower(r.ContentType), "application/http") {
		head, err := warc.ReadHTTPHead(through, warc.DefaultHead)
		if err != nil {
			r.StatusCode = 0
			_, err := io.Copy(io.Discard, through)
			return r, err
		}
		r.StatusCode, r.ContentType = head.Status, head.Fields.Get("Content-Type")
		for _, v := range head.Fields.Values("Content-Encoding") {
			codings = append(codings, strings.Split(v, ",")...)
		}
		body = head.Payload(sent)
	}
	var kept bytes.Buffer
	if textual(r.ContentType) {
		if _, err := io.Copy(&kept, io.LimitReader(io.TeeReader(body, c.payload), maxRecorded+1)); err != nil {
			w.notes = append(w.notes, "its body does not end as it should")
		}
	}
	// What is wrong with the chunks shows in the digest; what is wrong with the
	// file, in what is read of it next.
	_, _ = io.Copy(c.payload, body)
	if _, err := io.Copy(io.Discard, sent); err != nil {
		return r, err
	}
	if kept.Len() <= maxRecorded {
		r.Body = plain(kept.Bytes(), codings)
	}
	return r, nil
}

// textual reports whether posts can be in content of a type.
func textual(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil && t == "" {
		return true // those who say nothing can mean anything
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "json") || strings.HasSuffix(t, "html+xml") || strings.HasSuffix(t, "javascript")
}

// found returns the posts in the answer of a record.
func (w *record) found(r extract.Response) []piece {
	switch {
	case w.rec.Type() == warc.TypeRevisit:
		return none("", "it repeats another record")
	case w.segment():
		return none("", "it is a part of a record that was cut into segments")
	case r.StatusCode == 0:
		return none("", "it holds no answer that can be read")
	case len(r.Body) == 0:
		return none("", "it holds nothing in which posts are looked for")
	case crowded(r.Body):
		return none("", tooCrowded)
	}
	at, err := url.Parse(w.address)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" {
		return none("", "it has no address of the web")
	}
	a := answerIn{finder: w.k.o.Finder, address: w.address, at: at, r: r, notes: w.notes,
		host: strings.TrimPrefix(strings.ToLower(at.Hostname()), "www.")}
	if pieces, ok := a.read(); ok {
		return pieces
	}
	if k := extract.JSONKind(r.Body); k == '{' || k == '[' {
		return none("", "it is data of no platform")
	}
	return a.article()
}
