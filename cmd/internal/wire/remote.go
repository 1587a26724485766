package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"stet/cmd/internal/config"
	"stet/cmd/internal/forward"
	"stet/store"
)

// Server is a service on another machine.
type Server struct {
	// URL is its address, https://host, with a path where a proxy has put it
	// below one.
	URL   string
	Token string
	// Insecure allows http to other machines than this one.
	Insecure bool
}

// place returns the host with its port, the path of the commands, and whether
// the connection is encrypted. It errors with ErrUsage where the address cannot
// be right, and with ErrRefused where the token could be read on the way.
func (s *Server) place() (address string, u *url.URL, err error) {
	u, err = url.Parse(s.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http":
		return "", nil, fmt.Errorf("%w: the address of --server is not of the form https://host", store.ErrUsage)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", nil, fmt.Errorf("%w: the address of --server is https://host and at most a path; the token is given by STET_TOKEN or --token-file", store.ErrUsage)
	case u.Scheme == "http" && !s.Insecure && !loopback(u.Hostname()):
		return "", nil, fmt.Errorf("%w: over http everybody on the way to %s could read the token; use https, or --insecure where you know better", store.ErrRefused, u.Host)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port), u, nil
}

// loopback reports whether a name is that of this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// DialServer connects to a service on another machine, for a command to be run
// there.
func DialServer(ctx context.Context, c *config.Config, o Options, s Server) (_ net.Conn, err error) {
	address, u, err := s.place()
	if err != nil {
		return nil, err
	}
	client, err := Client(c, o)
	if err != nil {
		return nil, err
	}
	conn, err := client.DialOwn(ctx, "tcp", address)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the service at %s: %w", u.Host, err), client.Close())
	}
	if u.Scheme == "https" {
		settings := client.OwnTLS(u.Hostname())
		settings.NextProtos = []string{"http/1.1"} // only there can a connection be upgraded
		encrypted := tls.Client(conn, settings)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("%w: the service at %s: %w", store.ErrNetwork, u.Host, err), conn.Close(), client.Close())
		}
		conn = encrypted
	}
	conn, err = forward.Upgrade(ctx, conn, u.Host, strings.TrimRight(u.EscapedPath(), "/")+forward.CommandPath, s.Token)
	return conn, errors.Join(err, client.Close())
}
