package forward

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"stet/store"
)

// CommandPath is where commands from other machines are taken, and Protocol
// what the connection is upgraded to.
const (
	CommandPath = "/api/v1/command"
	Protocol    = "stet-command"
)

// The times and limits of commands from other machines.
const (
	// requestTime is how long a client may take to say what it wants.
	requestTime = 30 * time.Second
	// aliveTime is how often the service shows that it is there, and looks
	// whether the token still holds. Proxies commonly end what is silent for a
	// minute. A client that hears nothing for silentTime says so, and gives up
	// after as long again.
	aliveTime  = 20 * time.Second
	silentTime = 2 * aliveTime
	// stuckTime is how long a client may take nothing of what it is sent: a
	// person can leave a pager open for a while.
	stuckTime = 10 * time.Minute
	// maxCommands is how many commands from other machines run at a time.
	maxCommands = 16
)

// Caller is who runs a command from another machine.
type Caller struct {
	// Name is that of the token, Role what it allows.
	Name, Role string
}

// Gate says who may run commands from other machines.
type Gate interface {
	// Open reports whether anybody may at all.
	Open() (bool, error)
	// Check returns who holds a token. It errors with ErrRefused where it opens
	// nothing.
	Check(secret string) (Caller, error)
}

// Remote is the handler of commands from other machines.
type Remote struct {
	// Version is that of the program: others are refused.
	Version string
	Gate    Gate
	// Run runs a command for a caller.
	Run func(ctx context.Context, who Caller, r Request, l Local) int
	// Report is told of every request from another machine: who it was, from
	// where, what was to be run, and why it was refused.
	Report func(who Caller, address, command string, err error)

	group sync.WaitGroup
	mu    sync.Mutex
	now   int // commands that run
}

// Wait blocks until the commands that run have ended. They end when the context
// of the server's requests does.
func (s *Remote) Wait() { s.group.Wait() }

// ServeHTTP takes a command.
func (s *Remote) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.group.Add(1)
	defer s.group.Done()
	w.Header().Set("Cache-Control", "no-store")
	who, status, err := s.admit(r)
	if err != nil {
		s.Report(who, r.RemoteAddr, "", err)
		problem(w, status, err)
		return
	}
	if !s.enter() {
		err := fmt.Errorf("%w: %d commands from other machines run already; try again in a moment", store.ErrBusy, maxCommands)
		s.Report(who, r.RemoteAddr, "", err)
		w.Header().Set("Retry-After", "10")
		problem(w, http.StatusServiceUnavailable, err)
		return
	}
	defer s.leave()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		problem(w, http.StatusInternalServerError, fmt.Errorf("%w: the connection cannot be upgraded", store.ErrUnexpected))
		return
	}
	defer conn.Close()
	s.serve(r, who, conn, buffered.Reader)
}

// errNobody is the answer where there is no token: an archive that is not meant
// for others does not even ask for one.
var errNobody = fmt.Errorf("%w: commands from other machines are not taken here; `stet token add`, on the machine of the archive, opens it to them", store.ErrNotFound)

// admit says who asks, or why nothing is run, with the status of the answer.
func (s *Remote) admit(r *http.Request) (who Caller, status int, err error) {
	open, err := s.Gate.Open()
	switch {
	case err != nil:
		// What is wrong with the tokens is for the operator, who reads the log.
		s.Report(who, r.RemoteAddr, "", err)
		return who, http.StatusServiceUnavailable, fmt.Errorf("%w: the tokens of the service cannot be read; its log says why", store.ErrBusy)
	case !open:
		return who, http.StatusNotFound, errNobody
	case r.Method != http.MethodPost:
		return who, http.StatusMethodNotAllowed, fmt.Errorf("%w: commands are POSTed", store.ErrUsage)
	case fromBrowser(r.Header):
		return who, http.StatusForbidden, fmt.Errorf("%w: commands are not taken from browsers", store.ErrRefused)
	}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(r.Header["Authorization"]) != 1 || len(secret) > 256 {
		return who, http.StatusUnauthorized, fmt.Errorf("%w: a token is needed", store.ErrRefused)
	}
	if who, err = s.Gate.Check(strings.TrimSpace(secret)); err != nil {
		return who, http.StatusUnauthorized, err
	}
	switch {
	case !hasToken(r.Header["Connection"], "upgrade") || !hasToken(r.Header["Upgrade"], Protocol):
		return who, http.StatusUpgradeRequired, fmt.Errorf("%w: the connection has to be upgraded to %s; a proxy in between has to hand the upgrade on", store.ErrUsage, Protocol)
	case r.ContentLength != 0:
		return who, http.StatusBadRequest, fmt.Errorf("%w: the request has a body", store.ErrUsage)
	}
	return who, 0, nil
}

// fromBrowser reports whether a request has what only browsers send. They send
// no token by themselves; this is for the day when one is put into a page.
func fromBrowser(h http.Header) bool {
	for name := range h {
		if name == "Origin" || name == "Cookie" || name == "Referer" || strings.HasPrefix(name, "Sec-") {
			return true
		}
	}
	return false
}

// hasToken reports whether a header that is a list holds a word.
func hasToken(values []string, word string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		return slices.ContainsFunc(strings.Split(v, ","), func(p string) bool { return strings.EqualFold(strings.TrimSpace(p), word) })
	})
}

