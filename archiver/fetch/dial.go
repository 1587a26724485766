package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"stet/store"
)

const (
	// dialStagger is how long a connection attempt has a head start before the
	// next address is tried beside it (RFC 8305 recommends 250 ms).
	dialStagger = 250 * time.Millisecond
	// maxAddresses is the most addresses of one host that are tried.
	maxAddresses = 8
)

// connect returns a connection for t: an idle one where fresh is false and
// there is one, else a new one. It records in ex what is known of the
// connection, also where it fails.
func (c *Client) connect(ctx context.Context, t *target, ex *store.Exchange, fresh bool) (*conn, error) {
	px, err := c.proxyFor(t)
	if err != nil {
		return nil, err
	}
	key := connKey{proxy: px.String(), scheme: t.url.Scheme, hostport: t.hostport()}
	if !fresh {
		if pc := c.pool.get(key); pc != nil {
			ex.Address, ex.Proxy, ex.TLS = pc.address, pc.proxy, pc.tls
			return pc, nil
		}
	}
	if err := c.guard.checkName(t.host); err != nil {
		return nil, err
	}
	var raw net.Conn
	if px == nil {
		raw, err = c.dialDirect(ctx, t, ex)
	} else {
		ex.Proxy = px.kind()
		raw, err = c.dialProxy(ctx, px, t, ex)
	}
	if err != nil {
		return nil, err
	}
	over := raw
	if t.url.Scheme == "https" {
		if over, err = c.handshake(ctx, raw, t, ex); err != nil {
			return nil, err
		}
	}
	pc := newConn(over, raw)
	pc.key, pc.address, pc.proxy, pc.tls = key, ex.Address, ex.Proxy, ex.TLS
	if px != nil && t.url.Scheme == "http" && px.speaksHTTP() {
		pc.absolute, pc.proxyAuth = true, px.authorization()
	}
	return pc, nil
}

// dialDirect resolves the host of t, checks every address and connects.
func (c *Client) dialDirect(ctx context.Context, t *target, ex *store.Exchange) (net.Conn, error) {
	addrs := []netip.Addr{t.addr}
	if !t.addr.IsValid() {
		var err error
		if addrs, err = c.lookup(ctx, t.host); err != nil {
			return nil, err
		}
	}
	var allowed []netip.AddrPort
	var refused error
	for _, a := range addrs {
		ap := netip.AddrPortFrom(a.Unmap(), t.port)
		if err := c.guard.check(t.host, ap); err != nil {
			if refused == nil {
				refused = err
			}
			continue
		}
		allowed = append(allowed, ap)
	}
	if len(allowed) == 0 {
		return nil, refused
	}
	raw, ap, err := c.race(ctx, c.dial, allowed)
	if ap.IsValid() {
		ex.Address = ap.String()
	}
	if err != nil {
		return nil, c.wayError(ctx, dialError(t.hostport(), err))
	}
	return raw, nil
}

// lookup resolves a host name.
func (c *Client) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	addrs, err := c.opts.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, c.wayError(ctx, dnsError(host, err, c.knowsNames(ctx, err)))
	}
	if len(addrs) == 0 {
		return nil, dnsError(host, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}, true)
	}
	return addrs, nil
}

// rootResolver is a resolver that can be asked who serves a zone, as
// [net.Resolver] can.
type rootResolver interface {
	LookupNS(ctx context.Context, name string) ([]*net.NS, error)
}

// rootTime is how long the name server may take to say what it knows by heart.
const rootTime = 2 * time.Second

// knowsNames reports whether a name server that does not know a host knows the
// names of the Internet at all. Without a network many say of every name that it
// does not exist. The root and a zone below it tell nobody who is asked for.
func (c *Client) knowsNames(ctx context.Context, err error) bool {
	var d *net.DNSError
	r, ok := c.opts.Resolver.(rootResolver)
	if !ok || !errors.As(err, &d) || !d.IsNotFound {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, rootTime)
	defer cancel()
	for _, zone := range []string{".", "com."} {
		_, err := r.LookupNS(ctx, zone)
		if !errors.As(err, &d) || !d.IsNotFound {
			return true // it knows them, or is in trouble of its own
		}
	}
	return false
}

