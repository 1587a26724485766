package bolt

import (
	"fmt"
	"syscall"
)

// networkFS returns the name of the network file system that path is on, ""
// where it is on another.
func networkFS(path string) (string, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return "", fmt.Errorf("statfs: %w", err)
	}
	name := make([]byte, 0, len(st.Fstypename))
	for _, c := range st.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	switch n := string(name); n {
	case "nfs", "smbfs", "afpfs", "webdav", "ftp", "cifs", "macfuse", "osxfuse", "fusefs":
		return n, nil
	}
	return "", nil
}
