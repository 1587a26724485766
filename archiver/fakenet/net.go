package fakenet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"stet/archiver/fetch"
)

// Options configure a [Net]. The zero value works.
type Options struct {
	// Now is the clock of the Date headers, of the log and of invented posts;
	// default [time.Now].
	Now func() time.Time
	// Latency passes before each answer begins.
	Latency time.Duration
}

// Net is a fake internet. It is safe for concurrent use, also while it is
// changed. Whoever made it closes it.
type Net struct {
	now     func() time.Time
	latency time.Duration
	ca      *authority
	server  *http.Server
	plain   *listener
	closed  chan struct{}
	wg      sync.WaitGroup

	mu      sync.Mutex
	hosts   map[string]*host
	idle    map[net.Conn]bool // kept by clients for the next request
	epoch   int               // counts the calls of DropIdle
	faults  []*activeFault
	log     []Request
	proxies []*http.Server
	x       *X
	wayback *Wayback
	bluesky *Bluesky
}

// host is one name and what answers for it.
type host struct {
	addr    netip.Addr
	handler http.Handler
}

// New starts a fake internet without hosts.
func New(o Options) *Net {
	if o.Now == nil {
		o.Now = time.Now
	}
	n := &Net{now: o.Now, latency: o.Latency, ca: newAuthority(), plain: newListener(),
		closed: make(chan struct{}), hosts: map[string]*host{}, idle: map[net.Conn]bool{}}
	n.server = &http.Server{Handler: http.HandlerFunc(n.serve), ErrorLog: discardLog(), ConnState: n.connState, ConnContext: n.connContext}
	n.wg.Go(func() { _ = n.server.Serve(n.plain) }) // ends with ErrServerClosed
	return n
}

// Close ends all connections and proxies and waits until nothing runs any more.
func (n *Net) Close() error {
	n.mu.Lock()
	select {
	case <-n.closed:
		n.mu.Unlock()
		return nil
	default:
	}
	close(n.closed)
	proxies := n.proxies
	n.mu.Unlock()
	errs := []error{n.server.Close()}
	for _, p := range proxies {
		errs = append(errs, p.Close())
	}
	n.plain.Close()
	n.wg.Wait()
	return errors.Join(errs...)
}

// Handle lets h answer for a host, on port 80 in plain text and on port 443
// over TLS. It replaces what answered before.
func (n *Net) Handle(name string, h http.Handler) {
	name = strings.ToLower(name)
	n.mu.Lock()
	defer n.mu.Unlock()
	if old := n.hosts[name]; old != nil {
		old.handler = h
		return
	}
	// 25.0.0.0/8 is public as far as any registry says, and not reachable from
	// the internet.
	i := len(n.hosts) + 1
	n.hosts[name] = &host{addr: netip.AddrFrom4([4]byte{25, byte(i >> 16), byte(i >> 8), byte(i)}), handler: h}
}

// HandleFunc is [Net.Handle] for a function.
func (n *Net) HandleFunc(name string, h http.HandlerFunc) { n.Handle(name, h) }

// Remove makes a host unknown, as if its domain had run out.
func (n *Net) Remove(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.hosts, strings.ToLower(name))
}

// host returns what answers for a name, or nil.
func (n *Net) host(name string) *host {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosts[name]
}

// Address returns the address of a host, or the zero Addr.
func (n *Net) Address(name string) netip.Addr {
	if h := n.host(name); h != nil {
		return h.addr
	}
	return netip.Addr{}
}

// FetchOptions returns options for a client of package fetch that lives in this
// internet: they lead all connections here, read no environment and do not
// pause between requests. The caller may change them before use.
func (n *Net) FetchOptions() fetch.Options {
	return fetch.Options{
		Resolver:        resolver{n},
		Dial:            n.dial,
		RootCAs:         n.ca.pool,
		Getenv:          func(string) string { return "" },
		PerHostInterval: -1,
		RetryDelay:      time.Millisecond,
		Now:             n.now,
	}
}

// Env serves a proxy to this internet on loopback, writes the authority's
// certificate into a file in dir, and returns the environment variables that
// send another process there: HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE.
// The proxy ends with Close.
func (n *Net) Env(dir string) ([]string, error) {
	proxy, err := n.Proxy()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "fakenet-ca.pem")
	if err := os.WriteFile(file, n.ca.pem, 0o600); err != nil {
		return nil, fmt.Errorf("writing the certificate of the fake internet: %w", err)
	}
	return []string{"HTTP_PROXY=" + proxy, "HTTPS_PROXY=" + proxy, "NO_PROXY=", "SSL_CERT_FILE=" + file,
		"http_proxy=" + proxy, "https_proxy=" + proxy, "no_proxy="}, nil
}

