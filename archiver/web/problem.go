package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"stet/store"
)

// problem is an error as RFC 9457 writes it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Class is the name of the error's class.
	Class string `json:"class"`
	// Searched says what was searched, where something is not there.
	Searched *searched `json:"searched,omitempty"`
}

// searched is what an archive holds, for negative answers.
type searched struct {
	Posts int64 `json:"posts"`
	// About is true where Posts is an estimate.
	About bool `json:"about,omitempty"`
	// First and Last are when the first and the last of it were recorded.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

// absent is a negative answer with what was searched.
type absent struct {
	error
	in searched
}

// Unwrap returns the answer.
func (a *absent) Unwrap() error { return a.error }

// Error returns the answer with what was searched, as a sentence.
func (a *absent) Error() string {
	held := "is empty"
	if !a.in.First.IsZero() {
		about := ""
		if a.in.About {
			about = "about "
		}
		held = fmt.Sprintf("holds %s%s, recorded from %s to %s (UTC)", about, countWords(a.in.Posts, "post"), a.in.First.UTC().Format(time.DateOnly), a.in.Last.UTC().Format(time.DateOnly))
	}
	return fmt.Sprintf("%v; searched: this archive, which %s", a.error, held)
}

// saysSearched adds to a negative answer what was searched.
func (s *Server) saysSearched(ctx context.Context, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	c, cerr := s.coverage(ctx)
	if cerr != nil {
		return err // the answer is no less true
	}
	return &absent{err, searched(c)}
}

// fail answers with an error, with the status of its class.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	class := store.ClassOf(err)
	status := class.HTTP
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errLogin) && wantsPage(r) && r.Method == http.MethodGet:
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	case errors.Is(err, errLogin):
		status = http.StatusUnauthorized
	case errors.As(err, &large):
		status, class.Name = http.StatusRequestEntityTooLarge, "too-large"
	case class.Name == "partial" || status == 0:
		status = http.StatusInternalServerError
	}
	if status >= 500 {
		s.o.Log.Warn("a request failed", "class", class.Name, "error", err.Error())
	}
	var a *absent
	if errors.As(err, &a) {
		s.answerProblem(w, r, &problem{Status: status, Class: class.Name, Detail: err.Error(), Searched: &a.in})
		return
	}
	s.failAs(w, r, status, class.Name, err.Error())
}

// failAs answers with a problem.
func (s *Server) failAs(w http.ResponseWriter, r *http.Request, status int, class, detail string) {
	s.answerProblem(w, r, &problem{Status: status, Class: class, Detail: detail})
}

// answerProblem answers with a problem: as JSON where a program asks, as a page
// where a person does.
func (s *Server) answerProblem(w http.ResponseWriter, r *http.Request, p *problem) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	for _, name := range []string{"ETag", "Last-Modified", "Content-Length", "Content-Disposition", "Content-Encoding", "Memento-Datetime", "Link", "Location"} {
		h.Del(name)
	}
	h.Set("Content-Security-Policy", deskPolicy)
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="stet"`)
	}
	p.Type, p.Title, p.Detail = "urn:stet:problem:"+p.Class, http.StatusText(p.Status), plain(p.Detail)
	if wantsPage(r) {
		if err := s.render(w, r, p.Status, "error", frame{Title: p.Title, Body: p, bare: true}); err == nil {
			return
		}
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the same
}

// wantsPage reports whether a person reads the answer.
func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}
