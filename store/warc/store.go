package warc

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress"
)

// minSample is how much of a body is looked at before it is said that it cannot
// be compressed, and the smallest body of which that is asked.
const minSample = 8 << 10

// maxStored is the most bytes of one block of DEFLATE that is not compressed.
const maxStored = 1<<16 - 1

// incompressible reports whether compressing bytes like those of a sample saves
// less than a part in thirty-two: pictures, films and what was compressed
// before. Asking costs a hundredth of trying.
func incompressible(sample []byte) bool {
	return len(sample) >= minSample && compress.ShannonEntropyBits(sample) > 8*len(sample)/32*31
}

// sampler keeps some bytes of what is written through it.
type sampler struct {
	w io.Writer
	// skip is how many bytes are passed over: files begin with what tells of
	// them, which is not like the rest.
	skip   int64
	sample []byte
}

// Write passes p on. It errors as the writer behind it does.
func (s *sampler) Write(p []byte) (int, error) {
	rest := p[min(s.skip, int64(len(p))):]
	s.skip -= int64(len(p) - len(rest))
	s.sample = append(s.sample, rest[:min(len(rest), minSample-len(s.sample))]...)
	return s.w.Write(p)
}

// member writes a gzip member of which a part is stored as it is, as DEFLATE
// has it: what cannot be compressed costs nothing but its checksum.
type member struct {
	w    io.Writer
	crc  uint32
	size uint32
}

// sum adds bytes that were written elsewhere to the member's checksum.
func (m *member) sum(p []byte) {
	m.crc = crc32.Update(m.crc, crc32.IEEETable, p)
	m.size += uint32(len(p)) //nolint:gosec // the format counts so, from zero again behind four gigabytes
}

// Write stores p. It errors as the file does.
func (m *member) Write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 {
		part := p[:min(len(p), maxStored)]
		if err := m.block(0, part); err != nil {
			return n, err
		}
		n += len(part)
		p = p[len(part):]
	}
	return n, nil
}

// block stores one block: of kind 1 where it is the last.
func (m *member) block(kind byte, p []byte) error {
	var head [5]byte
	head[0] = kind
	binary.LittleEndian.PutUint16(head[1:], uint16(len(p)))  //nolint:gosec // at most maxStored
	binary.LittleEndian.PutUint16(head[3:], ^uint16(len(p))) //nolint:gosec // the same
	m.sum(p)
	if _, err := m.w.Write(head[:]); err != nil {
		return err
	}
	_, err := m.w.Write(p)
	return err
}

// close ends the member.
func (m *member) close(p []byte) error {
	if err := m.block(1, p); err != nil {
		return err
	}
	var tail [8]byte
	binary.LittleEndian.PutUint32(tail[:], m.crc)
	binary.LittleEndian.PutUint32(tail[4:], m.size)
	_, err := m.w.Write(tail[:])
	return err
}
