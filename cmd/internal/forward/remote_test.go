package forward

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stet/store"
)

// door is a gate that a test opens and closes.
type door struct {
	mu     sync.Mutex
	closed bool
	denied error
	broken error
}

func (d *door) Open() (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.closed, d.broken
}

func (d *door) Check(secret string) (Caller, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if secret != "stet_right" {
		return Caller{}, fmt.Errorf("%w: the token is not known", store.ErrRefused)
	}
	return Caller{Name: "desk", Role: "read"}, d.denied
}

// remote runs a service for other machines and returns its host.
func remote(t *testing.T, d *door, run func(context.Context, Caller, Request, Local) int) (*Remote, string) {
	t.Helper()
	s := &Remote{Version: "1", Gate: d, Run: run, Report: func(Caller, string, string, error) {}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	server := &http.Server{Handler: s, ReadTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return ctx }}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(server.Close(), <-done); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		s.Wait()
	})
	return s, l.Addr().String()
}

// reach connects to a service.
func reach(t *testing.T, host, token string) (net.Conn, error) {
	t.Helper()
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	return Upgrade(t.Context(), c, host, CommandPath, token)
}

func TestRemote(t *testing.T) {
	_, host := remote(t, &door{}, func(_ context.Context, who Caller, r Request, l Local) int {
		in, err := io.ReadAll(l.Stdin)
		if err != nil {
			t.Error(err)
		}
		file, err := l.Files.Read("a.html", 100)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(l.Stdout, "%s %s|%s|%d|%s", who.Name, who.Role, r.Args, len(in), file)
		return 3
	})
	c, err := reach(t, host, "stet_right")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code, err := Call(t.Context(), c, Request{Version: "1", Args: []string{"show"}},
		Local{Stdin: strings.NewReader(strings.Repeat("x", 300_000)), Stdout: &out, Stderr: io.Discard, Files: memFiles{"a.html": "abc"}})
	if code != 3 || err != nil || out.String() != "desk read|[show]|300000|abc" {
		t.Errorf("code %d, %v, out %q", code, err, out.String())
	}
	if c, err = reach(t, host, "stet_right"); err != nil {
		t.Fatal(err)
	}
	if _, err := Call(t.Context(), c, Request{Version: "2"}, Local{Stdin: strings.NewReader("")}); !errors.Is(err, store.ErrBusy) || !strings.Contains(err.Error(), "is stet 1, this is stet 2") {
		t.Errorf("another version: %v", err)
	}
	if _, err := reach(t, host, "stet_wrong"); !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), "the token is not known; ask its operator") {
		t.Errorf("a wrong token: %v", err)
	}
}

// TestAdmit: what is not a command of the program with a token runs nothing.
func TestAdmit(t *testing.T) {
	upgrade := map[string]string{"Authorization": "Bearer stet_right", "Connection": "keep-alive, Upgrade", "Upgrade": Protocol}
	for _, tt := range []struct {
		name   string
		door   *door
		method string
		header map[string]string
		body   string
		status int
		detail string
	}{
		{"nobody is let in", &door{closed: true}, "POST", nil, "", 404, "are not taken here"},
		{"broken tokens", &door{broken: fmt.Errorf("%w: /srv/secret/tokens.json", store.ErrCorrupt)}, "POST", nil, "", 503, "its log says why"},
		{"no token", &door{}, "POST", map[string]string{"Authorization": ""}, "", 401, "a token is needed"},
		{"a password", &door{}, "POST", map[string]string{"Authorization": "Basic c3RldF9yaWdodA=="}, "", 401, "a token is needed"},
		{"a wrong token", &door{}, "POST", map[string]string{"Authorization": "Bearer stet_wrong"}, "", 401, "not known"},
		{"a long token", &door{}, "POST", map[string]string{"Authorization": "Bearer " + strings.Repeat("x", 300)}, "", 401, "a token is needed"},
		{"an ended token", &door{denied: fmt.Errorf("%w: the token desk expired", store.ErrRefused)}, "POST", nil, "", 401, "desk expired"},
		{"GET", &door{}, "GET", nil, "", 405, "POSTed"},
		{"a page", &door{}, "POST", map[string]string{"Origin": "https://evil.example"}, "", 403, "browsers"},
		{"a page of our own", &door{}, "POST", map[string]string{"Origin": "null"}, "", 403, "browsers"},
		{"a browser", &door{}, "POST", map[string]string{"Sec-Fetch-Site": "none"}, "", 403, "browsers"},
		{"a cookie", &door{}, "POST", map[string]string{"Cookie": "a=b"}, "", 403, "browsers"},
		{"no upgrade", &door{}, "POST", map[string]string{"Upgrade": ""}, "", 426, "has to be upgraded"},
		{"a web socket", &door{}, "POST", map[string]string{"Upgrade": "websocket"}, "", 426, "has to be upgraded"},
		{"a body", &door{}, "POST", nil, "x", 400, "has a body"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &Remote{Version: "1", Gate: tt.door, Report: func(Caller, string, string, error) {},
				Run: func(context.Context, Caller, Request, Local) int { t.Error("it was run"); return 0 }}
			r := httptest.NewRequestWithContext(t.Context(), tt.method, CommandPath, strings.NewReader(tt.body))
			for _, h := range []map[string]string{upgrade, tt.header} {
				for name, v := range h {
					if r.Header.Set(name, v); v == "" {
						r.Header.Del(name)
					}
				}
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.detail) || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
				t.Errorf("%v", w.Header())
			}
		})
	}
}

