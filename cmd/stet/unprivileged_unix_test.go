//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// unprivileged runs a command as a person who is not the administrator, for
// whom folders can be read-only: unprivileged CODE COMMAND…
func unprivileged(ts *testscript.TestScript, _ bool, args []string) {
	c := process(ts, args[1:])
	if os.Geteuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		openUp(ts, filepath.Dir(c.Path))
		openUp(ts, ts.Getenv("WORK"))
	}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	ts.Check(os.WriteFile(ts.MkAbs("out"), stdout.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err"), stderr.Bytes(), 0o600))
	ts.Logf("[out]\n%s[err]\n%s", stdout.String(), stderr.String())
	checkExit(ts, args[0], err)
}

// openUp lets everybody pass the temporary folders that lead to a path.
func openUp(ts *testscript.TestScript, path string) {
	for p := path; strings.HasPrefix(p, os.TempDir()) && p != os.TempDir(); p = filepath.Dir(p) {
		info, err := os.Stat(p)
		ts.Check(err)
		ts.Check(os.Chmod(p, info.Mode().Perm()|0o055))
	}
}
