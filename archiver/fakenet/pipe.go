package fakenet

import (
	"errors"
	"io"
	"log"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// pipeBuffer is how much one side can write before the other reads: as much as
// a socket. Without it both sides of a TLS connection could wait for each
// other.
const pipeBuffer = 64 << 10

// pipeConn is one end of a connection inside the process.
type pipeConn struct {
	in, out       *half
	local, remote net.Addr
}

// newPipe returns both ends of a connection.
func newPipe(client, server netip.AddrPort) (*pipeConn, *pipeConn) {
	a, b := newHalf(), newHalf()
	ca, sa := net.TCPAddrFromAddrPort(client), net.TCPAddrFromAddrPort(server)
	return &pipeConn{in: a, out: b, local: ca, remote: sa}, &pipeConn{in: b, out: a, local: sa, remote: ca}
}

// half is one direction of a connection.
type half struct {
	mu   sync.Mutex
	cond *sync.Cond
	buf  []byte
	// err ends the direction: io.EOF after the writer closed, net.ErrClosed
	// after the reader did, a reset.
	readErr, writeErr error
	read, write       deadline
}

func newHalf() *half {
	h := &half{}
	h.cond = sync.NewCond(&h.mu)
	return h
}

// deadline is a moment after which one side's calls fail. The half's mutex
// guards it.
type deadline struct {
	timer   *time.Timer
	set     int // counts the settings, so that an old timer does nothing
	expired bool
}

// setDeadline sets d, which belongs to h.
func (h *half) setDeadline(d *deadline, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.set++
	d.expired = false
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.expired = true
		h.cond.Broadcast()
		return
	}
	this := d.set
	d.timer = time.AfterFunc(left, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if d.set == this {
			d.expired = true
			h.cond.Broadcast()
		}
	})
}

func (h *half) Read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.read.expired:
			return 0, os.ErrDeadlineExceeded
		case len(h.buf) > 0 && (h.readErr == nil || errors.Is(h.readErr, io.EOF)):
			n := copy(p, h.buf)
			h.buf = h.buf[n:]
			if len(h.buf) == 0 {
				h.buf = nil
			}
			h.cond.Broadcast()
			return n, nil
		case h.readErr != nil:
			return 0, h.readErr
		case len(p) == 0:
			return 0, nil
		}
		h.cond.Wait()
	}
}

func (h *half) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for {
		switch {
		case h.write.expired:
			return n, os.ErrDeadlineExceeded
		case h.writeErr != nil:
			return n, h.writeErr
		case len(p) == 0:
			return n, nil
		case len(h.buf) < pipeBuffer:
			k := min(len(p), pipeBuffer-len(h.buf))
			h.buf = append(h.buf, p[:k]...)
			p, n = p[k:], n+k
			h.cond.Broadcast()
			continue
		}
		h.cond.Wait()
	}
}

// end ends the direction for its reader and its writer.
func (h *half) end(readErr, writeErr error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.readErr == nil {
		h.readErr = readErr
	}
	if h.writeErr == nil {
		h.writeErr = writeErr
	}
	h.cond.Broadcast()
}

func (c *pipeConn) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *pipeConn) Write(p []byte) (int, error) { return c.out.Write(p) }
func (c *pipeConn) LocalAddr() net.Addr         { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr        { return c.remote }

// Close ends the connection: the other side reads what was written and then
// the end.
func (c *pipeConn) Close() error {
	c.out.end(io.EOF, net.ErrClosed)
	c.in.end(net.ErrClosed, syscall.EPIPE)
	c.stopTimers()
	return nil
}

// reset breaks the connection, as a TCP reset does.
func (c *pipeConn) reset() {
	err := &net.OpError{Op: "read", Net: "tcp", Source: c.remote, Addr: c.local, Err: syscall.ECONNRESET}
	c.out.end(err, net.ErrClosed)
	c.in.end(net.ErrClosed, err)
}

func (c *pipeConn) stopTimers() {
	_ = c.SetDeadline(time.Time{}) // never errors
}

func (c *pipeConn) SetDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.read, t)
	c.out.setDeadline(&c.out.write, t)
	return nil
}

func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.read, t)
	return nil
}

func (c *pipeConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.write, t)
	return nil
}

// listener hands connections that are open already to an http.Server.
type listener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newListener() *listener {
	return &listener{conns: make(chan net.Conn), done: make(chan struct{})}
}

// give hands over a connection and reports whether it was taken.
func (l *listener) give(c net.Conn) bool {
	select {
	case l.conns <- c:
		return true
	case <-l.done:
		c.Close()
		return false
	}
}

// Accept implements [net.Listener].
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements [net.Listener].
func (l *listener) Addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{25, 0, 0, 0}), 0))
}

// discardLog swallows what an http.Server says of connections that tests break.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
