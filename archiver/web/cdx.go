package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"stet/store"
	"stet/store/warc"
)

// indexes lists the routes of the index of what is archived, in the dialects of
// the two programs that others are written for.
func (s *Server) indexes() []route {
	a := audience{s, false}
	return []route{
		{pattern: "GET /cdx/search/cdx", need: RoleReader, handle: a.cdx(wayback)},
		{pattern: "GET /stet/cdx", need: RoleReader, handle: a.cdx(pywb)},
		{pattern: "GET /cdx", need: RoleReader, handle: func(w http.ResponseWriter, r *http.Request) error {
			d := wayback
			if r.URL.Query().Get("output") == "cdxj" || r.URL.Query().Get("fields") != "" || r.URL.Query().Get("dialect") == "pywb" {
				d = pywb
			}
			return a.cdx(d)(w, r)
		}},
	}
}

// dialect is the way in which an index is asked and answers.
type dialect int

const (
	wayback dialect = iota
	pywb
)

// names are the names of the columns in a dialect, in their order.
func (d dialect) names() []string {
	if d == pywb {
		return []string{"urlkey", "timestamp", "url", "mime", "status", "digest", "length"}
	}
	return []string{"urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"}
}

// column returns the number of a column that either dialect names, or that is
// given by its number.
func column(name string) (int, bool) {
	if len(name) == 1 && name[0] >= '0' && name[0] <= '6' {
		return int(name[0] - '0'), true
	}
	for _, d := range []dialect{wayback, pywb} {
		if i := slices.Index(d.names(), name); i >= 0 {
			return i, true
		}
	}
	return 0, false
}

// indexRow is a row of the index, in the order of the columns.
type indexRow [7]string

// maxIndex is the most rows that one question looks at, and maxPattern the
// longest expression.
const (
	maxIndex   = 10_000
	maxPattern = 200
)

// indexQuery is a question to the index.
type indexQuery struct {
	url, match      string
	from, to        string
	limit, offset   int
	reverse         bool
	closest         string
	columns         []int
	filters         []func(*indexRow) bool
	collapse        int // column, -1 for none
	collapseLetters int
	output          string
	paging          indexPaging
}

// cdx answers a question to the index.
func (a audience) cdx(d dialect) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q, err := readIndexQuery(r.URL.Query(), d)
		if err != nil {
			return err
		}
		rows, err := a.indexRows(r.Context(), q)
		if err != nil {
			return err
		}
		rows = q.choose(rows)
		w.Header().Set("Content-Security-Policy", nothing)
		if q.paging.count {
			kind, body := q.paging.countPages(d, len(rows))
			return sendBody(w, r, 0, kind, body)
		}
		if rows, err = q.turn(d, rows); err != nil {
			return err
		}
		kind, body, err := q.write(d, rows)
		if err != nil {
			return err
		}
		return sendBody(w, r, 0, kind, body)
	}
}

func readIndexQuery(v url.Values, d dialect) (*indexQuery, error) {
	q := &indexQuery{match: v.Get("matchType"), from: v.Get("from"), to: v.Get("to"), reverse: v.Get("sort") == "reverse", collapse: -1, output: v.Get("output")}
	word := v.Get("url")
	if word == "" {
		return nil, fmt.Errorf("%w: url is empty", store.ErrInvalid)
	}
	if rest, ok := strings.CutPrefix(word, "*."); ok && q.match == "" {
		word, q.match = rest, "domain"
	}
	if rest, ok := strings.CutSuffix(word, "*"); ok && q.match == "" {
		word, q.match = rest, "prefix"
	}
	var err error
	if q.url, err = webURL(word); err != nil {
		return nil, err
	}
	switch q.match {
	case "", "exact", "prefix", "host", "domain":
	default:
		return nil, fmt.Errorf("%w: matchType is exact, prefix, host or domain", store.ErrInvalid)
	}
	for _, word := range []string{q.from, q.to, v.Get("closest")} {
		if len(word) > 14 || strings.Trim(word, "0123456789") != "" {
			return nil, fmt.Errorf("%w: %.40q is no time of the form YYYYMMDDhhmmss", store.ErrInvalid, word)
		}
	}
	if d == pywb && !slices.Contains([]string{"", "cdxj", "json", "text"}, q.output) {
		return nil, fmt.Errorf("%w: output is cdxj, json or text", store.ErrInvalid)
	}
	if v.Get("sort") == "closest" || v.Get("closest") != "" {
		q.closest = v.Get("closest")
	}
	if err := cmp.Or(q.readNumbers(v, d), q.readPaging(v, d)); err != nil {
		return nil, err
	}
	if err := q.readFilters(v["filter"], d); err != nil {
		return nil, err
	}
	return q, q.readColumns(v)
}

