package pictures

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	xdraw "golang.org/x/image/draw"
)

// view draws a picture as photographs are: clouds of every size, the larger the
// stronger, with things before them that have edges. The same number gives the
// same view.
func view(seed uint64, w, h int) *image.RGBA {
	rng := rand.New(rand.NewPCG(seed, 2))
	const octaves = 6
	var grids [octaves][]float64
	for o := range octaves {
		n := 3 << o
		grids[o] = make([]float64, n*n)
		for i := range grids[o] {
			grids[o][i] = rng.Float64() - 0.5
		}
	}
	at := func(o int, fx, fy float64) float64 {
		n := 3 << o
		x, y := fx*float64(n-1), fy*float64(n-1)
		x0, y0 := min(int(x), n-2), min(int(y), n-2)
		dx, dy := x-float64(x0), y-float64(y0)
		g := grids[o]
		return (g[y0*n+x0]*(1-dx)+g[y0*n+x0+1]*dx)*(1-dy) + (g[(y0+1)*n+x0]*(1-dx)+g[(y0+1)*n+x0+1]*dx)*dy
	}
	type thing struct{ x, y, w, h, v float64 }
	things := make([]thing, 4+rng.IntN(8))
	for i := range things {
		things[i] = thing{rng.Float64(), rng.Float64(), 0.03 + rng.Float64()/4, 0.03 + rng.Float64()/4, rng.Float64()}
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/float64(w), float64(y)/float64(h)
			v := 0.55 - 0.2*fy
			for o := range octaves {
				v += at(o, fx, fy) * math.Pow(0.6, float64(o))
			}
			for i, t := range things {
				dx, dy := (fx-t.x)/t.w, (fy-t.y)/t.h
				if i%2 == 0 && dx*dx+dy*dy < 1 || i%2 == 1 && math.Abs(dx) < 1 && math.Abs(dy) < 1 {
					v = 0.7*t.v + 0.3*v
				}
			}
			b := uint8(max(0, min(255, v*255)))
			m.SetRGBA(x, y, color.RGBA{b, uint8(float64(b) * 0.9), 255 - b/2, 255})
		}
	}
	return m
}

// scaled returns a picture in another size.
func scaled(m image.Image, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	xdraw.BiLinear.Scale(out, out.Bounds(), m, m.Bounds(), draw.Src, nil)
	return out
}

// without cuts so many hundredths off the sides: left, top, right, bottom.
func without(m *image.RGBA, l, t, r, b int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	return cut(m, image.Rect(w*l/100, h*t/100, w-w*r/100, h-h*b/100), false)
}

// overlaid writes over the lower part of a picture, as captions are.
func overlaid(m *image.RGBA, hundredths int) *image.RGBA {
	out := cut(m, m.Bounds(), false)
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	band := image.Rect(0, h-h*hundredths/100, w, h)
	draw.Draw(out, band, image.NewUniform(color.RGBA{0, 0, 0, 160}), image.Point{}, draw.Over)
	rng := rand.New(rand.NewPCG(9, 9))
	for y := band.Min.Y + 4; y+3 < band.Max.Y; y += 7 {
		for x := 6; x < w-12; x += 5 + rng.IntN(8) {
			draw.Draw(out, image.Rect(x, y, x+1+rng.IntN(5), y+3), image.NewUniform(color.White), image.Point{}, draw.Src)
		}
	}
	return out
}

// change is something that people do to a picture before they post it again.
type change struct {
	name string
	of   func(m *image.RGBA, i int) []byte
}

