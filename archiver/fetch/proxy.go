package fetch

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/http/httpproxy"
	"golang.org/x/net/proxy"

	"stet/store"
)

// proxyURL is the proxy that a request goes through; nil is none.
type proxyURL url.URL

// String returns the whole URL, with its credentials, or "" for none. It is
// for keys in memory, never for people.
func (p *proxyURL) String() string {
	if p == nil {
		return ""
	}
	return (*url.URL)(p).String()
}

// kind is what an exchange says of the proxy: http, https or socks5.
func (p *proxyURL) kind() string { return strings.TrimSuffix(p.Scheme, "h") }

// speaksHTTP reports whether plain requests are handed to the proxy as such.
func (p *proxyURL) speaksHTTP() bool { return p.Scheme == "http" || p.Scheme == "https" }

// name is how people are told of the proxy.
func (p *proxyURL) name() string { return "the proxy " + p.Host }

// authorization is the value of Proxy-Authorization, or "".
func (p *proxyURL) authorization() string {
	if p.User == nil {
		return ""
	}
	return basicAuth(p.User)
}

// basicAuth writes a name and password as HTTP's Basic scheme does.
func basicAuth(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}

// Through says by which way requests to an address go, for people: the proxy
// that is used, empty where there is none.
func (c *Client) Through(u *url.URL) (string, error) {
	t, _, err := newTarget(u)
	if err != nil {
		return "", err
	}
	px, err := c.proxyFor(t)
	if err != nil || px == nil {
		return "", err
	}
	return px.name(), nil
}

// proxyFunc reads where proxies are configured. It errors with ErrInvalid where
// a proxy's URL cannot be one: silently going direct could tell the world what
// the operator wanted to keep behind a proxy.
func proxyFunc(o Options) (func(*url.URL) (*url.URL, error), error) {
	getenv := o.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	env := func(name string) string {
		if v := getenv(strings.ToLower(name)); v != "" {
			return v
		}
		return getenv(name)
	}
	cfg := httpproxy.Config{HTTPProxy: o.Proxy, HTTPSProxy: o.Proxy, NoProxy: env("NO_PROXY")}
	name := map[string]string{"http": "fetch.proxy", "https": "fetch.proxy"}
	if o.Proxy == "" {
		cfg.HTTPProxy, cfg.HTTPSProxy = env("HTTP_PROXY"), env("HTTPS_PROXY")
		cfg.CGI = getenv("REQUEST_METHOD") != ""
		name = map[string]string{"http": "HTTP_PROXY", "https": "HTTPS_PROXY"}
	}
	for scheme, v := range map[string]*string{"http": &cfg.HTTPProxy, "https": &cfg.HTTPSProxy} {
		if err := checkProxy(*v); err != nil {
			return nil, fmt.Errorf("%s: %w", name[scheme], err)
		}
	}
	return cfg.ProxyFunc(), nil
}

// checkProxy errors where v is neither empty nor the address of a proxy. The
// message does not repeat v, which may hold a password.
func checkProxy(v string) error {
	if v == "" {
		return nil
	}
	if !strings.Contains(v, "://") {
		v = "http://" + v
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%w: not the URL of a proxy, such as http://proxy.example:3128", store.ErrInvalid)
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return nil
	}
	return fmt.Errorf("%w: proxies of kind %q are not known; http, https and socks5 are", store.ErrInvalid, u.Scheme)
}

// proxyFor returns the proxy for t, or nil.
func (c *Client) proxyFor(t *target) (*proxyURL, error) {
	u, err := c.proxy(t.url)
	if err != nil {
		return nil, fmt.Errorf("%w: choosing a proxy: %w", store.ErrInvalid, err)
	}
	return (*proxyURL)(u), nil
}

