//go:build !linux && !darwin && !windows

package bolt

// networkFS returns "": on this system it is not known how to tell.
func networkFS(string) (string, error) { return "", nil }
