package pictures

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

// scene draws a picture of w × h points: the same number gives the same scene
// in any size.
func scene(seed uint64, w, h int) *image.RGBA {
	rng := rand.New(rand.NewPCG(seed, 1))
	type disc struct{ x, y, r, v float64 }
	var discs []disc
	for range 12 {
		discs = append(discs, disc{rng.Float64(), rng.Float64(), 0.05 + rng.Float64()/4, rng.Float64() * 255})
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/float64(w), float64(y)/float64(h)
			v := 255 * fx
			for _, d := range discs {
				if (fx-d.x)*(fx-d.x)+(fy-d.y)*(fy-d.y) < d.r*d.r {
					v = d.v
				}
			}
			m.Set(x, y, color.RGBA{uint8(v), uint8(v / 2), uint8(255 - v), 255})
		}
	}
	return m
}

func asPNG(m image.Image) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, m) // into memory
	return b.Bytes()
}

func asJPEG(m image.Image, quality int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}) // into memory
	return b.Bytes()
}

// shelf is an archive of pictures with its index.
type shelf struct {
	*testing.T
	archive *store.Archive
	mem     *mem.Store
	path    string
	index   *Index
}

func newShelf(t *testing.T) *shelf {
	s := &shelf{T: t, mem: mem.New(mem.Options{}), path: filepath.Join(t.TempDir(), FileName)}
	s.archive = store.NewArchive(store.Parts{Backend: s.mem, Blobs: s.mem, Now: func() time.Time { return time.Unix(1_700_000_000, 0) }, Random: rand.NewChaCha8([32]byte{3})})
	s.open(false)
	return s
}

func (s *shelf) open(readOnly bool) {
	s.Helper()
	x, err := Open(s.Context(), s.path, s.mem, s.mem, readOnly)
	s.must(err)
	s.index = x
	s.Cleanup(func() { s.must(x.Close()) })
}

func (s *shelf) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shelf) keep(id string, picture []byte, before ...store.Digest) store.Digest {
	s.Helper()
	info, err := s.archive.PutBlob(s.Context(), bytes.NewReader(picture), 0)
	s.must(err)
	b := s.archive.Begin()
	var media []store.MediaFile
	for i, d := range append(before, info.Digest) {
		media = append(media, store.MediaFile{URL: fmt.Sprint("https://pic.example/", id, "/", i), Digest: d, Size: int64(len(picture)), Type: "image/png"})
	}
	_, err = b.Add(s.Context(), &store.Capture{Time: time.Unix(1_700_000_000, 0), Kind: store.CapturePost, Ref: post.Ref{Platform: post.Twitter, ID: id}, Source: post.SourcePublic,
		Media: media})
	s.must(err)
	_, err = b.Commit(s.Context())
	s.must(err)
	return info.Digest
}

func (s *shelf) similar(picture []byte) ([]store.PictureMatch, store.PictureCoverage) {
	s.Helper()
	found, c, err := s.index.Similar(s.Context(), picture, 0)
	s.must(err)
	return found, c
}

