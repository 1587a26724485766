package bundle

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

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
	responses map[string]*answer
	requests  map[string]*question
	// metadata are the names of records that describe others.
	metadata map[string]bool
	chains   map[store.Digest]bool
	// media are files of posts, and found the payloads that were there.
	media map[store.Digest]string
	found map[store.Digest]bool
	// payloads are those of records that revisits refer to.
	payloads map[string]store.Digest
	count    int
}

// answer is what a record says of a response.
type answer struct {
	exchange *store.Exchange
	id       store.ID
	seen     bool
}

// question is what a record says of a request.
type question struct {
	exchange *store.Exchange
	id       store.ID
	seen     bool
}

func newWire() *wire {
	return &wire{responses: map[string]*answer{}, requests: map[string]*question{}, metadata: map[string]bool{}, chains: map[store.Digest]bool{},
		media: map[store.Digest]string{}, found: map[store.Digest]bool{}, payloads: map[string]store.Digest{}}
}

// expect notes what a record, which was found right, asks for.
func (w *wire) expect(v *verifying, r *store.Record) error {
	content, err := store.DecodeAny(r)
	if err != nil {
		return err
	}
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
		w.exchange(r.ID, c)
	}
	return nil
}

func (w *wire) exchange(id store.ID, e *store.Exchange) {
	if e.URL == "" {
		return // what is said of it was left out
	}
	if d := e.Body.Digest; len(e.Body.Inline) > 0 && d == store.DigestOf(e.Body.Inline) {
		w.found[d] = true
	}
	lean := *e // the body stands in the file of exchanges
	lean.Body.Inline = nil
	if e.Status != 0 && len(e.ResponseHead) > 0 {
		a := &answer{exchange: &lean, id: id}
		w.responses[warc.RecordID(id, "response")] = a
		w.responses[warc.RecordID(id, "revisit")] = a
	}
	if len(e.RequestHead) > 0 {
		w.requests[warc.RecordID(id, "request")] = &question{exchange: &lean, id: id}
	}
	w.metadata[warc.RecordID(id, "metadata")] = true
	if e.TLS != nil && !e.TLS.Chain.IsZero() {
		w.chains[e.TLS.Chain] = true
	}
}

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
	for id, a := range w.responses {
		if !a.seen && id == warc.RecordID(a.id, "response") {
			missing++
			v.say("exchange "+a.id.String(), evidence.Wrong, "its answer is missing")
		}
	}
	for _, q := range w.requests {
		if !q.seen {
			missing++
			v.say("exchange "+q.id.String(), evidence.Wrong, "its request is missing")
		}
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
		if err := w.record(v, id, r); err != nil {
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

func (w *wire) record(v *verifying, id string, r *warc.Read) error {
	switch r.Type() {
	case warc.TypeInfo:
		return nil
	case warc.TypeResponse, warc.TypeRevisit:
		a := w.responses[id]
		if a == nil {
			return wrong("no record of the log speaks of this answer")
		}
		a.seen = true
		return w.response(id, a, r)
	case warc.TypeRequest:
		q := w.requests[id]
		if q == nil {
			return wrong("no record of the log speaks of this request")
		}
		q.seen = true
		return w.request(q, r)
	case warc.TypeMetadata:
		if !w.metadata[id] {
			return wrong("it describes nothing that is here")
		}
		return nil
	case warc.TypeResource:
		return w.resource(v, r)
	}
	return wrong("a record of the type %.40q has no place in a bundle", r.Type())
}

// resource judges what was made and not fetched: certificates, the report.
func (w *wire) resource(v *verifying, r *warc.Read) error {
	h := sha256.New()
	if _, err := io.Copy(h, r.Block); err != nil {
		return damaged(err)
	}
	d := store.Digest(h.Sum(nil))
	if !w.chains[d] && d != v.digests[Report] {
		return wrong("it is neither the report nor certificates that a record speaks of")
	}
	return payload(r, d)
}

// damaged makes of what a decompressor says an error about the file.
func damaged(err error) error { return fmt.Errorf("%w: %w", store.ErrCorrupt, err) }

// about compares the fields of a record with the exchange.
func about(r *warc.Read, e *store.Exchange) error {
	if got := r.Header.Get("WARC-Target-URI"); got != warc.CleanURI(e.URL) {
		return wrong("it is under the address %.200q, the exchange is of %.200q", got, e.URL)
	}
	if got := r.Header.Get("WARC-Date"); got != warc.Date(e.Started) {
		return wrong("it is dated %.40q, the exchange began at %s", got, warc.Date(e.Started))
	}
	if got := r.Header.Get("WARC-IP-Address"); got != "" && (e.Proxy != "" || !sameHost(got, e.Address)) {
		return wrong("it is from the address %.60q, which was not recorded", got)
	}
	for _, got := range r.Header.Values("WARC-Protocol") {
		if got != e.Protocol && (e.TLS == nil || got != e.TLS.Version) {
			return wrong("it was spoken by %.40q, which was not recorded", got)
		}
	}
	return nil
}

// sameHost reports whether an address is that of a connection to a host and
// port.
func sameHost(ip, address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && net.ParseIP(ip) != nil && net.ParseIP(ip).Equal(net.ParseIP(host))
}

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

func (w *wire) response(id string, a *answer, r *warc.Read) error {
	e := a.exchange
	if err := about(r, e); err != nil {
		return err
	}
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
	if r.Type() == warc.TypeRevisit {
		to := strings.Trim(r.Header.Get("WARC-Refers-To"), "<>")
		if w.payloads[to] != e.Body.Digest || e.Body.Digest.IsZero() {
			return wrong("it refers to a record with another payload")
		}
		return payload(r, e.Body.Digest)
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
	w.payloads[id], w.found[d] = d, true
	return payload(r, d)
}

func (w *wire) request(q *question, r *warc.Read) error {
	e := q.exchange
	if err := about(r, e); err != nil {
		return err
	}
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
	return payload(r, store.DigestOf(body))
}