// TestRemoteInterrupted: Ctrl-C, a client that goes away, and a service that
// stops all end the command.
func TestRemoteInterrupted(t *testing.T) {
	began, ended := make(chan struct{}, 1), make(chan struct{}, 1)
	_, host := remote(t, &door{}, func(ctx context.Context, _ Caller, _ Request, _ Local) int {
		began <- struct{}{}
		<-ctx.Done()
		ended <- struct{}{}
		return 130
	})
	call := func(ctx context.Context, c net.Conn) (int, error) {
		return Call(ctx, c, Request{Version: "1"}, Local{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard})
	}
	c, err := reach(t, host, "stet_right")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-began
		cancel()
	}()
	if code, err := call(ctx, c); code != 130 || err != nil {
		t.Errorf("Ctrl-C: %d, %v", code, err)
	}
	<-ended
	if c, err = reach(t, host, "stet_right"); err != nil {
		t.Fatal(err)
	}
	go func() {
		<-began
		c.Close()
	}()
	if _, err := call(t.Context(), c); !errors.Is(err, store.ErrBusy) {
		t.Errorf("gone: %v", err)
	}
	<-ended
}

// TestStuckClient: one that takes nothing more does not hold up a service that
// stops.
func TestStuckClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe() // nobody reads there
		defer there.Close()
		ctx, cancel := context.WithCancel(t.Context())
		ended := closeLate(ctx, here)
		began := time.Now()
		time.AfterFunc(time.Hour, cancel)
		if _, err := here.Write([]byte("x")); err == nil || time.Since(began) != time.Hour+stopTime {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ended()
		// A command that ends in time is not touched.
		here, there = net.Pipe()
		ctx, cancel = context.WithCancel(t.Context())
		ended = closeLate(ctx, here)
		cancel()
		ended()
		time.Sleep(2 * stopTime)
		go io.Copy(io.Discard, there)
		if _, err := here.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		here.Close()
	})
}

// TestTooManyCommands: those that are too many are told to come back.
func TestTooManyCommands(t *testing.T) {
	release := make(chan struct{})
	began := make(chan struct{})
	_, host := remote(t, &door{}, func(context.Context, Caller, Request, Local) int {
		began <- struct{}{}
		<-release
		return 0
	})
	var group sync.WaitGroup
	for range maxCommands {
		c, err := reach(t, host, "stet_right")
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			if _, err := Call(t.Context(), c, Request{Version: "1"}, Local{Stdin: strings.NewReader("")}); err != nil {
				t.Error(err)
			}
		})
		<-began
	}
	if _, err := reach(t, host, "stet_right"); !errors.Is(err, store.ErrBusy) || !strings.Contains(err.Error(), "run already") {
		t.Errorf("one too many: %v", err)
	}
	close(release)
	group.Wait()
}

// TestRemoteIsNoService: what answers there is another server.
func TestRemoteIsNoService(t *testing.T) {
	for _, status := range []int{200, 302, 400, 404, 502} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		_, err := reach(t, strings.TrimPrefix(server.URL, "http://"), "stet_right")
		if !errors.Is(err, store.ErrUnexpected) || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
	}
}

// TestFirstFrameIsSmall: before anything is believed, little is read.
func TestFirstFrameIsSmall(t *testing.T) {
	_, host := remote(t, &door{}, func(context.Context, Caller, Request, Local) int { t.Error("it was run"); return 0 })
	c, err := reach(t, host, "stet_right")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	head := binary.BigEndian.AppendUint32([]byte{frameRequest}, maxRequest+1)
	if _, err := c.Write(head); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
}

// TestTokenEndsWhileACommandRuns: the command ends within the time of one sign
// of life, and the client is told.
func TestTokenEndsWhileACommandRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &door{}
		s := &Remote{Gate: d}
		var sent bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.watch(ctx, cancel, &framed{rw: &sent}, "Bearer stet_right")
		}()
		time.Sleep(3*aliveTime + time.Second)
		synctest.Wait()
		if ctx.Err() != nil || sent.Len() != 3*5 {
			t.Errorf("after a minute: %v, %q", ctx.Err(), sent.String())
		}
		d.mu.Lock()
		d.denied = fmt.Errorf("%w: the token desk was revoked", store.ErrRefused)
		d.mu.Unlock()
		time.Sleep(aliveTime)
		<-done
		if ctx.Err() == nil || !strings.Contains(sent.String(), "the token desk was revoked") {
			t.Errorf("after it was revoked: %v, %q", ctx.Err(), sent.String())
		}
	})
}
