//go:build unix && !linux

package servertest

import (
	"errors"
	"os"
	"syscall"
)

// unprivileged returns how to run the server, which refuses to run as root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() == 0 {
		return nil, errors.New("run the tests as another user than root: PostgreSQL refuses to")
	}
	return nil, nil
}
