package forward

import "golang.org/x/sys/unix"

// peerOfSocket asks the system who is at the other end of a socket.
func peerOfSocket(fd int) (peer, bool) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return peer{}, false
	}
	return peer{c.Uid, int(c.Pid)}, true
}
