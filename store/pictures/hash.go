package pictures

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/bits"

	"github.com/corona10/goimagehash"
	"golang.org/x/image/webp"

	"stet/store"
)

// MaxBytes is the size of the largest picture that is looked at: more than any
// platform hands out.
const MaxBytes = 32 << 20

// MaxPixels is the most points of a picture that is looked at: they are decoded
// in a second or two.
const MaxPixels = 50_000_000

// near is the largest distance of two pictures that are called alike, and
// nearEdges that of their edges: a picture that is all of one colour agrees with
// too many in one of the two.
const (
	near      = 12
	nearEdges = 18
)

// format is one way in which pictures are written.
type format struct {
	// begins and then are what stands at the beginning, and eight bytes on.
	begins, then string
	config       func(io.Reader) (image.Config, error)
	decode       func(io.Reader) (image.Image, error)
}

func formats() []format {
	return []format{
		{"\xff\xd8", "", jpeg.DecodeConfig, jpeg.Decode},
		{"\x89PNG", "", png.DecodeConfig, png.Decode},
		{"GIF8", "", gif.DecodeConfig, gif.Decode},
		{"RIFF", "WEBP", webp.DecodeConfig, webp.Decode},
	}
}

// formatOf tells how a picture is written.
func formatOf(picture []byte) (format, bool) {
	for _, f := range formats() {
		if bytes.HasPrefix(picture, []byte(f.begins)) && (f.then == "" || len(picture) > 12 && bytes.HasPrefix(picture[8:], []byte(f.then))) {
			return f, true
		}
	}
	return format{}, false
}

// hash is what a picture looks like.
type hash struct{ pattern, edges uint64 }

// hashOf looks at a picture. It errors with ErrInvalid for what is none, or is
// too large.
func hashOf(picture []byte) (h hash, err error) {
	err = decoded(picture, func(m image.Image) error {
		h, err = lookAt(m)
		return err
	})
	return h, err
}

// decoded calls look with a picture that was decoded. It errors with ErrInvalid
// for what is none, or is too large.
func decoded(picture []byte, look func(image.Image) error) (err error) {
	defer func() {
		if p := recover(); p != nil { // decoders of others, and bytes of others
			err = fmt.Errorf("%w: the picture cannot be decoded: %v", store.ErrInvalid, p)
		}
	}()
	if len(picture) > MaxBytes {
		return fmt.Errorf("%w: the picture has more than %d bytes", store.ErrInvalid, MaxBytes)
	}
	f, ok := formatOf(picture)
	if !ok {
		return fmt.Errorf("%w: it is no picture that can be read: JPEG, PNG, GIF and WebP are", store.ErrInvalid)
	}
	c, err := f.config(bytes.NewReader(picture))
	if err != nil {
		return fmt.Errorf("%w: it is no picture that can be read: %w", store.ErrInvalid, err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > MaxPixels/c.Height {
		return fmt.Errorf("%w: the picture has %d × %d points, and %d are looked at", store.ErrInvalid, c.Width, c.Height, MaxPixels)
	}
	m, err := f.decode(bytes.NewReader(picture))
	if err != nil {
		return fmt.Errorf("%w: the picture cannot be decoded: %w", store.ErrInvalid, err)
	}
	return look(m)
}

// lookAt returns what a picture looks like.
func lookAt(m image.Image) (hash, error) {
	pattern, err := goimagehash.PerceptionHash(m)
	if err != nil {
		return hash{}, fmt.Errorf("%w: the picture cannot be looked at: %w", store.ErrInvalid, err)
	}
	edges, err := goimagehash.DifferenceHash(m)
	if err != nil {
		return hash{}, fmt.Errorf("%w: the picture cannot be looked at: %w", store.ErrInvalid, err)
	}
	return hash{pattern.GetHash(), edges.GetHash()}, nil
}

// distance returns how far apart two pictures look, and whether they are alike.
func (h hash) distance(o hash) (int, bool) {
	return h.within(o, near, nearEdges)
}

// within is distance with other bounds.
func (h hash) within(o hash, pattern, edges int) (int, bool) {
	d := bits.OnesCount64(h.pattern ^ o.pattern)
	return d, d <= pattern && bits.OnesCount64(h.edges^o.edges) <= edges
}

// hashSize is how many bytes a hash takes.
const hashSize = 16

func (l looks) encode() []byte {
	out := make([]byte, 0, hashSize*(1+len(l.crops)))
	for _, h := range append([]hash{l.hash}, l.crops...) {
		out = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(out, h.pattern), h.edges)
	}
	return out
}

// decodeLooks reads what a picture looks like into room, false for a file that
// could not be read.
func decodeLooks(v []byte, room []hash) (looks, bool) {
	if len(v) < hashSize || len(v)%hashSize != 0 {
		return looks{}, false
	}
	room = room[:0]
	for ; len(v) > 0; v = v[hashSize:] {
		room = append(room, hash{binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])})
	}
	return looks{room[0], room[1:]}, true
}
