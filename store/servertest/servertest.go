// Package servertest starts the servers that a large archive lives on, for
// tests: a PostgreSQL and a storage that speaks S3, each once for a test
// process, with data that is thrown away, reachable from this machine only.
package servertest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Main runs the tests and ends the servers that they started. It returns the
// code to exit with: os.Exit(servertest.Main(m)) is all that a TestMain needs.
func Main(m *testing.M) int {
	code := m.Run()
	running.Lock()
	defer running.Unlock()
	for _, p := range running.all {
		if err := p.end(); err != nil {
			fmt.Fprintln(os.Stderr, "ending a server of the tests:", err)
			code = max(code, 1)
		}
	}
	return code
}

// running are the servers to end; they outlive the test that started them.
var running struct {
	sync.Mutex
	all []*process
}

// process is a server.
type process struct {
	cmd    *exec.Cmd
	exited chan error
	log    *log
	dir    string // thrown away at the end
}

// log keeps what a server says.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements [io.Writer].
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String returns what was said.
func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// startProcess starts a server whose data lie in dir.
func startProcess(cmd *exec.Cmd, dir string) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan error, 1), log: &log{}, dir: dir}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	started := make(chan error)
	go func() {
		// The server is told to end with the thread that started it.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.exited <- cmd.Wait()
		}
	}()
	return p, <-started
}

// wait tries a server until it answers.
func (p *process) wait(try func() error) error {
	late := time.After(time.Minute)
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case exit := <-p.exited:
			p.exited <- exit
			return fmt.Errorf("it ended: %w\n%s", exit, p.log)
		case <-late:
			return fmt.Errorf("%w\n%s", err, p.log)
		case <-time.After(20 * time.Millisecond): // another process cannot be waited for otherwise
		}
	}
}

// stop ends the process and waits for it.
func (p *process) stop(s os.Signal) error {
	err := p.cmd.Process.Signal(s)
	exit := <-p.exited
	p.exited <- exit
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return err
}

func (p *process) end() error { return errors.Join(p.stop(os.Interrupt), os.RemoveAll(p.dir)) }

// keep has Main end the process.
func keep(p *process) {
	running.Lock()
	defer running.Unlock()
	running.all = append(running.all, p)
}
