package pictures

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"testing"
)

// framed puts a picture into a larger one at a place, over a background.
func framed(m image.Image, w, h, x, y int, c color.Color) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	draw.Draw(out, m.Bounds().Add(image.Pt(x, y)), m, image.Point{}, draw.Src)
	return out
}

// busy is a scene with something over and under it, as a screenshot has.
func busy(m *image.RGBA, above, below int) *image.RGBA {
	b := m.Bounds()
	out := framed(m, b.Dx(), b.Dy()+above+below, 0, above, color.White)
	rng := rand.New(rand.NewPCG(5, 5))
	for range 40 {
		y := rng.IntN(above + below)
		if y >= above {
			y += b.Dy()
		}
		x := rng.IntN(b.Dx() - 40)
		draw.Draw(out, image.Rect(x, y, x+10+rng.IntN(30), y+2), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	return out
}

func mirrored(m *image.RGBA) *image.RGBA { return cut(m, m.Bounds(), true) }

// TestAspects: a picture is found in a mirror and inside a frame, and it is said
// how.
func TestAspects(t *testing.T) {
	s := newShelf(t)
	kept := map[string]*image.RGBA{}
	for i := range uint64(2) {
		m := scene(i+1, 240, 180)
		kept[s.keep(fmt.Sprint(i), asPNG(m)).String()] = m
	}
	missed := 0
	for digest, m := range kept {
		for name, tt := range map[string]struct {
			picture        []byte
			mirrored, part bool
		}{
			"mirrored":            {asPNG(mirrored(m)), true, false},
			"in white":            {asPNG(framed(m, 400, 260, 70, 30, color.White)), false, true},
			"in black, mirrored":  {asPNG(framed(mirrored(m), 320, 180, 40, 0, color.Black)), true, true},
			"under a head":        {asJPEG(busy(m, 26, 0), 85), false, true},
			"over and under text": {asPNG(busy(m, 38, 38)), false, true},
		} {
			found, _ := s.similar(tt.picture)
			if len(found) == 0 || found[0].Digest.String() != digest {
				if missed++; name == "mirrored" || name == "in white" {
					t.Errorf("%s is not found: %+v", name, found)
				}
				continue
			}
			// What is around can be so little that the whole is alike.
			if f := found[0]; f.Same || f.Mirrored != tt.mirrored || f.Part && !tt.part {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
	if missed > 1 {
		t.Errorf("of 10 pictures in frames and mirrors %d are not found", missed)
	}
}

// falseFinds counts how often pictures are found that are others, looked up as
// they are and in every way.
func falseFinds(t testing.TB, kept, asked int) (whole, all, pairs int) {
	hashes := make([]hash, kept)
	for i := range hashes {
		h, err := lookAt(scene(uint64(1000+i), 64, 48))
		if err != nil {
			t.Fatal(err)
		}
		hashes[i] = h
	}
	for i := range asked {
		ways, err := aspectsOf(asPNG(scene(uint64(1_000_000+i), 96, 72)))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hashes {
			if _, alike := ways[0].alike(h); alike {
				whole++
			}
			if _, alike := nearest(ways, looks{hash: h}); alike {
				all++
			}
		}
	}
	return whole, all, kept * asked
}

// TestFalseFinds: looking in every way finds hardly more that is something else.
func TestFalseFinds(t *testing.T) {
	whole, all, pairs := falseFinds(t, 100, 4) // BenchmarkAspects counts in many more
	t.Logf("of %d pairs of different pictures %d are alike as they are, %d in some way", pairs, whole, all)
	if all > whole {
		t.Errorf("of %d pairs of different pictures %d are alike as they are, %d in some way", pairs, whole, all)
	}
}

// BenchmarkAspects looks a large picture up in every way, and counts what is
// found wrongly.
func BenchmarkAspects(b *testing.B) {
	picture := asJPEG(scene(1, 2000, 1500), 85)
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			if _, err := hashOf(picture); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("aspects", func(b *testing.B) {
		for b.Loop() {
			if _, err := aspectsOf(picture); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("false", func(b *testing.B) {
		whole, all, pairs := 0, 0, 1
		for b.Loop() {
			whole, all, pairs = falseFinds(b, 4000, 100)
		}
		b.ReportMetric(1e6*float64(whole)/float64(pairs), "whole/million")
		b.ReportMetric(1e6*float64(all)/float64(pairs), "all/million")
	})
}
