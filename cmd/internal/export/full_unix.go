//go:build unix

package export

import (
	"errors"
	"syscall"
)

// isFull reports whether no space is left.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
