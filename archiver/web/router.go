package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"stet/store"
)

// handler answers a request. What it returns is written by [Server.fail], so it
// returns errors before it has written anything.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one address that is answered.
type route struct {
	// pattern is as [http.ServeMux] reads it, with the method. A pattern that
	// ends in "/" stands for everything below it where nested is set: what
	// follows is an address by itself, with its slashes and its query, and is
	// read by [nestedURL].
	pattern string
	nested  bool
	// need is the least that who asks must be; empty lets everybody in.
	need Role
	// form is true for what a page's own form sends: it carries the page's
	// token. Other requests that change something are JSON.
	form bool
	// most is the largest body; 0 is maxBody.
	most int64
	// longest is the longest that an answer may take to be made; 0 is
	// answerTime.
	longest time.Duration
	handle  handler
}

// site is what one listener offers.
type site struct {
	mux    *http.ServeMux
	routes map[string]*route
	nested []*route
}

func newSite(lists ...[]route) *site {
	t := &site{mux: http.NewServeMux(), routes: map[string]*route{}}
	for _, list := range lists {
		for i := range list {
			r := &list[i]
			if r.nested {
				t.nested = append(t.nested, r)
				continue
			}
			t.routes[r.pattern] = r
			t.mux.Handle(r.pattern, http.NotFoundHandler()) // the table finds, Server.serve answers
		}
	}
	return t
}

// find returns the route of a request, with its path values set, or nil and the
// status that says why there is none.
func (t *site) find(r *http.Request) (*route, int, http.Header) {
	for _, n := range t.nested {
		method, prefix, _ := strings.Cut(n.pattern, " ")
		if strings.HasPrefix(r.URL.EscapedPath(), prefix) && (r.Method == method || r.Method == http.MethodHead && method == http.MethodGet) {
			return n, 0, nil
		}
	}
	seen := &headOnly{header: http.Header{}}
	if _, pattern := t.mux.Handler(r); pattern != "" && t.routes[pattern] != nil {
		t.mux.ServeHTTP(seen, r) // sets the path values
		if seen.status != http.StatusNotFound {
			return nil, seen.status, seen.header // the path is written otherwise
		}
		return t.routes[pattern], 0, nil
	}
	t.mux.ServeHTTP(seen, r)
	return nil, seen.status, seen.header
}

// headOnly takes the head of an answer and forgets the rest.
type headOnly struct {
	header http.Header
	status int
}

// Header returns the header.
func (h *headOnly) Header() http.Header { return h.header }

// Write forgets p.
func (h *headOnly) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader keeps the status.
func (h *headOnly) WriteHeader(status int) { h.status = status }

// The limits of a request.
const (
	// maxConcurrent is how many requests are answered at a time: more would
	// only wait for each other.
	maxConcurrent = 256
	// maxURL is the longest address: a post's address inside another one, with
	// room.
	maxURL = 16 << 10
	// maxBody is the largest body that is read where a route does not say
	// otherwise.
	maxBody = 1 << 20
	// answerTime is the longest that an answer may take to be made.
	answerTime = 25 * time.Second
)

// serve answers a request of a listener, whose headers are set already.
func (s *Server) serve(t *site, w http.ResponseWriter, r *http.Request) {
	defer s.recover(w, r)
	if len(r.RequestURI) > maxURL {
		s.failAs(w, r, http.StatusRequestURITooLong, "too-large", "The address is too long.")
		return
	}
	route, status, header := t.find(r)
	if route != nil && route.need == "" && r.Method == http.MethodPost && !s.readStranger(w, r) {
		return
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		s.fail(w, r, fmt.Errorf("%w: too many requests at a time; try again in a moment", store.ErrBusy))
		return
	}
	if t == s.desk && !s.ours(r) {
		s.failAs(w, r, http.StatusMisdirectedRequest, "refused",
			"This archive is not asked by that name. Add the name to serve.hosts where it is one of yours.")
		return
	}
	if route == nil {
		s.notFound(w, r, status, header)
		return
	}
	longest := route.longest
	if longest == 0 {
		longest = answerTime
	}
	ctx, cancel := context.WithTimeout(r.Context(), longest)
	defer cancel()
	s.answer(route, t == s.desk, w, r.WithContext(ctx))
}

// notFound answers where there is no route.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request, status int, header http.Header) {
	switch {
	case status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", header.Get("Allow"))
		s.failAs(w, r, status, "usage", "This address does not take the method.")
	case status >= 300 && status < 400 && strings.HasPrefix(header.Get("Location"), "/") && !strings.HasPrefix(header.Get("Location"), "//"):
		w.Header().Set("Location", header.Get("Location"))
		w.WriteHeader(status)
	default:
		s.failAs(w, r, http.StatusNotFound, "not-found", "There is no such page.")
	}
}

// answer lets a route answer, where who asks may. On other listeners than the
// desk's nobody is anybody.
func (s *Server) answer(route *route, known bool, w http.ResponseWriter, r *http.Request) {
	most := route.most
	if most == 0 {
		most = maxBody
	}
	r.Body = http.MaxBytesReader(w, r.Body, most) // before a form is read
	var who caller
	var err error
	if known {
		who, err = s.identify(r)
	}
	if err == nil {
		err = s.permit(route, who, r)
	}
	// Files that anybody may keep carry nobody's cookie.
	if err == nil && who.renewed != "" && route.need != "" {
		setCookie(w, r, sessionCookie, who.renewed, who.until.Sub(s.o.Archive.Now()))
	}
	if err == nil {
		err = route.handle(w, r.WithContext(withCaller(r.Context(), who)))
		if known && route.need != "" {
			err = s.saysSearched(r.Context(), err)
		}
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// recover answers where a handler panicked: one request must not end the
// others.
func (s *Server) recover(w http.ResponseWriter, r *http.Request) {
	p := recover()
	err, _ := p.(error)
	switch {
	case p == nil:
	case errors.Is(err, http.ErrAbortHandler):
		panic(p)
	default:
		// The address is left out: it can hold what somebody looks for.
		s.o.Log.Error("a page failed", "error", fmt.Sprint(p), "stack", string(debug.Stack()))
		s.fail(w, r, errors.New("the page could not be made; the log says why"))
	}
}

// nestedURL returns the address that follows a prefix in the address of a
// request, as it was sent, with its query. It errors with ErrInvalid where
// that is no address of the web.
func nestedURL(r *http.Request, prefix string) (string, error) {
	rest := strings.TrimPrefix(r.URL.EscapedPath(), prefix)
	if r.URL.RawQuery != "" {
		rest += "?" + r.URL.RawQuery
	}
	return webURL(rest)
}
