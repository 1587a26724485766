package forward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"stet/store"
)

// Run runs a command for a client and returns its exit code.
type Run func(ctx context.Context, r Request, l Local) int

// Serve runs commands for those who connect, each in a goroutine of its own,
// until ctx ends; then it closes l, interrupts the commands and waits for them.
// version is that of the program: others are refused.
func Serve(ctx context.Context, l net.Listener, version string, run Run) (err error) {
	var group sync.WaitGroup
	defer group.Wait()
	closed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { closed <- l.Close() })
	defer func() {
		if stop() {
			closed <- l.Close()
		}
		err = errors.Join(err, <-closed)
	}()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if conn != nil {
				return conn.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: accepting a command on the socket: %w", store.ErrBusy, err)
		}
		group.Go(func() {
			defer conn.Close()
			defer closeLate(ctx, conn)()
			user := peerOf(conn)
			f, ended := &framed{rw: conn}, make(chan struct{})
			defer close(ended)
			group.Go(func() { beat(f, ended) })
			serveOne(ctx, f, version, func(ctx context.Context, r Request, l Local) int {
				l.User = user
				return run(ctx, r, l)
			})
		})
	}
}

// stopTime is how long a command may take to end once the service does: a
// client that takes nothing more must not hold it up.
const stopTime = 5 * time.Second

// closeLate closes a connection some time after ctx has ended, unless the
// returned function was called before.
func closeLate(ctx context.Context, conn net.Conn) func() {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		late := time.NewTimer(stopTime)
		defer late.Stop()
		select {
		case <-late.C:
			_ = conn.Close() // whoever uses it gets the error
		case <-ended:
		}
	})
	return func() {
		stop()
		close(ended)
	}
}

// serveOne serves one command.
func serveOne(ctx context.Context, f *framed, version string, run Run) {
	if r, ok := begin(f, version); ok {
		serveCommand(ctx, f, r, run)
	}
}

// beatTime is how often a service shows a client on the same machine that it is
// there.
const beatTime = 2 * time.Second

// beat shows a client that the service is there until ended is closed, or the
// connection is.
func beat(f *framed, ended <-chan struct{}) {
	tick := time.NewTicker(beatTime)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ended:
			return
		}
		if f.write(frameAlive, nil) != nil {
			return // whoever reads sees the end, too
		}
	}
}

// begin reads what is to be run. Where that cannot be, it says so to the client
// and returns false.
func begin(f *framed, version string) (Request, bool) {
	kind, body, err := f.readMax(maxRequest)
	if err != nil || kind != frameRequest {
		return Request{}, false
	}
	var r Request
	if err := json.Unmarshal(body, &r); err != nil {
		refuse(f, "the command could not be read: "+err.Error())
		return Request{}, false
	}
	if r.Version != version {
		refuse(f, fmt.Sprintf("the service that has the archive open is stet %s, this is stet %s; restart the service with this version, or use that one", version, r.Version))
		return Request{}, false
	}
	return r, true
}

// serveCommand runs a command. A client that goes away interrupts it.
func serveCommand(ctx context.Context, f *framed, r Request, run Run) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &session{f: f, input: make(chan []byte), files: make(chan fileAnswer)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.read(ctx, cancel)
	}()
	code := run(ctx, r, Local{Stdin: &input{s: s, ctx: ctx}, Stdout: stream{f, frameOut}, Stderr: stream{f, frameErr}, Files: &remoteFiles{s: s, ctx: ctx}})
	// Where the client has gone, nobody wants the code.
	_ = f.write(frameExit, []byte(strconv.Itoa(code)))
	cancel()
	if c, ok := f.rw.(net.Conn); ok {
		_ = c.Close() // ends the reader; closed again by the caller
	}
	<-ended
}

func refuse(f *framed, sentence string) {
	_ = f.write(frameRefuse, []byte(sentence)) // the client sees the end otherwise
}

// session is one command under way.
type session struct {
	f     *framed
	input chan []byte // nil is its end
	files chan fileAnswer
}

// read takes the client's frames until it goes away.
func (s *session) read(ctx context.Context, cancel func()) {
	defer cancel()
	for {
		kind, body, err := s.f.read()
		if err != nil {
			return
		}
		switch kind {
		case frameCancel:
			cancel()
		case frameInput, frameInputE:
			if kind == frameInputE {
				body = nil
			}
			select {
			case s.input <- body:
			case <-ctx.Done():
			}
		case frameFile:
			var a fileAnswer
			if err := json.Unmarshal(body, &a); err != nil {
				a = fileAnswer{Error: err.Error()}
			}
			select {
			case s.files <- a:
			case <-ctx.Done():
			}
		}
	}
}

// input is the client's standard input: it is asked for piece by piece, when
// the command reads.
type input struct {
	s    *session
	ctx  context.Context //nolint:containedctx // the life of one command
	rest []byte
	end  bool
}

// Read reads the client's standard input.
func (i *input) Read(p []byte) (int, error) {
	if len(i.rest) == 0 && !i.end {
		if err := i.s.f.write(frameWant, nil); err != nil {
			return 0, err
		}
		select {
		case body := <-i.s.input:
			i.rest, i.end = body, body == nil
		case <-i.ctx.Done():
			return 0, i.ctx.Err()
		}
	}
	if len(i.rest) == 0 && i.end {
		return 0, io.EOF
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
}

// remoteFiles are the files of the client.
type remoteFiles struct {
	s   *session
	ctx context.Context //nolint:containedctx // the life of one command
	mu  sync.Mutex
}

func (r *remoteFiles) ask(q fileQuestion) (fileAnswer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.s.f.writeJSON(frameAsk, q); err != nil {
		return fileAnswer{}, err
	}
	select {
	case a := <-r.s.files:
		if a.Error != "" {
			return a, errors.New(a.Error)
		}
		return a, nil
	case <-r.ctx.Done():
		return fileAnswer{}, r.ctx.Err()
	}
}

// Stat reports whether the client has a file.
func (r *remoteFiles) Stat(name string) (exists, dir bool, err error) {
	a, err := r.ask(fileQuestion{Name: name, Stat: true})
	return a.Exists, a.Dir, err
}

// Read returns at most max bytes of a file of the client.
func (r *remoteFiles) Read(name string, max int64) ([]byte, error) {
	a, err := r.ask(fileQuestion{Name: name, Max: max})
	if err == nil && !a.Exists {
		return nil, fmt.Errorf("%w: there is no file %s", store.ErrInvalid, name)
	}
	return a.Body, err
}
