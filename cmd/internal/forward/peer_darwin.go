package forward

import "golang.org/x/sys/unix"

// peerOfSocket asks the system who is at the other end of a socket.
func peerOfSocket(fd int) (peer, bool) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return peer{}, false
	}
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		pid = 0 // its user is enough for what is kept
	}
	return peer{c.Uid, pid}, true
}
