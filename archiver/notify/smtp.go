package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

const (
	// mailTime bounds the sending of one mail: RFC 5321, section 4.5.3.2, lets
	// servers take ten minutes over the end of the text, but those that scan
	// mail answer within seconds.
	mailTime = 5 * time.Minute
	// maxMail is the largest mail that is sent. Servers commonly take 10 MB.
	maxMail = 8 << 20
	// maxReplies is how much a mail server may say in one session.
	maxReplies = 1 << 20
	// maxPut is how often a mail to several is put off for those that cannot be
	// reached for the moment (greylisting takes one or two tries, a full
	// mailbox weeks) before the others get it alone.
	maxPut = 6
)

// email sends messages by SMTP.
type email struct {
	client *fetch.Client
	*mailer
	address, host  string
	implicit       bool
	user, password string
	hello          string
	// warn is told of receivers that are not reached while others are.
	warn func(error)
	// put counts how often the message of id was put off because a receiver
	// could not be reached for the moment. One goroutine sends.
	put struct {
		id string
		n  int
	}
}

func newEmail(c *fetch.Client, t *Target, now func() time.Time, warn func(error)) (*email, error) {
	m, err := newMailer(t, now)
	if err != nil {
		return nil, err
	}
	e := &email{client: c, mailer: m, user: t.User, password: t.Password, hello: t.Hello, warn: warn}
	e.address, e.host, e.implicit = t.server()
	return e, nil
}

func (e *email) send(ctx context.Context, m *message) error {
	body, err := e.compose(m)
	if err != nil {
		return err
	}
	if len(body) > maxMail {
		return &refusal{content: true, err: fmt.Errorf("%w: a mail of %d bytes", store.ErrTooLarge, len(body))}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, mailTime, errMailTime)
	defer cancel()
	if e.put.id != m.id {
		e.put.id, e.put.n = m.id, 0
	}
	err = e.session(ctx, body)
	var r *refusal
	switch {
	case err == nil || errors.As(err, &r):
		return err
	case errors.Is(context.Cause(ctx), errMailTime):
		return fmt.Errorf("%w: %s: %w", store.ErrNetwork, e.address, errMailTime)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrRefused):
		return &refusal{err: err}
	}
	return err
}

// errMailTime is the cause with which a session ends that takes too long.
var errMailTime = errors.New("the mail server took too long")

// session is one conversation with the server.
func (e *email) session(ctx context.Context, body []byte) error {
	conn, err := e.client.DialOwn(ctx, "tcp", e.address)
	if err != nil {
		return fmt.Errorf("the mail server %s: %w", e.address, err)
	}
	defer conn.Close()
	// Whatever waits on the connection ends with ctx.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	local := isLoopback(conn.RemoteAddr()) && loopback(e.host)
	var raw net.Conn = &limited{Conn: conn, left: maxReplies}
	if e.implicit {
		tc := tls.Client(raw, e.client.OwnTLS(e.host))
		if err := tc.HandshakeContext(ctx); err != nil {
			return e.failed("TLS", err)
		}
		raw = tc
	}
	c, err := smtp.NewClient(raw, e.host)
	if err != nil {
		return e.failed("its greeting", err)
	}
	if err := c.Hello(e.hello); err != nil {
		return e.failed("HELO", err)
	}
	if err := e.secure(c, local); err != nil {
		return err
	}
	if e.user != "" {
		if err := e.logIn(c); err != nil {
			return err
		}
	}
	return e.transmit(c, body)
}

// secure begins TLS unless it was there from the start. Only on this machine
// mail is sent without.
func (e *email) secure(c *smtp.Client, local bool) error {
	if e.implicit || local {
		return nil
	}
	if ok, _ := c.Extension("STARTTLS"); !ok {
		return &refusal{err: fmt.Errorf("%w: the mail server %s does not offer STARTTLS, and mail is not sent in the clear; smtps:// speaks TLS from the start", store.ErrRefused, e.address)}
	}
	if err := c.StartTLS(e.client.OwnTLS(e.host)); err != nil {
		return e.failed("STARTTLS", err)
	}
	return nil
}

