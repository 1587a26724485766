package bolt

import (
	"syscall"

	"golang.org/x/sys/windows"
)

func fullErrors() []syscall.Errno {
	return []syscall.Errno{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED}
}

func readOnlyErrors() []syscall.Errno { return []syscall.Errno{windows.ERROR_WRITE_PROTECT} }

func notFolderErrors() []syscall.Errno { return []syscall.Errno{windows.ERROR_DIRECTORY} }

func mapErrors() []syscall.Errno {
	return []syscall.Errno{windows.ERROR_NOT_ENOUGH_MEMORY, windows.ERROR_COMMITMENT_LIMIT}
}
