//go:build !unix

package config

import "os"

// trusted accepts every file: who may write it is a matter of access lists
// here, which folders of a person have set right.
func trusted(string, os.FileInfo) error { return nil }
