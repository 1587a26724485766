package fetch_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"stet/archiver/fetch"
	"stet/store"
)

// TestDial: a connection of its own to a host of the web, with TLS over it.
func TestDial(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		conn, err := w.client.Dial(context.Background(), "tcp", "news.example:443")
		if err != nil {
			w.Fatal(err)
		}
		secure := tls.Client(conn, w.client.OwnTLS("news.example"))
		defer secure.Close()
		if _, err := io.WriteString(secure, "GET / HTTP/1.1\r\nHost: news.example\r\nConnection: close\r\n\r\n"); err != nil {
			w.Fatal(err)
		}
		if answer, err := io.ReadAll(secure); err != nil || len(answer) < 12 || string(answer[:12]) != "HTTP/1.1 200" {
			w.Errorf("%q, %v", answer, err)
		}
	})
}

// TestDialThroughProxy: the proxy is asked for the host, and for nothing that
// the guard refuses.
func TestDialThroughProxy(t *testing.T) {
	asked := make(chan string, 1)
	c := ownClient(t, func(o *fetch.Options) {
		o.Proxy = "http://proxy.example:3128"
		o.Dial = func(_ context.Context, _ string, ap netip.AddrPort) (net.Conn, error) {
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
				_, _ = io.WriteString(server, "HTTP/1.1 200 Connected\r\n\r\n")
			}()
			return client, nil
		}
	})
	conn, err := c.Dial(t.Context(), "tcp", "news.example:443")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := <-asked; got != "CONNECT news.example:443" {
		t.Errorf("the proxy was asked for %q", got)
	}
	if _, err := c.Dial(t.Context(), "tcp", "169.254.169.254:80"); !errors.Is(err, store.ErrRefused) {
		t.Errorf("%v", err)
	}
}

// TestDialIsGuarded: what no request may reach, no connection may.
func TestDialIsGuarded(t *testing.T) {
	c := ownClient(t, func(o *fetch.Options) {
		o.Dial = func(_ context.Context, _ string, ap netip.AddrPort) (net.Conn, error) {
			t.Errorf("%s was dialled", ap)
			return nil, errors.New("dialled")
		}
	})
	for _, address := range []string{"mail.newsroom.internal:443", "10.1.2.3:443", "127.0.0.1:443", "169.254.169.254:80", "[::1]:443",
		"[::ffff:169.254.169.254]:443", "[64:ff9b::a9fe:a9fe]:443", "localhost:443", "8.8.8.8:25"} {
		if _, err := c.Dial(t.Context(), "tcp", address); !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"", "news.example", "news.example:0", "news.example:https"} {
		if _, err := c.Dial(t.Context(), "tcp", address); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
