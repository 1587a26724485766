package fetch

import (
	"io"
	"net"
	"time"
)

// chunked is a connection that yields b in pieces of n bytes.
type chunked struct {
	b []byte
	n int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.b) == 0 {
		return 0, io.EOF
	}
	k := copy(p, c.b[:min(c.n, len(c.b))])
	c.b = c.b[k:]
	return k, nil
}

func (c *chunked) Write(p []byte) (int, error)      { return len(p), nil }
func (c *chunked) Close() error                     { return nil }
func (c *chunked) LocalAddr() net.Addr              { return nil }
func (c *chunked) RemoteAddr() net.Addr             { return nil }
func (c *chunked) SetDeadline(time.Time) error      { return nil }
func (c *chunked) SetReadDeadline(time.Time) error  { return nil }
func (c *chunked) SetWriteDeadline(time.Time) error { return nil }