func changes() []change {
	return []change{
		{"a third of its size", func(m *image.RGBA, _ int) []byte {
			return asPNG(scaled(m, m.Bounds().Dx()/3, m.Bounds().Dy()/3))
		}},
		{"recompressed at 30", func(m *image.RGBA, _ int) []byte { return asJPEG(m, 30) }},
		{"recompressed at 10", func(m *image.RGBA, _ int) []byte { return asJPEG(m, 10) }},
		{"mirrored", func(m *image.RGBA, _ int) []byte { return asJPEG(mirrored(m), 80) }},
		{"framed in white", func(m *image.RGBA, _ int) []byte {
			w, h := m.Bounds().Dx(), m.Bounds().Dy()
			return asJPEG(framed(m, w+w/4, h+h/3, w/8, h/9, color.White), 80)
		}},
		{"on a phone's screen", func(m *image.RGBA, _ int) []byte {
			return asJPEG(busy(m, m.Bounds().Dy()/7, m.Bounds().Dy()/7), 80)
		}},
		{"caption over a fifth", func(m *image.RGBA, _ int) []byte { return asJPEG(overlaid(m, 20), 80) }},
		{"10 % cropped all around", func(m *image.RGBA, _ int) []byte { return asJPEG(without(m, 5, 5, 5, 5), 80) }},
		{"20 % cropped all around", func(m *image.RGBA, _ int) []byte { return asJPEG(without(m, 10, 10, 10, 10), 80) }},
		{"30 % cropped all around", func(m *image.RGBA, _ int) []byte { return asJPEG(without(m, 15, 15, 15, 15), 80) }},
		{"10 % cropped at one side", func(m *image.RGBA, i int) []byte { return asJPEG(oneSide(m, i, 10), 80) }},
		{"20 % cropped at one side", func(m *image.RGBA, i int) []byte { return asJPEG(oneSide(m, i, 20), 80) }},
		{"17 % cropped at one side", func(m *image.RGBA, i int) []byte { return asJPEG(oneSide(m, i, 17), 80) }},
		{"30 % cropped at one side", func(m *image.RGBA, i int) []byte { return asJPEG(oneSide(m, i, 30), 80) }},
		{"cropped to a square", func(m *image.RGBA, _ int) []byte { return asJPEG(without(m, 13, 0, 13, 0), 80) }},
		{anyhow, func(m *image.RGBA, i int) []byte {
			rng := rand.New(rand.NewPCG(uint64(i), 4))
			l, t := rng.IntN(31), rng.IntN(31)
			return asJPEG(without(m, l, t, 30-l, 30-t), 80)
		}},
	}
}

// anyhow is the one change that most pictures are lost by.
const anyhow = "30 % cropped off width and height, anywhere"

func oneSide(m *image.RGBA, i, off int) *image.RGBA {
	var c [4]int
	c[i%4] = off
	return without(m, c[0], c[1], c[2], c[3])
}

// foundOf counts how many of so many pictures are found after each change.
func foundOf(t testing.TB, pictures, w, h int, of []change) map[string]int {
	found := map[string]int{}
	for i := range pictures {
		m := view(uint64(i), w, h)
		kept, err := looksOf(asJPEG(m, 85))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range of {
			ways, err := aspectsOf(c.of(m, i))
			if err != nil {
				t.Fatal(err)
			}
			if _, alike := nearest(ways, kept); alike {
				found[c.name]++
			}
		}
	}
	return found
}

// TestFound: what people crop off a picture before they post it again does not
// hide it, and other pictures are not found for that. BenchmarkFound counts in more.
func TestFound(t *testing.T) {
	crops := slices.DeleteFunc(changes(), func(c change) bool { return !strings.Contains(c.name, "cropped") || c.name == anyhow })
	found := foundOf(t, 1, 96, 72, crops)
	for _, c := range crops {
		if found[c.name] == 0 {
			t.Errorf("%s: it is not found", c.name)
		}
	}
	if n, pairs := falseViews(t, 20, 1); n > 0 {
		t.Errorf("of %d pairs of different pictures %d are alike", pairs, n)
	}
}

// falseViews counts how often views are found that are others.
func falseViews(t testing.TB, kept, asked int) (found, pairs int) {
	all := make([]looks, kept)
	var err error
	for i := range all {
		if all[i], err = looksOf(asPNG(view(uint64(5000+i), 48, 36))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range asked {
		ways, err := aspectsOf(asPNG(view(uint64(9000+i), 48, 36)))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			if _, alike := nearest(ways, l); alike {
				found++
			}
		}
	}
	return found, kept * asked
}

// BenchmarkFound says how many of a hundred pictures are found after each
// change, and how many of a million pairs of others are.
func BenchmarkFound(b *testing.B) {
	for b.Loop() {
		const pictures = 100
		found := foundOf(b, pictures, 240, 180, changes())
		for _, c := range changes() {
			b.Logf("%s: %d %%", c.name, found[c.name]*100/pictures)
		}
		n, pairs := falseViews(b, 2000, 200)
		b.ReportMetric(1e6*float64(n)/float64(pairs), "false/million")
	}
}
