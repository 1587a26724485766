package twitter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"stet/extract"
)

// opt is a member of a payload: see [extract.Opt].
type opt[T any] = extract.Opt[T]

// list is a list of which elements that do not decode, and nulls, are left out.
type list[T any] []T

// UnmarshalJSON errors where the value is no list.
func (l *list[T]) UnmarshalJSON(b []byte) error {
	var raw []opt[T]
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*l = extract.Those(raw)
	return nil
}

// many is a list that may also come as its only element.
type many[T any] []T

// UnmarshalJSON errors for what is neither an object nor a list.
func (m *many[T]) UnmarshalJSON(b []byte) error {
	if extract.JSONKind(b) != '{' {
		return (*list[T])(m).UnmarshalJSON(b)
	}
	var one opt[T]
	if err := one.UnmarshalJSON(b); err != nil || !one.Set {
		return err
	}
	*m = many[T]{one.V}
	return nil
}

// str is a string; numbers are taken as they are written, since ids come as
// both.
type str string

// UnmarshalJSON errors for lists and objects.
func (s *str) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		*s = ""
		return nil
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*s = str(b)
		return nil
	}
	var v string
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*s = str(v)
	return nil
}

// num is a whole number, which may be written as a string or with a fraction
// of zero.
type num int64

// UnmarshalJSON errors for what is no number.
func (n *num) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(bytes.TrimSpace(b)), `"`)
	if s == "null" || s == "" {
		*n = 0
		return nil
	}
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = num(v)
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return fmt.Errorf("%.40q is no whole number", s)
	}
	*n = num(f)
	return nil
}

// isObject reports whether a JSON value is an object.
func isObject(raw []byte) bool { return extract.JSONKind(raw) == '{' }
