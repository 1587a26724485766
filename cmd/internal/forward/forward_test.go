package forward

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stet/store"
	"stet/store/storetest"
)

type memFiles map[string]string

func (m memFiles) Stat(name string) (bool, bool, error) {
	_, ok := m[name]
	return ok, false, nil
}

func (m memFiles) Read(name string, max int64) ([]byte, error) {
	s := m[name]
	return []byte(s[:min(int64(len(s)), max)]), nil
}

// serve runs a service in a folder and returns how to call it.
func serve(t *testing.T, run Run) func(ctx context.Context, r Request, l Local) (int, error) {
	t.Helper()
	path := Path(t.TempDir(), t.TempDir())
	l, err := Listen(t.Context(), path, -1)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket %v, %v", info, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, "1", run) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is left behind: %v", err)
		}
	})
	return func(ctx context.Context, r Request, local Local) (int, error) {
		c, err := Dial(ctx, path)
		if err != nil || c == nil {
			t.Fatalf("dial: %v, %v", c, err)
		}
		return Call(ctx, c, r, local)
	}
}

func TestCall(t *testing.T) {
	call := serve(t, func(_ context.Context, r Request, l Local) int {
		in, err := io.ReadAll(l.Stdin)
		if err != nil {
			t.Error(err)
		}
		file, err := l.Files.Read("a.html", 3)
		if err != nil {
			t.Error(err)
		}
		if exists, _, err := l.Files.Stat("b.html"); exists || err != nil {
			t.Errorf("b.html: %t, %v", exists, err)
		}
		fmt.Fprintf(l.Stdout, "%s|%d|%s", strings.Join(r.Args, " "), len(in), file)
		fmt.Fprint(l.Stderr, "a word")
		return 3
	})
	var out, errs bytes.Buffer
	code, err := call(t.Context(), Request{Version: "1", Args: []string{"capture", "-"}},
		Local{Stdin: strings.NewReader(strings.Repeat("x", 300_000)), Stdout: &out, Stderr: &errs, Files: memFiles{"a.html": "abcdef"}})
	if code != 3 || err != nil || out.String() != "capture -|300000|abc" || errs.String() != "a word" {
		t.Errorf("code %d, %v, out %q, err %q", code, err, out.String(), errs.String())
	}
}

func TestCallOfAnotherVersion(t *testing.T) {
	call := serve(t, func(context.Context, Request, Local) int { t.Error("it was run"); return 0 })
	_, err := call(t.Context(), Request{Version: "2"}, Local{Stdin: strings.NewReader("")})
	if !errors.Is(err, store.ErrBusy) || !strings.Contains(err.Error(), "restart the service") {
		t.Errorf("error %v", err)
	}
}

// TestInterrupt: Ctrl-C at the client ends the command, also while it waits for
// input that never comes.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	call := serve(t, func(ctx context.Context, _ Request, l Local) int {
		cancel()
		if _, err := l.Stdin.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("reading ended with %v", err)
		}
		<-ctx.Done()
		return 130
	})
	never, w := io.Pipe()
	defer w.Close()
	code, err := call(ctx, Request{Version: "1"}, Local{Stdin: never, Stdout: io.Discard, Stderr: io.Discard})
	if code != 130 || err != nil {
		t.Errorf("code %d, %v", code, err)
	}
}

func TestServiceGoesAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err == nil {
			c.Close()
		}
	}()
	defer l.Close()
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Call(t.Context(), c, Request{Version: "1"}, Local{Stdin: strings.NewReader("")}); !errors.Is(err, store.ErrBusy) {
		t.Errorf("error %v", err)
	}
}

func TestStaleSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if c, err := Dial(t.Context(), path); c != nil || err != nil {
		t.Errorf("dial of a socket that was left behind: %v, %v", c, err)
	}
	if c, err := Dial(t.Context(), path+"x"); c != nil || err != nil {
		t.Errorf("dial of no socket: %v, %v", c, err)
	}
	again, err := Listen(t.Context(), path, -1)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// TestLetIn: the members of a group may pass through the folder to the socket,
