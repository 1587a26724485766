package fetch

import (
	"context"
	"net"

	"stet/store"
)

// Dial connects to host:port, for what cannot be made of requests: the traffic
// of a browser, a stream of events. The guard is asked as for a request to an
// https URL at that address, after the name is resolved too; a configured proxy
// is used as there. Nothing is recorded or paced, and no TLS is spoken:
// [Client.OwnTLS] returns a configuration for it. Options.Timeout bounds name
// resolution, connecting and the proxy together; the caller bounds what follows,
// and closes the connection.
//
// It errors with store.ErrInvalid where the address cannot be one, with
// store.ErrRefused where the guard refuses it, with store.ErrNetwork, and with
// ctx's error. network is tcp.
func (c *Client) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return c.reach(ctx, network, address, func(ctx context.Context, t *target, px *proxyURL) (net.Conn, error) {
		if err := c.guard.checkName(t.host); err != nil {
			return nil, err
		}
		if px != nil {
			return c.dialProxy(ctx, px, t, &store.Exchange{})
		}
		return c.dialDirect(ctx, t, &store.Exchange{})
	})
}
