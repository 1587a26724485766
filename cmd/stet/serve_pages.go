package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"stet/cmd/internal/forward"
	"stet/store"
)

// doors are the listeners of the service: for those who work with the archive,
// for the public, and for archived bytes in an origin of their own. Each is nil
// where it is off.
type doors struct{ desk, public, raw net.Listener }

func (d doors) close() error {
	var errs []error
	for _, l := range []net.Listener{d.desk, d.public, d.raw} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

// listen opens the addresses of the configuration.
func (s *service) listen(ctx context.Context) (doors, error) {
	var d doors
	for _, o := range []struct {
		key, address string
		into         *net.Listener
	}{{"serve.listen", s.c.Serve.Listen, &d.desk}, {"serve.public_listen", s.c.Serve.PublicListen, &d.public}, {"serve.raw_listen", s.c.Serve.RawListen, &d.raw}} {
		if s.c.Serve.Role == roleWorker && o.into != &d.desk {
			continue // it has no pages
		}
		l, err := listen(ctx, o.key, o.address)
		if err == nil {
			l, err = s.encrypted(l)
		}
		if err != nil {
			return doors{}, errors.Join(err, d.close())
		}
		*o.into = l
	}
	if d.raw != nil {
		_, port, err := net.SplitHostPort(d.raw.Addr().String())
		if err != nil {
			return doors{}, errors.Join(fmt.Errorf("%w: serve.raw_listen: %w", store.ErrUsage, err), d.close())
		}
		s.raw = cmp.Or(s.c.Serve.RawURL, port)
	}
	return d, nil
}

// listen opens an address; a port that is taken is named, with the next free
// one. It returns nil where the address is off.
func listen(ctx context.Context, key, address string) (net.Listener, error) {
	if address == "off" || address == "" {
		return nil, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err == nil {
		return l, nil
	}
	host, port, split := net.SplitHostPort(address)
	number, number2 := strconv.Atoi(port)
	if split == nil && number2 == nil {
		for next := number + 1; next < number+20; next++ {
			if free, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(next))); err == nil {
				return nil, errors.Join(fmt.Errorf("%w: %s %s is taken; set it to %s, which is free, or to off",
					store.ErrBusy, key, address, net.JoinHostPort(host, strconv.Itoa(next))), free.Close())
			}
		}
	}
	return nil, fmt.Errorf("%w: %s %s: %w", store.ErrUsage, key, address, err)
}

func (s *service) address(l net.Listener) string {
	switch {
	case l == nil:
		return "off"
	case s.c.Serve.CertFile != "":
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// The times of the servers.
const (
	pageTime  = 30 * time.Second
	closeTime = 5 * time.Second
)

// serving returns what serves the open doors until its context ends.
func (s *service) serving(d doors) []func(context.Context) error {
	var all []func(context.Context) error
	if d.desk != nil {
		all = append(all, func(ctx context.Context) error { return s.serveDesk(ctx, d.desk) })
	}
	if d.public != nil {
		all = append(all, func(ctx context.Context) error {
			return s.serveOn(ctx, d.public, s.inside(func(at *shift) http.Handler { return at.public }))
		})
	}
	if d.raw != nil {
		all = append(all, func(ctx context.Context) error {
			return s.serveOn(ctx, d.raw, s.inside(func(at *shift) http.Handler { return at.raw }))
		})
	}
	return all
}

// operating reports whether a path is for those who operate the service, which
// a worker answers too.
func operating(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics"
}

// serveDesk serves the pages, and takes the commands of other machines.
func (s *service) serveDesk(ctx context.Context, l net.Listener) error {
	commands := s.remote()
	defer commands.Wait()
	pages := s.inside(func(at *shift) http.Handler { return at.w.Web })
	// A ServeMux would take double slashes out of addresses that stand in paths.
	return s.serveOn(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == forward.CommandPath {
			commands.ServeHTTP(w, r)
			return
		}
		if s.c.Serve.Role == roleWorker && !operating(r.URL.Path) {
			http.Error(w, "This is a worker: it has no pages. They are where a stet with the role web or all serves them.", http.StatusNotFound)
			return
		}
		pages.ServeHTTP(w, r)
	}))
}

// exchangeWait is how long who asks for a page waits while another archive takes
// the place of the one that is served: longer than that takes on a slow machine,
// and shorter than a page may take.
const exchangeWait = 20 * time.Second

// inside returns a handler of the archive that is served when it is asked.
func (s *service) inside(of func(*shift) http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" && s.entrance.isShut() {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"status":"ok"}` + "\n")) // who asked may have gone
			return
		}
		ctx, v, err := s.entrance.enter(r.Context(), exchangeWait)
		if err != nil {
			w.Header().Set("Retry-After", "10")
			http.Error(w, "Another archive takes the place of this one just now. Try again in a moment.", http.StatusServiceUnavailable)
			return
		}
		defer v.leave()
		of(s.at.Load()).ServeHTTP(w, r.WithContext(ctx))
	})
}

// serveOn serves a listener until ctx ends.
func (s *service) serveOn(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, BaseContext: func(net.Listener) context.Context { return ctx }, ReadHeaderTimeout: pageTime, ReadTimeout: pageTime, WriteTimeout: pageTime, IdleTimeout: pageTime,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer cancel()
		ended <- server.Shutdown(late)
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the pages: %w", err)
	}
	return <-ended
}
