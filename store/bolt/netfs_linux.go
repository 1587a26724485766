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
	return networkType(uint32(st.Type)), nil
}

// networkType names a file system by the magic number of statfs(2): see
// <linux/magic.h>. FUSE is among them, because sshfs, rclone and the file
// sharing of virtual machines are mounted through it.
func networkType(magic uint32) string {
	switch magic {
	case 0x6969:
		return "NFS"
	case 0x517B, 0xFF534D42, 0xFE534D42:
		return "SMB"
	case 0x65735546:
		return "FUSE"
	case 0x01021997:
		return "9P"
	case 0x5346414F, 0x6B414653:
		return "AFS"
	case 0x00C36400:
		return "Ceph"
	case 0x73757245:
		return "Coda"
	case 0x564C:
		return "NCP"
	case 0x0BD00BD0:
		return "Lustre"
	case 0x47504653:
		return "GPFS"
	case 0x01161970:
		return "GFS2"
	case 0x7461636F:
		return "OCFS2"
	case 0x786F4256:
		return "VirtualBox shared folder"
	}
	return ""
}