func TestSimilar(t *testing.T) {
	s := newShelf(t)
	kept := asPNG(scene(1, 200, 150))
	digest := s.keep("1", kept)
	for i := range uint64(30) {
		s.keep("o", asPNG(scene(100+i, 48, 36)))
	}
	s.keep("broken", []byte("\x89PNG\r\n\x1a\nand no more"))
	found, c := s.similar(kept)
	if len(found) != 1 || !found[0].Same || found[0].Digest != digest || found[0].Distance != 0 || c.Pictures != 31 || c.Unreadable != 1 {
		t.Errorf("the same file: %+v, %+v", found, c)
	}
	for name, other := range map[string][]byte{"smaller": asPNG(scene(1, 80, 60)), "compressed": asJPEG(scene(1, 200, 150), 20), "stretched": asPNG(scene(1, 150, 150))} {
		found, _ := s.similar(other)
		if len(found) != 1 || found[0].Same || found[0].Digest != digest {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if found, _ := s.similar(asPNG(scene(7, 200, 150))); len(found) != 0 {
		t.Errorf("another picture: %+v", found)
	}
	// For reading only, the file is enough, and so is none.
	s.must(s.index.Close())
	late := s.keep("2", asPNG(scene(2, 100, 100)))
	for _, gone := range []bool{false, true} {
		if gone {
			s.must(os.Remove(s.path))
		}
		s.open(true)
		if found, c := s.similar(asPNG(scene(2, 60, 60))); len(found) != 1 || found[0].Digest != late || c.Pictures != 32 {
			t.Errorf("for reading, without a file %v: %+v, %+v", gone, found, c)
		}
		s.must(s.index.Close())
	}
	// What cannot be read is begun anew.
	s.must(os.WriteFile(s.path, bytes.Repeat([]byte("x"), 9000), 0o600))
	s.open(false)
	if found, _ := s.similar(kept); len(found) != 1 {
		t.Errorf("after damage: %+v", found)
	}
	s.must(s.index.Purge(t.Context(), []store.Digest{digest}))
	if found, c := s.similar(kept); len(found) != 0 || c.Pictures != 31 {
		t.Errorf("after its removal: %+v, %+v", found, c)
	}
}

// TestOneOfSeveral: of a post that is captured again with one picture more, that
// one is found too.
func TestOneOfSeveral(t *testing.T) {
	s := newShelf(t)
	first := s.keep("1", asPNG(scene(1, 60, 60)))
	second := s.keep("1", asPNG(scene(2, 60, 60)), first)
	if found, c := s.similar(asPNG(scene(2, 80, 80))); len(found) != 1 || found[0].Digest != second || c.Pictures != 2 {
		t.Errorf("%+v, %+v", found, c)
	}
}

// TestRebuild builds the index again, also where it lost something and while
// pictures come and go.
func TestRebuild(t *testing.T) {
	s := newShelf(t)
	kept := s.keep("1", asPNG(scene(1, 60, 60)))
	gone := s.keep("2", asPNG(scene(2, 60, 60)))
	if _, c := s.similar(asPNG(scene(1, 60, 60))); c.Pictures != 2 {
		t.Fatalf("%+v", c)
	}
	s.must(s.index.remove([]store.Digest{kept})) // as by damage
	s.must(os.WriteFile(s.path+newSuffix, []byte("of one that was killed"), 0o600))
	s.must(s.index.beginRebuild())
	if err := s.index.Rebuild(t.Context()); !errors.Is(err, store.ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	s.must(s.index.Purge(t.Context(), []store.Digest{gone}))
	fresh, err := Open(t.Context(), filepath.Join(t.TempDir(), "x"), s.mem, s.mem, false)
	s.must(err)
	s.must(fresh.CatchUp(t.Context()))
	s.must(s.index.swap(t.Context(), fresh))
	if _, c := s.similar(asPNG(scene(1, 60, 60))); c.Pictures != 1 {
		t.Errorf("what was removed meanwhile is there again: %+v", c)
	}
	s.index.rebuilding = false
	s.must(s.index.remove([]store.Digest{kept}))
	s.must(s.index.Rebuild(t.Context()))
	if found, _ := s.similar(asPNG(scene(1, 80, 80))); len(found) != 1 || found[0].Digest != kept {
		t.Errorf("%+v", found)
	}
	if _, err := os.Stat(s.path + newSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left over: %v", err)
	}
	s.must(s.index.Close())
	if err := s.index.Rebuild(t.Context()); err == nil {
		t.Error("a closed one was built")
	}
	s.open(true)
	if err := s.index.Rebuild(t.Context()); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("for reading: %v", err)
	}
}

// Pictures that would take all memory are refused by their size.
func TestHostilePictures(t *testing.T) {
	s := newShelf(t)
	huge := asPNG(image.NewGray(image.Rect(0, 0, 1, 1)))
	copy(huge[16:], []byte{0, 1, 0xff, 0xff, 0, 1, 0xff, 0xff}) // the size in its header
	for name, b := range map[string][]byte{"huge": huge, "nothing": nil, "words": []byte("no picture"), "heavy": make([]byte, MaxBytes+1), "half": asPNG(scene(1, 50, 50))[:200]} {
		if _, _, err := s.index.Similar(t.Context(), b, 0); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzHash: no bytes make looking at them panic.
func FuzzHash(f *testing.F) {
	f.Add(asPNG(scene(1, 20, 20)))
	f.Add(asJPEG(scene(1, 20, 20), 50))
	f.Add([]byte("RIFF\x24\x00\x00\x00WEBPVP8 "))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		if f, ok := formatOf(b); ok {
			if c, err := f.config(bytes.NewReader(b)); err == nil && c.Width*c.Height > 1<<20 {
				return // time is for more of the small ones
			}
		}
		if _, err := hashOf(b); err != nil && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
}