// dialProxy connects to the proxy, which the guard does not check because the
// operator chose it, and for https or SOCKS asks it for a tunnel to t. What can
// be checked of t is checked: the proxy resolves names itself.
func (c *Client) dialProxy(ctx context.Context, p *proxyURL, t *target, ex *store.Exchange) (net.Conn, error) {
	checked := t.addr
	if !checked.IsValid() {
		// Some public address, so that only the port decides.
		checked = netip.AddrFrom4([4]byte{1, 1, 1, 1})
	}
	if err := c.guard.check(t.host, netip.AddrPortFrom(checked.Unmap(), t.port)); err != nil {
		return nil, err
	}
	raw, err := c.reachProxy(ctx, p, ex)
	if err != nil {
		return nil, err
	}
	switch {
	case !p.speaksHTTP():
		err = c.socks(ctx, raw, p, t)
	case t.url.Scheme == "https":
		err = c.tunnel(ctx, raw, p, t)
	}
	if err != nil {
		raw.Close()
		return nil, c.wayError(ctx, err)
	}
	return raw, nil
}

// reachProxy connects to the proxy itself.
func (c *Client) reachProxy(ctx context.Context, p *proxyURL, ex *store.Exchange) (net.Conn, error) {
	u := (*url.URL)(p)
	host := u.Hostname()
	port := map[string]uint16{"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}[p.Scheme]
	if u.Port() != "" {
		var err error
		if port, err = effectivePort(u); err != nil {
			return nil, err
		}
	}
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, a)
	} else if addrs, err = c.lookup(ctx, host); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name(), err)
	}
	var aps []netip.AddrPort
	for _, a := range addrs {
		aps = append(aps, netip.AddrPortFrom(a.Unmap(), port))
	}
	raw, ap, err := c.race(ctx, c.dialOwn, aps)
	ex.Address = ap.String()
	if err != nil {
		return nil, c.wayError(ctx, dialError(p.name(), err))
	}
	if p.Scheme != "https" {
		return raw, nil
	}
	tc, err := c.startTLS(ctx, raw, host)
	if err != nil {
		return nil, c.wayError(ctx, tlsError(p.name(), err))
	}
	return tc, nil
}

// tunnel asks an HTTP proxy for a connection to t.
func (c *Client) tunnel(ctx context.Context, raw net.Conn, p *proxyURL, t *target) error {
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(past()) })
	defer stop()
	head := "CONNECT " + t.hostport() + " HTTP/1.1\r\nHost: " + t.hostport() + "\r\nUser-Agent: " + c.agent + "\r\n"
	if auth := p.authorization(); auth != "" {
		head += "Proxy-Authorization: " + auth + "\r\n"
	}
	if _, err := raw.Write([]byte(head + "\r\n")); err != nil {
		return ioError(p.name(), err)
	}
	limited := &tee{conn: raw, on: true, limit: c.opts.MaxHeaderBytes}
	br := bufio.NewReader(limited)
	//nolint:bodyclose // the answer to CONNECT has no body: the tunnel begins
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return ioError(p.name(), err)
	}
	switch {
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return networkError(p.name()+" wants a name and password; write them into fetch.proxy as http://name:password@host:port", nil)
	case resp.StatusCode/100 != 2:
		return networkError(fmt.Sprintf("%s did not connect to %s (it answered %q)", p.name(), t.hostport(), resp.Status), nil)
	case br.Buffered() > 0:
		return networkError(p.name()+" sent more than its answer", nil)
	}
	return nil
}

// given is a proxy.Dialer that hands out a connection that is open already.
type given struct{ net.Conn }

func (g given) Dial(string, string) (net.Conn, error) { return g.Conn, nil }

func (g given) DialContext(context.Context, string, string) (net.Conn, error) { return g.Conn, nil }

// socks asks a SOCKS5 proxy for a connection to t.
func (c *Client) socks(ctx context.Context, raw net.Conn, p *proxyURL, t *target) error {
	var auth *proxy.Auth
	if p.User != nil {
		password, _ := p.User.Password()
		auth = &proxy.Auth{User: p.User.Username(), Password: password}
	}
	d, err := proxy.SOCKS5("tcp", p.Host, auth, given{raw})
	if err != nil {
		return networkError(p.name(), err)
	}
	if _, err := d.(proxy.ContextDialer).DialContext(ctx, "tcp", t.hostport()); err != nil {
		return networkError(p.name()+" did not connect to "+t.hostport(), err)
	}
	return nil
}
