package export

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"stet/store"
)

// The kinds of frames on a stream between two processes: a byte that says what
// it is, the length of the rest in four bytes, the rest.
const (
	frameFile = 'F'
	frameData = 'D'
	frameMark = 'M'
	// frameDone is the last: a stream without it was cut.
	frameDone = 'E'
)

// maxFrame bounds a frame that is read.
const maxFrame = 1 << 20

// magic begins a stream.
const magic = "stet-export-1\n"

// Frames is an Out that writes to a stream which [ReadFrames] reads.
type Frames struct {
	w *bufio.Writer
}

// NewFrames begins a stream.
func NewFrames(w io.Writer) (*Frames, error) {
	f := &Frames{w: bufio.NewWriterSize(w, 256<<10)}
	_, err := f.w.WriteString(magic)
	return f, err
}

func (f *Frames) frame(kind byte, b []byte) error {
	head := [5]byte{kind}
	binary.BigEndian.PutUint32(head[1:], uint32(len(b))) //nolint:gosec // at most maxFrame
	if _, err := f.w.Write(head[:]); err != nil {
		return err
	}
	_, err := f.w.Write(b)
	return err
}

// File implements [Out].
func (f *Frames) File(name string) error { return f.frame(frameFile, []byte(name)) }

// Write implements [Out].
func (f *Frames) Write(p []byte) (int, error) {
	for n := 0; n < len(p); n += maxFrame {
		if err := f.frame(frameData, p[n:min(n+maxFrame, len(p))]); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// Mark implements [Out].
func (f *Frames) Mark(m Mark) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("a mark of the export: %w", err)
	}
	if err := f.frame(frameMark, b); err != nil {
		return err
	}
	return f.w.Flush()
}

// Close ends the stream: what was written is whole, and sum says what it was.
func (f *Frames) Close(sum Summary) error {
	b, err := json.Marshal(sum)
	if err != nil {
		return fmt.Errorf("the summary of the export: %w", err)
	}
	if err := f.frame(frameDone, b); err != nil {
		return err
	}
	return f.w.Flush()
}

// ReadFrames hands what a stream holds to o, and returns the summary at its end.
// It errors with ErrUnexpected where the stream is none, or was cut, and as o
// does.
func ReadFrames(r io.Reader, o Out) (sum Summary, err error) {
	in := bufio.NewReaderSize(r, 256<<10)
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(in, head); err != nil || string(head) != magic {
		return sum, fmt.Errorf("%w: nothing was exported", store.ErrUnexpected)
	}
	buf := make([]byte, 0, 64<<10)
	for {
		var h [5]byte
		if _, err := io.ReadFull(in, h[:]); err != nil {
			return sum, cut(err)
		}
		n := binary.BigEndian.Uint32(h[1:])
		if n > maxFrame {
			return sum, fmt.Errorf("%w: the export has a part of %d bytes", store.ErrUnexpected, n)
		}
		if cap(buf) < int(n) {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := io.ReadFull(in, buf); err != nil {
			return sum, cut(err)
		}
		switch h[0] {
		case frameFile:
			err = o.File(string(buf))
		case frameData:
			_, err = o.Write(buf)
		case frameMark:
			var m Mark
			if err = json.Unmarshal(buf, &m); err == nil {
				err = o.Mark(m)
			}
		case frameDone:
			if err := json.Unmarshal(buf, &sum); err != nil {
				return sum, fmt.Errorf("%w: the summary of the export: %w", store.ErrUnexpected, err)
			}
			return sum, nil
		default:
			err = fmt.Errorf("%w: the export has a part of the unknown kind %q", store.ErrUnexpected, h[0])
		}
		if err != nil {
			return sum, err
		}
	}
}

// cut says that a stream ended early.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the export was cut off", store.ErrUnexpected)
	}
	return err
}