// and do nothing else there; a folder that is open already stays as it is.
func TestLetIn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes and groups are those of Unix")
	}
	for _, tt := range []struct{ mode, want os.FileMode }{{0o700, 0o710}, {0o710, 0o710}, {0o755, 0o755}} {
		dir := filepath.Join(t.TempDir(), "archive")
		if err := errors.Join(os.Mkdir(dir, tt.mode), os.Chmod(dir, tt.mode), LetIn(dir, os.Getgid())); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != tt.want {
			t.Errorf("%o became %o, %v; want %o", tt.mode, info.Mode().Perm(), err, tt.want)
		}
	}
}

func TestPathIsShort(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("folder/", 30))
	if p := Path(long, "/tmp"); len(p) > maxPath || !strings.HasPrefix(p, "/tmp/stet-") {
		t.Errorf("path %s", p)
	}
	if Path(long, "/tmp") == Path(long+"x", "/tmp") {
		t.Error("two archives share a socket")
	}
}

// TestPeer: the service is told who asks by the system, not by the client.
func TestPeer(t *testing.T) {
	me, err := user.Current()
	storetest.Need(t, err == nil, "a user of the system with a name")
	seen := make(chan string, 1)
	call := serve(t, func(_ context.Context, _ Request, l Local) int {
		seen <- l.User
		return 0
	})
	if code, err := call(t.Context(), Request{Version: "1"}, Local{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Files: memFiles{}, User: "somebody else"}); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	want := me.Username
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		want = ""
	}
	if got := <-seen; got != want {
		t.Errorf("%q asked, want %q", got, want)
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if got := peerOf(a); got != "" {
		t.Errorf("the other end of a pipe is %q", got)
	}
}

// TestPatience: a service is at work for as long as it shows that it is there,
// and given up where it does not.
func TestPatience(t *testing.T) {
	for name, tt := range map[string]struct {
		// beats is for how long the service shows that it is there, silence for
		// how long it then does not, before it answers.
		beats, silence time.Duration
		told           int
		busy           bool
	}{
		"at work for a day": {beats: 24 * time.Hour},
		"late":              {beats: time.Minute, silence: quietTime + time.Second, told: 1},
		"stopped":           {beats: time.Minute, silence: time.Hour, told: 1, busy: true},
		"stopped before":    {silence: time.Hour, told: 1, busy: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, its := net.Pipe()
				defer its.Close()
				var group sync.WaitGroup
				defer group.Wait()
				group.Go(func() {
					f, ended := &framed{rw: its}, make(chan struct{})
					if _, ok := begin(f, "1"); !ok {
						return
					}
					go func() { io.Copy(io.Discard, its) }()
					go beat(f, ended)
					time.Sleep(tt.beats)
					close(ended)
					time.Sleep(tt.silence)
					f.write(frameExit, []byte("0"))
				})
				conn := local(ours)
				conn.service, conn.stuck = "process 4711", "wake it"
				var told, followed []string
				began := time.Now()
				code, err := Call(t.Context(), conn, Request{Version: "1"}, Local{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
					Tell: func(s string) { told = append(told, s) }, Follow: func(s string) { followed = append(followed, s) }})
				took := time.Since(began)
				if len(told) != tt.told || tt.told > 0 && !strings.Contains(told[0], "process 4711 has not been heard for 10s") {
					t.Errorf("told %q, want %d", told, tt.told)
				}
				if most := tt.beats/followTime + 1; followed[0] != "handed to process 4711" || len(followed) < int(most)/2 || len(followed) > int(most) {
					t.Errorf("followed by %d sentences, %q…", len(followed), followed[0])
				}
				if !tt.busy {
					if code != 0 || err != nil || took != tt.beats+tt.silence {
						t.Errorf("code %d, %v, after %s", code, err, took)
					}
					return
				}
				if !errors.Is(err, store.ErrBusy) || !strings.Contains(err.Error(), "process 4711 does not answer: it is stopped or hangs; wake it") {
					t.Errorf("error %v", err)
				}
				if want := tt.beats + 2*quietTime; took > want || took < want-2*beatTime {
					t.Errorf("given up after %s, want %s", took, want)
				}
			})
		})
	}
}
