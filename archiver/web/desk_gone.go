package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// gonePage lists what disappeared.
type gonePage struct {
	Page    *view.GonePage
	Filters url.Values
	// Next and CSV are the addresses of the next page and of the table.
	Next, CSV string
	Statuses  []post.Status
	Platforms []post.Platform
}

// goneQuery reads the filters of the page.
func goneQuery(v url.Values) (view.GoneQuery, error) {
	q := view.GoneQuery{Platform: post.Platform(v.Get("platform")), Status: post.Status(v.Get("status")),
		Handle: strings.TrimSpace(v.Get("author")), Domain: domainOf(v.Get("domain")), Private: v.Get("public") == ""}
	for name, t := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		if word := v.Get(name); word != "" {
			at, err := time.Parse(time.DateOnly, word)
			if err != nil {
				return q, fmt.Errorf("%w: %s: %.40q is no date such as 2026-03-31", store.ErrInvalid, name, word)
			}
			*t = at
		}
	}
	if !q.Until.IsZero() {
		q.Until = q.Until.AddDate(0, 0, 1) // the day itself belongs to it
	}
	if word := v.Get("before"); word != "" {
		n, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return q, fmt.Errorf("%w: before: %.40q is no number", store.ErrInvalid, word)
		}
		q.Before = n
	}
	return q, nil
}

// domainOf reads a domain, also where somebody gave an address.
func domainOf(s string) string {
	s = strings.TrimSpace(s)
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		s = u.Hostname()
	}
	return strings.Trim(strings.ToLower(s), "/.")
}

func (s *Server) showGone(w http.ResponseWriter, r *http.Request) error {
	v := r.URL.Query()
	q, err := goneQuery(v)
	if err != nil {
		return err
	}
	page, err := s.o.Reader.Gone(r.Context(), q)
	if err != nil {
		return err
	}
	p := &gonePage{Page: page, Filters: v, Statuses: goneStatuses(), Platforms: s.o.Reader.Platforms()}
	with := func(path string, change func(url.Values)) string {
		c := url.Values{}
		for k := range v {
			if v.Get(k) != "" && k != "before" {
				c.Set(k, v.Get(k))
			}
		}
		if change != nil {
			change(c)
		}
		if len(c) == 0 {
			return path
		}
		return path + "?" + c.Encode()
	}
	p.CSV = with("/gone.csv", nil)
	if page.Next != 0 {
		p.Next = with("/gone", func(c url.Values) { c.Set("before", strconv.FormatUint(page.Next, 10)) })
	}
	return s.render(w, r, http.StatusOK, "gone", frame{Title: "Gone", Section: "gone", Body: p,
		Links: []alternate{{"application/atom+xml", "/gone.atom", "Posts that are gone"}, {"text/csv", p.CSV, "This list as a table"}}})
}

func goneStatuses() []post.Status {
	var out []post.Status
	for _, s := range post.Statuses() {
		if s.Gone() {
			out = append(out, s)
		}
	}
	return out
}

// maxRows bounds a table.
const maxRows = 10_000

// goneCSV is the list as a table.
func (s *Server) goneCSV(w http.ResponseWriter, r *http.Request) error {
	q, err := goneQuery(r.URL.Query())
	if err != nil {
		return err
	}
	rows := [][]string{{"platform", "id", "url", "author", "handle", "text", "posted", "status", "last_live", "first_gone", "confirmed_at",
		"stood_at_least_seconds", "stood_at_most_seconds", "back", "stories"}}
	for q.Limit = 200; ; {
		page, err := s.o.Reader.Gone(r.Context(), q)
		if err != nil {
			return err
		}
		for i := range page.Items {
			rows = append(rows, goneRow(&page.Items[i]))
		}
		if q.Before = page.Next; q.Before == 0 || len(rows) > maxRows {
			break
		}
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="gone.csv"`)
	return writeRows(w, rows)
}

func goneRow(g *view.Gone) []string {
	var stories []string
	for _, m := range g.Card.Mentions {
		stories = append(stories, m.Article)
	}
	seconds := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return strconv.FormatInt(int64(d/time.Second), 10)
	}
	c := g.Card
	return []string{string(c.Ref.Platform), c.Ref.ID, c.URL, c.Author.Name, c.Author.Handle, c.Text, iso(c.Posted), string(g.Verdict.Status),
		iso(g.Verdict.LastLive), iso(g.Verdict.FirstGone), iso(g.Verdict.ConfirmedAt), seconds(g.AtLeast), seconds(g.AtMost), strconv.FormatBool(g.Back), strings.Join(stories, " ")}
}

// writeRows writes a table that no spreadsheet takes for formulas.
func writeRows(w http.ResponseWriter, rows [][]string) error {
	t := csv.NewWriter(w)
	for _, row := range rows {
		for i := range row {
			row[i] = view.Cell(row[i])
		}
		if err := t.Write(row); err != nil {
			return nil // the status is sent: a reader that has gone cannot be told more
		}
	}
	t.Flush()
	return nil
}
