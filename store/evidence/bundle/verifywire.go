package bundle

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"stet/store"
	"stet/store/evidence"
	"stet/store/warc"
)

// Opener opens files.
type Opener interface {
	// Open opens a file; the caller closes it.
	Open(name string) (io.ReadCloser, error)
}

// archivePrefix is where WACZ has what was on the wire.
const archivePrefix = "archive/"

// wire is what the records say was on the wire, and what of it was found.
type wire struct {
	exchanges []*spoken
	// responses, requests and metadata lead from the names of records to what they
	// are about.
	responses, requests, metadata map[string]*spoken
	// chains are certificates, with the times of the exchanges that showed them.
	chains map[store.Digest]map[string]bool
	// media are files of posts, and found the payloads that were there.
	media map[store.Digest]string
	found map[store.Digest]bool
	// originals are the records that revisits refer to.
	originals map[string]original
	count     int

	// info is the name of the record that describes the file that is read, shown
	// are the certificates that stand in it.
	info  string
	shown map[store.Digest]bool
	// report is true where the report was found.
	report bool
}

// spoken is an exchange, and what was found of it.
type spoken struct {
	*store.Exchange
	id store.ID
	// response and request are the names of the records that were found.
	response, request string
	kept, again, told bool
}

// original is the record of a payload.
type original struct {
	payload   store.Digest
	uri, date string
}

func newWire() *wire {
	return &wire{responses: map[string]*spoken{}, requests: map[string]*spoken{}, metadata: map[string]*spoken{}, chains: map[store.Digest]map[string]bool{},
		media: map[store.Digest]string{}, found: map[store.Digest]bool{}, originals: map[string]original{}}
}

// expect notes what a record, which was found right, asks for.
func (w *wire) expect(v *verifying, r *store.Record) error {
	content, err := store.DecodeAny(r)
	if err != nil {
		return err
	}
	item := Item{Record: store.Record{Seq: r.Seq, ID: r.ID, Kind: r.Kind, Time: r.Time}, Content: content}
	switch c := content.(type) {
	case *store.Capture:
		for _, m := range c.Media {
			if !m.Digest.IsZero() {
				w.media[m.Digest] = m.URL
				v.pictures[m.Digest] = true
			}
		}
	case *store.Drawing:
		v.pictures[c.Picture] = true
	case *store.Derivation:
		if note := c.RedactionNote(); note != "" && !slices.Contains(v.redacted, c.Ref.String()+": "+note) {
			v.redacted = append(v.redacted, c.Ref.String()+": "+note)
		}
	case *store.Exchange:
		item.Content = w.exchange(r.ID, c)
	}
	v.items = append(v.items, item)
	return nil
}

// exchange notes what an exchange asks for, and returns it without its body.
func (w *wire) exchange(id store.ID, e *store.Exchange) *store.Exchange {
	if e.URL == "" {
		return e // what is said of it was left out
	}
	if d := e.Body.Digest; len(e.Body.Inline) > 0 && d == store.DigestOf(e.Body.Inline) {
		w.found[d] = true
	}
	lean := *e // the body stands in the file of exchanges
	lean.Body.Inline = nil
	x := &spoken{Exchange: &lean, id: id}
	w.exchanges = append(w.exchanges, x)
	if x.answered() {
		w.responses[warc.RecordID(id, "response")] = x
		w.responses[warc.RecordID(id, "revisit")] = x
	}
	if x.asked() {
		w.requests[warc.RecordID(id, "request")] = x
	}
	w.metadata[warc.RecordID(id, "metadata")] = x
	if e.TLS != nil && !e.TLS.Chain.IsZero() {
		if w.chains[e.TLS.Chain] == nil {
			w.chains[e.TLS.Chain] = map[string]bool{}
		}
		w.chains[e.TLS.Chain][warc.Date(e.Started)] = true
	}
	return &lean
}

func (x *spoken) answered() bool { return x.Status != 0 && len(x.ResponseHead) > 0 }
func (x *spoken) asked() bool    { return len(x.RequestHead) > 0 }

