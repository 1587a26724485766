package forward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"stet/store"
)

// Request is a command that is to be run.
type Request struct {
	// Version is that of the client's program.
	Version string   `json:"version"`
	Args    []string `json:"args"`
	// Env are the client's variables that configure stet.
	Env map[string]string `json:"env,omitempty"`
	// Dir is the client's working folder.
	Dir string `json:"dir"`
	// Zone names the reader's time zone, Offset is in seconds east of UTC.
	Zone   string `json:"zone"`
	Offset int    `json:"offset"`
	// Terminal and Keyboard say whether the client's standard error and input
	// are a terminal.
	Terminal bool `json:"terminal,omitempty"`
	Keyboard bool `json:"keyboard,omitempty"`
	// Columns is how wide the client's terminal is; 0 where the answer goes
	// elsewhere.
	Columns int `json:"columns,omitempty"`
}

// fileQuestion asks the client for a file.
type fileQuestion struct {
	Name string `json:"name"`
	// Stat asks only whether it is there.
	Stat bool `json:"stat,omitempty"`
	// Max is the most bytes that are wanted.
	Max int64 `json:"max,omitempty"`
	// Tree asks for more than the beginning of a file: see [Trees].
	Tree *treeQuestion `json:"tree,omitempty"`
}

// fileAnswer is the client's answer.
type fileAnswer struct {
	Exists bool   `json:"exists"`
	Dir    bool   `json:"dir,omitempty"`
	Body   []byte `json:"body,omitempty"`
	Error  string `json:"error,omitempty"`
	// Entry and Entries answer a treeQuestion.
	Entry   *Entry  `json:"entry,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
}

// Files are the files of the client as the command sees them.
type Files interface {
	// Stat reports whether a file is there, and whether it is a folder.
	Stat(name string) (exists, dir bool, err error)
	// Read returns at most max bytes of a file.
	Read(name string, max int64) ([]byte, error)
}

// Local are the ends of the client.
type Local struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Files          Files
	// User is who runs the command, as the system of the service knows: of a
	// Unix socket only, and empty where the system does not tell. What a client
	// says of it is not asked.
	User string
	// Tell is told, in a sentence, when nothing has been heard of the service for
	// a while, and Follow, for those who want to know, what goes on meanwhile. Of
	// the client only; nil for nobody.
	Tell, Follow func(sentence string)
}

// Call runs a command at the other end of conn, which it closes, and returns
// its exit code. When ctx ends, the command is interrupted as by Ctrl-C, and
// Call still waits for it. However long it takes, the service shows that it is
// there: Call errors with ErrBusy where it does not, and where it refuses or goes
// away.
func Call(ctx context.Context, conn net.Conn, r Request, l Local) (code int, err error) {
	f := &framed{rw: conn}
	defer conn.Close()
	h := newHeard(conn, l)
	if err := f.writeJSON(frameRequest, r); err != nil {
		return 0, h.away(err)
	}
	wanted := make(chan struct{}, 1)
	defer close(wanted)
	// Reading a terminal or a pipe cannot be interrupted: the reader is left
	// behind where the command ends before its input.
	go sendInput(f, l.Stdin, wanted)
	stop := context.AfterFunc(ctx, func() {
		// Where the service is gone already, reading says so.
		_ = f.write(frameCancel, nil)
	})
	defer stop()
	for {
		kind, body, err := f.read()
		if err != nil {
			return 0, h.away(err)
		}
		switch kind {
		case frameAlive:
			h.alive()
		case frameOut:
			_, err = l.Stdout.Write(body)
		case frameErr:
			_, err = l.Stderr.Write(body)
		case frameWant:
			select {
			case wanted <- struct{}{}:
			default: // one piece at a time is wanted
			}
		case frameAsk:
			if err = answer(f, body, l.Files); errors.Is(err, os.ErrDeadlineExceeded) {
				err = h.away(err)
			}
		case frameRefuse:
			return 0, fmt.Errorf("%w: %s", store.ErrBusy, body)
		case frameExit:
			return strconv.Atoi(string(body))
		}
		if err != nil {
			return 0, err
		}
	}
}

// followTime is how often it is said that a command is still under way.
const followTime = 10 * time.Second

// heard says what is heard of a service.
type heard struct {
	// service and stuck are as in timely.
	service, stuck string
	follow         func(string)
	began, said    time.Time
}

func newHeard(conn net.Conn, l Local) *heard {
	h := &heard{service: "the service that has the archive open", follow: l.Follow, began: time.Now()}
	if h.said = h.began; h.follow == nil {
		h.follow = func(string) {}
	}
	if t, ok := conn.(*timely); ok {
		h.service, h.stuck = t.service, t.stuck
		if l.Tell != nil {
			t.silent = func() {
				l.Tell(fmt.Sprintf("%s has not been heard for %s; waiting as long again", h.service, t.read))
			}
		}
	}
	h.follow("handed to " + h.service)
	return h
}

// alive is called when the service shows that it is there.
func (h *heard) alive() {
	if now := time.Now(); now.Sub(h.said) >= followTime {
		h.said = now
		h.follow(fmt.Sprintf("%s is at it, for %s so far", h.service, now.Sub(h.began).Round(time.Second)))
	}
}

// away says why nothing more comes of a service.
func (h *heard) away(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %s does not answer: it is stopped or hangs; %s, then run the same command again; what it was asked to do it may still do",
			store.ErrBusy, h.service, h.stuck)
	}
	return fmt.Errorf("%w: %s went away in the middle of the command; run it again (%w)", store.ErrBusy, h.service, err)
}

// sendInput sends one piece of the input for each that is wanted.
func sendInput(f *framed, r io.Reader, wanted <-chan struct{}) {
	buf := make([]byte, 64<<10)
	for range wanted {
		n, err := r.Read(buf)
		if n > 0 {
			err = f.write(frameInput, buf[:n])
		} else if err != nil {
			err = f.write(frameInputE, nil)
		} else {
			err = f.write(frameInput, []byte{})
		}
		if err != nil {
			return // the end of the connection ends the command
		}
	}
}

func answer(f *framed, body []byte, files Files) error {
	var q fileQuestion
	if err := json.Unmarshal(body, &q); err != nil {
		return fmt.Errorf("%w: a question of the service: %w", store.ErrUnexpected, err)
	}
	if q.Tree != nil {
		return f.writeJSON(frameFile, answerTree(q, files))
	}
	var a fileAnswer
	var err error
	if a.Exists, a.Dir, err = files.Stat(q.Name); err == nil && a.Exists && !a.Dir && !q.Stat {
		a.Body, err = files.Read(q.Name, q.Max)
	}
	if err != nil {
		a.Error = err.Error()
	}
	return f.writeJSON(frameFile, a)
}
