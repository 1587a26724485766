package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"stet/archiver"
	"stet/extract"
	"stet/store"
)

// Options are what a [Server] answers from. Archive, Engine, Reader, Finder
// and Random are needed.
type Options struct {
	Archive *store.Archive
	Engine  *archiver.Engine
	Reader  *archiver.Reader
	Statter store.Statter
	// Version is that of the program.
	Version string
	// Disk returns how many bytes of the disk that the archive is on are free;
	// nil leaves it out.
	Disk func() (int64, error)
	// Words says how far the index of words has come: the number of the journal
	// that it reached, and the journal's last. It is nil where nobody but this
	// process adds to the archive, so that searches are never behind.
	Words func(context.Context) (reached, head uint64, err error)
	// Files says why the place for large files cannot be reached; nil where they
	// are kept with the archive.
	Files func(context.Context) error
	// Ready says why the service is not ready; nil means that it is.
	Ready func(context.Context) error
	// Finder knows posts by their addresses.
	Finder *extract.Finder
	// Platforms say how platforms are set up, Sources what is followed; nil is
	// nothing.
	Platforms []Platform
	Sources   Sources
	// ReadPicture reads the words of pictures; nil reads none.
	ReadPicture ReadPicture
	// Bundles make packages of evidence; nil offers none.
	Bundles Bundles
	// Public says what those outside are offered.
	Public Public
	// Hosts are the names by which people ask for the desk, beside addresses
	// and names of this machine.
	Hosts []string
	// Keys say who may come in; nil lets nobody in but whoever sits at the
	// machine.
	Keys Keys
	// Secret is what sessions, forms and the addresses of archived bytes are
	// sealed with: the same for all processes that answer for one archive, 32
	// bytes. Where it is empty, one is drawn that ends with the process.
	Secret []byte
	// Random is the source of what nobody may guess.
	Random io.Reader
	// Log is told what went wrong in the server itself; nil is nobody. What
	// people ask for is never logged.
	Log *slog.Logger
}

// Server answers on the listeners of a running service. It is itself the
// handler of the desk: everything, for those who work with the archive.
type Server struct {
	o       Options
	desk    *site
	metrics *metrics
	// slots are taken by those who are answered, hashing by those whose
	// password is looked at, bundling by those for whom a bundle is made, reading by those for whom a
	// picture is read.
	slots, hashing, bundling, reading chan struct{}
	sessions                          *sessions
	throttle                          *throttle
	rawAt                             atomic.Pointer[string]
	sheet                             *sheet
	covered                           covered
	// mostIndex is maxIndex.
	mostIndex int
}

// New returns a server. It errors where the source of random bytes does.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Keys == nil {
		o.Keys = nobody{}
	}
	now := o.Archive.Now
	s := &Server{o: o, slots: make(chan struct{}, maxConcurrent), hashing: make(chan struct{}, maxHashing), bundling: make(chan struct{}, maxBundling), reading: make(chan struct{}, maxReading), throttle: newThrottle(now), mostIndex: maxIndex}
	var err error
	if s.sessions, err = newSessions(&o); err != nil {
		return nil, err
	}
	if s.sheet, err = newSheet(); err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	s.metrics = newMetrics(o)
	s.desk = newSite(s.routes(), s.logins(), s.stored(), s.programs(), s.indexes(), audience{s, false}.shared(), s.pages())
	return s, nil
}

// routes lists what the desk offers beside its pages.
func (s *Server) routes() []route {
	registry := prometheus.NewRegistry()
	registry.MustRegister(s.metrics)
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
	return []route{
		// A service manager or a balancer asks without a name.
		{pattern: "GET /healthz", handle: s.health},
		{pattern: "GET /readyz", handle: s.ready},
		{pattern: "GET /metrics", need: RoleReader, handle: func(w http.ResponseWriter, r *http.Request) error {
			handler.ServeHTTP(w, r)
			return nil
		}},
		{pattern: "GET /gone.atom", need: RoleReader, handle: s.goneAtom},
		{pattern: "GET /robots.txt", handle: robots},
	}
}

// ServeHTTP answers at the desk.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	deskHeaders(w.Header())
	s.serve(s.desk, w, r)
}

// health says that the process answers and can read its archive, and where the
// index of words is a copy of its own, how far that has come.
func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	answer, err := s.state(r.Context())
	if err == nil {
		writeJSON(w, http.StatusOK, answer)
	}
	return err
}

// state is what [Server.health] says.
func (s *Server) state(ctx context.Context) (map[string]any, error) {
	head, err := s.o.Archive.Backend().Head(ctx)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{"status": "ok", "version": s.o.Version, "journal": head, "time": s.o.Archive.Now()}
	if s.o.Words != nil {
		reached, head, err := s.o.Words(ctx)
		if err != nil {
			return nil, err
		}
		answer["words"] = map[string]uint64{"reached": reached, "behind": head - min(head, reached)}
	}
	return answer, nil
}

// wordsReady is how many records the index of words may be behind where a
// balancer asks whether it is whole: those of a busy minute.
const wordsReady = 5000

// ready says whether the service takes work. With "words" in the query it says
// whether searches find what is kept, too: a balancer can then leave a machine
// alone that builds its index of words. Whether large files can be reached stands
// in the answer, too: pages are shown without them.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	if s.o.Ready != nil {
		if err := s.o.Ready(r.Context()); err != nil {
			return err
		}
	}
	if r.URL.Query().Has("words") && s.o.Words != nil {
		reached, head, err := s.o.Words(r.Context())
		if err == nil && head > reached+wordsReady {
			err = fmt.Errorf("%w: the index of words has read %d of %d records", store.ErrUnavailable, reached, head)
		}
		if err != nil {
			return err
		}
	}
	answer, err := s.state(r.Context())
	if err != nil {
		return err
	}
	if s.o.Files != nil {
		answer["files"] = "ok"
		if err := s.o.Files(r.Context()); err != nil {
			answer["files"] = err.Error()
		}
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// robots asks crawlers to stay away: an archive of what people took back is not
// for search engines.
func robots(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, "User-agent: *\nDisallow: /\n")
	return err
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the status is sent: a reader that has gone cannot be told more
}
