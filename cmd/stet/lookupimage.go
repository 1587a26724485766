package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/extract/box"
	"stet/store"
)

// pictureFlags are the flags of look-ups by picture.
type pictureFlags struct {
	words     string
	languages string
	similar   string
}

func (f *pictureFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.words, "image", "", "a screenshot of a post: its words are read (by Tesseract, where it is installed) and looked for as with --quote; a QUERY, --handle and --date correct what was read")
	cmd.Flags().StringVar(&f.languages, "image-languages", "", "with --image: the languages of the words as Tesseract calls them: eng, deu+fra")
	cmd.Flags().StringVar(&f.similar, "similar", "", "a picture: posts with the same or a similar one")
}

// maxPicture is the largest picture that is read.
const maxPicture = 32 << 20

// picture reads a file.
func (a *app) picture(name string) ([]byte, error) {
	b, err := a.files.Read(name, maxPicture+1)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: reading the picture %s: %w", store.ErrInvalid, name, err)
	case len(b) > maxPicture:
		return nil, fmt.Errorf("%w: the picture %s has more than %s", store.ErrInvalid, name, size(maxPicture))
	}
	return b, nil
}

// lookupImage reads the words of a screenshot and looks for them. Words on the
// command line take the place of those in the picture.
func (a *app) lookupImage(ctx context.Context, f *lookupFlags, words string) error {
	f.said.text = words
	if strings.TrimSpace(words) == "" {
		b, err := a.picture(f.picture.words)
		if err != nil {
			return err
		}
		text, err := wire.ReadPicture(ctx, b, f.picture.languages)
		if errors.Is(err, store.ErrUsage) {
			return fmt.Errorf("%w; or type the words yourself: stet lookup --quote \"…\" --handle someone", err)
		}
		if err != nil {
			return fmt.Errorf("reading the words of %s: %w", f.picture.words, err)
		}
		read := box.Screenshot(text)
		if strings.TrimSpace(read.Text) == "" {
			return fmt.Errorf("%w: no words could be read in %s; type them: stet lookup --quote \"…\"", store.ErrInvalid, f.picture.words)
		}
		f.said.text = read.Text
		if f.said.handle == "" {
			f.said.handle = read.Handle
		}
		if f.said.date == "" {
			f.said.date = read.Date
		}
		a.warn("read from the picture, perhaps wrongly: %q%s%s; correct it with --handle, --date, or the words behind", strings.Join(strings.Fields(read.Text), " "),
			prefixed(" by @", f.said.handle), prefixed(" of ", f.said.date))
	}
	return a.lookupSaid(ctx, &f.said)
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// lookupSimilar finds posts with a picture.
func (a *app) lookupSimilar(ctx context.Context, name string, limit int) error {
	b, err := a.picture(name)
	if err != nil {
		return err
	}
	return a.reading(ctx, func(w *wire.Archive) error {
		hits, coverage, err := w.Reader.Similar(ctx, b, limit)
		if err != nil {
			return err
		}
		if len(hits) == 0 {
			return a.notThere(ctx, w, fmt.Sprintf("a picture like %s (%s compared, %d could not be read)", name, count(coverage.Pictures, "picture"), coverage.Unreadable), nil)
		}
		for i := range hits {
			if a.json {
				a.out.json(&hits[i])
				continue
			}
			if i > 0 {
				a.out.line("")
			}
			a.showHit(i+1, &hits[i].LookupHit)
			a.out.line("   %s", likenessWords(&hits[i]))
		}
		return nil
	})
}

// likenessWords says how alike two pictures are.
func likenessWords(h *archiver.SimilarHit) string {
	if h.Same {
		return "the same file, " + h.Digest
	}
	how := ""
	if h.Part {
		how = "a part of what was given "
	}
	if h.Mirrored {
		how += "in a mirror "
	}
	if h.Cropped {
		how = "of which what was given is a part, " + how
	}
	return fmt.Sprintf("%slooks alike, at a distance of %d of 64: %s", how, h.Distance, h.Digest)
}
