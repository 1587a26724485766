package extract

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Opt is a member of a payload that may be missing, null or, in a payload of
// tomorrow or of other software, of another type. What does not decode is as good
// as missing; it never spoils the record around it.
type Opt[T any] struct {
	V   T
	Set bool
}

// UnmarshalJSON never errors for valid JSON.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	*o = Opt[T]{}
	if string(b) == "null" {
		return nil
	}
	var v T
	if json.Unmarshal(b, &v) == nil {
		o.V, o.Set = v, true
	}
	return nil
}

// Those returns what the members of a list are that decode.
func Those[T any](all []Opt[T]) []T {
	var out []T
	for _, o := range all {
		if o.Set {
			out = append(out, o.V)
		}
	}
	return out
}

// DecodeJSON reads body, which must be one JSON value of v's shape. It errors with
// [ErrShape].
func DecodeJSON(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %w", ErrShape, err)
	}
	return nil
}

// JSONKind returns the first character of a JSON value: { [ " or a digit.
func JSONKind(body []byte) byte {
	if b := bytes.TrimLeft(body, " \t\r\n"); len(b) > 0 {
		return b[0]
	}
	return 0
}
