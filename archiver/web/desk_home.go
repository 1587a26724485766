package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"stet/extract/box"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// homePage is the one box, and what disappeared lately.
type homePage struct {
	Gone     []view.Gone
	Coverage coverage
}

// shownLately is how many disappearances the first page shows.
const shownLately = 6

// coverage says what an archive holds, for negative answers.
type coverage struct {
	Posts       int64
	About       bool
	First, Last time.Time
}

// coverageAge is how old it may be: measuring it takes longer than a page may.
const coverageAge = time.Minute

// covered is the coverage as it was measured last.
type covered struct {
	mu sync.Mutex
	at time.Time
	c  coverage
}

func (s *Server) coverage(ctx context.Context) (coverage, error) {
	s.covered.mu.Lock()
	defer s.covered.mu.Unlock()
	now := s.o.Archive.Now()
	if age := now.Sub(s.covered.at); !s.covered.at.IsZero() && age >= 0 && age < coverageAge {
		return s.covered.c, nil
	}
	c, err := s.o.Reader.Coverage(ctx)
	if err != nil {
		return coverage{}, err
	}
	s.covered.c, s.covered.at = coverage(c), now
	return s.covered.c, nil
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	g, err := s.o.Reader.Gone(r.Context(), view.GoneQuery{Limit: shownLately, Private: true})
	if err != nil {
		return err
	}
	c, err := s.coverage(r.Context())
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "home", frame{Title: "stet", Home: true, Body: &homePage{g.Items, c}})
}

func (s *Server) about(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "about", frame{Title: "About", Section: "about", Body: post.Statuses()})
}

// search answers the one box: it leads to the page of what was named exactly,
// and lists what was found otherwise. It touches nothing outside.
func (s *Server) search(w http.ResponseWriter, r *http.Request) error {
	text := r.URL.Query().Get("q")
	q := s.o.Reader.Parse(text)
	if q.Kind == box.KindEmpty {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	to, err := s.exact(r.Context(), &q)
	if err != nil {
		return err
	}
	if to != "" {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	if q.Kind == box.KindQuote {
		return s.quoted(w, r, text, &q)
	}
	return s.results(w, r, text, &q)
}

// exact returns the page of what a query names exactly, empty where it names
// nothing that has a page of its own.
func (s *Server) exact(ctx context.Context, q *box.Query) (string, error) {
	switch q.Kind {
	case box.KindPost:
		if len(q.Refs) == 1 {
			return postPath(q.Refs[0]), nil
		}
	case box.KindID:
		for _, ref := range q.Refs {
			if _, err := s.o.Archive.History(ctx, ref); err == nil {
				return postPath(ref), nil
			} else if !errors.Is(err, store.ErrNotFound) {
				return "", err
			}
		}
	case box.KindAccount:
		if q.Platform != "" {
			return accountPath(q.Platform, post.Author{Handle: q.Handle}), nil
		}
	case box.KindAddress, box.KindShort, box.KindDomain:
		return s.addressed(ctx, q)
	}
	return "", nil
}

// addressed returns the page of an article or page that is kept.
func (s *Server) addressed(ctx context.Context, q *box.Query) (string, error) {
	for _, u := range append([]string{q.URL}, q.Also...) {
		if u == "" {
			continue
		}
		page, err := s.o.Archive.List(ctx, store.Query{Term: store.ArticleTerm(u), Kinds: []store.Kind{store.KindArticle}, Limit: 1})
		if err != nil {
			return "", err
		}
		if len(page.Records) > 0 {
			return articlePath(u), nil
		}
		if _, err := s.o.Archive.PageHistory(ctx, u); err == nil {
			return pagePath(u), nil
		} else if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
	}
	return "", nil
}

func articlePath(address string) string { return "/article?url=" + url.QueryEscape(address) }
func pagePath(address string) string    { return "/page?url=" + url.QueryEscape(address) }

// quotePage answers "did they really say that?".
type quotePage struct {
	Text, Handle, Date string
	Near               []nearPost
	Coverage           coverage
	// Of is how many posts of the named author are kept, -1 where nobody was
	// named.
	Of int
}

// nearPost is a post with its words against those that were pasted.
type nearPost struct {
	*view.Card
	Words []view.Part
	// Alike is how much of the words is the same, in percent.
	Alike int
}

// quote answers the form of the page of a quotation.
func (s *Server) quote(w http.ResponseWriter, r *http.Request) error {
	v := r.URL.Query()
	q := s.o.Reader.Parse(v.Get("q"))
	q.Quoted.Text = v.Get("q")
	if h := strings.TrimPrefix(strings.TrimSpace(v.Get("handle")), "@"); h != "" {
		q.Quoted.Handle = h
	}
	if d := v.Get("date"); d != "" {
		q.Quoted.Date = d
	}
	if strings.TrimSpace(q.Quoted.Text) == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	return s.quoted(w, r, v.Get("q"), &q)
}

// nearest is how many posts are looked at for a quotation.
const nearest = 30

func (s *Server) quoted(w http.ResponseWriter, r *http.Request, text string, q *box.Query) error {
	p := &quotePage{Text: q.Quoted.Text, Handle: q.Quoted.Handle, Date: q.Quoted.Date, Of: -1}
	if p.Text == "" {
		p.Text = q.Words
	}
	f := store.SearchFilter{Kinds: []store.HitKind{store.HitPost}}
	if p.Handle != "" {
		f.Authors = []string{p.Handle}
	}
	found, err := s.o.Archive.Search(r.Context(), store.SearchQuery{Words: p.Text, Filter: f, Limit: nearest})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	for _, hit := range found.Hits {
		ref, err := post.ParseRef(hit.Ref)
		if err != nil {
			return fmt.Errorf("%w: the index of words names %q", store.ErrCorrupt, hit.Ref)
		}
		c, err := s.card(r.Context(), ref)
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		n := nearPost{Card: c, Words: view.Diff(c.Text, p.Text)}
		n.Alike = alike(n.Words)
		p.Near = append(p.Near, n)
	}
	slices.SortStableFunc(p.Near, func(a, b nearPost) int { return b.Alike - a.Alike })
	p.Near = p.Near[:min(len(p.Near), 8)]
	if p.Coverage, err = s.coverage(r.Context()); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "quote", frame{Title: "Did they really say that?", Query: text, Body: p})
}

// alike says how much of two texts is the same, in percent.
func alike(parts []view.Part) int {
	same, all := 0, 0
	for _, p := range parts {
		n := len(strings.Join(strings.Fields(p.Text), ""))
		all += n
		if p.Kind == view.PartSame {
			same, all = same+2*n, all+n
		}
	}
	if all == 0 {
		return 0
	}
	return 100 * same / all
}
