package fetch

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
	"golang.org/x/net/idna"

	"stet/store"
)

// guard decides which addresses may be connected to. It runs on numeric
// addresses after name resolution, so that a name that changes its address
// between check and use wins nothing.
type guard struct {
	private bool
	safe    *ssrf.Guardian
}

// newGuard builds the guard. The ranges are IANA's registries of
// special-purpose addresses, as package ssrf lists them.
func newGuard(private bool) *guard {
	opts := []ssrf.Option{ssrf.WithAnyPort(), ssrf.WithNetworks("tcp4", "tcp6")}
	if private {
		opts = append(opts,
			ssrf.WithAllowedV4Prefixes(
				netip.MustParsePrefix("127.0.0.0/8"),
				netip.MustParsePrefix("10.0.0.0/8"),
				netip.MustParsePrefix("172.16.0.0/12"),
				netip.MustParsePrefix("192.168.0.0/16"),
				netip.MustParsePrefix("100.64.0.0/10")),
			ssrf.WithAllowedV6Prefixes(
				netip.MustParsePrefix("::1/128"),
				netip.MustParsePrefix("fc00::/7")))
	}
	return &guard{private: private, safe: ssrf.New(opts...)}
}

// check returns nil where addr may be connected to, and otherwise an error of
// class ErrRefused that names the host as it was asked for.
func (g *guard) check(host string, addr netip.AddrPort) error {
	if !g.private && refusedPort(addr.Port()) {
		return fmt.Errorf("%w: port %d of %s belongs to another service than the web", store.ErrRefused, addr.Port(), host)
	}
	err := g.safe.SafeAddr(addr.Addr())
	if err == nil {
		return nil
	}
	name := addr.Addr().String()
	if host != name {
		name = host + " (" + name + ")"
	}
	if g.private {
		return fmt.Errorf("%w: %s is a reserved address, which is never connected to", store.ErrRefused, name)
	}
	return fmt.Errorf("%w: %s is a private or reserved address; fetch.allow_private opens private ones", store.ErrRefused, name)
}

// control is the same check as a net.Dialer's Control: the last door, on the
// address that the system is about to connect to.
func (g *guard) control(network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s is no numeric address", store.ErrRefused, address)
	}
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: network %s", store.ErrRefused, network)
	}
	return g.check(ap.Addr().String(), ap)
}

// checkName refuses names that by definition lead into the operator's own
// network: it is what can be checked where a proxy resolves names. A proxy
// still resolves the others as it likes.
func (g *guard) checkName(host string) error {
	if g.private {
		return nil
	}
	host = strings.TrimSuffix(host, ".")
	// RFC 6761 (localhost), RFC 6762 (local), RFC 8375 (home.arpa), ICANN's
	// reservation of internal in 2024.
	for _, suffix := range []string{"localhost", "local", "internal", "home.arpa"} {
		if host == suffix || strings.HasSuffix(host, "."+suffix) {
			return fmt.Errorf("%w: %s is a name of a private network; fetch.allow_private opens those", store.ErrRefused, host)
		}
	}
	return nil
}

// refusedPort reports whether other protocols than HTTP listen at a port, which
// could be made to act by what is sent: the list of the Fetch standard (section
// "port blocking"), as browsers hold it, and databases and control interfaces
// that trust whoever connects. All other ports are open, because news sites and
// their partners do serve HTTP at odd ports.
func refusedPort(port uint16) bool {
	switch port {
	case 0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95,
		101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179,
		389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601,
		636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566,
		6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080:
		return true
	case 2375, 2376, // Docker
		2379, 2380, // etcd
		3306, 3389, 5432, 5984, 6379, // MySQL, RDP, PostgreSQL, CouchDB, Redis
		9200, 9300, 10250, 10255, // Elasticsearch, Kubernetes
		11211, 27017: // memcached, MongoDB
		return true
	}
	return false
}

// target is where a request goes.
type target struct {
	url *url.URL // host in ASCII and lower case, no userinfo, no fragment
	// host is the name or the literal address without brackets, port the
	// effective port.
	host string
	port uint16
	// addr is valid where host is a literal address.
	addr netip.Addr
}

// hostport is what is dialled or asked of a proxy.
func (t *target) hostport() string { return net.JoinHostPort(t.host, strconv.Itoa(int(t.port))) }

