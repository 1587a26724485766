package pictures

import (
	"image"
	"image/color"
	"image/draw"

	xdraw "golang.org/x/image/draw"
)

// aspect is one way to look at a picture that is looked up: as it is, as in a
// mirror, or a part of it, since a screenshot has a frame around what is looked
// for.
type aspect struct {
	hash
	mirrored, part bool
	// outline is true for all of the picture, and for all but a frame around it:
	// what may itself be a part of a kept picture.
	outline bool
}

// The bounds of parts, tighter than those of whole pictures: the more ways there
// are to look at a picture, the more others agree with one of them by chance.
const (
	nearPart      = 11
	nearPartEdges = 17
)

// alike returns how far a kept picture is from an aspect, and whether they are
// alike.
func (a *aspect) alike(o hash) (int, bool) {
	if a.part || a.mirrored {
		return a.within(o, nearPart, nearPartEdges)
	}
	return a.distance(o)
}

// sketchSide is the longer side of the sketch that parts are cut from: larger
// than what a hash looks at, even of a part of it.
const sketchSide = 512

// cuts are the parts that are looked at, as what is cut off of each side in
// hundredths: a frame all around, and what stands on one side of a picture.
func cuts() [][4]int {
	return [][4]int{{8, 8, 8, 8}, {16, 16, 16, 16}, {0, 12, 0, 0}, {0, 25, 0, 0}, {0, 0, 0, 12}, {0, 0, 0, 25}, {12, 0, 0, 0}, {25, 0, 0, 0}, {0, 0, 12, 0}, {0, 0, 25, 0}, {0, 15, 0, 15}, {15, 0, 15, 0}}
}

// aspectsOf looks at a picture in every way. It errors with ErrInvalid as
// [hashOf] does.
func aspectsOf(picture []byte) (all []aspect, err error) {
	err = decoded(picture, func(m image.Image) error {
		whole, err := lookAt(m)
		if err != nil {
			return err
		}
		all = append(all, aspect{hash: whole, outline: true})
		sketch := sketched(m)
		add := func(of image.Rectangle, part, outline bool) error {
			for _, mirrored := range []bool{false, true} {
				if !part && !mirrored {
					continue // that is the whole
				}
				h, err := lookAt(cut(sketch, of, mirrored))
				if err != nil {
					return err
				}
				all = append(all, aspect{h, mirrored, part, outline})
			}
			return nil
		}
		b := sketch.Bounds()
		if err := add(b, false, true); err != nil {
			return err
		}
		inner := trimmed(sketch)
		if inner != b {
			if err := add(inner, true, true); err != nil {
				return err
			}
		}
		for _, c := range cuts() {
			of := partOf(inner, c)
			if of.Dx() < 16 || of.Dy() < 16 {
				continue
			}
			if err := add(of, true, false); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// partOf returns what is left of a rectangle when so many hundredths are cut off
// its left, top, right and bottom.
func partOf(r image.Rectangle, c [4]int) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	return image.Rect(r.Min.X+w*c[0]/100, r.Min.Y+h*c[1]/100, r.Max.X-w*c[2]/100, r.Max.Y-h*c[3]/100)
}

// crops are the parts of a kept picture that are looked at, as what is cut off
// of each side in hundredths: what people leave of a picture when they post it
// again. A hash bears about five hundredths more or less.
func crops() [][4]int {
	return [][4]int{{9, 9, 9, 9}, {15, 15, 15, 15}, {13, 0, 13, 0}, {0, 13, 0, 13},
		{11, 0, 0, 0}, {21, 0, 0, 0}, {30, 0, 0, 0}, {0, 11, 0, 0}, {0, 21, 0, 0}, {0, 30, 0, 0},
		{0, 0, 11, 0}, {0, 0, 21, 0}, {0, 0, 30, 0}, {0, 0, 0, 11}, {0, 0, 0, 21}, {0, 0, 0, 30},
		{0, 0, 20, 20}, {20, 0, 0, 20}, {0, 20, 20, 0}, {20, 20, 0, 0},
		{0, 0, 30, 30}, {30, 0, 0, 30}, {0, 30, 30, 0}, {30, 30, 0, 0}, {15, 0, 15, 30}, {15, 30, 15, 0}, {0, 15, 30, 15}, {30, 15, 0, 15}}
}

// looks is what a kept picture looks like: the whole, and its crops.
type looks struct {
	hash
	crops []hash
}

// looksOf looks at a picture that is kept. It errors with ErrInvalid as [hashOf]
// does.
func looksOf(picture []byte) (l looks, err error) {
	err = decoded(picture, func(m image.Image) error {
		if l.hash, err = lookAt(m); err != nil {
			return err
		}
		sketch := sketched(m)
		for _, c := range crops() {
			of := partOf(sketch.Bounds(), c)
			if of.Dx() < 16 || of.Dy() < 16 {
				l.crops = nil // too small to tell parts of it apart
				return nil
			}
			h, err := lookAt(cut(sketch, of, false))
			if err != nil {
				return err
			}
			l.crops = append(l.crops, h)
		}
		return nil
	})
	return l, err
}

// sketched returns a picture in a size that is quick to look at, at the origin.
func sketched(m image.Image) *image.RGBA {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	if longer := max(w, h); longer > sketchSide {
		w, h = max(w*sketchSide/longer, 1), max(h*sketchSide/longer, 1)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	xdraw.ApproxBiLinear.Scale(out, out.Bounds(), m, b, draw.Src, nil)
	return out
}

// cut returns a part of a sketch, as it is or as in a mirror.
func cut(m *image.RGBA, of image.Rectangle, mirrored bool) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, of.Dx(), of.Dy()))
	draw.Draw(out, out.Bounds(), m, of.Min, draw.Src)
	if mirrored {
		for y := range of.Dy() {
			for x := range of.Dx() / 2 {
				l, r := out.RGBAAt(x, y), out.RGBAAt(of.Dx()-1-x, y)
				out.SetRGBA(x, y, r)
				out.SetRGBA(of.Dx()-1-x, y, l)
			}
		}
	}
	return out
}

// sameTone is how far the tones of a frame may be apart: compressing leaves waves
// of what is beside it.
const sameTone = 32

// trimmed returns what is left of a sketch without a frame of one tone.
func trimmed(m *image.RGBA) image.Rectangle {
	b := m.Bounds()
	flat := func(r image.Rectangle) bool {
		first := m.RGBAAt(r.Min.X, r.Min.Y)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if apart(first, m.RGBAAt(x, y)) > sameTone {
					return false
				}
			}
		}
		return true
	}
	for b.Dy() > 16 && flat(image.Rect(b.Min.X, b.Min.Y, b.Max.X, b.Min.Y+1)) {
		b.Min.Y++
	}
	for b.Dy() > 16 && flat(image.Rect(b.Min.X, b.Max.Y-1, b.Max.X, b.Max.Y)) {
		b.Max.Y--
	}
	for b.Dx() > 16 && flat(image.Rect(b.Min.X, b.Min.Y, b.Min.X+1, b.Max.Y)) {
		b.Min.X++
	}
	for b.Dx() > 16 && flat(image.Rect(b.Max.X-1, b.Min.Y, b.Max.X, b.Max.Y)) {
		b.Max.X--
	}
	return b
}

func apart(a, b color.RGBA) int {
	return max(off(a.R, b.R), off(a.G, b.G), off(a.B, b.B))
}

func off(a, b uint8) int {
	return max(int(a), int(b)) - min(int(a), int(b))
}
