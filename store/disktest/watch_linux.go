package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attachEnv says that the process is watched, through its file 3.
const attachEnv = "STET_DISKTEST"

// ErrUnavailable says that this machine does not let processes be watched.
var ErrUnavailable = errors.New("system calls cannot be watched")

// watched are the system calls that are; openat only where it may change
// something.
func watched() []uint32 {
	return []uint32{
		unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_FTRUNCATE, unix.SYS_MKDIRAT, unix.SYS_UNLINKAT,
		unix.SYS_LINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_COPY_FILE_RANGE,
	}
}

// Attach lets the process that started this one watch it, where it wants to. A
// program whose process is to be watched calls it first.
func Attach() error {
	if os.Getenv(attachEnv) == "" {
		return nil
	}
	if err := os.Unsetenv(attachEnv); err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	filter := program()
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	const flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
		unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	listener, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return fmt.Errorf("%w: %w", ErrUnavailable, errno)
	}
	err := unix.Sendmsg(3, []byte{0}, unix.UnixRights(int(listener)), nil, 0)
	if err := errors.Join(err, unix.Close(int(listener)), unix.Close(3)); err != nil {
		return fmt.Errorf("letting the parent watch: %w", err)
	}
	return nil
}

// program is the filter: what is watched waits for a verdict, all else goes on.
func program() []unix.SockFilter {
	numbers := watched()
	n := uint8(len(numbers))
	jump := func(op uint16, k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	f := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the call
		jump(unix.BPF_JEQ, unix.SYS_OPENAT, n+1, 0),
	}
	for i, number := range numbers {
		f = append(f, jump(unix.BPF_JEQ, number, n-uint8(i)+2, 0))
	}
	return append(f,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16 + 2*8}, // the flags of openat
		jump(unix.BPF_JSET, unix.O_CREAT|unix.O_TRUNC, 0, 1),
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	)
}

// call is struct seccomp_notif.
type call struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

// reply is struct seccomp_notif_resp.
type reply struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

// Watch starts a process that calls [Attach] and asks decide for a verdict on
// all that it does below the folder dir and says, until it ends. killed reports
// that decide ended it; the error is that of the process otherwise, or
// ErrUnavailable. Its standard output is only told to decide.
func Watch(cmd *exec.Cmd, dir string, decide func(*Op) Verdict) (killed bool, err error) {
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return false, err
	}
	var stderr bytes.Buffer
	if cmd.Stderr == nil {
		cmd.Stderr = &stderr
	}
	listener, err := start(cmd)
	if err != nil {
		return false, err
	}
	w := &watcher{cmd: cmd, dir: dir, decide: decide, listener: listener}
	if listener >= 0 {
		err = errors.Join(w.loop(), unix.Close(listener))
	}
	if err != nil {
		_ = cmd.Process.Kill() // it may have ended
	}
	waited := cmd.Wait()
	switch {
	case err != nil:
		return w.killed, err
	case listener < 0 && strings.Contains(stderr.String(), ErrUnavailable.Error()):
		return false, fmt.Errorf("%w: %s", ErrUnavailable, &stderr)
	case waited != nil && !w.killed:
		return false, fmt.Errorf("%w: %s", waited, &stderr)
	case listener < 0:
		return false, errors.New("the process does not attach")
	}
	return w.killed, nil
}

// start starts the process and returns what it sends: the file from which its
// calls are read; -1 where it ended instead.
func start(cmd *exec.Cmd) (listener int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer func() { err = errors.Join(err, ours.Close()) }()
	cmd.ExtraFiles = []*os.File{theirs}
	// A signal that stops a goroutine would make a call begin a second time.
	cmd.Env = append(cmd.Env, attachEnv+"=1", "GODEBUG=asyncpreemptoff=1")
	if err := errors.Join(cmd.Start(), theirs.Close()); err != nil {
		return -1, err
	}
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(int(ours.Fd()), make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil || n == 0 {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return -1, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return -1, err
	}
	return fds[0], nil
}

// watcher watches one process.
type watcher struct {
	cmd      *exec.Cmd
	dir      string
	decide   func(*Op) Verdict
	listener int
	killed   bool
}

// loop answers calls until the process is gone.
func (w *watcher) loop() error {
	for {
		poll := []unix.PollFd{{Fd: int32(w.listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); err != nil {
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return err
		}
		if poll[0].Revents&unix.POLLIN == 0 {
			return nil
		}
		var c call
		if errno := w.ioctl(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&c)); errno != 0 {
			if errno == unix.EINTR || errno == unix.ENOENT { // it was killed meanwhile
				continue
			}
			return errno
		}
		if err := w.answer(&c); err != nil {
			return err
		}
	}
}

func (w *watcher) ioctl(request uint, arg unsafe.Pointer) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(w.listener), uintptr(request), uintptr(arg))
	return errno
}

