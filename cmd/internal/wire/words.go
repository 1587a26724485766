package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/search"
)

// words is the index of words beside an archive. It is opened when it is asked
// for first, because most commands do without.
type words struct {
	path     string
	journal  store.Journal
	readOnly bool
	// shared is true where others add to the archive too: the index is then a
	// copy of this machine's own, which is brought up to date when it is used.
	shared bool

	mu    sync.Mutex
	index *search.Index
}

func newWords(dir string, journal store.Journal, readOnly, shared bool) *words {
	return &words{path: filepath.Join(dir, search.FileName), journal: journal, readOnly: readOnly && !shared, shared: shared}
}

func (w *words) open(ctx context.Context) (*search.Index, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.index != nil {
		return w.index, nil
	}
	if w.shared {
		if err := os.MkdirAll(filepath.Dir(w.path), 0o700); err != nil {
			return nil, fmt.Errorf("%w: making the folder of this machine's own files: %w", store.ErrReadOnly, err)
		}
	}
	index, err := search.Open(ctx, w.path, w.journal, search.Options{ReadOnly: w.readOnly})
	if err != nil {
		return nil, err // which says what was opened
	}
	w.index = index
	return index, nil
}

// rebuild throws the index away and makes it anew.
func (w *words) rebuild(ctx context.Context) (WordsStatus, error) {
	index, err := w.open(ctx)
	if err == nil {
		err = index.Rebuild(ctx)
	}
	if err != nil {
		return WordsStatus{}, fmt.Errorf("making the index of words: %w", err)
	}
	return index.Status(ctx)
}

// Search implements [store.Searcher]. Where the index may only be read and does
// not reach to the end of the journal, because a command was killed before it
// had brought it there, it errors with ErrNotFound: the posts themselves have
// to be read then.
func (w *words) Search(ctx context.Context, q store.SearchQuery) (store.SearchResult, error) {
	index, err := w.whole(ctx)
	if err != nil {
		return store.SearchResult{}, err
	}
	return index.Search(ctx, q)
}

// Coverage implements [store.Searcher], and errors as Search does.
func (w *words) Coverage(ctx context.Context, f store.SearchFilter) (store.SearchCoverage, error) {
	index, err := w.whole(ctx)
	if err != nil {
		return store.SearchCoverage{}, err
	}
	return index.Coverage(ctx, f)
}

// Purge implements [store.Searcher].
func (w *words) Purge(ctx context.Context, refs []post.Ref, addresses []string) error {
	index, err := w.open(ctx)
	if err != nil {
		return err
	}
	return index.Purge(ctx, refs, addresses)
}

// wordsEvery is how often a service looks for what other machines added, so
// that nobody who searches has to wait for much.
const wordsEvery = time.Second

// run keeps the index up to date until the context ends.
func (w *words) run(ctx context.Context) error {
	index, err := w.open(ctx)
	if err != nil {
		return err
	}
	return index.Follow(ctx, wordsEvery)
}

// lag says how far the index has come. Where it was not made yet, that is
// nowhere.
func (w *words) lag(ctx context.Context) (search.Lag, error) {
	w.mu.Lock()
	open := w.index != nil
	w.mu.Unlock()
	if _, err := os.Stat(w.path); !open && errors.Is(err, fs.ErrNotExist) {
		head, err := w.journal.Head(ctx)
		return search.Lag{Head: head}, err
	}
	index, err := w.open(ctx)
	if err != nil {
		return search.Lag{}, err
	}
	return index.Lag(ctx)
}

// whole opens the index, where it reaches to the end of the journal or can be
// brought there.
func (w *words) whole(ctx context.Context) (*search.Index, error) {
	index, err := w.open(ctx)
	if err != nil {
		return nil, w.unusable(err)
	}
	if w.readOnly {
		if err := w.complete(ctx, index); err != nil {
			return nil, w.unusable(err)
		}
	}
	return index, nil
}

// unusable returns ErrNotFound for an index that cannot be read and may not be
// mended here.
func (w *words) unusable(err error) error {
	if w.readOnly && (errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrVersion)) {
		return fmt.Errorf("%w: %s", store.ErrNotFound, err.Error())
	}
	return err
}

// complete errors with ErrNotFound where the index does not reach to the end of
// the journal.
func (w *words) complete(ctx context.Context, index *search.Index) error {
	status, err := index.Status(ctx)
	if err != nil {
		return err
	}
	head, err := w.journal.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	if status.Reached != head {
		return fmt.Errorf("%w: the index of words reaches to record %d of %d", store.ErrNotFound, status.Reached, head)
	}
	return nil
}

// close brings the index to the end of the journal, so that those who may only
// read it find everything, and closes it. After an interruption it only closes
// it: the next command that writes catches up.
func (w *words) close(ctx context.Context) error {
	var follow error
	if !w.readOnly && !w.shared && ctx.Err() == nil {
		index, err := w.open(ctx)
		if err == nil {
			err = index.CatchUp(ctx)
		}
		if ctx.Err() == nil {
			follow = err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.index == nil {
		return follow
	}
	index := w.index
	w.index = nil
	return errors.Join(follow, index.Close())
}
