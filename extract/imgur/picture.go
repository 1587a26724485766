package imgur

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// smallest is the width and height of the copy that the platform makes of every
// picture, whatever its shape.
const smallest = 90

// The picture that the platform shows in the place of one that is gone.
const (
	removedWidth, removedHeight = 161, 81
	removedName                 = "/removed.png"
)

// removedETag is how the platform names the bytes of that picture.
const removedETag = "d835884373f4d6c8f24742ceabe74946"

// Placeholder reports whether what answered at an address, with a name of its
// bytes (ETag), is the picture that stands for those that are gone.
func Placeholder(address, etag string) bool {
	u, ok := extract.ParseLink(address)
	return ok && strings.EqualFold(u.Host, "i.imgur.com") && u.Path == removedName || strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) == removedETag
}

// PictureURL returns the address of the smallest copy of a single picture. It
// returns false for albums, and for ids to which the letter that asks for the
// copy cannot be added without naming another picture.
func PictureURL(id string) (string, bool) {
	if strings.Contains(id, "/") || len(id) != 5 && len(id) != 7 {
		return "", false
	}
	return "https://i.imgur.com/" + id + "s.jpg", true
}

// ReadPicture says what the smallest copy of the picture id means. In place of
// one that is gone the platform redirects to a picture that says so, or sends that
// with status 200; in other places it shows others, of the country of whoever
// asks. Only a copy of the right size at the right address is the picture. Nothing
// is read from it: it is there, or not.
func ReadPicture(id string, r extract.Response) extract.Answer {
	address, ok := PictureURL(id)
	if !ok {
		return extract.Answer{Status: post.Unknown, Reason: extract.ReasonBadID}
	}
	if r.StatusCode != 200 && r.StatusCode != 404 && r.StatusCode != 410 {
		if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
			return a
		}
		return extract.Trouble(extract.ReasonHTTP, false)
	}
	shape, ok := shapeOf(r.Body)
	if !ok || !strings.HasPrefix(strings.ToLower(r.ContentType), "image/") {
		return extract.Trouble(extract.ReasonShape, false)
	}
	removed := shape.Width == removedWidth && shape.Height == removedHeight
	at := func(want string) bool { return r.URL == "" || strings.EqualFold(r.URL, want) }
	switch {
	case removed && (at(address) || at("https://i.imgur.com"+removedName)):
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent}
	case r.StatusCode == 200 && at(address) && shape.Width == smallest && shape.Height == smallest:
		return extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonThere}
	}
	return extract.Trouble(extract.ReasonOtherPost, false)
}

// shapeOf returns the width and height that a picture states.
func shapeOf(body []byte) (image.Config, bool) {
	for _, read := range []func(io.Reader) (image.Config, error){jpeg.DecodeConfig, png.DecodeConfig, gif.DecodeConfig} {
		if c, err := read(bytes.NewReader(body)); err == nil {
			return c, true
		}
	}
	return image.Config{}, false
}
