package fakenet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/fnv"
	"image"
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

// picture draws a JPEG that is the same for the same name and size: stripes, in
// a colour of its own.
func picture(name string, width, height int) []byte {
	s := seed(name)
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for x := range width {
		img.Y[x] = byte(x*(3+int(s%5))) ^ byte(s>>8)
	}
	for y := 1; y < height; y++ {
		copy(img.Y[y*img.YStride:], img.Y[:width])
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(s>>16), byte(s>>24)
	}
	var buf bytes.Buffer
	_ = jpeg.Encode(&buf, img, &jpeg.Options{Quality: 50}) // a buffer takes everything
	return buf.Bytes()
}

// ftyp is the first box of an MP4 file, so that its kind can be recognised.
const ftyp = "\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"

// film is the content of an invented video: a first box, and then the same
// block of noise again and again, which depends on the name.
type film struct {
	noise []byte
	size  int64
	off   int64
}

// newFilm returns size bytes, at least as many as the first box has.
func newFilm(name string, size int64) *film {
	f := &film{noise: make([]byte, 64<<10), size: max(size, int64(len(ftyp)))}
	z := seed(name)
	for i := 0; i < len(f.noise); i += 8 {
		// Xorshift, with a constant so that no seed stands still.
		z |= 1
		z ^= z << 13
		z ^= z >> 7
		z ^= z << 17
		binary.LittleEndian.PutUint64(f.noise[i:], z)
	}
	return f
}

// Read implements [io.Reader].
func (f *film) Read(p []byte) (int, error) {
	if f.off >= f.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), f.size-f.off)]
	n := 0
	if f.off < int64(len(ftyp)) {
		n = copy(p, ftyp[f.off:])
	} else {
		n = copy(p, f.noise[f.off%int64(len(f.noise)):])
	}
	f.off += int64(n)
	return n, nil
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
