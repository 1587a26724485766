//go:build !windows

package bolt

import "syscall"

func fullErrors() []syscall.Errno {
	return []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}
}

func readOnlyErrors() []syscall.Errno { return []syscall.Errno{syscall.EROFS} }

func notFolderErrors() []syscall.Errno { return []syscall.Errno{syscall.ENOTDIR, syscall.EISDIR} }

func mapErrors() []syscall.Errno {
	return []syscall.Errno{syscall.ENOMEM, syscall.EINVAL, syscall.EAGAIN}
}
