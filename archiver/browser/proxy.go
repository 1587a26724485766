package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// proxy leads the traffic of one browser to the guarded dialer.
type proxy struct {
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	server *http.Server
	listen net.Listener
	served sync.WaitGroup
	left   atomic.Int64

	mu      sync.Mutex
	refused map[string]error // why a host was not reached
	open    map[net.Conn]bool
	closed  bool
}

// own reports whether a host is one that the browser talks to for itself, which
// no page asks for and nobody wants to be told of a newsroom's work.
func own(host string) bool {
	switch host {
	case "update.googleapis.com", "optimizationguide-pa.googleapis.com", "safebrowsing.googleapis.com", "content-autofill.googleapis.com",
		"clients2.google.com", "clientservices.googleapis.com", "redirector.gvt1.com", "edgedl.me.gvt1.com", "android.clients.google.com":
		return true
	}
	return false
}

// startProxy listens on the loopback interface. The caller closes it.
func startProxy(dial func(context.Context, string, string) (net.Conn, error), most int64) (*proxy, error) {
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("leading the browser's traffic: %w", err)
	}
	p := &proxy{dial: dial, listen: listen, refused: map[string]error{}, open: map[net.Conn]bool{}}
	p.left.Store(most)
	p.server = &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 256 << 10}
	p.served.Go(func() {
		if err := p.server.Serve(listen); !errors.Is(err, http.ErrServerClosed) {
			p.refuse("", err)
		}
	})
	return p, nil
}

func (p *proxy) address() string { return p.listen.Addr().String() }

// close ends the connections and waits for what serves them.
func (p *proxy) close() error {
	err := p.server.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.served.Wait()
	return err
}

// hold keeps a connection until the returned function closes it. It ends with
// the drawing also where nothing is read from it.
func (p *proxy) hold(c net.Conn) (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
	}
	p.open[c] = true
	return func() {
		c.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, c)
	}
}

// full reports whether the page wanted to load more than it may.
func (p *proxy) full() bool { return p.left.Load() <= 0 }

// refusal returns why a host was not reached, nil where it was.
func (p *proxy) refusal(host string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.refused[""]; err != nil {
		return err
	}
	return p.refused[host]
}

func (p *proxy) refuse(host string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused[host] == nil && len(p.refused) < maxRefused {
		p.refused[host] = err
	}
}

// maxRefused is how many hosts it is remembered of why they were not reached.
const maxRefused = 1000

func (p *proxy) serve(w http.ResponseWriter, r *http.Request) {
	address, ok := addressOf(r)
	if !ok {
		http.Error(w, "this proxy leads to web servers only", http.StatusBadRequest)
		return
	}
	host, _, err := net.SplitHostPort(address)
	var out net.Conn
	if err == nil && !own(host) {
		out, err = p.dial(r.Context(), "tcp", address)
	}
	if out == nil {
		p.refuse(host, err)
		hangUp(w)
		return
	}
	out = &counted{Conn: out, p: p}
	defer p.hold(out)()
	if r.Method == http.MethodConnect {
		p.tunnel(w, out)
		return
	}
	forward(w, r, out)
}

// hangUp ends the browser's connection without an answer: an answer of ours
// would be drawn as if it were the page.
func hangUp(w http.ResponseWriter) {
	if in, _, err := http.NewResponseController(w).Hijack(); err == nil {
		in.Close()
	}
}

// addressOf returns where a request to the proxy leads: host:port.
func addressOf(r *http.Request) (string, bool) {
	if r.Method == http.MethodConnect {
		return r.Host, true
	}
	if r.URL.Scheme != "http" || r.URL.Host == "" {
		return "", false
	}
	if r.URL.Port() != "" {
		return r.URL.Host, true
	}
	return net.JoinHostPort(r.URL.Hostname(), "80"), true
}

// tunnel carries bytes both ways until one side ends.
func (p *proxy) tunnel(w http.ResponseWriter, out net.Conn) {
	in, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the browser is gone
	}
	defer p.hold(in)()
	if _, err := io.WriteString(in, "HTTP/1.1 200 Connected\r\n\r\n"); err != nil {
		return
	}
	// The end of either direction ends the other; what was cut off is the
	// browser's to tell.
	p.served.Go(func() {
		_, _ = io.Copy(out, buf)
		out.Close()
	})
	_, _ = io.Copy(in, out)
}

// forward hands one plain request on, and its answer back.
func forward(w http.ResponseWriter, r *http.Request, out net.Conn) {
	r.Header.Del("Proxy-Connection")
	r.Header.Set("Connection", "close")
	if err := r.Write(out); err != nil {
		hangUp(w)
		return
	}
	resp, err := http.ReadResponse(bufio.NewReader(out), r)
	if err != nil {
		hangUp(w)
		return
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		if strings.EqualFold(name, "Connection") {
			continue
		}
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // cut off where the browser or the server goes away
}

// errFull says that the page has loaded as much as it may.
var errFull = errors.New("the page loads more than it may")

// counted is a connection whose bytes count.
type counted struct {
	net.Conn
	p *proxy
}

// Read reads, and errors where the page has loaded as much as it may.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.p.left.Add(-int64(n)) <= 0 {
		return 0, errFull
	}
	return n, err
}
