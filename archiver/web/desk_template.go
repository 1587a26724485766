package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// The files of the pages. Nothing of a page is loaded from elsewhere.
//
//go:embed templates static
var files embed.FS

// sheet is what pages are made with.
type sheet struct {
	templates *template.Template
	// static are the files that pages load, by their names with a digest in
	// them: they never change.
	static map[string][]byte
	// names leads from a file to that name.
	names map[string]string
	bufs  sync.Pool
}

// newSheet reads the files of the pages. They are part of the program: an error
// in them is one of the program.
func newSheet() (*sheet, error) {
	s := &sheet{static: map[string][]byte{}, names: map[string]string{}, bufs: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
	list, err := fs.Glob(files, "static/*")
	if err != nil {
		return nil, err
	}
	for _, name := range list {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		base, ext := path.Base(name), path.Ext(name)
		hashed := fmt.Sprintf("%s-%.10x%s", strings.TrimSuffix(base, ext), sha256.Sum256(b), ext)
		s.static[hashed], s.names[base] = b, hashed
	}
	s.templates, err = template.New("").Funcs(s.functions()).ParseFS(files, "templates/*.html")
	return s, err
}

// frame is what every page has around its content.
type frame struct {
	Title string
	// Section is the part of the desk that the page belongs to.
	Section string
	// Query is what stands in the box of the head.
	Query string
	// Home is true where the page has the box itself.
	Home  bool
	Token string
	// Name and Role are those of who asks.
	Name    string
	Role    Role
	Version string
	// Refresh is after how many seconds the page is asked for again; 0 never.
	Refresh int
	// Links are addresses of the same in other forms.
	Links []alternate
	Body  any
	// bare is true for a page without forms of its own.
	bare bool
}

// alternate is the same thing in another form.
type alternate struct{ Type, Href, Title string }

// May reports whether who asks may do what a role may.
func (f frame) May(role string) bool { return f.Role.Includes(Role(role)) }

// TokenFor is the token of forms where who asks may do what a role may, and empty
// where not.
func (f frame) TokenFor(role string) string {
	if f.May(role) {
		return f.Token
	}
	return ""
}

// render writes a page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, f frame) error {
	who := callerOf(r.Context())
	f.Name, f.Role, f.Version = who.name, who.role, s.o.Version
	if f.Token == "" && (f.Role.Includes(RoleArchivist) && !f.bare || f.Name != "") {
		var err error
		if f.Token, err = s.formToken(w, r); err != nil {
			return err
		}
	}
	buf, ok := s.sheet.bufs.Get().(*bytes.Buffer)
	if !ok {
		buf = new(bytes.Buffer)
	}
	defer s.sheet.bufs.Put(buf)
	buf.Reset()
	if err := s.sheet.templates.ExecuteTemplate(buf, name, f); err != nil {
		return fmt.Errorf("making the page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes()) // the status is sent: a reader that has gone cannot be told more
	return nil
}

// staticFile answers with a file that pages load. What is asked for without a
// digest is the present one, and is not kept.
func (s *Server) staticFile(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	b, ok := s.sheet.static[name]
	cache := "public, max-age=31536000, immutable"
	if !ok {
		b, ok = s.sheet.static[s.sheet.names[name]]
		cache = "no-cache"
	}
	if !ok {
		s.failAs(w, r, http.StatusNotFound, "not-found", "There is no such file.")
		return nil
	}
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	_, _ = w.Write(b) // a reader that has gone cannot be told
	return nil
}