// read compares the files of exchanges with what is expected.
func (w *wire) read(v *verifying) error {
	for _, name := range v.p.Names() {
		if !strings.HasPrefix(name, archivePrefix) {
			continue
		}
		if err := w.file(v, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	missing := 0
	lacks := func(x *spoken, what string) {
		missing++
		v.say("exchange "+x.id.String(), evidence.Wrong, "its %s is missing", what)
	}
	for _, x := range w.exchanges {
		if x.answered() && x.response == "" {
			lacks(x, "answer")
		}
		if x.asked() && x.request == "" {
			lacks(x, "request")
		}
		if !x.told {
			lacks(x, "record of what else is known of it")
		}
	}
	if !w.report {
		missing++
		v.say(Report, evidence.Wrong, "it is missing among the exchanges, where players show it from")
	}
	for d, url := range w.media {
		if !w.found[d] {
			v.say("media "+d.String(), evidence.Unverifiable, "the file of %.200s is not in the bundle", url)
		}
	}
	if missing == 0 && !v.problem {
		result, more := evidence.Verified, ""
		if v.headPart.Result != evidence.Verified {
			result, more = evidence.Unverifiable, ", whose head is not verified"
		}
		v.say("exchanges", result, "all %d records of what was on the wire are what the log's records say%s", w.count, more)
	}
	return nil
}

func (w *wire) file(v *verifying, name string) (err error) {
	f, err := v.p.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	in, err := warc.NewReaderAhead(f, warc.Limits{})
	if errors.Is(err, io.EOF) {
		return wrong("it is empty")
	}
	if err != nil {
		return err
	}
	defer in.Close()
	names := map[string]bool{}
	w.info, w.shown = "", map[store.Digest]bool{}
	for {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		r, err := in.Next()
		if errors.Is(err, io.EOF) && in.Empty() > 0 {
			return wrong("%d of its compressed members hold nothing", in.Empty())
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		w.count++
		id := strings.Trim(r.Header.Get("WARC-Record-ID"), "<>")
		if names[id] || len(names) > 4*MaxRecords {
			return fmt.Errorf("%w: the record %s stands twice", store.ErrVerification, id)
		}
		names[id] = true
		if err := w.record(v, path.Base(name), id, r); err != nil {
			if !errors.Is(err, store.ErrVerification) {
				return err
			}
			v.say(name+" "+id, evidence.Wrong, "%s", err)
		}
		if err := in.Finish(); err != nil {
			return err
		}
		v.see(name, r)
	}
}

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{store.ErrVerification}, args...)...)
}

// maxHashed is the longest block whose own digest is compared: the payload of
// each is.
const maxHashed = 1 << 20

func (w *wire) record(v *verifying, file, id string, r *warc.Read) error {
	if (w.info == "") != (r.Type() == warc.TypeInfo) {
		return wrong("one record describes the file, the first")
	}
	block := r.Block
	h := sha256.New()
	if r.Size <= maxHashed {
		r.Block = io.TeeReader(block, h)
	}
	if err := w.content(v, file, id, r); err != nil {
		return err
	}
	if r.Size > maxHashed {
		return nil
	}
	if _, err := io.Copy(io.Discard, r.Block); err != nil {
		return damaged(err)
	}
	if got, want := r.Header.Get("WARC-Block-Digest"), store.Digest(h.Sum(nil)).String(); got != want {
		return wrong("it says that its block is %.80q, and that is %s", got, want)
	}
	return nil
}

func (w *wire) content(v *verifying, file, id string, r *warc.Read) error {
	switch r.Type() {
	case warc.TypeInfo:
		return w.describes(v, file, id, r)
	case warc.TypeResponse, warc.TypeRevisit:
		x := w.responses[id]
		if x == nil {
			return wrong("no record of the log speaks of this answer")
		}
		x.response = id
		return w.response(x, r)
	case warc.TypeRequest:
		x := w.requests[id]
		if x == nil {
			return wrong("no record of the log speaks of this request")
		}
		x.request = id
		return w.request(x, r)
	case warc.TypeMetadata:
		x := w.metadata[id]
		if x == nil {
			return wrong("it describes nothing that is here")
		}
		return w.told(x, r)
	case warc.TypeResource:
		return w.resource(v, id, r)
	}
	return wrong("a record of the type %.40q has no place in a bundle", r.Type())
}

// describes judges the record that describes the file.
func (w *wire) describes(v *verifying, file, id string, r *warc.Read) error {
	w.info = id
	fields := InfoFields(v.facts.Software)
	if want := warc.InfoID(file, v.facts.Created, fields); id != want {
		return wrong("it is not what describes the file of %s", v.facts.Created.Format(time.RFC3339))
	}
	if err := same(r.Block, warc.FieldsBlock(fields)); err != nil {
		return err
	}
	return says(r, v.facts.Created, "", warc.MediaFields, []warc.Field{{Name: "WARC-Filename", Value: file}})
}

// InfoFields are what the first record of a bundle's file of exchanges says of it.
func InfoFields(software string) []warc.Field {
	return []warc.Field{{Name: "software", Value: software}, {Name: "format", Value: "WARC File Format 1.1"},
		{Name: "conformsTo", Value: "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"}}
}

