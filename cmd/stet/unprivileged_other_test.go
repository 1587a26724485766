//go:build !unix

package main

import "github.com/rogpeppe/go-internal/testscript"

func unprivileged(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("there is no such thing here")
}
