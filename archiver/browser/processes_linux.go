package browser

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// processes are those of one browser: a group of their own, which ends with
// this process.
type processes struct {
	mu  sync.Mutex
	cmd *exec.Cmd
}

// own makes cmd the leader of a group.
func (p *processes) own(cmd *exec.Cmd) {
	p.mu.Lock()
	p.cmd = cmd
	p.mu.Unlock()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// pgid is the group, 0 before it is started.
func (p *processes) pgid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.cmd.Process == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// watch calls over when the group holds more than most bytes, until it is
// stopped; then what is left of the group is ended.
func (p *processes) watch(most int64, over func()) (stop func()) {
	done := make(chan struct{})
	var watched sync.WaitGroup
	watched.Go(func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if resident(p.pgid()) > most {
					over()
					return
				}
			}
		}
	})
	return func() {
		close(done)
		watched.Wait()
		if id := p.pgid(); id > 1 {
			_ = syscall.Kill(-id, syscall.SIGKILL) // usually all have ended already
		}
	}
}

// resident returns how many bytes the processes of a group hold of their own.
func resident(group int) int64 {
	if group == 0 {
		return 0
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	var sum int64
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// proc_pid_stat(5): the name in brackets may hold anything; after it
		// follow the state, the parent and the group.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 3 || string(fields[2]) != strconv.Itoa(group) {
			continue
		}
		sum += private(filepath.Join(filepath.Dir(path), "statm"))
	}
	return sum
}

// private reads what one process holds without what it shares with files.
func private(path string) int64 {
	statm, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	fields := bytes.Fields(statm)
	if len(fields) < 3 {
		return 0
	}
	all, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	shared, err := strconv.ParseInt(string(fields[2]), 10, 64)
	if err != nil {
		return 0
	}
	return (all - shared) * int64(os.Getpagesize())
}
