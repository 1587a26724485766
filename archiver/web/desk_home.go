package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"stet/archiver"
	"stet/extract/box"
	"stet/extract/post"
	"stet/extract/words"
	"stet/store"
	"stet/store/view"
)

// homePage is the one box, and what disappeared lately.
type homePage struct {
	Gone []view.Gone
	// Decided are the latest decisions that stand.
	Decided  []view.Decision
	Coverage coverage
}

// shownLately is how many disappearances the first page shows.
const shownLately = 6

// shownDecided is how many decisions it shows.
const shownDecided = 3

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
	// measuring is held by who measures.
	measuring sync.Mutex
	// last is nil before the first measure.
	last atomic.Pointer[measure]
}

// measure is what was found at a time, with the journal as long as it was then.
type measure struct {
	at   time.Time
	head uint64
	c    coverage
}

// coverage returns what the archive holds, as of a minute ago at most, but for
// those who ask while somebody measures: they are told the measure before.
func (s *Server) coverage(ctx context.Context) (coverage, error) {
	now := s.o.Archive.Now()
	last := s.covered.last.Load()
	if last.fresh(now) {
		return last.c, nil
	}
	if last == nil {
		s.covered.measuring.Lock()
	} else if !s.covered.measuring.TryLock() {
		return last.c, nil
	}
	defer s.covered.measuring.Unlock()
	if last = s.covered.last.Load(); last.fresh(now) {
		return last.c, nil
	}
	head, err := s.o.Archive.Backend().Head(ctx)
	if err != nil {
		return coverage{}, fmt.Errorf("reading the journal: %w", err)
	}
	next := &measure{at: now, head: head}
	if last != nil && last.head == head {
		next.c = last.c // nothing was added
	} else if c, err := s.o.Reader.Coverage(ctx); err != nil {
		return coverage{}, err
	} else {
		next.c = coverage(c)
	}
	s.covered.last.Store(next)
	return next.c, nil
}

// fresh reports whether a measure still holds.
func (m *measure) fresh(now time.Time) bool {
	return m != nil && !now.Before(m.at) && now.Sub(m.at) < coverageAge
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
	d, err := s.o.Reader.Decisions(r.Context(), 0, shownLately)
	if err != nil {
		return err
	}
	decided := slices.DeleteFunc(d.Items, func(d view.Decision) bool { return !d.Stands })
	return s.render(w, r, http.StatusOK, "home", frame{Title: "stet", Home: true, Body: &homePage{g.Items, decided[:min(len(decided), shownDecided)], c}})
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
	*archiver.Said
	Near []nearPost
	// Why says what could not be looked for, empty mostly.
	Why      string
	Coverage coverage
}

// nearPost is a post with its words against those that were pasted.
type nearPost struct {
	*view.Card
	*archiver.NearPost
	Words []view.Part
	// Alike is how much of the pasted words it holds, in percent.
	Alike int
}

// quote answers the form of the page of a quotation.
func (s *Server) quote(w http.ResponseWriter, r *http.Request) error {
	v := r.URL.Query()
	text := v.Get("q")
	if strings.TrimSpace(text) == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	return s.said(w, r, text, &archiver.Quote{Text: text, Handle: strings.TrimSpace(v.Get("handle")), Date: v.Get("date")})
}

// quoted answers a quotation that was put into the box, with whatever stood
// around it.
func (s *Server) quoted(w http.ResponseWriter, r *http.Request, text string, q *box.Query) error {
	return s.said(w, r, text, &archiver.Quote{Text: cmp.Or(q.Quoted.Text, q.Words), Handle: q.Quoted.Handle, Date: q.Quoted.Date})
}

func (s *Server) said(w http.ResponseWriter, r *http.Request, text string, q *archiver.Quote) error {
	p := &quotePage{}
	var err error
	p.Said, err = s.o.Reader.DidTheySay(r.Context(), q)
	switch {
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrNotFound):
		p.Said, p.Why = &archiver.Said{Quote: archiver.SaidQuote{Text: q.Text, Handle: q.Handle, Date: q.Date}}, err.Error()
	case err != nil:
		return err
	}
	for i := range p.Said.Near {
		n := nearPost{NearPost: &p.Said.Near[i]}
		if n.Card, err = s.card(r.Context(), n.NearPost.Ref()); err != nil {
			return err
		}
		if n.Card == nil {
			continue
		}
		n.Alike, n.Words = int(100*n.Likeness), partsOf(n.Diff)
		p.Near = append(p.Near, n)
	}
	if p.Coverage, err = s.coverage(r.Context()); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "quote", frame{Title: "Did they really say that?", Query: text, Body: p})
}

// joined reports whether two pieces would run together that are words.
func joined(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return !unicode.IsSpace(last) && letter(first) && !words.Unspaced(string(last)) && !words.Unspaced(string(first))
}

// partsOf turns a comparison of pasted words with a post around: what only the
// post has is struck out, what only the paste has is put in.
func partsOf(edits []words.Edit) []view.Part {
	out := make([]view.Part, 0, len(edits))
	for _, e := range edits {
		kind := view.PartSame
		switch e.Op {
		case words.First:
			kind = view.PartNew
		case words.Second:
			kind = view.PartGone
		}
		// The pieces of the paste make up its text; what only the post has can
		// stand behind its last word, which has no space behind it.
		if n := len(out); n > 0 && e.Op == words.Second && joined(out[n-1].Text, e.Text) {
			out[n-1].Text += " "
		}
		out = append(out, view.Part{Kind: kind, Text: e.Text})
		// As everywhere, what is struck out stands before what is put in.
		if n := len(out); n > 1 && out[n-1].Kind == view.PartGone && out[n-2].Kind == view.PartNew {
			out[n-1], out[n-2] = out[n-2], out[n-1]
		}
	}
	return out
}
