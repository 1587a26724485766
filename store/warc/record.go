package warc

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"stet/store"
)

// Version is the first line of every record that is written.
const Version = "WARC/1.1"

// Type says what a record holds.
type Type string

// The types of records.
const (
	TypeInfo       Type = "warcinfo"
	TypeRequest    Type = "request"
	TypeResponse   Type = "response"
	TypeRevisit    Type = "revisit"
	TypeResource   Type = "resource"
	TypeMetadata   Type = "metadata"
	TypeConversion Type = "conversion"
	// TypeContinuation is the rest of a record that was cut into segments; it
	// is read, not written.
	TypeContinuation Type = "continuation"
)

// The media types of blocks.
const (
	MediaRequest  = "application/http;msgtype=request"
	MediaResponse = "application/http;msgtype=response"
	MediaFields   = "application/warc-fields"
)

// ProfileIdentical is the profile of a revisit whose payload is the same as
// that of the record that it refers to.
const ProfileIdentical = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

// Field is one named field of a record's head.
type Field struct {
	Name, Value string
}

// named reports whether the field has the name, whatever its case. Many names
// begin alike, and few are as long.
func (f *Field) named(name string) bool {
	return len(f.Name) == len(name) && strings.EqualFold(f.Name, name)
}

// Header is the fields of a record in their order.
type Header []Field

// Get returns the value of the first field of the name, whatever its case, ""
// where there is none.
func (h Header) Get(name string) string {
	for i := range h {
		if h[i].named(name) {
			return h[i].Value
		}
	}
	return ""
}

// Values returns the values of all fields of the name.
func (h Header) Values(name string) []string {
	var vs []string
	for i := range h {
		if h[i].named(name) {
			vs = append(vs, h[i].Value)
		}
	}
	return vs
}

// Record is a record to be written. Its block is Head followed by what Body
// yields.
type Record struct {
	Type Type
	// ID is urn:uuid:…, without brackets: see [RecordID].
	ID   string
	Date time.Time
	// TargetURI is written as [CleanURI] returns it. It is empty for warcinfo.
	TargetURI   string
	ContentType string
	// Fields are the further fields, in the order in which they are written.
	Fields []Field
	// PayloadDigest is that of the payload; zero where the record has none, or
	// none that is worth naming.
	PayloadDigest store.Digest
	// Head is held in memory. Body opens the BodySize bytes that follow; it is
	// called twice where they are many, and nil where there are none, or where
	// Held has them.
	Head     []byte
	Held     []byte
	Body     func() (io.ReadCloser, error)
	BodySize int64
}

// RecordID returns the name of a record that is made of the archive's record
// id in the part that it plays: a UUID of version 8, always the same for the
// same id and part.
func RecordID(id store.ID, part string) string { return uuid(id[:], part) }

// DigestID returns the name of a record that is made of bytes with a digest.
func DigestID(d store.Digest, part string) string { return uuid(d[:], part) }

func uuid(b []byte, part string) string {
	room := make([]byte, 0, 96)
	room = append(append(append(append(room, "stet warc\x00"...), part...), 0), b...)
	sum := sha256.Sum256(room)
	u := store.ID(sum[:16])
	u[6] = 0x80 | u[6]&0x0f
	u[8] = 0x80 | u[8]&0x3f
	return "urn:uuid:" + u.String()
}

// Date writes a time as WARC-Date: in UTC, with as many digits of a second as
// it has.
func Date(t time.Time) string { return t.UTC().Format(dateForm9) }

const dateForm9 = "2006-01-02T15:04:05.999999999Z"

// Timestamp writes a time as indexes do: fourteen digits.
func Timestamp(t time.Time) string { return t.UTC().Format("20060102150405") }

// appendHead appends the fields of r for a block with the digest; room is for
// the list of them. It errors with ErrInvalid where a value could be read as
// something else than a value.
func (r *Record) appendHead(b []byte, block store.Digest, room []Field) ([]byte, error) {
	size := int64(len(r.Head)) + int64(len(r.Held)) + r.BodySize
	// The fields that are checked are those that come from elsewhere.
	given := append(room[:0], Field{"WARC-Type", string(r.Type)}, Field{"WARC-Record-ID", r.ID})
	if r.TargetURI != "" {
		given = append(given, Field{"WARC-Target-URI", CleanURI(r.TargetURI)})
	}
	given = append(given, r.Fields...)
	if size > 0 {
		given = append(given, Field{"Content-Type", r.ContentType})
	}
	b = append(b, Version+"\r\n"...)
	for i := range given {
		f := &given[i]
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("a %s record: %w", r.Type, err)
		}
		b = append(append(b, f.Name...), ": "...)
		if i == 1 {
			b = append(append(append(b, '<'), f.Value...), '>')
		} else {
			b = append(b, f.Value...)
		}
		b = append(b, "\r\n"...)
	}
	b = append(r.Date.UTC().AppendFormat(append(b, "WARC-Date: "...), dateForm9), "\r\n"...)
	b = append(hex.AppendEncode(append(b, "WARC-Block-Digest: sha256:"...), block[:]), "\r\n"...)
	if !r.PayloadDigest.IsZero() {
		b = append(hex.AppendEncode(append(b, "WARC-Payload-Digest: sha256:"...), r.PayloadDigest[:]), "\r\n"...)
	}
	b = strconv.AppendInt(append(b, "Content-Length: "...), size, 10)
	return append(b, "\r\n\r\n"...), nil
}

// digestValue writes a digest as the head of a record names it.
func digestValue(d store.Digest) string { return "sha256:" + hex.EncodeToString(d[:]) }

// check looks whether the field is one line of text.
func (f *Field) check() error {
	if !token(f.Name) {
		return fmt.Errorf("%w: %q is not the name of a field", store.ErrInvalid, f.Name)
	}
	bad, ascii := f.Value == "", true
	for i := range len(f.Value) {
		c := f.Value[i]
		bad = bad || c < ' ' || c == 0x7f
		ascii = ascii && c < 0x80
	}
	if bad || !ascii && !utf8.ValidString(f.Value) {
		return fmt.Errorf("%w: the field %s has the value %q, which is not one line of text", store.ErrInvalid, f.Name, f.Value)
	}
	return nil
}

// control reports whether r ends lines or is no character.
func control(r rune) bool { return r < ' ' || r == 0x7f }

// token reports whether s can be the name of a field.
func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '-' && (c|0x20 < 'a' || c|0x20 > 'z') && !tokenRune(rune(c)) {
			return false
		}
	}
	return s != ""
}

// tokenRune reports whether r may stand in the name of a field.
func tokenRune(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune("()<>@,;:\\\"/[]?={}", r)
}

// FieldsBlock writes name and value pairs as application/warc-fields. Line ends
// within values become spaces, and fields without value are left out.
func FieldsBlock(fields []Field) []byte {
	var b bytes.Buffer
	for _, f := range fields {
		if v := oneLine(f.Value); v != "" {
			b.WriteString(f.Name + ": " + v + "\r\n")
		}
	}
	return b.Bytes()
}

// oneLine makes s one line of valid text.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
}
