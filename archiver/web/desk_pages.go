package web

import (
	"fmt"
	"net/http"
)

// pages lists the pages of the desk.
func (s *Server) pages() []route {
	return []route{{pattern: "GET /{$}", need: RoleReader, handle: s.home}}
}

func (s *Server) home(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := fmt.Fprintf(w, "stet %s\n\n/healthz    alive, and the archive can be read\n/readyz     takes work\n/metrics    for Prometheus\n/gone.atom  disappearances that are confirmed\n", s.o.Version)
	return err
}
