//go:build !unix

package export

import (
	"errors"
	"syscall"
)

// errDiskFull is ERROR_DISK_FULL of Windows.
const errDiskFull = syscall.Errno(112)

// isFull reports whether no space is left.
func isFull(err error) bool { return errors.Is(err, errDiskFull) }
