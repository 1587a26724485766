package warc

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"stet/store"
)

// Compression says how a file is compressed.
type Compression string

// The ways in which files are compressed.
const (
	Plain Compression = "none"
	Gzip  Compression = "gzip"
	Zstd  Compression = "zstd"
)

// maxWindow bounds the memory that a zstd frame can ask for, and maxDictionary
// the dictionary of a file.
const (
	maxWindow     = 8 << 20
	maxDictionary = 4 << 20
)

// The magic numbers of zstd, and of the frame that holds the dictionary of a
// file (which is a skippable one).
const (
	zstdFrame      = 0xFD2FB528
	zstdDictionary = 0x184D2A5D
	zstdSkippable  = 0x184D2A50
)

// gzipHead is the length of what each gzip member begins with.
const gzipHead = 10

// source is a file as it is read, and how far.
type source struct {
	*bufio.Reader
	in *intake
}

// intake counts what is read of a file.
type intake struct {
	r io.Reader
	n int64
}

// Read reads on. It errors as the file does.
func (c *intake) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func newSource(r io.Reader) source {
	in := &intake{r: r}
	return source{Reader: bufio.NewReaderSize(in, 64<<10), in: in}
}

// at returns the place behind what was used.
func (s *source) at() int64 { return s.in.n - int64(s.Buffered()) }

// members yields the content of a file, one compressed member after the other.
type members struct {
	src source
	how Compression
	zip *gzip.Reader
	// head is what the gzip member that is being read begins with, which no
	// digest covers.
	head []byte
	zstd *zstd.Decoder
	fr   *frame
	cur  io.Reader
	// ahead decompresses on another goroutine, which alone uses src then; nil
	// where nothing does.
	ahead *ahead
}

// at returns the place in the file behind what was used; of one that is
// decompressed ahead, that of the member's bound that was passed last.
func (m *members) at() int64 {
	if m.ahead != nil {
		return m.ahead.at
	}
	return m.src.at()
}

// taken returns how much of the file was used for what was read, or more.
func (m *members) taken() int64 {
	if m.ahead != nil {
		return m.ahead.taken
	}
	return m.src.in.n
}

func newMembers(r io.Reader, before bool) (*members, error) {
	m := &members{src: newSource(r)}
	magic, err := m.src.Peek(4)
	if len(magic) == 0 && err != nil {
		return nil, err
	}
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		m.how = Gzip
		if before {
			m.ahead = readAhead(&m.src)
			m.cur = m.ahead
		}
	case len(magic) == 4 && (binary.LittleEndian.Uint32(magic) == zstdFrame || binary.LittleEndian.Uint32(magic)&^15 == zstdSkippable):
		m.how = Zstd
		return m, m.openZstd()
	default:
		m.how = Plain
		m.cur = m.src.Reader
	}
	return m, nil
}

// next goes to the next member. It returns io.EOF where the file ends, and for
// a file that is not compressed after its only one.
func (m *members) next() error {
	if m.ahead != nil {
		err := m.ahead.next()
		m.head = append(m.head[:0], m.ahead.head[:]...)
		return err
	}
	if _, err := m.src.Peek(1); err != nil {
		return err
	}
	switch m.how {
	case Gzip:
		return m.nextGzip()
	case Zstd:
		return m.nextZstd()
	}
	return nil
}

func (m *members) nextGzip() error {
	begin, err := m.src.Peek(gzipHead)
	m.head = m.head[:0]
	if err == nil {
		m.head = append(m.head, begin...)
	}
	if m.zip == nil {
		m.zip, err = gzip.NewReader(m.src.Reader)
	} else {
		err = m.zip.Reset(m.src.Reader)
	}
	if err != nil {
		return damaged(err, "a gzip member does not begin as one")
	}
	m.zip.Multistream(false)
	m.cur = m.zip
	return nil
}

// damaged gives a decompressor's error a class.
func damaged(err error, what string) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %s: %w", store.ErrCorrupt, what, err)
}

// openZstd reads the dictionary that a file begins with, where it has one.
func (m *members) openZstd() error {
	opts := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true)}
	magic, err := m.src.Peek(8)
	if err == nil && binary.LittleEndian.Uint32(magic) == zstdDictionary {
		dict, err := m.dictionary(binary.LittleEndian.Uint32(magic[4:]))
		if err != nil {
			return err
		}
		opts = append(opts, zstd.WithDecoderDicts(dict))
	}
	if m.zstd, err = zstd.NewReader(nil, opts...); err != nil {
		return damaged(err, "the dictionary of the file cannot be used")
	}
	return nil
}

