package forward

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"stet/store"
)

// maxPath is the longest path of a Unix socket on every system: macOS allows
// 104 bytes with the final zero, Linux 108.
const maxPath = 100

// Path returns where the socket of an archive is. temp is the folder for
// temporary files.
func Path(dir, temp string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	if p := filepath.Join(abs, "stet.sock"); len(p) <= maxPath {
		return p
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(temp, "stet-"+hex.EncodeToString(sum[:8])+".sock")
}

// LetIn lets a group pass through the folder of an archive, which nobody but its
// owner may enter else: without that, its members could not reach the socket.
// They may neither list the folder nor read the files in it.
func LetIn(dir string, gid int) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("%w: looking at the folder %s: %w", store.ErrReadOnly, dir, err)
	}
	const pass, all = 0o010, 0o001
	mode := info.Mode().Perm()
	if mode&all != 0 {
		return nil
	}
	if err := errors.Join(os.Chown(dir, -1, gid), os.Chmod(dir, mode|pass)); err != nil {
		return fmt.Errorf("%w: letting the group of serve.socket_group into %s (run chgrp and chmod g+x on it): %w", store.ErrReadOnly, dir, err)
	}
	return nil
}

// Listen makes the socket of an archive. Whoever calls it must have the archive
// open for writing: a socket that is there already is then one that a killed
// process left behind, and is replaced. gid, where it is not negative, may use
// it too. The caller closes the listener, which removes the socket.
func Listen(ctx context.Context, path string, gid int) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: removing the socket that was left at %s: %w", store.ErrReadOnly, path, err)
	}
	// The socket is made where nobody else may look yet: it takes its mode
	// before its name.
	early := path + ".new"
	if err := os.Remove(early); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: removing the socket that was left at %s: %w", store.ErrReadOnly, early, err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", early)
	if err != nil {
		return nil, fmt.Errorf("%w: making the socket %s: %w", store.ErrReadOnly, path, err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	mode := os.FileMode(0o600)
	if gid >= 0 {
		mode = 0o660
		err = os.Chown(early, -1, gid)
	}
	err = errors.Join(err, os.Chmod(early, mode))
	if err == nil {
		err = os.Rename(early, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: making the socket %s: %w", store.ErrReadOnly, path, err), l.Close())
	}
	return &listener{Listener: l, path: path}, nil
}

// listener removes its socket when it is closed.
type listener struct {
	net.Listener
	path string
}

// Close ends the listener and removes the socket.
func (l *listener) Close() error {
	err := l.Listener.Close()
	if e := os.Remove(l.path); e != nil && !errors.Is(e, os.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return err
}

// The patience with a service on the same machine: how long it may take to
// accept, how long nothing may be heard of it before that is said, and before it
// is given up after as long again, and how long it may take nothing of what it
// is sent.
const (
	dialTime    = 5 * time.Second
	quietTime   = 5 * beatTime
	unmovedTime = time.Minute
)

// Dial connects to the socket of an archive. It returns nil without error where
// nobody listens there; it errors with ErrReadOnly where the socket belongs to
// another user.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, nil
	}
	d := net.Dialer{Timeout: dialTime}
	c, err := d.DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		return local(c), nil
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%w: a service of another user has the archive open, and its socket %s is not for you; ask for serve.socket_group", store.ErrReadOnly, path)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, nil // left behind by a process that was killed
}

// local is the connection to a service on this machine.
func local(c net.Conn) *timely {
	t := &timely{Conn: c, in: bufio.NewReader(c), read: quietTime, write: unmovedTime, service: "the service that has the archive open", stuck: "let it go on, or end it"}
	if p, ok := peerAt(c); ok && p.pid > 0 {
		t.service += fmt.Sprintf(" (process %d of %s)", p.pid, peerOf(c))
		t.stuck = fmt.Sprintf("let it go on (`kill -CONT %d`) or end it (`kill %d`, where that does nothing `kill -KILL %d`; nothing of the archive is lost)", p.pid, p.pid, p.pid)
	}
	return t
}
