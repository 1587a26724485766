package fakenet

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// Proxy serves an HTTP proxy on loopback that leads into this internet, and
// returns its URL. It ends with Close. It answers CONNECT for ports 80 and 443
// and requests with the whole URL; a host that it does not know is 502, as real
// proxies say it.
func (n *Net) Proxy() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listening for the proxy of the fake internet: %w", err)
	}
	s := &http.Server{Handler: http.HandlerFunc(n.proxy), ErrorLog: discardLog()}
	n.mu.Lock()
	n.proxies = append(n.proxies, s)
	n.mu.Unlock()
	n.wg.Go(func() { _ = s.Serve(l) }) // ends with ErrServerClosed
	return "http://" + l.Addr().String(), nil
}

// proxy answers one request to the proxy.
func (n *Net) proxy(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		if !r.URL.IsAbs() {
			http.Error(w, "this is a proxy", http.StatusBadRequest)
			return
		}
		if !n.reachable(w, r.URL.Hostname()) {
			return
		}
		r.Host = r.URL.Host
		n.serve(w, r)
		return
	}
	name, port, err := net.SplitHostPort(r.Host)
	if err != nil || !n.reachable(w, name) {
		return
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number != 80 && number != 443 {
		http.Error(w, "port not allowed", http.StatusForbidden)
		return
	}
	c, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := c.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		c.Close()
		return
	}
	if err := n.accept(&tunnelled{Conn: c, r: buffered.Reader}, uint16(number)); err != nil {
		c.Close()
	}
}

// reachable answers for hosts that cannot be reached and reports false.
func (n *Net) reachable(w http.ResponseWriter, name string) bool {
	bad := n.host(name) == nil || n.fault(name, "", stageDNS) != nil || n.fault(name, "", stageConnect) != nil
	if bad {
		http.Error(w, "the proxy cannot reach "+name, http.StatusBadGateway)
	}
	return !bad
}

// tunnelled is a connection of which the proxy has read a little already.
type tunnelled struct {
	net.Conn
	r *bufio.Reader
}

func (t *tunnelled) Read(p []byte) (int, error) { return t.r.Read(p) }