// told judges what is said of an exchange beside what was on the wire.
func (w *wire) told(x *spoken, r *warc.Read) error {
	x.told = true
	chain := ""
	if x.TLS != nil && w.shown[x.TLS.Chain] {
		chain = warc.ChainURI(x.TLS.Chain)
	}
	if err := same(r.Block, warc.MetadataBlock(x.id, x.Exchange, chain, warc.Notes(x.Exchange, x.kept, x.again))); err != nil {
		return err
	}
	fields := w.common()
	switch {
	case x.response != "":
		fields = append(fields, warc.Field{Name: "WARC-Refers-To", Value: "<" + x.response + ">"})
	case x.request != "":
		fields = append(fields, warc.Field{Name: "WARC-Refers-To", Value: "<" + x.request + ">"})
	}
	return says(r, x.Started, warc.CleanURI(x.URL), warc.MediaFields, fields)
}

func (w *wire) common() []warc.Field {
	return []warc.Field{{Name: "WARC-Warcinfo-ID", Value: "<" + w.info + ">"}}
}

// same compares a block with the one that it must be.
func same(block io.Reader, want []byte) error {
	got, err := io.ReadAll(io.LimitReader(block, int64(len(want))+1))
	if err != nil {
		return damaged(err)
	}
	if !bytes.Equal(got, want) {
		return wrong("it says something else than the records of the log")
	}
	return nil
}

// says compares the fields of a record with those that it must have: all but
// digests and lengths, which are compared with what they are of.
func says(r *warc.Read, at time.Time, uri, media string, fields []warc.Field) error {
	left := map[warc.Field]int{{Name: "WARC-Type", Value: string(r.Type())}: 1, {Name: "WARC-Record-ID", Value: r.Header.Get("WARC-Record-ID")}: 1,
		{Name: "WARC-Date", Value: warc.Date(at)}: 1}
	if uri != "" {
		left[warc.Field{Name: "WARC-Target-URI", Value: uri}]++
	}
	if r.Size > 0 {
		left[warc.Field{Name: "Content-Type", Value: media}]++
	}
	for _, f := range fields {
		left[f]++
	}
	for _, f := range r.Header {
		switch f.Name {
		case "WARC-Block-Digest", "WARC-Payload-Digest", "Content-Length":
			continue
		}
		if left[f]--; left[f] < 0 {
			return wrong("its head says %.60s: %.200q, which was not recorded", f.Name, f.Value)
		}
	}
	for f, n := range left {
		if n > 0 {
			return wrong("its head lacks %s: %.200q", f.Name, f.Value)
		}
	}
	return nil
}

// ReportURL is the address under which players show the report. Nobody can have
// it.
const ReportURL = "https://bundle.stet.invalid/report.html"

// resource judges what was made and not fetched: certificates, the report.
func (w *wire) resource(v *verifying, id string, r *warc.Read) error {
	h := sha256.New()
	if _, err := io.Copy(h, r.Block); err != nil {
		return damaged(err)
	}
	d := store.Digest(h.Sum(nil))
	date := r.Header.Get("WARC-Date")
	at, err := time.Parse(time.RFC3339Nano, date)
	switch {
	case err != nil:
		return wrong("it is dated %.60q", date)
	case id == warc.DigestID(d, "report") && d == v.digests[Report]:
		w.report = true
		err = says(r, v.facts.Created, ReportURL, "text/html", w.common())
	case id == warc.DigestID(d, "tls-chain") && w.chains[d][date]:
		w.shown[d] = true
		err = says(r, at, warc.ChainURI(d), "application/x-pem-file", w.common())
	default:
		return wrong("it is neither the report nor certificates that a record speaks of")
	}
	if err != nil {
		return err
	}
	return payload(r, d)
}

// damaged makes of what a decompressor says an error about the file.
func damaged(err error) error { return fmt.Errorf("%w: %w", store.ErrCorrupt, err) }

// payload compares what a record says of its payload with the payload.
func payload(r *warc.Read, d store.Digest) error {
	if got := r.Header.Get("WARC-Payload-Digest"); got != "" && got != d.String() {
		return wrong("it says that its payload is %.80q, and that is %s", got, d)
	}
	return nil
}

