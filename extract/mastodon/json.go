package mastodon

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"stet/extract"
)

// opt is a member of a payload: see [extract.Opt].
type opt[T any] = extract.Opt[T]

// list is a list of which elements that do not decode, and nulls, are left
// out. A single element may stand without the list, as in JSON-LD.
type list[T any] []T

// UnmarshalJSON never errors for valid JSON.
func (l *list[T]) UnmarshalJSON(b []byte) error {
	raw := make([]opt[T], 1)
	var err error
	if extract.JSONKind(b) == '[' {
		err = json.Unmarshal(b, &raw)
	} else {
		err = json.Unmarshal(b, &raw[0])
	}
	*l = extract.Those(raw)
	return err
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

// isObject reports whether a JSON value is an object.
func isObject(raw []byte) bool { return extract.JSONKind(raw) == '{' }

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
	case extract.JSONKind(body) == '"' && json.Unmarshal(body, &bare) == nil:
		return string(bare)
	}
	return ""
}