// answer answers a call; the calls of a process that was killed stay without.
func (w *watcher) answer(c *call) error {
	if w.killed {
		return nil
	}
	r := reply{id: c.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	if c.nr == unix.SYS_COPY_FILE_RANGE { // it is copied in pieces then, which are seen
		r.flags, r.errno = 0, -int32(unix.ENOSYS)
	} else {
		op, err := w.read(c)
		if err != nil {
			return fmt.Errorf("reading system call %d of the process: %w", c.nr, err)
		}
		if op != nil {
			v := w.decide(op)
			if v.Kill {
				w.killed = true
				return w.cmd.Process.Kill()
			}
			if v.Errno != 0 {
				r.flags, r.errno = 0, -int32(v.Errno)
			}
		}
	}
	if errno := w.ioctl(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r)); errno != 0 && errno != unix.ENOENT {
		return errno
	}
	return nil
}

// read returns what a call does, nil where it does nothing below the folder.
func (w *watcher) read(c *call) (*Op, error) {
	a := &c.args
	switch c.nr {
	case unix.SYS_WRITE, unix.SYS_PWRITE64:
		return w.readWrite(c)
	case unix.SYS_FSYNC, unix.SYS_FDATASYNC:
		return w.of(w.file(c, a[0]), Op{Kind: Sync})
	case unix.SYS_FTRUNCATE:
		return w.of(w.file(c, a[0]), Op{Kind: Truncate, Size: int64(a[1])})
	case unix.SYS_OPENAT:
		path, err := w.path(c, a[0], a[1])
		op := Op{Kind: Create, Size: -1}
		if a[2]&unix.O_TRUNC != 0 {
			op.Size = 0
		}
		return w.of(path, op, err)
	case unix.SYS_MKDIRAT:
		path, err := w.path(c, a[0], a[1])
		return w.of(path, Op{Kind: Mkdir}, err)
	case unix.SYS_UNLINKAT:
		path, err := w.path(c, a[0], a[1])
		return w.of(path, Op{Kind: Remove}, err)
	}
	op := Op{Kind: Rename}
	if c.nr == unix.SYS_LINKAT {
		op.Kind = Link
	}
	from, err := w.path(c, a[0], a[1])
	to, err2 := w.path(c, a[2], a[3])
	var ok bool
	if op.To, ok = below(w.dir, to); !ok && err2 == nil {
		return nil, nil
	}
	return w.of(from, op, err, err2)
}

// of returns an operation on a file, nil where that is not below the folder.
func (w *watcher) of(path string, op Op, errs ...error) (*Op, error) {
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var ok bool
	if op.Path, ok = below(w.dir, path); !ok || strings.HasSuffix(path, " (deleted)") {
		return nil, nil
	}
	return &op, nil
}

func (w *watcher) readWrite(c *call) (*Op, error) {
	op := Op{Kind: Write, Offset: int64(c.args[3])}
	if c.args[0] == 1 && c.nr == unix.SYS_WRITE {
		op.Kind = Say
	} else if o, _ := w.of(w.file(c, c.args[0]), op); o == nil {
		return nil, nil
	}
	op.Data = make([]byte, c.args[2])
	if n, err := w.memory(c, c.args[1], op.Data); n < len(op.Data) {
		return nil, fmt.Errorf("reading what is written: %w", err)
	}
	if op.Kind == Say {
		return &op, nil
	}
	if c.nr == unix.SYS_WRITE {
		info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", c.pid, int32(c.args[0])))
		if err != nil {
			return nil, err
		}
		pos, _, _ := strings.Cut(strings.TrimPrefix(string(info), "pos:"), "\n")
		if op.Offset, err = strconv.ParseInt(strings.TrimSpace(pos), 10, 64); err != nil {
			return nil, err
		}
	}
	return w.of(w.file(c, c.args[0]), op)
}

// file returns the path of a file that the process has open, empty where it has
// none.
func (w *watcher) file(c *call, fd uint64) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", c.pid, int32(fd)))
	if err != nil {
		return ""
	}
	return path
}

// path returns the path that a call names.
func (w *watcher) path(c *call, dir, at uint64) (string, error) {
	buf := make([]byte, 4096)
	n, err := w.memory(c, at, buf)
	end := bytes.IndexByte(buf[:n], 0)
	if end < 0 {
		return "", fmt.Errorf("reading a path: %w", err)
	}
	path := string(buf[:end])
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	if int32(dir) == unix.AT_FDCWD {
		cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", c.pid))
		return filepath.Join(cwd, path), err
	}
	return filepath.Join(w.file(c, dir), path), nil
}

// memory reads from the memory of the process.
func (w *watcher) memory(c *call, at uint64, b []byte) (int, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", c.pid))
	if err != nil {
		return 0, err
	}
	n, err := f.ReadAt(b, int64(at))
	return n, errors.Join(err, f.Close())
}
