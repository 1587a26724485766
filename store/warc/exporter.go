package warc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"stet/store"
)

// MinRevisit is the smallest body that is not repeated: below, a record that
// refers to another takes as much room as the body.
const MinRevisit = 2 << 10

// maxRemembered bounds what is remembered of a file's records, in bytes, so
// that memory does not depend on the length of the file. What does not fit is
// written again instead of being referred to.
const maxRemembered = 16 << 20

// Bodies opens what the archive keeps of exchanges. [store.Archive] is one.
type Bodies interface {
	// OpenBody opens the body of a response: see [store.Archive.OpenBody].
	OpenBody(ctx context.Context, e *store.Exchange) (io.ReadCloser, error)
	// OpenBlob opens a blob: see [store.Archive.OpenBlob].
	OpenBlob(ctx context.Context, d store.Digest) (io.ReadCloser, error)
}

// Exporter writes what an archive recorded as the records of one file. A body
// that stands in the file already is referred to, and never one of another
// file. One goroutine uses it.
type Exporter struct {
	w      *Writer
	bodies Bodies
	name   string
	index  func(*Entry) error
	info   string
	part   int

	originals map[store.Digest]original
	chains    map[store.Digest]bool
	room      int
}

// original is the first record of a file with a payload.
type original struct {
	id, uri string
	date    time.Time
}

// NewExporter returns an exporter that writes to w, which is the file of the
// name, and hands the index entries of what it writes to index.
func NewExporter(w *Writer, b Bodies, name string, index func(*Entry) error) *Exporter {
	return &Exporter{w: w, bodies: b, name: name, index: index, originals: map[store.Digest]original{},
		chains: map[store.Digest]bool{}, room: maxRemembered}
}

// Part says that what follows is the part n of a longer file, so that records
// that each part has are not named alike.
func (x *Exporter) Part(n int) { x.part = n }

// Info writes the record that describes the file; it comes first. Fields are
// those of its block.
func (x *Exporter) Info(date time.Time, fields []Field) error {
	block := FieldsBlock(fields)
	x.info = infoID(x.name, date, block, x.named("info"))
	_, err := x.w.Write(&Record{Type: TypeInfo, ID: x.info, Date: date, ContentType: MediaFields,
		Fields: []Field{{"WARC-Filename", x.name}}, Head: block})
	return err
}

// Resource is something that was made, or given, and not fetched: a picture of
// a page, a post as data.
type Resource struct {
	// ID is the record's name, URI the address under which it is found: see
	// [PartURI].
	ID, URI string
	Date    time.Time
	Type    string
	// Data is the content, or Body opens it: Size bytes with the digest.
	Data   []byte
	Body   func() (io.ReadCloser, error)
	Size   int64
	Digest store.Digest
	// Of is the name of the record that it was made of; empty for none.
	Of string
}

// Resource writes r.
func (x *Exporter) Resource(r *Resource) error {
	rec := Record{Type: TypeResource, ID: r.ID, Date: r.Date, TargetURI: r.URI, ContentType: mediaOr(r.Type), Fields: x.common(),
		Head: r.Data, Body: r.Body, BodySize: r.Size, PayloadDigest: r.Digest}
	if r.Of != "" {
		rec.Fields = append(rec.Fields, Field{"WARC-Concurrent-To", "<" + r.Of + ">"})
	}
	if r.Body == nil {
		rec.PayloadDigest = store.DigestOf(r.Data)
	}
	return x.put(&rec, Entry{MIME: rec.ContentType})
}

// mediaOr returns a media type that can be written.
func mediaOr(t string) string {
	main, _, _ := strings.Cut(t, ";")
	kind, sub, ok := strings.Cut(strings.TrimSpace(main), "/")
	bad := func(r rune) bool { return !tokenRune(r) }
	if !ok || kind == "" || sub == "" || strings.ContainsFunc(kind, bad) || strings.ContainsFunc(sub, bad) {
		return "application/octet-stream"
	}
	return kind + "/" + sub
}

// put writes a record and its line of the index.
func (x *Exporter) put(r *Record, e Entry) error {
	loc, err := x.w.Write(r)
	if err != nil {
		return err
	}
	e.URL, e.Time, e.Digest, e.Filename, e.Location = CleanURI(r.TargetURI), r.Date, digestValue(r.PayloadDigest), x.name, loc
	return x.index(&e)
}

