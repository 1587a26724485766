package forward

import "golang.org/x/sys/unix"

// peerUID asks the system who is at the other end of a socket.
func peerUID(fd int) (uint32, bool) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, false
	}
	return c.Uid, true
}
