//go:build unix

package wire

import (
	"golang.org/x/sys/unix"
)

// DiskFree returns how many bytes this person may still write where dir is.
func DiskFree(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	//nolint:unconvert // the types differ between systems
	return int64(s.Bavail) * int64(s.Bsize), nil
}
