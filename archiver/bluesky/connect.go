package bluesky

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"stet/store"
)

// Dialer opens connections: what is made of a [fetch.Client].
type Dialer struct {
	// Dial connects to host:port: [fetch.Client.Dial], or DialOwn where the
	// operator chose the address.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS returns the configuration for a server: [fetch.Client.OwnTLS].
	TLS func(serverName string) *tls.Config
}

// connect opens the stream after a place in it; 0 is now.
func (s *Stream) connect(ctx context.Context, cursor uint64) (*websocket.Conn, error) {
	q := url.Values{"wantedCollections": {"app.bsky.feed.post"}, "requireHello": {"true"}}
	if back := uint64(overlap / time.Microsecond); cursor > back {
		q.Set("cursor", strconv.FormatUint(cursor-back, 10))
	}
	// The library asks for an http.Client; its connections are those of the one
	// door, and one each.
	transport := &http.Transport{DisableKeepAlives: true, DialContext: s.o.Dialer.Dial,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := s.o.Dialer.Dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			host, _, err := net.SplitHostPort(address)
			if err == nil {
				conn := tls.Client(raw, s.o.Dialer.TLS(host))
				if err = conn.HandshakeContext(ctx); err == nil {
					return conn, nil
				}
			}
			raw.Close()
			return nil, err
		}}
	header := http.Header{}
	if s.o.UserAgent != "" {
		header.Set("User-Agent", s.o.UserAgent)
	}
	timed, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	//nolint:bodyclose // the library closes it, or makes it the connection
	conn, _, err := websocket.Dial(timed, s.o.URL+"?"+q.Encode(), &websocket.DialOptions{HTTPHeader: header,
		HTTPClient: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}})
	if err != nil {
		return nil, fmt.Errorf("%w: connecting to the stream of Bluesky at %s: %w", store.ErrNetwork, s.o.URL, err)
	}
	conn.SetReadLimit(maxEvent)
	return conn, nil
}