// named makes the name of a part that each file, and each part of one, has.
func (x *Exporter) named(part string) string {
	if x.part == 0 {
		return part
	}
	return part + " " + strconv.Itoa(x.part)
}

func (x *Exporter) common() []Field {
	if x.info == "" {
		return nil
	}
	return []Field{{"WARC-Warcinfo-ID", "<" + x.info + ">"}}
}

// Exchange writes the exchange that the archive keeps under id: its response,
// its request and what is to be said of both. Where nothing was answered, there
// is no response.
func (x *Exporter) Exchange(ctx context.Context, id store.ID, e *store.Exchange) error {
	chain, err := x.chain(ctx, e)
	if err != nil {
		return fmt.Errorf("exchange %s: %w", id, err)
	}
	c := conversation{x: x, id: id, e: e, date: e.Started, chain: chain}
	if err := c.write(ctx); err != nil {
		return fmt.Errorf("exchange %s of %s: %w", id, e.URL, err)
	}
	return nil
}

// chain writes the certificates of the connection where the file does not hold
// them yet, and returns their address, empty where none are kept.
func (x *Exporter) chain(ctx context.Context, e *store.Exchange) (string, error) {
	if e.TLS == nil || e.TLS.Chain.IsZero() {
		return "", nil
	}
	d := e.TLS.Chain
	uri := ChainURI(d)
	if x.chains[d] {
		return uri, nil
	}
	r, err := x.bodies.OpenBlob(ctx, d)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil // removed
	}
	if err != nil {
		return "", err
	}
	pem, err := io.ReadAll(io.LimitReader(r, HeldBody+1))
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err == nil && len(pem) > HeldBody {
		err = fmt.Errorf("the certificates %s: %w", d, store.ErrTooLarge)
	}
	if err != nil {
		return "", err
	}
	if x.remember(len(d)) {
		x.chains[d] = true
		return uri, x.Resource(&Resource{ID: DigestID(d, x.named("tls-chain")), URI: uri, Date: e.Started, Type: "application/x-pem-file", Data: pem})
	}
	return "", nil // a second record could not have the same name
}

// remember takes room for n bytes; false where there is none left.
func (x *Exporter) remember(n int) bool {
	n += 160 // the entry of the map
	if x.room < n {
		return false
	}
	x.room -= n
	return true
}

// conversation is one exchange on its way into a file.
type conversation struct {
	x     *Exporter
	id    store.ID
	e     *store.Exchange
	date  time.Time
	chain string
	notes []string
	// response and request are the names of their records, empty where there
	// is none.
	response, request string
}

func (c *conversation) write(ctx context.Context) error {
	if len(c.e.RequestHead) > 0 {
		c.request = RecordID(c.id, "request")
	}
	about := ""
	if c.e.Status != 0 && len(c.e.ResponseHead) > 0 {
		if err := c.writeResponse(ctx); err != nil {
			return err
		}
		about = c.response
	}
	if c.request != "" {
		if err := c.writeRequest(); err != nil {
			return err
		}
		if about == "" {
			about = c.request
		}
	}
	return c.writeMetadata(about)
}

// fields returns the fields that the request and the response have.
func (c *conversation) fields(with string) []Field {
	fields := c.x.common()
	if with != "" {
		fields = append(fields, Field{"WARC-Concurrent-To", "<" + with + ">"})
	}
	return ConnectionFields(fields, c.e)
}

