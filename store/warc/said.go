package warc

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"stet/store"
)

// What the records of a file say beside the bytes that were on the wire. A
// verifier makes it again and compares it.

// InfoID returns the name of the record that describes a file of the name, whose
// block is made of the fields.
func InfoID(name string, date time.Time, fields []Field) string {
	return infoID(name, date, FieldsBlock(fields), "info")
}

func infoID(name string, date time.Time, block []byte, part string) string {
	return DigestID(store.DigestOf(append([]byte(name+"\x00"+Date(date)+"\x00"), block...)), part)
}

// ChainURI returns the address of certificates with a digest.
func ChainURI(d store.Digest) string {
	return PartURI("x-stet", "tls-chain:"+strings.TrimPrefix(d.String(), "sha256:"))
}

// ConnectionFields appends what the records of a request and its response say of
// the connection.
func ConnectionFields(fields []Field, e *store.Exchange) []Field {
	if e.Proxy == "" { // behind a proxy the address is the proxy's
		if host, _, err := net.SplitHostPort(e.Address); err == nil && net.ParseIP(host) != nil {
			fields = append(fields, Field{"WARC-IP-Address", net.ParseIP(host).String()})
		}
	}
	if e.Protocol != "" {
		fields = append(fields, Field{"WARC-Protocol", oneLine(e.Protocol)})
	}
	if t := e.TLS; t != nil && t.Version != "" {
		fields = append(fields, Field{"WARC-Protocol", oneLine(t.Version)})
		if t.Cipher != "" {
			fields = append(fields, Field{"WARC-Cipher-Suite", oneLine(t.Cipher)})
		}
	}
	return fields
}

// lacking says why a body that there was is not there.
func lacking(b *store.Body) string {
	if b.Withheld {
		return "the body was not kept: the terms of the endpoint forbid it"
	}
	return "the body was removed from the archive"
}

// Notes says in what the records of an exchange differ from what was on the
// wire: kept is true where the body stands in the file, again where it stands in
// another record.
func Notes(e *store.Exchange, kept, again bool) []string {
	var notes []string
	add := func(more []string) { notes = append(notes, more...) }
	b := &e.Body
	answered := e.Status != 0 && len(e.ResponseHead) > 0
	switch {
	case answered && again:
		_, more := tidyHead(e.ResponseHead)
		add(more)
	case answered:
		none := b.Size == 0 && !b.Withheld && !b.Removed
		size := b.Size
		if !kept && !none {
			add([]string{lacking(b)})
			size = 0
		}
		_, more := responseHead(e, size, b.Truncated == "" && (kept || none))
		add(more)
	}
	if len(e.RequestHead) > 0 {
		_, more := tidyHead(e.RequestHead)
		add(more)
	}
	return notes
}

// MetadataBlock writes what is to be said of an exchange. Chain is the address of
// the certificates in the file, empty where they are not there.
func MetadataBlock(id store.ID, e *store.Exchange, chain string, notes []string) []byte {
	fields := []Field{{"stet-exchange", id.String()}, {"stet-purpose", e.Purpose}, {"stet-method", e.Method}}
	if e.Method == http.MethodGet {
		fields = fields[:2]
	}
	if e.Took > 0 {
		fields = append(fields, Field{"fetchTimeMs", strconv.FormatInt(e.Took.Milliseconds(), 10)})
	}
	fields = append(fields, Field{"stet-proxy", e.Proxy}, Field{"stet-redacted", strings.Join(e.Redacted, ", ")}, Field{"stet-error", e.Error})
	if e.TLS != nil {
		fields = append(fields, Field{"stet-tls-server-name", e.TLS.ServerName}, Field{"stet-tls-chain", chain})
	}
	for _, r := range e.Refs {
		fields = append(fields, Field{"stet-post", r.String()})
	}
	if e.Body.Chunked {
		notes = append(notes[:len(notes):len(notes)], "the transfer coding of the body was taken off")
	}
	for _, n := range notes {
		fields = append(fields, Field{"stet-note", n})
	}
	return FieldsBlock(fields)
}
