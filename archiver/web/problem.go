package web

import (
	"encoding/json"
	"errors"
	"html/template"
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
	for _, name := range []string{"ETag", "Last-Modified", "Content-Length", "Content-Disposition", "Content-Encoding", "Memento-Datetime", "Link"} {
		h.Del(name)
	}
	h.Set("Content-Security-Policy", deskPolicy)
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="stet"`)
	}
	p := problem{Type: "urn:stet:problem:" + class, Title: http.StatusText(status), Status: status, Detail: plain(detail), Class: class}
	if wantsPage(r) {
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_ = errorPage.Execute(w, p) // the status is sent: a reader that has gone cannot be told more
		return
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p) // the same
}

// wantsPage reports whether a person reads the answer.
func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// errorPage is what a person is shown.
var errorPage = template.Must(template.New("error").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} – stet</title><link rel="stylesheet" href="/static/desk.css"></head>
<body><main class="error"><h1>{{.Title}}</h1><p>{{.Detail}}</p>{{if eq .Status 401}}<p><a href="/login">Log in</a></p>{{end}}<p><a href="/">To the archive</a></p></main></body></html>
`))
