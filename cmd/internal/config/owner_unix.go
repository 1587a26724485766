//go:build unix

package config

import (
	"fmt"
	"os"
	"syscall"
)

// trusted errors where somebody else than the person who runs the program, or
// the administrator, can have written the file: it decides where requests and
// credentials go.
func trusted(path string, info os.FileInfo) error {
	if info.Mode().Perm()&0o002 != 0 {
		return fmt.Errorf("%s may be written by everybody (mode %#o), so it is not read; run chmod o-w on it", path, info.Mode().Perm())
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if me := os.Geteuid(); int(stat.Uid) != me && stat.Uid != 0 {
		return fmt.Errorf("%s belongs to another user (uid %d, you are %d), so it is not read; make it yours, or name another with --config", path, stat.Uid, me)
	}
	return nil
}
