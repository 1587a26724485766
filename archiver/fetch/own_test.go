package fetch_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

// inside is a name server for a network of the operator's own.
type inside map[string][]netip.Addr

func (i inside) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	if a, ok := i[name]; ok {
		return a, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// rooted is a name server that knows some zones, or has trouble.
type rooted struct {
	inside
	zones   []string
	trouble bool
}

func (r rooted) LookupNS(_ context.Context, zone string) ([]*net.NS, error) {
	if slices.Contains(r.zones, zone) {
		return []*net.NS{{Host: "a.root.example."}}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: zone, IsNotFound: !r.trouble}
}

// TestNoNetwork: a name server that knows no names at all is no network, and not
// a misspelled host.
func TestNoNetwork(t *testing.T) {
	for name, tt := range map[string]struct {
		resolver fetch.Resolver
		want     string
	}{
		"cannot be asked": {inside{}, "does not exist"},
		"knows the root":  {rooted{zones: []string{"."}}, "does not exist"},
		"knows a zone":    {rooted{zones: []string{"com."}}, "does not exist"},
		"is in trouble":   {rooted{trouble: true}, "does not exist"},
		"knows no name":   {rooted{}, "no network: this machine's name server knows neither nowhere.example nor the root"},
	} {
		c := ownClient(t, func(o *fetch.Options) { o.Resolver = tt.resolver })
		_, err := c.Do(t.Context(), fetch.Request{URL: "https://nowhere.example/"})
		if !errors.Is(err, store.ErrNetwork) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// greeter is a DialFunc to a server that greets and ends, at one address.
func greeter(at netip.AddrPort, greeting string) fetch.DialFunc {
	return func(_ context.Context, _ string, ap netip.AddrPort) (net.Conn, error) {
		if ap != at {
			return nil, errors.New("nobody listens at " + ap.String())
		}
		client, server := net.Pipe()
		go func() {
			_, _ = io.WriteString(server, greeting)
			server.Close()
		}()
		return client, nil
	}
}

func ownClient(t *testing.T, change func(*fetch.Options)) *fetch.Client {
	t.Helper()
	o := fetch.Options{Getenv: func(string) string { return "" }, Resolver: inside{
		"mail.newsroom.internal": {netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("fd00::25")},
		"proxy.example":          {netip.MustParseAddr("10.9.9.9")},
	}}
	change(&o)
	c, err := fetch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestDialOwnReachesPrivateAddresses(t *testing.T) {
	tests := []struct{ network, address, at string }{
		{"tcp", "mail.newsroom.internal:25", "10.1.2.3:25"},
		{"tcp", "10.1.2.3:25", "10.1.2.3:25"},
		{"tcp6", "mail.newsroom.internal:587", "[fd00::25]:587"},
		{"tcp", "127.0.0.1:1025", "127.0.0.1:1025"},
		{"tcp", "[::1]:25", "[::1]:25"},
	}
	for _, tt := range tests {
		t.Run(tt.address, func(t *testing.T) {
			c := ownClient(t, func(o *fetch.Options) { o.Dial = greeter(netip.MustParseAddrPort(tt.at), "220 hello\r\n") })
			conn, err := c.DialOwn(t.Context(), tt.network, tt.address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if got, err := io.ReadAll(conn); err != nil || string(got) != "220 hello\r\n" {
				t.Errorf("read %q, %v", got, err)
			}
			// The same client fetches nothing from there.
			if _, err := c.Do(t.Context(), fetch.Request{URL: "http://" + tt.address + "/"}); !errors.Is(err, store.ErrRefused) {
				t.Errorf("fetching from %s: %v, want a refusal", tt.address, err)
			}
		})
	}
}

func TestDialOwnErrors(t *testing.T) {
	tests := []struct {
		network, address string
		class            error
	}{
		{"tcp", "mail.newsroom.internal", store.ErrInvalid},
		{"tcp", "mail.newsroom.internal:smtp", store.ErrInvalid},
		{"tcp", "mail.newsroom.internal:0", store.ErrInvalid},
		{"tcp", "mail newsroom:25", store.ErrInvalid},
		{"udp", "mail.newsroom.internal:25", store.ErrInvalid},
		{"tcp", "0x7f000001:25", store.ErrRefused},
		{"tcp", "nowhere.example:25", store.ErrNetwork},
		{"tcp", "mail.newsroom.internal:26", store.ErrNetwork},
		{"tcp6", "10.1.2.3:25", store.ErrNetwork},
	}
	c := ownClient(t, func(o *fetch.Options) { o.Dial = greeter(netip.MustParseAddrPort("10.1.2.3:25"), "") })
	for _, tt := range tests {
		conn, err := c.DialOwn(t.Context(), tt.network, tt.address)
		if conn != nil || !errors.Is(err, tt.class) {
			t.Errorf("DialOwn(%q, %q): %v, want the class %q", tt.network, tt.address, err, tt.class)
		}
	}
}

func TestDialOwnEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := ownClient(t, func(o *fetch.Options) {
			o.Timeout = 7 * time.Second
			o.Dial = func(ctx context.Context, _ string, _ netip.AddrPort) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		})
		start := time.Now()
		_, err := c.DialOwn(t.Context(), "tcp", "10.1.2.3:25")
		if !errors.Is(err, store.ErrNetwork) || time.Since(start) != 7*time.Second {
			t.Errorf("ended after %v: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.DialOwn(ctx, "tcp", "10.1.2.3:25"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrNetwork) {
			t.Errorf("the caller's own deadline: %v", err)
		}
	})
}

// A mail server speaks first: what it says may come with the proxy's answer.
func TestDialOwnThroughProxy(t *testing.T) {
	asked := make(chan string, 1)
	dial := func(_ context.Context, _ string, ap netip.AddrPort) (net.Conn, error) {
		if ap != netip.MustParseAddrPort("10.9.9.9:3128") {
			return nil, errors.New("went past the proxy to " + ap.String())
		}
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			r, err := http.ReadRequest(bufio.NewReader(server))
			if err != nil {
				asked <- err.Error()
				return
			}
			asked <- r.Method + " " + r.Host
			if strings.HasSuffix(r.Host, ":25") {
				_, _ = io.WriteString(server, "HTTP/1.1 403 Forbidden\r\n\r\n")
				return
			}
			_, _ = io.WriteString(server, "HTTP/1.1 200 Connected\r\nVia: 1.1 squid\r\n\r\n220 hello\r\n")
		}()
		return client, nil
	}
	c := ownClient(t, func(o *fetch.Options) {
		o.Dial, o.Proxy = dial, "http://proxy.example:3128"
		o.Getenv = func(name string) string { return map[string]string{"NO_PROXY": ".internal"}[name] }
	})
	conn, err := c.DialOwn(t.Context(), "tcp", "smtp.provider.example:587")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := <-asked; got != "CONNECT smtp.provider.example:587" {
		t.Errorf("the proxy was asked for %q", got)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != "220 hello\r\n" {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := c.DialOwn(t.Context(), "tcp", "smtp.provider.example:25"); !errors.Is(err, store.ErrNetwork) || !strings.Contains(err.Error(), "NO_PROXY") {
		t.Errorf("a proxy that refuses: %v", err)
	}
	<-asked
	if _, err := c.DialOwn(t.Context(), "tcp", "mail.newsroom.internal:25"); err == nil || !strings.Contains(err.Error(), "10.1.2.3:25") {
		t.Errorf("NO_PROXY: %v", err)
	}
}

func TestDialOwnThroughSOCKS(t *testing.T) {
	asked := make(chan string, 1)
	c := ownClient(t, func(o *fetch.Options) {
		o.Proxy = "socks5://proxy.example:1080"
		o.Dial = func(_ context.Context, _ string, ap netip.AddrPort) (net.Conn, error) {
			if ap != netip.MustParseAddrPort("10.9.9.9:1080") {
				return nil, errors.New("went past the proxy to " + ap.String())
			}
			client, server := net.Pipe()
			go greetBySOCKS(server, asked)
			return client, nil
		}
	})
	conn, err := c.DialOwn(t.Context(), "tcp", "smtp.provider.example:587")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := <-asked; got != "smtp.provider.example:587" {
		t.Errorf("the proxy was asked for %q", got)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != "220 hello\r\n" {
		t.Errorf("read %q, %v", got, err)
	}
}

// greetBySOCKS answers one client of RFC 1928 and sends a greeting with the
// answer.
func greetBySOCKS(c net.Conn, asked chan<- string) {
	defer c.Close()
	b := make([]byte, 300)
	_, _ = io.ReadFull(c, b[:2])
	_, _ = io.ReadFull(c, b[:b[1]])
	_, _ = c.Write([]byte{5, 0})
	_, _ = io.ReadFull(c, b[:5])
	name := make([]byte, b[4])
	_, _ = io.ReadFull(c, name)
	_, _ = io.ReadFull(c, b[:2])
	asked <- net.JoinHostPort(string(name), strconv.Itoa(int(binary.BigEndian.Uint16(b))))
	_, _ = c.Write(append([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "220 hello\r\n"...))
}
