package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"stet/store"
)

// apiPrefix is where the interface for programs begins.
const apiPrefix = "/api/v1"

// operation is one thing that the interface for programs does. The document
// that describes the interface is made from these.
type operation struct {
	method, path, id, summary string
	need                      Role
	params                    []param
	// body and answer are values of the types that are sent and answered; nil
	// for none. For a list, answer is one item and columns are its members in
	// CSV.
	body, answer any
	list         bool
	columns      []string
	// status is that of success; 0 is 200.
	status int
	// kind is the media type of an answer that is no JSON; send writes it.
	kind string
	send handler
	// longest and most are as those of a route.
	longest time.Duration
	most    int64
	// do answers; for a list with a listing.
	do func(r *http.Request) (any, error)
	// example is a path with a query that works, for the tests.
	example string
}

// param is a parameter of an operation: of the path where its name stands there,
// else of the query.
type param struct {
	name, words, kind string
	needed            bool
}

// listing is a page of a list.
type listing struct {
	items []any
	// next continues the list, empty at its end.
	next string
}

// listOf makes a listing of a slice.
func listOf[T any](items []T, next string) listing {
	l := listing{items: make([]any, len(items)), next: next}
	for i := range items {
		l.items[i] = items[i]
	}
	return l
}

// programs lists the routes of the interface for programs.
func (s *Server) programs() []route {
	ops := s.operations()
	routes := make([]route, 0, len(ops))
	for i := range ops {
		op := &ops[i]
		routes = append(routes, route{pattern: op.method + " " + apiPrefix + op.path, need: op.need, longest: op.longest, most: op.most, handle: s.program(op)})
	}
	return routes
}

// program answers with what an operation does.
func (s *Server) program(op *operation) handler {
	if op.send != nil {
		return op.send
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Security-Policy", nothing)
		v, err := op.do(r)
		if err != nil {
			return err
		}
		if l, ok := v.(listing); ok {
			return s.sendList(op, w, r, l)
		}
		if a, ok := v.(accepted); ok {
			w.Header().Set("Location", a.location)
			v = a.value
		}
		return sendJSON(w, r, op.status, v)
	}
}

// accepted is what was asked for and is still to be done.
type accepted struct {
	location string
	value    any
}

// sendJSON sends a value with a tag by which a reader asks whether it changed.
func sendJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := marshal(v)
	if err != nil {
		return err
	}
	return sendBody(w, r, status, "application/json", append(body, '\n'))
}

func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("writing the answer: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

func sendBody(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) error {
	h := w.Header()
	if status == 0 {
		status = http.StatusOK
	}
	if h.Get("Cache-Control") == "private, no-store" {
		h.Set("Cache-Control", "private, no-cache")
	}
	if status == http.StatusOK {
		sum := sha256.Sum256(body)
		tag := `"` + hex.EncodeToString(sum[:16]) + `"`
		h.Set("ETag", tag)
		if fresh(r, tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the status is sent: a reader that has gone cannot be told more
	}
	return nil
}

// fresh reports whether a reader has what a tag names already.
func fresh(r *http.Request, tag string) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	for part := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if part = strings.TrimPrefix(strings.TrimSpace(part), "W/"); part == tag || part == "*" {
			return true
		}
	}
	return false
}

// sendList sends a page of a list: as one object, as lines, or as a table.
func (s *Server) sendList(op *operation, w http.ResponseWriter, r *http.Request, l listing) error {
	w.Header().Add("Vary", "Accept")
	if l.next != "" {
		q := r.URL.Query()
		q.Set("cursor", l.next)
		w.Header().Set("Link", "<"+headerSafe(r.URL.Path+"?"+q.Encode())+`>; rel="next"`)
	}
	switch format, err := formatOf(r); {
	case err != nil:
		return err
	case format == "ndjson":
		var buf bytes.Buffer
		for _, item := range l.items {
			line, err := marshal(item)
			if err != nil {
				return err
			}
			buf.Write(append(line, '\n'))
		}
		return sendBody(w, r, 0, "application/x-ndjson", buf.Bytes())
	case format == "csv":
		body, err := table(op.columns, l.items)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Disposition", `attachment; filename="`+op.id+`.csv"`)
		return sendBody(w, r, 0, "text/csv; charset=utf-8", body)
	}
	items := l.items
	if items == nil {
		items = []any{}
	}
	return sendJSON(w, r, 0, struct {
		Items []any  `json:"items"`
		Next  string `json:"next"`
	}{items, l.next})
}

