package bluesky

import (
	"encoding/json"
	"math"

	"stet/extract"
)

// opt is a member of a payload: see [extract.Opt].
type opt[T any] = extract.Opt[T]

// list is a list of which elements that do not decode, and nulls, are left
// out. What is no list is an empty one.
type list[T any] []T

// UnmarshalJSON never errors for valid JSON.
func (l *list[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	var raw []opt[T]
	if json.Unmarshal(b, &raw) == nil {
		*l = extract.Those(raw)
	}
	return nil
}

// str is a string; anything else is empty.
type str string

// UnmarshalJSON never errors for valid JSON.
func (s *str) UnmarshalJSON(b []byte) error {
	var v opt[string]
	if err := v.UnmarshalJSON(b); err != nil {
		return err
	}
	*s = str(v.V)
	return nil
}

// num is a whole number; anything else is missing.
type num struct {
	V   int64
	Set bool
}

// UnmarshalJSON never errors for valid JSON.
func (n *num) UnmarshalJSON(b []byte) error {
	*n = num{}
	var f opt[float64]
	if err := f.UnmarshalJSON(b); err != nil {
		return err
	}
	if f.Set && f.V == math.Trunc(f.V) && math.Abs(f.V) < 1<<53 {
		n.V, n.Set = int64(f.V), true
	}
	return nil
}

// size returns a number of pixels, 0 where it cannot be one.
func (n num) size() int {
	if n.V < 0 || n.V > math.MaxInt32 {
		return 0
	}
	return int(n.V)
}

// xrpcError is the body of an error of the protocol's interfaces.
type xrpcError struct {
	Name    str `json:"error"`
	Message str `json:"message"`
}

// errorOf reads the error of a response; its name is empty where it is none.
func errorOf(r extract.Response) xrpcError {
	var e xrpcError
	if !r.JSON() || extract.DecodeJSON(r.Body, &e) != nil {
		return xrpcError{}
	}
	return e
}

// words returns the error as the platform words it.
func (e xrpcError) words() string {
	if e.Name == "" || e.Message == "" {
		return string(e.Name + e.Message)
	}
	return string(e.Name + ": " + e.Message)
}
