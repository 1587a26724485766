//go:build !linux

package disktest

// Attach does nothing: no process can be watched here.
func Attach() error { return nil }