// headLines compares a head with the one that was recorded: each line of one
// must be in the other, perhaps behind the mark of those that were put aside.
func headLines(head *warc.HTTPHead, recorded []byte) error {
	left := map[string]int{}
	var first string
	for line := range bytes.FieldsFuncSeq(recorded, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if first == "" {
			first = string(line)
		}
		left[string(line)]++
	}
	for i, line := range strings.Split(strings.TrimRight(string(head.Raw), "\r\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch aside := strings.TrimPrefix(line, "X-Orig-"); {
		case left[line] > 0:
			left[line]--
		case left[aside] > 0:
			left[aside]--
		case i == 0 && strings.HasPrefix(line, "HTTP/1.1 ") && !strings.HasPrefix(first, "HTTP/1."):
			left[first]-- // the line of another protocol, written as HTTP/1.1
		default:
			return wrong("its head has the line %.200q, which was not recorded", line)
		}
	}
	for line, n := range left {
		if n > 0 {
			return wrong("its head lacks the line %.200q, which was recorded", line)
		}
	}
	return nil
}

// maxHead is the largest head of HTTP that is read.
const maxHead = 1 << 20

func (w *wire) response(x *spoken, r *warc.Read) error {
	e := x.Exchange
	in := bufio.NewReaderSize(r.Block, 64<<10)
	head, err := warc.ReadHTTPHead(in, maxHead)
	if err != nil {
		return wrong("%s", err)
	}
	if head.Status != e.Status {
		return wrong("it has the status %d, the recorded answer had %d", head.Status, e.Status)
	}
	if err := headLines(head, e.ResponseHead); err != nil {
		return err
	}
	fields := w.common()
	if x.asked() {
		fields = append(fields, warc.Field{Name: "WARC-Concurrent-To", Value: "<" + warc.RecordID(x.id, "request") + ">"})
	}
	fields = warc.ConnectionFields(fields, e)
	if r.Type() == warc.TypeRevisit {
		if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
			return wrong("a body follows its head, and it says that it has none")
		}
		return w.revisit(x, r, fields)
	}
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err != nil {
		return damaged(err)
	}
	d := store.Digest(h.Sum(nil))
	switch {
	case e.Body.Digest.IsZero() && n == 0:
	case n == 0 && (e.Body.Withheld || e.Body.Removed):
	case d != e.Body.Digest || n != e.Body.Size:
		return wrong("its payload is %s with %d bytes, the recorded one %s with %d", d, n, e.Body.Digest, e.Body.Size)
	}
	x.kept = n > 0
	if cut := e.Body.Truncated; cut != "" {
		fields = append(fields, warc.Field{Name: "WARC-Truncated", Value: cut})
	} else if n == 0 && (e.Body.Size > 0 || e.Body.Withheld || e.Body.Removed) {
		fields = append(fields, warc.Field{Name: "WARC-Truncated", Value: "unspecified"})
	}
	if err := says(r, e.Started, warc.CleanURI(e.URL), warc.MediaResponse, fields); err != nil {
		return err
	}
	w.originals[x.response], w.found[d] = original{d, warc.CleanURI(e.URL), warc.Date(e.Started)}, true
	return payload(r, d)
}

// revisit judges an answer whose body stands in another record.
func (w *wire) revisit(x *spoken, r *warc.Read, fields []warc.Field) error {
	to := strings.Trim(r.Header.Get("WARC-Refers-To"), "<>")
	o := w.originals[to]
	if x.Body.Digest.IsZero() || o.payload != x.Body.Digest {
		return wrong("it refers to a record with another payload")
	}
	x.again = true
	for name, value := range map[string]string{"WARC-Profile": warc.ProfileIdentical, "WARC-Refers-To": "<" + to + ">",
		"WARC-Refers-To-Target-URI": o.uri, "WARC-Refers-To-Date": o.date, "WARC-Truncated": "length"} {
		fields = append(fields, warc.Field{Name: name, Value: value})
	}
	if err := says(r, x.Started, warc.CleanURI(x.URL), warc.MediaResponse, fields); err != nil {
		return err
	}
	return payload(r, x.Body.Digest)
}

func (w *wire) request(x *spoken, r *warc.Read) error {
	e := x.Exchange
	in := bufio.NewReader(r.Block)
	head, err := warc.ReadHTTPHead(in, maxHead)
	if err != nil {
		return wrong("%s", err)
	}
	if err := headLines(head, e.RequestHead); err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(in, store.MaxFieldSize+1))
	if err != nil {
		return damaged(err)
	}
	if !bytes.Equal(body, e.RequestBody) {
		return wrong("what was sent is not what was recorded")
	}
	fields := w.common()
	if x.response != "" {
		fields = append(fields, warc.Field{Name: "WARC-Concurrent-To", Value: "<" + x.response + ">"})
	}
	if err := says(r, e.Started, warc.CleanURI(e.URL), warc.MediaRequest, warc.ConnectionFields(fields, e)); err != nil {
		return err
	}
	return payload(r, store.DigestOf(body))
}
