package ocr

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"stet/store"
)

// MaxPixels is the largest picture that is handed to Tesseract: a few kilobytes
// can say of themselves that they are a wall, and it would make room for it. A
// screenshot of four large screens has fewer.
const MaxPixels = 50_000_000

// fits errors where a picture says that it is too large. What is none that is
// known here is left to Tesseract to refuse.
func fits(picture []byte) error {
	for _, f := range []struct {
		begins string
		config func(io.Reader) (image.Config, error)
	}{{"\xff\xd8", jpeg.DecodeConfig}, {"\x89PNG", png.DecodeConfig}, {"GIF8", gif.DecodeConfig}, {"RIFF", webp.DecodeConfig}} {
		if !bytes.HasPrefix(picture, []byte(f.begins)) {
			continue
		}
		c, err := f.config(bytes.NewReader(picture))
		if err == nil && (c.Width < 1 || c.Height < 1 || c.Width > MaxPixels/c.Height) {
			return fmt.Errorf("%w: the picture has %d × %d points, and at most %d are read", store.ErrInvalid, c.Width, c.Height, MaxPixels)
		}
	}
	return nil
}