// dictionary reads the first frame, whose content may itself be compressed.
func (m *members) dictionary(size uint32) ([]byte, error) {
	if size > maxDictionary {
		return nil, fmt.Errorf("%w: the dictionary of the file has %d bytes", store.ErrTooLarge, size)
	}
	b := make([]byte, 8+size)
	if _, err := io.ReadFull(m.src, b); err != nil {
		return nil, damaged(err, "the dictionary of the file is cut")
	}
	b = b[8:]
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != zstdFrame {
		return b, nil
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDictionary))
	if err != nil {
		return nil, damaged(err, "the dictionary of the file cannot be read")
	}
	defer d.Close()
	if b, err = d.DecodeAll(b, nil); err != nil {
		return nil, damaged(err, "the dictionary of the file cannot be read")
	}
	return b, nil
}

func (m *members) nextZstd() error {
	for {
		magic, err := m.src.Peek(8)
		if len(magic) < 8 {
			return damaged(err, "a zstd frame is cut")
		}
		if binary.LittleEndian.Uint32(magic)&^15 != zstdSkippable {
			break
		}
		n := int64(8) + int64(binary.LittleEndian.Uint32(magic[4:]))
		if k, err := io.CopyN(io.Discard, m.src, n); err != nil || k != n {
			return damaged(errors.Join(err, io.ErrUnexpectedEOF), "a frame that is to be skipped is cut")
		}
		if _, err := m.src.Peek(1); err != nil {
			return err
		}
	}
	m.fr = &frame{src: m.src.Reader}
	if err := m.zstd.Reset(m.fr); err != nil {
		return damaged(err, "a zstd frame does not begin as one")
	}
	m.cur = m.zstd
	return nil
}

// end reads what is left of the member's compressed bytes: nothing, in a file
// that is sound.
func (m *members) end() error {
	if m.how == Zstd && m.fr != nil {
		if _, err := io.Copy(io.Discard, m.fr); err != nil {
			return damaged(err, "a zstd frame is cut")
		}
	}
	return nil
}

// close gives back what the decompressors hold.
func (m *members) close() {
	if m.ahead != nil {
		m.ahead.close()
	}
	if m.zstd != nil {
		m.zstd.Close()
	}
}

// frame reads the bytes of one zstd frame and ends where it does, so that the
// place of the next one is known.
type frame struct {
	src  io.Reader
	left int64
	// last is set when the last block is being read, sum where a checksum
	// follows it.
	begun, last, sum, done bool
	pending                []byte
}

// Read returns bytes of the frame. It errors with io.EOF behind its end.
func (f *frame) Read(p []byte) (int, error) {
	for len(f.pending) == 0 && f.left == 0 {
		if f.done {
			return 0, io.EOF
		}
		if err := f.advance(); err != nil {
			return 0, err
		}
	}
	if len(f.pending) > 0 {
		n := copy(p, f.pending)
		f.pending = f.pending[n:]
		return n, nil
	}
	if int64(len(p)) > f.left {
		p = p[:f.left]
	}
	n, err := f.src.Read(p)
	f.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// advance reads the next header: of the frame, of a block, or the checksum.
func (f *frame) advance() error {
	switch {
	case !f.begun:
		f.begun = true
		return f.header()
	case f.last:
		f.done = true
		if f.sum {
			return f.take(4)
		}
		return nil
	}
	if err := f.take(3); err != nil {
		return err
	}
	b := f.pending
	v := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	f.last = v&1 == 1
	f.left = int64(v >> 3)
	if v>>1&3 == 1 { // one byte, to be repeated
		f.left = 1
	}
	return nil
}

// header reads the header of the frame, whose length depends on its descriptor.
func (f *frame) header() error {
	if err := f.take(5); err != nil {
		return err
	}
	d := f.pending[4]
	n := []int{0, 1, 2, 4}[d&3] + []int{0, 2, 4, 8}[d>>6]
	if d&0x20 == 0 {
		n++ // the window
	} else if d>>6 == 0 {
		n++ // one byte of size
	}
	f.sum = d&4 != 0
	first := f.pending
	if err := f.take(n); err != nil {
		return err
	}
	f.pending = append(first, f.pending...)
	return nil
}

// take reads n bytes into pending.
func (f *frame) take(n int) error {
	f.pending = make([]byte, n)
	if _, err := io.ReadFull(f.src, f.pending); err != nil {
		f.pending = nil
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}
