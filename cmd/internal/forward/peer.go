package forward

import (
	"net"
	"os/user"
	"strconv"
	"syscall"
)

// peer is a process at the other end of a Unix socket, as the system knows it.
type peer struct {
	uid uint32
	// pid is 0 where the system does not tell.
	pid int
}

// peerAt asks the system who is at the other end of a Unix socket: a client
// cannot choose what it says.
func peerAt(conn net.Conn) (p peer, ok bool) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return p, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return p, false
	}
	if err := raw.Control(func(fd uintptr) { p, ok = peerOfSocket(int(fd)) }); err != nil {
		return p, false
	}
	return p, ok
}

// peerOf returns the name of the system's user at the other end of a Unix
// socket, "uid 1001" for one that the system has no name for, and nothing where
// it does not tell.
func peerOf(conn net.Conn) string {
	p, ok := peerAt(conn)
	if !ok {
		return ""
	}
	id := strconv.FormatUint(uint64(p.uid), 10)
	if u, err := user.LookupId(id); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid " + id
}
