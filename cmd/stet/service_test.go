package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// running is a service that a script started.
type running struct {
	c   *exec.Cmd
	log *os.File
	// logged ends when the service's log does.
	logged chan struct{}
}

// startService runs a service until stopService, and waits until it serves: its
// log is in the file serve.log.
func startService(ts *testscript.TestScript, _ bool, args []string) {
	c := process(ts, append([]string{"stet", "serve"}, args...))
	stderr, err := c.StderrPipe()
	ts.Check(err)
	log, err := os.Create(ts.MkAbs("serve.log"))
	ts.Check(err)
	ts.Check(c.Start())
	r := &running{c: c, log: log, logged: make(chan struct{})}
	ts.Defer(func() {
		// Where the script failed the service still runs.
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			ts.Logf("killing the service: %v", err)
		}
	})
	lines := bufio.NewReader(stderr)
	for {
		line, err := lines.ReadString('\n')
		io.WriteString(log, line)
		if err != nil {
			ts.Fatalf("the service ended before it served: %s", ts.ReadFile("serve.log"))
		}
		if strings.Contains(line, "msg=serving") {
			break
		}
	}
	go func() {
		defer close(r.logged)
		io.Copy(log, lines)
	}()
	sceneOf(ts).service = r
}

// stopService stops the service: it must end by itself, and well.
func stopService(ts *testscript.TestScript, _ bool, _ []string) {
	r := sceneOf(ts).service
	ts.Check(r.c.Process.Signal(syscall.SIGTERM))
	<-r.logged
	ts.Check(r.c.Wait())
	ts.Check(r.log.Close())
}

// killService kills it.
func killService(ts *testscript.TestScript, _ bool, _ []string) {
	r := sceneOf(ts).service
	ts.Check(r.c.Process.Kill())
	<-r.logged
	if err := r.c.Wait(); err == nil {
		ts.Fatalf("it ended by itself")
	}
}