// formatOf returns the form in which a list is asked for.
func formatOf(r *http.Request) (string, error) {
	switch f := r.URL.Query().Get("format"); f {
	case "json", "ndjson", "csv":
		return f, nil
	case "":
	default:
		return "", fmt.Errorf("%w: there is no format %.20q; there are json, ndjson and csv", store.ErrInvalid, f)
	}
	accept := r.Header.Get("Accept")
	switch {
	case strings.Contains(accept, "ndjson"):
		return "ndjson", nil
	case strings.Contains(accept, "text/csv"):
		return "csv", nil
	}
	return "json", nil
}

// table writes items as CSV (RFC 4180).
func table(columns []string, items []any) ([]byte, error) {
	var buf bytes.Buffer
	c := csv.NewWriter(&buf)
	c.UseCRLF = true
	if err := c.Write(columns); err != nil {
		return nil, fmt.Errorf("writing a table: %w", err)
	}
	for _, item := range items {
		line, err := marshal(item)
		if err != nil {
			return nil, err
		}
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("writing a table: %w", err)
		}
		row := make([]string, len(columns))
		for i, column := range columns {
			row[i] = cell(member(v, column))
		}
		if err := c.Write(row); err != nil {
			return nil, fmt.Errorf("writing a table: %w", err)
		}
	}
	c.Flush()
	return buf.Bytes(), c.Error()
}

// member returns a member of an object, by its names joined with dots.
func member(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

// cell writes a value of a table. What a spreadsheet would take for a formula
// gets an apostrophe before it: the words are somebody else's.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
			return "'" + v
		}
		return v
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = cell(v[i])
		}
		return strings.Join(parts, " ")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// The sizes of pages of lists.
const (
	defaultPage = 50
	maxPage     = 500
)

// limitOf reads how many items are asked for.
func limitOf(q url.Values) (int, error) {
	word := q.Get("limit")
	if word == "" {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > maxPage {
		return 0, fmt.Errorf("%w: limit is a number from 1 to %d", store.ErrInvalid, maxPage)
	}
	return n, nil
}

// cursorOf reads where a list goes on that is ordered by numbers.
func cursorOf(q url.Values) (uint64, error) {
	word := q.Get("cursor")
	if word == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(word, 36, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %.40q is no cursor of this list", store.ErrInvalid, word)
	}
	return n, nil
}

// placeOf reads both: how much of a list is asked for, and where it goes on.
func placeOf(q url.Values) (limit int, before uint64, err error) {
	if limit, err = limitOf(q); err == nil {
		before, err = cursorOf(q)
	}
	return limit, before, err
}

// recordAt returns the record whose id is in the path of a request. It errors
// with ErrNotFound, in the words of none, where it is of another kind.
func recordAt[T any, P interface {
	*T
	store.Content
}](s *Server, r *http.Request, name, none string) (store.Record, *T, error) {
	id, err := store.ParseID(r.PathValue(name))
	if err != nil {
		return store.Record{}, nil, err
	}
	rec, err := s.o.Archive.Get(r.Context(), id)
	if err != nil {
		return rec, nil, err
	}
	c, err := store.Decode[T, P](&rec)
	if err != nil {
		return rec, nil, fmt.Errorf("%w: %s", store.ErrNotFound, none)
	}
	return rec, c, nil
}

func cursor(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 36)
}

// bodyOf reads the JSON that was sent.
func bodyOf[T any](r *http.Request) (T, error) {
	var v T
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("%w: the body is not the JSON that is asked for: %w", store.ErrInvalid, err)
	}
	return v, nil
}
