//go:build unix

package storetest

import (
	"syscall"
	"time"
)

// Busy returns how long this process has kept a processor busy.
func Busy() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // the arguments are constants
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
