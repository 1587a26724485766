package mastodon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"stet/extract"
)

// opt is a member that may be missing, null or, in the payload of other
// software, of another type. What does not decode is as good as missing; it
// never spoils the record around it.
type opt[T any] struct {
	V   T
	Set bool
}

// UnmarshalJSON never errors for valid JSON.
func (o *opt[T]) UnmarshalJSON(b []byte) error {
	*o = opt[T]{}
	if string(b) == "null" {
		return nil
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return nil //nolint:nilerr // as good as missing
	}
	o.V, o.Set = v, true
	return nil
}

// list is a list of which elements that do not decode, and nulls, are left
// out. A single element may stand without the list, as in JSON-LD.
type list[T any] []T

// UnmarshalJSON never errors for valid JSON.
func (l *list[T]) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if kindOf(b) != '[' {
		raw = append(raw, b)
	} else if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*l = nil
	for _, r := range raw {
		var v opt[T]
		if err := v.UnmarshalJSON(r); err != nil {
			return err
		}
		if v.Set {
			*l = append(*l, v.V)
		}
	}
	return nil
}

// str is a string; numbers are taken as they are written, since ids come as
// both, and what is neither is empty.
type str string

// UnmarshalJSON never errors for valid JSON.
func (s *str) UnmarshalJSON(b []byte) error {
	*s = ""
	if len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9') {
		*s = str(b)
		return nil
	}
	var v string
	if err := json.Unmarshal(b, &v); err != nil {
		return nil //nolint:nilerr // as good as missing
	}
	*s = str(v)
	return nil
}

// num is a number, which may be written as a string.
type num float64

// UnmarshalJSON errors for what is no number.
func (n *num) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) >= 1<<53 {
		return fmt.Errorf("%.40q is no number", b)
	}
	*n = num(f)
	return nil
}

// decode reads body, which must be one JSON value of v's shape.
func decode(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %w", extract.ErrShape, err)
	}
	return nil
}

// kindOf returns the first character of a JSON value: { [ " or a digit.
func kindOf(body []byte) byte {
	if b := bytes.TrimLeft(body, " \t\r\n"); len(b) > 0 {
		return b[0]
	}
	return 0
}

// isObject reports whether a JSON value is an object.
func isObject(raw []byte) bool { return kindOf(raw) == '{' }

// moment reads a time as the interfaces write it; the zero time for others.
func moment(s str) time.Time {
	t, err := time.Parse(time.RFC3339Nano, string(s))
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// web returns s where it is an address on the web, else nothing.
func web(s str) string {
	if u, ok := extract.ParseLink(string(s)); ok && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		return strings.TrimSpace(string(s))
	}
	return ""
}

// errorWords returns the words of an error payload, {"error":"…"}, or of one
// that is nothing but a string.
func errorWords(body []byte) string {
	var e struct {
		Error       str `json:"error"`
		Description str `json:"error_description"`
	}
	var bare str
	switch {
	case isObject(body) && json.Unmarshal(body, &e) == nil:
		if e.Description != "" && e.Error != "" {
			return string(e.Error + ": " + e.Description)
		}
		return string(e.Error)
	case kindOf(body) == '"' && json.Unmarshal(body, &bare) == nil:
		return string(bare)
	}
	return ""
}

// first returns the first string that is not empty.
func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
