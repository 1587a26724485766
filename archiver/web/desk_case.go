package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"stet/archiver"
	"stet/extract/box"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// casesPage lists the cases.
type casesPage struct {
	Open, Closed []view.CaseLine
	// Tag narrows the list; empty shows all.
	Tag  string
	Tags []string
}

func (s *Server) showCases(w http.ResponseWriter, r *http.Request) error {
	all, err := s.o.Reader.Cases(r.Context())
	if err != nil {
		return err
	}
	p := &casesPage{Tag: r.URL.Query().Get("tag")}
	var tags []string
	for _, c := range all {
		tags = append(tags, c.Tags...)
		switch {
		case p.Tag != "" && !containsWord(c.Tags, p.Tag):
		case c.Closed:
			p.Closed = append(p.Closed, c)
		default:
			p.Open = append(p.Open, c)
		}
	}
	p.Tags = archiver.CaseTags(tags)
	return s.render(w, r, http.StatusOK, "cases", frame{Title: "Cases", Section: "cases", Body: p})
}

func containsWord(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// openCase opens a case.
func (s *Server) openCase(w http.ResponseWriter, r *http.Request) error {
	id, err := archiver.KeepCase(r.Context(), s.o.Archive, store.Case{Act: store.CaseOpen, Title: r.PostFormValue("title"), Text: r.PostFormValue("text"),
		Tags: archiver.CaseTags([]string{r.PostFormValue("tags")}), By: callerOf(r.Context()).name})
	if err != nil {
		return err
	}
	http.Redirect(w, r, casePath(id), http.StatusSeeOther)
	return nil
}

func casePath(id store.ID) string { return "/case/" + id.String() }

// casePage is one case.
type casePage struct {
	C    *view.Case
	Link string
	// News is how many members have news.
	News int
}

func (s *Server) showCase(w http.ResponseWriter, r *http.Request) error {
	c, err := s.folder(r)
	if err != nil {
		return err
	}
	p := &casePage{C: c, Link: base(r) + casePath(c.ID)}
	for _, it := range c.Items {
		if len(it.News) > 0 {
			p.News++
		}
	}
	return s.render(w, r, http.StatusOK, "case", frame{Title: c.Title, Section: "cases", Body: p})
}

func (s *Server) folder(r *http.Request) (*view.Case, error) {
	id, err := store.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.o.Reader.Case(r.Context(), id, callerOf(r.Context()).name)
}

// changeCase adds a step to a case.
func (s *Server) changeCase(w http.ResponseWriter, r *http.Request) error {
	c, err := s.folder(r)
	if err != nil {
		return err
	}
	step := store.Case{Case: c.ID, Act: store.CaseAct(r.PostFormValue("act")), Text: r.PostFormValue("text"), By: callerOf(r.Context()).name}
	switch step.Act {
	case store.CaseEdit:
		step.Title = r.PostFormValue("title")
	case store.CaseTag:
		step.Tags = archiver.CaseTags([]string{r.PostFormValue("tags")})
	case store.CaseAdd, store.CaseRemove:
		if step.Member, err = s.memberOf(r, r.PostFormValue("target")); err != nil {
			return err
		}
	case store.CaseNote:
		if target := r.PostFormValue("target"); target != "" {
			if step.Member, err = s.memberOf(r, target); err != nil {
				return err
			}
		}
	case store.CaseVisit:
		step.Seen = c.Head
	case store.CaseClose, store.CaseReopen:
	default:
		return fmt.Errorf("%w: there is nothing to do that is called %.40q", store.ErrInvalid, step.Act)
	}
	if _, err := archiver.KeepCase(r.Context(), s.o.Archive, step); err != nil {
		return err
	}
	http.Redirect(w, r, casePath(c.ID), http.StatusSeeOther)
	return nil
}

// addToCase puts what a page shows into a case that is named, or into a new
// one.
func (s *Server) addToCase(w http.ResponseWriter, r *http.Request) error {
	m, err := s.memberOf(r, r.PostFormValue("target"))
	if err != nil {
		return err
	}
	by := callerOf(r.Context()).name
	name := strings.TrimSpace(r.PostFormValue("case"))
	all, err := s.o.Reader.Cases(r.Context())
	if err != nil {
		return err
	}
	var id store.ID
	for _, c := range all {
		if c.ID.String() == name || strings.EqualFold(c.Title, name) && !c.Closed {
			id = c.ID
			break
		}
	}
	if id.IsZero() {
		if id, err = archiver.KeepCase(r.Context(), s.o.Archive, store.Case{Act: store.CaseOpen, Title: name, By: by}); err != nil {
			return err
		}
	}
	if _, err := archiver.KeepCase(r.Context(), s.o.Archive, store.Case{Case: id, Act: store.CaseAdd, Member: m, Text: r.PostFormValue("text"), By: by}); err != nil {
		return err
	}
	http.Redirect(w, r, casePath(id), http.StatusSeeOther)
	return nil
}

// memberOf says what somebody puts into a case: a post, an article that was
// read, or another page.
func (s *Server) memberOf(r *http.Request, target string) (view.Member, error) {
	q := s.o.Reader.Parse(target)
	switch {
	case q.Kind == box.KindPost && len(q.Refs) == 1:
		return view.Member{Ref: q.Refs[0]}, nil
	case q.Kind == box.KindID && len(q.Refs) > 0:
		for _, ref := range q.Refs {
			if _, err := s.o.Archive.History(r.Context(), ref); err == nil {
				return view.Member{Ref: ref}, nil
			}
		}
		return view.Member{Ref: q.Refs[0]}, nil
	case (q.Kind == box.KindAddress || q.Kind == box.KindDomain) && webOnly(q.URL) != "":
		page, err := s.o.Archive.List(r.Context(), store.Query{Term: store.ArticleTerm(q.URL), Kinds: []store.Kind{store.KindArticle}, Limit: 1})
		if err != nil {
			return view.Member{}, err
		}
		if len(page.Records) > 0 {
			return view.Member{Article: q.URL}, nil
		}
		return view.Member{Page: q.URL}, nil
	}
	if ref, err := post.ParseRef(strings.TrimSpace(target)); err == nil {
		return view.Member{Ref: ref}, nil
	}
	return view.Member{}, fmt.Errorf("%w: %.200q is neither a post nor the address of an article or page", store.ErrInvalid, target)
}

// memberPath is the page of a member.
func memberPath(m view.Member) string {
	switch {
	case !m.Ref.IsZero():
		return postPath(m.Ref)
	case m.Article != "":
		return articlePath(m.Article)
	}
	return pagePath(m.Page)
}

func memberName(m view.Member) string {
	return cmp.Or(m.Ref.String(), m.Article, m.Page)
}

// exportCase gives a case away as JSON or as a table.
func (s *Server) exportCase(w http.ResponseWriter, r *http.Request) error {
	c, err := s.folder(r)
	if err != nil {
		return err
	}
	switch r.URL.Query().Get("format") {
	case "", "json":
		w.Header().Set("Content-Disposition", `attachment; filename="case.json"`)
		return indented(w, "application/json", c)
	case "csv":
		w.Header().Set("Content-Disposition", `attachment; filename="case.csv"`)
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		return writeRows(w, caseRows(c, base(r)))
	}
	return errors.Join(store.ErrInvalid, errors.New("a case is exported as json or csv"))
}

func caseRows(c *view.Case, at string) [][]string {
	rows := [][]string{{"kind", "name", "page", "status", "author", "text", "added", "by", "note"}}
	for _, it := range c.Items {
		row := []string{"page", memberName(it.Member), at + memberPath(it.Member), string(it.Status), "", it.Title, iso(it.Added), it.By, it.Text}
		switch {
		case it.Card != nil:
			row[0], row[4], row[5] = "post", nameOf(&it.Card.Author), it.Card.Text
		case !it.Ref.IsZero():
			row[0] = "post"
		case it.Article != "":
			row[0] = "article"
		}
		rows = append(rows, row)
	}
	return rows
}
