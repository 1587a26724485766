package fetch

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"stet/store"
)

// DialOwn connects to an address that the operator configured, such as that of
// a mail server: host:port, with a name or a literal address. It is the one way
// out for what does not speak HTTP.
//
// The guard is not asked, because the operator chose the address; nothing is
// recorded or paced. Where a proxy is configured, the connection goes through
// it as those to https URLs do: hosts that are reached directly belong into
// NO_PROXY. Options.Timeout bounds name resolution, connecting and the proxy
// together; the caller bounds what follows, and closes the connection.
//
// It errors with store.ErrInvalid where the address cannot be one, with
// store.ErrNetwork, and with ctx's error. network is tcp, tcp4 or tcp6.
func (c *Client) DialOwn(ctx context.Context, network, address string) (net.Conn, error) {
	return c.reach(ctx, network, address, func(ctx context.Context, t *target, px *proxyURL) (net.Conn, error) {
		if px != nil {
			return c.ownByProxy(ctx, px, t)
		}
		return c.ownDirect(ctx, network, t)
	})
}

// reach connects to host:port by way of a proxy, where one is configured for
// it, within Options.Timeout.
func (c *Client) reach(ctx context.Context, network, address string, connect func(context.Context, *target, *proxyURL) (net.Conn, error)) (net.Conn, error) {
	t, err := ownTarget(network, address)
	if err != nil {
		return nil, err
	}
	if c.opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.opts.Timeout, errHeadTime)
		defer cancel()
	}
	px, err := c.proxyFor(t)
	if err != nil {
		return nil, err
	}
	return connect(ctx, t, px)
}

// ownDirect is DialOwn without a proxy.
func (c *Client) ownDirect(ctx context.Context, network string, t *target) (net.Conn, error) {
	addrs := []netip.Addr{t.addr}
	if !t.addr.IsValid() {
		var err error
		if addrs, err = c.lookup(ctx, t.host); err != nil {
			return nil, err
		}
	}
	var aps []netip.AddrPort
	for _, a := range addrs {
		if a = a.Unmap(); network == "tcp" || a.Is4() == (network == "tcp4") {
			aps = append(aps, netip.AddrPortFrom(a, t.port))
		}
	}
	if len(aps) == 0 {
		return nil, networkError(t.host+" has no address of the kind "+network, nil)
	}
	raw, _, err := c.race(ctx, c.dialOwn, aps)
	if err != nil {
		return nil, c.wayError(ctx, dialError(t.hostport(), err))
	}
	return raw, nil
}

// OwnTLS returns a configuration for TLS with a server that was reached by
// [Client.DialOwn]: with the authorities and the clock of the client.
func (c *Client) OwnTLS(serverName string) *tls.Config {
	return &tls.Config{ServerName: serverName, RootCAs: c.opts.RootCAs, Time: c.opts.Now, MinVersion: tls.VersionTLS12}
}

// ownTarget reads host:port.
func ownTarget(network, address string) (*target, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, fmt.Errorf("%w: network %q", store.ErrInvalid, network)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %q is not of the form host:port", store.ErrInvalid, address)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return nil, fmt.Errorf("%w: port %q does not exist", store.ErrInvalid, port)
	}
	t := &target{port: uint16(n)}
	if t.host, t.addr, err = cleanHost(host); err != nil {
		return nil, err
	}
	t.url = &url.URL{Scheme: "https", Host: t.hostport(), Path: "/"}
	return t, nil
}

// ownByProxy is DialOwn through a proxy.
func (c *Client) ownByProxy(ctx context.Context, px *proxyURL, t *target) (net.Conn, error) {
	raw, err := c.reachProxy(ctx, px, &store.Exchange{})
	if err != nil {
		return nil, err
	}
	if px.speaksHTTP() {
		err = c.tunnel(ctx, &slowly{raw}, px, t)
	} else {
		err = c.socks(ctx, raw, px, t)
	}
	if err != nil {
		raw.Close()
		return nil, fmt.Errorf("%w; a host that is reached without the proxy belongs into NO_PROXY", c.wayError(ctx, err))
	}
	return raw, nil
}

// slowly reads one byte at a time, so that what reads the proxy's answer takes
// nothing of what follows: a mail server speaks first, and its greeting can
// arrive together with the answer.
type slowly struct{ net.Conn }

// Read reads at most one byte.
func (s *slowly) Read(p []byte) (int, error) { return s.Conn.Read(p[:min(len(p), 1)]) }
