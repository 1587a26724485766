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

// opt is a member that may be missing, null or, in a payload of tomorrow, of
// another type. What does not decode is as good as missing; it never spoils
// the record around it.
type opt[T any] struct {
	V   T
	Set bool
	// Bad is true where the member is there and does not decode.
	Bad bool
}

// UnmarshalJSON never errors for valid JSON.
func (o *opt[T]) UnmarshalJSON(b []byte) error {
	*o = opt[T]{}
	if string(b) == "null" {
		return nil
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		o.Bad = true
		return nil
	}
	o.V, o.Set = v, true
	return nil
}

// list is a list of which elements that do not decode, and nulls, are left out.
type list[T any] []T

// UnmarshalJSON errors where the value is no list.
func (l *list[T]) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*l = (*l)[:0]
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

// many is a list that may also come as its only element.
type many[T any] []T

// UnmarshalJSON errors for what is neither an object nor a list.
func (m *many[T]) UnmarshalJSON(b []byte) error {
	if kindOf(b) != '{' {
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