// writeResponse writes what was answered, or a revisit where the file holds the
// same bytes already.
func (c *conversation) writeResponse(ctx context.Context) error {
	b := &c.e.Body
	o, again := c.x.originals[b.Digest]
	again = again && b.Size >= MinRevisit && b.Truncated == ""
	if again {
		return c.writeRevisit(o)
	}
	c.response = RecordID(c.id, "response")
	body, size, err := c.open(ctx)
	if err != nil {
		return err
	}
	whole := b.Truncated == "" && (body != nil || b.Size == 0 && !b.Withheld && !b.Removed)
	head, notes := responseHead(c.e, size, whole)
	c.notes = append(c.notes, notes...)
	r := Record{Type: TypeResponse, ID: c.response, Date: c.date, TargetURI: c.e.URL, ContentType: MediaResponse,
		Fields: c.fields(c.request), Head: head, Body: body, BodySize: size, PayloadDigest: b.Digest}
	if len(b.Inline) > 0 {
		r.Held, r.Body, r.BodySize = b.Inline, nil, 0
	}
	switch {
	case !whole && body == nil && b.Truncated == "":
		r.Fields = append(r.Fields, Field{"WARC-Truncated", "unspecified"})
	case b.Truncated != "":
		r.Fields = append(r.Fields, Field{"WARC-Truncated", oneLine(b.Truncated)})
	}
	if body == nil {
		r.PayloadDigest = store.DigestOf(nil)
	}
	if err := c.x.put(&r, Entry{MIME: c.mime(), Status: c.e.Status}); err != nil {
		return err
	}
	if whole && size >= MinRevisit && c.x.remember(len(r.ID)+len(r.TargetURI)) {
		c.x.originals[b.Digest] = original{id: r.ID, uri: CleanURI(r.TargetURI), date: r.Date}
	}
	return nil
}

// open finds the body; nil where none is kept.
func (c *conversation) open(ctx context.Context) (func() (io.ReadCloser, error), int64, error) {
	b := &c.e.Body
	if len(b.Inline) > 0 {
		return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Inline)), nil }, int64(len(b.Inline)), nil
	}
	if b.Size == 0 && !b.Withheld && !b.Removed {
		return nil, 0, nil
	}
	r, err := c.x.bodies.OpenBody(ctx, c.e)
	switch {
	case errors.Is(err, store.ErrNotFound):
		c.notes = append(c.notes, lacking(b))
		return nil, 0, nil
	case err != nil:
		return nil, 0, err
	}
	first := r // it is open already; a second call opens it again
	return func() (io.ReadCloser, error) {
		if first != nil {
			r, first = first, nil
			return r, nil
		}
		return c.x.bodies.OpenBody(ctx, c.e)
	}, b.Size, nil
}

func (c *conversation) writeRevisit(o original) error {
	c.response = RecordID(c.id, "revisit")
	head, notes := tidyHead(c.e.ResponseHead)
	c.notes = append(c.notes, notes...)
	if !bytes.HasPrefix(head, []byte("HTTP/1.")) {
		head, _ = responseHead(c.e, 0, false)
	}
	r := Record{Type: TypeRevisit, ID: c.response, Date: c.date, TargetURI: c.e.URL, ContentType: MediaResponse,
		Fields: append(c.fields(c.request), Field{"WARC-Profile", ProfileIdentical}, Field{"WARC-Refers-To", "<" + o.id + ">"},
			Field{"WARC-Refers-To-Target-URI", o.uri}, Field{"WARC-Refers-To-Date", Date(o.date)}, Field{"WARC-Truncated", "length"}),
		Head: head, PayloadDigest: c.e.Body.Digest}
	return c.x.put(&r, Entry{MIME: "warc/revisit", Status: c.e.Status})
}

func (c *conversation) mime() string {
	if c.e.Body.Type == "" {
		return "unk"
	}
	return oneLine(c.e.Body.Type)
}

func (c *conversation) writeRequest() error {
	head, notes := tidyHead(c.e.RequestHead)
	c.notes = append(c.notes, notes...)
	head = append(head, c.e.RequestBody...)
	_, err := c.x.w.Write(&Record{Type: TypeRequest, ID: c.request, Date: c.date, TargetURI: c.e.URL, ContentType: MediaRequest,
		Fields: c.fields(c.response), Head: head, PayloadDigest: store.DigestOf(c.e.RequestBody)})
	return err
}

// writeMetadata writes what is to be said of the exchange: where its bytes are
// not those of the wire, this is where it says so.
func (c *conversation) writeMetadata(about string) error {
	rec := Record{Type: TypeMetadata, ID: RecordID(c.id, "metadata"), Date: c.date, TargetURI: c.e.URL, ContentType: MediaFields,
		Fields: c.x.common(), Head: MetadataBlock(c.id, c.e, c.chain, c.notes)}
	if about != "" {
		rec.Fields = append(rec.Fields, Field{"WARC-Refers-To", "<" + about + ">"})
	}
	_, err := c.x.w.Write(&rec)
	return err
}