// parseTarget reads a URL that is to be fetched. It errors with ErrInvalid for
// what cannot be fetched by anybody, and with ErrRefused for other schemes and
// disguised addresses.
func parseTarget(raw string) (*target, *url.Userinfo, error) {
	u, err := url.Parse(raw)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) && !strings.Contains(raw, "@") { // it could quote a password
			return nil, nil, fmt.Errorf("%w: not a URL: %w", store.ErrInvalid, ue.Err)
		}
		return nil, nil, fmt.Errorf("%w: not a URL", store.ErrInvalid)
	}
	return newTarget(u)
}

// newTarget is parseTarget for a URL that is parsed already.
func newTarget(u *url.URL) (*target, *url.Userinfo, error) {
	c := *u
	u = &c
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "http" && u.Scheme != "https" {
		if u.Scheme == "" {
			return nil, nil, fmt.Errorf("%w: the URL has no scheme; write https://…", store.ErrInvalid)
		}
		return nil, nil, fmt.Errorf("%w: only http and https are fetched, not %q", store.ErrRefused, u.Scheme)
	}
	if u.Opaque != "" || u.Host == "" {
		return nil, nil, fmt.Errorf("%w: the URL has no host", store.ErrInvalid)
	}
	t := &target{url: u}
	var err error
	if t.host, t.addr, err = cleanHost(u.Hostname()); err != nil {
		return nil, nil, err
	}
	if t.port, err = effectivePort(u); err != nil {
		return nil, nil, err
	}
	u.Host = t.host
	if t.addr.Is6() {
		u.Host = "[" + t.host + "]"
	}
	if t.port != defaultPort(u.Scheme) {
		u.Host += ":" + strconv.Itoa(int(t.port))
	}
	user := u.User
	u.User = nil
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = encodeQuery(u.RawQuery)
	return t, user, nil
}

func defaultPort(scheme string) uint16 {
	if scheme == "http" {
		return 80
	}
	return 443
}

// effectivePort returns the port of u, or its scheme's.
func effectivePort(u *url.URL) (uint16, error) {
	p := u.Port()
	if p == "" {
		return defaultPort(u.Scheme), nil
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%w: port %s does not exist", store.ErrInvalid, p)
	}
	return uint16(n), nil
}

// cleanHost returns host in ASCII and lower case, and its address where it is a
// literal one. Numeric hosts in any other form than four decimal numbers
// (decimal, octal, hexadecimal, shortened) are refused: they serve to hide
// where a link leads, and resolvers and proxies disagree on them.
func cleanHost(host string) (string, netip.Addr, error) {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		if err != nil || addr.Zone() != "" {
			return "", netip.Addr{}, fmt.Errorf("%w: %q is no address", store.ErrInvalid, host)
		}
		return addr.String(), addr, nil
	}
	ascii := strings.ToLower(host)
	if !isASCII(host) {
		a, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", netip.Addr{}, fmt.Errorf("%w: %q is no host name: %w", store.ErrInvalid, host, err)
		}
		ascii = a
	}
	if addr, err := netip.ParseAddr(ascii); err == nil {
		return ascii, addr, nil
	}
	if endsInNumber(ascii) {
		return "", netip.Addr{}, fmt.Errorf("%w: the host %s is a disguised numeric address; write it as four decimal numbers", store.ErrRefused, host)
	}
	if !validHost(ascii) {
		return "", netip.Addr{}, fmt.Errorf("%w: %q is no host name", store.ErrInvalid, host)
	}
	return ascii, netip.Addr{}, nil
}

// endsInNumber reports whether the last label is a number, decimal or
// hexadecimal: the test of the URL standard for "this is an IPv4 address".
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" {
		return false
	}
	if strings.Trim(last, "0123456789") == "" {
		return true
	}
	hex, ok := strings.CutPrefix(last, "0x")
	return ok && strings.Trim(hex, "0123456789abcdef") == ""
}

// validHost reports whether host can be a name in DNS. Underscores do occur.
func validHost(host string) bool {
	name := strings.TrimSuffix(host, ".")
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// encodeQuery percent-encodes what may not stand in a request line: browsers
// do the same with queries that were written by hand.
func encodeQuery(q string) string {
	const hexDigits = "0123456789ABCDEF"
	bad := func(c byte) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' }
	n := 0
	for i := range len(q) {
		if bad(q[i]) {
			n++
		}
	}
	if n == 0 {
		return q
	}
	b := make([]byte, 0, len(q)+2*n)
	for i := range len(q) {
		if c := q[i]; bad(c) {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// serverName is the name for the TLS handshake: without the dot that ends an
// absolute name, which certificates do not carry.
func (t *target) serverName() string { return strings.TrimSuffix(t.host, ".") }
