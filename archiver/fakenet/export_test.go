package fakenet

import (
	"net"
	"net/netip"
)

// Pipe makes a connection, for tests of the connection itself.
func Pipe(client, server netip.AddrPort) (net.Conn, net.Conn) { return newPipe(client, server) }
