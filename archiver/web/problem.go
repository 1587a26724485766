package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

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
	s.failAs(w, r, status, class.Name, err.Error())
}

// failAs answers with a problem: as JSON where a program asks, as a page where
// a person does.
func (s *Server) failAs(w http.ResponseWriter, r *http.Request, status int, class, detail string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	for _, name := range []string{"ETag", "Last-Modified", "Content-Length", "Content-Disposition", "Content-Encoding", "Memento-Datetime", "Link", "Location"} {
		h.Del(name)
	}
	h.Set("Content-Security-Policy", deskPolicy)
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="stet"`)
	}
	p := problem{Type: "urn:stet:problem:" + class, Title: http.StatusText(status), Status: status, Detail: plain(detail), Class: class}
	if wantsPage(r) {
		if err := s.render(w, r, status, "error", frame{Title: p.Title, Body: p, bare: true}); err == nil {
			return
		}
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p) // the same
}

// wantsPage reports whether a person reads the answer.
func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}