func (q *indexQuery) readNumbers(v url.Values, d dialect) error {
	for name, into := range map[string]*int{"limit": &q.limit, "offset": &q.offset} {
		if word := v.Get(name); word != "" {
			n, err := strconv.Atoi(word)
			if err != nil || name == "offset" && n < 0 || name == "limit" && d == pywb && n < 1 {
				return fmt.Errorf("%w: %s %.20q is no number", store.ErrInvalid, name, word)
			}
			*into = n
		}
	}
	return nil
}

func (q *indexQuery) readColumns(v url.Values) error {
	words := v.Get("fl")
	if words == "" {
		words = v.Get("fields")
	}
	for word := range strings.SplitSeq(words, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		i, ok := column(word)
		if !ok {
			return fmt.Errorf("%w: there is no column %.40q", store.ErrInvalid, word)
		}
		q.columns = append(q.columns, i)
	}
	if word := v.Get("collapse"); word != "" {
		name, letters, _ := strings.Cut(word, ":")
		i, ok := column(name)
		n, err := strconv.Atoi(letters)
		if !ok || letters != "" && (err != nil || n < 1) {
			return fmt.Errorf("%w: collapse %.40q is not of the form column or column:letters", store.ErrInvalid, word)
		}
		q.collapse, q.collapseLetters = i, n
	}
	return nil
}

// readFilters reads [!]column:expression, and of the other dialect also
// [!][=~]column:words.
func (q *indexQuery) readFilters(words []string, d dialect) error {
	for _, word := range words {
		rest, not := strings.CutPrefix(word, "!")
		how := byte('~')
		if d == pywb {
			how = 0
			if rest != "" && (rest[0] == '=' || rest[0] == '~') {
				how, rest = rest[0], rest[1:]
			}
		}
		name, pattern, ok := strings.Cut(rest, ":")
		i, known := column(name)
		if !ok || !known || len(pattern) > maxPattern {
			return fmt.Errorf("%w: filter %.80q is not of the form column:expression", store.ErrInvalid, word)
		}
		match := func(s string) bool { return strings.Contains(s, pattern) }
		switch how {
		case '=':
			match = func(s string) bool { return s == pattern }
		case '~':
			end := "$"
			if d == pywb {
				end = "" // it need only fit from the beginning
			}
			e, err := regexp.Compile("^(?:" + pattern + ")" + end)
			if err != nil {
				return fmt.Errorf("%w: filter %.80q: %w", store.ErrInvalid, word, err)
			}
			match = e.MatchString
		}
		q.filters = append(q.filters, func(r *indexRow) bool { return match(r[i]) != not })
	}
	return nil
}

// indexRows reads the rows that a question is about.
func (a audience) indexRows(ctx context.Context, q *indexQuery) ([]indexRow, error) {
	all, err := a.allMementos(ctx, q)
	if err != nil {
		return nil, err
	}
	var rows []indexRow
	for _, m := range all {
		for i := range m.List {
			row, err := a.indexRow(ctx, m, &m.List[i])
			if err != nil {
				return nil, err
			}
			if rows = append(rows, row); len(rows) > a.s.mostIndex {
				return nil, fmt.Errorf("%w: more than %d rows; ask for less", store.ErrTooLarge, a.s.mostIndex)
			}
		}
	}
	slices.SortStableFunc(rows, func(x, y indexRow) int { return slices.Compare(x[:2], y[:2]) })
	return rows, nil
}

