package extract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Value is a JSON value that is looked into with care: what is missing, null or
// of another type reads as nothing, so that a payload of tomorrow never spoils
// what is still as it was. The zero Value is nothing.
type Value struct{ v any }

// ParseValue reads body, which must be one JSON value. It errors with
// [ErrShape].
func ParseValue(body []byte) (Value, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v Value
	if err := d.Decode(&v.v); err != nil {
		return Value{}, fmt.Errorf("%w: %w", ErrShape, err)
	}
	if d.More() {
		return Value{}, fmt.Errorf("%w: more than one value", ErrShape)
	}
	return v, nil
}

// ValueAfter reads the JSON value that follows the first mark in a text, as
// scripts assign one to a variable. It errors with [ErrShape].
func ValueAfter(text, mark string) (Value, error) {
	_, rest, ok := strings.Cut(text, mark)
	if !ok {
		return Value{}, fmt.Errorf("%w: nothing is called %s", ErrShape, mark)
	}
	d := json.NewDecoder(strings.NewReader(rest))
	d.UseNumber()
	var v Value
	if err := d.Decode(&v.v); err != nil {
		return Value{}, fmt.Errorf("%w: %s: %w", ErrShape, mark, err)
	}
	return v, nil
}

// ScriptValue reads the JSON in the script element with an id. It errors with
// [ErrShape].
func ScriptValue(doc *html.Node, id string) (Value, error) {
	for n := range Elements(doc, atom.Script) {
		if Attr(n, "id") == id && n.FirstChild != nil {
			return ParseValue([]byte(n.FirstChild.Data))
		}
	}
	return Value{}, fmt.Errorf("%w: no script %s", ErrShape, id)
}

// Get returns the member that a path of names leads to.
func (v Value) Get(path ...string) Value {
	for _, name := range path {
		m, ok := v.v.(map[string]any)
		if !ok {
			return Value{}
		}
		v = Value{m[name]}
	}
	return v
}

// List returns the elements of a list, nil for anything else.
func (v Value) List() []Value {
	l, ok := v.v.([]any)
	if !ok {
		return nil
	}
	all := make([]Value, len(l))
	for i := range l {
		all[i] = Value{l[i]}
	}
	return all
}

// First returns the first element of a list.
func (v Value) First() Value {
	if l, ok := v.v.([]any); ok && len(l) > 0 {
		return Value{l[0]}
	}
	return Value{}
}

// IsObject reports whether the value is an object.
func (v Value) IsObject() bool {
	_, ok := v.v.(map[string]any)
	return ok
}

// Exists reports whether there is a value, other than null.
func (v Value) Exists() bool { return v.v != nil }

// Text returns a string; a number as it is written, since ids come as both.
func (v Value) Text() string {
	switch t := v.v.(type) {
	case string:
		return strings.ToValidUTF8(t, "\ufffd")
	case json.Number:
		return t.String()
	}
	return ""
}

// Int returns a whole number, which may be written as a string or with a
// fraction; 0 for anything else and for what is out of range.
func (v Value) Int() int64 {
	n, err := strconv.ParseInt(v.Text(), 10, 64)
	if err == nil {
		return n
	}
	f, err := strconv.ParseFloat(v.Text(), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) >= 1<<53 {
		return 0
	}
	return int64(f)
}

// IsNumber reports whether the value is a number.
func (v Value) IsNumber() bool {
	_, ok := v.v.(json.Number)
	return ok
}

// True reports whether the value is true.
func (v Value) True() bool {
	b, ok := v.v.(bool)
	return ok && b
}

// False reports whether the value is false, not merely missing.
func (v Value) False() bool {
	b, ok := v.v.(bool)
	return ok && !b
}

// Unix returns the time that a number of seconds since 1970 is, the zero time
// for what cannot be one.
func (v Value) Unix() time.Time {
	n := v.Int()
	if n <= 0 || n > 1<<34 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// Time returns the time that a string in the form of RFC 3339, or a day, is;
// the zero time for anything else.
func (v Value) Time() time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02"} {
		if t, err := time.Parse(layout, v.Text()); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// Page parses the body as HTML. It returns false where the response is declared
// as something else, and where the page does not end: of one that was cut off
// half a sentence would be taken for the whole.
func (r Response) Page() (*html.Node, bool) {
	if t := strings.ToLower(r.ContentType); t != "" && !strings.Contains(t, "html") || !ends(r.Body) {
		return nil, false
	}
	doc, err := html.Parse(bytes.NewReader(Decode(Input{ContentType: r.ContentType, Body: r.Body})))
	return doc, err == nil
}

// ends reports whether a page says where it ends, as every platform's do.
func ends(page []byte) bool {
	for {
		_, rest, ok := bytes.Cut(page, []byte("</"))
		if !ok {
			return false
		}
		if len(rest) >= 4 && (strings.EqualFold(string(rest[:4]), "html") || strings.EqualFold(string(rest[:4]), "body")) {
			return true
		}
		page = rest
	}
}

// Value parses the body as JSON. It returns false where the response is declared
// as something else, or is no JSON.
func (r Response) Value() (Value, bool) {
	if !r.JSON() {
		return Value{}, false
	}
	v, err := ParseValue(r.Body)
	return v, err == nil
}

// HTMLText returns what a reader sees of a piece of HTML.
func HTMLText(s string) string {
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		// Only nesting beyond what the parser allows errs.
		return ""
	}
	return Text(doc)
}

// MetaContent returns the content of the first meta element with a property or
// name.
func MetaContent(doc *html.Node, name string) string {
	for m := range Elements(doc, atom.Meta) {
		if Attr(m, "property") == name || Attr(m, "name") == name {
			return strings.TrimSpace(Attr(m, "content"))
		}
	}
	return ""
}
