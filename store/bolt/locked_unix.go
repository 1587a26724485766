//go:build !windows

package bolt

import (
	"os"
	"syscall"
)

// locked reports whether another process has the file open for writing; where
// not, none can open it for writing until f is closed.
func locked(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == syscall.EWOULDBLOCK
}
