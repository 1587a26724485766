package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"stet/archiver/ocr"
	"stet/store"
	"stet/store/pictures"
)

// looks is the index of pictures beside an archive. It is opened when it is
// asked for first.
type looks struct {
	path     string
	journal  store.Journal
	blobs    store.Blobs
	readOnly bool
	// shared is as that of words.
	shared bool

	mu    sync.Mutex
	index *pictures.Index
}

func newLooks(dir string, journal store.Journal, blobs store.Blobs, readOnly, shared bool) *looks {
	return &looks{path: filepath.Join(dir, pictures.FileName), journal: journal, blobs: blobs, readOnly: readOnly && !shared, shared: shared}
}

func (l *looks) open(ctx context.Context) (*pictures.Index, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.index != nil {
		return l.index, nil
	}
	if l.shared {
		if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
			return nil, fmt.Errorf("%w: making the folder of this machine's own files: %w", store.ErrReadOnly, err)
		}
	}
	index, err := pictures.Open(ctx, l.path, l.journal, l.blobs, l.readOnly)
	if err != nil {
		return nil, fmt.Errorf("opening the index of pictures: %w", err)
	}
	l.index = index
	return index, nil
}

// Similar implements [store.Pictures].
func (l *looks) Similar(ctx context.Context, picture []byte, limit int) ([]store.PictureMatch, store.PictureCoverage, error) {
	index, err := l.open(ctx)
	if err != nil {
		return nil, store.PictureCoverage{}, err
	}
	return index.Similar(ctx, picture, limit)
}

// Purge implements [store.Pictures].
func (l *looks) Purge(ctx context.Context, digests []store.Digest) error {
	index, err := l.open(ctx)
	if err != nil {
		return err
	}
	return index.Purge(ctx, digests)
}

const (
	// lookEvery is how often a service looks at new pictures, so that nobody
	// who asks for one has to wait.
	lookEvery = time.Minute
	// lookLast is how long a command that ends looks at those that are new; the
	// next one goes on.
	lookLast = 5 * time.Second
)

// run looks at new pictures until the context ends.
func (l *looks) run(ctx context.Context) error {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		index, err := l.open(ctx)
		if err == nil {
			err = index.CatchUp(ctx)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// close looks at the last pictures where the index may be written, and closes
// it.
func (l *looks) close(ctx context.Context) error {
	var follow error
	if !l.readOnly && !l.shared && ctx.Err() == nil {
		short, cancel := context.WithTimeout(ctx, lookLast)
		defer cancel()
		index, err := l.open(short)
		if err == nil {
			err = index.CatchUp(short)
		}
		if short.Err() == nil {
			follow = err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.index == nil {
		return follow
	}
	index := l.index
	l.index = nil
	return errors.Join(follow, index.Close())
}

// ReadPicture reads the words of a picture, where Tesseract is installed: see
// [ocr.Read].
func ReadPicture(ctx context.Context, picture []byte, languages string) (string, error) {
	return ocr.Read(ctx, picture, ocr.Options{Languages: languages})
}
