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
	for _, proxied := range []bool{false, true} {
		var client *fetch.Client
		inWorld(t, func(o *fetch.Options) {
			if proxied {
				o.Proxy = "http://proxy.example:80"
			}
		}, func(w *world) {
			client = w.client
			if proxied {
				w.net.HandleFunc("proxy.example", func(rw http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodConnect || r.Host != "news.example:443" {
						http.Error(rw, "no", http.StatusBadRequest)
						return
					}
					conn, buf, err := http.NewResponseController(rw).Hijack()
					if err != nil {
						w.Error(err)
						return
					}
					io.WriteString(buf, "HTTP/1.1 200 OK\r\n\r\nbehind the proxy\n")
					buf.Flush()
					conn.Close()
				})
				conn, err := client.Dial(context.Background(), "tcp", "news.example:443")
				if err != nil {
					w.Fatal(err)
				}
				defer conn.Close()
				if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != "behind the proxy\n" {
					w.Errorf("%q, %v", line, err)
				}
				return
			}
			conn, err := client.Dial(context.Background(), "tcp", "news.example:443")
			if err != nil {
				w.Fatal(err)
			}
			secure := tls.Client(conn, client.OwnTLS("news.example"))
			defer secure.Close()
			if _, err := io.WriteString(secure, "GET / HTTP/1.1\r\nHost: news.example\r\nConnection: close\r\n\r\n"); err != nil {
				w.Fatal(err)
			}
			if answer, err := io.ReadAll(secure); err != nil || len(answer) < 12 || string(answer[:12]) != "HTTP/1.1 200" {
				w.Errorf("%q, %v", answer, err)
			}
		})
	}
}

// TestDialIsGuarded: what no request may reach, no connection may.
func TestDialIsGuarded(t *testing.T) {
	c := ownClient(t, func(o *fetch.Options) {
		o.Dial = func(_ context.Context, _ string, _ netip.AddrPort) (net.Conn, error) {
			t.Error("an address was dialled")
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