// wayError returns err, or why ctx ended where that is what happened.
func (c *Client) wayError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return endedError(ctx)
	}
	return err
}

// race connects to the first address that answers, each having a head start
// before the next, and both families taking turns (RFC 8305). It returns when
// no attempt is under way any more.
func (c *Client) race(ctx context.Context, dial DialFunc, addrs []netip.AddrPort) (net.Conn, netip.AddrPort, error) {
	addrs = interleave(addrs)
	if len(addrs) == 1 {
		raw, err := dial(ctx, "tcp", addrs[0])
		return raw, addrs[0], err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan dialled, len(addrs))
	stagger := time.NewTimer(0)
	defer stagger.Stop()
	var won dialled
	var errs []error
	next, pending := 0, 0
	for pending > 0 || next < len(addrs) && won.raw == nil && ctx.Err() == nil {
		select {
		case r := <-results:
			pending--
			switch {
			case r.err != nil:
				errs = append(errs, r.err)
				stagger.Reset(0) // the next one need not wait
			case won.raw != nil:
				r.raw.Close()
			default:
				won = r
				cancel()
			}
		case <-stagger.C:
			if next < len(addrs) && won.raw == nil && ctx.Err() == nil {
				ap := addrs[next]
				next, pending = next+1, pending+1
				go func() {
					raw, err := dial(ctx, "tcp", ap)
					results <- dialled{raw, ap, err}
				}()
				stagger.Reset(dialStagger)
			}
		}
	}
	if won.raw == nil {
		return nil, addrs[0], errors.Join(append(errs, ctx.Err())...)
	}
	return won.raw, won.ap, nil
}

// dialled is one attempt's outcome.
type dialled struct {
	raw net.Conn
	ap  netip.AddrPort
	err error
}

// interleave orders addresses so that the two families take turns, beginning
// with that of the first, and cuts them to maxAddresses.
func interleave(addrs []netip.AddrPort) []netip.AddrPort {
	var first, second []netip.AddrPort
	for _, a := range addrs {
		if a.Addr().Is4() == addrs[0].Addr().Is4() {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	out := make([]netip.AddrPort, 0, len(addrs))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			out = append(out, first[i])
		}
		if i < len(second) {
			out = append(out, second[i])
		}
	}
	return out[:min(len(out), maxAddresses)]
}

// systemDial is the DialFunc of a client without a seam. guarded connections
// are checked once more by the dialer, on what the system is given.
func (c *Client) systemDial(guarded bool) DialFunc {
	var d net.Dialer
	if guarded {
		d.Control = c.guard.control
	}
	return func(ctx context.Context, network string, ap netip.AddrPort) (net.Conn, error) {
		return d.DialContext(ctx, network, ap.String())
	}
}

// handshake makes a TLS connection to t over raw and records it. It closes raw
// where it errors.
func (c *Client) handshake(ctx context.Context, raw net.Conn, t *target, ex *store.Exchange) (net.Conn, error) {
	name := t.serverName()
	tc, err := c.startTLS(ctx, raw, name)
	if err == nil {
		state := tc.ConnectionState()
		ex.TLS = tlsRecord(&state, name, nil)
		return tc, nil
	}
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) {
		ex.TLS = tlsRecord(nil, name, verify.UnverifiedCertificates)
	}
	return nil, c.wayError(ctx, tlsError(t.hostport(), err))
}

// startTLS shakes hands over raw. It closes raw where it errors.
func (c *Client) startTLS(ctx context.Context, raw net.Conn, name string) (*tls.Conn, error) {
	tc := tls.Client(raw, &tls.Config{
		ServerName: name,
		RootCAs:    c.opts.RootCAs,
		NextProtos: []string{"http/1.1"},
		Time:       c.opts.Now,
		MinVersion: tls.VersionTLS12,
	})
	if err := tc.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	if p := tc.ConnectionState().NegotiatedProtocol; p != "" && p != "http/1.1" {
		raw.Close()
		return nil, fmt.Errorf("the server chose the protocol %q, which was not offered", p)
	}
	return tc, nil
}
