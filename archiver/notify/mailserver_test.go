package notify_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/archiver/fetch"
	"stet/archiver/notify"
)

// mailServer is an SMTP server inside the process.
type mailServer struct {
	w *world
	// implicit speaks TLS from the start, startTLS offers it, auth are the
	// mechanisms that are offered after TLS (or always, where there is none).
	implicit, startTLS bool
	auth               string
	url                string
	loopback           bool

	mu sync.Mutex
	// reply gives another reply than usual to a command (the text of a mail is
	// the command "."), or "".
	reply    func(command string) string
	got      []receivedMail
	commands []string
}

// receivedMail is a mail that the server took.
type receivedMail struct {
	from string
	to   []string
	data []byte
	user string
	tls  bool
}

// joinMail lets a client reach the mail servers of the world.
func (w *world) joinMail(o *fetch.Options) {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: begin().Add(-time.Hour), NotAfter: begin().Add(24 * 366 * time.Hour),
		DNSNames: []string{"mail.example"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		w.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		w.t.Fatal(err)
	}
	w.cert = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	o.RootCAs = x509.NewCertPool()
	o.RootCAs.AppendCertsFromPEM(w.net.CAPEM())
	o.RootCAs.AddCert(leaf)
	w.servers = map[netip.AddrPort]*mailServer{}
	web := o.Dial
	o.Dial = func(ctx context.Context, network string, addr netip.AddrPort) (net.Conn, error) {
		w.mu.Lock()
		s := w.servers[addr]
		w.mu.Unlock()
		if s == nil {
			return web(ctx, network, addr)
		}
		client, server := net.Pipe()
		go s.serve(server)
		if s.loopback {
			return &fromHere{client}, nil
		}
		return client, nil
	}
}

// fromHere is a connection to this machine.
type fromHere struct{ net.Conn }

func (fromHere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 25} }

// mailServer puts a server with STARTTLS at port 587 of a host.
func (w *world) mailServer(host string, change func(*mailServer)) *mailServer {
	s := &mailServer{w: w, startTLS: true, url: "smtp://" + host}
	if change != nil {
		change(s)
	}
	port := uint16(587)
	if s.implicit {
		port, s.url = 465, "smtps://"+host
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		w.net.Handle(host, http.NotFoundHandler())
		addr = w.net.Address(host)
	}
	w.mu.Lock()
	w.servers[netip.AddrPortFrom(addr, port)] = s
	w.mu.Unlock()
	return s
}

// target is a target that is told by the server.
func (s *mailServer) target() notify.Target {
	return notify.Target{Name: "mail", Kind: notify.Email, URL: s.url, From: "stet <stet@newsroom.example>", To: []string{"Desk <desk@newsroom.example>"}}
}

func (s *mailServer) mails() []receivedMail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// session is what one connection has said so far.
type session struct {
	s    *mailServer
	conn net.Conn
	r    *bufio.Reader
	mail receivedMail
	user string
	tls  bool
}

func (s *mailServer) serve(c net.Conn) {
	defer c.Close()
	x := &session{s: s, conn: c, r: bufio.NewReader(c)}
	if s.implicit && !x.begin() {
		return
	}
	x.say("220 mail.example ESMTP")
	for {
		line, err := x.r.ReadString('\n')
		if err != nil {
			return
		}
		if !x.command(strings.TrimSpace(line)) {
			return
		}
	}
}

func (x *session) say(format string, args ...any) { fmt.Fprintf(x.conn, format+"\r\n", args...) }

// begin begins TLS.
func (x *session) begin() bool {
	tc := tls.Server(x.conn, &tls.Config{Certificates: []tls.Certificate{*x.s.w.cert}, Time: time.Now})
	if tc.Handshake() != nil {
		return false
	}
	x.conn, x.r, x.tls = tc, bufio.NewReader(tc), true
	return true
}

// usual is the server's reply, or another one.
func (x *session) usual(command, reply string) bool {
	x.s.mu.Lock()
	x.s.commands = append(x.s.commands, command)
	if x.s.reply != nil {
		if other := x.s.reply(command); other != "" {
			reply = other
		}
	}
	x.s.mu.Unlock()
	x.say("%s", reply)
	return reply[0] == '2' || reply[0] == '3'
}

func (x *session) command(line string) bool {
	verb, _, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		x.say("250-mail.example")
		if x.s.startTLS && !x.tls && !x.s.implicit {
			x.say("250-STARTTLS")
		}
		if x.s.auth != "" && (x.tls || !x.s.startTLS) {
			x.say("250-AUTH " + x.s.auth)
		}
		x.say("250 8BITMIME")
	case "STARTTLS":
		return x.usual(line, "220 go on") && x.begin()
	case "AUTH":
		x.authenticate(line)
	case "MAIL":
		x.mail = receivedMail{from: line, user: x.user, tls: x.tls}
		x.usual(line, "250 ok")
	case "RCPT":
		if x.usual(line, "250 ok") {
			x.mail.to = append(x.mail.to, strings.TrimSuffix(strings.TrimPrefix(line, "RCPT TO:<"), ">"))
		}
	case "DATA":
		if !x.usual(line, "354 go on") {
			return true
		}
		data, err := io.ReadAll(textproto.NewReader(x.r).DotReader())
		if err != nil {
			return false
		}
		if x.usual(".", "250 queued") {
			x.mail.data = data
			x.s.mu.Lock()
			x.s.got = append(x.s.got, x.mail)
			x.s.mu.Unlock()
		}
	case "QUIT":
		x.say("221 bye")
		return false
	default:
		x.say("500 what?")
	}
	return true
}

// authenticate knows one user, ada, with the password "pass word".
func (x *session) authenticate(line string) {
	fields := strings.Fields(line)
	read := func() string {
		l, _ := x.r.ReadString('\n')
		b, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(l))
		return string(b)
	}
	var user, password string
	switch fields[1] {
	case "PLAIN":
		b, _ := base64.StdEncoding.DecodeString(fields[2])
		parts := strings.Split(string(b), "\x00")
		user, password = parts[1], parts[2]
	case "LOGIN":
		x.say("334 " + base64.StdEncoding.EncodeToString([]byte("Username:")))
		user = read()
		x.say("334 " + base64.StdEncoding.EncodeToString([]byte("Password:")))
		password = read()
	}
	if user == "ada" && password == "pass word" {
		x.user = user
		x.say("235 welcome")
	} else {
		x.say("535 5.7.8 no such log-in")
	}
}

// parsed reads the mail as a mail program does.
func (m *receivedMail) parsed(t *testing.T) *mail.Message {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(m.data))
	if err != nil {
		t.Fatalf("%v in %s", err, m.data)
	}
	return msg
}

func (m *receivedMail) subject(t *testing.T) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(m.parsed(t).Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// part returns the part of a media type, decoded.
func (m *receivedMail) part(t *testing.T, mediaType string) string {
	t.Helper()
	msg := m.parsed(t)
	whole, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || whole != "multipart/alternative" {
		t.Fatalf("type %q, %v", whole, err)
	}
	r := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err != nil {
			t.Fatalf("no part %s: %v", mediaType, err)
		}
		if p.Header.Get("Content-Type") != mediaType+"; charset=utf-8" || p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			continue
		}
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(b), "\r\n", "\n")
	}
}

func (m *receivedMail) text(t *testing.T) string {
	t.Helper()
	return m.part(t, "text/plain")
}
