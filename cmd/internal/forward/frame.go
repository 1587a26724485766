package forward

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"stet/store"
)

// The kinds of frames.
const (
	frameRequest byte = 'q' // client: Request as JSON
	frameInput   byte = 'i' // client: bytes of standard input
	frameInputE  byte = 'e' // client: standard input has ended
	frameFile    byte = 'f' // client: a file that was asked for, fileAnswer as JSON
	frameCancel  byte = 'c' // client: Ctrl-C
	frameWant    byte = 'w' // server: standard input is wanted
	frameAsk     byte = 'a' // server: asks for a file, fileQuestion as JSON
	frameOut     byte = 'o' // server: standard output
	frameErr     byte = 'r' // server: standard error
	frameExit    byte = 'x' // server: exit code as decimal digits
	frameRefuse  byte = 'n' // server: a sentence; the command was not run
	frameAlive   byte = 'k' // server: nothing, so that the connection is seen to live
)

// maxFrame bounds a frame: a file of the size that commands read, in JSON.
// maxRequest bounds the first one, which comes before anything is believed.
const (
	maxFrame   = 64 << 20
	maxRequest = 1 << 20
)

// framed writes and reads frames. Writing is safe for concurrent use.
type framed struct {
	rw io.ReadWriter
	mu sync.Mutex
}

func (f *framed) write(kind byte, body []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	head := make([]byte, 5, 5+len(body))
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(body)))
	_, err := f.rw.Write(append(head, body...))
	return err
}

func (f *framed) writeJSON(kind byte, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing a frame: %w", err)
	}
	return f.write(kind, body)
}

func (f *framed) read() (kind byte, body []byte, err error) { return f.readMax(maxFrame) }

// readMax reads a frame of a size.
func (f *framed) readMax(limit uint32) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(f.rw, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > limit {
		return 0, nil, fmt.Errorf("%w: a frame of %d bytes on the socket", store.ErrTooLarge, n)
	}
	// What is announced takes memory only as it arrives.
	var b bytes.Buffer
	b.Grow(int(min(n, 64<<10)))
	if _, err := io.CopyN(&b, f.rw, int64(n)); err != nil {
		return 0, nil, err
	}
	return head[0], b.Bytes(), nil
}

// stream writes to one of the outputs of the other side.
type stream struct {
	f    *framed
	kind byte
}

// Write sends p.
func (s stream) Write(p []byte) (int, error) {
	for sent := 0; sent < len(p); {
		n := min(len(p)-sent, 1<<20)
		if err := s.f.write(s.kind, p[sent:sent+n]); err != nil {
			return sent, err
		}
		sent += n
	}
	return len(p), nil
}