// allMementos finds those of all addresses that a question is about.
func (a audience) allMementos(ctx context.Context, q *indexQuery) ([]*mementos, error) {
	addresses, several := []string{q.url}, q.match != "" && q.match != "exact"
	var all []*mementos
	if several {
		var err error
		addresses = nil
		if q.paging.parts.after == "" { // pages and articles are in the first part
			if addresses, err = a.below(ctx, q); err != nil {
				return nil, err
			}
		}
		if all, err = a.postsBelow(ctx, q); err != nil {
			return nil, err
		}
	}
	for _, address := range addresses {
		if t, _, ok := a.s.o.Finder.Parse(address); several && ok && !t.Ref.IsZero() {
			continue // it is among the posts
		}
		m, err := a.mementosOf(ctx, address)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// indexRow describes a memento.
func (a audience) indexRow(ctx context.Context, m *mementos, o *memento) (indexRow, error) {
	row := indexRow{warc.SURT(m.URL), o.Time.Format(stamp14), m.URL, "unk", "-", "-", "0"}
	if o.Exchange.IsZero() {
		row[3], row[4] = "text/html", "200"
		return row, nil
	}
	rec, err := a.s.o.Archive.Get(ctx, o.Exchange)
	if err != nil {
		return row, err
	}
	x, err := store.Decode[store.Exchange](&rec)
	if err != nil {
		return row, err
	}
	row[2] = headerSafe(x.URL)
	if m.Post != nil {
		row[2] = m.URL
	}
	if t := headerWord(strings.ReplaceAll(x.Body.Type, " ", "")); t != "" {
		row[3] = t
	}
	if x.Status > 0 {
		row[4] = strconv.Itoa(x.Status)
	}
	if !x.Body.Digest.IsZero() {
		row[5] = x.Body.Digest.String()
	}
	row[6] = strconv.FormatInt(x.Body.Size, 10)
	return row, nil
}

// choose takes the rows that a question asks for.
func (q *indexQuery) choose(rows []indexRow) []indexRow {
	rows = slices.DeleteFunc(rows, func(r indexRow) bool {
		if q.from != "" && r[1] < q.from || q.to != "" && r[1][:len(q.to)] > q.to {
			return true
		}
		return slices.ContainsFunc(q.filters, func(f func(*indexRow) bool) bool { return !f(&r) })
	})
	if q.collapse >= 0 {
		last := ""
		kept := rows[:0]
		for i, r := range rows {
			v := r[q.collapse]
			if q.collapseLetters > 0 {
				v = v[:min(q.collapseLetters, len(v))]
			}
			if i == 0 || v != last {
				kept = append(kept, r)
			}
			last = v
		}
		rows = kept
	}
	if q.reverse {
		slices.Reverse(rows)
	}
	if at, err := stampOf(q.closest); err == nil {
		slices.SortStableFunc(rows, func(x, y indexRow) int {
			return int((away(x[1], at) - away(y[1], at)) / time.Second)
		})
	}
	return rows
}

func away(stamp string, at time.Time) time.Duration {
	t, err := stampOf(stamp)
	if err != nil {
		return 0
	}
	return distance(t, at)
}

// write writes rows in a dialect.
func (q *indexQuery) write(d dialect, rows []indexRow) (kind string, body []byte, err error) {
	names, columns := d.names(), q.columns
	if len(columns) == 0 {
		columns = []int{0, 1, 2, 3, 4, 5, 6}
	}
	var buf bytes.Buffer
	chosen := func(r []string) []string {
		out := make([]string, len(columns))
		for i, c := range columns {
			out[i] = r[c]
		}
		return out
	}
	switch {
	case q.output == "json" && d == wayback:
		all := [][]string{}
		if len(rows) > 0 {
			all = append(all, chosen(names))
		}
		for i := range rows {
			all = append(all, chosen(rows[i][:]))
		}
		if q.paging.next != "" {
			all = append(all, []string{}, []string{q.paging.next})
		}
		body, err = json.Marshal(all)
		return "application/json", append(body, '\n'), err
	case q.output == "json" || d == pywb && q.output != "text" && (len(q.columns) == 0 || q.output == "cdxj"):
		for i := range rows {
			line, err := rowObject(names, columns, &rows[i], q.output != "json")
			if err != nil {
				return "", nil, err
			}
			buf.Write(line)
		}
		return map[bool]string{true: "application/x-ndjson", false: "text/x-cdxj"}[q.output == "json"], buf.Bytes(), nil
	}
	for i := range rows {
		buf.WriteString(strings.Join(chosen(rows[i][:]), " ") + "\n")
	}
	if q.paging.next != "" {
		buf.WriteString("\n" + q.paging.next + "\n")
	}
	return "text/plain; charset=utf-8", buf.Bytes(), nil
}

// rowObject writes a row as an object, alone or behind its key and time.
func rowObject(names []string, columns []int, r *indexRow, keyed bool) ([]byte, error) {
	o := object{}
	for _, c := range columns {
		if !keyed || c > 1 {
			o[names[c]] = r[c]
		}
	}
	body, err := marshal(o)
	if err != nil {
		return nil, err
	}
	if keyed {
		body = append([]byte(r[0]+" "+r[1]+" "), body...)
	}
	return append(body, '\n'), nil
}