// problem answers with an error as RFC 9457 writes it.
func problem(w http.ResponseWriter, status int, err error) {
	h := w.Header()
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="stet"`)
	case http.StatusUpgradeRequired:
		h.Set("Upgrade", Protocol)
		h.Set("Connection", "Upgrade")
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The status is sent: a client that has gone cannot be told more.
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": store.ClassOf(err).Name, "status": status, "detail": detail(err)})
}

// detail is an error without the words of its class.
func detail(err error) string {
	if class := store.ClassOf(err).Err; class != nil {
		return strings.TrimPrefix(err.Error(), class.Error()+": ")
	}
	return err.Error()
}

func (s *Remote) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now >= maxCommands {
		return false
	}
	s.now++
	return true
}

func (s *Remote) leave() {
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
}

// serve speaks the protocol over a connection that is no longer the server's.
func (s *Remote) serve(r *http.Request, who Caller, conn net.Conn, in *bufio.Reader) {
	// The server's deadlines were for a page.
	if err := conn.SetDeadline(time.Now().Add(requestTime)); err != nil {
		return
	}
	if _, err := conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + Protocol + "\r\n\r\n")); err != nil {
		return
	}
	defer closeLate(r.Context(), conn)()
	f := &framed{rw: &timely{Conn: conn, in: in, write: stuckTime}}
	request, ok := begin(f, s.Version)
	if !ok {
		s.Report(who, r.RemoteAddr, "", fmt.Errorf("%w: no command of this version arrived", store.ErrInvalid))
		return
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	var watching sync.WaitGroup
	watching.Go(func() { s.watch(ctx, cancel, f, r.Header.Get("Authorization")) })
	serveCommand(ctx, f, request, func(ctx context.Context, r Request, l Local) int { return s.Run(ctx, who, r, l) })
	cancel()
	watching.Wait()
}

// watch shows the client that the service is there, and ends the command when
// the token no longer holds.
func (s *Remote) watch(ctx context.Context, cancel func(), f *framed, authorization string) {
	_, secret, _ := strings.Cut(authorization, " ")
	tick := time.NewTicker(aliveTime)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := f.write(frameAlive, nil)
		if _, denied := s.Gate.Check(strings.TrimSpace(secret)); err == nil && denied != nil {
			err = denied
			// Where it has gone meanwhile, there is nobody to tell.
			_ = f.write(frameErr, []byte("stet: the service ends the command: "+detail(denied)+"\n"))
		}
		if err != nil {
			cancel()
			return
		}
	}
}

// timely is a connection on which neither side waits for ever.
type timely struct {
	net.Conn
	in *bufio.Reader
	// read and write are how long one of them may take; 0 leaves the deadline
	// as it is. Reading is tried a second time: where this process was stopped,
	// or the machine slept, what was sent meanwhile is there.
	read, write time.Duration
	// silent is called before the second time; nil for nobody.
	silent func()
	// service says whose the other end is, and stuck what to do where it does not
	// answer.
	service, stuck string
}

// Read reads what was sent.
func (t *timely) Read(p []byte) (int, error) {
	n, err := t.readOnce(p)
	if t.read > 0 && n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		if t.silent != nil {
			t.silent()
		}
		n, err = t.readOnce(p)
	}
	return n, err
}

func (t *timely) readOnce(p []byte) (int, error) {
	if t.read > 0 {
		if err := t.SetReadDeadline(time.Now().Add(t.read)); err != nil {
			return 0, err
		}
	}
	return t.in.Read(p)
}

// Write sends.
func (t *timely) Write(p []byte) (int, error) {
	if t.write > 0 {
		if err := t.SetWriteDeadline(time.Now().Add(t.write)); err != nil {
			return 0, err
		}
	}
	return t.Conn.Write(p)
}

// Upgrade asks the service at the other end of conn, whose address is
// https://host/path, to take a command, and returns the connection for [Call].
// It errors with ErrRefused where the token does not open it, and closes conn
// where it errors.
func Upgrade(ctx context.Context, conn net.Conn, host, path, token string) (_ net.Conn, err error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		stop()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if err != nil {
			_ = conn.Close() // the first error says what is wrong
		}
	}()
	if err := conn.SetDeadline(time.Now().Add(requestTime)); err != nil {
		return nil, fmt.Errorf("%w: setting the patience with the service at %s: %w", store.ErrNetwork, host, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+host+path, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: the address of the service: %w", store.ErrUsage, err)
	}
	r.Header = http.Header{"Authorization": {"Bearer " + token}, "Connection": {"Upgrade"}, "Upgrade": {Protocol}, "User-Agent": {"stet"}}
	if err := r.Write(conn); err != nil {
		return nil, fmt.Errorf("%w: asking the service at %s: %w", store.ErrNetwork, host, err)
	}
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, r)
	if err != nil {
		return nil, fmt.Errorf("%w: the service at %s does not answer: %w", store.ErrNetwork, host, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols || !hasToken(resp.Header["Upgrade"], Protocol) {
		return nil, refusal(host, resp)
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("%w: setting the patience with the service at %s: %w", store.ErrNetwork, host, err)
	}
	return &timely{Conn: conn, in: in, read: silentTime, write: stuckTime, service: "the service at " + host, stuck: "check the connection, or ask its operator"}, nil
}

// refusal says why a service does not take a command.
func refusal(host string, resp *http.Response) error {
	var p struct {
		Detail string `json:"detail"`
	}
	ours := strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") &&
		json.NewDecoder(http.MaxBytesReader(nil, resp.Body, 64<<10)).Decode(&p) == nil && p.Detail != ""
	switch {
	case !ours:
		return fmt.Errorf("%w: %s answers %d where stet takes commands; check the address of --server, and that a proxy in between hands the upgrade of %s on",
			store.ErrUnexpected, host, resp.StatusCode, CommandPath)
	case resp.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%w: %s: %s; ask its operator for a token (`stet token add`)", store.ErrRefused, host, p.Detail)
	case resp.StatusCode == http.StatusServiceUnavailable:
		return fmt.Errorf("%w: %s: %s", store.ErrBusy, host, p.Detail)
	}
	return fmt.Errorf("%w: %s: %s", store.ErrRefused, host, p.Detail)
}
