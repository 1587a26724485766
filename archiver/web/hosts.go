package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ours reports whether the desk is asked by a name of its own. A page elsewhere
// can let its own name lead to this machine (DNS rebinding) and would then be of
// the same origin as the desk; it cannot make a browser send another name. What
// is an address is no name, and the names of this machine lead nowhere else.
func (s *Server) ours(r *http.Request) bool {
	host := hostOf(r.Host)
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return loopbackName(host) || slices.ContainsFunc(s.o.Hosts, func(h string) bool { return strings.EqualFold(hostOf(h), host) })
}

// hostOf returns a host without its port and brackets, in lower case.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

func loopbackName(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// here reports whether a request was made on this machine by somebody who asks
// for this machine. A proxy on the machine asks for others: it says so, passes
// their name of the desk on, or speaks HTTP/1.0 as the common one does unless it
// is told otherwise.
func here(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || !r.ProtoAtLeast(1, 1) {
		return false
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	host := hostOf(r.Host)
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return loopbackName(host)
}

// encrypted reports whether the reader's own connection is encrypted: to this
// server, or to a proxy on this machine that says so.
func encrypted(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// base returns where the reader sees this server: scheme and host.
func base(r *http.Request) string {
	if encrypted(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
