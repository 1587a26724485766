package warc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"stet/store"
)

// MaxIndexLine is the longest line of an index that is read or written.
const MaxIndexLine = 64 << 10

// Entry is one line of an index: where a record stands and what it answers.
type Entry struct {
	URL  string
	Time time.Time
	// Digest is the payload's, with its algorithm. MIME is "warc/revisit" for
	// revisits. Status is 0 for what has none.
	Digest string
	MIME   string
	Status int
	// Filename is the name of the file within its folder.
	Filename string
	Location Location
}

// entryJSON is the third part of a line, in the order in which others write it.
type entryJSON struct {
	URL          string `json:"url"`
	MIME         string `json:"mime,omitempty"`
	Status       number `json:"status,omitempty"`
	Digest       string `json:"digest,omitempty"`
	Length       number `json:"length"`
	Offset       number `json:"offset"`
	Filename     string `json:"filename"`
	RecordDigest string `json:"recordDigest,omitempty"`
}

// number is written as a string, as the field does, and read as both.
type number string

// UnmarshalJSON reads a number or a string. It errors where it is neither.
func (n *number) UnmarshalJSON(b []byte) error {
	s := string(b)
	if len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
	}
	*n = number(s)
	return nil
}

// int reads the number; ok is false where it is none or negative.
func (n number) int() (v int64, ok bool) {
	v, err := strconv.ParseInt(string(n), 10, 64)
	return v, err == nil && v >= 0
}

// Line writes the entry as a line of CDXJ, without line end. Lines sorted by
// their bytes are an index.
func (e *Entry) Line() []byte {
	j := entryJSON{URL: e.URL, MIME: e.MIME, Digest: e.Digest, Filename: e.Filename,
		Length: number(strconv.FormatInt(e.Location.Length, 10)), Offset: number(strconv.FormatInt(e.Location.Offset, 10))}
	if e.Status > 0 {
		j.Status = number(strconv.Itoa(e.Status))
	}
	if !e.Location.Digest.IsZero() {
		j.RecordDigest = e.Location.Digest.String()
	}
	var b bytes.Buffer
	b.WriteString(SURT(e.URL) + " " + Timestamp(e.Time) + " ")
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(j) // strings only
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// ParseLine reads a line of CDXJ. It errors with ErrCorrupt.
func ParseLine(line []byte) (Entry, error) {
	var e Entry
	_, rest, ok := strings.Cut(string(line), " ")
	stamp, object, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 || len(line) > MaxIndexLine {
		return e, fmt.Errorf("%w: %.80q is not a line of an index", store.ErrCorrupt, line)
	}
	t, err := parseStamp(stamp)
	if err != nil {
		return e, fmt.Errorf("%w: %.80q is not a line of an index: %w", store.ErrCorrupt, line, err)
	}
	j, plain := plainEntry(object)
	if !plain {
		j = entryJSON{}
		if err := json.Unmarshal([]byte(object), &j); err != nil {
			return e, fmt.Errorf("%w: %.80q is not a line of an index: %w", store.ErrCorrupt, line, err)
		}
	}
	offset, ok := j.Offset.int()
	length, ok2 := j.Length.int()
	if !ok || !ok2 {
		return e, fmt.Errorf("%w: the index does not say where %.80q stands", store.ErrCorrupt, j.URL)
	}
	e = Entry{URL: j.URL, Time: t, Digest: j.Digest, MIME: j.MIME, Filename: j.Filename, Location: Location{Offset: offset, Length: length}}
	if status, ok := j.Status.int(); ok && status < 1000 {
		e.Status = int(status)
	}
	if d, err := store.ParseDigest(j.RecordDigest); err == nil {
		e.Location.Digest = d
	}
	return e, nil
}

// plainEntry reads an object as most are written: fields that are known, strings
// without escapes, nothing between them. Of others ok is false.
func plainEntry(s string) (j entryJSON, ok bool) {
	s, ok = strings.CutPrefix(s, "{")
	for ok {
		var name, value string
		if name, s, ok = plainString(s); !ok || s == "" || s[0] != ':' {
			return j, false
		}
		if value, s, ok = plainString(s[1:]); !ok || s == "" {
			return j, false
		}
		switch name {
		case "url":
			j.URL = value
		case "mime":
			j.MIME = value
		case "status":
			j.Status = number(value)
		case "digest":
			j.Digest = value
		case "length":
			j.Length = number(value)
		case "offset":
			j.Offset = number(value)
		case "filename":
			j.Filename = value
		case "recordDigest":
			j.RecordDigest = value
		default:
			return j, false
		}
		if s == "}" {
			return j, true
		}
		s, ok = strings.CutPrefix(s, ",")
	}
	return j, false
}

// plainString reads a string of ASCII without escapes.
func plainString(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", s, false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[1:i], s[i+1:], true
		case c < ' ' || c == '\\' || c >= 0x80:
			return "", s, false
		}
	}
	return "", s, false
}

// parseStamp reads 14 digits, or 17 with thousandths.
func parseStamp(s string) (time.Time, error) {
	if len(s) == 17 {
		return time.Parse("20060102150405.000", s[:14]+"."+s[14:])
	}
	return time.Parse("20060102150405", s)
}
