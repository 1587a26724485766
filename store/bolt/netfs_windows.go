package bolt

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// networkFS returns the name of the network file system that path is on, ""
// where it is on another.
func networkFS(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding the drive: %w", err)
	}
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(abs) + `\`)
	if err != nil {
		return "", fmt.Errorf("finding the drive: %w", err)
	}
	if windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		return "a network drive", nil
	}
	return "", nil
}
