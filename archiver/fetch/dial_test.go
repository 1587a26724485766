package fetch_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

// TestManyAddresses connects to hosts of which some addresses fail, and some
// never answer.
func TestManyAddresses(t *testing.T) {
	const refuses, silent, answers = "refuses", "silent", "answers"
	tests := []struct {
		name  string
		addrs []string
		kinds map[string]string
		order []string // of the attempts
		won   string
		took  time.Duration
	}{
		{"first answers", []string{"93.184.0.1", "93.184.0.2"}, map[string]string{"93.184.0.1": answers}, []string{"93.184.0.1"}, "93.184.0.1", 0},
		{"first refuses", []string{"93.184.0.1", "93.184.0.2"}, map[string]string{"93.184.0.1": refuses, "93.184.0.2": answers},
			[]string{"93.184.0.1", "93.184.0.2"}, "93.184.0.2", 0},
		{"first is silent", []string{"93.184.0.1", "93.184.0.2"}, map[string]string{"93.184.0.1": silent, "93.184.0.2": answers},
			[]string{"93.184.0.1", "93.184.0.2"}, "93.184.0.2", 250 * time.Millisecond},
		{"no IPv6", []string{"2606:2800::1", "2606:2800::2", "93.184.0.1"}, map[string]string{"2606:2800::1": silent, "2606:2800::2": silent, "93.184.0.1": answers},
			[]string{"2606:2800::1", "93.184.0.1"}, "93.184.0.1", 250 * time.Millisecond},
		{"all refuse", []string{"93.184.0.1", "93.184.0.2", "2606:2800::1"}, map[string]string{"93.184.0.1": refuses, "93.184.0.2": refuses, "2606:2800::1": refuses},
			[]string{"93.184.0.1", "2606:2800::1", "93.184.0.2"}, "", 0},
		{"all are silent", []string{"93.184.0.1", "93.184.0.2"}, map[string]string{"93.184.0.1": silent, "93.184.0.2": silent},
			[]string{"93.184.0.1", "93.184.0.2"}, "", 5 * time.Second},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			var addrs oneAddress
			for _, a := range tt.addrs {
				addrs = append(addrs, netip.MustParseAddr(a))
			}
			var mu sync.Mutex
			var order []string
			o := fetch.Options{Resolver: addrs, Retries: -1, Timeout: 5 * time.Second, Getenv: func(string) string { return "" }}
			o.Dial = func(ctx context.Context, network string, ap netip.AddrPort) (net.Conn, error) {
				mu.Lock()
				order = append(order, ap.Addr().String())
				mu.Unlock()
				switch tt.kinds[ap.Addr().String()] {
				case refuses:
					return nil, errors.New("refused")
				case silent:
					<-ctx.Done()
					return nil, ctx.Err()
				}
				client, server := net.Pipe()
				go func() {
					b := make([]byte, 1000)
					server.Read(b)
					server.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
					server.Close()
				}()
				return client, nil
			}
			c, err := fetch.New(o)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			start := time.Now()
			res, err := c.Do(context.Background(), fetch.Request{URL: "http://many.example/"})
			if (err == nil) != (tt.won != "") || err != nil && !errors.Is(err, store.ErrNetwork) || time.Since(start) != tt.took {
				t.Errorf("%s: %v after %v", tt.name, err, time.Since(start))
			}
			if tt.won != "" && res.Exchanges[0].Address != netip.AddrPortFrom(netip.MustParseAddr(tt.won), 80).String() {
				t.Errorf("%s: connected to %s", tt.name, res.Exchanges[0].Address)
			}
			if !slices.Equal(order, tt.order) {
				t.Errorf("%s: tried %v, want %v", tt.name, order, tt.order)
			}
		})
	}
}
