package fakenet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/fnv"
	"image"
	"image/color"
	"image/jpeg"
	"io"
)

// gzipped compresses b.
func gzipped(b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(b) // a buffer takes everything
	_ = z.Close()
	return buf.Bytes()
}

// seed turns a name into a number.
func seed(name string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name) // never errors
	return h.Sum64()
}

// picture draws a JPEG that is the same for the same name and size.
func picture(name string, width, height int) []byte {
	s := seed(name)
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{
				R: byte(s) + byte(x*255/width), G: byte(s>>8) + byte(y*255/height), B: byte(s>>16) + byte((x+y)/8), A: 255})
		}
	}
	var buf bytes.Buffer
	_ = jpeg.Encode(&buf, img, &jpeg.Options{Quality: 80}) // a buffer takes everything
	return buf.Bytes()
}

// ftyp is the first box of an MP4 file, so that its kind can be recognised.
const ftyp = "\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"

// film is the content of an invented video: a first box and then noise that
// depends on the name, made as it is read.
type film struct {
	seed uint64
	size int64
	off  int64
}

// newFilm returns size bytes, at least as many as the first box has.
func newFilm(name string, size int64) *film {
	return &film{seed: seed(name), size: max(size, int64(len(ftyp)))}
}

// Read implements [io.Reader].
func (f *film) Read(p []byte) (int, error) {
	if f.off >= f.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), f.size-f.off)]
	for n := 0; n < len(p); {
		var block [8]byte
		binary.LittleEndian.PutUint64(block[:], f.block(f.off>>3))
		k := copy(p[n:], block[f.off&7:])
		n += k
		f.off += int64(k)
	}
	return len(p), nil
}

// block returns the i-th eight bytes.
func (f *film) block(i int64) uint64 {
	if at := i << 3; at < int64(len(ftyp)) {
		return binary.LittleEndian.Uint64([]byte(ftyp[at:]))
	}
	// SplitMix64.
	z := f.seed + uint64(i)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Seek implements [io.Seeker].
func (f *film) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.off
	case io.SeekEnd:
		offset += f.size
	}
	f.off = max(offset, 0)
	return f.off, nil
}
