package fetch

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"strings"
	"time"

	"stet/store"
)

// conn is one connection over which exchanges are made, one at a time.
type conn struct {
	net.Conn          // what HTTP is spoken over: TLS or plain
	raw      net.Conn // what is below it
	tee      tee
	br       *bufio.Reader // reads through tee

	key     connKey
	address string // the numeric address and port that was connected to
	proxy   string // http, https, socks5 or ""
	tls     *store.TLS
	// absolute is true where requests name the whole URL: plain HTTP through
	// an HTTP proxy. proxyAuth is then the value of Proxy-Authorization.
	absolute  bool
	proxyAuth string
	reused    bool

	idle *idleWatch
}

// connKey says what a connection can be used for again.
type connKey struct {
	proxy    string // the proxy's URL, with its credentials
	scheme   string
	hostport string
}

// readBuffer is the size of a connection's read buffer. Bodies are read past
// it, straight into the copy buffer.
const readBuffer = 8 << 10

func newConn(c, raw net.Conn) *conn {
	pc := &conn{Conn: c, raw: raw}
	pc.tee.conn = c
	pc.br = bufio.NewReaderSize(&pc.tee, readBuffer)
	return pc
}

// tee passes on what it reads from a connection, and keeps a copy while the
// head of a response is read.
type tee struct {
	conn  net.Conn
	on    bool
	limit int
	buf   []byte
	err   error // of the last read
}

// Read implements [io.Reader]. It errors with errHeadTooLarge when a head goes
// beyond the limit.
func (t *tee) Read(p []byte) (int, error) {
	if t.on && len(t.buf) > t.limit {
		return 0, errHeadTooLarge
	}
	n, err := t.conn.Read(p)
	if t.on {
		t.buf = append(t.buf, p[:n]...)
		t.err = err
	}
	return n, err
}

// startHead begins to keep what is read, for a head of at most limit bytes.
func (c *conn) startHead(limit int) {
	c.tee.on, c.tee.limit = true, limit
	c.tee.buf = c.tee.buf[:0]
	// An interim answer may have left the beginning of the next head behind.
	if n := c.br.Buffered(); n > 0 {
		rest, _ := c.br.Peek(n) // what is buffered can be peeked
		c.tee.buf = append(c.tee.buf, rest...)
	}
}

// endHead returns the bytes of the head that has just been parsed: all that
// was read, less what the parser has not consumed.
func (c *conn) endHead() []byte {
	c.tee.on = false
	return bytes.Clone(c.tee.buf[:len(c.tee.buf)-c.br.Buffered()])
}

// abort closes a connection that is in the middle of something: without the
// farewell of TLS, for which a peer that does not read would let it wait.
func (c *conn) abort() { c.raw.Close() }

// answered reports whether anything has arrived since startHead.
func (c *conn) answered() bool { return len(c.tee.buf) > 0 }

// tlsRecord describes an encrypted connection. verified is false where the
// handshake failed; peers are then what the peer offered.
func tlsRecord(state *tls.ConnectionState, serverName string, peers []*x509.Certificate) *store.TLS {
	t := &store.TLS{ServerName: serverName}
	if state != nil {
		t.Version = strings.ToLower(strings.Replace(tls.VersionName(state.Version), "TLS ", "tls/", 1))
		t.Cipher = tls.CipherSuiteName(state.CipherSuite)
		peers = state.PeerCertificates
	}
	var buf bytes.Buffer
	for _, cert := range peers {
		// Writing to a buffer does not fail.
		_ = pem.Encode(&buf, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	}
	if buf.Len() > 0 {
		t.ChainPEM = buf.Bytes()
		t.Chain = store.DigestOf(t.ChainPEM)
	}
	return t
}

// past is a deadline that interrupts whatever waits on a connection.
func past() time.Time { return time.Unix(1, 0) }