// logIn authenticates with what the server offers: PLAIN, else LOGIN.
func (e *email) logIn(c *smtp.Client) error {
	_, offered := c.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	var auth smtp.Auth
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		auth = plainAuth{e.user, e.password}
	case slices.Contains(mechanisms, "LOGIN"):
		auth = &loginAuth{e.user, e.password}
	default:
		return &refusal{err: fmt.Errorf("%w: the mail server %s offers neither AUTH PLAIN nor LOGIN (it offers %q)", store.ErrRefused, e.address, clean(offered, maxSaid))}
	}
	if err := c.Auth(auth); err != nil {
		return e.failed("the log-in", err)
	}
	return nil
}

// transmit hands the mail over. It succeeds where one receiver was taken, the
// others refused or put off often enough.
func (e *email) transmit(c *smtp.Client, body []byte) error {
	if err := c.Mail(e.from.Address); err != nil {
		return e.failed("the sender", err)
	}
	missed, err := e.receivers(c)
	if err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return e.failed("DATA", err)
	}
	if _, err := w.Write(body); err != nil {
		return e.failed("the text", err)
	}
	if err := w.Close(); err != nil {
		err = e.failed("the text", err)
		var r *refusal
		if errors.As(err, &r) {
			r.content = true
		}
		return err
	}
	// The server has taken the mail; how the conversation ends changes nothing.
	_ = c.Quit()
	if missed != nil {
		e.warn(missed)
	}
	return nil
}

// receivers names the receivers. It returns why some are not reached, and
// errors where the mail is not to be sent now.
func (e *email) receivers(c *smtp.Client) (missed error, err error) {
	var refused, later []error
	for _, to := range e.to {
		err := c.Rcpt(to.Address)
		if err == nil {
			continue
		}
		var reply *textproto.Error
		var r *refusal
		said := e.failed("the receiver "+to.Address, err)
		switch {
		case !errors.As(err, &reply):
			return nil, said // the connection broke
		case errors.As(said, &r):
			refused = append(refused, said)
		default:
			later = append(later, said)
		}
	}
	missed = errors.Join(append(refused, later...)...)
	switch {
	case len(refused) == len(e.to):
		return nil, &refusal{err: missed}
	case len(later) > 0 && (e.put.n < maxPut || len(refused)+len(later) == len(e.to)):
		e.put.n++
		return nil, errors.Join(later...)
	}
	return missed, nil
}

// failed explains an error of a conversation: a permanent reply (RFC 5321,
// section 4.2.1) is a refusal.
func (e *email) failed(at string, err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return fmt.Errorf("%w: the mail server %s, at %s: %w", store.ErrNetwork, e.address, at, err)
	}
	err = fmt.Errorf("%w: the mail server %s, at %s, answered %d %s", store.ErrUnexpected, e.address, at, reply.Code, clean(reply.Msg, maxSaid))
	if reply.Code/100 == 5 {
		return &refusal{err: err}
	}
	return err
}

// plainAuth is SASL's PLAIN (RFC 4616). The connection is encrypted or does not
// leave the machine: see secure.
type plainAuth struct{ user, password string }

func (a plainAuth) Start(*smtp.ServerInfo) (string, []byte, error) {
	return "PLAIN", []byte("\x00" + a.user + "\x00" + a.password), nil
}

func (a plainAuth) Next(_ []byte, more bool) ([]byte, error) {
	if more {
		return nil, fmt.Errorf("%w: the server asks for more than PLAIN has", store.ErrUnexpected)
	}
	return nil, nil
}

// loginAuth is the mechanism LOGIN, which some servers offer alone: the server
// asks for the name, then for the password.
type loginAuth struct{ user, password string }

func (a *loginAuth) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }

func (a *loginAuth) Next(fromServer []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	switch ask := strings.ToLower(string(fromServer)); {
	case strings.HasPrefix(ask, "user"):
		return []byte(a.user), nil
	case strings.HasPrefix(ask, "pass"):
		return []byte(a.password), nil
	}
	return nil, fmt.Errorf("%w: the server asks %q", store.ErrUnexpected, clean(string(fromServer), maxSaid))
}

// limited is a connection from which only so much can be read.
type limited struct {
	net.Conn
	left int
}

// Read errors with store.ErrTooLarge once too much was read.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("%w: the server says too much", store.ErrTooLarge)
	}
	n, err := l.Conn.Read(p[:min(len(p), l.left)])
	l.left -= n
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("reading from the mail server: %w", err)
	}
	return n, err
}

// isLoopback reports whether a connection's other end is this machine.
func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}
