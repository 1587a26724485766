package servertest

import (
	"errors"
	"syscall"
)

// unprivileged: the tests talk to the server by a Unix socket.
func unprivileged(string) (*syscall.SysProcAttr, error) {
	return nil, errors.New("these tests do not run on Windows")
}
