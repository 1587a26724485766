package forward

import (
	"net"
	"os/user"
	"strconv"
	"syscall"
)

// peerOf returns the name of the system's user at the other end of a Unix
// socket, "uid 1001" for one that the system has no name for, and nothing where
// it does not tell. The system vouches for it: a client cannot choose it.
func peerOf(conn net.Conn) string {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return ""
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return ""
	}
	uid, ok := uint32(0), false
	if err := raw.Control(func(fd uintptr) { uid, ok = peerUID(int(fd)) }); err != nil || !ok {
		return ""
	}
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid " + id
}
