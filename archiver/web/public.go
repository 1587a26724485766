package web

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"stet/extract/post"
	"stet/store/view"
)

// Public says what those outside are offered.
type Public struct {
	// URL is where they see the public listener, without a slash at the end;
	// empty is the host by which they ask.
	URL string
	// Policy says what they are shown.
	Policy view.PublicPolicy
	// Neutral lets the script in the newsroom's pages put the card that says
	// only that a post is gone into the place of its embed, too.
	Neutral bool
	// Sites are the origins, such as https://news.example, that may frame cards;
	// empty is any.
	Sites []string
}

// desk and public differ in what they show: inside, everything that is kept.
type audience struct {
	s      *Server
	public bool
}

// publicTime is how long what the public is shown may be kept by whatever stands
// between: so long, at most, it outlives a takedown, a post's return, or an
// approval that is taken back.
const publicTime = "public, max-age=60, s-maxage=60, must-revalidate"

// Public returns the handler of the public listener.
func (s *Server) Public() http.Handler {
	t := newSite(s.publicRoutes())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		commonHeaders(h)
		h.Set("Content-Security-Policy", nothing)
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Cache-Control", "no-store")
		s.serve(t, w, r)
	})
}

// publicRoutes lists what the public is offered.
func (s *Server) publicRoutes() []route {
	a := audience{s, true}
	return append(a.shared(),
		route{pattern: "GET /{$}", handle: a.front},
		route{pattern: "GET /robots.txt", handle: robots},
		route{pattern: "GET /healthz", handle: a.alive},
		route{pattern: "GET /post/{ref}", handle: a.permalink},
		route{pattern: "GET /c/{capture}", handle: a.captureLink},
	)
}

// shared lists what both listeners offer, each to its own.
func (a audience) shared() []route {
	need := RoleReader
	if a.public {
		need = ""
	}
	return []route{
		{pattern: "GET /stet.js", handle: a.script},
		{pattern: "GET /card.css", handle: a.style},
		{pattern: "GET /repair", need: need, handle: a.repair},
		{pattern: "GET /card/{ref}", need: need, handle: a.card},
		{pattern: "GET /card/{ref}/media/{number}", need: need, handle: a.cardMedia},
		{pattern: "GET /oembed", need: need, handle: a.oembed},
		{pattern: "GET /timegate/", nested: true, need: need, handle: a.timegate},
		{pattern: "GET /timemap/", nested: true, need: need, handle: a.timemap},
		{pattern: "GET /memento/", nested: true, need: need, handle: a.memento},
	}
}

// root returns where the audience sees its listener.
func (a audience) root(r *http.Request) string {
	if a.public && a.s.o.Public.URL != "" {
		return strings.TrimSuffix(a.s.o.Public.URL, "/")
	}
	return headerSafe(base(r))
}

// cached says how long an answer may be kept.
func (a audience) cached(h http.Header) {
	if a.public {
		h.Set("Cache-Control", publicTime)
	}
}

// exposed says how much the audience is told of a post.
func (a audience) exposed(ctx context.Context, ref post.Ref) (*view.Exposed, error) {
	e, err := a.s.o.Reader.Exposed(ctx, ref, a.s.o.Public.Policy)
	if err != nil || a.public || e.Exposure == view.ExposureShown {
		return e, err
	}
	// Inside, everything is shown.
	h, err := a.s.o.Archive.History(ctx, ref)
	if err != nil {
		return nil, err
	}
	v, err := a.s.o.Reader.Post(ctx, ref)
	if err != nil {
		return nil, err
	}
	e = &view.Exposed{Exposure: view.ExposureThere, History: h, Status: v.Status, Best: h.Best()}
	if e.Best != nil {
		e.Exposure = view.ExposureShown
	}
	return e, nil
}

// ancestors are those who may frame cards.
func (a audience) ancestors() string {
	if !a.public {
		return "'self'"
	}
	return cmp.Or(headerWord(strings.Join(a.s.o.Public.Sites, " ")), "*")
}

// front is what somebody sees who opens the public listener.
func (a audience) front(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte("A newsroom's archive of the posts that its stories show. It answers for single posts only.\n"))
	return err
}

// alive says that the process answers.
func (a audience) alive(w http.ResponseWriter, r *http.Request) error {
	if _, err := a.s.o.Archive.Backend().Head(r.Context()); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}