// CAPEM returns the certificate of the authority that signs for all hosts.
func (n *Net) CAPEM() []byte { return slices.Clone(n.ca.pem) }

// resolver answers for the names of a Net.
type resolver struct{ net *Net }

// LookupNetIP implements [fetch.Resolver].
func (r resolver) LookupNetIP(ctx context.Context, _, name string) ([]netip.Addr, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f := r.net.fault(name, "", stageDNS); f != nil {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, Server: "25.0.0.53:53", IsTemporary: true}
	}
	h := r.net.host(name)
	if h == nil {
		return nil, &net.DNSError{Err: "no such host", Name: name, Server: "25.0.0.53:53", IsNotFound: true}
	}
	return []netip.Addr{h.addr}, nil
}

// dial implements [fetch.DialFunc].
func (n *Net) dial(ctx context.Context, network string, addr netip.AddrPort) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := n.nameOf(addr.Addr())
	if name == "" {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(addr), Err: syscall.EHOSTUNREACH}
	}
	if f := n.fault(name, "", stageConnect); f != nil {
		return nil, f.connect(ctx, network, addr)
	}
	client, server := newPipe(netip.AddrPortFrom(netip.AddrFrom4([4]byte{25, 255, 255, 1}), 40000), addr)
	if err := n.accept(server, addr.Port()); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(addr), Err: err}
	}
	return client, nil
}

// accept serves a connection to a port.
func (n *Net) accept(c net.Conn, port uint16) error {
	switch port {
	case 80:
	case 443:
		c = tls.Server(c, &tls.Config{GetCertificate: n.certificate, NextProtos: []string{"http/1.1"}, Time: n.now})
	default:
		return syscall.ECONNREFUSED
	}
	if !n.plain.give(c) {
		return syscall.ECONNREFUSED
	}
	return nil
}

// connState notes which connections are idle.
func (n *Net) connState(c net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state == http.StateIdle {
		n.idle[c] = true
	} else {
		delete(n.idle, c)
	}
}

// connKey is the key of a connection's *connInfo in the contexts of its
// requests.
type connKey struct{}

// connInfo is what a Net remembers of a connection; Net.mu guards it.
type connInfo struct {
	epoch int // that of its first request
	used  bool
}

func (n *Net) connContext(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, &connInfo{})
}

// DropIdle closes the connections that clients keep for their next request, so
// that it makes a new one.
func (n *Net) DropIdle() {
	n.mu.Lock()
	n.epoch++
	var idle []net.Conn
	for c := range n.idle {
		idle = append(idle, c)
	}
	n.mu.Unlock()
	for _, c := range idle {
		c.Close()
	}
}

// dropped reports whether a request came over a connection that DropIdle met
// before it had become idle. It is closed now.
func (n *Net) dropped(r *http.Request) bool {
	info, ok := r.Context().Value(connKey{}).(*connInfo)
	if !ok {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !info.used {
		info.used, info.epoch = true, n.epoch
	}
	return info.epoch != n.epoch
}

func (n *Net) nameOf(addr netip.Addr) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for name, h := range n.hosts {
		if h.addr == addr {
			return name
		}
	}
	return ""
}

// serve answers a request to any host.
func (n *Net) serve(w http.ResponseWriter, r *http.Request) {
	name := r.Host
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	if n.dropped(r) {
		panic(http.ErrAbortHandler)
	}
	n.record(r, name)
	w.Header().Set("Date", n.now().UTC().Format(http.TimeFormat))
	if n.latency > 0 && !n.pause(r.Context(), n.latency) {
		return
	}
	h := n.host(name)
	if h == nil {
		http.Error(w, "no such host", http.StatusMisdirectedRequest)
		return
	}
	n.mu.Lock()
	handler := h.handler
	n.mu.Unlock()
	if f := n.fault(name, r.URL.Path, stageAnswer); f != nil {
		f.answer(n, w, r, handler)
		return
	}
	handler.ServeHTTP(w, r)
}

// pause waits, and reports false where the request or the internet ended first.
func (n *Net) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-n.closed:
	}
	return false
}
